/* test_summary.c: a summary that is kept from call to call is at each moment what counting all orders gives,
 * whoever writes, and reads no more than what has changed. */
#include "fixture.h"
#include "random_writes.h"

#include "base/message.h"
#include "orders/rules.h"
#include "store/statement.h"
#include "store/summary_memory.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDERS_SQL "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "

/* What the summary is to say, as one text: the orders, the total of each currency, and each day's. */
#define COUNTED_SQL                                                                                          \
    "WITH sums AS (SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, sum(total_amount) AS "     \
    "revenue, "                                                                                              \
    "count(*) AS orders FROM ONLY orders GROUP BY 1, 2) "                                                    \
    "SELECT concat((SELECT coalesce(sum(orders), 0) FROM sums), (SELECT string_agg(concat(' ', currency, ' " \
    "', "                                                                                                    \
    "revenue), '' ORDER BY currency) FROM (SELECT currency, sum(revenue) AS revenue FROM sums GROUP BY 1) "  \
    "AS t), "                                                                                                \
    "(SELECT string_agg(concat(' ', day, ' ', currency, ' ', revenue), '' ORDER BY day DESC, currency) "     \
    "FROM sums))"

enum { LONG_MS = 60000, DAYS = 50, STEPS = 250, CALLERS = 3, SESSIONS = 4, READERS = 2, SESSION_STEPS = 60 };

static void set_up(void)
{
    fixture_set_up(2);
}

TestSuite(summary, .init = set_up, .fini = fixture_tear_down, .timeout = 120);

static char *summary_text(const Orders__V1__OrderSummary *summary)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "%" PRId64, summary->total_orders);
    for (size_t i = 0; i < summary->n_total_revenue; i++)
        fprintf(out, " %s %" PRId64, summary->total_revenue[i]->currency, summary->total_revenue[i]->total);
    for (size_t i = 0; i < summary->n_revenue_per_day; i++)
        fprintf(out, " %s %s %" PRId64, summary->revenue_per_day[i]->date,
                summary->revenue_per_day[i]->currency, summary->revenue_per_day[i]->revenue);
    fclose(out);
    return text;
}

/* --- the statement, and what is known between its runs --- */

/* A session that asks as the service does, with a memory of its own. */
struct reader {
    PGconn *session;
    struct summary_memory memory;
    struct params params;
    struct arena arena;
    int rows; /* of the last run */
};

static void reader_init(struct reader *reader)
{
    const struct statement *statement = &statements[STATEMENT_SUMMARY];
    *reader = (struct reader){.session = database_connect(database_url)};
    arena_init(&reader->arena);
    PGresult *prepared =
        PQprepare(reader->session, "summary", statement->sql, statement->n_params, statement->types);
    cr_assert_eq(PQresultStatus(prepared), PGRES_COMMAND_OK, "%s", PQresultErrorMessage(prepared));
    PQclear(prepared);
}

static void reader_free(struct reader *reader)
{
    summary_memory_free(&reader->memory);
    params_free(&reader->params);
    arena_free(&reader->arena);
    PQfinish(reader->session);
}

static void finish(struct operation *operation)
{
    (void)operation;
}

/* Asks, for a caller who reads the answer and for one who only packs it, which come to the same. Free it. */
static char *reader_ask(struct reader *reader)
{
    const struct statement *statement = &statements[STATEMENT_SUMMARY];
    struct call calls[] = {{.is_packed = true}, {.is_packed = false}};
    struct operation asked[] = {
        {.statement = statement, .call = &calls[0], .finish = finish, .summary = &reader->memory},
        {.statement = statement, .call = &calls[1], .finish = finish, .summary = &reader->memory}};
    struct operation *operations[] = {&asked[0], &asked[1]};
    struct params *params = &reader->params;
    params_reset(params);
    statement->encode(params, operations, 2);
    params_finish(params);
    PGresult *result = PQexecPrepared(reader->session, "summary", params->count, params->values,
                                      params->lengths, params->formats, 1);
    cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s", PQresultErrorMessage(result));
    reader->rows = PQntuples(result);
    statement_answer(statement, result, operations, 2, &reader->arena);
    PQclear(result);
    cr_assert_eq(asked[0].code, STATUS_OK, "%s", asked[0].message);

    const size_t size = protobuf_c_message_get_packed_size(asked[0].answer);
    cr_assert_eq(size, protobuf_c_message_get_packed_size(asked[1].answer));
    uint8_t *packed = malloc(size + 1), *other = malloc(size + 1);
    protobuf_c_message_pack(asked[0].answer, packed);
    protobuf_c_message_pack(asked[1].answer, other);
    cr_assert_eq(memcmp(packed, other, size), 0);
    free(packed);
    free(other);
    return summary_text((const Orders__V1__OrderSummary *)(const void *)asked[1].answer);
}

