/* test_import_values.c: what the dates, statuses and ids of an order that is handed in stand for. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(import_values, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

Test(import_values, a_number_is_no_date)
{
    static const char *const numbers[] = {"20250116", "45673.4375", "20250116143000"};
    static const char order[] = "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":"
                                "\"ISK\",\"order_date\":%s}";
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *const json = format(order, numbers[i]);
        const char *const path = temporary_file("orders.ndjson", json);
        assert_outcome(run_with(service, "import", path), 8, "0 orders imported, 1 row refused\n",
                       "ordersctl: line 1: INVALID_ARGUMENT: order_date: must be a date and time, as text\n");
        assert_outcome(run_with(service, "create", json), 5, "", NULL);
        assert_outcome(run_with(service, "call", "CreateOrder", format("{\"order\":%s}", json)), 5, "", NULL);
    }
    cr_assert_str_eq(fixture_stored("order_id"), "");
}

Test(import_values, an_empty_order_date_is_an_error_unless_it_is_said_what_it_stands_for)
{
    const char *const path =
        temporary_file("orders.csv", FIXTURE_CSV_HEAD ",order_date\nA,C,1,ISK,\nB,C,1,ISK,2025-01-16\n");
    const char *const json = temporary_file(
        "orders.ndjson", "{\"order_id\":\"C\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\","
                         "\"orderDate\":null}\n");
    static const char empty[] =
        ": INVALID_ARGUMENT: order_date: is empty; --default-date says which date such a row "
        "has\n";
    assert_outcome(run_with(service, "import", path), 8, "1 order imported, 1 row refused\n",
                   format("ordersctl: line 2%s", empty));
    assert_outcome(run_with(service, "import", json), 8, "0 orders imported, 1 row refused\n",
                   format("ordersctl: line 1%s", empty));
    const struct outcome o = run_with(service, "import", path, "--default-date", "2024-02-29T12:00:00Z");
    assert_outcome(o, 8, "1 order imported, 1 row refused\n", NULL);
    assert_outcome(run_with(service, "import", json, "--default-date=now"), 0, FIXTURE_IMPORTED_ONE, "");
    cr_assert_str_eq(
        fixture_stored("order_id || (order_date < '2025-01-01') || (order_date > now() - interval '1 hour')"),
        "Bfalsefalse Atruefalse Cfalsetrue");
    const struct outcome wrong = run_with(service, "import", path, "--default-date", "yesterday");
    cr_assert_eq(wrong.code, 2, "%s", wrong.err);
}

Test(import_values, an_empty_status_is_an_error_unless_it_is_said_what_it_stands_for)
{
    const char *const path =
        temporary_file("orders.csv", FIXTURE_CSV_HEAD ",status\nA,C,1,ISK,\nB,C,1,ISK,shipped\n");
    const char *const json = temporary_file(
        "orders.ndjson", "{\"order_id\":\"C\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\","
                         "\"status\":null}\n");
    static const char empty[] =
        ": INVALID_ARGUMENT: status: is empty; --default-status says which status such a "
        "row has\n";
    assert_outcome(run_with(service, "import", path), 8, "1 order imported, 1 row refused\n",
                   format("ordersctl: line 2%s", empty));
    assert_outcome(run_with(service, "import", json), 8, "0 orders imported, 1 row refused\n",
                   format("ordersctl: line 1%s", empty));
    const struct outcome o = run_with(service, "import", path, "--default-status", "delivered");
    assert_outcome(o, 8, "1 order imported, 1 row refused\n", NULL);
    assert_outcome(run_with(service, "import", json, "--default-status=pending"), 0, FIXTURE_IMPORTED_ONE,
                   "");
    cr_assert_str_eq(fixture_stored("order_id || status"), "Bshipped Adelivered Cpending");
    cr_assert_eq(run_with(service, "import", path, "--default-status", "lost").code, 2);
}

Test(import_values, created_at_is_not_passed_over_where_it_is_the_only_date)
{
    const char *const path =
        temporary_file("orders.csv", FIXTURE_CSV_HEAD ",created_at\nA,C,1,ISK,2024-03-01\n");
    assert_outcome(
        run_with(service, "import", path), 8, "0 orders imported, 1 row refused\n",
        "ordersctl: line 2: INVALID_ARGUMENT: order_date: is not given, and created_at is left to the "
        "database; --default-date says which date such a row has\n");
    assert_outcome(run_with(service, "import", path, "--default-date", "now"), 0, FIXTURE_IMPORTED_ONE, "");
    cr_assert_str_eq(fixture_stored("order_id || (order_date > now() - interval '1 hour')"), "Atrue");
}

Test(import_values, created_at_is_no_date_of_one_order_either)
{
    static const char order[] = "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":7,\"currency\":"
                                "\"ISK\",\"created_at\":\"2024-01-01T00:00:00Z\"%s}";
    assert_outcome(
        run_with(service, "create", format(order, "")), 5, "",
        "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
        "  order_date: is not given, and created_at is left to the database; --order-date says which "
        "date such an order has\n");
    cr_assert_str_eq(fixture_stored("order_id"), "");
    assert_outcome(run_with(service, "create", format(order, ",\"orderDate\":\"2024-01-02T00:00:00Z\"")), 0,
                   NULL, "");
    cr_assert_str_eq(fixture_stored("(order_date AT TIME ZONE 'UTC')::date::text"), "2024-01-02");
}

/* White space around an id is no part of it, however it was pasted. */
Test(import_values, ids_are_found_with_white_space_around_them)
{
    assert_outcome(run_with(service, "create", "--order-id", " W-1 ", "--customer-id", "\u00a0C-9 ",
                            "--amount", "1", "--currency", "ISK"),
                   0, NULL, "");
    cr_assert_str_eq(fixture_stored("order_id || customer_id"), "W-1C-9");
    assert_outcome(run_with(service, "list", "--count", "--customer-id", "C-9 "), 0, "1\n", "");
    assert_outcome(run_with(service, "get", "\tW-1\xc2\xa0", "-o", "name"), 0, "W-1\n", "");
    assert_outcome(run_with(service, "update", "W-1 ", "--status", "shipped", "-o", "name"), 0, "W-1\n", "");
    assert_outcome(
        run_with(service, "get", "--file", temporary_file("ids.csv", "order_id\n\" W-1\"\n"), "-o", "name"),
        0, "W-1\n", "");
    assert_outcome(run_with(service, "delete", " W-1"), 0, NULL, "");
    cr_assert_str_eq(fixture_stored("order_id"), "");
}

