/* test_terminal.c: ordersctl as a person sees it, on a screen of 80 columns and 24 rows. */
#include "fixture.h"
#include "orders/v1/orders.pb-c.h"
#include "support/rpc_peer.h"
#include "terminal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct terminal *terminal;

static void teardown(void)
{
    if (terminal != NULL)
        terminal_close(terminal);
    fixture_tear_down();
}

TestSuite(terminal, .init = fixture_set_up, .fini = teardown, .timeout = 60);

static void create(const char *order_id, const char *customer_id, const char *date, const char *amount,
                   const char *currency, const char *status)
{
    assert_outcome(run_with(service, "create", "--order-id", order_id, "--customer-id", customer_id,
                            "--order-date", date, "--amount", amount, "--currency", currency, "--status",
                            status),
                   0, NULL, "");
}

/* Runs a command on a screen that was cleared, up to the next prompt. */
static void enter(const char *line)
{
    if (terminal == NULL)
        terminal = terminal_open(service, 80, 24);
    terminal_type(terminal, format("clear; %s", line));
    terminal_press(terminal, "Enter");
}

Test(terminal, a_list_fits)
{
    create("ORD-2025-00001", "CUST-IS-001", "2025-01-15T10:30:00Z", "89990", "ISK", "shipped");
    create("ORD-2025-00002", "Þórður", "2025-01-16T14:20:00.123Z", "129980", "ISK", "pending");
    create("ORD-2025-00003", "注文客", "2025-01-16T14:20:00Z", "25000000", "JPY", "cancelled");
    enter("ordersctl list");
    terminal_wait_for_screen(terminal,
                             "ORDER           CUSTOMER     DATE                          AMOUNT  STATUS\n"
                             "ORD-2025-00001  CUST-IS-001  2025-01-15T10:30:00Z      899.90 ISK  shipped\n"
                             "ORD-2025-00002  Þórður       2025-01-16T14:20:00Z    1,299.80 ISK  pending\n"
                             "ORD-2025-00003  注文客       2025-01-16T14:20:00Z  25,000,000 JPY  cancelled\n"
                             "$\n");
}

/* --- the pager --- */

static void create_some(int n)
{
    FILE *stream;
    char *rows;
    size_t length;
    stream = open_memstream(&rows, &length);
    fputs("order_id,customer_id,total_amount,currency,status\n", stream);
    for (int i = 1; i <= n; i++)
        fprintf(stream, "A-%02d,C,1,ISK,delivered\n", i);
    assert_outcome(
        run(&(struct run){.service = service, .input = written(stream, &rows), .arguments = {"import", "-"}}),
        0, NULL, "");
}