/* In one snapshot: what is known, brought up to date, and what all orders add up to. The locks come first, as
 * a TRUNCATE shows through a snapshot. */
static bool reader_is_exact(struct reader *reader)
{
    free(database_query(reader->session, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
                                         "LOCK TABLE orders, order_rollup IN ACCESS SHARE MODE"));
    char *known = reader_ask(reader), *counted = database_query(reader->session, COUNTED_SQL);
    free(database_query(reader->session, "COMMIT"));
    const bool is_exact = strcmp(known, counted) == 0;
    if (!is_exact)
        fprintf(stderr, "known:   %s\ncounted: %s\n", known, counted);
    free(known);
    free(counted);
    return is_exact;
}

static void expect_exact(struct reader *reader)
{
    cr_assert(reader_is_exact(reader));
}

/* --- random writers --- */

static void *write_with_store(void *seed)
{
    for (int step = 0; step < STEPS; step++)
        write_at_random(store, seed, DAYS);
    return NULL;
}

/* Some rows of so many days. */
#define INSERT_SQL(rows, days)                                                     \
    ORDERS_SQL "SELECT 'sql-' || (random() * 1000)::int, 'C', "                    \
               "'1970-01-01'::timestamptz + random() * interval '" #days           \
               " days', 1 + (random() * 1000)::int, "                              \
               "(ARRAY['ISK', 'EUR', 'USD'])[1 + (random() * 2)::int], 'pending' " \
               "FROM generate_series(1, " #rows ") ON CONFLICT DO NOTHING; "

/* Random writes by SQL, some rolled back, to a savepoint too, some of many statements a transaction, some in
 * one slot. Losing against another session is no failure here. */
static void *write_with_sql(void *seed)
{
    static const char *const scripts[] = {
        INSERT_SQL(5, 50),
        INSERT_SQL(1, 2),
        INSERT_SQL(60, 50),
        "BEGIN; " INSERT_SQL(
            2, 4) "SAVEPOINT s; DELETE FROM orders WHERE id % 2 = 0; ROLLBACK TO s; " INSERT_SQL(2,
                                                                                                 4) "COMMIT",
        "BEGIN; SAVEPOINT s; " INSERT_SQL(2, 50) "RELEASE s; " INSERT_SQL(3, 50) INSERT_SQL(3, 3) "COMMIT",
        "BEGIN; " INSERT_SQL(20, 50) INSERT_SQL(20, 50) INSERT_SQL(20, 50) "COMMIT",
        "BEGIN; SET LOCAL orders.rollup_slot = 70; " INSERT_SQL(
            2, 3) "SET LOCAL orders.rollup_slot = 71; "
                  "UPDATE orders SET total_amount = total_amount + 1 WHERE id % 9 = 0; COMMIT",
        "UPDATE orders SET order_date = order_date + interval '1 day' WHERE id % 7 = (random() * 6)::int",
        "UPDATE orders SET currency = 'ISK', total_amount = total_amount + 1 WHERE random() < 0.2",
        "UPDATE orders SET status = 'shipped' WHERE id % 3 = 0",
        "DELETE FROM orders WHERE id % 11 = (random() * 10)::int",
        "BEGIN; DELETE FROM orders; ROLLBACK",
        "BEGIN; SET LOCAL lock_timeout = '100ms'; TRUNCATE orders; COMMIT",
        "BEGIN; SET LOCAL session_replication_role = replica; " INSERT_SQL(3, 50) "COMMIT",
        "SELECT order_rollup_fold(0, 1000)",
        "SELECT order_rollup_recount()",
    };
    PGconn *session = PQconnectdb(database_url);
    for (int step = 0; step < SESSION_STEPS; step++) {
        PQclear(PQexec(session, scripts[(size_t)rand_r(seed) % (sizeof scripts / sizeof scripts[0])]));
        if (PQtransactionStatus(session) != PQTRANS_IDLE)
            PQclear(PQexec(session, "ROLLBACK"));
    }
    PQfinish(session);
    return NULL;
}

