/* session.h: a session with PostgreSQL: one libpq connection in pipeline mode, with every statement of its
 * lane prepared.
 *
 * Used by one thread at a time. No function here waits longer than it says: libpq's blocking calls are made
 * on another thread (store/dial.h).
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "store/session_state.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the outcome is one that lasts, as a missing table or a refused login: to be reported until another
 * attempt is over. A server that is out of reach or failing may be back with the next attempt. */
bool session_is_unfit(enum session_result outcome);

/* Connects, checks the schema and prepares the statements; ends what a session that was left still does.
 * Unless it is SESSION_READY, `why`, `reason` and `answer` are set. An attempt that takes longer than
 * SESSION_ATTEMPT_MS is gone on with the next time; until then the outcome is the last one, where a server
 * refused, else SESSION_UNREACHABLE. */
enum session_result session_open(struct session *session);

/* Closes a session that has nothing under way, or ends an attempt. */
void session_close(struct session *session);

/* Closes a session that broke, or said nothing, with something under way: the next one ends it on the server,
 * too, so that it keeps no locks. */
void session_leave(struct session *session);

/* When, in milliseconds, the session is to be checked. */
int session_check_due_ms(const struct session *session);

/* Asks, if it is time to and nothing is under way, whether the session is still the same, whether the server
 * takes writes, where that matters, and whether all tables, functions and rights are there. False: the
 * session is of no use; `outcome`, `why` and `reason` are set. True: `degraded` may say what is wrong all the
 * same. */
bool session_check(struct session *session);

/* Why a connection that failed in use did, for the log. */
const char *session_error(const struct session *session);

/* The next result of the pipeline, the caller's to PQclear; NULL at the end of a statement's results. False:
 * the connection is broken, or nothing came for longer than any statement may take; or `outcome`, `why` and
 * `reason` are set: a pooler has put another session in the place of the one that was prepared, or a commit
 * was made that no standby may have. */
bool session_next(struct session *session, PGresult **result);

/* Reads what has come, but for notifications, which are only counted. False: the connection is broken. */
bool session_consume(struct session *session);

/* How many notifications came since this was last asked. Of what is in them nothing is kept: anybody in the
 * database may send some. */
unsigned session_take_notified(struct session *session);

/* Reads one statement's result and the sync behind it; the caller's. NULL: the connection broke, or was
 * silent for longer than any statement may take, or than so many milliseconds. */
PGresult *session_read(struct session *session);
PGresult *session_read_within(struct session *session, unsigned ms);

/* Prepares the statements anew, if need be and nothing is under way. False: as of session_check. */
bool session_refresh(struct session *session);

/* Sends what is queued in libpq, as far as it goes without waiting. False: the connection is broken. */
bool session_flush(struct session *session);

#endif
