/* server.c: each context goes round: receive, dispatch, reply, receive. What a connection may have in hand is
 * for connections.h to say.
 *
 * A reply keeps its context until its peer has taken it, and nng sends one of a connection after another. So
 * that peers who take none keep no others from contexts, there are as many for replies as for calls. A peer
 * for which some replies wait is read from no further until it takes one: then what it had in hand is all
 * that can be kept of it. */
#include "rpc/server.h"

#include "base/time.h"
#include "rpc/connections.h"
#include "rpc/frame.h"
#include "rpc/listening.h"
#include "rpc/outbox.h"
#include "rpc/probe.h"
#include "rpc/response.h"
#include "rpc/server_metrics.h"
#include "rpc/v1/frame.pb-c.h"

#include <assert.h>
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_MAX_CALLS = 4096,
    DEFAULT_MAX_CONNECTIONS = 10000,
    DEFAULT_IDLE_TIMEOUT_MS = 900000,
    DEFAULT_SEND_TIMEOUT_MS = 10000,
    /* Contexts beyond the bound of calls: some for callers who have few when it is reached, and the others,
     * which no caller's calls fill, refuse and answer health. */
    FURTHER_CALLS = 32,
    FURTHER_CONTEXTS = 2 * FURTHER_CALLS,
    WAITING_REPLIES = 4, /* with which a connection is read from no further */
    /* What a call takes to what its request does, unpacked: the service and the store make about as much of
     * it again. Small calls find room in the block that their context keeps, and are counted by frame. So it
     * covers the answer of a write, which has no more orders than its request. */
    CALL_TO_REQUEST = 2,
    STEPS_AT_ONCE = 16,    /* of contexts, on one thread, while there is a heavy hitter */
    CONTEXTS_AT_ONCE = 64, /* opened when nearly all that there are carry calls */
    CONTEXTS_FEW = 16,     /* that receive */
    SWEEPS = 10,           /* of silent connections, in the time that one may be silent */
    SWEEP_MOST_MS = 10000,
    SWEEP_IDS = 64,
    DRAIN_SWEEP_MS = 50,
    DISCARD_MS = 5000,
    /* nng counts the request's backtrace too, of four bytes a hop; a frame that is too large only by less
     * than this gets an answer, a larger one a closed pipe. */
    RECEIVE_SLACK = 1024,
    URL_MAX_BYTES = 512,
    URLS_MAX_BYTES = 4096,
    REQUEST_ID_MAX_BYTES = 128,
};

/* One context and the call it carries. Whoever runs its current step owns it; there is no lock. */
struct slot {
    struct call call;
    struct rpc_server *server;
    struct outgoing out; /* its context and aio receive, too */
    nng_pipe pipe;       /* that the call came from */
    size_t bytes;        /* that it, or its reply, counts as */
    bool reserved;       /* for its answer too: one that is larger may be refused */
    size_t method;       /* in the dispatcher */
    bool open;           /* it wants no key, and is answered whatever else is refused */
    bool malformed;      /* its frame is none */
    bool sending;        /* or receiving */
    bool under_way;      /* a call that is not answered */
};

/* Where others connect. */
struct rpc_address {
    nng_listener listener;
    bool in_process; /* they are of this process */
    char url[URL_MAX_BYTES];
    struct own_peer self;  /* who asks here whether it serves, of this process too */
    atomic_uint self_pipe; /* its connection, whose calls are neither counted nor logged; 0: none */
};

struct rpc_server {
    nng_socket socket;
    const struct dispatcher *dispatcher;
    struct log *log;
    struct server_metrics metrics;
    char urls[URLS_MAX_BYTES];
    struct rpc_address *addresses; /* owned; set before anybody can connect */
    size_t n_addresses;

    struct slot *slots;   /* owned */
    pthread_mutex_t lock; /* guards only: */
    unsigned n_slots;     /* that are open */
    unsigned most_slots;
    atomic_uint receiving; /* slots that wait for a request */
    nng_duration send_ms;  /* how long a peer may take to take a reply */

    struct connections *connections; /* owned */
    nng_duration sweep_ms;
    nng_aio *sweeper; /* owned; wakes up to close connections that are silent for too long */

