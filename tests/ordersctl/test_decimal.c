/* test_decimal.c: amounts on their way into the service, by every command that takes one: none is stored as
 * another than was meant. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(decimal, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60);

#define create(...) run_with(service, "create", "--customer-id", "C", "--order-id", __VA_ARGS__)

static json_int_t amount_of(const char *order_id)
{
    return json_integer_value(
        json_object_get(parse(run_with(service, "get", order_id, "--output", "json").out), "total_amount"));
}

static void assert_no_orders(void)
{
    assert_outcome(run_with(service, "list", "--output", "ndjson"), 0, "", "");
}

static const char euro_refused[] = "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                                   "  total_amount: \"45.00\" is no integer: amounts are in the unit they "
                                   "are stored in, as 4500 for 45.00 EUR; "
                                   "create, update and import take decimals with --decimal\n";

Test(decimal, a_mark_without_the_option_is_refused_by_every_command)
{
    assert_outcome(create("A-1", "--amount", "45.00", "--currency", "EUR"), 5, "", euro_refused);
    assert_outcome(create("A-1", "{\"total_amount\":\"45.00\",\"currency\":\"EUR\"}"), 5, "", euro_refused);
    assert_outcome(create("A-1", "{\"total_amount\":45.00}", "--currency", "EUR"), 5, "", NULL);
    assert_outcome(run_with(service, "call", "CreateOrder",
                            "{\"order\":{\"order_id\":\"A-1\",\"customer_id\":\"C\",\"total_amount\":45.00,"
                            "\"currency\":\"EUR\"}}"),
                   5, "", NULL);
    assert_outcome(
        run_with(service, "call", "BatchCreateOrders",
                 "{\"orders\":[{\"order_id\":\"A-1\",\"customer_id\":\"C\",\"total_amount\":\"25.000\","
                 "\"currency\":\"ISK\"}]}"),
        5, "", NULL);
    assert_no_orders();
    assert_outcome(create("A-1", "--amount", "4500", "--currency", "EUR"), 0, NULL, "");
    assert_outcome(run_with(service, "update", "A-1", "--amount", "45.00", "--currency", "EUR"), 5, "",
                   euro_refused);
    assert_outcome(run_with(service, "update", "A-1", "--amount", "1,5"), 5, "", NULL);
    cr_assert_eq(amount_of("A-1"), 4500);
}

Test(decimal, create_takes_what_is_shown)
{
    assert_outcome(
        create("A-1", "--decimal", "--amount", "1299.80", "--currency", "ISK", "--columns", "total_amount"),
        0, "total_amount  1,299.80 ISK\n", "");
    assert_outcome(create("A-2", "--decimal", "--thousands", "comma", "--amount", "1,299.80 ISK",
                          "--currency", "isk", "--columns", "total_amount"),
                   0, "total_amount  1,299.80 ISK\n", "");
    assert_outcome(create("A-3", "--decimal", "--decimal-mark=comma", "--thousands=point",
                          "{\"total_amount\":\"25.000,00\",\"currency\":\"ISK\"}", "--columns",
                          "total_amount"),
                   0, "total_amount  25,000.00 ISK\n", "");
    assert_outcome(
        create("A-4", "--decimal", "--amount", "25990", "--currency", "JPY", "--columns", "total_amount"), 0,
        "total_amount  25,990 JPY\n", "");
    assert_outcome(create("A-5", "--decimal", "--amount", "25990", "--currency", "ISK"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  total_amount: \"25990\" is no amount in ISK: write it with 2 decimals, like 1299.80; "
                   "--decimal-mark and --thousands take others\n");
    assert_outcome(create("A-5", "--decimal", "--amount", "1.00"), 5, "", NULL);
    assert_outcome(create("A-5", "--decimal", "--amount", "0.00", "--currency", "ISK"), 5, "", NULL);
    cr_assert_eq(amount_of("A-1"), 129980);
    assert_outcome(run_with(service, "get", "A-5"), 3, "", NULL);
}

/* The currency is the order's; it may not become another between a look at it and the change. */
Test(decimal, update_has_the_decimals_of_the_orders_currency)
{
    assert_outcome(create("A-1", "--amount", "1", "--currency", "ISK"), 0, NULL, "");
    assert_outcome(run_with(service, "update", "A-1", "--decimal", "--amount", "45.00", "--columns",
                            "total_amount,status", "--status", "shipped"),
                   0, "total_amount  45.00 ISK\nstatus        shipped\n", "");
    assert_outcome(run_with(service, "update", "A-1", "--decimal", "--amount", "45"), 5, "", NULL);
    assert_outcome(run_with(service, "update", "A-1", "--decimal", "--amount", "45", "--currency", "JPY",
                            "--columns", "total_amount"),
                   0, "total_amount  45 JPY\n", "");
    assert_outcome(run_with(service, "update", "A-1", "--decimal", "--amount", "46.00"), 5, "", NULL);
    assert_outcome(run_with(service, "update", "A-1", "--decimal", "--amount", "46", "--etag", "0"), 10, "",
                   NULL);
    assert_outcome(run_with(service, "update", "A-2", "--decimal", "--amount", "46"), 3, "",
                   "ordersctl: NOT_FOUND: Order not found\n");
    assert_outcome(
        run_with(service, "update", "A-1", "--decimal", "--status", "pending", "--columns", "total_amount"),
        0, "total_amount  45 JPY\n", "");
}

