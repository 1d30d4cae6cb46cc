/* test_call.c: what call sends, and what its exit code says of the answer. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(call, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

/* What is 0 or empty is not taken for what is not given. */
Test(call, call_updates_what_is_given)
{
    assert_outcome(run_with(service, "create", "--order-id", "A", "--customer-id", "C", "--amount", "100",
                            "--currency", "ISK"),
                   0, NULL, "");
    assert_outcome(
        run_with(service, "call", "UpdateOrder",
                 "{\"order\":{\"order_id\":\"A\",\"total_amount\":0,\"customerId\":\"\",\"status\":"
                 "\"shipped\"}}"),
        5, "",
        "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
        "  customer_id: must have at least 1 character\n"
        "  total_amount: must be greater than 0\n");
    cr_assert_str_eq(fixture_stored("customer_id || total_amount || status"), "C100pending");
    assert_outcome(run_with(service, "call", "UpdateOrder",
                            "{\"order\":{\"id\":1,\"orderId\":\"A\",\"totalAmount\":7,\"etag\":\"\"}}"),
                   0, NULL, "");
    cr_assert_str_eq(fixture_stored("customer_id || total_amount || status"), "C7pending");
}

Test(call, a_call_in_a_dry_run_is_checked_and_does_nothing)
{
    static const char order[] =
        "{\"order\":{\"order_id\":\"D-1\",\"customer_id\":\"C\",\"total_amount\":%d,\"currency\":\"EUR\"}}";
    const char *const right = format(order, 1), *const wrong = format(order, -1);
    assert_outcome(run_with(service, "call", "CreateOrder", "--dry-run", right), 0, "",
                   "checked: nothing is wrong with it, and nothing was done\n");
    assert_outcome(run_with(service, "call", "CreateOrder", "--dry-run", wrong), 5, "", NULL);
    assert_outcome(run_with(service, "get", "D-1"), 3, "", NULL);
}

Test(call, call_of_a_batch_is_no_success_when_a_result_is_none)
{
    static const char order[] = "{\"order_id\":\"%s\",\"customer_id\":\"C\",\"total_amount\":7,\"currency\":"
                                "\"ISK\"}";
    const char *const one = format(order, "A"), *const other = format(order, "B");
    assert_outcome(run_with(service, "call", "BatchCreateOrders", format("{\"orders\":[%s]}", one)), 0, NULL,
                   "");
    const struct outcome o =
        run_with(service, "call", "BatchCreateOrders", format("{\"orders\":[%s,%s]}", other, one));
    assert_outcome(o, 8, NULL, "");
    cr_assert_not_null(strstr(o.out, "\"already_exists\""), "%s", o.out);
    cr_assert_str_eq(fixture_stored("order_id"), "A B");
}

Test(call, amounts_of_a_filter_by_call_are_integers)
{
    static const char *const requests[][2] = {{"{\"min_amount\":\"1000.00\"}", "min_amount"},
                                              {"{\"minAmount\":\"1,000\"}", "min_amount"},
                                              {"{\"max_amount\":1000.0}", "max_amount"},
                                              {"{\"maxAmount\":10.5}", "max_amount"}};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const struct outcome o = run_with(service, "call", "ListOrders", requests[i][0]);
        assert_outcome(o, 5, "", NULL);
        cr_assert_not_null(strstr(o.err, format("\n  %s: ", requests[i][1])), "%s", o.err);
        cr_assert_not_null(strstr(o.err, "integer"), "%s", o.err);
    }
    assert_outcome(run_with(service, "call", "ListOrders", "{\"min_amount\":\"1000\",\"maxAmount\":2000}"), 0,
                   NULL, "");
}

Test(call, an_update_by_call_changes_what_it_gives_and_no_worth)
{
    assert_outcome(
        run_with(service, "create", "--order-id=U", "--customer-id=C", "--amount=129980", "--currency=ISK"),
        0, NULL, "");
    assert_outcome(run_with(service, "call", "UpdateOrder",
                            "{\"order\":{\"order_id\":\"U\",\"status\":\"shipped\"},\"update_mask\":\"\"}"),
                   0, NULL, "");
    assert_outcome(run_with(service, "call", "UpdateOrder",
                            "{\"order\":{\"order_id\":\"U\",\"customer_id\":\"D\"},\"updateMask\":\"\"}"),
                   0, NULL, "");
    cr_assert_str_eq(fixture_stored("status || customer_id"), "shippedD");
    assert_outcome(
        run_with(service, "call", "UpdateOrder", "{\"order\":{\"order_id\":\"U\",\"currency\":\"JPY\"}}"), 5,
        "",
        "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
        "  order.currency: the amount would be another one where the currencies have other decimals: "
        "give total_amount, too, or use ordersctl update, which looks\n");
    cr_assert_str_eq(fixture_stored("total_amount || currency"), "129980ISK");
    assert_outcome(run_with(service, "call", "UpdateOrder",
                            "{\"order\":{\"order_id\":\"U\",\"currency\":\"JPY\",\"total_amount\":1300}}"),
                   0, NULL, "");
    cr_assert_str_eq(fixture_stored("total_amount || currency"), "1300JPY");
}
