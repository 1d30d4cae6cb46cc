/* fixture.h: what a test of the store has: a database of its own, a session in it beside the store's, and the
 * store. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "store_calls.h"
#include "support/database.h"

#include <libpq-fe.h>

extern char *database_url;
extern PGconn *database;
extern struct store *store;

void fixture_set_up(unsigned workers);
void fixture_tear_down(void);

/* Waits until so many sessions of the database wait for a lock. */
void await_blocked(long sessions);

#endif
