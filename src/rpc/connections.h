/* connections.h: who is connected, and which connection is to go.
 *
 * Bounds what peers can ask of this process beyond what call/admission.h bounds: replies that their peers
 * have yet to take by number, connections by number, and how long one may be silent. A connection stands for
 * a caller. When there is no room left for replies, the connection that has taken none for longest is to go.
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
    unsigned
        connections;  /* past it, who has been silent longest is to go, or has taken no reply for longest */
    uint64_t idle_ns; /* how long one that waits for no answer may be silent */
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
    CONNECTION_PROBE, /* by which this process asks itself: none of the limit, and not shown */
};

/* One was made. Returns the one that is to be closed for it, itself perhaps, or 0. */
uint32_t connections_add(struct connections *connections, uint32_t id, enum connection_kind kind,
                         uint64_t now_ns);
void connections_remove(struct connections *connections, uint32_t id);

/* Where one that was made comes from, for the log; before its first call. */
void connections_set_address(struct connections *connections, uint32_t id, const char *address);

/* The subject of the certificate by which it has proven who it is, and when that ends, in seconds since 1970;
 * before its first call. */
void connections_set_subject(struct connections *connections, uint32_t id, const char *subject,
                             int64_t not_after);

/* A call came in, and is in hand until connections_answer. Returns its caller, who stays until
 * connections_leave; NULL: its connection was closed behind it. */
struct caller *connections_enter(struct connections *connections, uint32_t id);

/* By what a call was made. */
enum connections_access {
    CONNECTIONS_BY_KEY,
    CONNECTIONS_BY_FORWARDER, /* whatever of its caller's: by a front end whose own key holds */
    CONNECTIONS_BY_ALL,  /* it wants no key, as what is asked by health checks: some a second may be made */
    CONNECTIONS_BY_NONE, /* its caller has no key, or a wrong one */
    CONNECTIONS_NO_CALL, /* its caller speaks another protocol: once is enough */
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

/* Its reply was taken, or given up. True: its connection is to be closed, as it has asked a few times, since
 * it last showed a key, for what it may not, or not as often; and has taken all replies. Whoever may not call
 * has to come again to ask for more. */
bool connections_leave(struct connections *connections, uint32_t id, uint64_t now_ns);

/* It was not answered, and will not be, as it came when the others were to end: its connection is to be
 * closed. */
void connections_abandon(struct connections *connections, uint32_t id, uint64_t now_ns);

/* Takes those that were silent too long, to be closed. Returns how many, at most `most`. */
size_t connections_take_idle(struct connections *connections, uint64_t now_ns, uint32_t ids[], size_t most);

/* From now on connections_take_idle takes a connection as soon as its last call was answered, and a moment
 * for the answer to arrive has passed; and one with calls in hand a second after it has asked for more, in
 * vain, or has taken its last reply while there are others. */
void connections_drain(struct connections *connections);

/* Waits until no call is in hand and no reply to be taken, once it drains. False: some still are, after
 * timeout_ms. */
bool connections_await_idle(struct connections *connections, uint32_t timeout_ms);

#endif