struct watch {
    atomic_bool *is_over;
    unsigned rest_us; /* between two looks: what is known is older then */
    unsigned looks, misses;
};

static void *watch(void *arg)
{
    struct watch *watching = arg;
    struct reader reader;
    reader_init(&reader);
    while (!atomic_load(watching->is_over)) {
        watching->misses += !reader_is_exact(&reader);
        watching->looks++;
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT pg_sleep(%u / 1e6)", watching->rest_us);
        free(database_query(reader.session, sql));
    }
    watching->misses += !reader_is_exact(&reader);
    reader_free(&reader);
    return NULL;
}

/* Writers of all kinds, and at their side who looks often and who looks now and then. Returns how often what
 * was known was wrong. */
static unsigned misses_beside_writers(void)
{
    pthread_t writers[CALLERS + SESSIONS], readers[READERS];
    unsigned seeds[CALLERS + SESSIONS], misses = 0;
    atomic_bool is_over = false;
    struct watch watches[READERS] = {{.is_over = &is_over, .rest_us = 0},
                                     {.is_over = &is_over, .rest_us = 40000}};
    for (unsigned i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, watch, &watches[i]);
    for (unsigned i = 0; i < CALLERS + SESSIONS; i++) {
        seeds[i] = 20250118 + i;
        pthread_create(&writers[i], NULL, i < CALLERS ? write_with_store : write_with_sql, &seeds[i]);
    }
    for (unsigned i = 0; i < CALLERS + SESSIONS; i++)
        pthread_join(writers[i], NULL);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
        cr_expect_gt(watches[i].looks, 10);
        misses += watches[i].misses;
    }
    return misses;
}

Test(summary, what_is_known_is_exact_in_each_snapshot_beside_writers_of_all_kinds)
{
    cr_assert_eq(misses_beside_writers(), 0);
}

/* So the test above can fail: whoever changes a sum has to move a version. */
Test(summary, it_would_not_be_exact_if_versions_did_not_move)
{
    free(database_query(database, "CREATE OR REPLACE FUNCTION order_rollup_move(own integer, moved date[]) "
                                  "RETURNS void LANGUAGE plpgsql AS 'BEGIN END'"));
    cr_assert_gt(misses_beside_writers(), 0);
}

/* The same of days that are left out, and of versions that are taken for the last without a look at the days.
 */
Test(summary, it_would_not_be_exact_if_a_day_were_not_told)
{
    free(database_query(database,
                        "CREATE OR REPLACE FUNCTION order_rollup_move_on(own integer, moved date[], most "
                        "integer) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'"));
    cr_assert_gt(misses_beside_writers(), 0);
}

/* --- what is read --- */

static void insert_orders(const char *rows)
{
    char sql[512];
    snprintf(sql, sizeof sql, ORDERS_SQL "SELECT %s", rows);
    free(database_query(database, sql));
}

Test(summary, nothing_is_read_when_nothing_has_changed_and_one_day_when_that_has)
{
    struct reader reader;
    reader_init(&reader);
    insert_orders("'a' || n, 'C', '2025-01-01'::timestamptz + n % 100 * interval '1 day', n + 1, "
                  "(ARRAY['ISK', 'EUR'])[n / 100 % 2 + 1], 'pending' FROM generate_series(0, 399) AS n");
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 202); /* all days, the slot that moved, and the one that there is not */
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 0);
    free(database_query(database, "UPDATE orders SET status = 'shipped'"));
    free(database_query(database, "BEGIN; DELETE FROM orders; ROLLBACK"));
    free(database_query(database, "SELECT order_rollup_fold(0, 1000)"));
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 0);

    insert_orders("'b', 'C', '2025-01-03', 5, 'USD', 'pending'"); /* its slot is one that was known */
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 4);
    free(database_query(database, "DELETE FROM orders WHERE order_date = '2025-01-03'"));
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 2);        /* which says that it has nothing any more */
    for (int day = 0; day < 40; day++) { /* more than are told one by one, in as many transactions */
        char row[128];
        snprintf(row, sizeof row,
                 "'c%1$d', 'C', '2024-01-01'::timestamptz + %1$d * interval '1 day', 5, 'ISK', "
                 "'pending'",
                 day);
        insert_orders(row);
        if (day % 3 == 0)
            expect_exact(&reader);
    }
    expect_exact(&reader);
    reader_free(&reader);
}

