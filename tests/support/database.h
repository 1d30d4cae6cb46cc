/* database.h: databases for tests, each a copy of the migrated template in the cluster that with-postgres
 * started. */
#ifndef SUPPORT_DATABASE_H
#define SUPPORT_DATABASE_H

#include <libpq-fe.h>

/* Makes a database and returns its libpq URL, to be freed with database_drop. */
char *database_create(void);
void database_drop(char *url);

/* The same database for the role that the service has of its own, with the rights of migrations/grants.sql
 * and no others. Free it. */
char *database_service_url(const char *url);

/* Connects, or fails the test. */
PGconn *database_connect(const char *url);

/* Runs SQL, or fails the test. The result's first value as text, "" when there is none; free it. */
char *database_query(PGconn *connection, const char *sql);

/* The same, as a number. */
long database_number(PGconn *connection, const char *sql);

/* How many of its sessions wait for a lock, but for the service's upkeep. Other suites' databases are in the
 * same cluster. */
long database_blocked(PGconn *connection);

#endif
