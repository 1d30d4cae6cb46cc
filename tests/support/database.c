/* database.c: CREATE DATABASE … TEMPLATE is a copy of files: far quicker than migrating anew. */
#include "support/database.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *url_of(const char *database)
{
    const char *host = getenv("TEST_PGHOST"), *user = getenv("TEST_PGUSER");
    cr_assert(host != NULL && user != NULL, "run this through tests/support/with-postgres");
    char *url = NULL;
    cr_assert(asprintf(&url, "host=%s user=%s dbname=%s", host, user, database) > 0);
    return url;
}

char *database_service_url(const char *url)
{
    const char *database = strstr(url, " dbname=");
    cr_assert_not_null(database);
    char *service_url = NULL;
    cr_assert(asprintf(&service_url, "host=%s user=orders_service%s", getenv("TEST_PGHOST"), database) > 0);
    return service_url;
}

PGconn *database_connect(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    cr_assert_eq(PQstatus(connection), CONNECTION_OK, "%s", PQerrorMessage(connection));
    return connection;
}

char *database_query(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql,
              PQerrorMessage(connection));
    char *value = strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

/* Runs SQL in the maintenance database. Two copies of one template cannot be made at once, so they queue for
 * a lock. */
static void maintain(const char *format, const char *database)
{
    char sql[256];
    char *url = url_of("postgres");
    PGconn *connection = database_connect(url);
    snprintf(sql, sizeof sql, format, database);
    free(database_query(connection, "SELECT pg_advisory_lock(1)"));
    free(database_query(connection, sql));
    PQfinish(connection);
    free(url);
}

char *database_create(void)
{
    static atomic_uint made;
    char name[64];
    snprintf(name, sizeof name, "test_%d_%u", (int)getpid(), atomic_fetch_add(&made, 1));
    maintain("CREATE DATABASE %s TEMPLATE orders_template", name);
    return url_of(name);
}

void database_drop(char *url)
{
    maintain("DROP DATABASE IF EXISTS %s WITH (FORCE)", strrchr(url, '=') + 1);
    free(url);
}

long database_number(PGconn *connection, const char *sql)
{
    char *text = database_query(connection, sql);
    long number = atol(text);
    free(text);
    return number;
}

long database_blocked(PGconn *connection)
{
    return database_number(connection,
                           "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                           "wait_event_type = 'Lock' AND query NOT LIKE '%order_rollup_fold%'");
}
