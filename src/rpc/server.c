/* server.c: what comes and goes around the calls: connections, the sweep of silent ones, the start, and the
 * drain. */
#include "rpc/server.h"

#include "base/peer_address.h"
#include "base/time.h"
#include "rpc/addresses.h"
#include "rpc/connections.h"
#include "rpc/frame.h"
#include "rpc/listening.h"
#include "rpc/server_metrics.h"
#include "rpc/slots.h"
#include "rpc/tls_engine.h"

#include <errno.h>
#include <inttypes.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DEFAULT_MAX_CONNECTIONS = 10000,
    DEFAULT_IDLE_TIMEOUT_MS = 900000,
    DEFAULT_SEND_TIMEOUT_MS = 10000,
    /* Contexts beyond the bound of calls: some for callers who have few when it is reached, and the others,
     * which no caller's calls fill, refuse and answer health. */
    FURTHER_CONTEXTS = SURFACE_MOST_FURTHER_CALLS + SURFACE_FURTHER_CALLS,
    WAITING_REPLIES = 4, /* with which a connection is read from no further */
    SWEEPS = 10,         /* of silent connections, in the time that one may be silent */
    SWEEP_MOST_MS = 250, /* in which who takes no answers is seen to, too, when memory is wanted */
    SWEEP_IDS = 64,
    DRAIN_SWEEP_MS = 50,
    DISCARD_MS = 5000,
    RECEIVE_SLACK =
        1024, /* a frame that is too large by no more gets an answer, a larger one a closed pipe */
    REQUEST_NUMBER_BYTES = 4, /* before the frame; nng counts them */
    UNFINISHED_SHARE = 4,     /* of the memory: what frames that are not whole may take in addition */
};

struct rpc_server {
    nng_socket socket;
    struct log *log;
    struct server_metrics metrics;
    struct addresses addresses;
    struct connections *connections; /* owned */
    struct slots slots;
    nng_duration sweep_ms;
    nng_aio *sweeper; /* owned; wakes up to close connections that are silent for too long */
};

/* --- connections --- */

/* On a Unix socket, whose peer has no address, it is the user who runs it. */
static void note_address(struct rpc_server *server, nng_pipe pipe)
{
    nng_sockaddr from;
    struct sockaddr_storage address;
    uint64_t user;
    char text[PEER_ADDRESS_TEXT] = "";
    if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &from) == 0 && listening_convert(&from, &address) > 0)
        peer_address_write((const struct sockaddr *)&address, text);
    if (*text == '\0' && nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &user) == 0)
        snprintf(text, sizeof text, "uid:%" PRIu64, user);
    connections_set_address(server->connections, (uint32_t)nng_pipe_id(pipe), text);
}

static void note_holder(struct rpc_server *server, nng_pipe pipe)
{
    const struct tls_holder *holder = tls_engine_holder(pipe);
    if (holder != NULL && *holder->subject != '\0')
        connections_set_subject(server->connections, (uint32_t)nng_pipe_id(pipe), holder->subject,
                                holder->not_after, holder->authority);
}

static void on_pipe_added(struct rpc_server *server, nng_pipe pipe)
{
    const uint32_t id = (uint32_t)nng_pipe_id(pipe);
    const enum connection_kind kind = addresses_classify(&server->addresses, pipe);
    if (atomic_load(&server->slots.draining)) {
        /* It was greeting when the listeners were closed. */
        server_metrics_close(&server->metrics, id, SERVER_CLOSES_IDLE);
        return;
    }
    const uint32_t excess = connections_add(server->connections, id, kind, time_monotonic_ns());
    note_address(server, pipe);
    note_holder(server, pipe);
    if (excess != 0)
        server_metrics_close(&server->metrics, excess, SERVER_CLOSES_OVER_LIMIT);
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_server *server = arg;
    if (event == NNG_PIPE_EV_REM_POST)
        connections_remove(server->connections, (uint32_t)nng_pipe_id(pipe));
    else
        on_pipe_added(server, pipe);
}

static void close_idle(struct rpc_server *server)
{
    uint32_t ids[SWEEP_IDS];
    size_t n;
    do {
        n = connections_take_idle(server->connections, time_monotonic_ns(), ids, SWEEP_IDS);
        for (size_t i = 0; i < n; i++)
            server_metrics_close(&server->metrics, ids[i], SERVER_CLOSES_IDLE);
    } while (n == SWEEP_IDS);
}

static void server_sweep(void *arg)
{
    struct rpc_server *server = arg;
    if (nng_aio_result(server->sweeper) != 0)
        return;
    close_idle(server);
    const uint32_t holder = connections_make_room(server->connections, time_monotonic_ns());
    if (holder != 0)
        server_metrics_close(&server->metrics, holder, SERVER_CLOSES_UNREAD);
    nng_sleep_aio(server->sweep_ms, server->sweeper);
}

/* --- starting and stopping --- */