Test(terminal, a_list_goes_through_a_pager_where_one_is_of_use)
{
    create("A-01", "C", "2025-01-15", "1", "ISK", "pending");
    create("A-02", "C", "2025-01-15", "1", "ISK", "pending");
    const char *const plain = "ORDER\nA-01\nA-02\n", *const paged = "> ORDER\n> A-01\n> A-02\n";
    const struct {
        const char *line, *expected;
    } samples[] = {
        {"export PAGER=\"sed 's/^/> /'\"", ""},
        {"ordersctl list --columns order_id", paged},
        {"ordersctl list --columns order_id --no-pager", plain},
        {"ordersctl list --columns order_id | cat", plain},
        {"ordersctl list --count", "2\n"},
        {"TERM=dumb ordersctl list --columns order_id", plain},
        {"PAGER= ordersctl list --columns order_id", plain},
        {"ORDERSCTL_PAGER=cat ordersctl list --columns order_id", plain},
        {"ORDERSCTL_PAGER='cat -n | cut -f 2' ordersctl list --columns order_id", plain},
        {"ordersctl list --limit 1 --columns order_id",
         "> ORDER\n> A-01\n> There are more orders: see --all, --limit and --skip; --count says how many.\n"},
        {"ordersctl list --status sent", "> ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                                         ">   status: must be one of pending, confirmed, processing, "
                                         "shipped, delivered, c\nompleted, cancelled\n"},
        {"ordersctl list --customer-id x --columns order_id; echo \"exit code $?\"",
         "> ORDER\nexit code 0\n"},
        {"PAGER=true ordersctl list --all; echo done", "done\n"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        enter(samples[i].line);
        terminal_wait_for_screen(terminal, format("%s$\n", samples[i].expected));
    }
}

/* It stays until it is left, and leaves what it showed; what fits on the screen needs none. */
Test(terminal, less_shows_a_long_list_with_its_colours)
{
    create_some(40);
    enter("ordersctl list --columns order_id,status");
    terminal_wait_for(terminal, "   delivered\n:");
    cr_assert_not_null(strstr(terminal_colors(terminal), "\033[32mdelivered"), "%s",
                       terminal_colors(terminal));
    terminal_press(terminal, "G");
    terminal_wait_for(terminal, "(END)");
    terminal_press(terminal, "q");
    terminal_wait_for(terminal, "\n$");
    enter("ordersctl list --limit 2 --columns order_id,status 2>/dev/null; echo \"exit code $?\"");
    terminal_wait_for(terminal, "exit code 0\n$");
    cr_assert_eq(strncmp(terminal_screen(terminal), "ORDER  STATUS\nA-", 16), 0, "%s",
                 terminal_screen(terminal));
}

/* Ctrl-C ends the list, not the pager, which has the terminal until it is left. */
Test(terminal, ctrl_c_leaves_the_pager_on_the_screen)
{
    struct rpc_peer peer;
    temporary_file("pager", "trap '' INT\n"
                            "echo pager\n"
                            "cat\n"
                            "echo all is read\n"
                            "read word </dev/tty\n"
                            "echo left by $word\n");
    temporary_file("session", "trap : INT\n"
                              "PAGER='sh pager' ordersctl list --connect $1\n"
                              "echo \"exit code $?\"\n");
    rpc_peer_open(&peer);
    enter(format("sh session %s", peer.url));
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    terminal_wait_for(terminal, "pager\n");
    terminal_press(terminal, "C-c");
    terminal_wait_for(terminal, "all is read\n");
    terminal_type(terminal, "hand");
    terminal_press(terminal, "Enter");
    terminal_wait_for(terminal, "\nleft by hand\nexit code 130\n$");
    rpc_peer_close(&peer);
}

Test(terminal, times_are_local_where_they_are_for_people)
{
    create("A-1", "C", "2025-01-16T14:20:00.123Z", "1", "ISK", "pending");
    enter("export TZ=CET-1CEST,M3.5.0,M10.5.0/3");
    enter("ordersctl list --local --columns order_id,order_date");
    terminal_wait_for_screen(terminal, "ORDER  DATE\nA-1    2025-01-16T15:20:00+01:00\n$\n");
    enter("ordersctl get A-1 --local --columns order_date");
    terminal_wait_for_screen(terminal, "order_date  2025-01-16T15:20:00.123+01:00\n$\n");
    enter("ordersctl get A-1 --local --columns order_date --output ndjson");
    terminal_wait_for_screen(terminal, "{\"order_date\":\"2025-01-16T14:20:00.123Z\"}\n$\n");
    enter("ordersctl list --local --columns order_date --output csv");
    terminal_wait_for_screen(terminal, "order_date\n2025-01-16T14:20:00.123Z\n$\n");
}

/* The bar that was there is gone, whatever the export waits for. */
Test(terminal, ctrl_c_takes_progress_off_the_screen)
{
    struct rpc_peer peer;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT, *orders[] = {&order};
    Orders__V1__ListOrdersResponse page = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    Orders__V1__OrderSummary summary = ORDERS__V1__ORDER_SUMMARY__INIT;
    order.order_id = "A-1";
    page.n_orders = 1;
    page.orders = orders;
    page.next_page_token = "next";
    summary.total_orders = 3;
    rpc_peer_open(&peer);
    enter(format("ordersctl export --connect %s > orders.json; echo \"exit code $?\"", peer.url));
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    rpc_peer_answer_message(&peer, &summary.base);
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    rpc_peer_answer_message(&peer, &page.base);
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    terminal_wait_for(terminal, "1 order");
    terminal_press(terminal, "C-c");
    terminal_wait_for_screen(terminal, "exit code 130\n$\n");
    rpc_peer_close(&peer);
}

Test(terminal, a_status_has_its_colour_and_titles_are_bold)
{
    create("A-1", "C", "2025-01-15", "1", "ISK", "delivered");
    enter("ordersctl list --columns order_id,status");
    terminal_wait_for(terminal, "A-1    delivered\n$");
    cr_assert_not_null(strstr(terminal_colors(terminal), "\033[1mORDER"), "%s", terminal_colors(terminal));
    cr_assert_not_null(strstr(terminal_colors(terminal), "\033[32mdelivered"), "%s",
                       terminal_colors(terminal));
    enter("NO_COLOR=1 ordersctl list --columns order_id,status; echo plain");
    terminal_wait_for_screen(terminal, "ORDER  STATUS\nA-1    delivered\nplain\n$\n");
    cr_assert_null(strchr(terminal_colors(terminal), '\033'), "%s", terminal_colors(terminal));
    enter("TERM=dumb ordersctl list --columns order_id,status; echo again");
    terminal_wait_for_screen(terminal, "ORDER  STATUS\nA-1    delivered\nagain\n$\n");
    cr_assert_null(strchr(terminal_colors(terminal), '\033'), "%s", terminal_colors(terminal));
    enter("ordersctl list --columns order_id,status | cat; echo piped");
    terminal_wait_for_screen(terminal, "ORDER  STATUS\nA-1    delivered\npiped\n$\n");
    cr_assert_null(strchr(terminal_colors(terminal), '\033'), "%s", terminal_colors(terminal));
}

Test(terminal, a_summary_has_a_chart_as_wide_as_the_screen)
{
    create("A-1", "C", "2025-01-15", "89990", "ISK", "pending");
    create("A-2", "C", "2025-01-16", "129980", "ISK", "pending");
    create("A-3", "C", "2025-01-16", "1250", "USD", "pending");
    enter("ordersctl summary");
    terminal_wait_for_screen(
        terminal, "Orders: 3\n"
                  "\n"
                  "REVENUE\n"
                  "2,199.70 ISK\n"
                  "   12.50 USD\n"
                  "\n"
                  "ISK PER DAY\n"
                  "2025-01-16  1,299.80 ISK  ██████████████████████████████████████████████████████\n"
                  "2025-01-15    899.90 ISK  █████████████████████████████████████▍\n"
                  "\n"
                  "USD PER DAY\n"
                  "2025-01-16  12.50 USD  █████████████████████████████████████████████████████████\n"
                  "$\n");
}

Test(terminal, a_failure_is_told_in_words)
{
    enter("ordersctl get ORD-2025-00003; echo \"exit code $?\"");
    terminal_wait_for_screen(terminal, "ordersctl: NOT_FOUND: Order not found\nexit code 3\n$\n");
    enter("ordersctl create --order-id A-1 --amount 1 --currency XXX");
    terminal_wait_for_screen(
        terminal, "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                  "  customer_id: must have at least 1 character\n"
                  "  currency: must be one of AUD, CAD, CHF, DKK, EUR, GBP, ISK, JPY, NOK, SEK, USD\n"
                  "$\n");
}

/* Its call is answered, its drawing drawn over, and it leaves the screen as it should be. */
Test(terminal, watch_draws_in_place_until_ctrl_c)
{
    create("A-1", "C", "2025-01-15", "1", "ISK", "pending");
    enter("ordersctl list --watch=0.1 --columns order_id,status; echo \"exit code $?\"");
    terminal_wait_for_screen(terminal, "ORDER  STATUS\nA-1    pending\n");
    cr_assert_str_eq(terminal_variable(terminal, "cursor_flag"), "0");
    create("A-2", "C", "2025-01-15", "1", "ISK", "pending");
    assert_outcome(run_with(service, "update", "A-1", "--status", "shipped"), 0, NULL, "");
    terminal_wait_for_screen(terminal, "ORDER  STATUS\nA-2    pending\nA-1    shipped\n");
    assert_outcome(run_with(service, "delete", "A-2"), 0, NULL, "");
    terminal_wait_for_screen(terminal, "ORDER  STATUS\nA-1    shipped\n");
    terminal_press(terminal, "C-c");
    terminal_wait_for_screen(terminal, "ORDER  STATUS\nA-1    shipped\nexit code 0\n$\n");
    cr_assert_str_eq(terminal_variable(terminal, "cursor_flag"), "1");
    cr_assert_str_eq(terminal_variable(terminal, "wrap_flag"), "1");
}

/* The shell has its cursor back meanwhile; Ctrl-\ leaves it no less. */
Test(terminal, watch_is_stopped_and_goes_on)
{
    create("A-1", "C", "2025-01-15", "1", "ISK", "pending");
    enter("ordersctl list --watch=0.1 --columns order_id; echo \"exit code $?\"");
    terminal_wait_for_screen(terminal, "ORDER\nA-1\n");
    terminal_press(terminal, "C-z");
    terminal_wait_for(terminal, "Stopped");
    terminal_wait_for(terminal, "\n$");
    cr_assert_str_eq(terminal_variable(terminal, "cursor_flag"), "1");
    cr_assert_str_eq(terminal_variable(terminal, "wrap_flag"), "1");
    enter("fg; echo \"exit code $?\"");
    terminal_wait_for(terminal, "\nORDER\nA-1\n");
    create("A-2", "C", "2025-01-15", "1", "ISK", "pending");
    terminal_wait_for(terminal, "\nORDER\nA-2\nA-1\n");
    cr_assert_str_eq(terminal_variable(terminal, "cursor_flag"), "0");
    terminal_press(terminal, "C-\\\\");
    terminal_wait_for(terminal, "\nORDER\nA-2\nA-1\nexit code 0\n$");
    cr_assert_str_eq(terminal_variable(terminal, "cursor_flag"), "1");
    cr_assert_str_eq(terminal_variable(terminal, "wrap_flag"), "1");
}

/* More orders than rows, each wider than the screen. */
Test(terminal, watch_shows_as_much_as_there_is_room_for)
{
    char customer[101];
    memset(customer, 'x', sizeof customer - 1);
    customer[sizeof customer - 1] = '\0';
    for (int i = 1; i <= 30; i++)
        create(format("A-%02d", i), customer, "2025-01-15", "1", "ISK", "pending");
    enter("ordersctl list --watch=0.1 --columns order_id,customer_id");
    terminal_wait_for(terminal, "\nA-09   xxx");
    assert_outcome(run_with(service, "delete", "A-30"), 0, NULL, "");
    terminal_wait_for(terminal, "\nA-08   xxx");
    const char *screen = terminal_screen(terminal);
    cr_assert_eq(strncmp(screen, "ORDER  CUSTOMER\nA-29   xxx", 26), 0, "%s", screen);
    cr_assert_null(strstr(screen, "A-07"), "%s", screen);
}

/* The last column is there when the line ends in it; a line that is wider says that it was cut. */
Test(terminal, watch_writes_a_line_as_wide_as_the_screen_whole)
{
    enum { SCREEN = 80, BEFORE = 7 }; /* "A-1    " */
    char begin[SCREEN - BEFORE - 1];
    memset(begin, 'x', sizeof begin - 1);
    begin[sizeof begin - 1] = '\0';
    create("A-1", format("%syz", begin), "2025-01-15", "1", "ISK", "pending");
    enter("ordersctl list --watch=0.1 --columns order_id,customer_id");
    terminal_wait_for_screen(terminal, format("ORDER  CUSTOMER\nA-1    %syz\n", begin));
    assert_outcome(run_with(service, "update", "A-1", "--customer-id", format("%syzw", begin)), 0, NULL, "");
    terminal_wait_for_screen(terminal, format("ORDER  CUSTOMER\nA-1    %sy…\n", begin));
    terminal_press(terminal, "C-c");
    terminal_wait_for(terminal, "\n$");
}

Test(terminal, summary_is_watched_too)
{
    create("A-1", "C", "2025-01-15", "1", "ISK", "pending");
    enter("ordersctl summary --watch=0.1");
    terminal_wait_for(terminal, "Orders: 1\n");
    create("A-2", "C", "2025-01-15", "1", "ISK", "pending");
    terminal_wait_for(terminal, "Orders: 2\n\nREVENUE\n0.02 ISK\n");
    terminal_press(terminal, "C-c");
    terminal_wait_for(terminal, "\n$");
}

/* What was drawn last stays, with a line below it that says why there is nothing newer. */
Test(terminal, watch_goes_on_when_the_service_is_back)
{
    char *its_database = database_create();
    const char *const environment[] = {format("ORDERS_LISTEN=ipc://%s/orders.ipc", temporary_directory()),
                                       NULL};
    const struct service_options options = {.database_url = its_database, .environment = environment};
    service_stop_clean(service);
    service = service_start(&options);
    create("A-1", "C", "2025-01-15", "1", "ISK", "pending");
    enter("ordersctl list --watch=0.1 --columns order_id; echo \"exit code $?\"");
    terminal_wait_for_screen(terminal, "ORDER\nA-1\n");
    service_stop_clean(service);
    terminal_wait_for(terminal, "ORDER\nA-1\nUNAVAILABLE: ");
    service = service_start(&options);
    create("A-2", "C", "2025-01-15", "1", "ISK", "pending");
    terminal_wait_for_screen(terminal, "ORDER\nA-2\nA-1\n");
    terminal_press(terminal, "C-c");
    terminal_wait_for_screen(terminal, "ORDER\nA-2\nA-1\nexit code 0\n$\n");
    service_stop_clean(service);
    service = NULL;
    database_drop(its_database);
}
