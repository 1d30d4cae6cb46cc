/* test_input.c: what people hand in as orders: nothing of it is dropped in silence, and what was refused can
 * be corrected and handed in again. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

TestSuite(input, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

static const char imported_one[] = "1 order imported, 0 rows refused\n";

static const char *stored(const char *of)
{
    char *text = database_query(database, format("SELECT string_agg(%s, ' ' ORDER BY id) FROM orders", of));
    const char *kept = format("%s", text);
    free(text);
    return kept;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* --- unknown names --- */

#define CSV_HEAD "order_id,customer_id,total_amount,currency"

Test(input, unknown_columns_are_refused_by_name_unless_they_are_to_be_ignored)
{
    const char *const path =
        temporary_file("orders.csv", CSV_HEAD ",order_dat,note\nA,C,1,ISK,2025-01-16,x\n");
    assert_outcome(
        run_with(service, "import", path), 5, "",
        "ordersctl: line 1: the header has unknown columns: \"order_dat\" (did you mean order_date?), "
        "\"note\"; --ignore-unknown leaves them out\n"
        "ordersctl: stopped: 0 orders imported, 1 row refused\n");
    cr_assert_str_eq(stored("order_id"), "");
    assert_outcome(
        run_with(service, "import", path, "--ignore-unknown"), 5, "",
        "ordersctl: line 1: the header has unknown columns: \"order_dat\" (did you mean order_date?); a name "
        "that is like a field's is not ignored\n"
        "ordersctl: stopped: 0 orders imported, 1 row refused\n");
    cr_assert_str_eq(stored("order_id"), "");
    const char *const other = temporary_file("other.csv", CSV_HEAD ",status,Order Date,order_date,note,x\n"
                                                                   "A,C,1,ISK,pending,y,2025-01-16,n,\n");
    assert_outcome(run_with(service, "import", other, "--ignore-unknown"), 0, imported_one,
                   "ordersctl: columns that no order has are left out: \"Order Date\", \"note\", \"x\"\n");
}

/* A decimal comma in a file of commas has a cell too many, for which the header may have an empty name. */
Test(input, a_value_without_a_columns_name_is_never_ignored)
{
    const char *const path = temporary_file("orders.csv", "order_id,customer_id,currency,total_amount,\n"
                                                          "A,C,ISK,1299,80\nB,C,ISK,1,\n");
    assert_outcome(run_with(service, "import", path, "--ignore-unknown"), 8,
                   "1 order imported, 1 row refused\n",
                   "ordersctl: line 2: cell 5 is not empty, and its column has no name\n");
    cr_assert_str_eq(stored("order_id"), "B");
}

Test(input, unknown_members_are_refused_by_name_unless_they_are_to_be_ignored)
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
    cr_assert_str_eq(stored("order_id"), "B");
    const struct outcome o = run_with(service, "import", path, "--ignore-unknown");
    assert_outcome(o, 8, "0 orders imported, 3 rows refused\n", NULL);
    const char *const other = temporary_file(
        "other.ndjson", "{\"order_id\":\"A\",\"customer_id\":\"C\",\"customer\":\"Cy\",\"total_amount\":1,"
                        "\"currency\":\"ISK\",\"note\":1}\n");
    assert_outcome(run_with(service, "import", other, "--ignore-unknown", "--default-date=now",
                            "--default-status=pending"),
                   0, imported_one,
                   "ordersctl: a member that no order has is left out: \"customer\"\n"
                   "ordersctl: a member that no order has is left out: \"note\"\n");
    cr_assert_str_eq(stored("order_id"), "B A");
}

/* Under whatever name it is left out, the order would be placed now and be pending. */
Test(input, a_date_and_a_status_that_may_be_left_out_are_asked_for)
{
    const char *const names = ": is not given, and may be what is left out: \"Placed on\", \"shop_state\"; ";
    const char *const why =
        format("ordersctl: line 2: INVALID_ARGUMENT: order_date%s--default-date says which "
               "date such a row has; status%s--default-status says which status such a row "
               "has\n",
               names, names);
    const char *const told = "columns that no order has are left out: \"Placed on\", \"shop_state\"\n";
    const char *const csv =
        temporary_file("orders.csv", CSV_HEAD ",Placed on,shop_state\nA,C,1,ISK,2024-01-01,cancelled\n");
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
                   0, imported_one, format("ordersctl: %s", told));
    cr_assert_str_eq(stored("status || (order_date AT TIME ZONE 'UTC')::date"), "cancelled2024-01-01");
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