    struct outbox outbox;
    atomic_bool draining;
};

static void receive(struct slot *slot)
{
    slot->sending = false;
    atomic_fetch_add(&slot->server->receiving, 1);
    nng_aio_set_timeout(slot->out.aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(slot->out.context, slot->out.aio);
}

/* --- connections --- */

static void close_pipe(const struct rpc_server *server, uint32_t id, enum server_closes why)
{
    metric_add(server->metrics.closed[why], 1);
    nng_pipe_close((nng_pipe){.id = id});
}

/* NULL: that is not known. */
static struct rpc_address *find_address(const struct rpc_server *server, nng_pipe pipe)
{
    const int listener = nng_listener_id(nng_pipe_listener(pipe));
    for (size_t i = 0; i < server->n_addresses; i++) {
        if (nng_listener_id(server->addresses[i].listener) == listener)
            return &server->addresses[i];
    }
    return NULL;
}

/* Whether it is this process that asks itself. */
static bool is_self(struct rpc_address *address, nng_pipe pipe)
{
    nng_sockaddr remote;
    struct sockaddr_storage name;
    uint64_t pid;
    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) == 0)
        return pid == (uint64_t)getpid();
    return nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &remote) == 0 && listening_convert(&remote, &name) != 0 &&
           own_peer_is(&address->self, &name);
}

static bool is_pipe_of_self(const struct rpc_server *server, uint32_t pipe)
{
    size_t i = 0;
    while (i < server->n_addresses && atomic_load(&server->addresses[i].self_pipe) != pipe)
        i++;
    return i < server->n_addresses;
}

static void on_pipe_added(struct rpc_server *server, nng_pipe pipe)
{
    const uint32_t id = (uint32_t)nng_pipe_id(pipe);
    struct rpc_address *address = find_address(server, pipe);
    const bool stays = address != NULL && address->in_process;
    const bool self = address != NULL && !stays && is_self(address, pipe);
    if (atomic_load(&server->draining) && !stays) { /* it was greeting when the listeners were closed */
        close_pipe(server, id, SERVER_CLOSES_IDLE);
        return;
    }
    if (self)
        atomic_store(&address->self_pipe, id);
    const uint32_t excess = connections_add(server->connections, id,
                                            stays  ? CONNECTION_STAYS
                                            : self ? CONNECTION_PROBE
                                                   : CONNECTION_CLIENT,
                                            time_monotonic_ns());
    if (excess != 0)
        close_pipe(server, excess, SERVER_CLOSES_OVER_LIMIT);
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
            close_pipe(server, ids[i], SERVER_CLOSES_IDLE);
    } while (n == SWEEP_IDS);
}

static void sweep(void *arg)
{
    struct rpc_server *server = arg;
    if (nng_aio_result(server->sweeper) != 0)
        return;
    close_idle(server);
    nng_sleep_aio(server->sweep_ms, server->sweeper);
}

/* --- counting and logging --- */

static void note_call(const struct slot *slot)
{
    const struct call *call = &slot->call;
    const uint64_t duration_ns = time_monotonic_ns() - call->start_ns;
    if (is_pipe_of_self(slot->server, call->caller))
        return;
    server_metrics_record(&slot->server->metrics, slot->method, call->status.code, duration_ns);
    if (!log_enabled(slot->server->log, LOG_LEVEL_INFO))
        return;
    log_line(slot->server->log, LOG_LEVEL_INFO, "call", LOG_STR("method", call->method),
             LOG_STR("code", status_code_name(call->status.code)),
             LOG_INT("duration_us", duration_ns / NS_PER_US), LOG_STR("request_id", call->request_id),
             LOG_OPT("trace_id", call->trace.id), LOG_OPT("span_id", call->trace.span),
             LOG_OPT("parent_id", call->trace.parent));
}

/* --- answering --- */

static void refuse(struct slot *slot)
{
    metric_add(slot->server->metrics.refused, 1);
    call_fail(&slot->call, STATUS_RESOURCE_EXHAUSTED, "Too many calls are under way; try again later");
}

