/* test_cli.c: every subcommand against a real service, and every exit code. */
#include "fixture.h"
#include "support/rpc_peer.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(cli, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

static void create(const char *order_id, const char *customer_id, const char *amount, const char *status)
{
    assert_outcome(run_with(service, "create", "--order-id", order_id, "--customer-id", customer_id,
                            "--amount", amount, "--currency", "ISK", "--order-date", "2025-01-16T14:20:00Z",
                            "--status", status),
                   0, NULL, "");
}

/* Watches the list, on a pipe, until it has written this, and interrupts it. */
static struct outcome watch_list(const char *wanted)
{
    int ends[2];
    char seen[4096] = "";
    size_t length = 0;
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    struct running running =
        run_start(&(struct run){.service = service,
                                .output = ends[1],
                                .arguments = {"list", "--watch=0.1", "--oldest", "--columns", "order_id"}});
    close(ends[1]);
    while (length < strlen(wanted)) {
        const ssize_t n = read(ends[0], seen + length, sizeof seen - 1 - length);
        cr_assert_gt(n, 0);
        length += (size_t)n;
    }
    cr_assert_eq(strncmp(seen, wanted, strlen(wanted)), 0, "%s", seen);
    kill(running.pid, SIGINT);
    const struct outcome o = run_wait(&running);
    close(ends[0]);
    return o;
}

/* --- create, get, update, delete --- */

Test(cli, create_prints_the_order_as_lines)
{
    struct outcome o = run_with(service, "create", "--order-id", "A-1", "--customer-id", "Þórður", "--amount",
                                "129980", "--currency", "isk", "--order-date", "2025-01-16");
    cr_assert_eq(o.code, 0, "%s", o.err);
    const char *const head = "id            1\n"
                             "order_id      A-1\n"
                             "customer_id   Þórður\n"
                             "order_date    2025-01-16T00:00:00Z\n"
                             "total_amount  1,299.80 ISK\n"
                             "status        pending\n"
                             "created_at    20";
    cr_assert_eq(strncmp(o.out, head, strlen(head)), 0, "%s", o.out);
}

Test(cli, create_takes_json_from_an_argument_and_from_stdin)
{
    const char *const order =
        "{\"order_id\":\"A-1\",\"customer_id\":\"C\",\"total_amount\":\"12\",\"currency\":\"EUR\"}";
    json_t *json = parse(run_with(service, "create", order, "--output", "json").out);
    cr_assert_eq(json_integer_value(json_object_get(json, "total_amount")), 12);

    /* An option wins over the member of that name. */
    const struct outcome o = run(&(struct run){
        .service = service,
        .input = order,
        .arguments = {"--output=json", "create", "-", "--order-id", "A-2", "--status", "shipped"},
    });
    assert_outcome(o, 0, NULL, "");
    json = parse(o.out);
    cr_assert_str_eq(member(json, "order_id"), "A-2");
    cr_assert_str_eq(member(json, "customer_id"), "C");
    cr_assert_str_eq(member(json, "status"), "shipped");
}

Test(cli, get_prints_what_create_printed)
{
    const struct outcome created = run_with(service, "--output", "json", "create", "--order-id", "A-1",
                                            "--customer-id", "C", "--amount", "1", "--currency", "ISK");
    assert_outcome(run_with(service, "get", "A-1", "--output", "json"), 0, created.out, "");
}

Test(cli, update_changes_the_fields_given_and_no_other)
{
    create("A-1", "C-1", "100", "pending");
    assert_outcome(run_with(service, "update", "A-1", "--status", "shipped", "--amount", "7"), 0, NULL, "");
    json_t *order = parse(run_with(service, "get", "A-1", "--output", "json").out);
    cr_assert_str_eq(member(order, "status"), "shipped");
    cr_assert_eq(json_integer_value(json_object_get(order, "total_amount")), 7);
    cr_assert_str_eq(member(order, "customer_id"), "C-1");
    cr_assert_str_eq(member(order, "order_date"), "2025-01-16T14:20:00Z");

    /* A field that is given is in the mask, even if it then holds what an absent one does. */
    assert_outcome(run_with(service, "update", "A-1", "--amount", "0"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  total_amount: must be greater than 0\n");
}

Test(cli, an_etag_keeps_a_change_of_somebody_else)
{
    create("A-1", "C-1", "100", "pending");
    json_t *order = parse(run_with(service, "get", "A-1", "--output", "json").out);
    const char *etag = member(order, "etag");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "7", "--etag", etag), 0, NULL, "");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "8", "--etag", etag), 10, "",
                   "ordersctl: ABORTED: The order was changed: it has another etag\n");
    assert_outcome(run_with(service, "delete", "A-1", "--etag", etag), 10, "",
                   "ordersctl: ABORTED: The order was changed: it has another etag\n");
}

