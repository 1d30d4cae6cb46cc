/* test_schema.c: a database that is not what the program was built for, or is not there. */
#include "store/schema.h"
#include "store_calls.h"
#include "support/database.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(schema, .timeout = 120);

/* One column of what a session is asked of its access. Free with free. */
static char *ask_access(PGconn *session, const char *column)
{
    char sql[16384];
    cr_assert_lt(snprintf(sql, sizeof sql, "SELECT %s FROM (%s) AS access", column, schema_access_sql),
                 (int)sizeof sql);
    return database_query(session, sql);
}

static void expect_refused(const char *database_url, const char *told)
{
    char error[1024] = "";
    struct store *store = postgres_open(
        &(struct postgres_options){.database_url = database_url, .workers = 2}, error, sizeof error);
    cr_assert_null(store);
    cr_assert_not_null(strstr(error, told), "%s", error);
    cr_assert_not_null(strstr(error, "tools/migrate"), "the command is not told: %s", error);
}

Test(schema, an_empty_database_is_refused)
{
    char *database_url = database_create();
    PGconn *database = database_connect(database_url);
    free(database_query(database, "DROP SCHEMA sqitch CASCADE"));
    expect_refused(database_url, "nothing");
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, another_change_is_refused_and_named)
{
    char *database_url = database_create();
    PGconn *database = database_connect(database_url);
    free(database_query(database, "UPDATE sqitch.changes SET change = 'of_the_future' "
                                  "WHERE committed_at = (SELECT max(committed_at) FROM sqitch.changes)"));
    expect_refused(database_url, "of_the_future");
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, a_statement_that_does_not_prepare_is_no_outage)
{
    char *database_url = database_create(), error[1024] = "";
    PGconn *database = database_connect(database_url);
    free(database_query(database, "ALTER TABLE orders DROP COLUMN status"));
    cr_assert_null(postgres_open(&(struct postgres_options){.database_url = database_url, .workers = 1},
                                 error, sizeof error));
    cr_assert_not_null(strstr(error, "status"), "%s", error);
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, ordersd_exits_with_78_and_one_line)
{
    char *database_url = database_create(), command[1024], output[16384] = ""; /* each worker logs a line */
    PGconn *database = database_connect(database_url);
    free(database_query(database, "DROP SCHEMA sqitch CASCADE"));
    snprintf(command, sizeof command,
             "DATABASE_URL='%s' API_KEY=k ORDERS_LOG=error ORDERS_LISTEN=tcp://127.0.0.1:0 '%s' 2>&1",
             database_url, getenv("ORDERSD"));
    FILE *pipe = popen(command, "re");
    size_t n = fread(output, 1, sizeof output - 1, pipe);
    int status = pclose(pipe);
    cr_assert_eq(WEXITSTATUS(status), 78, "%d: %s", status, output);
    const char *line = strstr(output, "ordersd: DATABASE_URL: ");
    cr_assert_not_null(line, "%s", output);
    cr_assert_eq(strchr(line, '\n'), output + n - 1, "more than a line: %s", output);
    cr_assert_not_null(strstr(output, "\"message\":\"database has another schema\""), "%s", output);
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, a_url_that_is_none_is_refused_and_not_shown)
{
    char error[1024] = "";
    cr_assert_null(
        postgres_open(&(struct postgres_options){.database_url = "postgresql://u:secret@[bad", .workers = 1},
                      error, sizeof error));
    cr_assert_not_null(strstr(error, "DATABASE_URL"), "%s", error);
    cr_assert_null(strstr(error, "secret"), "%s", error);
}

Test(schema, an_absent_server_is_an_outage_not_a_mistake)
{
    struct store *store = open_store("host=/tmp/no-such-directory dbname=orders", 2);
    char why[128];
    cr_assert_not(postgres_ready(store, why, sizeof why));
    cr_assert_str_eq(why, "database out of reach");
    expect_end(begin_get(store, "a", 10000), STATUS_UNAVAILABLE);
    postgres_close(store);
}

/* --- while it runs --- */

