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

/* Probes the socket's own address: sends a request, over TLS unless `tls` is NULL, and waits for the
 * beginning of an HTTP answer, whatever its status, for timeout_ms at most. The listener recognizes the
 * connection by `self`. False: `why` says what went wrong; see own_peer_failed. */
bool listen_answers(int fd, const char *request, struct own_peer *self, struct tls_server *tls,
                    unsigned timeout_ms, char *why, size_t why_size);

#endif