Test(cli, delete_deletes)
{
    create("A-1", "C-1", "100", "pending");
    create("A-2", "C-1", "100", "pending");
    assert_outcome(run_with(service, "delete", "A-1"), 0, "", "");
    assert_outcome(run_with(service, "delete", "A-2", "--output", "json"), 0, "{}\n", "");
    assert_outcome(run_with(service, "delete", "A-1"), 3, "", "ordersctl: NOT_FOUND: Order not found\n");
}

/* --- list and summary --- */

Test(cli, list_prints_aligned_columns)
{
    create("A-1", "Þórður", "129980", "pending");
    create("A-22", "注文客", "5", "shipped");
    assert_outcome(run_with(service, "list"), 0,
                   "ORDER  CUSTOMER  DATE                        AMOUNT  STATUS\n"
                   "A-1    Þórður    2025-01-16T14:20:00Z  1,299.80 ISK  pending\n"
                   "A-22   注文客    2025-01-16T14:20:00Z      0.05 ISK  shipped\n",
                   "");
}

Test(cli, list_of_nothing)
{
    assert_outcome(run_with(service, "list"), 0, "ORDER  CUSTOMER  DATE  AMOUNT  STATUS\n", "");
    assert_outcome(run_with(service, "list", "--output", "json"), 0, "[]\n", "");
}

/* The ids of a list's orders, in its order, each with a blank behind it. */
static const char *listed(const char *first, const char *second, const char *third, const char *fourth)
{
    const struct outcome o = run_with(service, "list", "--output", "json", first, second, third, fourth);
    cr_assert_eq(o.code, 0, "%s", o.err);
    json_t *list = parse(o.out), *order;
    const char *ids = "";
    size_t i;
    json_array_foreach(list, i, order)
    {
        ids = format("%s%s ", ids, member(order, "order_id"));
    }
    return ids;
}

Test(cli, list_filters_and_bounds)
{
    create("A-1", "C-1", "1", "pending");
    create("A-2", "C-2", "1", "pending");
    create("A-3", "C-1", "1", "shipped");
    create("A-4", "C-1", "1", "pending");
    cr_assert_str_eq(listed("--status", "pending", NULL, NULL), "A-1 A-2 A-4 ");
    cr_assert_str_eq(listed("--customer-id", "C-1", NULL, NULL), "A-1 A-3 A-4 ");
    cr_assert_str_eq(listed("--customer-id", "C-1", "--status", "pending"), "A-1 A-4 ");
    cr_assert_str_eq(listed("--limit", "2", NULL, NULL), "A-1 A-2 ");
    cr_assert_str_eq(listed("--skip", "1", "--limit", "2"), "A-2 A-3 ");
    cr_assert_str_eq(listed("--limit", "0", NULL, NULL), "");
    cr_assert_str_eq(listed("--newest", NULL, NULL, NULL), "A-4 A-3 A-2 A-1 ");
    cr_assert_str_eq(listed("--newest", "--customer-id", "C-1", "--skip=1"), "A-3 A-1 ");
    cr_assert_str_eq(listed("--newest", "--oldest", NULL, NULL), "A-1 A-2 A-3 A-4 ");
    assert_outcome(run_with(service, "list", "--limit", "1"), 0, NULL,
                   "There are more orders: see --all, --limit and --skip; --count says how many.\n");
    assert_outcome(run_with(service, "list", "--limit", "4"), 0, NULL, "");
}

Test(cli, list_follows_pages)
{
    enum { ORDERS = 2345 };
    char *rows;
    size_t length;
    FILE *stream = open_memstream(&rows, &length);
    fputs("order_id,customer_id,total_amount,currency\n", stream);
    for (int i = 0; i < ORDERS; i++)
        fprintf(stream, "A-%d,C,1,ISK\n", i);
    assert_outcome(
        run(&(struct run){.service = service, .input = written(stream, &rows), .arguments = {"import", "-"}}),
        0, "2345 orders imported, 0 rows refused\n", "");

    static const struct {
        const char *arguments[3];
        size_t expected;
    } lists[] = {
        {{"--all"}, ORDERS},
        {{"--limit", "2000"}, 2000},
        {{"--limit", "1001"}, 1001},
        {{NULL}, 100},
        {{"--all", "--skip", "45"}, ORDERS - 45},
        {{"--limit", "9999"}, ORDERS},
        {{"--all", "--newest"}, ORDERS},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *const *arguments = lists[i].arguments;
        json_t *list = parse(
            run_with(service, "list", "--output", "json", arguments[0], arguments[1], arguments[2]).out);
        cr_assert_eq(json_array_size(list), lists[i].expected);
        const bool newest = arguments[1] != NULL && strcmp(arguments[1], "--newest") == 0;
        json_int_t before = newest ? INT64_MAX : 0; /* in the order of ids: none is listed twice */
        for (size_t row = 0; row < json_array_size(list); row++) {
            const json_int_t id = json_integer_value(json_object_get(json_array_get(list, row), "id"));
            cr_assert(newest ? id < before : id > before);
            before = id;
        }
    }
}

