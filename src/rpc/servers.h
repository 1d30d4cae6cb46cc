/* servers.h: which of a client's servers are connected, and which do not respond.
 *
 * nng sends requests to the connections round robin, and does not say to which. So when an answer is overdue,
 * all servers are probed by health checks, which a server answers however busy it or its database is. A
 * server that answers none within the time that the overdue call has waited is unresponsive: its connection
 * is closed, its requests are sent again, as with any connection that closes, and it is used again once it
 * has greeted again. A server that is only slow costs some probes.
 *
 * A connection is named by nng's pipe id, which is never 0. Times are of CLOCK_MONOTONIC. Safe from any
 * thread.
 */
#ifndef RPC_SERVERS_H
#define RPC_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct servers;

/* NULL: no memory. */
struct servers *servers_new(size_t count);
void servers_free(struct servers *servers);

/* One was connected, or no longer is. */
void servers_add(struct servers *servers, uint32_t pipe, uint64_t now_ns);
void servers_remove(struct servers *servers, uint32_t pipe);
bool servers_any(struct servers *servers);

/* One answered. */
void servers_hear(struct servers *servers, uint32_t pipe, uint64_t now_ns);

/* The answer to a call is overdue after grace_ns; 0: none is. Returns how many probes are to be sent now. nng
 * chooses the server of each, so more are needed, at growing intervals: to be called often, until
 * servers_take_unresponsive returns one. */
size_t servers_overdue(struct servers *servers, uint64_t grace_ns, uint64_t now_ns);

/* Takes the connection of one that does not respond, to be closed. 0: all do, or it is not known yet.
 */
uint32_t servers_take_unresponsive(struct servers *servers, uint64_t now_ns);

#endif
