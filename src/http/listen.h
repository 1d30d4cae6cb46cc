/* listen.h: the socket that HTTP clients connect to. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stddef.h>
#include <stdint.h>

/* Listens on a host's port, 0 for any, and says which in *port. -1: `error` says why. */
int listen_open(const char *host, uint16_t *port, char *error, size_t error_size);

/* Stops listening while the descriptor stays open for those who still hold it: it becomes that of nothing. */
void listen_stop(int fd);

#endif
