/* session_verdict.h: checks the results of a new session's set-up statements: whether it can serve, and why
 * not.
 *
 * Each takes one statement's result. Unless it is SESSION_READY, the session's `reason` and `answer`
 * are set, and its `why`.
 */
#ifndef STORE_SESSION_VERDICT_H
#define STORE_SESSION_VERDICT_H

#include "store/session_state.h"

#include <libpq-fe.h>
#include <stdbool.h>

typedef enum session_result session_take(struct session *session, const PGresult *result);

/* Checks only that the statement did not fail. */
session_take session_take_nothing;

session_take session_take_schema;  /* which migrations are deployed */
session_take session_take_timeout; /* what any statement may take: sets `silence_ns` */

/* Which of the sessions that were left are still there. Those that are after they were ended once do not
 * end. */
session_take session_take_left;

/* Whether the server takes writes, and all tables, functions and rights are there: sets `checked_ns` and
 * `degraded`. */
session_take session_take_access;

/* Why a statement failed. */
session_take session_take_error;

/* Sets `reason` and `answer` to what is said of an outcome, and returns that. */
enum session_result session_refuse(struct session *session, enum session_result outcome);

/* Likewise by the SQLSTATE of what the server said, at the login or later; "": it said none. */
enum session_result session_refuse_by(struct session *session, const char *sqlstate);

/* The same of SESSION_SHARED, with `why`. */
enum session_result session_refuse_shared(struct session *session);

/* Whether a statement failed since a prepared one is there already, or not any more. What a function of the
 * database's says of its own statements, or of another database's, has a context. */
bool session_is_another(const PGresult *result);

#endif