Test(schema, a_table_that_goes_missing_is_told_of)
{
    char *database_url = database_create();
    PGconn *database = database_connect(database_url);
    struct store *store = open_store(database_url, 1);
    await_told(store, "", TOLD_AGAIN_MS);
    free(database_query(database, "ALTER TABLE idempotency RENAME TO hidden"));
    await_told(store, "table idempotency is missing", TOLD_MS);
    free(database_query(database, "ALTER TABLE hidden RENAME TO idempotency"));
    await_told(store, "", TOLD_AGAIN_MS);
    expect_end(begin_create(store, "a", 10000), STATUS_OK);
    postgres_close(store);
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, a_right_that_is_missing_is_told_of)
{
    char *database_url = database_create(), *url = database_service_url(database_url), error[1024] = "";
    PGconn *database = database_connect(database_url);
    free(database_query(database, "REVOKE USAGE ON SCHEMA sqitch FROM orders_service"));
    cr_assert_null(
        postgres_open(&(struct postgres_options){.database_url = url, .workers = 1}, error, sizeof error));
    cr_assert_not_null(strstr(error, "permission denied for schema sqitch"), "%s", error);
    free(database_query(database, "GRANT USAGE ON SCHEMA sqitch TO orders_service"));
    struct store *store = open_store(url, 1);
    await_told(store, "", TOLD_AGAIN_MS);
    expect_end(begin_create(store, "a", 10000), STATUS_OK);
    free(database_query(database, "REVOKE UPDATE (status) ON orders FROM orders_service"));
    await_told(store, "no right to UPDATE on table orders", TOLD_MS);
    free(database_query(database, "GRANT UPDATE (status) ON orders TO orders_service"));
    await_told(store, "", TOLD_AGAIN_MS);
    free(database_query(database, "REVOKE SELECT ON api_keys FROM orders_service"));
    await_told(store, "no right to SELECT on table api_keys", TOLD_MS);
    free(database_query(database, "GRANT SELECT ON api_keys TO orders_service"));
    await_told(store, "", TOLD_AGAIN_MS);
    free(
        database_query(database, "REVOKE EXECUTE ON FUNCTION order_rollup_fold FROM PUBLIC, orders_service"));
    await_told(store, "no right to EXECUTE function order_rollup_fold", TOLD_MS);
    free(database_query(database, "GRANT EXECUTE ON FUNCTION order_rollup_fold TO orders_service"));
    await_told(store, "", TOLD_AGAIN_MS);
    postgres_close(store);
    free(url);
    PQfinish(database);
    database_drop(database_url);
}

/* Calls are refused rather than answered as if there were no orders. */
Test(schema, row_level_security_is_told_of)
{
    static const char *const tables[] = {"orders", "idempotency", "order_rollup", "order_rollup_versions",
                                         "api_keys"};
    char *database_url = database_create(), *url = database_service_url(database_url), sql[256], told[128];
    PGconn *database = database_connect(database_url);
    struct store *store = open_store(url, 1);
    expect_end(begin_create(store, "a", 10000), STATUS_OK);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(sql, sizeof sql, "ALTER TABLE %s ENABLE ROW LEVEL SECURITY", tables[i]);
        snprintf(told, sizeof told, "row level security is on for table %s", tables[i]);
        free(database_query(database, sql));
        await_told(store, told, TOLD_MS);
        snprintf(sql, sizeof sql, "ALTER TABLE %s DISABLE ROW LEVEL SECURITY", tables[i]);
        free(database_query(database, sql));
        await_told(store, "", TOLD_AGAIN_MS);
    }
    expect_end(begin_get(store, "a", 10000), STATUS_OK);
    postgres_close(store);
    free(url);
    PQfinish(database);
    database_drop(database_url);
}

/* ONLY such a table is an empty one. */
Test(schema, a_table_that_is_partitioned_is_told_of)
{
    static const char *const tables[][2] = {{"orders", "order_id"},
                                            {"idempotency", "request_id"},
                                            {"order_rollup", "day"},
                                            {"order_rollup_versions", "slot"},
                                            {"api_keys", "id"}};
    char *database_url = database_create(), sql[256], wanted[64];
    PGconn *database = database_connect(database_url);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(sql, sizeof sql,
                 "BEGIN; ALTER TABLE %1$s RENAME TO whole; CREATE TABLE %1$s (LIKE whole) PARTITION BY HASH "
                 "(%2$s)",
                 tables[i][0], tables[i][1]);
        free(database_query(database, sql));
        snprintf(wanted, sizeof wanted, "table %s is partitioned", tables[i][0]);
        char *lacked = ask_access(database, "lacks");
        cr_expect_str_eq(lacked, wanted, "%s", lacked);
        free(lacked);
        free(database_query(database, "ROLLBACK"));
    }
    PQfinish(database);
    database_drop(database_url);
}