Test(cli, summary_adds_up)
{
    assert_outcome(run_with(service, "summary"), 0, "Orders: 0\n", "");
    create("A-1", "C", "129980", "pending");
    create("A-2", "C", "20", "cancelled");
    assert_outcome(run_with(service, "summary"), 0,
                   "Orders: 2\n"
                   "\n"
                   "REVENUE\n"
                   "1,300.00 ISK\n"
                   "\n"
                   "ISK PER DAY\n"
                   "2025-01-16  1,300.00 ISK  "
                   "██████████████████████████████████████████████████████\n",
                   "");
    json_t *summary = parse(run_with(service, "summary", "--output", "json").out);
    cr_assert(json_equal(
        summary, parse("{\"total_orders\":2,\"total_revenue\":[{\"currency\":\"ISK\",\"total\":130000}],"
                       "\"revenue_per_day\":[{\"date\":\"2025-01-16\",\"currency\":\"ISK\","
                       "\"revenue\":130000}]}")));
}

Test(cli, summary_verify_counts_again)
{
    create("A-1", "C", "130000", "pending");
    struct outcome plain = run_with(service, "summary");
    assert_outcome(run_with(service, "summary", "--verify"), 0, plain.out, "");
    free(database_query(database,
                        "SET orders.rollup_upkeep = on; UPDATE order_rollup SET revenue = revenue + 1"));
    assert_outcome(run_with(service, "summary", "--verify"), 1, "",
                   "ordersctl: DATA_LOSS: The summary that is kept differs from the orders\n");
}

/* --- orders that cannot be read, as somebody's SQL has made them so --- */

static void make_odd(const char *order_id)
{
    free(database_query(database, "ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_order_date_check"));
    free(database_query(database,
                        format("UPDATE orders SET order_date = 'infinity' WHERE order_id = '%s'", order_id)));
}

Test(cli, a_list_is_without_what_cannot_be_read_and_says_so)
{
    create("A-1", "C", "1", "pending");
    create("A-2", "C", "1", "pending");
    create("A-3", "C", "1", "pending");
    make_odd("A-2");
    static const char told[] = "ordersctl: DATA_LOSS: Order A-2 cannot be read\n";
    assert_outcome(run_with(service, "list", "--columns", "order_id"), 9, "ORDER\nA-1\nA-3\n", told);
    assert_outcome(
        run_with(service, "list", "--columns", "order_id", "--limit", "2"), 9, "ORDER\nA-1\n",
        format("%sThere are more orders: see --all, --limit and --skip; --count says how many.\n", told));
    assert_outcome(run_with(service, "list", "--columns", "order_id", "--limit", "1"), 0, "ORDER\nA-1\n",
                   "There are more orders: see --all, --limit and --skip; --count says how many.\n");
    assert_outcome(run_with(service, "list", "--output", "csv", "--columns", "order_id"), 9,
                   "order_id\nA-1\nA-3\n", told);
    assert_outcome(
        run_with(service, "get", "A-2"), 1, "",
        "ordersctl: DATA_LOSS: Order A-2 is stored with an order_date outside the years 1 to 9999\n");
}

/* It goes on, and says each time what is missing. */
Test(cli, a_list_that_is_watched_says_what_cannot_be_read)
{
    create("A-1", "C", "1", "pending");
    create("A-2", "C", "1", "pending");
    make_odd("A-2");
    const struct outcome o = watch_list("ORDER\nA-1\n\nORDER\nA-1\n");
    cr_assert_eq(o.code, 0);
    static const char told[] = "ordersctl: DATA_LOSS: Order A-2 cannot be read\n"
                               "ordersctl: DATA_LOSS: Orders that cannot be read: 1, such as A-2\n";
    cr_assert_eq(strncmp(o.err, told, strlen(told)), 0, "%s", o.err);
}

/* --- what it looks like --- */

static void create_dollars(const char *order_id, const char *date, const char *amount, const char *currency)
{
    assert_outcome(run_with(service, "create", "--order-id", order_id, "--customer-id", "C", "--amount",
                            amount, "--currency", currency, "--order-date", date),
                   0, NULL, "");
}

