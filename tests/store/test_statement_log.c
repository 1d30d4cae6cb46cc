/* test_statement_log.c: what fails often has a line now and then, which says how much it leaves out. */
#include "store/statement.h"
#include "store/statement_log.h"
#include "support/database.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *database_url;
static PGconn *database;
static FILE *file;
static struct statement_log statement_log;
static struct call call = {
    .request_id = "the-request", .principal = "shop", .peer = "192.0.2.1:5000", .order_id = ""};
static struct operation operation = {
    .statement = &statements[STATEMENT_GET], .call = &call, .order_id = "ORD-1"};

static void set_up(void)
{
    database_url = database_create();
    database = database_connect(database_url);
    file = tmpfile();
    statement_log.log = log_open(fileno(file), LOG_LEVEL_WARN);
}

static void tear_down(void)
{
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(statement_log, .init = set_up, .fini = tear_down, .timeout = 60);

static PGresult *make_error(const char *sqlstate)
{
    char sql[96];
    snprintf(sql, sizeof sql, "DO $$ BEGIN RAISE 'broken' USING ERRCODE = '%s'; END $$", sqlstate);
    return PQexec(database, sql);
}

static void fail(const PGresult *result, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        statement_log_error(&statement_log, &operation, result);
}

/* How many lines there are, once the log is closed, and how many errors they leave out. */
static unsigned count_lines(unsigned *left_out)
{
    char line[1024];
    unsigned n = 0;
    log_close(statement_log.log);
    cr_assert_eq(fseek(file, 0, SEEK_SET), 0);
    *left_out = 0;
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        const char *member = strstr(line, "\"left_out\":");
        cr_expect_not_null(strstr(line, "\"message\":\"statement failed\""), "%s", line);
        cr_expect_not_null(strstr(line, "\"principal\":\"shop\",\"request_id\":\"the-request\","
                                        "\"order_id\":\"ORD-1\",\"peer\":\"192.0.2.1:5000\""),
                           "%s", line);
        if (member != NULL)
            *left_out += (unsigned)strtoul(member + strlen("\"left_out\":"), NULL, 10);
    }
    (void)fclose(file);
    return n;
}

/* How many seconds began since. */
static unsigned seconds_since(uint64_t began_ns)
{
    return 1 + (unsigned)((time_monotonic_ns() - began_ns) / NS_PER_S);
}

Test(statement_log, an_error_has_a_line_a_second)
{
    enum { TIMES = 1000 };
    PGresult *often = make_error("26000"), *last = make_error("53100");
    unsigned left_out;
    const uint64_t began_ns = time_monotonic_ns();
    fail(often, TIMES);
    const unsigned most = seconds_since(began_ns) + 1;
    fail(last, 1); /* another has a line at once, and tells of those before */
    const unsigned lines = count_lines(&left_out);
    cr_expect_geq(lines, 2);
    cr_expect_leq(lines, most);
    cr_expect_eq(lines + left_out, TIMES + 1);
    PQclear(often);
    PQclear(last);
}

Test(statement_log, an_error_has_a_line_in_the_next_second_too)
{
    PGresult *error = make_error("26000");
    unsigned left_out;
    const uint64_t began_ns = time_monotonic_ns();
    while (time_monotonic_ns() - began_ns <= NS_PER_S) {
        fail(error, 1);
        usleep(1000);
    }
    fail(error, 1);
    cr_expect_geq(count_lines(&left_out), 2);
    cr_expect_gt(left_out, 0);
    PQclear(error);
}

Test(statement_log, errors_of_many_kinds_have_few_lines_too)
{
    char sqlstate[6];
    unsigned left_out;
    const uint64_t began_ns = time_monotonic_ns();
    for (unsigned i = 0; i < 100; i++) {
        snprintf(sqlstate, sizeof sqlstate, "XX0%02u", i);
        PGresult *error = make_error(sqlstate);
        fail(error, 1);
        PQclear(error);
    }
    cr_expect_leq(count_lines(&left_out), STATEMENT_LOG_ERRORS * seconds_since(began_ns));
}

/* The names in it are those of as many calls as there is room for. */
Test(statement_log, a_slow_statement_says_whose_it_was_and_of_which_orders)
{
    struct call calls[2] = {call, call};
    struct operation both[2] = {operation, operation}, *list[2] = {&both[0], &both[1]};
    char line[4096];
    calls[1].principal = "office";
    calls[1].request_id = "other-request";
    for (int i = 0; i < 2; i++) {
        both[i].call = &calls[i];
        both[i].finish = operation_finish; /* it is not abandoned */
    }
    both[1].order_id = "ORD-2";
    statement_log.slow_ns = 1;
    statement_log_run(&statement_log, list, 2, 1);
    log_close(statement_log.log);
    cr_assert_eq(fseek(file, 0, SEEK_SET), 0);
    cr_assert_not_null(fgets(line, sizeof line, file));
    cr_expect_not_null(strstr(line, "\"message\":\"slow statement\""), "%s", line);
    cr_expect_not_null(strstr(line, "\"principals\":\"shop,office\""), "%s", line);
    cr_expect_not_null(strstr(line, "\"order_ids\":\"ORD-1,ORD-2\",\"peers\":\"192.0.2.1:5000\""), "%s",
                       line);
    (void)fclose(file);
}