Test(input, create_and_call_refuse_unknown_members_and_take_lower_camel_case)
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
    cr_assert_str_eq(stored("order_id"), "");
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
    cr_assert_str_eq(stored("order_id || total_amount"), "A7");
    assert_outcome(run_with(service, "create", "{\"order_id\":\"B\",\"order_id\":\"C\"}"), 5, "",
                   "ordersctl: INVALID_ARGUMENT: Not JSON: line 1 column 26: duplicate object key near "
                   "'\"order_id\"'\n");
}

/* What is 0 or empty is not taken for what is not given. */
Test(input, call_updates_what_is_given)
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
    cr_assert_str_eq(stored("customer_id || total_amount || status"), "C100pending");
    assert_outcome(run_with(service, "call", "UpdateOrder",
                            "{\"order\":{\"id\":1,\"orderId\":\"A\",\"totalAmount\":7,\"etag\":\"\"}}"),
                   0, NULL, "");
    cr_assert_str_eq(stored("customer_id || total_amount || status"), "C7pending");
}

Test(input, a_call_in_a_dry_run_is_checked_and_does_nothing)
{
    static const char order[] =
        "{\"order\":{\"order_id\":\"D-1\",\"customer_id\":\"C\",\"total_amount\":%d,\"currency\":\"EUR\"}}";
    const char *const right = format(order, 1), *const wrong = format(order, -1);
    assert_outcome(run_with(service, "call", "CreateOrder", "--dry-run", right), 0, "",
                   "checked: nothing is wrong with it, and nothing was done\n");
    assert_outcome(run_with(service, "call", "CreateOrder", "--dry-run", wrong), 5, "", NULL);
    assert_outcome(run_with(service, "get", "D-1"), 3, "", NULL);
}

Test(input, call_of_a_batch_is_no_success_when_a_result_is_none)
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
    cr_assert_str_eq(stored("order_id"), "A B");
}

/* --- dates --- */

Test(input, a_number_is_no_date)
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
    cr_assert_str_eq(stored("order_id"), "");
}

Test(input, an_empty_order_date_is_an_error_unless_it_is_said_what_it_stands_for)
{
    const char *const path =
        temporary_file("orders.csv", CSV_HEAD ",order_date\nA,C,1,ISK,\nB,C,1,ISK,2025-01-16\n");
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
    assert_outcome(run_with(service, "import", json, "--default-date=now"), 0, imported_one, "");
    cr_assert_str_eq(
        stored("order_id || (order_date < '2025-01-01') || (order_date > now() - interval '1 hour')"),
        "Bfalsefalse Atruefalse Cfalsetrue");
    const struct outcome wrong = run_with(service, "import", path, "--default-date", "yesterday");
    cr_assert_eq(wrong.code, 2, "%s", wrong.err);
}

Test(input, an_empty_status_is_an_error_unless_it_is_said_what_it_stands_for)
{
    const char *const path =
        temporary_file("orders.csv", CSV_HEAD ",status\nA,C,1,ISK,\nB,C,1,ISK,shipped\n");
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
    assert_outcome(run_with(service, "import", json, "--default-status=pending"), 0, imported_one, "");
    cr_assert_str_eq(stored("order_id || status"), "Bshipped Adelivered Cpending");
    cr_assert_eq(run_with(service, "import", path, "--default-status", "lost").code, 2);
}

Test(input, created_at_is_not_passed_over_where_it_is_the_only_date)
{
    const char *const path = temporary_file("orders.csv", CSV_HEAD ",created_at\nA,C,1,ISK,2024-03-01\n");
    assert_outcome(
        run_with(service, "import", path), 8, "0 orders imported, 1 row refused\n",
        "ordersctl: line 2: INVALID_ARGUMENT: order_date: is not given, and created_at is left to the "
        "database; --default-date says which date such a row has\n");
    assert_outcome(run_with(service, "import", path, "--default-date", "now"), 0, imported_one, "");
    cr_assert_str_eq(stored("order_id || (order_date > now() - interval '1 hour')"), "Atrue");
}

Test(input, created_at_is_no_date_of_one_order_either)
{
    static const char order[] = "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":7,\"currency\":"
                                "\"ISK\",\"created_at\":\"2024-01-01T00:00:00Z\"%s}";
    assert_outcome(
        run_with(service, "create", format(order, "")), 5, "",
        "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
        "  order_date: is not given, and created_at is left to the database; --order-date says which "
        "date such an order has\n");
    cr_assert_str_eq(stored("order_id"), "");
    assert_outcome(run_with(service, "create", format(order, ",\"orderDate\":\"2024-01-02T00:00:00Z\"")), 0,
                   NULL, "");
    cr_assert_str_eq(stored("(order_date AT TIME ZONE 'UTC')::date::text"), "2024-01-02");
}