Test(cli, money_has_decimals_for_people_and_none_for_programs)
{
    create_dollars("A-1", "2025-01-16", "25990", "ISK");
    create_dollars("A-2", "2025-01-17", "25990", "JPY");
    assert_outcome(run_with(service, "list", "--columns", "order_id,total_amount"), 0,
                   "ORDER      AMOUNT\n"
                   "A-1    259.90 ISK\n"
                   "A-2    25,990 JPY\n",
                   "");
    assert_outcome(
        run_with(service, "list", "--columns", "order_id,total_amount,currency", "--output", "csv"), 0,
        "order_id,total_amount,currency\nA-1,25990,ISK\nA-2,25990,JPY\n", "");
    assert_outcome(run_with(service, "get", "A-1", "--columns", "total_amount"), 0,
                   "total_amount  259.90 ISK\n", "");
    assert_outcome(run_with(service, "summary"), 0,
                   "Orders: 2\n\n"
                   "REVENUE\n"
                   "259.90 ISK\n"
                   "25,990 JPY\n\n"
                   "ISK PER DAY\n"
                   "2025-01-16  259.90 ISK  ████████████████████████████████████████████████████████\n\n"
                   "JPY PER DAY\n"
                   "2025-01-17  25,990 JPY  ████████████████████████████████████████████████████████\n",
                   "");
}

Test(cli, every_format_of_an_order)
{
    create("A-1", "Smith, J", "5", "shipped");
    assert_outcome(run_with(service, "get", "A-1", "--output", "json", "--columns", "status,customer_id"), 0,
                   "{\n  \"status\": \"shipped\",\n  \"customer_id\": \"Smith, J\"\n}\n", "");
    assert_outcome(run_with(service, "get", "A-1", "--output", "ndjson", "--columns", "status,order_id"), 0,
                   "{\"status\":\"shipped\",\"order_id\":\"A-1\"}\n", "");
    assert_outcome(run_with(service, "get", "A-1", "--output", "csv", "--columns", "customer_id,order_id"), 0,
                   "customer_id,order_id\n\"Smith, J\",A-1\n", "");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "6", "--columns", "total_amount,order_id"),
                   0, "total_amount  0.06 ISK\norder_id      A-1\n", "");
}

Test(cli, every_format_of_a_list)
{
    create("A-1", "C", "5", "shipped");
    create("A-2", "C", "6", "pending");
    assert_outcome(run_with(service, "list", "--output", "ndjson", "--columns", "order_id,status"), 0,
                   "{\"order_id\":\"A-1\",\"status\":\"shipped\"}\n"
                   "{\"order_id\":\"A-2\",\"status\":\"pending\"}\n",
                   "");
    assert_outcome(run_with(service, "list", "--output", "csv", "--columns", "status"), 0,
                   "status\nshipped\npending\n", "");
    assert_outcome(run_with(service, "list", "--output", "json", "--columns", "order_id"), 0,
                   "[\n  {\"order_id\":\"A-1\"},\n  {\"order_id\":\"A-2\"}\n]\n", "");
    assert_outcome(run_with(service, "list", "--columns", "status,id"), 0,
                   "STATUS   ID\nshipped   1\npending   2\n", "");
    assert_outcome(run_with(service, "export", "--format", "csv", "--columns", "order_id,total_amount"), 0,
                   "order_id,total_amount\nA-1,5\nA-2,6\n", "");
}

Test(cli, every_format_of_the_rest)
{
    create("A-1", "C", "5", "shipped");
    assert_outcome(run_with(service, "summary", "--output", "csv"), 0,
                   "date,currency,revenue\n2025-01-16,ISK,5\n", "");
    assert_outcome(run_with(service, "summary", "--output", "ndjson"), 0,
                   "{\"total_orders\":1,\"total_revenue\":[{\"currency\":\"ISK\",\"total\":5}],"
                   "\"revenue_per_day\":[{\"date\":\"2025-01-16\",\"currency\":\"ISK\",\"revenue\":5}]}\n",
                   "");
    assert_outcome(run_with(service, "health", "--output", "ndjson"), 0,
                   "{\"status\":\"serving\",\"reason\":\"\"}\n", "");
    assert_outcome(run_with(service, "health", "--output", "csv"), 0, "status\nserving\n", "");
    assert_outcome(run_with(service, "methods", "GetOrder", "--output", "csv"), 0,
                   "method,request,response,role\n"
                   "orders.v1.OrderService/GetOrder,orders.v1.GetOrderRequest,orders.v1.Order,reader\n",
                   "");
    assert_outcome(run_with(service, "call", "Health/Check", "--output", "ndjson"), 0,
                   "{\"status\":\"serving\",\"reason\":\"\"}\n", "");
    assert_outcome(run_with(service, "delete", "A-1", "--output", "ndjson"), 0, "{}\n", "");
}

Test(cli, an_unknown_column_is_told_with_those_there_are)
{
    const struct outcome o = run_with(service, "list", "--columns", "order_id,colour");
    assert_outcome(o, 2, "", NULL);
    cr_assert_not_null(strstr(o.err,
                              "--columns: there is no \"colour\"; there are id, order_id, customer_id, "
                              "order_date, total_amount, currency, status, created_at, updated_at, etag\n"),
                       "%s", o.err);
}

