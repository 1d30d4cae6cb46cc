/* servers.h: which of a client's servers are connected, and which do not respond.
 *
 * nng gives each request to the next connection in turn, and does not say to which. So when an answer is
 * overdue all servers are to be asked for their health, which a server tells however busy it or its database
 * is. One that does not answer within as much time as that call has waited is unresponsive: its connection is
 * to be closed, what was sent by it is sent again, as with any that closes, and it is back when it greets
 * again. One that is only slow costs some probes.
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

/* An answer is overdue, to a call that gives a server so much time; 0: none is. Returns how many probes
 * are to be sent now. More follow, ever later, as each goes to a server of nng's choice: so this is to be
 * called often, until servers_take_unresponsive had something to say. */
size_t servers_overdue(struct servers *servers, uint64_t grace_ns, uint64_t now_ns);

/* Takes the connection of one that does not respond, to be closed. 0: all do, or it is not known yet.
 */
uint32_t servers_take_unresponsive(struct servers *servers, uint64_t now_ns);

#endif