/* Calls go on: whatever has no value fails alone. */
Test(schema, a_column_that_may_be_null_is_told_of)
{
    static const char *const columns[] = {"order_date", "created_at", "updated_at"};
    char *database_url = database_create(), sql[128], wanted[64];
    PGconn *database = database_connect(database_url);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        snprintf(sql, sizeof sql, "BEGIN; ALTER TABLE orders ALTER %s DROP NOT NULL", columns[i]);
        free(database_query(database, sql));
        snprintf(wanted, sizeof wanted, "column %s of table orders may be NULL", columns[i]);
        char *degraded = ask_access(database, "degraded");
        cr_expect_str_eq(degraded, wanted, "%s", degraded);
        free(degraded);
        free(database_query(database, "ROLLBACK"));
    }
    PQfinish(database);
    database_drop(database_url);
}

/* Whoever may make a schema of the name of the service's role has it searched before ours. */
/* One by which two rows can be alike, if only until the commit, is none. */
Test(schema, a_unique_index_that_is_missing_is_told_of)
{
    static const struct {
        const char *change, *column, *told;
    } ways[] = {
        {"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey", "lacks",
         "table idempotency has no unique index idempotency_pkey on (part, principal, request_id)"},
        {"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey, "
         "ADD CONSTRAINT idempotency_pkey PRIMARY KEY (principal, request_id, part) DEFERRABLE",
         "lacks", "table idempotency has no unique index idempotency_pkey on (part, principal, request_id)"},
        {"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey; "
         "CREATE UNIQUE INDEX idempotency_pkey ON idempotency (principal, request_id, part) WHERE code = 0",
         "lacks", "table idempotency has no unique index idempotency_pkey on (part, principal, request_id)"},
        {"ALTER TABLE idempotency RENAME CONSTRAINT idempotency_pkey TO other", "lacks",
         "table idempotency has no unique index idempotency_pkey on (part, principal, request_id)"},
        {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idempotency_pkey'::regclass", "lacks",
         "table idempotency has no unique index idempotency_pkey on (part, principal, request_id)"},
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
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        free(database_query(database, "BEGIN"));
        free(database_query(database, ways[i].change));
        char *told = ask_access(database, ways[i].column);
        cr_expect_str_eq(told, ways[i].told, "%s: %s", ways[i].change, told);
        free(told);
        free(database_query(database, "ROLLBACK"));
    }
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, a_schema_that_comes_first_is_not_taken_for_ours)
{
    char *database_url = database_create(), *url = database_service_url(database_url);
    PGconn *database = database_connect(database_url);
    free(database_query(database,
                        "CREATE ROLE stranger; CREATE SCHEMA orders_service AUTHORIZATION stranger; "
                        "SET ROLE stranger; GRANT USAGE ON SCHEMA orders_service TO orders_service"));
    free(database_query(database, "RESET ROLE; GRANT SELECT ON orders, idempotency, order_rollup, api_keys "
                                  "TO stranger; SET ROLE stranger"));
    static const char *const tables[] = {"orders", "idempotency", "order_rollup", "api_keys"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "CREATE TABLE orders_service.%1$s (LIKE public.%1$s INCLUDING ALL); "
                 "GRANT ALL ON orders_service.%1$s TO orders_service",
                 tables[i]);
        free(database_query(database, sql));
    }
    free(database_query(database, "RESET ROLE"));
    struct store *store = open_store(url, 1);
    await_told(store, "", TOLD_AGAIN_MS);
    expect_end(begin_create(store, "a", 10000), STATUS_OK);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM public.orders"), 1);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM public.idempotency"), 1);
    cr_expect_eq(database_number(database, "SELECT sum(orders) FROM public.order_rollup"), 1);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM orders_service.orders"), 0);
    postgres_close(store);
    free(database_query(database, "DROP OWNED BY stranger; DROP ROLE stranger"));
    free(url);
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, a_table_of_a_strangers_is_told_of)
{
    static const char *const tables[] = {"orders", "idempotency", "order_rollup", "api_keys"};
    char *database_url = database_create(), sql[128], wanted[96];
    PGconn *database = database_connect(database_url);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(sql, sizeof sql, "BEGIN; CREATE ROLE stranger; ALTER TABLE %s OWNER TO stranger", tables[i]);
        free(database_query(database, sql));
        snprintf(wanted, sizeof wanted, "table %s is not of the role that migrated the database", tables[i]);
        char *lacked = ask_access(database, "lacks");
        cr_expect_str_eq(lacked, wanted, "%s", lacked);
        free(lacked);
        free(database_query(database, "ROLLBACK"));
    }
    PQfinish(database);
    database_drop(database_url);
}

