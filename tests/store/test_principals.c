/* test_principals.c: a request_id belongs to who sent it, and to a build from before as well. */
#include "fixture.h"
#include "store/idempotency.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The statements of the build before there were principals, of one order. */
#define OLD_LOOKUP "SELECT code FROM idempotency AS r WHERE r.request_id = '%s' AND r.part = 0"
#define OLD_RECORD "INSERT INTO idempotency (request_id, part, fingerprint, code) VALUES ('%s', 0, 7, 0)"

static void set_up(void)
{
    fixture_set_up(1);
}

TestSuite(principals, .init = set_up, .fini = fixture_tear_down, .timeout = 120);

static struct pending *begin_as(const char *principal, const char *request_id, const char *order_id,
                                uint64_t fingerprint)
{
    struct pending *pending = pending_new(10000);
    pending->call.principal = principal;
    pending->call.principal_hash = (uint32_t)strlen(principal);
    pending->call.request_id = request_id;
    pending->call.fingerprint = fingerprint;
    store->create(store, &pending->call, pending_order(pending, order_id),
                  (Orders__V1__Order_Closure)pending_done, pending);
    return pending;
}

static void expect(struct pending *pending, enum status_code code, bool replayed)
{
    cr_expect_eq(pending_wait(pending), code, "%s", pending->call.status.message);
    cr_expect_eq(pending->call.replayed, replayed);
    pending_free(pending);
}

static long count(const char *sql)
{
    return database_number(database, sql);
}

Test(principals, the_same_request_id_of_another_is_another_request)
{
    expect(begin_as("shop", "one", "A", 1), STATUS_OK, false);
    expect(begin_as("office", "one", "B", 2), STATUS_OK, false);
    expect(begin_as("shop", "one", "A", 1), STATUS_OK, true);
    expect(begin_as("office", "one", "B", 2), STATUS_OK, true);
    expect(begin_as("shop", "one", "B", 2), STATUS_FAILED_PRECONDITION, false);
    expect(begin_as("other", "one", "A", 1), STATUS_ALREADY_EXISTS, false);
    cr_assert_eq(count("SELECT count(*) FROM orders"), 2);
    cr_assert_eq(count("SELECT count(*) FROM idempotency WHERE request_id = 'one'"), 3);
}

/* However they fall into batches. */
Test(principals, many_principals_write_under_one_request_id_at_once)
{
    enum { EACH = 40 };
    struct pending *pending[EACH];
    static char names[EACH][16], ids[EACH][16];
    for (int i = 0; i < EACH; i++) {
        snprintf(names[i], sizeof names[i], "key-%d", i);
        snprintf(ids[i], sizeof ids[i], "ORD-%d", i);
        pending[i] = begin_as(names[i], "same", ids[i], (uint64_t)i);
    }
    for (int i = 0; i < EACH; i++)
        expect(pending[i], STATUS_OK, false);
    cr_assert_eq(count("SELECT count(DISTINCT principal) FROM idempotency WHERE request_id = 'same'"), EACH);
}

Test(principals, a_build_from_before_and_this_one_find_each_others_records)
{
    char sql[256];
    expect(begin_as("bootstrap", "new", "A", 7), STATUS_OK, false);
    snprintf(sql, sizeof sql, OLD_LOOKUP, "new");
    cr_assert_eq(count(sql), 0);
    snprintf(sql, sizeof sql, OLD_RECORD, "old");
    free(database_query(database, sql));
    expect(begin_as("bootstrap", "old", "B", 8), STATUS_FAILED_PRECONDITION, false);
    expect(begin_as("shop", "old", "B", 8), STATUS_OK, false);
    /* What the old one takes for a sign that the request was answered meanwhile. */
    snprintf(sql, sizeof sql, OLD_RECORD, "new");
    PGresult *result = PQexec(database, sql);
    cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23505");
    cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME), "idempotency_pkey");
    PQclear(result);
}

/* Whatever the table looked like when the statement was planned, a record is looked up by its key. */
Test(principals, records_are_found_by_the_primary_key)
{
    free(database_query(database,
                        "INSERT INTO idempotency (principal, request_id, part, fingerprint, code) "
                        "SELECT 'key-' || i % 7, 'r-' || i, 0, 0, 0 FROM generate_series(1, 20000) AS i"));
    free(database_query(database, "PREPARE look_up AS " IDEMPOTENT_CLAIM_SQL));
    free(database_query(database, "SET plan_cache_mode = force_generic_plan"));
    PGresult *result = PQexec(
        database, "EXPLAIN EXECUTE look_up (ARRAY['A'], ARRAY['key-1'], ARRAY['r-1'], ARRAY[0], ARRAY[0])");
    bool by_key = false;
    for (int i = 0; i < PQntuples(result); i++) {
        const char *line = PQgetvalue(result, i, 0);
        cr_expect_null(strstr(line, "Seq Scan on idempotency"), "%s", line);
        by_key |=
            strstr(line, "Index Cond: ((principal = ") != NULL && strstr(line, "(request_id = ") != NULL;
    }
    if (!by_key) {
        for (int i = 0; i < PQntuples(result); i++)
            fprintf(stderr, "%s\n", PQgetvalue(result, i, 0));
    }
    cr_assert(by_key);
    PQclear(result);
}
