/* test_export.c: what an export is written as, by its name or where nothing says so. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <zlib.h>

TestSuite(export, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

Test(export, an_export_is_what_its_name_says_compressed_too)
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
    assert_outcome(run_with(service, "import", path), 0, FIXTURE_IMPORTED_ONE, "");
    cr_assert_str_eq(fixture_stored("order_id"), "A");
}

Test(export, an_export_says_so_where_nothing_says_its_format)
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

Test(export, cells_that_a_spreadsheet_would_run_are_quoted_where_asked_for)
{
    const char *const path =
        temporary_file("orders.csv", FIXTURE_CSV_HEAD "\n=1+1,+C,1,ISK\n-2,@C,1,ISK\nA=1,'C,1,ISK\n");
    assert_outcome(run_with(service, "import", path), 0, NULL, "");
    static const char *const columns = "--columns=order_id,customer_id";
    assert_outcome(run_with(service, "export", "--format=csv", columns), 0,
                   "order_id,customer_id\n=1+1,+C\n-2,@C\nA=1,'C\n", "");
    assert_outcome(run_with(service, "export", "--format=csv", "--quote-formulas", columns), 0,
                   "order_id,customer_id\n'=1+1,'+C\n'-2,'@C\nA=1,'C\n", "");
    assert_outcome(run_with(service, "export", "--quote-formulas"), 2, "",
                   "ordersctl: --quote-formulas is for CSV alone\n");
}
