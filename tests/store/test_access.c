/* test_access.c: what a session is asked of its database, and what it tells of one that somebody changed:
 * what it lacks, without which no call can be served, and what is degraded, while calls go on. And what the
 * service's role may do. */
#include "store/schema.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_RECORD_KEY \
    "table idempotency has no unique index idempotency_pkey on (part, principal, request_id)"

struct change {
    const char *sql;    /* %1$s: a table of ours, %2$s: a column of it; each in turn */
    const char *column; /* "lacks" or "degraded" */
    const char *told;   /* %1$s: the table */
};

static const char *const tables[][2] = {{"orders", "order_id"},
                                        {"idempotency", "request_id"},
                                        {"order_rollup", "day"},
                                        {"order_rollup_versions", "slot"},
                                        {"api_keys", "id"}};

TestSuite(access, .timeout = 120);

/* One column of what a session is asked of its access. Free with free. */
static char *ask_access(PGconn *session, const char *column)
{
    char sql[16384];
    cr_assert_lt(snprintf(sql, sizeof sql, "SELECT %s FROM (%s) AS access", column, schema_access_sql),
                 (int)sizeof sql);
    return database_query(session, sql);
}

/* Undoes the change. */
static void expect_told(PGconn *database, const char *sql, const char *column, const char *wanted)
{
    free(database_query(database, "BEGIN"));
    free(database_query(database, sql));
    char *told = ask_access(database, column);
    cr_expect_str_eq(told, wanted, "%s: %s", sql, told);
    free(told);
    free(database_query(database, "ROLLBACK"));
}

Test(access, what_may_become_of_each_table_is_told_of)
{
    static const struct change changes[] = {
        {"ALTER TABLE %1$s RENAME TO hidden", "lacks", "table %1$s is missing"},
        /* ONLY such a table is an empty one. */
        {"ALTER TABLE %1$s RENAME TO whole; CREATE TABLE %1$s (LIKE whole) PARTITION BY HASH (%2$s)", "lacks",
         "table %1$s is partitioned"},
        {"CREATE ROLE stranger; ALTER TABLE %1$s OWNER TO stranger", "lacks",
         "table %1$s is not of the role that migrated the database"},
        {"ALTER TABLE %1$s SET UNLOGGED", "degraded",
         "table %1$s is unlogged: a crash of the database empties it"},
    };
    char *database_url = database_create(), sql[256], told[128];
    PGconn *database = database_connect(database_url);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
            snprintf(sql, sizeof sql, changes[i].sql, tables[t][0], tables[t][1]);
            snprintf(told, sizeof told, changes[i].told, tables[t][0]);
            expect_told(database, sql, changes[i].column, told);
        }
    PQfinish(database);
    database_drop(database_url);
}

Test(access, what_may_become_of_the_database_is_told_of)
{
    static const struct change changes[] = {
        /* Calls go on: whatever has no value fails alone. */
        {"ALTER TABLE orders ALTER order_date DROP NOT NULL", "degraded",
         "column order_date of table orders may be NULL"},
        {"ALTER TABLE orders ALTER created_at DROP NOT NULL", "degraded",
         "column created_at of table orders may be NULL"},
        {"ALTER TABLE orders ALTER updated_at DROP NOT NULL", "degraded",
         "column updated_at of table orders may be NULL"},
        /* As all are that were restored without their privileges. */
        {"GRANT EXECUTE ON FUNCTION order_rollup_insert() TO PUBLIC", "degraded",
         "anybody may execute function order_rollup_insert(): REVOKE EXECUTE ON FUNCTION "
         "order_rollup_insert() FROM PUBLIC"},
        /* As databases are that come from PostgreSQL 14 and before. */
        {"GRANT CREATE ON SCHEMA public TO PUBLIC", "degraded",
         "anybody may make objects in schema public: REVOKE CREATE ON SCHEMA public FROM PUBLIC"},
        /* A unique index by which two rows can be alike, if only until the commit, is none. */
        {"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey", "lacks", NO_RECORD_KEY},
        {"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey, "
         "ADD CONSTRAINT idempotency_pkey PRIMARY KEY (principal, request_id, part) DEFERRABLE",
         "lacks", NO_RECORD_KEY},
        {"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey; "
         "CREATE UNIQUE INDEX idempotency_pkey ON idempotency (principal, request_id, part) WHERE code = 0",
         "lacks", NO_RECORD_KEY},
        {"ALTER TABLE idempotency RENAME CONSTRAINT idempotency_pkey TO other", "lacks", NO_RECORD_KEY},
        {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idempotency_pkey'::regclass", "lacks",
         NO_RECORD_KEY},
        {"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey, "
         "ADD CONSTRAINT idempotency_pkey PRIMARY KEY (request_id, part, principal) INCLUDE (code)",
         "lacks", ""},
        {"ALTER TABLE orders DROP CONSTRAINT orders_pkey", "degraded",
         "table orders has no unique index on (id)"},
        {"ALTER TABLE orders DROP CONSTRAINT orders_order_id_key", "degraded",
         "table orders has no unique index on (order_id)"},
        {"ALTER TABLE orders DROP CONSTRAINT orders_order_id_key; CREATE UNIQUE INDEX ON orders (order_id)",
         "degraded", ""},
        {"ALTER TABLE api_keys DROP CONSTRAINT api_keys_pkey", "degraded",
         "table api_keys has no unique index on (id)"},
    };
    char *database_url = database_create();
    PGconn *database = database_connect(database_url);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        expect_told(database, changes[i].sql, changes[i].column, changes[i].told);
    PQfinish(database);
    database_drop(database_url);
}

