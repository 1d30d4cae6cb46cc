/* connections.h: the connections of an RPC server, and which of them is to be closed.
 *
 * Bounds what call/admission.h does not: the number of replies that peers have yet to take, the number of
 * connections, and how long one may be idle. A connection is a caller. When there are too many replies, the
 * connection that has taken none for longest is closed.
 *
 * Connections are named by nng's pipe ids. Safe from any thread.
 */
#ifndef RPC_CONNECTIONS_H
#define RPC_CONNECTIONS_H

#include "base/metrics.h"
#include "call/admission.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connections;

struct connections_limits {
    unsigned unsent;             /* replies not yet taken, of all connections */
    struct admission *admission; /* that counts what the calls and replies of each take */
    struct budget *memory;       /* its */
    unsigned connections; /* past it, the connection that has been idle longest is closed, or else the one
                             that has taken no reply for longest */
    uint64_t idle_ns;     /* idle timeout of a connection that waits for no answer */
};

/* Where it is shown what there is; each may be NULL. */
struct connections_gauges {
    struct metric *unsent, *connections;
};

/* NULL: out of memory. */
struct connections *connections_new(const struct connections_limits *limits,
                                    struct connections_gauges gauges);
void connections_free(struct connections *connections);

enum connection_kind {
    CONNECTION_CLIENT,
    CONNECTION_PROBE, /* a probe of this process itself: outside the limit, and not counted */
};

/* Adds a new connection. Returns the one that is to be closed for it, perhaps itself, or 0. */
uint32_t connections_add(struct connections *connections, uint32_t id, enum connection_kind kind,
                         uint64_t now_ns);
void connections_remove(struct connections *connections, uint32_t id);

/* Sets a connection's address, for the log; before its first call. */
void connections_set_address(struct connections *connections, uint32_t id, const char *address);

/* Sets the subject of a connection's verified certificate, when that expires, in seconds since 1970, and the
 * authority that vouches for it; before its first call. */
void connections_set_subject(struct connections *connections, uint32_t id, const char *subject,
                             int64_t not_after, uint32_t authority);

/* A call came in, and is in hand until connections_answer. Returns its caller, who stays until
 * connections_leave; NULL: its connection was closed behind it. */
struct caller *connections_enter(struct connections *connections, uint32_t id);

/* How a call was authenticated. */
enum connections_access {
    CONNECTIONS_BY_KEY,
    CONNECTIONS_BY_FORWARDER, /* through a front end whose own key is valid, whatever its caller presented */
    CONNECTIONS_BY_ALL,       /* it needs no key, as health checks: rate-limited for each connection */
    CONNECTIONS_BY_NONE,      /* its caller has no key, or a wrong one */
    CONNECTIONS_NO_CALL,      /* it is no request frame: the connection is closed at once */
};

/* A call was answered: now its reply is to be taken, until connections_leave. Returns the connection that is
 * to be closed for it, or 0: when there are too many replies, the one that has taken none for longest; when
 * memory is wanted, by others of the budget too, the one of those that hold some, and only if it has taken
 * none for some time.
 */
uint32_t connections_answer(struct connections *connections, uint32_t id, enum connections_access access,
                            uint64_t now_ns);

/* When others want memory, HTTP say: the connection that is to be closed for it, as connections_answer has
 * it, or 0. To be asked now and then. */
uint32_t connections_make_room(struct connections *connections, uint64_t now_ns);

/* A reply was taken, or given up. True: the connection is to be closed: since its last call with a valid key
 * it has made several calls without one, or too many that need none, and it has now taken all replies. */
bool connections_leave(struct connections *connections, uint32_t id, uint64_t now_ns);

/* A call will not be answered, as it came while the server drains: its connection is to be closed. */
void connections_abandon(struct connections *connections, uint32_t id, uint64_t now_ns);

/* Removes those that are past the idle timeout, for the caller to close. Returns how many, at most `most`. */
size_t connections_take_idle(struct connections *connections, uint64_t now_ns, uint32_t ids[], size_t most);

/* From now on connections_take_idle takes a connection as soon as its last call was answered, and a moment
 * for the answer to arrive has passed; and one with calls in hand a second after it has asked for more, in
 * vain, or has taken its last reply while there are others. */
void connections_drain(struct connections *connections);

/* Waits until no call is in hand and no reply to be taken, once it drains. False: some still are, after
 * timeout_ms. */
bool connections_await_idle(struct connections *connections, uint32_t timeout_ms);

#endif
