/* schema.h: checks that the database has the schema this program was built for. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* Asks for the last change that Sqitch deployed. */
extern const char schema_sql[];

/* Asks what a session can do, in one row:
 * - is_standby, is_read_only: whether the server takes no writes, and why;
 * - lacks: a table, a function or a right that is missing, or a table whose rows are hidden or are others',
 * in a few words for anybody; or the unique index by which a request is answered once; or null;
 * - pid: which process answers;
 * - degraded: a schema in which anybody may make what our statements would find, or a function that runs as
 * its owner and that anybody may execute; a trigger of ours that is missing or does not run where it is to,
 * likewise: what is written then is not counted, or keeps its etag. Or a table that inherits from orders: a
 * statement of others that changes both fires our triggers with the rows of both, which cannot tell them
 * apart. Or a unique index of ids that is missing, by which lists are walked and orders told apart. */
extern const char schema_access_sql[];

enum { SCHEMA_NAME = 128 }; /* room for a change's name, which is cut there, and its NUL */

/* Whether SCHEMA_SQL's result is right, and which change it names; "nothing" when none. */
bool schema_check(const PGresult *result, char deployed[static SCHEMA_NAME]);

/* Why a database at that change cannot be used, in a few words for anybody. */
void schema_explain(const char *deployed, char *why, size_t why_size);

/* The same for who starts the program: which setting it is about, and which command repairs it. */
void schema_advise(const char *deployed, char *why, size_t why_size);

#endif
