/* listen.h: the socket that HTTP clients connect to. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/own_peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Listens on a host's port, 0 for any, and says which in *port. -1: `error` says why, and errno is EADDRINUSE
 * if that is another process that listens there. */
int listen_open(const char *host, uint16_t *port, char *error, size_t error_size);

/* Sends a few bytes to the socket's own address and waits until something comes back, or the connection is
 * closed. Whoever takes the connection knows it by `self`. False: nothing does within the time. */
bool listen_answers(int fd, const char *request, struct own_peer *self, unsigned timeout_ms);

#endif
