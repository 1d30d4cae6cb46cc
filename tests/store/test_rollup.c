/* test_rollup.c: after any mix of writes, from the service and by SQL, the summary is what counting all
 * orders gives. */
#include "fixture.h"
#include "random_writes.h"

#include "base/message.h"
#include "base/time.h"
#include "orders/rules.h"
#include "store/session_settings.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some rows of random days and currencies. */
#define INSERT_SQL                                                                            \
    "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) " \
    "SELECT 'sql-' || (random() * 1000)::int, 'C', "                                          \
    "'1970-01-01'::timestamptz + random() * interval '4 days', 1 + (random() * 1000)::int, "  \
    "(ARRAY['ISK', 'EUR', 'USD'])[1 + (random() * 2)::int], 'pending' "                       \
    "FROM generate_series(1, 5) ON CONFLICT DO NOTHING"

enum { LONG_MS = 60000, DAYS = 4, STEPS = 250, CALLERS = 3, SESSIONS = 3 };

static void set_up(void)
{
    fixture_set_up(2);
}

TestSuite(rollup, .init = set_up, .fini = fixture_tear_down, .timeout = 120);

static enum status_code summarize(bool verify)
{
    struct pending *pending = pending_new(LONG_MS);
    store->summarize(store, &pending->call, verify, (Orders__V1__OrderSummary_Closure)pending_done, pending);
    enum status_code code = pending_wait(pending);
    pending_free(pending);
    return code;
}

static void *write_with_store(void *seed)
{
    for (int step = 0; step < STEPS; step++)
        write_at_random(store, seed, DAYS);
    return NULL;
}

/* Random writes by SQL, many rows at a time, some rolled back. Losing against another session is no failure
 * here. */
static void *write_with_sql(void *seed)
{
    static const char *const statements[] = {
        INSERT_SQL,
        "UPDATE orders SET order_date = order_date + interval '1 day' WHERE id % 7 = (random() * 6)::int",
        "UPDATE orders SET currency = 'ISK', total_amount = total_amount + 1 WHERE random() < 0.2",
        "UPDATE orders SET status = 'shipped' WHERE id % 3 = 0",
        "DELETE FROM orders WHERE id % 11 = (random() * 10)::int",
        "BEGIN; DELETE FROM orders; ROLLBACK",
        "BEGIN; SET LOCAL lock_timeout = '100ms'; TRUNCATE orders; COMMIT",
        "SELECT order_rollup_fold(0, 1000)",
    };
    PGconn *session = PQconnectdb(database_url);
    for (int step = 0; step < STEPS / 10; step++) {
        PQclear(
            PQexec(session, statements[(size_t)rand_r(seed) % (sizeof statements / sizeof statements[0])]));
        if (PQtransactionStatus(session) != PQTRANS_IDLE)
            PQclear(PQexec(session, "ROLLBACK"));
    }
    PQfinish(session);
    return NULL;
}