/* As a filter is. */
Test(import_values, a_date_is_in_the_local_zone_where_times_are)
{
    const struct run create = {.service = service,
                               .environment = {"TZ=XXX-2"},
                               .arguments = {"create", "--order-id", "A", "--customer-id", "C", "--amount",
                                             "1", "--currency", "ISK", "--local", "--order-date",
                                             "2025-01-16T14:00:00"}};
    assert_outcome(run(&create), 0, NULL, "");
    cr_assert_str_eq(fixture_stored("(order_date AT TIME ZONE 'UTC')::text"), "2025-01-16 12:00:00");
    const struct run update = {
        .service = service,
        .environment = {"TZ=XXX-2"},
        .arguments = {"update", "A", "--local", "--order-date", "2025-01-16T15:00:00Z"}};
    assert_outcome(run(&update), 0, NULL, "");
    cr_assert_str_eq(fixture_stored("(order_date AT TIME ZONE 'UTC')::text"), "2025-01-16 15:00:00");
}

Test(import_values, a_date_in_json_is_in_that_zone_too)
{
    static const char *const members[] = {"order_date", "orderDate"};
    for (size_t i = 0; i < 2; i++) {
        const char *const order = format("{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,"
                                         "\"currency\":\"ISK\",\"%s\":\"2025-01-16T%d:00:00\"}",
                                         members[i], 14 + (int)i);
        const struct run create = {.service = service,
                                   .environment = {"TZ=XXX-2"},
                                   .arguments = {"create", "--local", "--upsert", order}};
        assert_outcome(run(&create), 0, NULL, "");
        cr_assert_str_eq(fixture_stored("(order_date AT TIME ZONE 'UTC')::text"),
                         format("2025-01-16 %d:00:00", 12 + (int)i));
    }
    const struct run twice = {
        .service = service,
        .environment = {"TZ=XXX-2"},
        .arguments = {"create", "--local", "{\"order_date\":\"2025-01-16\",\"orderDate\":\"2025-01-17\"}"}};
    const struct outcome refused = run(&twice);
    cr_assert_eq(refused.code, 5);
    cr_assert_not_null(strstr(refused.err, "order_date: is given twice"), "%s", refused.err);
}
