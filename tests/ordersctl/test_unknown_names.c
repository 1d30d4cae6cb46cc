/* test_unknown_names.c: names that no order has are never dropped in silence, however an order is handed in.
 */
#include "fixture.h"

#include <criterion/criterion.h>

TestSuite(unknown_names, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

Test(unknown_names, unknown_columns_are_refused_by_name_unless_they_are_to_be_ignored)
{
    const char *const path =
        temporary_file("orders.csv", FIXTURE_CSV_HEAD ",order_dat,note\nA,C,1,ISK,2025-01-16,x\n");
    assert_outcome(
        run_with(service, "import", path), 5, "",
        "ordersctl: line 1: the header has unknown columns: \"order_dat\" (did you mean order_date?), "
        "\"note\"; --ignore-unknown leaves them out\n"
        "ordersctl: stopped: 0 orders imported, 1 row refused\n");
    cr_assert_str_eq(fixture_stored("order_id"), "");
    assert_outcome(
        run_with(service, "import", path, "--ignore-unknown"), 5, "",
        "ordersctl: line 1: the header has unknown columns: \"order_dat\" (did you mean order_date?); a name "
        "that is like a field's is not ignored\n"
        "ordersctl: stopped: 0 orders imported, 1 row refused\n");
    cr_assert_str_eq(fixture_stored("order_id"), "");
    const char *const other =
        temporary_file("other.csv", FIXTURE_CSV_HEAD ",status,Order Date,order_date,note,x\n"
                                                     "A,C,1,ISK,pending,y,2025-01-16,n,\n");
    assert_outcome(run_with(service, "import", other, "--ignore-unknown"), 0, FIXTURE_IMPORTED_ONE,
                   "ordersctl: columns that no order has are left out: \"Order Date\", \"note\", \"x\"\n");
}

/* A decimal comma in a file of commas has a cell too many, for which the header may have an empty name. */
Test(unknown_names, a_value_without_a_columns_name_is_never_ignored)
{
    const char *const path = temporary_file("orders.csv", "order_id,customer_id,currency,total_amount,\n"
                                                          "A,C,ISK,1299,80\nB,C,ISK,1,\n");
    assert_outcome(run_with(service, "import", path, "--ignore-unknown"), 8,
                   "1 order imported, 1 row refused\n",
                   "ordersctl: line 2: cell 5 is not empty, and its column has no name\n");
    cr_assert_str_eq(fixture_stored("order_id"), "B");
}

Test(unknown_names, unknown_members_are_refused_by_name_unless_they_are_to_be_ignored)
{
    const char *const path = temporary_file(
        "orders.ndjson",
        "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\",\"stauts\":"
        "\"shipped\"}\n"
        "{\"orderId\":\"B\",\"customerId\":\"C\",\"totalAmount\":1,\"currency\":\"ISK\",\"createdAt\":\"\"}\n"
        "{\"orderId\":\"C\",\"order_id\":\"D\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\"}"
        "\n");
    assert_outcome(run_with(service, "import", path), 8, "1 order imported, 2 rows refused\n",
                   "ordersctl: line 1: INVALID_ARGUMENT: stauts: is unknown; did you mean status?\n"
                   "ordersctl: line 3: INVALID_ARGUMENT: order_id: is given twice, also as orderId\n");
    cr_assert_str_eq(fixture_stored("order_id"), "B");
    const struct outcome o = run_with(service, "import", path, "--ignore-unknown");
    assert_outcome(o, 8, "0 orders imported, 3 rows refused\n", NULL);
    const char *const other = temporary_file(
        "other.ndjson", "{\"order_id\":\"A\",\"customer_id\":\"C\",\"customer\":\"Cy\",\"total_amount\":1,"
                        "\"currency\":\"ISK\",\"note\":1}\n");
    assert_outcome(run_with(service, "import", other, "--ignore-unknown", "--default-date=now",
                            "--default-status=pending"),
                   0, FIXTURE_IMPORTED_ONE,
                   "ordersctl: a member that no order has is left out: \"customer\"\n"
                   "ordersctl: a member that no order has is left out: \"note\"\n");
    cr_assert_str_eq(fixture_stored("order_id"), "B A");
}

/* Under whatever name it is left out, the order would be placed now and be pending. */
Test(unknown_names, a_date_and_a_status_that_may_be_left_out_are_asked_for)
{
    const char *const names = ": is not given, and may be what is left out: \"Placed on\", \"shop_state\"; ";
    const char *const why =
        format("ordersctl: line 2: INVALID_ARGUMENT: order_date%s--default-date says which "
               "date such a row has; status%s--default-status says which status such a row "
               "has\n",
               names, names);
    const char *const told = "columns that no order has are left out: \"Placed on\", \"shop_state\"\n";
    const char *const csv = temporary_file("orders.csv", FIXTURE_CSV_HEAD
                                           ",Placed on,shop_state\nA,C,1,ISK,2024-01-01,cancelled\n");
    assert_outcome(run_with(service, "import", csv, "--ignore-unknown"), 8,
                   "0 orders imported, 1 row refused\n", format("ordersctl: %s%s", told, why));
    const char *const json =
        temporary_file("orders.ndjson",
                       "\n{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\","
                       "\"Placed on\":\"2024-01-01\",\"shop_state\":\"cancelled\"}\n");
    assert_outcome(run_with(service, "import", json, "--ignore-unknown"), 8,
                   "0 orders imported, 1 row refused\n",
                   format("ordersctl: a member that no order has is left out: \"Placed on\"\n"
                          "ordersctl: a member that no order has is left out: \"shop_state\"\n%s",
                          why));
    assert_outcome(run_with(service, "import", csv, "--ignore-unknown", "--default-date=2024-01-01T00:00:00Z",
                            "--default-status=cancelled"),
                   0, FIXTURE_IMPORTED_ONE, format("ordersctl: %s", told));
    cr_assert_str_eq(fixture_stored("status || (order_date AT TIME ZONE 'UTC')::date"),
                     "cancelled2024-01-01");
    static const char create[] = "{\"order_id\":\"B\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":"
                                 "\"ISK\",\"status\":\"pending\",\"ordered\":\"2024-01-01\"}";
    assert_outcome(
        run_with(service, "create", create, "--ignore-unknown"), 5, "",
        "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
        "  order_date: is not given, and may be what is left out: \"ordered\"; --order-date says which "
        "date such an order has\n");
    assert_outcome(
        run_with(service, "create", create, "--ignore-unknown", "--order-date=2024-01-01T00:00:00Z"), 0, NULL,
        "ordersctl: members that no order has are left out: \"ordered\"\n");
}

Test(unknown_names, create_and_call_refuse_unknown_members_and_take_lower_camel_case)
{
    static const char order[] =
        "{\"orderId\":\"A\",\"customerId\":\"C\",\"totalAmount\":1,\"currency\":\"ISK\"%s}";
    const char *const wrong = format(order, ",\"orderDat\":\"2025-01-16\"");
    assert_outcome(run_with(service, "create", wrong), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  orderDat: is unknown; did you mean order_date?\n");
    assert_outcome(run_with(service, "call", "CreateOrder", format("{\"order\":%s}", wrong)), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
                   "  order.orderDat: is unknown; did you mean order_date?\n");
    cr_assert_str_eq(fixture_stored("order_id"), "");
    assert_outcome(run_with(service, "create", wrong, "--ignore-unknown"), 5, "", NULL);
    assert_outcome(run_with(service, "create",
                            format(order, ",\"note\":1,\"status\":\"pending\",\"orderDate\":\"2025-01-16\""),
                            "--ignore-unknown"),
                   0, NULL, "ordersctl: members that no order has are left out: \"note\"\n");
    assert_outcome(
        run_with(service, "call", "UpdateOrder",
                 "{\"order\":{\"orderId\":\"A\",\"totalAmount\":7},\"updateMask\":\"totalAmount\"}"),
        0, NULL, "");
    assert_outcome(run_with(service, "call", "GetOrder", "{\"orderId\":\"A\",\"x\":1}", "--ignore-unknown"),
                   0, NULL, "");
    cr_assert_str_eq(fixture_stored("order_id || total_amount"), "A7");
    assert_outcome(run_with(service, "create", "{\"order_id\":\"B\",\"order_id\":\"C\"}"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Not JSON: line 1 column 26: duplicate object key near "
                   "'\"order_id\"'\n");
}