Test(cli, colours_are_for_terminals_unless_told)
{
    static const char colored[] = "\033[1mORDER\033[0m  \033[1mSTATUS\033[0m\n"
                                  "A-1    \033[33mpending\033[0m\n"
                                  "A-2    \033[31mcancelled\033[0m\n"
                                  "A-3    \033[32mdelivered\033[0m\n"
                                  "A-4    \033[36mshipped\033[0m\n";
    static const char plain[] =
        "ORDER  STATUS\nA-1    pending\nA-2    cancelled\nA-3    delivered\nA-4    shipped\n";
    create("A-1", "C", "1", "pending");
    create("A-2", "C", "1", "cancelled");
    create("A-3", "C", "1", "delivered");
    create("A-4", "C", "1", "shipped");
    assert_outcome(run_with(service, "list", "--columns", "order_id,status"), 0, plain, "");
    assert_outcome(run_with(service, "list", "--columns", "order_id,status", "--color", "always"), 0, colored,
                   "");
    assert_outcome(run_with(service, "list", "--columns", "order_id,status", "--color=never"), 0, plain, "");
    const struct outcome csv = run_with(service, "list", "--output", "csv", "--color", "always");
    cr_assert_null(strchr(csv.out, '\033'));
}

Test(cli, the_chart_is_in_proportion_and_can_be_narrowed)
{
    create_dollars("A-1", "2025-01-16", "1000", "ISK");
    create_dollars("A-2", "2025-01-17", "500", "ISK");
    create_dollars("A-3", "2025-01-19", "1", "ISK");
    create_dollars("A-4", "2025-01-19", "77", "USD");
    const struct run narrow = {.service = service,
                               .arguments = {"summary", "--currency", "isk"},
                               .environment = {"COLUMNS=40", "LC_ALL=C"}};
    assert_outcome(run(&narrow), 0,
                   "Orders: 4\n\nREVENUE\n15.01 ISK\n\nISK PER DAY\n"
                   "2025-01-19   0.01 ISK  #\n"
                   "2025-01-17   5.00 ISK  #########\n"
                   "2025-01-16  10.00 ISK  #################\n",
                   "");
    assert_outcome(run_with(service, "summary", "--days", "1", "--output", "csv"), 0,
                   "date,currency,revenue\n2025-01-19,ISK,1\n2025-01-19,USD,77\n", "");
    assert_outcome(run_with(service, "summary", "--days", "2", "--currency", "ISK", "--output", "ndjson"), 0,
                   "{\"total_orders\":4,\"total_revenue\":[{\"currency\":\"ISK\",\"total\":1501}],"
                   "\"revenue_per_day\":[{\"date\":\"2025-01-19\",\"currency\":\"ISK\",\"revenue\":1},"
                   "{\"date\":\"2025-01-17\",\"currency\":\"ISK\",\"revenue\":500}]}\n",
                   "");
}

Test(cli, more_days_than_a_table_shows_are_told_of)
{
    for (int day = 1; day <= 15; day++)
        create_dollars(format("A-%d", day), format("2025-01-%02d", day), "1", "ISK");
    const struct outcome o = run_with(service, "summary");
    assert_outcome(o, 0, NULL, "There are more days: see --days.\n");
    cr_assert_null(strstr(o.out, "2025-01-01"));
    cr_assert_not_null(strstr(o.out, "2025-01-02"));
    assert_outcome(run_with(service, "summary", "--days", "15"), 0, NULL, "");
}

/* --- watching, on a pipe: on a terminal, see test_terminal.c --- */

Test(cli, watch_writes_one_after_another_until_it_is_interrupted)
{
    create("A-1", "C", "1", "pending");
    create("A-2", "C", "1", "pending");
    assert_outcome(watch_list("ORDER\nA-1\nA-2\n\nORDER\nA-1\nA-2\n"), 0, NULL, "");
}

/* Its call is not answered before it is interrupted, nor is it waited for. */
Test(cli, watch_is_interrupted_within_a_call)
{
    struct rpc_peer peer;
    rpc_peer_open(&peer);
    struct service silent = *service;
    snprintf(silent.rpc_url, sizeof silent.rpc_url, "%s", peer.url);
    struct running running =
        run_start(&(struct run){.service = &silent, .arguments = {"summary", "--watch"}});
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    kill(running.pid, SIGTERM);
    assert_outcome(run_wait(&running), 0, "", "");
    rpc_peer_close(&peer);
}

Test(cli, watch_ends_with_a_failure)
{
    struct service stranger = *service;
    stranger.api_key = "wrong";
    assert_outcome(run_with(&stranger, "list", "--watch"), 6, NULL,
                   "ordersctl: PERMISSION_DENIED: Invalid API key\n"
                   "  the key is from API_KEY of the environment\n");
}

/* --- call, methods, health --- */