/* Counts the call as so many bytes at least. False: that is more than it may take. */
static bool count_bytes(struct slot *slot, size_t bytes)
{
    if (bytes <= slot->bytes)
        return true;
    const size_t more = bytes - slot->bytes;
    slot->bytes = bytes;
    return connections_grow(slot->server->connections, slot->call.caller, more);
}

static struct frame measure(struct call *call, Rpc__V1__Response *head, const ProtobufCMessage *message)
{
    response_init(head, call);
    return frame_measure(&head->base, call->status.code == STATUS_OK ? message : NULL);
}

/* The closure of every call. */
static void reply(const ProtobufCMessage *message, void *closure_data)
{
    struct call *call = closure_data;
    struct slot *slot = (struct slot *)call; /* its first member */
    struct rpc_server *server = slot->server;
    assert(slot->under_way); /* a call is answered once */
    slot->under_way = false;

    Rpc__V1__Response head;
    struct frame frame = measure(call, &head, message);
    if (slot->reserved && !count_bytes(slot, frame.size)) {
        refuse(slot);
        frame = measure(call, &head, NULL);
    }
    note_call(slot);
    nng_msg *out;
    if (nng_msg_alloc(&out, frame.size) != 0)
        abort(); /* as the arena does */
    frame_pack(&frame, nng_msg_body(out));
    arena_reset(&call->arena);
    const struct connections_reply counts = {
        .call_bytes = slot->bytes,
        .reply_bytes = frame.size,
        .in_vain = slot->malformed || call->status.code == STATUS_UNAUTHENTICATED ||
                   call->status.code == STATUS_PERMISSION_DENIED,
    };
    slot->bytes = frame.size;
    const uint32_t unread =
        connections_answer(server->connections, call->caller, &counts, time_monotonic_ns());
    slot->sending = true;
    nng_aio_set_timeout(slot->out.aio, server->send_ms);
    nng_aio_set_msg(slot->out.aio, out);
    outbox_send(&server->outbox, &slot->out, call->more); /* the slot may be another call's when it returns */
    if (unread != 0)
        close_pipe(server, unread, SERVER_CLOSES_UNREAD);
}

/* A call that is in no trace gets none: its request_id names it as well. */
static void begin(struct call *call, const Rpc__V1__Request *request)
{
    const char *traceparent = frame_metadata(request, "traceparent");
    if (traceparent != NULL)
        trace_join(&call->trace, traceparent, strlen(traceparent));
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : FRAME_DEFAULT_TIMEOUT_MS;
    call->method = request->method;
    call->request_id = request->request_id;
    call->deadline_ns = call->start_ns + (uint64_t)timeout_ms * NS_PER_MS;
}

/* A request that comes while the server is going away is left unanswered: its client sends it again, to
 * another server, when the connection closes, which the drain sees to. */
static void leave_unanswered(struct slot *slot)
{
    slot->under_way = false;
    arena_reset(&slot->call.arena);
    connections_abandon(slot->server->connections, (uint32_t)nng_pipe_id(slot->pipe), slot->bytes,
                        time_monotonic_ns());
    receive(slot);
}

/* A frame does not tell how much memory its messages take, which may be forty times as much. */
static bool admit_unpacked(struct call *call)
{
    struct slot *slot = (struct slot *)call; /* its first member */
    if (count_bytes(slot, CALL_TO_REQUEST * arena_excess(&call->arena)) || slot->open)
        return true;
    refuse(slot);
    return false;
}

/* The reserve of every call. */
static bool reserve(struct call *call, size_t bytes)
{
    struct slot *slot = (struct slot *)call; /* its first member */
    slot->reserved = true;
    if (count_bytes(slot, slot->bytes + bytes))
        return true;
    refuse(slot);
    return false;
}

/* A call came in. */
static void reset(struct slot *slot, nng_msg *in)
{
    struct call *call = &slot->call;
    assert(!slot->under_way);
    slot->under_way = true;
    slot->pipe = nng_msg_get_pipe(in);
    slot->bytes = nng_msg_len(in);
    slot->method = dispatcher_count(slot->server->dispatcher);
    slot->open = slot->malformed = slot->reserved = false;
    call->caller = (uint32_t)nng_pipe_id(slot->pipe);
    call->method = call->request_id = "";
    call->start_ns = call->deadline_ns = time_monotonic_ns();
    call->trace = (struct trace){0};
    call->more = call->replayed = call->validate_only = false;
    call->reserve = reserve;
    call->status = STATUS_INIT;
}