/* Each of them, so that one that a later migration brings is told of too; and each way to lose it. */
Test(access, each_trigger_of_ours_that_is_disabled_is_told_of)
{
    static const char triggers[] =
        "SELECT format(change, tgrelid::regclass, tgname), tgname FROM pg_trigger, (VALUES "
        "('BEGIN; ALTER TABLE %s DISABLE TRIGGER %I', 'AOR'), "
        "('BEGIN; ALTER TABLE %s ENABLE REPLICA TRIGGER %I', 'AO'), "
        "('BEGIN; ALTER TABLE %s ENABLE TRIGGER %I', 'AR'), "
        "('BEGIN; DROP TRIGGER %2$I ON %1$s', 'AOR')) AS ways (change, of_states) "
        "WHERE tgrelid IN ('orders'::regclass, 'order_rollup'::regclass, "
        "'order_rollup_versions'::regclass) AND NOT tgisinternal "
        "AND strpos(of_states, tgenabled::text) > 0";
    char *database_url = database_create();
    PGconn *database = database_connect(database_url);
    PGresult *found = PQexec(database, triggers);
    cr_assert_gt(PQntuples(found), 30, "%s", PQresultErrorMessage(found));
    for (int i = 0; i < PQntuples(found); i++) {
        free(database_query(database, PQgetvalue(found, i, 0)));
        char *told = ask_access(database, "degraded");
        cr_expect_not_null(strstr(told, PQgetvalue(found, i, 1)), "%s: %s", PQgetvalue(found, i, 0), told);
        free(told);
        free(database_query(database, "ROLLBACK"));
    }
    PQclear(found);
    PQfinish(database);
    database_drop(database_url);
}

/* Of such a database not every text can be answered, or stored. */
Test(access, a_database_of_another_encoding_will_not_do)
{
    static const char *const encodings[] = {"SQL_ASCII", "LATIN1"};
    char *database_url = database_create(), sql[128], url[256], wanted[64];
    PGconn *database = database_connect(database_url);
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        snprintf(sql, sizeof sql, "CREATE DATABASE \"%s %ld\" ENCODING '%s' LOCALE 'C' TEMPLATE template0",
                 encodings[i], (long)getpid(), encodings[i]);
        free(database_query(database, sql));
        snprintf(url, sizeof url, "host=%s user=postgres dbname='%s %ld'", PQhost(database), encodings[i],
                 (long)getpid());
        PGconn *other = database_connect(url);
        snprintf(wanted, sizeof wanted, "database is in %s, UTF8 is wanted", encodings[i]);
        char *lacked = ask_access(other, "lacks");
        cr_expect_str_eq(lacked, wanted, "%s", lacked);
        free(lacked);
        PQfinish(other);
        snprintf(sql, sizeof sql, "DROP DATABASE \"%s %ld\"", encodings[i], (long)getpid());
        free(database_query(database, sql));
    }
    PQfinish(database);
    database_drop(database_url);
}

/* --- rights --- */

