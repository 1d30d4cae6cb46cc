/* test_writes.c: several orders are read, changed or deleted at once: which, is said; each stands or falls by
 * itself; and nothing is changed that was not asked for. */
#include "fixture.h"
#include "google/protobuf/empty.pb-c.h"
#include "orders/v1/orders.pb-c.h"
#include "support/rpc_peer.h"
#include "terminal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct terminal *terminal;

static void teardown(void)
{
    if (terminal != NULL)
        terminal_close(terminal);
    fixture_tear_down();
}

TestSuite(writes, .init = fixture_set_up_with_database, .fini = teardown, .timeout = 60);
TestSuite(writes_alone, .fini = test_end, .timeout = 60);

static void execute(const char *sql)
{
    free(database_query(database, sql));
}

static void create(const char *order_id, const char *status)
{
    execute(format("INSERT INTO orders (order_id, customer_id, order_date, total_amount, "
                   "currency, status) VALUES ('%s', 'C-1', '2025-01-16T14:20:00Z', 100, "
                   "'ISK', '%s')",
                   order_id, status));
}

static void create_three(void)
{
    create("A-1", "pending");
    create("A-2", "shipped");
    create("A-3", "pending");
}

static long count(const char *where)
{
    return database_number(database, format("SELECT count(*) FROM orders WHERE %s", where));
}

/* --- which --- */

Test(writes, several_are_printed_as_a_list_in_the_order_asked_for)
{
    create_three();
    assert_outcome(run_with(service, "get", "A-3", "A-1", "--columns", "order_id,status"), 0,
                   "ORDER  STATUS\nA-3    pending\nA-1    pending\n", "");
    const struct outcome o =
        run_with(service, "get", "A-3", "A-9", "A-1", "--output", "csv", "--columns", "order_id");
    assert_outcome(o, 3, "order_id\nA-3\nA-1\n",
                   "ordersctl: NOT_FOUND: A-9: Order not found\nordersctl: 2 orders printed, 1 failed\n");
    cr_assert_eq(json_array_size(parse(run_with(service, "get", "--all", "--output", "json").out)), 3);
    assert_outcome(run_with(service, "get", "--status", "shipped", "--columns", "order_id"), 0,
                   "ORDER\nA-2\n", "");
}

Test(writes, several_are_deleted_and_each_failure_is_named)
{
    create_three();
    assert_outcome(run_with(service, "delete", "A-1", "A-9", "A-2", "A-1", "--yes"), 3,
                   "2 orders deleted, 1 failed\n", "ordersctl: NOT_FOUND: A-9: Order not found\n");
    cr_assert_eq(count("true"), 1);
    assert_outcome(run_with(service, "delete", "A-3", "A-8", "--yes", "--output", "ndjson"), 3,
                   "{\"deleted\":1,\"failed\":1}\n",
                   "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"A-8: Order not found\"}}\n");
}

Test(writes, by_name_it_is_those_that_were_deleted)
{
    create_three();
    assert_outcome(run_with(service, "delete", "--status", "pending", "--dry-run", "-o", "name"), 0,
                   "A-1\nA-3\n", "");
    assert_outcome(run_with(service, "delete", "A-1", "A-9", "A-2", "--yes", "-o", "name"), 3, "A-1\nA-2\n",
                   "ordersctl: NOT_FOUND: A-9: Order not found\nordersctl: 2 orders deleted, 1 failed\n");
    assert_outcome(run_with(service, "delete", "A-3", "-o", "name"), 0, "A-3\n", "");
}

