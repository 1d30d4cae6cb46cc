/* addresses.h: the addresses on which an RPC server listens, and the kind of a new connection. Implements
 * address.h. */
#ifndef RPC_ADDRESSES_H
#define RPC_ADDRESSES_H

#include "rpc/address.h"
#include "rpc/connections.h"

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADDRESSES_URLS_BYTES = 4096 };

struct addresses {
    struct tls_server *tls;   /* what addresses of TLS are served by; NULL: there are none. Set before */
    struct rpc_address *list; /* owned; set before anybody can connect */
    size_t n;
    char urls[ADDRESSES_URLS_BYTES]; /* comma-separated, with the real ports */
};

/* Listens. Frames that are still incomplete take no more than unfinished_bytes of memory, together. False: as
 * rpc_server_start; the addresses are to be freed all the same. */
bool addresses_open(struct addresses *addresses, nng_socket socket, const char *const urls[],
                    size_t unfinished_bytes, char *error, size_t error_size);

/* After the socket is closed and nobody classifies connections. */
void addresses_free(struct addresses *addresses);

/* The i-th; NULL: there are no more. */
struct rpc_address *addresses_get(const struct addresses *addresses, size_t i);

/* Whether a new connection is a client's, or a probe of this process itself. */
enum connection_kind addresses_classify(const struct addresses *addresses, nng_pipe pipe);

/* Refuses new connections; those that are open stay. False: not on every address. */
bool addresses_stop_listening(const struct addresses *addresses);

#endif