/* Of whatever a role may lack, readiness and the file of grants know the same. */
Test(access, every_right_that_is_granted_is_told_of_and_no_other)
{
    /* Of sqitch's table it is told of otherwise, and before. */
    static const char granted[] =
        "SELECT format('%s%s ON %s', privilege_type, ' (' || quote_ident(col) || ')', object) FROM ("
        "SELECT 'TABLE ' || oid::regclass AS object, NULL AS col, relacl AS acl FROM pg_class "
        "UNION ALL SELECT 'TABLE ' || attrelid::regclass, attname, attacl FROM pg_attribute "
        "UNION ALL SELECT 'FUNCTION ' || oid::regprocedure, NULL, proacl FROM pg_proc) AS granted, "
        "aclexplode(acl) "
        "WHERE grantee = 'orders_service'::regrole AND object <> 'TABLE sqitch.changes'";
    char *database_url = database_create(), *service_url = database_service_url(database_url), sql[256];
    PGconn *database = database_connect(database_url), *service = database_connect(service_url);
    free(database_query(database, "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC"));
    char *lacked = ask_access(service, "lacks");
    cr_assert_str_eq(lacked, "", "the grants are not enough: %s", lacked);
    free(lacked);
    PGresult *rights = PQexec(database, granted);
    cr_assert_gt(PQntuples(rights), 10, "%s", PQresultErrorMessage(rights));
    for (int i = 0; i < PQntuples(rights); i++) {
        const char *right = PQgetvalue(rights, i, 0);
        snprintf(sql, sizeof sql, "REVOKE %s FROM orders_service", right);
        free(database_query(database, sql));
        lacked = ask_access(service, "lacks");
        cr_expect_str_neq(lacked, "", "not told of: %s", right);
        free(lacked);
        snprintf(sql, sizeof sql, "GRANT %s TO orders_service", right);
        free(database_query(database, sql));
    }
    PQclear(rights);
    PQfinish(service);
    PQfinish(database);
    free(service_url);
    database_drop(database_url);
}

/* Every suite runs the service as this role, which is enough of it; this is all of it. */
Test(access, a_role_with_the_grants_may_do_no_more_than_serve)
{
    static const char *const statements[] = {
        "UPDATE order_rollup SET orders = 1",
        "DELETE FROM order_rollup",
        "UPDATE order_rollup_versions SET version = 1",
        "SELECT order_rollup_move(64, NULL)",
        "TRUNCATE orders",
        "UPDATE orders SET id = DEFAULT",
        "UPDATE orders SET created_at = now()",
        "ALTER TABLE orders DISABLE TRIGGER USER",
        "SELECT order_rollup_recount()",
        "UPDATE idempotency SET code = 0",
        "UPDATE api_keys SET role = 'admin'",
        "UPDATE api_keys SET hash = sha256('')",
        "UPDATE api_keys SET expires_at = NULL",
        "DELETE FROM api_keys",
        "DELETE FROM sqitch.changes",
        "CREATE TABLE another ()",
        "SET session_replication_role = replica",
    };
    char *database_url = database_create(), *service_url = database_service_url(database_url);
    PGconn *service = database_connect(service_url);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        PGresult *result = PQexec(service, statements[i]);
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        cr_assert(sqlstate != NULL && strcmp(sqlstate, "42501") == 0, "%s: %s", statements[i],
                  PQresultErrorMessage(result));
        PQclear(result);
    }
    PQfinish(service);
    free(service_url);
    database_drop(database_url);
}

/* A function that runs as its owner takes no table of the caller's for the rollup. */
Test(access, a_role_cannot_put_a_rollup_of_its_own_in_the_place_of_ours)
{
    char *database_url = database_create(), *service_url = database_service_url(database_url);
    PGconn *service = database_connect(service_url);
    free(database_query(service, "CREATE TEMP TABLE order_rollup (LIKE public.order_rollup INCLUDING ALL)"));
    free(database_query(service, "INSERT INTO orders (order_id, customer_id, order_date, total_amount, "
                                 "currency, status) VALUES ('A', 'C', now(), 5, 'ISK', 'pending')"));
    free(database_query(service, "SELECT order_rollup_fold(0, 1000)"));
    cr_expect_eq(database_number(service, "SELECT sum(revenue) FROM public.order_rollup"), 5);
    cr_expect_eq(database_number(service, "SELECT count(*) FROM pg_temp.order_rollup"), 0);
    PQfinish(service);
    free(service_url);
    database_drop(database_url);
}