/* What `list' and `export' write in any format, and an id a line. */
Test(writes, a_file_names_them)
{
    create_three();
    const char *const kinds[] = {
        temporary_file("ids", "A-1\n\n  A-3\r\n"),
        temporary_file("export.csv",
                       run_with(service, "export", "--status", "pending", "--format", "csv").out),
        temporary_file("list.ndjson",
                       run_with(service, "list", "--status=pending", "--output", "ndjson").out),
        temporary_file("export.json", run_with(service, "export", "--status", "pending").out),
        temporary_file("column", "order_id\nA-1\nA-3\n"),
        temporary_file("sheet", "sep=;\r\nnote;order_id\r\nx;A-1\r\ny;A-3\r\n"),
        temporary_file("marked", "\xef\xbb\xbf"
                                 "A-1\n\xef\xbb\xbf"
                                 "A-3\n"),
        temporary_file("blanks", "A-1\n\xc2\xa0"
                                 "A-3\xc2\xa0\n"),
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        assert_outcome(
            run_with(service, "get", "--file", kinds[i], "--output", "csv", "--columns", "order_id"), 0,
            "order_id\nA-1\nA-3\n", "");
    const struct run piped = {.service = service,
                              .input = "A-3\nA-1\n",
                              .arguments = {"update", "--file", "-", "--status", "shipped", "--yes",
                                            "--columns", "order_id,status"}};
    assert_outcome(run(&piped), 0, "ORDER  STATUS\nA-3    shipped\nA-1    shipped\n", "");
    cr_assert_eq(count("status = 'shipped'"), 3);
}

Test(writes, a_row_that_names_two_orders_changes_neither)
{
    create_three();
    const char *const path = temporary_file("two.json", "[{\"order_id\":\"A-1\",\"orderId\":\"A-2\"}]\n");
    assert_outcome(run_with(service, "delete", "--file", path, "--yes"), 1, "",
                   format("ordersctl: %s: line 1: order_id is given twice, also as orderId\n", path));
    cr_assert_eq(count("true"), 3);
}

/* `cat` of files whose columns stand in another order: customers are no orders. */
Test(writes, a_second_header_of_a_file_changes_nothing)
{
    create_three();
    const char *const path =
        temporary_file("both.csv", "order_id,customer_id\nA-1,C\ncustomer_id,order_id\nA-2,A-3\n");
    const struct outcome outcome = run_with(service, "delete", "--file", path, "--yes");
    cr_assert_eq(outcome.code, 1);
    cr_assert_not_null(strstr(outcome.err, "line 3: another header"), "%s", outcome.err);
    cr_assert_eq(count("true"), 3);
}

#define CUT                                                                                               \
    "the file ends without a line break, and may have been cut off in this row; when it is whole, add a " \
    "line "                                                                                               \
    "break"

Test(writes, a_file_with_a_row_that_names_none_changes_nothing)
{
    /* Of "A-12" and "A-30". */
    static const char *const cut[] = {"A-2\nA-1", "order_id\nA-3"};
    static const char with_nul[] = "order_id\nA-1\0x\n";
    create_three();
    const char *const path = temporary_file("some.csv", "order_id,status\nA-1,x\n,x\nA-2,x\n");
    assert_outcome(run_with(service, "delete", "--file", path, "--yes"), 1, "",
                   format("ordersctl: %s: line 3: there is no order_id\n", path));
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++)
        assert_outcome(run_with(service, "delete", "--file", temporary_file("cut", cut[i]), "--yes"), 1, "",
                       format("ordersctl: %s: line %s\n", temporary_file("cut", cut[i]), "2: " CUT));
    const char *const nul = bytes_file("nul.csv", with_nul, sizeof with_nul - 1);
    assert_outcome(run_with(service, "delete", "--file", nul, "--yes"), 1, "",
                   format("ordersctl: %s: line 2: order_id: there is a NUL in it\n", nul));
    assert_outcome(run_with(service, "delete", "--file", "/nowhere", "--yes"), 1, "",
                   "ordersctl: cannot read /nowhere: No such file or directory\n");
    cr_assert_eq(count("true"), 3);
}

/* Other fields are no ids, whatever they are. */
Test(writes, a_file_of_orders_without_their_ids_names_none)
{
    create_three();
    static const char *const columns[] = {"customer_id", "status,customer_id"};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const struct run deletion = {
            .service = service,
            .input = run_with(service, "list", "--output", "csv", "--columns", columns[i]).out,
            .arguments = {"delete", "--file", "-", "--yes"}};
        assert_outcome(run(&deletion), 1, "",
                       "ordersctl: standard input: line 1: its columns are those of orders, but there is no "
                       "order_id\n");
    }
    const struct run shown = {.service = service,
                              .input = run_with(service, "list", "--columns", "order_id,status").out,
                              .arguments = {"delete", "--file", "-", "--yes"}};
    assert_outcome(run(&shown), 1, "",
                   "ordersctl: standard input: line 1: it is a table for people; write the orders with "
                   "--output csv or name\n");
    cr_assert_eq(count("true"), 3);
}