/* As all are that were restored without their privileges. */
Test(schema, a_function_that_anybody_may_execute_is_told_of)
{
    char *database_url = database_create();
    PGconn *database = database_connect(database_url);
    free(database_query(database, "GRANT EXECUTE ON FUNCTION order_rollup_insert() TO PUBLIC"));
    char *degraded = ask_access(database, "degraded");
    cr_expect_str_eq(degraded,
                     "anybody may execute function order_rollup_insert(): REVOKE EXECUTE ON FUNCTION "
                     "order_rollup_insert() FROM PUBLIC",
                     "%s", degraded);
    free(degraded);
    PQfinish(database);
    database_drop(database_url);
}

/* As databases are that come from PostgreSQL 14 and before. */
Test(schema, a_schema_that_anybody_may_write_is_told_of)
{
    char *database_url = database_create();
    PGconn *database = database_connect(database_url);
    free(database_query(database, "GRANT CREATE ON SCHEMA public TO PUBLIC"));
    char *degraded = ask_access(database, "degraded");
    cr_expect_str_eq(degraded,
                     "anybody may make objects in schema public: REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                     "%s", degraded);
    free(degraded);
    PQfinish(database);
    database_drop(database_url);
}

Test(schema, a_table_that_does_not_outlive_a_crash_is_told_of)
{
    static const char *const tables[] = {"orders", "idempotency", "order_rollup", "order_rollup_versions",
                                         "api_keys"};
    char *database_url = database_create(), sql[128], wanted[96];
    PGconn *database = database_connect(database_url);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(sql, sizeof sql, "BEGIN; ALTER TABLE %s SET UNLOGGED", tables[i]);
        free(database_query(database, sql));
        snprintf(wanted, sizeof wanted, "table %s is unlogged: a crash of the database empties it",
                 tables[i]);
        char *degraded = ask_access(database, "degraded");
        cr_expect_str_eq(degraded, wanted, "%s", degraded);
        free(degraded);
        free(database_query(database, "ROLLBACK"));
    }
    PQfinish(database);
    database_drop(database_url);
}

/* Of such a database not every text can be answered, or stored. */
Test(schema, a_database_of_another_encoding_will_not_do)
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

/* As pg_restore --disable-triggers does; and what tools/migrate --recount does then. Calls go on. */
Test(schema, triggers_that_are_disabled_are_told_of)
{
    static const char *const tables[] = {"orders", "order_rollup", "order_rollup_versions"};
    static const char *const first[] = {"order_rollup_begin_statement", "order_rollup_leave_out",
                                        "order_rollup_leave_out"};
    char *database_url = database_create(), *url = database_service_url(database_url), sql[256], told[160];
    PGconn *database = database_connect(database_url);
    struct store *store = open_store(url, 1);
    await_told(store, "", TOLD_AGAIN_MS);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(sql, sizeof sql, "ALTER TABLE %s DISABLE TRIGGER ALL", tables[i]);
        snprintf(told, sizeof told, "trigger %s of table %s is disabled: tools/migrate --recount", first[i],
                 tables[i]);
        free(database_query(database, sql));
        await_told(store, told, TOLD_MS);
        expect_end(begin_create(store, tables[i], 10000), STATUS_OK);
        snprintf(sql, sizeof sql, "ALTER TABLE %s ENABLE TRIGGER ALL", tables[i]);
        snprintf(told, sizeof told,
                 "trigger %s of table %s is disabled in replica sessions: tools/migrate --recount", first[i],
                 tables[i]);
        free(database_query(database, sql));
        await_told(store, told, TOLD_MS);
        free(database_query(database, "SELECT order_rollup_arm()"));
        await_told(store, "", TOLD_MS);
    }
    postgres_close(store);
    free(url);
    PQfinish(database);
    database_drop(database_url);
}

/* Each of them, so that one that a later migration brings is told of too; and each way to lose it. */
Test(schema, each_trigger_of_ours_that_is_disabled_is_told_of)
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

/* Of whatever a role may lack, readiness and the file of grants know the same. */
Test(schema, every_right_that_is_granted_is_told_of_and_no_other)
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
Test(schema, a_role_with_the_grants_may_do_no_more_than_serve)
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
Test(schema, a_role_cannot_put_a_rollup_of_its_own_in_the_place_of_ours)
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
