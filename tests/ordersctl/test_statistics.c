/* test_statistics.c: what `ordersctl statistics` shows of orders, by currency, time and status. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void create(const char *order_id, const char *day, const char *amount, const char *currency,
                   const char *status)
{
    assert_outcome(run_with(service, "create", "--order-id", order_id, "--customer-id", "C", "--amount",
                            amount, "--currency", currency, "--order-date", day, "--status", status),
                   0, NULL, "");
}

/* Two weeks that meet within a month, and two months that meet within a week. */
static void setup(void)
{
    fixture_set_up();
    create("A-1", "2025-01-27", "100000", "ISK", "cancelled"); /* a Monday */
    create("A-2", "2025-01-31", "129980", "ISK", "shipped");
    create("A-3", "2025-02-01", "1", "ISK", "cancelled");
    create("A-4", "2025-02-02T23:59:59Z", "5", "EUR", "pending");
    create("A-5", "2025-02-03", "16", "EUR", "cancelled");
}

TestSuite(statistics, .init = setup, .fini = fixture_tear_down, .timeout = 60);

#define expect(out, ...) assert_outcome(run_with(service, "statistics", __VA_ARGS__), 0, (out), "")

Test(statistics, rows_are_of_currencies)
{
    assert_outcome(run_with(service, "statistics"), 0,
                   "Orders: 5, of which 3 cancelled\n"
                   "\n"
                   "CURRENCY  ORDERS       REVENUE     AVERAGE  CANCELLED  THEIR REVENUE\n"
                   "EUR            2      0.21 EUR    0.11 EUR          1       0.16 EUR\n"
                   "ISK            3  2,299.81 ISK  766.60 ISK          2   1,000.01 ISK\n",
                   "");
    expect("currency,order_count,revenue,average_revenue,cancelled_count,cancelled_revenue\n"
           "EUR,2,21,11,1,16\n"
           "ISK,3,229981,76660,2,100001\n",
           "--output", "csv");
    expect("Orders: 1, of which 0 cancelled\n"
           "\n"
           "CURRENCY  ORDERS       REVENUE       AVERAGE  CANCELLED  THEIR REVENUE\n"
           "ISK            1  1,299.80 ISK  1,299.80 ISK          0       0.00 ISK\n",
           "--from", "2025-01-28", "--to", "2025-01-31");
    expect("Orders: 0, of which 0 cancelled\n", "--from", "2025-02-04");
}

Test(statistics, rows_are_of_days_weeks_and_months)
{
    expect("Orders: 4, of which 2 cancelled\n"
           "\n"
           "DAY         ORDERS       REVENUE  CANCELLED  THEIR REVENUE\n"
           "2025-02-03       1      0.16 EUR          1       0.16 EUR\n"
           "2025-02-02       1      0.05 EUR          0       0.00 EUR\n"
           "2025-02-01       1      0.01 ISK          1       0.01 ISK\n"
           "2025-01-31       1  1,299.80 ISK          0       0.00 ISK\n",
           "--by", "day", "--from", "2025-01-28");
    expect("date,currency,order_count,revenue,cancelled_count,cancelled_revenue\n"
           "2025-02-03,EUR,1,16,1,16\n"
           "2025-01-27,EUR,1,5,0,0\n"
           "2025-01-27,ISK,3,229981,2,100001\n",
           "--by", "week", "--output", "csv");
    expect("Orders: 5, of which 3 cancelled\n"
           "\n"
           "MONTH FROM  ORDERS       REVENUE  CANCELLED  THEIR REVENUE\n"
           "2025-02-01       2      0.21 EUR          1       0.16 EUR\n"
           "2025-02-01       1      0.01 ISK          1       0.01 ISK\n"
           "2025-01-01       2  2,299.80 ISK          1   1,000.00 ISK\n",
           "--by", "month");
}

Test(statistics, a_week_or_month_that_is_cut_says_so)
{
    expect("Orders: 3, of which 1 cancelled\n"
           "The month from 2025-02-01 is counted until 2025-02-02 only.\n"
           "\n"
           "MONTH FROM  ORDERS       REVENUE  CANCELLED  THEIR REVENUE\n"
           "2025-02-01       1      0.05 EUR          0       0.00 EUR\n"
           "2025-02-01       1      0.01 ISK          1       0.01 ISK\n"
           "2025-01-31       1  1,299.80 ISK          0       0.00 ISK\n",
           "--by", "month", "--from", "2025-01-31", "--to", "2025-02-02");
    expect("Orders: 1, of which 0 cancelled\n"
           "The week from 2025-01-28 is counted until 2025-01-31 only.\n"
           "\n"
           "WEEK FROM   ORDERS       REVENUE  CANCELLED  THEIR REVENUE\n"
           "2025-01-28       1  1,299.80 ISK          0       0.00 ISK\n",
           "--by", "week", "--from", "2025-01-28", "--to", "2025-01-31");
    /* The week ends with the Sunday, and the month of these rows is whole. */
    expect("Orders: 2, of which 1 cancelled\n"
           "\n"
           "WEEK FROM   ORDERS   REVENUE  CANCELLED  THEIR REVENUE\n"
           "2025-02-01       1  0.05 EUR          0       0.00 EUR\n"
           "2025-02-01       1  0.01 ISK          1       0.01 ISK\n",
           "--by", "week", "--from", "2025-02-01", "--to", "2025-02-02");
    expect("Orders: 2, of which 1 cancelled\n"
           "\n"
           "MONTH FROM  ORDERS       REVENUE  CANCELLED  THEIR REVENUE\n"
           "2025-01-01       2  2,299.80 ISK          1   1,000.00 ISK\n",
           "--by", "month", "--to", "2025-01-31");
    expect("date,currency,order_count,revenue,cancelled_count,cancelled_revenue\n"
           "2025-02-03,EUR,1,16,1,16\n"
           "2025-02-02,EUR,1,5,0,0\n",
           "--by", "week", "--from", "2025-02-02", "--output", "csv");
}

