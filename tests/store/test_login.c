/* test_login.c: a server that is there and lets nobody in is not out of reach: callers, readiness and the log
 * are told what it says. */
#include "store_calls.h"
#include "support/cluster.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *url, *service_url;
static PGconn *database;

static void set_up(void)
{
    url = database_create();
    database = database_connect(url);
    service_url = database_service_url(url);
}

static void tear_down(void)
{
    PQfinish(database);
    database_drop(url);
    free(service_url);
}

TestSuite(login, .init = set_up, .fini = tear_down, .timeout = 180);

/* What a get is answered. One that was under way when its session ended is told that, and not what came then.
 */
static void expect_answer(struct store *store, const char *answer)
{
    bool went_away;
    do {
        struct pending *pending = begin_get(store, "nobody", 30000);
        cr_expect_eq(pending_wait(pending), STATUS_UNAVAILABLE);
        const char *message = pending->call.status.message;
        went_away = strcmp(message, "The database went away") == 0;
        cr_expect(went_away || strcmp(message, answer) == 0, "%s", message);
        pending_free(pending);
    } while (went_away);
}

/* What is told of a store that cannot begin to serve. */
static void expect_told(const char *database_url, const char *told, const char *answer)
{
    char why[160];
    struct store *store = open_store(database_url, 1);
    cr_expect_not(postgres_ready(store, why, sizeof why));
    cr_expect_str_eq(why, told);
    expect_answer(store, answer);
    postgres_close(store);
}

/* Runs a statement in which %s is the database. */
static void alter(const char *format)
{
    char sql[256], other[256];
    snprintf(other, sizeof other, "host=%s user=%s dbname=postgres", PQhost(database), PQuser(database));
    PGconn *server = database_connect(other); /* of itself a database refuses nobody */
    /* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): a constant of this file */
    snprintf(sql, sizeof sql, format, PQdb(database));
    free(database_query(server, sql));
    PQfinish(server);
}

Test(login, a_role_that_is_none_is_refused)
{
    char other[1024];
    snprintf(other, sizeof other, "host=%s user=nobody dbname=%s", PQhost(database), PQdb(database));
    expect_told(other, "database refuses the login", "The database refuses the service's login");
}

Test(login, a_database_that_is_none_does_not_exist)
{
    char other[1024];
    snprintf(other, sizeof other, "host=%s user=%s dbname=nowhere", PQhost(database), PQuser(database));
    expect_told(other, "database does not exist", "The database does not exist");
}

Test(login, what_the_database_says_is_told)
{
    static const struct {
        const char *sql, *told, *answer;
    } cases[] = {
        {"ALTER DATABASE \"%s\" CONNECTION LIMIT 0", "database has no connection left",
         "The database has no connection left"},
        {"REVOKE CONNECT ON DATABASE \"%s\" FROM PUBLIC", "database refuses the login",
         "The database refuses the service's login"},
        {"ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", "database cannot serve: SQLSTATE 55000",
         "The database cannot serve at present"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        alter(cases[i].sql);
        expect_told(service_url, cases[i].told, cases[i].answer);
    }
}

/* It is let in again once it may. */
Test(login, it_may_be_refused_for_a_time)
{
    struct store *store = open_store(service_url, 1);
    await_told(store, "", TOLD_AGAIN_MS);
    alter("ALTER DATABASE \"%s\" CONNECTION LIMIT 0");
    free(database_query(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                  "WHERE application_name = 'ordersd' AND datname = current_database()"));
    await_told(store, "database has no connection left", 30000);
    expect_answer(store, "The database has no connection left");
    alter("ALTER DATABASE \"%s\" CONNECTION LIMIT -1");
    await_told(store, "", 30000);
    postgres_close(store);
}

/* A password that is wrong, and one that there is none of, which no SQLSTATE tells. */
Test(login, a_password_that_is_not_taken_is_a_refused_login)
{
    struct cluster cluster;
    char hba[128], with_password[512];
    cluster_create(&cluster);
    PGconn *superuser = database_connect(cluster.database_url);
    free(database_query(superuser, "CREATE ROLE sealed LOGIN PASSWORD 'right'"));
    PQfinish(superuser);
    cluster_stop(&cluster, "fast");
    snprintf(hba, sizeof hba, "%s/data/pg_hba.conf", cluster.directory);
    FILE *file = fopen(hba, "we");
    cr_assert_not_null(file, "%s: %m", hba);
    fputs("local all sealed scram-sha-256\nlocal all all trust\n", file);
    cr_assert_eq(fclose(file), 0);
    cluster_start(&cluster, "");
    snprintf(with_password, sizeof with_password, "host=%s user=sealed dbname=postgres password=wrong",
             cluster.host);
    expect_told(with_password, "database refuses the login", "The database refuses the service's login");
    *strstr(with_password, " password=") = '\0';
    expect_told(with_password, "database refuses the login", "The database refuses the service's login");
    cluster_destroy(&cluster);
}