/* White space around an id is no part of it, however it was pasted. */
Test(input, ids_are_found_with_white_space_around_them)
{
    assert_outcome(run_with(service, "create", "--order-id", " W-1 ", "--customer-id", "\u00a0C-9 ",
                            "--amount", "1", "--currency", "ISK"),
                   0, NULL, "");
    cr_assert_str_eq(stored("order_id || customer_id"), "W-1C-9");
    assert_outcome(run_with(service, "list", "--count", "--customer-id", "C-9 "), 0, "1\n", "");
    assert_outcome(run_with(service, "get", "\tW-1\xc2\xa0", "-o", "name"), 0, "W-1\n", "");
    assert_outcome(run_with(service, "update", "W-1 ", "--status", "shipped", "-o", "name"), 0, "W-1\n", "");
    assert_outcome(
        run_with(service, "get", "--file", temporary_file("ids.csv", "order_id\n\" W-1\"\n"), "-o", "name"),
        0, "W-1\n", "");
    assert_outcome(run_with(service, "delete", " W-1"), 0, NULL, "");
    cr_assert_str_eq(stored("order_id"), "");
}

/* As a filter is. */
Test(input, a_date_is_in_the_local_zone_where_times_are)
{
    const struct run create = {.service = service,
                               .environment = {"TZ=XXX-2"},
                               .arguments = {"create", "--order-id", "A", "--customer-id", "C", "--amount",
                                             "1", "--currency", "ISK", "--local", "--order-date",
                                             "2025-01-16T14:00:00"}};
    assert_outcome(run(&create), 0, NULL, "");
    cr_assert_str_eq(stored("(order_date AT TIME ZONE 'UTC')::text"), "2025-01-16 12:00:00");
    const struct run update = {
        .service = service,
        .environment = {"TZ=XXX-2"},
        .arguments = {"update", "A", "--local", "--order-date", "2025-01-16T15:00:00Z"}};
    assert_outcome(run(&update), 0, NULL, "");
    cr_assert_str_eq(stored("(order_date AT TIME ZONE 'UTC')::text"), "2025-01-16 15:00:00");
}

/* --- kinds of files --- */

Test(input, a_spreadsheets_files_are_read)
{
    static const char utf_16[] = "\xff\xfe"
                                 "o\0r\0d\0e\0r\0_\0i\0d\0\t\0c\0u\0s\0t\0o\0m\0e\0r\0_\0i\0d\0\t\0"
                                 "t\0o\0t\0a\0l\0_\0a\0m\0o\0u\0n\0t\0\t\0c\0u\0r\0r\0e\0n\0c\0y\0\r\0\n\0"
                                 "B\0\t\0\xde\0\t\0"
                                 "2\0\t\0I\0S\0K\0\r\0\n";
    const char *const path =
        temporary_file("orders.csv", "sep=;\norder_id;customer_id;total_amount;currency;;\r\n"
                                     "A;C, D;1;ISK;;\r\n;;;;;\r\n;;;;;\r\n");
    assert_outcome(run_with(service, "import", path), 0,
                   "1 order imported, 0 rows refused, 2 empty rows skipped\n", "");
    assert_outcome(run_with(service, "import", bytes_file("orders.txt", utf_16, sizeof utf_16)), 0,
                   imported_one, "");
    cr_assert_str_eq(stored("customer_id"), "C, D \xc3\x9e");
}

Test(input, a_file_that_cannot_be_read_is_told_for_what_it_is)
{
    const char *const path = bytes_file("orders.csv", "PK\x03\x04\x14\0\x06\0", 8);
    assert_outcome(
        run_with(service, "import", path), 5, "",
        "ordersctl: line 1: this is not CSV or JSON but a ZIP archive, as .xlsx and .ods are; save the "
        "sheet as CSV\nordersctl: stopped: 0 orders imported, 1 row refused\n");
}
Test(input, amounts_of_a_filter_by_call_are_integers)
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