Test(cli, call_calls_by_full_and_by_short_name)
{
    create("A-1", "C", "1", "pending");
    const char *const order = run_with(service, "get", "A-1", "--output", "json").out;
    assert_outcome(run_with(service, "call", "GetOrder", "{\"order_id\":\"A-1\"}"), 0, order, "");
    assert_outcome(run_with(service, "call", "orders.v1.OrderService/GetOrder", "{\"order_id\":\"A-1\"}"), 0,
                   order, "");
    assert_outcome(run(&(struct run){.service = service,
                                     .input = "{\"order_id\":\"A-1\"}",
                                     .arguments = {"call", "OrderService/GetOrder", "-"}}),
                   0, order, "");
    assert_outcome(run_with(service, "call", "rpc.v1.Health/Check"), 0,
                   "{\n  \"status\": \"serving\",\n  \"reason\": \"\"\n}\n", "");
    assert_outcome(run_with(service, "call", "DeleteOrder", "{\"order_id\":\"A-1\"}"), 0, "{}\n", "");
}

Test(cli, health_wants_no_key)
{
    struct service keyless = *service;
    keyless.api_key = "";
    assert_outcome(run_with(&keyless, "health"), 0, "serving\n", "");
    assert_outcome(run_with(&keyless, "health", "--output", "json"), 0,
                   "{\n  \"status\": \"serving\",\n  \"reason\": \"\"\n}\n", "");
    assert_outcome(run_with(&keyless, "call", "GetOrder"), 6, "", NULL);
    assert_outcome(run_with(&keyless, "get", "A-1"), 78, "", NULL);
}

/* The database lets nobody in. */
Test(cli, health_is_7_when_not_serving)
{
    char *elsewhere = database_create();
    PGconn *own = database_connect(service->database_url), *other = database_connect(elsewhere);
    const char *const name = PQdb(own);
    free(database_query(other, format("ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", name)));
    free(database_query(
        other, format("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", name)));
    static const char why[] = "ordersctl: database cannot serve: SQLSTATE 55000\n";
    struct outcome o;
    do
        o = run_with(service, "health");
    while (strcmp(o.err, why) != 0); /* the test's timeout bounds it */
    assert_outcome(o, 7, "not_serving\n", why);
    free(database_query(other, format("ALTER DATABASE \"%s\" ALLOW_CONNECTIONS true", name)));
    PQfinish(own);
    PQfinish(other);
    database_drop(elsewhere);
}

/* --- failures --- */