Test(writes, a_filter_that_is_missing_never_means_all)
{
    create_three();
    assert_outcome(run_with(service, "delete", "--yes"), 2, "", NULL);
    assert_outcome(run_with(service, "update", "--status", "shipped", "--yes"), 2, "", NULL);
    assert_outcome(run_with(service, "delete", "--all", "--status", "pending", "--yes"), 2, "", NULL);
    assert_outcome(run_with(service, "delete", "A-1", "--status", "pending", "--yes"), 2, "", NULL);
    cr_assert_eq(count("status = 'pending'"), 2);
    assert_outcome(run_with(service, "delete", "--status", "pending", "--yes"), 0, "2 orders deleted\n", "");
    assert_outcome(run_with(service, "delete", "--status", "pending", "--yes"), 0, "0 orders deleted\n", "");
    assert_outcome(
        run_with(service, "update", "--all", "--status", "delivered", "--yes", "--columns", "order_id"), 0,
        "ORDER\nA-2\n", "");
    assert_outcome(run_with(service, "delete", "--all", "--yes"), 0, "1 order deleted\n", "");
}

/* Every filter of list, for update by another name. */
Test(writes, the_filters_are_those_of_a_list)
{
    create_three();
    execute("UPDATE orders SET total_amount = 100 * id, order_date = order_date + id * interval '1 day'");
    const char *const offered = run_with(service, "complete", "--", "update", "--where-").out;
    static const char *const filters[][2] = {
        {"--status", "shipped"}, {"--customer-id", "C-1"}, {"--search", "a-2"},     {"--from", "2025-01-18"},
        {"--to", "2025-01-18"},  {"--currency", "ISK"},    {"--min-amount", "200"}, {"--max-amount", "200"},
    };
    size_t n = 0;
    for (const char *at = offered; (at = strstr(at, "--where-")) != NULL; at++)
        n++;
    cr_assert_eq(n, sizeof filters / sizeof filters[0], "%s", offered);
    for (size_t i = 0; i < n; i++) {
        const char *const listed = run_with(service, "list", filters[i][0], filters[i][1], "--columns",
                                            "order_id", "--output", "csv")
                                       .out;
        assert_outcome(run_with(service, "get", filters[i][0], filters[i][1], "--columns", "order_id",
                                "--output", "csv"),
                       0, listed, "");
        const struct outcome looked =
            run_with(service, "update", format("--where-%s", filters[i][0] + 2), filters[i][1],
                     "--customer-id", "C-1", "--dry-run", "--output", "csv");
        cr_assert_eq(looked.code, 0, "%s", looked.err);
        const char *ids = "order_id\n";
        for (const char *at = strchr(looked.out, '\n') + 1; *at != '\0'; at = strchr(at, '\n') + 1)
            ids = format("%s%s\n", ids, up_to(",", at));
        cr_assert_str_eq(ids, listed);
    }
    assert_outcome(run_with(service, "delete", "--search", "a-", "--min-amount", "2.00", "--decimal",
                            "--currency", "ISK", "--yes"),
                   0, "2 orders deleted\n", "");
    cr_assert_eq(count("order_id = 'A-1'"), 1);
}

/* --- the question --- */

Test(writes, where_nobody_can_be_asked_it_is_wrong_usage)
{
    create_three();
    const struct outcome o = run_with(service, "delete", "--status", "pending");
    assert_outcome(o, 2, "", NULL);
    cr_assert_not_null(
        strstr(o.err, "there is no terminal to ask on: --yes goes on without, --dry-run only looks"), "%s",
        o.err);
    assert_outcome(run_with(service, "update", "A-1", "A-2", "--status", "shipped"), 2, "", NULL);
    cr_assert_eq(count("status = 'pending'"), 2);
    /* One that is named is deleted without a question, as ever. */
    assert_outcome(run_with(service, "delete", "A-1"), 0, "", "");
}

static void type_line(const char *line)
{
    terminal_type(terminal, line);
    terminal_press(terminal, "Enter");
}

