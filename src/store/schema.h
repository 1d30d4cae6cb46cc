/* schema.h: whether the database has the schema this program was built for. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* Asks for the last change that Sqitch deployed. */
#define SCHEMA_SQL \
    "SELECT change FROM sqitch.changes WHERE project = 'orders' ORDER BY committed_at DESC LIMIT 1"

/* Whether SCHEMA_SQL's result is right. If not, `why` says what is there, what is wanted, and which command
 * brings it there. */
bool schema_check(const PGresult *result, char *why, size_t why_size);

#endif