/* A transaction of many statements has one version, and touches its row as often as it comes to a further
 * day. */
Test(summary, a_transaction_of_many_statements_moves_a_version_a_few_times)
{
    struct reader reader;
    reader_init(&reader);
    insert_orders("'a', 'C', '2025-01-01', 5, 'ISK', 'pending'");
    expect_exact(&reader);
    free(database_query(
        database, "DO $$ BEGIN FOR n IN 1..300 LOOP " ORDERS_SQL
                  "VALUES ('n' || n, 'C', '2025-01-01'::timestamptz + n % 3 * interval '1 day', n, 'ISK', "
                  "'pending'); END LOOP; END $$"));
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 4); /* three days, and the slot */
    cr_expect_lt(database_number(database, "SELECT pg_relation_size('order_rollup_versions') / 8192"), 2);
    reader_free(&reader);
}

/* Versions that somebody takes away, or brings back from a dump, are none that anybody knows. */
Test(summary, versions_that_begin_anew_are_others)
{
    struct reader reader;
    reader_init(&reader);
    insert_orders("'a', 'C', '2025-01-01', 5, 'ISK', 'pending'");
    expect_exact(&reader);
    free(database_query(database, "SET orders.rollup_upkeep = on"));
    free(database_query(database, "CREATE TABLE kept AS TABLE order_rollup_versions"));
    free(database_query(database, "DELETE FROM order_rollup_versions"));
    expect_exact(&reader);
    insert_orders("'b', 'C', '2025-01-01', 5, 'ISK', 'pending'");
    expect_exact(&reader);
    free(database_query(database, "TRUNCATE order_rollup_versions"));
    insert_orders("'c', 'C', '2025-01-01', 5, 'ISK', 'pending'");
    free(database_query(database,
                        "TRUNCATE order_rollup_versions; INSERT INTO order_rollup_versions TABLE kept"));
    expect_exact(&reader);
    insert_orders("'d', 'C', '2025-01-01', 5, 'ISK', 'pending'");
    expect_exact(&reader);
    reader_free(&reader);
}

/* More than are kept are answered all the same. */
Test(summary, more_days_than_are_kept_are_read_each_time)
{
    struct reader reader;
    reader_init(&reader);
    insert_orders("'a' || n, 'C', '0100-01-01 00:00:00+00'::timestamptz + n * interval '1 day', n + 1, "
                  "'ISK', 'pending' "
                  "FROM generate_series(0, 65536) AS n");
    expect_exact(&reader);
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 65537 + 2);
    free(database_query(database, "DELETE FROM orders WHERE order_id = 'a0'"));
    expect_exact(&reader);
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 0);
    reader_free(&reader);
}

/* --- a slot's version --- */

static PGconn *connect_in_slot(int slot)
{
    char sql[64];
    PGconn *session = database_connect(database_url);
    snprintf(sql, sizeof sql, "SET orders.rollup_slot = %d", slot);
    free(database_query(session, sql));
    return session;
}

#define ONE_ORDER(id, day) ORDERS_SQL "VALUES ('" id "', 'C', '" day "', 5, 'ISK', 'pending')"

