/* fixture.c: one of each, as Criterion runs every test in a process of its own. */
#include "fixture.h"

#include <stdlib.h>

char *database_url;
PGconn *database;
struct store *store;

void fixture_set_up(unsigned workers)
{
    database_url = database_create();
    database = database_connect(database_url);
    char *service_url = database_service_url(database_url);
    store = open_store(service_url, workers);
    free(service_url);
}

void fixture_tear_down(void)
{
    postgres_close(store);
    PQfinish(database);
    database_drop(database_url);
}

void await_blocked(long sessions)
{
    while (database_blocked(database) < sessions)
        free(database_query(database, "SELECT pg_sleep(0.005)"));
}