Test(input, an_update_by_call_changes_what_it_gives_and_no_worth)
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
    cr_assert_str_eq(stored("status || customer_id"), "shippedD");
    assert_outcome(
        run_with(service, "call", "UpdateOrder", "{\"order\":{\"order_id\":\"U\",\"currency\":\"JPY\"}}"), 5,
        "",
        "ordersctl: INVALID_ARGUMENT: Invalid argument\n"
        "  order.currency: the amount would be another one where the currencies have other decimals: "
        "give total_amount, too, or use ordersctl update, which looks\n");
    cr_assert_str_eq(stored("total_amount || currency"), "129980ISK");
    assert_outcome(run_with(service, "call", "UpdateOrder",
                            "{\"order\":{\"order_id\":\"U\",\"currency\":\"JPY\",\"total_amount\":1300}}"),
                   0, NULL, "");
    cr_assert_str_eq(stored("total_amount || currency"), "1300JPY");
}

/* The rest of the file may be missing: "129" may be the begin of "129980". */
Test(input, a_last_row_without_a_line_break_is_refused_and_can_be_imported_from_the_rejects)
{
    const char *const path =
        temporary_file("cut.csv", "order_id,customer_id,currency,total_amount\nP-1,C,ISK,100\nP-2,C,ISK,129");
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    assert_outcome(
        run_with(service, "import", path, "--rejects", rejects), 8, "1 order imported, 1 row refused\n",
        format("ordersctl: line 3: the file ends without a line break, and may have been cut off in "
               "this row; when it is whole, add a line break\n"
               "ordersctl: refused rows are in %s, to be corrected and imported\n",
               rejects));
    cr_assert_str_eq(stored("order_id || total_amount"), "P-1100");
    assert_outcome(run_with(service, "import", rejects), 0, imported_one, "");
    cr_assert_str_eq(stored("order_id || total_amount"), "P-1100 P-2129");
}

/* --- export --- */

Test(input, an_export_is_what_its_name_says_compressed_too)
{
    assert_outcome(run_with(service, "create",
                            "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,"
                            "\"currency\":\"ISK\",\"order_date\":\"2025-01-16\"}"),
                   0, NULL, "");
    const char *const path = temporary_file("orders.csv.gz", "");
    assert_outcome(run_with(service, "export", path), 0, "", "");
    char text[1024] = "";
    gzFile file = gzopen(path, "r");
    const int length = gzread(file, text, sizeof text - 1);
    cr_assert_eq(gzdirect(file), 0);
    gzclose(file);
    cr_assert_gt(length, 0);
    cr_assert_str_eq(text, run_with(service, "export", "--output", "csv").out);
    cr_assert_str_eq(up_to("\n", text),
                     "id,order_id,customer_id,order_date,total_amount,currency,status,created_at,"
                     "updated_at,etag");
    assert_outcome(run_with(service, "delete", "A"), 0, NULL, "");
    assert_outcome(run_with(service, "import", path), 0, imported_one, "");
    cr_assert_str_eq(stored("order_id"), "A");
}

Test(input, an_export_says_so_where_nothing_says_its_format)
{
    const char *const path = temporary_file("orders.txt", "");
    static const char said[] =
        "ordersctl: neither --format nor the file's name says which format to write: it is JSON\n";
    assert_outcome(run_with(service, "export", path), 0, "", said);
    cr_assert_str_eq(read_file(path), "[]\n");
    assert_outcome(run_with(service, "export", "--output", "table"), 0, "[]\n", said);
    assert_outcome(run_with(service, "export"), 0, "[]\n", "");
    const char *const csv = temporary_file("orders.csv", "kept");
    assert_outcome(
        run_with(service, "export", "--output", "json", csv), 2, "",
        format("{\"error\":{\"message\":\"--output and the name %s do not go together; --format says which "
               "format to write\"}}\n",
               csv));
    cr_assert_str_eq(read_file(csv), "kept");
    assert_outcome(run_with(service, "export", "--output", "json", "--format", "ndjson", csv), 0, "", "");
}

Test(input, cells_that_a_spreadsheet_would_run_are_quoted_where_asked_for)
{
    const char *const path =
        temporary_file("orders.csv", CSV_HEAD "\n=1+1,+C,1,ISK\n-2,@C,1,ISK\nA=1,'C,1,ISK\n");
    assert_outcome(run_with(service, "import", path), 0, NULL, "");
    static const char *const columns = "--columns=order_id,customer_id";
    assert_outcome(run_with(service, "export", "--format=csv", columns), 0,
                   "order_id,customer_id\n=1+1,+C\n-2,@C\nA=1,'C\n", "");
    assert_outcome(run_with(service, "export", "--format=csv", "--quote-formulas", columns), 0,
                   "order_id,customer_id\n'=1+1,'+C\n'-2,'@C\nA=1,'C\n", "");
    assert_outcome(run_with(service, "export", "--quote-formulas"), 2, "",
                   "ordersctl: --quote-formulas is for CSV alone\n");
}

