/* test_resume.c: an import that is cut short, by whatever and wherever, goes on, and every order is there
 * once. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>
#include <zlib.h>

TestSuite(resume, .init = fixture_set_up_with_database, .fini = fixture_tear_down, .timeout = 120);

static long orders_stored(void)
{
    return database_number(database, "SELECT count(*) FROM orders");
}

enum { EVERY = 100 };

/* A file of n orders, of which some come twice, a hundred rows apart, and others are no orders to the reader,
 * or to the service. */
struct sample {
    size_t rows, good;
    const char *path;
};

static struct sample make_sample(size_t n)
{
    char *text;
    size_t length, good = 0;
    FILE *stream = open_memstream(&text, &length);
    fputs("order_id,total_amount,currency,customer_id\n", stream);
    for (size_t i = 0; i < n; i++) {
        const bool again = i % EVERY == 10 && i > EVERY;
        const bool unread = i % EVERY == 20, unruly = i % EVERY == 30;
        fprintf(stream, "A-%zu,%s,%s,C%0100d\n", again ? i - EVERY + 1 : i, unread ? "x" : "1",
                unruly ? "XXX" : "ISK", 0);
        good += !again && !unread && !unruly;
    }
    return (struct sample){n, good, temporary_file("orders.csv", written(stream, &text))};
}

static const char *journal_of(const struct sample *sample)
{
    return format("%s.ordersctl-resume", sample->path);
}

static const char *counts(const struct sample *sample)
{
    return format("%zu orders imported, %zu rows refused\n", sample->good, sample->rows - sample->good);
}

/* Begins or goes on, and kills it once so many orders are there. False: it had ended before. */
static bool import_until(const struct sample *sample, bool resume, long stored, int signal_number)
{
    struct running running = run_start(&(struct run){
        .service = service, .arguments = {"import", sample->path, resume ? "--resume" : "--output=table"}});
    int status = 0;
    while (orders_stored() < stored && waitpid(running.pid, &status, WNOHANG) == 0)
        ;
    const bool ended = orders_stored() < stored;
    if (!ended) {
        kill(running.pid, signal_number);
        waitpid(running.pid, &status, 0);
    }
    close(running.input);
    close(running.out);
    close(running.err);
    return WIFSIGNALED(status) && WTERMSIG(status) == signal_number;
}