Test(rollup, a_random_workload_from_many_sessions_leaves_it_exact)
{
    pthread_t threads[CALLERS + SESSIONS];
    unsigned seeds[CALLERS + SESSIONS];
    for (unsigned i = 0; i < CALLERS + SESSIONS; i++) {
        seeds[i] = 20250116 + i;
        pthread_create(&threads[i], NULL, i < CALLERS ? write_with_store : write_with_sql, &seeds[i]);
    }
    for (int look = 0; look < 20; look++) /* at any moment in between, too */
        cr_assert_eq(summarize(true), STATUS_OK);
    for (unsigned i = 0; i < CALLERS + SESSIONS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(summarize(true), STATUS_OK);

    free(database_query(database, "TRUNCATE orders"));
    cr_assert_eq(summarize(true), STATUS_OK);
    char *rows = database_query(database, "SELECT count(*) FROM order_rollup");
    cr_assert_str_eq(rows, "0");
    free(rows);
    unsigned seed = 1;
    write_with_store(&seed);
    cr_assert_eq(summarize(true), STATUS_OK);
}

Test(rollup, a_difference_is_found)
{
    expect_end(begin_create(store, "a", LONG_MS), STATUS_OK);
    free(database_query(database,
                        "SET orders.rollup_upkeep = on; UPDATE order_rollup SET revenue = revenue + 1"));
    cr_assert_eq(summarize(false), STATUS_OK);
    cr_assert_eq(summarize(true), STATUS_DATA_LOSS);
    free(database_query(database, "TRUNCATE order_rollup"));
    cr_assert_eq(summarize(true), STATUS_DATA_LOSS);
}

Test(rollup, rows_that_others_write_are_left_out)
{
    expect_end(begin_create(store, "a", LONG_MS), STATUS_OK);
    free(database_query(database, "UPDATE order_rollup SET revenue = revenue + 1"));
    free(
        database_query(database, "INSERT INTO order_rollup SELECT day, currency, 7, 1, 1 FROM order_rollup"));
    free(database_query(database, "DELETE FROM order_rollup"));
    cr_assert_eq(summarize(true), STATUS_OK);
}

Test(rollup, a_session_that_is_a_replica_is_counted)
{
    expect_end(begin_create(store, "a", LONG_MS), STATUS_OK);
    free(database_query(database, "SET session_replication_role = replica"));
    free(database_query(database, INSERT_SQL));
    cr_assert_eq(summarize(true), STATUS_OK);
    free(database_query(database, "UPDATE orders SET total_amount = total_amount + 1, currency = 'USD' "
                                  "WHERE id % 2 = 0"));
    cr_assert_eq(summarize(true), STATUS_OK);
    free(database_query(database, "DELETE FROM orders WHERE id % 3 = 0"));
    cr_assert_eq(summarize(true), STATUS_OK);
    free(database_query(database, "TRUNCATE orders"));
    cr_assert_eq(summarize(true), STATUS_OK);
}

/* What nobody counted: the triggers were off. */
static void write_uncounted(void)
{
    free(database_query(database, "ALTER TABLE orders DISABLE TRIGGER USER"));
    free(database_query(database, INSERT_SQL));
    free(database_query(database, "ALTER TABLE orders ENABLE TRIGGER USER"));
    free(database_query(database, "SELECT order_rollup_arm()"));
    cr_assert_eq(summarize(true), STATUS_DATA_LOSS);
}

Test(rollup, a_recount_sets_it_right)
{
    expect_end(begin_create(store, "a", LONG_MS), STATUS_OK);
    write_uncounted();
    cr_assert_gt(database_number(database, "SELECT order_rollup_recount()"), 0);
    cr_assert_eq(summarize(true), STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT order_rollup_recount()"), 0);
}

Test(rollup, a_recount_sets_it_right_while_writers_go_on)
{
    write_uncounted();
    pthread_t threads[CALLERS + SESSIONS];
    unsigned seeds[CALLERS + SESSIONS];
    for (unsigned i = 0; i < CALLERS + SESSIONS; i++) {
        seeds[i] = 20250117 + i;
        pthread_create(&threads[i], NULL, i < CALLERS ? write_with_store : write_with_sql, &seeds[i]);
    }
    for (int n = 0; n < 10; n++) {
        free(database_query(database, "SELECT order_rollup_recount()"));
        cr_assert_eq(summarize(true), STATUS_OK);
    }
    for (unsigned i = 0; i < CALLERS + SESSIONS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(summarize(true), STATUS_OK);
}

/* A writer that has not committed yet, and a recount meanwhile, which neither waits for it nor counts it. */
Test(rollup, a_recount_waits_for_no_writer)
{
    write_uncounted();
    PGconn *writer = database_connect(database_url);
    free(database_query(writer, "BEGIN"));
    free(database_query(writer,
                        "UPDATE orders SET total_amount = total_amount + 5, order_date = '1970-01-03'"));
    free(database_query(database, "SET lock_timeout = '20s'"));
    cr_assert_gt(database_number(database, "SELECT order_rollup_recount()"), 0);
    cr_assert_eq(summarize(true), STATUS_OK);
    free(database_query(writer, "COMMIT"));
    cr_assert_eq(summarize(true), STATUS_OK);
    PQfinish(writer);
}

static void await_number(const char *sql, long wanted)
{
    while (database_number(database, sql) != wanted)
        free(database_query(database, "SELECT pg_sleep(0.02)"));
}

/* Many sessions' rows, days that came to nothing among them. Another server folds at the time of the first
 * step, which is the only one of that walk. */
Test(rollup, slots_are_folded_in_the_background)
{
    postgres_close(store); /* which may have walked already */
    free(database_query(database, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_functions = pl', "
                                  "current_database()); END $$"));
    free(database_query(
        database,
        "DO $$ BEGIN FOR slot IN 0..9 LOOP PERFORM set_config('orders.rollup_slot', slot::text, true);"
        "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
        "SELECT slot || '-' || n, 'C', '1970-01-01'::timestamptz + n * interval '1 day', 5, 'ISK', "
        "'pending' FROM generate_series(0, 299) AS n; END LOOP; "
        "PERFORM set_config('orders.rollup_slot', '11', true);"
        "DELETE FROM orders WHERE order_date >= '1970-01-03'; END $$"));
    free(database_query(database, "SELECT pg_advisory_lock(6672, 256)"));
    store = open_store(database_url, 1);
    await_number("SELECT count(*) FROM pg_stat_user_functions WHERE funcname = 'order_rollup_fold' "
                 "AND calls > 0",
                 1);
    free(database_query(database, "SELECT pg_advisory_unlock(6672, 256)"));
    await_number("SELECT count(*) FROM order_rollup", 2);
    cr_assert_eq(summarize(true), STATUS_OK);
    char *rows = database_query(database, "SELECT string_agg(concat_ws(' ', day, slot, orders, revenue), ',' "
                                          "ORDER BY day) FROM order_rollup");
    cr_assert_str_eq(rows, "1970-01-01 256 10 50,1970-01-02 256 10 50");
    free(rows);
}

/* As somebody may have changed it by hand. */
Test(rollup, counts_that_leave_int64_are_no_answer)
{
    struct pending *count = pending_new(LONG_MS);
    const struct store_count all = {.first_day = "", .last_day = ""};
    free(database_query(
        database,
        "SET orders.rollup_upkeep = on; INSERT INTO order_rollup (day, currency, slot, orders, revenue) "
        "SELECT '1970-01-01'::date + n, 'ISK', 0, 9223372036854775807, 1 FROM generate_series(0, 1) AS n"));
    store->count(store, &count->call, &all, (Orders__V1__OrderStatistics_Closure)pending_done, count);
    expect_end(count, STATUS_OUT_OF_RANGE);
    cr_assert_eq(summarize(false), STATUS_OUT_OF_RANGE);
}

/* A fold leaves a row that a writer has in hand, and neither waits for the other. */
Test(rollup, folding_waits_for_no_writer)
{
    expect_end(begin_create(store, "a", LONG_MS), STATUS_OK);
    PGconn *writer = database_connect(database_url);
    free(database_query(writer, "SET orders.rollup_slot = 5; BEGIN"));
    free(database_query(writer, "UPDATE orders SET total_amount = total_amount + 5"));
    free(database_query(writer, "SAVEPOINT s"));
    free(database_query(database, "SET lock_timeout = '20s'"));
    free(database_query(database, "SELECT order_rollup_fold(0, 1000)"));
    free(database_query(writer, "UPDATE orders SET total_amount = total_amount + 5"));
    free(database_query(writer, "COMMIT"));
    cr_assert_eq(summarize(true), STATUS_OK);
    free(database_query(database, "SELECT order_rollup_fold(0, 1000)"));
    cr_assert_eq(summarize(true), STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM order_rollup WHERE slot <> 256"), 0);
    PQfinish(writer);
}

static void write_until(const char *sql)
{
    const uint64_t limit_ns = time_monotonic_ns() + LONG_MS * (uint64_t)NS_PER_MS;
    for (unsigned n = 0; database_number(database, sql) == 0; n++) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "after %u writes", n * 100);
        char id[16];
        for (unsigned i = 0; i < 100; i++) {
            snprintf(id, sizeof id, "%u-%u", n, i);
            expect_end(begin_create(store, id, LONG_MS), STATUS_OK);
        }
    }
}

/* As a dump does, somebody keeps all versions of a slot's row from being removed. */
Test(rollup, a_slot_whose_row_has_many_versions_is_left)
{
    PGconn *reader = database_connect(database_url);
    free(database_query(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM orders"));
    write_until("SELECT count(*) FROM order_rollup_versions WHERE slot > 256");
    cr_expect_eq(database_number(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                                           "AND classid = 6672 AND objid <> 256 AND database = (SELECT oid "
                                           "FROM pg_database WHERE datname = current_database())"),
                 3);
    cr_expect_eq(summarize(true), STATUS_OK);
    PQfinish(reader);
}

/* Sets a session's slot, with a row that has moved far; which one it has after it was asked to leave. */
static long leave(long own)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT pg_advisory_lock(6672, %ld), set_config('orders.rollup_slot', '%ld', false), "
             "set_config('orders.rollup_page', '1000', false), "
             "set_config('orders.rollup_upkeep', 'on', false)",
             own, own);
    free(database_query(database, sql));
    snprintf(sql, sizeof sql,
             "INSERT INTO order_rollup_versions VALUES (%ld, 1, 1, '{}', '{}') ON CONFLICT DO NOTHING", own);
    free(database_query(database, sql));
    free(database_query(database, session_slot_sql));
    const long slot = database_number(database, "SELECT current_setting('orders.rollup_slot')");
    cr_expect_eq(database_number(database, "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND "
                                           "classid = 6672 AND pid = pg_backend_pid()"),
                 slot);
    free(database_query(database, "SELECT pg_advisory_unlock_all()"));
    return slot;
}

/* So that one that was just left is not taken again soon, and all of them are few. */
Test(rollup, a_slot_is_left_for_the_next_that_is_free)
{
    static const struct {
        long own, next;
    } cases[] = {{10, 267}, {63, 320}, {257, 258}, {300, 302}, {382, 383}, {383, 257}, {384, 257}};
    PGconn *other = database_connect(database_url);
    free(database_query(other, "SELECT pg_advisory_lock(6672, slot) FROM unnest(ARRAY[301, 384]) AS slot"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].own == 384)
            free(database_query(other, "SELECT pg_advisory_unlock(6672, 384)"));
        const long slot = leave(cases[i].own);
        cr_expect_eq(slot, cases[i].next, "from %ld to %ld", cases[i].own, slot);
    }
    PQfinish(other);
}

/* By a pooler that hands on sessions as they are. */
Test(rollup, a_page_that_another_client_noted_is_forgotten)
{
    free(database_query(database, "SET orders.rollup_page = 1000"));
    free(database_query(database, session_lane_settings_sql[LANE_WRITE]));
    char *page = database_query(database, "SELECT current_setting('orders.rollup_page')");
    cr_assert_str_eq(page, "");
    free(page);
}

Test(rollup, each_worker_has_a_slot_of_its_own)
{
    char *slots = database_query(
        database, "SELECT string_agg(objid::text, ',' ORDER BY objid) FROM pg_locks "
                  "WHERE locktype = 'advisory' AND classid = 6672 AND objid < 64 AND database = "
                  "(SELECT oid FROM pg_database WHERE datname = current_database())");
    cr_assert_str_eq(slots, "0,1,2"); /* two write, and one tries again what found a lock */
    free(slots);
}