Test(writes, the_question_says_how_many_which_and_what)
{
    for (int i = 1; i <= 7; i++)
        create(format("A-%d", i), "pending");
    terminal = terminal_open(service, 120, 24);
    type_line(
        "ordersctl update --where-status pending --status shipped --amount 5 --columns order_id,status");
    terminal_wait_for(terminal, "This updates 7 orders: A-1, A-2, A-3, A-4, A-5 and 2 more; "
                                "total_amount becomes 5, status becomes");
    terminal_wait_for(terminal, "Go on? [y/N]");
    type_line("no");
    terminal_wait_for(terminal, "ordersctl: nothing was changed\n");
    type_line("clear; echo \"code $?\"; ordersctl delete A-1 A-2");
    terminal_wait_for(terminal, "This deletes 2 orders: A-1, A-2. Go on? [y/N]");
    cr_assert_eq(count("status = 'pending'"), 7);
    type_line("yes");
    terminal_wait_for(terminal, "2 orders deleted");
    cr_assert_eq(count("true"), 5);
}

/* What was shown is what is changed: another state of it is nobody's business. */
Test(writes, what_a_filter_chose_and_somebody_changed_since_is_left_alone)
{
    create_three();
    terminal = terminal_open(service, 120, 24);
    type_line("ordersctl delete --status pending; echo \"code $?\"");
    terminal_wait_for(terminal, "This deletes 2 orders: A-1, A-3. Go on? [y/N]");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "7"), 0, NULL, "");
    type_line("y");
    terminal_wait_for(terminal, "ordersctl: ABORTED: A-1: The order was changed: it has another etag\n"
                                "1 order deleted, 1 failed\n"
                                "code 10\n");
    cr_assert_eq(count("order_id = 'A-1' AND total_amount = 7"), 1);

    type_line("clear; ordersctl update --where-customer-id C-1 --status delivered; echo \"code $?\"");
    terminal_wait_for(terminal, "This updates 2 orders: A-1, A-2; status becomes delivered. Go on? [y/N]");
    assert_outcome(run_with(service, "delete", "A-1"), 0, "", "");
    assert_outcome(run_with(service, "update", "A-2", "--amount", "8"), 0, NULL, "");
    type_line("y");
    /* Of two failures the code is that of the one to be looked into. */
    terminal_wait_for(terminal, "ordersctl: NOT_FOUND: A-1: Order not found\n"
                                "ordersctl: ABORTED: A-2: The order was changed: it has another etag\n");
    terminal_wait_for(terminal, "ordersctl: 0 orders updated, 2 failed\ncode 10\n");
}

/* --- a dry run --- */

Test(writes, a_dry_run_of_an_update_says_what_would_change)
{
    create_three();
    assert_outcome(run_with(service, "update", "A-1", "A-2", "A-9", "--status", "shipped", "--dry-run"), 3,
                   "A-1: would be updated: status: pending -> shipped\nA-2: would be unchanged\n",
                   "ordersctl: NOT_FOUND: A-9: Order not found\nordersctl: 2 orders looked at, 1 failed\n");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "123456", "--currency", "jpy", "--dry-run",
                            "--output", "ndjson"),
                   0,
                   "{\"order_id\":\"A-1\",\"outcome\":\"updated\",\"dry_run\":true,\"changes\":["
                   "{\"field\":\"total_amount\",\"from\":100,\"to\":123456},"
                   "{\"field\":\"currency\",\"from\":\"ISK\",\"to\":\"JPY\"}]}\n",
                   "");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "123456", "--currency", "jpy", "--dry-run"),
                   0, "A-1: would be updated: total_amount: 1.00 ISK -> 123,456 JPY; currency: ISK -> JPY\n",
                   "");
    /* The service's own rules. */
    assert_outcome(run_with(service, "update", "A-1", "--amount", "0", "--dry-run"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  total_amount: must be greater than 0\n");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "7", "--etag", "old", "--dry-run"), 10, "",
                   "ordersctl: ABORTED: The order was changed: it has another etag\n");
    cr_assert_eq(count("status = 'pending' AND total_amount = 100"), 2);
}

Test(writes, a_dry_run_of_a_deletion_deletes_nothing)
{
    create_three();
    assert_outcome(run_with(service, "delete", "--status", "pending", "--dry-run"), 0,
                   "A-1: would be deleted\nA-3: would be deleted\n", "");
    assert_outcome(run_with(service, "delete", "A-1", "--dry-run", "--output", "csv"), 0,
                   "order_id,outcome,changes\nA-1,deleted,\n", "");
    assert_outcome(run_with(service, "delete", "A-9", "--dry-run"), 3, "",
                   "ordersctl: NOT_FOUND: Order not found\n");
    cr_assert_eq(count("true"), 3);
}