/* Undoes a start that failed. Who came to an address that was open already may have a call in hand, which
 * ends first, or else is left with all it needs. */
static void discard(struct rpc_server *server)
{
    nng_close(server->socket);
    if (server->connections != NULL) {
        connections_drain(server->connections);
        if (!connections_await_idle(server->connections, DISCARD_MS))
            return;
    }
    nng_aio_stop(server->sweeper);
    slots_free(&server->slots);
    nng_aio_free(server->sweeper);
    connections_free(server->connections);
    addresses_free(&server->addresses);
    free(server);
}

static unsigned or_default(unsigned value, unsigned preset)
{
    return value != 0 ? value : preset;
}

static struct connections_limits get_limits(const struct rpc_server_options *options)
{
    return (struct connections_limits){
        .unsent = surface_max_calls(options->surface) + FURTHER_CONTEXTS,
        .admission = surface_admission(options->surface),
        .memory = surface_memory(options->surface),
        .connections = or_default(options->max_connections, DEFAULT_MAX_CONNECTIONS),
        .idle_ns = (uint64_t)or_default(options->idle_timeout_ms, DEFAULT_IDLE_TIMEOUT_MS) * NS_PER_MS,
    };
}

static bool begin_counting(struct rpc_server *server, const struct rpc_server_options *options,
                           const struct connections_limits *limits)
{
    server_metrics_init(&server->metrics, options->metrics);
    const struct connections_gauges gauges = {server->metrics.unsent, server->metrics.connections};
    server->connections = connections_new(limits, gauges);
    return server->connections != NULL;
}

static bool begin_sweeping(struct rpc_server *server, uint64_t idle_ns)
{
    const uint64_t sweep_ms = idle_ns / NS_PER_MS / SWEEPS + 1;
    server->sweep_ms = (nng_duration)(sweep_ms < SWEEP_MOST_MS ? sweep_ms : SWEEP_MOST_MS);
    if (nng_aio_alloc(&server->sweeper, server_sweep, server) != 0)
        return false;
    nng_sleep_aio(server->sweep_ms, server->sweeper);
    return true;
}

static bool begin_receiving(struct rpc_server *server, const struct rpc_server_options *options,
                            const struct connections_limits *limits)
{
    nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, server);
    nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, on_pipe, server);
    server->slots = (struct slots){
        .socket = server->socket,
        .surface = options->surface,
        .log = options->log,
        .metrics = &server->metrics,
        .connections = server->connections,
        .send_ms = (nng_duration)or_default(options->send_timeout_ms, DEFAULT_SEND_TIMEOUT_MS),
        .most = 2 * limits->unsent,
    };
    return slots_open(&server->slots);
}

struct rpc_server *rpc_server_start(const struct rpc_server_options *options, char *error, size_t error_size)
{
    struct rpc_server *server = calloc(1, sizeof *server);
    int failed = server == NULL ? NNG_ENOMEM : nng_rep0_open(&server->socket);
    if (failed != 0) {
        snprintf(error, error_size, "cannot open a socket: %s", nng_strerror(failed));
        free(server);
        errno = ENOMEM;
        return NULL;
    }
    server->log = options->log;
    server->addresses.tls = options->tls;
    nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ,
                        REQUEST_NUMBER_BYTES + FRAME_MAX_BYTES + RECEIVE_SLACK);
    nng_socket_set_int(server->socket, NNG_OPT_SENDBUF, WAITING_REPLIES); /* a patch of ours has it for REP */

    const struct connections_limits limits = get_limits(options);
    if (!begin_counting(server, options, &limits) || !begin_sweeping(server, limits.idle_ns) ||
        !begin_receiving(server, options, &limits)) {
        snprintf(error, error_size, "out of memory for contexts");
        discard(server);
        errno = ENOMEM;
        return NULL;
    }
    if (!addresses_open(&server->addresses, server->socket, options->urls,
                        surface_memory(options->surface)->limit / UNFINISHED_SHARE, error, error_size)) {
        const int why = errno;
        discard(server);
        errno = why;
        return NULL;
    }
    return server;
}

const char *rpc_server_urls(const struct rpc_server *server)
{
    return server->addresses.urls;
}

struct rpc_address *rpc_server_address(struct rpc_server *server, size_t i)
{
    return addresses_get(&server->addresses, i);
}

/* The listeners first: a client whose connection closes is to find another server, not this one again. */
bool rpc_server_drain(struct rpc_server *server, uint32_t timeout_ms)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    bool idle = false;
    if (!addresses_stop_listening(&server->addresses))
        log_line(server->log, LOG_LEVEL_WARN, "still listening while draining");
    connections_drain(server->connections);
    atomic_store(&server->slots.draining, true);
    do {
        close_idle(server);
        idle = connections_await_idle(server->connections, DRAIN_SWEEP_MS);
    } while (!idle && time_monotonic_ns() < limit_ns);
    return idle;
}
