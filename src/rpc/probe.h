/* probe.h: whether a server answers at one of its addresses, asked as a client asks: it connects, greets, and
 * asks rpc.v1.Health.
 *
 * By hand and on a socket of its own, as nng in this very process may be what does not answer.
 */
#ifndef RPC_PROBE_H
#define RPC_PROBE_H

#include "base/own_peer.h"
#include "tls/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Waits for an answer, whatever it says: a server that cannot serve since its database is away is not
 * helped by starting it anew. It takes timeout_ms at most. For what is returned and written when it
 * cannot be asked, see own_peer_failed. Whoever takes the connection knows it by
 * `self`, or over ipc by the process. Over TLS, if there is a server of it. */
bool probe_answers(const struct sockaddr_storage *address, socklen_t size, struct own_peer *self,
                   struct tls_server *tls, unsigned timeout_ms, char *why, size_t why_size);

#endif
