/* server.h: an nng REP socket with many contexts; each takes a request to the call surface, and sends the
 * reply.
 *
 * What a peer can do is bounded: a frame by FRAME_MAX_BYTES; calls in hand by the surface; connections by
 * number, and each by how long it may be silent or take to take an answer. One that has answers to take is
 * read from no further; see slots.c. nng itself closes one that has not greeted within 10 s, or whose frame
 * does not come on, and bounds what frames take that are not whole: a quarter of the memory in addition.
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
 * Refuses new connections. Answers the calls in hand and takes no others, but for
 * those that want no key (health). Closes each connection when it waits for no answer: a request that came
 * later its client then sends again, to another server. For such a one a connection with calls in hand is
 * closed after a second: they go on, and who sends them again under their request_id is answered elsewhere.
 * Returns when none is in hand, or false after timeout_ms. */
bool rpc_server_drain(struct rpc_server *server, uint32_t timeout_ms);

#endif