static const char rows[] = "order_id,customer_id,total_amount,currency\n"
                           "A-1,C,45.00,EUR\n"
                           "A-2,C,\"1,299.80\",ISK\n"
                           "A-3,C,25.000,ISK\n"
                           "A-4,C,25990,JPY\n";

Test(decimal, import_takes_cells_as_people_write_them)
{
    const char *const file = temporary_file("orders.csv", rows);
    const struct outcome refused = run_with(service, "import", "--dry-run", file);
    assert_outcome(refused, 8, "1 order would be imported, 3 rows refused\n", NULL);
    cr_assert_not_null(strstr(refused.err, "line 2: INVALID_ARGUMENT: total_amount: \"45.00\" is no integer"),
                       "%s", refused.err);
    assert_outcome(
        run_with(service, "import", file, "--decimal", "--thousands", "comma"), 8,
        "3 orders imported, 1 row refused\n",
        "ordersctl: line 4: INVALID_ARGUMENT: total_amount: \"25.000\" is no amount in ISK: write it with 2 "
        "decimals, like 1,299.80\n");
    cr_assert_eq(amount_of("A-1"), 4500);
    cr_assert_eq(amount_of("A-2"), 129980);
    cr_assert_eq(amount_of("A-4"), 25990);
}

/* The number that stays would be another amount. */
Test(decimal, a_currency_with_other_decimals_wants_an_amount)
{
    assert_outcome(create("A-1", "--amount", "25990", "--currency", "EUR"), 0, NULL, "");
    assert_outcome(run_with(service, "update", "A-1", "--currency", "JPY"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  currency: 259.90 EUR would become 25990 JPY: give the amount, too\n");
    assert_outcome(run_with(service, "update", "A-1", "--decimal", "--currency", "jpy"), 5, "", NULL);
    assert_outcome(run_with(service, "create", "--upsert", "{\"order_id\":\"A-1\",\"currency\":\"JPY\"}"), 5,
                   "", NULL);
    assert_outcome(
        run_with(service, "import", "--upsert", temporary_file("orders.csv", "order_id,currency\nA-1,JPY\n")),
        8, NULL,
        "ordersctl: line 2: INVALID_ARGUMENT: currency: 259.90 EUR would become 25990 JPY: give the "
        "amount, too\n");
    assert_outcome(run_with(service, "update", "A-1", "--currency", "SEK", "--columns", "total_amount"), 0,
                   "total_amount  259.90 SEK\n", "");
    assert_outcome(run_with(service, "update", "A-1", "--currency", "JPY", "--amount", "25990", "--columns",
                            "total_amount"),
                   0, "total_amount  25,990 JPY\n", "");
}

Test(decimal, import_reads_no_decimals_from_numbers_in_json)
{
    static const char list[] =
        "[{\"order_id\":\"A-1\",\"customer_id\":\"C\",\"total_amount\":129980,\"currency\":\"ISK\"},"
        "{\"order_id\":\"A-2\",\"customer_id\":\"C\",\"total_amount\":1299.80,\"currency\":\"ISK\"},"
        "{\"order_id\":\"A-3\",\"customer_id\":\"C\",\"total_amount\":\"1299.80\",\"currency\":\"ISK\"}]";
    const char *const file = temporary_file("orders.json", list);
    assert_outcome(run_with(service, "import", "--decimal", file), 8, "1 order imported, 2 rows refused\n",
                   NULL);
    cr_assert_eq(amount_of("A-3"), 129980);
    assert_outcome(run_with(service, "import", file), 8, "1 order imported, 2 rows refused\n", NULL);
    cr_assert_eq(amount_of("A-1"), 129980);
}

/* An export is integers: taken for amounts with decimals it would be a hundred times too much. */
Test(decimal, an_export_is_not_taken_for_decimals)
{
    assert_outcome(create("A-1", "--amount", "129980", "--currency", "ISK"), 0, NULL, "");
    static const char *const names[] = {"orders.csv", "orders.json", "orders.ndjson"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *const file = format("%s/%s", temporary_directory(), names[i]);
        assert_outcome(run_with(service, "export", file), 0, "", "");
        assert_outcome(run_with(service, "import", "--dry-run", "--decimal", file), 8,
                       "0 orders would be imported, 1 row refused\n", NULL);
        assert_outcome(run_with(service, "import", "--dry-run", file), 0,
                       "1 order would be imported, 0 rows refused\n", "");
    }
}
