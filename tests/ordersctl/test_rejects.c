/* test_rejects.c: rows that were refused are kept with the reason, to be corrected and imported. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(rejects, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 60);

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A text with one piece in the place of another, which is in it. */
static const char *corrected(const char *text, const char *piece, const char *by)
{
    const char *at = strstr(text, piece);
    cr_assert_not_null(at, "no %s in:\n%s", piece, text);
    return format("%.*s%s%s", (int)(at - text), text, by, at + strlen(piece));
}

Test(rejects, refused_rows_of_csv_are_corrected_and_imported)
{
    const char *const path =
        temporary_file("orders.csv", FIXTURE_CSV_HEAD ",order_date\n"
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
    cr_assert_str_eq(up_to("\n", text), "reject_reason," FIXTURE_CSV_HEAD ",order_date");
    text = corrected(text,
                     "\"line 3: INVALID_ARGUMENT: total_amount: must be an integer\",B,\"C, \"\"D\"\"\",x,",
                     "whatever,B,\"C, \"\"D\"\"\",2,");
    text = corrected(text, ",E,C,1,EURO,", ",E,C,1,EUR,");
    text = corrected(text, "\"line 5: 3 cells where the header has 5\",F,C,1\n", ",F,C,1,ISK,2025-01-17\n");
    text = corrected(text, ",\"G,\"\"C,1,ISK,2025-01-16\"\n", ",G,C,1,ISK,2025-01-16\n");
    temporary_file("rejects.csv", text);
    assert_outcome(run_with(service, "import", rejects), 0, "4 orders imported, 0 rows refused\n", "");
    cr_assert_eq(strlen(fixture_stored("order_id")), strlen("A H B E F G"));
}

/* The text of a row that is no CSV keeps to itself: uncorrected it is refused again, and takes no other with
 * it.
 */
Test(rejects, refused_rows_that_are_not_corrected_are_refused_again)
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
    cr_assert_str_eq(fixture_stored("order_id"), "");
}

Test(rejects, refused_rows_of_json_are_corrected_and_imported)
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
    cr_assert_str_eq(fixture_stored("order_id || currency"), "AISK BEUR");
}

static const char *bad_rows(size_t n)
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fputs(FIXTURE_CSV_HEAD "\n", stream);
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

Test(rejects, the_screen_has_the_first_ten_refusals_and_a_count)
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

Test(rejects, a_reject_file_replaces_nothing_and_is_not_left_empty)
{
    const char *const path = temporary_file("orders.csv", FIXTURE_CSV_HEAD "\nA,C,1,ISK\n");
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
    cr_assert_str_eq(fixture_stored("order_id"), "");
    assert_outcome(run_with(service, "import", path, "--rejects", unused), 0, FIXTURE_IMPORTED_ONE, "");
    cr_assert_not(is_there(unused));
}

/* Of a header that is refused no row is. */
Test(rejects, a_refused_header_leaves_no_reject_file)
{
    const char *const path = temporary_file("orders.csv", "order_id,custmer_id\nA-1,C\n");
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    assert_outcome(run_with(service, "import", path, "--rejects", rejects), 5, "", NULL);
    cr_assert_not(is_there(rejects));
}

/* What cannot be kept is not passed over. */
Test(rejects, a_full_disk_under_the_reject_file_stops_the_import)
{
    const char *const path = temporary_file("orders.csv", bad_rows(5));
    const struct outcome o = run_with(service, "import", path, "--rejects", "/dev/full");
    assert_outcome(o, 1, "", NULL);
    cr_assert_not_null(strstr(o.err, "ordersctl: cannot write /dev/full: No space left on device\n"), "%s",
                       o.err);
    cr_assert(is_there("/dev/full"));
}
