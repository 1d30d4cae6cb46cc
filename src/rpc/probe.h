/* probe.h: whether a server answers at one of its addresses, asked as a client asks: it connects, greets, and
 * asks rpc.v1.Health.
 *
 * It implements the protocol itself on a plain socket, since nng in this process may be what does not
 * respond.
 */
#ifndef RPC_PROBE_H
#define RPC_PROBE_H

#include "base/own_peer.h"
#include "tls/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Waits for an answer, for timeout_ms at most. Any answer counts: restarting a server that lacks its database
 * would not help. See own_peer_failed for the result and text when it fails. The listener recognizes the
 * connection by `self`, or over ipc by the process. Over TLS unless `tls` is NULL. */
bool probe_answers(const struct sockaddr_storage *address, socklen_t size, struct own_peer *self,
                   struct tls_server *tls, unsigned timeout_ms, char *why, size_t why_size);

#endif
