/* schema.h: whether the database has the schema this program was built for. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* Asks for the last change that Sqitch deployed. */
#define SCHEMA_SQL \
    "SELECT change FROM sqitch.changes WHERE project = 'orders' ORDER BY committed_at DESC LIMIT 1"

enum { SCHEMA_NAME = 128 }; /* room for a change's name, which is cut there, and its NUL */

/* Whether SCHEMA_SQL's result is right, and which change it names; "nothing" when none. */
bool schema_check(const PGresult *result, char deployed[static SCHEMA_NAME]);

/* Why a database at that change cannot be used, in a few words for anybody. */
void schema_explain(const char *deployed, char *why, size_t why_size);

/* The same for who starts the program: which setting it is about, and which command mends it. */
void schema_advise(const char *deployed, char *why, size_t why_size);

#endif
