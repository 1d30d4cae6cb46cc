/* addresses.h: where an RPC server listens, and who has connected there. What address.h
 * says of one is here too.
 */
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

/* Listens. What has come of frames that are not whole takes no more than unfinished_bytes of memory. False:
 * as rpc_server_start; the addresses are to be freed all the same. */
bool addresses_open(struct addresses *addresses, nng_socket socket, const char *const urls[],
                    size_t unfinished_bytes, char *error, size_t error_size);

/* Once nobody can connect, nor is asked for a connection. */
void addresses_free(struct addresses *addresses);

/* The i-th; NULL: there are no more. */
struct rpc_address *addresses_get(const struct addresses *addresses, size_t i);

/* What a new connection is: a client's, or the one by which this process asks itself whether it serves. */
enum connection_kind addresses_classify(const struct addresses *addresses, nng_pipe pipe);

/* Refuses who connects from now on; connections stay. False: not everywhere. */
bool addresses_stop_listening(const struct addresses *addresses);

#endif