/* The request of a frame. NULL: it is none that is taken, and the call was failed. */
static const Rpc__V1__Request *unpack(struct slot *slot, nng_msg *in)
{
    struct call *call = &slot->call;
    const Rpc__V1__Request *request = NULL;
    const size_t size = nng_msg_len(in);
    const char *why;
    if (size > FRAME_MAX_BYTES)
        call_fail(call, STATUS_INVALID_ARGUMENT, "The frame has %zu bytes; at most %d are taken", size,
                  FRAME_MAX_BYTES);
    else if ((request = frame_unpack_request(&call->arena, nng_msg_body(in), size, &why)) == NULL)
        call_fail(call, STATUS_INVALID_ARGUMENT, "The frame is no rpc.v1.Request: %s", why);
    else if (strlen(request->request_id) > REQUEST_ID_MAX_BYTES)
        call_fail(call, STATUS_INVALID_ARGUMENT, "request_id has more than %d bytes", REQUEST_ID_MAX_BYTES);
    slot->malformed = request == NULL;
    return call->status.code == STATUS_OK ? request : NULL;
}

static void handle(struct slot *slot, nng_msg *in)
{
    struct rpc_server *server = slot->server;
    struct call *call = &slot->call;
    reset(slot, in);
    const bool admitted = connections_enter(server->connections, call->caller, slot->bytes);
    const Rpc__V1__Request *request = unpack(slot, in);
    nng_msg_free(in);
    if (request == NULL) {
        reply(NULL, call);
        return;
    }
    begin(call, request);
    slot->method = dispatcher_find(server->dispatcher, request->method);
    slot->open = dispatcher_is_open(server->dispatcher, slot->method);
    if (atomic_load(&server->draining) && !slot->open) {
        leave_unanswered(slot);
    } else if (!admitted && !slot->open) {
        refuse(slot);
        reply(NULL, call);
    } else {
        dispatcher_invoke(server->dispatcher, call, request, admit_unpacked, reply);
    }
}

/* Its reply was sent, or is given up. */
static void end_reply(struct slot *slot)
{
    const uint32_t id = (uint32_t)nng_pipe_id(slot->pipe);
    if (connections_leave(slot->server->connections, id, slot->bytes, time_monotonic_ns()))
        close_pipe(slot->server, id, SERVER_CLOSES_IN_VAIN);
}

static void advance(void *arg);

/* Opens some more contexts, up to the most, and has them receive. False: it could not. */
static bool open_slots(struct rpc_server *server)
{
    bool opened = true;
    pthread_mutex_lock(&server->lock);
    for (unsigned i = 0; i < CONTEXTS_AT_ONCE && server->n_slots < server->most_slots && opened; i++) {
        struct slot *slot = &server->slots[server->n_slots];
        slot->server = server;
        arena_init(&slot->call.arena);
        opened = nng_aio_alloc(&slot->out.aio, advance, slot) == 0;
        if (opened && nng_ctx_open(&slot->out.context, server->socket) != 0) {
            nng_aio_free(slot->out.aio);
            opened = false;
        }
        if (opened) {
            server->n_slots++;
            receive(slot);
        }
    }
    pthread_mutex_unlock(&server->lock);
    return opened;
}

/* Lets the other threads have the core now and then. One that always finds more to read, of a heavy hitter's
 * calls, would else keep it for whole time slices of the kernel's, while the store's answers, and those who
 * wait for a single one, wait for each of them. */
static void yield_to_other_threads(const struct rpc_server *server)
{
    static _Thread_local unsigned steps;
    if (connections_have_heavy_hitter(server->connections) && ++steps % STEPS_AT_ONCE == 0)
        sched_yield();
}