Test(cli, failures_are_told_by_class)
{
    create("A-1", "C", "1", "pending");
    assert_outcome(run_with(service, "get", "A-2"), 3, "", "ordersctl: NOT_FOUND: Order not found\n");
    assert_outcome(run_with(service, "create", "--order-id", "A-1", "--customer-id", "C", "--amount", "1",
                            "--currency", "ISK"),
                   4, "", "ordersctl: ALREADY_EXISTS: Order ID already exists\n");
    assert_outcome(run_with(service, "create", "--order-id", "A-2", "--amount", "x", "--status", "new"), 5,
                   "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  total_amount: must be an integer\n"
                   "  status: must be one of pending, confirmed, processing, shipped, delivered, completed, "
                   "cancelled\n");
    assert_outcome(run_with(service, "create", "[1]"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  must be an object\n");
    assert_outcome(run_with(service, "call", "GetOrder", "{"), 5, "", NULL);
    struct service stranger = *service;
    stranger.api_key = "wrong";
    assert_outcome(run_with(&stranger, "get", "A-1"), 6, "",
                   "ordersctl: PERMISSION_DENIED: Invalid API key\n"
                   "  the key is from API_KEY of the environment\n");
}

Test(cli, global_options_stand_for_the_environment)
{
    create("A-1", "C", "1", "pending");
    const char *const key = temporary_file("key", format("%s\n", service->api_key));
    const char *const wrong = temporary_file("wrong", "wrong\n");
    assert_outcome(run_with(NULL, "--connect", service->rpc_url, "--api-key-file", key, "list"), 0, NULL, "");
    assert_outcome(run_with(NULL, "list", "--connect", service->ipc_url, "--api-key-file", key), 0, NULL, "");
    assert_outcome(run_with(service, "list", "--api-key-file", wrong), 6, "", NULL);
    /* Another server stands in for one that is not there. */
    assert_outcome(run_with(service, "list", "--connect", format("tcp://127.0.0.1:1,%s", service->rpc_url)),
                   0, NULL, "");
}

Test(cli, what_others_wrote_cannot_steer_the_terminal)
{
    create("A-\u202e1", "C", "1", "pending");
    assert_outcome(run_with(service, "list"), 0,
                   "ORDER      CUSTOMER  DATE                    AMOUNT  STATUS\n"
                   "A-\\u202e1  C         2025-01-16T14:20:00Z  0.01 ISK  pending\n",
                   "");
    const struct outcome o = run_with(service, "list", "--output", "json");
    cr_assert_not_null(strstr(o.out, "\"A-\\u202e1\""), "%s", o.out);
    cr_assert_str_eq(member(json_array_get(parse(o.out), 0), "order_id"), "A-\u202e1");
}

Test(cli, a_full_disk_is_an_error)
{
    static const char *const commands[][2] = {{"list"},    {"get", "A-1"}, {"summary"}, {"export"},
                                              {"methods"}, {"health"},     {"stats"},   {"keys", "list"}};
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    create("A-1", "C", "1", "pending");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        assert_outcome(run(&(struct run){.service = service,
                                         .output = full,
                                         .arguments = {commands[i][0], commands[i][1]}}),
                       1, "", "ordersctl: cannot write standard output: No space left on device\n");
    close(full);
    assert_outcome(run_with(service, "export", "--format=json", "/dev/full"), 1, "",
                   "ordersctl: cannot write /dev/full: No space left on device\n");
    assert_outcome(run_with(service, "export", "--format=json", "/nowhere/file"), 1, "",
                   "ordersctl: cannot write /nowhere/file: No such file or directory\n");
}

Test(cli, a_reader_that_leaves_ends_it_quietly)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    create("A-1", "C", "1", "pending");
    assert_outcome(run(&(struct run){.service = service, .output = ends[1], .arguments = {"list", "--all"}}),
                   128 + SIGPIPE, "", "");
    close(ends[1]);
}

/* --- without a service --- */

TestSuite(cli_alone, .fini = test_end, .timeout = 60);

static const char *const commands[] = {"create",  "get",    "list",       "update", "delete",
                                       "summary", "import", "statistics", "export", "call",
                                       "methods", "health", "stats",      "keys",   "help"};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* A line that argp had to cut would begin at the margin, below lines that do not, or reach beyond it. */
static void check_layout(const char *help)
{
    enum { COLUMNS = 79 };
    bool is_indented = false;
    for (const char *line = help; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        const size_t length = strcspn(line, "\n");
        cr_expect_leq(length, COLUMNS, "%.*s", (int)length, line);
        cr_expect(length == 0 || line[length - 1] != ' ', "blanks end a line:\n%s", help);
        cr_expect(length == 0 || *line == ' ' || !is_indented, "%.*s", (int)length, line);
        is_indented = *line == ' ';
    }
}

Test(cli_alone, help_is_everywhere)
{
    const struct outcome all = run_with(NULL, "--help");
    cr_assert_eq(all.code, 0);
    check_layout(all.out);
    for (size_t i = 0; i < COMMANDS; i++) {
        cr_assert_not_null(strstr(all.out, format("\n  %-10s  ", commands[i])), "%s", commands[i]);
        const struct outcome one = run_with(NULL, commands[i], "--help");
        cr_assert_eq(one.code, 0);
        cr_assert_str_eq(one.err, "");
        check_layout(one.out);
        const char *const usage = format("Usage: ordersctl %s [OPTION...]", commands[i]);
        cr_assert_eq(strncmp(one.out, usage, strlen(usage)), 0, "%s", one.out);
        cr_assert_not_null(strstr(one.out, "--connect=URL"));
    }
    static const int codes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 78, 130};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        cr_assert_not_null(strstr(all.out, format("\n  %3d  ", codes[i])), "exit code %d", codes[i]);
}

Test(cli_alone, methods_come_from_the_descriptors)
{
    assert_outcome(run_with(NULL, "methods", "GetOrder"), 0,
                   "orders.v1.OrderService/GetOrder\n"
                   "  role  reader\n"
                   "  request  orders.v1.GetOrderRequest\n"
                   "    order_id  string\n"
                   "  response  orders.v1.Order\n"
                   "    id            int64\n"
                   "    order_id      string\n"
                   "    customer_id   string\n"
                   "    order_date    google.protobuf.Timestamp\n"
                   "    total_amount  int64\n"
                   "    currency      string\n"
                   "    status        orders.v1.OrderStatus\n"
                   "      pending confirmed processing shipped delivered completed cancelled\n"
                   "    created_at    google.protobuf.Timestamp\n"
                   "    updated_at    google.protobuf.Timestamp\n"
                   "    etag          string\n",
                   "");
    json_t *list = parse(run_with(NULL, "methods", "--output", "json").out), *method;
    const char *names = "";
    size_t i;
    json_array_foreach(list, i, method)
    {
        names = format("%s%s\n", names, member(method, "method"));
    }
    cr_assert_str_eq(names,
                     "orders.v1.OrderService/CreateOrder\norders.v1.OrderService/GetOrder\n"
                     "orders.v1.OrderService/ListOrders\norders.v1.OrderService/UpdateOrder\n"
                     "orders.v1.OrderService/DeleteOrder\norders.v1.OrderService/GetOrderSummary\n"
                     "orders.v1.OrderService/BatchCreateOrders\norders.v1.OrderService/GetOrderStatistics\n"
                     "rpc.v1.Auth/WhoAmI\nrpc.v1.Health/Check\nrpc.v1.Keys/CreateKey\nrpc.v1.Keys/ListKeys\n"
                     "rpc.v1.Keys/RevokeKey\nrpc.v1.Keys/RotateKey\nrpc.v1.Metrics/GetMetrics\n");
    const char *roles = "";
    json_array_foreach(list, i, method)
    {
        roles = format("%s%c", roles, *member(method, "role"));
    }
    cr_assert_str_eq(roles, "wrrwwrwrrnaaaar");
}