/* --- refused rows --- */

/* A text with one piece in the place of another, which is in it. */
static const char *corrected(const char *text, const char *piece, const char *by)
{
    const char *at = strstr(text, piece);
    cr_assert_not_null(at, "no %s in:\n%s", piece, text);
    return format("%.*s%s%s", (int)(at - text), text, by, at + strlen(piece));
}

Test(input, refused_rows_of_csv_are_corrected_and_imported)
{
    const char *const path = temporary_file("orders.csv", CSV_HEAD ",order_date\n"
                                                                   "A,C,1,ISK,2025-01-16\n"
                                                                   "B,\"C, \"\"D\"\"\",x,ISK,2025-01-16\n"
                                                                   "E,C,1,EURO,2025-01-16\n"
                                                                   "F,C,1\n"
                                                                   "G,\"C,1,ISK,2025-01-16\n"
                                                                   "H,C,1,ISK,2025-01-16\n");
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    const struct outcome o = run_with(service, "import", path, "--rejects", rejects);
    assert_outcome(o, 8, "2 orders imported, 4 rows refused\n", NULL);
    cr_assert_not_null(
        strstr(o.err, format("refused rows are in %s, to be corrected and imported\n", rejects)));
    const char *text = read_file(rejects);
    cr_assert_str_eq(up_to("\n", text), "reject_reason," CSV_HEAD ",order_date");
    text = corrected(text,
                     "\"line 3: INVALID_ARGUMENT: total_amount: must be an integer\",B,\"C, \"\"D\"\"\",x,",
                     "whatever,B,\"C, \"\"D\"\"\",2,");
    text = corrected(text, ",E,C,1,EURO,", ",E,C,1,EUR,");
    text = corrected(text, "\"line 5: 3 cells where the header has 5\",F,C,1\n", ",F,C,1,ISK,2025-01-17\n");
    text = corrected(text, ",\"G,\"\"C,1,ISK,2025-01-16\"\n", ",G,C,1,ISK,2025-01-16\n");
    temporary_file("rejects.csv", text);
    assert_outcome(run_with(service, "import", rejects), 0, "4 orders imported, 0 rows refused\n", "");
    cr_assert_eq(strlen(stored("order_id")), strlen("A H B E F G"));
}

/* The text of a row that is no CSV keeps to itself: uncorrected it is refused again, and takes no other with
 * it.
 */
Test(input, refused_rows_that_are_not_corrected_are_refused_again)
{
    const char *const path =
        temporary_file("orders.csv", "order_id;customer_id;total_amount;currency\n\"A;C;1;ISK\nB;C;x;ISK\n");
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    const char *const again = format("%s/again.csv", temporary_directory());
    assert_outcome(run_with(service, "import", path, "--rejects", rejects), 8,
                   "0 orders imported, 2 rows refused\n", NULL);
    assert_outcome(run_with(service, "import", rejects, "--rejects", again), 8,
                   "0 orders imported, 2 rows refused\n", NULL);
    cr_assert_eq(strncmp(read_file(again), "sep=;\nreject_reason;reject_reason;order_id;", 43), 0, "%s",
                 read_file(again));
    cr_assert_str_eq(stored("order_id"), "");
}

Test(input, refused_rows_of_json_are_corrected_and_imported)
{
    static const char rest[] = "\"customer_id\":\"C\",\"total_amount\":1,\"currency\"";
    const char *const path = temporary_file(
        "orders.json", format("[{\"order_id\":\"A\",%s:\"ISK\"},\n {\"order_id\":\"A\",%s:\"EUR\"},\n"
                              " {\"order_id\":\"B\",%s:\"EURO\"},\n {\"order_id\":\"D\",},\n 7]",
                              rest, rest, rest));
    const char *const rejects = format("%s/rejects.ndjson", temporary_directory());
    assert_outcome(run_with(service, "import", path, "--rejects", rejects), 8,
                   "1 order imported, 4 rows refused\n", NULL);
    const char *text = read_file(rejects);
    cr_assert_not_null(
        strstr(text, format("{\"order_id\":\"A\",%s:\"EUR\",\"reject_reason\":\"line 2: ALREADY_EXISTS: "
                            "Order ID already exists\"}\n",
                            rest)),
        "%s", text);
    cr_assert_not_null(
        strstr(text, "{\"reject_text\":\"{\\\"order_id\\\":\\\"D\\\",}\",\"reject_reason\":\"line 4: not "
                     "JSON: "),
        "%s", text);
    temporary_file("rejects.ndjson", corrected(text, "\"EURO\"", "\"EUR\""));
    assert_outcome(run_with(service, "import", rejects), 8, "1 order imported, 3 rows refused\n", NULL);
    cr_assert_str_eq(stored("order_id || currency"), "AISK BEUR");
}