/* --- amounts --- */

Test(writes, each_amount_has_the_decimals_of_its_order)
{
    create_three();
    execute("UPDATE orders SET currency = 'JPY' WHERE order_id = 'A-2'");
    assert_outcome(run_with(service, "update", "A-1", "A-2", "--decimal", "--amount", "12.50", "--yes",
                            "--columns", "order_id,total_amount"),
                   5, "ORDER     AMOUNT\nA-1    12.50 ISK\n", NULL);
    cr_assert_eq(count("order_id = 'A-2' AND total_amount = 100"), 1);
}

/* --- many --- */

static const char *many_ids(int n)
{
    const char *text = "";
    for (int i = 0; i < n; i++)
        text = format("%sA-%d\n", text, i);
    return temporary_file("many", text);
}

Test(writes, many_are_deleted)
{
    execute("INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
            "SELECT 'A-' || n, 'C', now(), 1, 'ISK', 'pending' FROM generate_series(0, 999) n");
    assert_outcome(run_with(service, "delete", "--file", many_ids(500), "--yes"), 0, "500 orders deleted\n",
                   "");
    assert_outcome(run_with(service, "delete", "--all", "--yes"), 0, "500 orders deleted\n", "");
}

Test(writes, verbose_shows_each_call)
{
    create_three();
    const struct outcome o = run_with(service, "delete", "A-1", "--dry-run", "-v");
    assert_outcome(o, 0, "A-1: would be deleted\n", NULL);
    cr_assert_not_null(strstr(o.err, "> orders.v1.OrderService/GetOrder to "), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "> x-validate-only: true\n"), "%s", o.err);
}

/* What is wrong with all of them is told once. */
Test(writes, a_failure_that_is_that_of_all_stops_it)
{
    struct service stranger = *service;
    stranger.api_key = "wrong";
    assert_outcome(run_with(&stranger, "delete", "--file", many_ids(100), "--yes"), 6, "",
                   "ordersctl: PERMISSION_DENIED: A-0: Invalid API key\n"
                   "  the key is from API_KEY of the environment\n"
                   "ordersctl: stopped: 0 orders deleted, 1 failed, 99 not tried\n");
}

/* Somebody has one of them locked: that is its own failure. */
Test(writes, an_order_that_is_locked_fails_alone)
{
    execute("INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
            "SELECT 'A-' || n, 'C', now(), 1, 'ISK', 'pending' FROM generate_series(0, 39) n");
    execute("BEGIN; SELECT 1 FROM orders WHERE order_id = 'A-1' FOR UPDATE");
    const struct outcome o = run_with(service, "update", "--file", many_ids(40), "--status", "shipped",
                                      "--yes", "--timeout", "0.3", "-o", "name");
    execute("ROLLBACK");
    cr_assert_eq(o.code, 7, "code %d\n%s", o.code, o.err);
    cr_assert_not_null(strstr(o.err, "ordersctl: DEADLINE_EXCEEDED: A-1: "), "%s", o.err);
    cr_assert_not_null(strstr(o.err, "ordersctl: 39 orders updated, 1 failed\n"), "%s", o.err);
    cr_assert_eq(count("status = 'shipped'"), 39);
}

static void answer_deletion(struct rpc_peer *peer)
{
    const Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;
    rpc__v1__request__free_unpacked(rpc_peer_take(peer), NULL);
    rpc_peer_answer_message(peer, &nothing.base);
}

/* Those under way are waited for; it says what became of them, and of the others. */
Test(writes_alone, ctrl_c_says_what_was_done)
{
    const Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;
    struct rpc_peer peer;
    rpc_peer_open(&peer);
    struct running running =
        run_start(&(struct run){.environment = {format("ORDERS_CONNECT=%s", peer.url), "API_KEY=k"},
                                .arguments = {"delete", "--file", many_ids(100), "--yes"}});
    answer_deletion(&peer);
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    kill(running.pid, SIGINT);
    rpc_peer_answer_message(&peer, &nothing.base);
    for (int i = 1; i < 16; i++)
        answer_deletion(&peer);
    assert_outcome(run_wait(&running), 130, "", "ordersctl: interrupted: 17 orders deleted, 83 not tried\n");
    rpc_peer_close(&peer);
}