struct usage {
    char arguments[4][32]; /* up to the first that is empty */
};

#define EMPTY "(empty)" /* stands for an empty one */

ParameterizedTestParameters(cli_alone, wrong_usage_is_2)
{
    static struct usage usages[] = {
        {{""}},
        {{"frobnicate"}},
        {{"--frobnicate"}},
        {{"get"}},
        {{"delete", "A-1", "A-2"}},
        {{"get", "A-1", "--status", "shipped"}},
        {{"create"}},
        {{"update"}},
        {{"update", "A-1"}},
        {{"update", "--status", "shipped"}},
        {{"create", "{}", "--decimal-mark", "comma"}},
        {{"create", "{}", "--thousands=comma"}},
        {{"create", "{}", "--decimal", "--thousands=point"}},
        {{"create", "{}", "--decimal", "--decimal-mark=space"}},
        {{"import", "-", "--decimal", "--thousands=x"}},
        {{"list", "--customer-id", EMPTY}},
        {{"list", "--customer-id="}},
        {{"--connect", EMPTY, "health"}},
        {{"health", "--connect="}},
        {{"--target=", "list"}},
        {{"list", "--api-key-file", EMPTY}},
        {{"create", "--order-id", EMPTY}},
        {{"update", "A-1", "--status="}},
        {{"keys", "create", "a", "--role="}},
        {{"get", EMPTY}},
        {{"get", "--", EMPTY}},
        {{"import", EMPTY}},
        {{"import", "-", "--format", EMPTY}},
        {{"list", "--limit", "x"}},
        {{"list", "--limit", "-1"}},
        {{"list", "A-1"}},
        {{"summary", "A-1"}},
        {{"import"}},
        {{"import", "a", "b"}},
        {{"import", "--format", "xml", "-"}},
        {{"export", "--format", "xml"}},
        {{"call"}},
        {{"call", "Nope"}},
        {{"call", "v1.OrderServic/GetOrder"}},
        {{"call", "GetOrder", "{}", "{}"}},
        {{"methods", "Nope"}},
        {{"--output", "xml", "list"}},
        {{"list", "--timeout", "0"}},
        {{"list", "--timeout", "nan"}},
        {{"list", "--columns", ""}},
        {{"list", "--columns", "id,"}},
        {{"list", "--watch=0"}},
        {{"list", "--watch=x"}},
        {{"list", "--color", "blue"}},
        {{"summary", "--days", "0"}},
        {{"summary", "--currency", "XXX"}},
        {{"statistics", "A-1"}},
        {{"statistics", "--from", "2025-02-29"}},
        {{"statistics", "--to=2025-1-1"}},
        {{"statistics", "--from", EMPTY}},
        {{"statistics", "--by", "year"}},
        {{"statistics", "--from=2025-01-02", "--to=2025-01-01"}},
        {{"import", "--resume", "-"}},
        {{"import", "--resume", "--dry-run", "file"}},
    };
    return cr_make_param_array(struct usage, usages, sizeof usages / sizeof usages[0]);
}

ParameterizedTest(struct usage *usage, cli_alone, wrong_usage_is_2)
{
    struct run wrong = {0};
    for (size_t i = 0; i < 4 && usage->arguments[i][0] != '\0'; i++)
        wrong.arguments[i] = strcmp(usage->arguments[i], EMPTY) == 0 ? "" : usage->arguments[i];
    const struct outcome o = run(&wrong);
    assert_outcome(o, 2, "", NULL);
    cr_assert_not_null(strstr(o.err, "ordersctl"), "%s", o.err);
}

Test(cli_alone, bad_configuration_is_78)
{
    assert_outcome(run_with(NULL, "list"), 78, "", NULL);
    assert_outcome(run_with(NULL, "health", "--connect", "carrier-pigeon"), 78, "", NULL);
    assert_outcome(run_with(NULL, "list", "--api-key-file", "/nowhere/key"), 78, "",
                   "ordersctl: --api-key-file: cannot read /nowhere/key: No such file or directory\n");
    const char *const empty = temporary_file("empty", "\nkey\n");
    assert_outcome(run_with(NULL, "list", "--api-key-file", empty), 78, "", NULL);
}

Test(cli_alone, a_service_that_is_not_there_is_7)
{
    assert_outcome(run_with(NULL, "health", "--connect", "tcp://127.0.0.1:1", "--timeout", "0.2"), 7, "",
                   "ordersctl: UNAVAILABLE: No server within reach\n"
                   "  tcp://127.0.0.1:1: Connection refused\n");
}
