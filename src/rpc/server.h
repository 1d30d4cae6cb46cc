/* server.h: an nng REP socket with many contexts; each takes a request to the call surface, and sends the
 * reply.
 *
 * Peers are bounded: a frame by FRAME_MAX_BYTES; calls in flight by the surface; connections by number, and
 * each by an idle timeout and by a timeout for reading its answers. While a connection has answers to read,
 * no further requests are read from it; see slots.c. nng itself closes a connection that has not greeted
 * within 10 s or whose frame makes no progress, and bounds the memory of incomplete frames: a quarter of the
 * memory, in addition.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "base/log.h"
#include "base/metrics.h"
#include "call/surface.h"
#include "rpc/address.h"
#include "tls/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_server;

struct rpc_server_options {
    const char *const *urls; /* NULL-terminated; port 0 lets the system choose */
    struct surface *surface; /* must outlive the server */
    struct log *log;
    struct metrics *metrics; /* NULL: nothing is counted */

    struct tls_server
        *tls; /* what addresses of TLS are served by; may be NULL, and must outlive the server */

    /* Of these, 0 is the default that ordersd(8) names.
     *
     * Past this number, the one that has been silent longest is closed, or else the one that has taken no
     * answer for longest. Those that have not greeted do not count, as nng tells of none before: each has
     * 10 s, and there are 128 of each address at most. */
    unsigned max_connections;
    unsigned idle_timeout_ms; /* a connection that waits for no answer is closed when it asks nothing */
    unsigned send_timeout_ms; /* and one that does not take its answers */
};

/* Listens and serves. NULL: `error` is one line that names the URL and what is wrong with it, and errno is
 * EADDRINUSE if that is another process that listens there, else EINVAL, ENOMEM, EMFILE, or ENOTSUP of an nng
 * without the patches of src/rpc/nng. */
struct rpc_server *rpc_server_start(const struct rpc_server_options *options, char *error, size_t error_size);

/* The URLs it listens on, comma-separated, with the real port where 0 was asked for. */
const char *rpc_server_urls(const struct rpc_server *server);

/* The i-th of those addresses; NULL: there are no more. */
struct rpc_address *rpc_server_address(struct rpc_server *server, size_t i);

/* A drained server is left to the end of its process and never closed: calls that took too long still use it.
 *
 * Graceful shutdown. Refuses new connections, answers the calls in flight, and takes no others but health
 * checks. Each connection is closed when it waits for no answer; a client sends a request that came later
 * again, to another server. A connection with calls in flight on which such a request came is closed after a
 * second: its calls go on, and sent again under their request_id they are answered by another server. Returns
 * true when no call is in flight, false after timeout_ms.
 */
bool rpc_server_drain(struct rpc_server *server, uint32_t timeout_ms);

#endif
