/* listening.h: how an nng listener stops listening while the connections that came by it stay. */
#ifndef RPC_LISTENING_H
#define RPC_LISTENING_H

#include <nng/nng.h>
#include <stdbool.h>
#include <sys/socket.h>

/* nng's address on tcp or ipc as the system has it. Its size; 0: it is of another kind. */
socklen_t listening_convert(const nng_sockaddr *from, struct sockaddr_storage *to);

/* Closes the socket of a listener on tcp or ipc: who connects from now on is refused. The listener itself is
 * not to be closed after that. False: the socket was not found. */
bool listening_stop(nng_listener listener);

#endif
