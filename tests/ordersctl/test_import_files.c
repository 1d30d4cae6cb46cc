/* test_import_files.c: which files import reads, and what it says of those that it cannot. */
#include "fixture.h"

#include <criterion/criterion.h>

TestSuite(import_files, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

Test(import_files, a_spreadsheets_files_are_read)
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
                   FIXTURE_IMPORTED_ONE, "");
    cr_assert_str_eq(fixture_stored("customer_id"), "C, D \xc3\x9e");
}

Test(import_files, a_file_that_cannot_be_read_is_told_for_what_it_is)
{
    const char *const path = bytes_file("orders.csv", "PK\x03\x04\x14\0\x06\0", 8);
    assert_outcome(
        run_with(service, "import", path), 5, "",
        "ordersctl: line 1: this is not CSV or JSON but a ZIP archive, as .xlsx and .ods are; save the "
        "sheet as CSV\nordersctl: stopped: 0 orders imported, 1 row refused\n");
}

/* The rest of the file may be missing: "129" may be the begin of "129980". */
Test(import_files, a_last_row_without_a_line_break_is_refused_and_can_be_imported_from_the_rejects)
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
    cr_assert_str_eq(fixture_stored("order_id || total_amount"), "P-1100");
    assert_outcome(run_with(service, "import", rejects), 0, FIXTURE_IMPORTED_ONE, "");
    cr_assert_str_eq(fixture_stored("order_id || total_amount"), "P-1100 P-2129");
}

/* As Google Sheets writes it: no part of a status is one. */
Test(import_files, a_last_row_without_a_line_break_is_taken_when_its_status_is_last)
{
    const char *const path = temporary_file(
        "sheet.csv", "order_id,customer_id,total_amount,currency,status\nP-1,C,100,ISK,pending\n"
                     "P-2,C,129,ISK,shipped");
    assert_outcome(run_with(service, "import", path), 0, "2 orders imported, 0 rows refused\n", "");
    cr_assert_str_eq(fixture_stored("order_id || status"), "P-1pending P-2shipped");
}