/* A context's send or receive ended. */
static void advance(void *arg)
{
    struct slot *slot = arg;
    yield_to_other_threads(slot->server);
    int error = nng_aio_result(slot->out.aio);

    if (slot->sending) {
        if (error != 0) /* the message is still ours */
            nng_msg_free(nng_aio_get_msg(slot->out.aio));
        if (error ==
            NNG_ETIMEDOUT) /* a peer that takes no answers, for which this one is not to wait again */
            close_pipe(slot->server, (uint32_t)nng_pipe_id(slot->pipe), SERVER_CLOSES_SLOW);
        end_reply(slot);
        if (error != NNG_ECLOSED)
            receive(slot);
        return;
    }
    if (atomic_fetch_sub(&slot->server->receiving, 1) <= CONTEXTS_FEW && error == 0)
        open_slots(slot->server);
    if (error == 0)
        handle(slot, nng_aio_get_msg(slot->out.aio));
    else if (error != NNG_ECLOSED && error != NNG_ECANCELED)
        receive(slot);
}

/* --- starting and stopping --- */

/* Notes the address's URL, with the port it really has. */
static void note_url(struct rpc_server *server, struct rpc_address *address, const char *url)
{
    char *end = server->urls + strlen(server->urls);
    const size_t room = sizeof server->urls - strlen(server->urls);
    const char *port = strrchr(url, ':');
    int bound;
    if (port != NULL && strcmp(port, ":0") == 0 &&
        nng_listener_get_int(address->listener, NNG_OPT_TCP_BOUND_PORT, &bound) == 0)
        snprintf(address->url, sizeof address->url, "%.*s:%d", (int)(port - url), url, bound);
    else
        snprintf(address->url, sizeof address->url, "%s", url);
    snprintf(end, room, "%s%s", end == server->urls ? "" : ",", address->url);
}

static bool cannot_listen(const char *url, int failed, char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot listen on %s: %s", url, nng_strerror(failed));
    errno = failed == NNG_EADDRINUSE ? EADDRINUSE : EINVAL;
    return false;
}

static bool make_listeners(struct rpc_server *server, const char *const urls[], char *error,
                           size_t error_size)
{
    for (size_t i = 0; urls[i] != NULL; i++) {
        struct rpc_address *address = &server->addresses[i];
        int failed = nng_listener_create(&address->listener, server->socket, urls[i]);
        if (failed != 0)
            return cannot_listen(urls[i], failed, error, error_size);
        address->in_process = strncmp(urls[i], "inproc:", 7) == 0;
        own_peer_init(&address->self);
        server->n_addresses++;
    }
    return true;
}

static bool open_addresses(struct rpc_server *server, const char *const urls[], char *error,
                           size_t error_size)
{
    for (size_t i = 0; urls[i] != NULL; i++) {
        struct rpc_address *address = &server->addresses[i];
        int failed = nng_listener_start(address->listener, 0);
        if (failed != 0)
            return cannot_listen(urls[i], failed, error, error_size);
        if (!address->in_process)
            note_url(server, address, urls[i]);
    }
    return true;
}

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
    for (unsigned i = 0; i < server->n_slots; i++) {
        nng_aio_stop(server->slots[i].out.aio);
        nng_aio_free(server->slots[i].out.aio);
        arena_free(&server->slots[i].call.arena);
    }
    outbox_free(&server->outbox);
    nng_aio_free(server->sweeper);
    connections_free(server->connections);
    server_metrics_free(&server->metrics);
    pthread_mutex_destroy(&server->lock);
    free(server->slots);
    free(server->addresses);
    free(server);
}

static unsigned or_default(unsigned value, unsigned preset)
{
    return value != 0 ? value : preset;
}