/* The second of two in one slot waits for the first, and its day is told beside the first one's. */
Test(summary, what_waited_for_its_slot_is_told)
{
    struct reader reader;
    reader_init(&reader);
    PGconn *first = connect_in_slot(70), *second = connect_in_slot(70);
    free(database_query(first, ONE_ORDER("a", "2025-01-01")));
    expect_exact(&reader);
    free(database_query(first, "BEGIN; " ONE_ORDER("b", "2025-01-02")));
    cr_assert(PQsendQuery(second, ONE_ORDER("c", "2025-01-03")));
    await_blocked(1);
    free(database_query(first, "COMMIT"));
    PGresult *result = PQgetResult(second);
    cr_assert_eq(PQresultStatus(result), PGRES_COMMAND_OK, "%s", PQresultErrorMessage(result));
    PQclear(result);
    expect_exact(&reader);
    cr_expect_eq(reader.rows, 3); /* both days, and the slot */
    PQfinish(first);
    PQfinish(second);
    reader_free(&reader);
}

/* Not even where the versions are so few that a sequential scan is what the planner would take. */
Test(summary, serializable_inserts_of_two_slots_do_not_refuse_each_other)
{
    PGconn *first = connect_in_slot(70), *second = connect_in_slot(71);
    free(database_query(first, ONE_ORDER("a", "2025-01-01")));
    free(database_query(second, ONE_ORDER("b", "2025-01-02")));
    free(database_query(database, "ANALYZE order_rollup_versions"));
    free(database_query(first, "BEGIN ISOLATION LEVEL SERIALIZABLE; " ONE_ORDER("c", "2025-01-01")));
    free(database_query(second, "BEGIN ISOLATION LEVEL SERIALIZABLE; " ONE_ORDER("d", "2025-01-02")));
    free(database_query(second, "COMMIT"));
    free(database_query(first, "COMMIT"));
    PQfinish(first);
    PQfinish(second);
}

Test(summary, an_insert_of_no_rows_writes_nothing)
{
    PGconn *session = connect_in_slot(70);
    free(database_query(session, ONE_ORDER("a", "2025-01-01")));
    char *id = database_query(session,
                              "BEGIN; " ORDERS_SQL "SELECT 'b', 'C', now(), 5, 'ISK', 'pending' WHERE false; "
                              "SELECT coalesce(pg_current_xact_id_if_assigned()::text, 'none')");
    cr_expect_str_eq(id, "none");
    free(id);
    PQfinish(session);
}

/* --- the service --- */

/* What the service answers; NULL: it has no session. Free it. */
static char *ask_service(void)
{
    struct pending *pending = pending_new(LONG_MS);
    store->summarize(store, &pending->call, false, (Orders__V1__OrderSummary_Closure)pending_done, pending);
    const enum status_code code = pending_wait(pending);
    cr_assert(code == STATUS_OK || code == STATUS_UNAVAILABLE, "%s", pending->call.status.message);
    char *text = code == STATUS_OK
                     ? summary_text((const Orders__V1__OrderSummary *)(const void *)pending->answer)
                     : NULL;
    pending_free(pending);
    return text;
}

static void expect_served(const char *wanted)
{
    char *text = ask_service();
    cr_assert_str_eq(text, wanted);
    free(text);
}

/* Each of them was answered before it is asked. */
Test(summary, it_has_every_write_that_was_answered)
{
    unsigned seed = 7;
    for (int step = 0; step < 100; step++) {
        write_at_random(store, &seed, DAYS);
        if (step % 5 == 0)
            free(database_query(database, INSERT_SQL(3, 50)));
        char *counted = database_query(database, COUNTED_SQL);
        expect_served(counted);
        expect_served(counted);
        free(counted);
    }
}

/* A server that was failed over to may lack what was known of the other: what a session knew goes with it. */
Test(summary, a_new_session_begins_anew)
{
    insert_orders("'a', 'C', '2025-01-01', 5, 'ISK', 'pending'");
    expect_served("1 ISK 5 2025-01-01 ISK 5");
    free(database_query(database, "SET orders.rollup_upkeep = on; UPDATE order_rollup SET revenue = 6"));
    expect_served("1 ISK 5 2025-01-01 ISK 5"); /* as no version moved */
    free(database_query(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                  "WHERE datname = current_database() AND pid <> pg_backend_pid()"));
    char *text = NULL;
    while ((text = ask_service()) == NULL)
        free(database_query(database, "SELECT pg_sleep(0.02)"));
    cr_assert_str_eq(text, "1 ISK 6 2025-01-01 ISK 6");
    free(text);
}
