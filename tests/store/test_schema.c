/* test_schema.c: a database that is not what the program was built for, or is not there. */
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

/* Whoever may make a schema of the name of the service's role has it searched before ours. */
Test(schema, a_schema_that_comes_first_is_not_taken_for_ours)
{
    char *database_url = database_create(), *url = database_service_url(database_url);
    PGconn *database = database_connect(database_url);
    free(database_query(database,
                        "CREATE ROLE stranger; CREATE SCHEMA orders_service AUTHORIZATION stranger; "
                        "SET ROLE stranger; GRANT USAGE ON SCHEMA orders_service TO orders_service"));
    free(database_query(database,
                        "CREATE FUNCTION orders_service.quote_ident(name) RETURNS text LANGUAGE sql AS "
                        "$$SELECT 'orders_service'$$; "
                        "CREATE FUNCTION orders_service.array_position(name[], name) RETURNS integer "
                        "LANGUAGE sql AS $$SELECT 1 / 0$$"));
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