static const char *bad_rows(size_t n)
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fputs(CSV_HEAD "\n", stream);
    for (size_t i = 0; i < n; i++)
        fprintf(stream, "A-%zu,C,x,ISK\n", i);
    return written(stream, &text);
}

static size_t lines_of(const char *text)
{
    size_t n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

Test(input, the_screen_has_the_first_ten_refusals_and_a_count)
{
    const char *const path = temporary_file("orders.csv", bad_rows(40));
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    struct outcome o = run_with(service, "import", path, "--rejects", rejects);
    assert_outcome(o, 8, "0 orders imported, 40 rows refused\n", NULL);
    cr_assert_eq(lines_of(o.err), 12);
    cr_assert_not_null(strstr(o.err, "\nordersctl: 30 further rows were refused\n"), "%s", o.err);
    cr_assert_eq(lines_of(read_file(rejects)), 41);

    /* On a terminal without such a file, too; but a log has all of them. */
    const struct winsize size = {.ws_col = 200, .ws_row = 24};
    int terminal, program;
    cr_assert_eq(openpty(&terminal, &program, NULL, NULL, &size), 0);
    assert_outcome(run(&(struct run){.service = service, .error = program, .arguments = {"import", path}}), 8,
                   NULL, NULL);
    close(program);
    char shown[8192] = "";
    size_t length = 0;
    for (ssize_t n; (n = read(terminal, shown + length, sizeof shown - 1 - length)) > 0;)
        length += (size_t)n;
    close(terminal);
    cr_assert_not_null(
        strstr(shown, "30 further rows were refused; --rejects FILE would write all of them to FILE"), "%s",
        shown);
    cr_assert_null(strstr(shown, "line 12:"));
    o = run_with(service, "import", path);
    cr_assert_eq(lines_of(o.err), 40);
}

Test(input, a_reject_file_replaces_nothing_and_is_not_left_empty)
{
    const char *const path = temporary_file("orders.csv", CSV_HEAD "\nA,C,1,ISK\n");
    const char *const there = temporary_file("there.csv", "kept");
    const char *const unused = format("%s/unused.csv", temporary_directory());
    assert_outcome(
        run_with(service, "import", path, "--rejects", there), 1, "",
        format("ordersctl: --rejects: %s: it is there already; move it away, or name another one\n", there));
    assert_outcome(run_with(service, "import", path, "--rejects", "/nowhere/x"), 1, "",
                   "ordersctl: --rejects: /nowhere/x: No such file or directory\n");
    assert_outcome(run_with(service, "import", path, "--resume", "--rejects", path), 1, "",
                   format("ordersctl: --rejects: %s: it is the file to import\n", path));
    cr_assert_str_eq(read_file(there), "kept");
    cr_assert_str_eq(stored("order_id"), "");
    assert_outcome(run_with(service, "import", path, "--rejects", unused), 0, imported_one, "");
    cr_assert_not(is_there(unused));
}

/* What cannot be kept is not passed over. */
/* Of a header that is refused no row is. */
Test(input, a_refused_header_leaves_no_reject_file)
{
    const char *const path = temporary_file("orders.csv", "order_id,custmer_id\nA-1,C\n");
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    assert_outcome(run_with(service, "import", path, "--rejects", rejects), 5, "", NULL);
    cr_assert_not(is_there(rejects));
}

Test(input, a_full_disk_under_the_reject_file_stops_the_import)
{
    const char *const path = temporary_file("orders.csv", bad_rows(5));
    const struct outcome o = run_with(service, "import", path, "--rejects", "/dev/full");
    assert_outcome(o, 1, "", NULL);
    cr_assert_not_null(strstr(o.err, "ordersctl: cannot write /dev/full: No space left on device\n"), "%s",
                       o.err);
    cr_assert(is_there("/dev/full"));
}