static bool begin_counting(struct rpc_server *server, const struct rpc_server_options *options)
{
    const unsigned max_calls = or_default(options->max_calls, DEFAULT_MAX_CALLS);
    const unsigned idle_ms = or_default(options->idle_timeout_ms, DEFAULT_IDLE_TIMEOUT_MS);
    const struct connections_limits limits = {
        .calls = max_calls,
        .most_calls = max_calls + FURTHER_CALLS,
        .unsent = max_calls + FURTHER_CONTEXTS,
        .memory = options->memory,
        .connections = or_default(options->max_connections, DEFAULT_MAX_CONNECTIONS),
        .idle_ns = (uint64_t)idle_ms * NS_PER_MS,
    };
    const unsigned sweep_ms = idle_ms / SWEEPS + 1;
    server->sweep_ms = (nng_duration)(sweep_ms < SWEEP_MOST_MS ? sweep_ms : SWEEP_MOST_MS);
    server->send_ms = (nng_duration)or_default(options->send_timeout_ms, DEFAULT_SEND_TIMEOUT_MS);
    if (!server_metrics_init(&server->metrics, options->metrics, options->dispatcher))
        return false;
    const struct connections_gauges gauges = {server->metrics.calls, server->metrics.unsent,
                                              server->metrics.call_bytes, server->metrics.connections};
    server->connections = connections_new(&limits, gauges);
    if (server->connections == NULL || nng_aio_alloc(&server->sweeper, sweep, server) != 0)
        return false;
    nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, server);
    nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, on_pipe, server);
    nng_sleep_aio(server->sweep_ms, server->sweeper);
    server->most_slots = limits.calls + FURTHER_CONTEXTS + limits.unsent;
    server->slots = calloc(server->most_slots, sizeof *server->slots);
    return server->slots != NULL && open_slots(server);
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
    server->dispatcher = options->dispatcher;
    server->log = options->log;
    pthread_mutex_init(&server->lock, NULL);
    nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ, FRAME_MAX_BYTES + RECEIVE_SLACK);
    nng_socket_set_int(server->socket, NNG_OPT_SENDBUF, WAITING_REPLIES); /* a patch of ours has it for REP */

    size_t n_urls = 0;
    while (options->urls[n_urls] != NULL)
        n_urls++;
    server->addresses = calloc(n_urls + 1, sizeof *server->addresses);

    const bool can_send = outbox_init(&server->outbox);
    if (server->addresses == NULL || !can_send || !begin_counting(server, options)) {
        snprintf(error, error_size, "out of memory for contexts");
        discard(server);
        errno = ENOMEM;
        return NULL;
    }
    if (!make_listeners(server, options->urls, error, error_size) ||
        !open_addresses(server, options->urls, error, error_size)) {
        const int why = errno;
        discard(server);
        errno = why;
        return NULL;
    }
    return server;
}

const char *rpc_server_urls(const struct rpc_server *server)
{
    return server->urls;
}

struct rpc_address *rpc_server_address(struct rpc_server *server, size_t i)
{
    for (size_t at = 0; at < server->n_addresses; at++) {
        if (!server->addresses[at].in_process && i-- == 0)
            return &server->addresses[at];
    }
    return NULL;
}

const char *rpc_address_url(const struct rpc_address *address)
{
    return address->url;
}

bool rpc_address_answers(void *arg, unsigned timeout_ms, char *why, size_t why_size)
{
    struct rpc_address *address = arg;
    struct sockaddr_storage name;
    nng_sockaddr local;
    if (nng_listener_get_addr(address->listener, NNG_OPT_LOCADDR, &local) != 0) {
        snprintf(why, why_size, "no listener");
        return false;
    }
    return probe_answers(&name, listening_convert(&local, &name), &address->self, timeout_ms, why, why_size);
}

void rpc_address_abort_answers(void *arg)
{
    struct rpc_address *address = arg;
    own_peer_abort(&address->self);
}

/* The listeners first: a client whose connection closes is to find another server, not this one again. */
bool rpc_server_drain(struct rpc_server *server, uint32_t timeout_ms)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    bool idle = false;
    for (size_t i = 0; i < server->n_addresses; i++) {
        if (!server->addresses[i].in_process && !listening_stop(server->addresses[i].listener))
            log_line(server->log, LOG_LEVEL_WARN, "still listening while draining");
    }
    connections_drain(server->connections);
    atomic_store(&server->draining, true);
    do {
        close_idle(server);
        idle = connections_await_idle(server->connections, DRAIN_SWEEP_MS);
    } while (!idle && time_monotonic_ns() < limit_ns);
    return idle;
}
