/* listen.h: the socket that HTTP clients connect to. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/own_peer.h"
#include "tls/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Listens on a host's port, 0 for any, and says which in *port. -1: `error` says why, and errno is EADDRINUSE
 * if that is another process that listens there. */
int listen_open(const char *host, uint16_t *port, char *error, size_t error_size);

/* Sends a request to the socket's own address, by TLS if there is a server of it, and waits for the begin of
 * an HTTP answer, whatever its status. Whoever takes the connection knows it by `self`. False: `why` says
 * what went wrong; see own_peer_failed. It takes the time at most. */
bool listen_answers(int fd, const char *request, struct own_peer *self, struct tls_server *tls,
                    unsigned timeout_ms, char *why, size_t why_size);

#endif