static size_t lines_like(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* Killed again and again, without a word of warning. What was sent and not noted is sent again. */
Test(resume, a_killed_import_goes_on_and_every_order_is_there_once)
{
    const struct sample sample = make_sample(60000);
    int kills = 0;
    for (long stored = 1500; stored < 45000; stored += 4500)
        kills += import_until(&sample, kills > 0, stored, SIGKILL);
    cr_assert_geq(kills, 5);
    cr_assert_lt(orders_stored(), (long)sample.good);
    assert_outcome(run_with(service, "import", sample.path, "--resume"), 8, counts(&sample), NULL);
    cr_assert_eq(orders_stored(), (long)sample.good);
    cr_assert_neq(access(journal_of(&sample), F_OK), 0);
}

/* The killed one and the one that goes on tell the same of each row: what was stored before is no duplicate.
 */
Test(resume, what_was_stored_is_told_apart_from_what_comes_twice)
{
    const struct sample sample = make_sample(20000);
    cr_assert(import_until(&sample, false, 5000, SIGKILL));
    /* As if nothing had been noted: all is sent again. */
    const char *journal = read_file(journal_of(&sample));
    cr_assert_eq(truncate(journal_of(&sample), (off_t)(strchr(journal, '\n') + 1 - journal)), 0);
    /* One that gets nowhere leaves it as it is. */
    struct service stranger = *service;
    stranger.api_key = "wrong";
    assert_outcome(run_with(&stranger, "import", sample.path, "--resume"), 6, "", NULL);
    const struct outcome o = run_with(service, "import", sample.path, "--resume");
    assert_outcome(o, 8, counts(&sample), NULL);
    cr_assert_eq(lines_like(o.err, "ALREADY_EXISTS"), 20000 / EVERY - 1);
    cr_assert_eq(lines_like(o.err, "\n"), sample.rows - sample.good);
    cr_assert_eq(orders_stored(), (long)sample.good);
}

Test(resume, ctrl_c_leaves_what_to_go_on_with)
{
    const struct sample sample = make_sample(60000);
    struct running running =
        run_start(&(struct run){.service = service, .arguments = {"import", sample.path}});
    while (orders_stored() < 1000)
        ;
    kill(running.pid, SIGINT);
    const struct outcome o = run_wait(&running);
    assert_outcome(o, 130, "", NULL);
    cr_assert_not_null(strstr(o.err, format("\n  to go on: ordersctl import --resume %s\n", sample.path)));

    assert_outcome(
        run_with(service, "import", sample.path), 1, "",
        format("ordersctl: %s is there: the file was imported in part. --resume goes on; to begin anew, "
               "remove it\n",
               journal_of(&sample)));
    assert_outcome(run_with(service, "import", "--resume", sample.path, "--output", "csv"), 8,
                   format("imported,refused,skipped\n%zu,%zu,0\n", sample.good, sample.rows - sample.good),
                   NULL);
    cr_assert_eq(orders_stored(), (long)sample.good);
}

Test(resume, a_crash_of_the_machine_may_leave_half_a_line)
{
    const struct sample sample = make_sample(20000);
    cr_assert(import_until(&sample, false, 5000, SIGKILL));
    const int journal = open(journal_of(&sample), O_WRONLY | O_APPEND | O_CLOEXEC);
    cr_assert_eq(write(journal, "99999 99", 8), 8);
    close(journal);
    assert_outcome(run_with(service, "import", sample.path, "--resume"), 8, counts(&sample), NULL);
    cr_assert_eq(orders_stored(), (long)sample.good);
}

Test(resume, a_file_that_was_changed_is_refused)
{
    const struct sample sample = make_sample(20000);
    cr_assert(import_until(&sample, false, 2000, SIGKILL));
    const struct utimbuf long_ago = {0, 0};
    cr_assert_eq(utime(sample.path, &long_ago), 0);
    assert_outcome(
        run_with(service, "import", sample.path, "--resume"), 1, "",
        format("ordersctl: cannot resume: %s is of the file as it was before it was changed; to begin "
               "anew, remove it\n",
               journal_of(&sample)));
}

/* What was noted is in the one service, and not in the other. */
Test(resume, another_service_is_refused)
{
    const struct sample sample = make_sample(20000);
    cr_assert(import_until(&sample, false, 5000, SIGKILL));
    struct service *other = service_start(NULL);
    PGconn *others = database_connect(other->database_url);
    assert_outcome(run_with(other, "import", sample.path, "--resume"), 1, "",
                   format("ordersctl: cannot resume: %s is of an import into %s, not into %s; to go on with "
                          "it, add --connect %s; to begin anew, remove it\n",
                          journal_of(&sample), service->rpc_url, other->rpc_url, service->rpc_url));
    cr_assert_eq(database_number(others, "SELECT count(*) FROM orders"), 0);
    PQfinish(others);
    service_stop_clean(other);
    assert_outcome(run_with(service, "import", sample.path, "--resume", "--connect", service->rpc_url), 8,
                   counts(&sample), NULL);
    cr_assert_eq(orders_stored(), (long)sample.good);
}

Test(resume, what_cannot_be_resumed_is_told)
{
    const char *const path =
        temporary_file("few.csv", "order_id,customer_id,total_amount,currency\nA-1,C,1,ISK\n");
    const char *const journal = format("%s.ordersctl-resume", path);
    assert_outcome(run_with(service, "import", path), 0, "1 order imported, 0 rows refused\n", "");
    cr_assert_neq(access(journal, F_OK), 0);
    assert_outcome(run_with(service, "import", path, "--resume"), 1, "",
                   format("ordersctl: there is nothing to resume: no %s\n", journal));
    temporary_file("few.csv.ordersctl-resume", "anything\n");
    assert_outcome(
        run_with(service, "import", path, "--resume"), 1, "",
        format("ordersctl: cannot resume: %s is no journal of an import; to begin anew, remove it\n",
               journal));
    remove(journal);
    cr_assert_eq(symlink("/nowhere/else", journal), 0);
    assert_outcome(run_with(service, "import", path), 1, "",
                   format("ordersctl: cannot open %s: Too many levels of symbolic links\n", journal));
}

/* Where nobody can make a file, an import is one that cannot be resumed. */
Test(resume, without_a_place_for_a_journal_there_is_a_warning)
{
    const struct outcome o = run_with(service, "import", "/proc/version");
    assert_outcome(o, 5, "", NULL);
    cr_assert_not_null(strstr(o.err, "ordersctl: cannot open /proc/version.ordersctl-resume: No such file or "
                                     "directory: an import that is cut short could not be resumed\n"),
                       "%s", o.err);
}

/* Nothing was stored that could be gone on from. */
Test(resume, a_wrong_key_leaves_no_journal)
{
    const char *const path =
        temporary_file("few.csv", "order_id,customer_id,total_amount,currency\nA-1,C,1,ISK\n");
    struct service stranger = *service;
    stranger.api_key = "wrong";
    assert_outcome(run_with(&stranger, "import", path), 6, "", NULL);
    assert_outcome(run_with(service, "import", path), 0, "1 order imported, 0 rows refused\n", "");
}

/* Nor was anything sent that might have been stored. */
Test(resume, a_service_that_is_not_there_leaves_no_journal)
{
    const char *const path =
        temporary_file("few.csv", "order_id,customer_id,total_amount,currency\nA-1,C,1,ISK\nA-2,C,1,ISK\n");
    assert_outcome(run_with(service, "import", path, "--connect", "tcp://127.0.0.1:1"), 7, "",
                   "ordersctl: UNAVAILABLE: No server within reach\n"
                   "  tcp://127.0.0.1:1: Connection refused\n"
                   "  lines 2 to 3: not imported\n"
                   "ordersctl: stopped: 0 orders imported, 0 rows refused\n");
    assert_outcome(run_with(service, "import", path), 0, "2 orders imported, 0 rows refused\n", "");
}

Test(resume, a_dry_run_has_the_rows_checked_and_stores_none)
{
    const struct sample sample = make_sample(2000);
    const size_t twice = 2000 / EVERY - 1, good = sample.good + twice; /* it cannot see what comes twice */
    const struct outcome o = run_with(service, "import", "--dry-run", sample.path);
    assert_outcome(o, 8, format("%zu orders would be imported, %zu rows refused\n", good, sample.rows - good),
                   NULL);
    cr_assert_not_null(strstr(o.err, "ordersctl: line 32: INVALID_ARGUMENT: currency: must be one of "), "%s",
                       o.err);
    cr_assert_eq(orders_stored(), 0);
    cr_assert_neq(access(journal_of(&sample), F_OK), 0);
    assert_outcome(run_with(service, "import", "--dry-run", sample.path, "--output", "ndjson"), 8,
                   format("{\"valid\":%zu,\"refused\":%zu,\"skipped\":0}\n", good, sample.rows - good), NULL);
}

/* --- kinds of files --- */

/* The orders of a sample as a spreadsheet's UTF-16, with empty rows in between, compressed. */
static struct sample make_packed_sample(size_t n)
{
    const struct sample plain = make_sample(n);
    const char *const path = temporary_file("orders.csv.gz", "");
    const char *text = read_file(plain.path);
    gzFile file = gzopen(path, "w1");
    gzwrite(file, "\xff\xfe", 2);
    for (size_t row = 0; *text != '\0'; text++) {
        gzwrite(file, *text == ',' ? "\t" : text, 1);
        gzwrite(file, "", 1);
        if (*text == '\n' && ++row % EVERY == 0)
            gzwrite(file, "\t\0\t\0\t\0\r\0\n\0", 10);
    }
    cr_assert_eq(gzclose(file), Z_OK);
    return (struct sample){n, plain.good, path};
}

/* Rows have their numbers, and batches their ids, whatever lies between them and however the file is packed;
 * and each refused row is in the reject file. */
Test(resume, a_packed_file_goes_on_and_every_order_is_there_once)
{
    const struct sample sample = make_packed_sample(20000);
    const char *const rejects = format("%s/rejects.csv", temporary_directory());
    struct running running = run_start(
        &(struct run){.service = service, .arguments = {"import", sample.path, "--rejects", rejects}});
    while (orders_stored() < 5000)
        ;
    kill(running.pid, SIGKILL);
    run_wait(&running);
    const struct outcome o = run_with(service, "import", sample.path, "--resume", "--rejects", rejects);
    assert_outcome(o, 8,
                   format("%zu orders imported, %zu rows refused, %d empty rows skipped\n", sample.good,
                          sample.rows - sample.good, 20000 / EVERY),
                   NULL);
    cr_assert_eq(orders_stored(), (long)sample.good);
    const char *const text = read_file(rejects);
    cr_assert_eq(lines_like(text, "reject_reason"), 1);
    for (size_t i = 20; i < sample.rows; i += i % EVERY == 20 ? 10 : EVERY - 10) {
        /* The header is line 1, and an empty row stands behind each hundred lines. */
        const char *const line = format("\"line %zu: INVALID_ARGUMENT", i + 2 + (i + 1) / EVERY);
        cr_assert_not_null(strstr(text, line), "%s", line);
    }
}

/* Of a run that was killed while it wrote: what is whole stays, and the rest of a row does not become one. */
Test(resume, a_part_of_a_row_does_not_stay_among_rejects)
{
    const struct sample sample = make_sample(20000);
    const char *const kept = "reject_reason,order_id,total_amount,currency,customer_id\n"
                             "\"line 1: a\nb\",A,1,ISK,C\n";
    const char *const rejects = temporary_file("rejects.csv", format("%sline 2: x,\"A\n", kept));
    cr_assert(import_until(&sample, false, 2000, SIGKILL));
    assert_outcome(run_with(service, "import", sample.path, "--resume", "--rejects", rejects), 8,
                   counts(&sample), NULL);
    const char *const text = read_file(rejects);
    cr_assert_eq(strncmp(text, kept, strlen(kept)), 0);
    cr_assert_eq(strncmp(text + strlen(kept), "\"line ", strlen("\"line ")), 0, "%.60s", text + strlen(kept));
}

Test(resume, another_imports_rejects_are_refused)
{
    const struct sample sample = make_sample(20000);
    static const char text[] = "reject_reason,customer_id,order_id,total_amount,currency\nx,C,A,1,ISK";
    const char *const rejects = temporary_file("rejects.csv", text);
    cr_assert(import_until(&sample, false, 2000, SIGKILL));
    const struct outcome o = run_with(service, "import", sample.path, "--resume", "--rejects", rejects);
    cr_assert_eq(o.code, 1);
    cr_assert_not_null(strstr(o.err, "rejects.csv: it is of another import; name another one\n"), "%s",
                       o.err);
    cr_assert_str_eq(read_file(rejects), text);
    assert_outcome(run_with(service, "import", sample.path, "--resume"), 8, counts(&sample), NULL);
}

/* As archives with fixed times do. */
Test(resume, a_file_that_was_changed_with_its_time_kept_is_refused)
{
    const struct sample sample = make_sample(20000);
    const struct utimbuf then = {.actime = 1700000000, .modtime = 1700000000};
    cr_assert_eq(utime(sample.path, &then), 0);
    cr_assert(import_until(&sample, false, 5000, SIGKILL));
    FILE *file = fopen(sample.path, "r+e");
    fputs("order_id,total_amount,currency,customer_id\nA-0,9", file);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(utime(sample.path, &then), 0);
    const struct outcome o = run_with(service, "import", sample.path, "--resume");
    cr_assert_eq(o.code, 1);
    cr_assert_not_null(
        strstr(o.err, "is of the file as it was before it was changed; to begin anew, remove it\n"), "%s",
        o.err);
    cr_assert_lt(orders_stored(), (long)sample.good); /* what the first one had sent may still come */
}

/* Otherwise the ids of an earlier run would be those of other orders. */
Test(resume, other_options_are_refused)
{
    const struct sample sample = make_sample(20000);
    cr_assert(import_until(&sample, false, 2000, SIGKILL));
    assert_outcome(run_with(service, "import", sample.path, "--resume", "--ignore-unknown"), 1, "",
                   format("ordersctl: cannot resume: %s is of an import with other options (csv, not "
                          "csv,ignore-unknown); go on with those; to begin anew, remove it\n",
                          journal_of(&sample)));
}

Test(resume, a_journal_of_an_older_ordersctl_is_told)
{
    const char *const path =
        temporary_file("few.csv", "order_id,customer_id,total_amount,currency\nA-1,C,1,ISK\n");
    temporary_file(
        "few.csv.ordersctl-resume",
        "ordersctl-import 2 0197b2c4-0000-7000-8000-000000000000 1 1.000000000 tcp://127.0.0.1:1\n");
    assert_outcome(
        run_with(service, "import", path, "--resume"), 1, "",
        format("ordersctl: cannot resume: %s.ordersctl-resume is of an older ordersctl, which took rows "
               "otherwise; go on with that one; to begin anew, remove it\n",
               path));
}
