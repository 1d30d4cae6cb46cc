/* fixture.c: Criterion runs each test in a process of its own, which these globals are of. */
#include "fixture.h"

#include <stdlib.h>

struct service *service;
PGconn *database;

void fixture_set_up(void)
{
    service = service_start(NULL);
}

void fixture_set_up_with_database(void)
{
    fixture_set_up();
    database = database_connect(service->database_url);
}

const char *fixture_stored(const char *of)
{
    char *text = database_query(database, format("SELECT string_agg(%s, ' ' ORDER BY id) FROM orders", of));
    const char *kept = format("%s", text);
    free(text);
    return kept;
}

void fixture_tear_down(void)
{
    PQfinish(database);
    if (service != NULL)
        service_stop_clean(service);
    test_end();
}