Test(statistics, the_first_and_the_last_week_of_all_have_their_mondays)
{
    create("B-1", "0001-01-07T23:59:59Z", "1", "USD", "pending"); /* of the week from Monday, 0001-01-01 */
    create("B-2", "9999-12-31", "1", "USD", "pending");           /* a Friday */
    create("B-3", "1969-12-31", "1", "USD", "pending");           /* a Wednesday */
    expect("date,currency,order_count,revenue,cancelled_count,cancelled_revenue\n"
           "9999-12-27,USD,1,1,0,0\n",
           "--by", "week", "--output", "csv", "--from", "2026-01-01");
    expect("Orders: 1, of which 0 cancelled\n"
           "\n"
           "WEEK FROM   ORDERS   REVENUE  CANCELLED  THEIR REVENUE\n"
           "9999-12-27       1  0.01 USD          0       0.00 USD\n",
           "--by", "week", "--from", "2026-01-01", "--to", "9999-12-31");
    expect("date,currency,order_count,revenue,cancelled_count,cancelled_revenue\n"
           "1969-12-29,USD,1,1,0,0\n"
           "0001-01-01,USD,1,1,0,0\n",
           "--by", "week", "--output", "csv", "--to", "2000-01-01");
}

Test(statistics, rows_are_of_statuses)
{
    expect("Orders: 5, of which 3 cancelled\n"
           "\n"
           "STATUS      ORDERS\n"
           "pending          1\n"
           "confirmed        0\n"
           "processing       0\n"
           "shipped          1\n"
           "delivered        0\n"
           "completed        0\n"
           "cancelled        3\n",
           "--by", "status");
    expect("status,order_count\npending,1\nconfirmed,0\nprocessing,0\nshipped,0\ndelivered,0\ncompleted,0\n"
           "cancelled,1\n",
           "--by", "status", "--output", "csv", "--from", "2025-02-02");
}

Test(statistics, json_is_what_the_service_says)
{
    json_t *told = parse(
        run_with(service, "statistics", "--from", "2025-02-02", "--to", "2025-02-02", "--output", "json")
            .out);
    cr_expect(json_equal(
        told, parse("{\"order_count\":1,\"cancelled_count\":0,\"statuses\":[],\"currencies\":[{\"currency\":"
                    "\"EUR\",\"order_count\":1,\"revenue\":5,\"average_revenue\":5,\"cancelled_count\":0,"
                    "\"cancelled_revenue\":0}],\"days\":[{\"date\":\"2025-02-02\",\"currency\":\"EUR\","
                    "\"order_count\":1,\"revenue\":5,\"cancelled_count\":0,\"cancelled_revenue\":0}]}")));
    told = parse(
        run_with(service, "statistics", "--by", "week", "--from", "2025-02-01", "--output", "ndjson").out);
    cr_expect_null(json_object_get(told, "days"));
    const json_t *weeks = json_object_get(told, "weeks");
    cr_expect_eq(json_array_size(weeks), 3);
    cr_expect_str_eq(member(json_array_get(weeks, 1), "date"), "2025-02-01");
    told = parse(run_with(service, "statistics", "--by", "status", "--output", "json").out);
    cr_expect_eq(json_array_size(json_object_get(told, "statuses")), 7);
}

/* Who adds days up, or reads a chart of them, is told that it is not all. */
Test(statistics, orders_that_no_day_has_are_told_of)
{
    static const char told[] = "ordersctl: some orders are dated outside the years 1 to 9999: they are in "
                               "the totals, and in no day\n";
    PGconn *database_of_it = database_connect(service->database_url);
    free(database_query(database_of_it, "ALTER TABLE orders DROP CONSTRAINT orders_order_date_check; "
                                        "UPDATE orders SET order_date = 'infinity' WHERE order_id = 'A-4'"));
    PQfinish(database_of_it);
    assert_outcome(run_with(service, "statistics", "--by", "month", "--output", "csv"), 0,
                   "date,currency,order_count,revenue,cancelled_count,cancelled_revenue\n"
                   "2025-02-01,EUR,1,16,1,16\n"
                   "2025-02-01,ISK,1,1,1,1\n"
                   "2025-01-01,ISK,2,229980,1,100000\n",
                   told);
    assert_outcome(run_with(service, "summary", "--output", "csv"), 0,
                   "date,currency,revenue\n2025-02-03,EUR,16\n2025-02-01,ISK,1\n2025-01-31,ISK,129980\n"
                   "2025-01-27,ISK,100000\n",
                   told);
}
