/* dial.h: one attempt to connect, on a thread of its own.
 *
 * libpq blocks while it connects: in the system's resolver, in Kerberos or LDAP, in files. Only while it
 * blocks does it pass over a host that says nothing (connect_timeout), too. So it blocks on a thread of its
 * own. Who dials waits for an event, for as long as it likes, and may give up at any time; the thread then
 * ends when libpq returns, and closes the connection.
 *
 * A pooler that shares a session between transactions is detected here, by queries that change nothing: a
 * setting for this session would hold for other users of it.
 */
#ifndef STORE_DIAL_H
#define STORE_DIAL_H

#include "base/log.h"
#include "store/backend.h"
#include "store/lane.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

struct dial;

/* Begins to connect. The database URL is copied; the log is not used any more once the dial was taken or
 * given up. NULL: errno says why. */
struct dial *dial_start(const char *database_url, enum lane lane, struct log *log);

/* A descriptor that is readable once the attempt is over. */
int dial_event(const struct dial *dial);

/* Frees a dial that is over and says how it ended. SESSION_READY: the session is the caller's to PQfinish,
 * and `backend` its server process; none, where it is a pooler's, who may give it to others after us.
 * Else `why` is one line without secrets; and of SESSION_UNREACHABLE `sqlstate` is what the last server that
 * was there said instead of letting us in, "" where none was. */
enum session_result dial_take(struct dial *dial, PGconn **pg, struct backend *backend,
                              char sqlstate[static SESSION_SQLSTATE], char *why, size_t why_size);

/* Frees a dial, over or not. NULL does nothing. */
void dial_give_up(struct dial *dial);

/* Whether the thread of an attempt that was given up is still inside libpq. */
bool dial_is_left(void);

/* Whether a URL, with the environment, names no more than one host. A name may have several addresses. */
bool dial_has_one_host(const char *database_url);

/* Whether a lane may use a server. Of several hosts only the one that takes writes is used, also to read: a
 * read-only one may be a fenced former primary with old data. A single host that is set to read-only may be
 * read from; a standby may not, as it may lack acknowledged writes. */
bool dial_suits(const char *database_url, enum lane lane, bool is_standby, bool is_read_only);

/* Why one does not suit. */
void dial_explain_unsuited(bool is_standby, char *why, size_t why_size);

/* What is to be done about SESSION_SHARED, for who starts the program. */
extern const char dial_shared_session[];

/* libpq's words in one line, but for where in the server's source an error was raised; they name no password.
 */
void dial_explain(const char *words, char *why, size_t why_size);

#endif
