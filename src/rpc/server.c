/* server.c: each context goes round: receive, dispatch, reply, receive. */
#include "rpc/server.h"

#include "base/time.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DEFAULT_CONTEXTS = 512,
    /* nng counts the request's backtrace too, of four bytes a hop; a frame that is too large only by less
     * than this gets an answer, a larger one a closed pipe. */
    RECEIVE_SLACK = 1024,
    URLS_MAX_BYTES = 4096,
    REQUEST_ID_MAX_BYTES = 128,
};

/* One context and the call it carries. Whoever runs its current step owns it; there is no lock. */
struct slot {
    struct call call;
    struct rpc_server *server;
    nng_ctx context;
    nng_aio *aio;
    bool sending;      /* or receiving */
    struct slot *next; /* in the outbox */
};

struct rpc_server {
    nng_socket socket;
    const struct dispatcher *dispatcher;
    struct log *log;
    char urls[URLS_MAX_BYTES];

    struct slot *slots; /* owned */
    unsigned n_slots;

    nng_aio *sender; /* owned; sends the outbox, on nng's thread */
    atomic_bool draining;
    pthread_mutex_t lock; /* guards all below */
    struct slot *outbox;  /* replies that go together */
    struct slot **outbox_end;
    bool sender_runs;
    pthread_cond_t idle; /* in_hand fell to 0 while draining */
    unsigned in_hand;    /* calls received and not yet answered */
};

static void receive(struct slot *slot)
{
    slot->sending = false;
    nng_ctx_recv(slot->context, slot->aio);
}

static void begin_call(struct rpc_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->in_hand++;
    pthread_mutex_unlock(&server->lock);
}

static void end_call(struct rpc_server *server)
{
    pthread_mutex_lock(&server->lock);
    if (--server->in_hand == 0 && atomic_load(&server->draining))
        pthread_cond_signal(&server->idle);
    pthread_mutex_unlock(&server->lock);
}

static void log_call(const struct slot *slot)
{
    const struct call *call = &slot->call;
    if (!log_enabled(slot->server->log, LOG_LEVEL_INFO))
        return;
    log_line(slot->server->log, LOG_LEVEL_INFO, "call", LOG_STR("method", call->method),
             LOG_STR("code", status_code_name(call->status.code)),
             LOG_INT("duration_us", (time_monotonic_ns() - call->start_ns) / NS_PER_US),
             LOG_STR("request_id", call->request_id));
}

static Rpc__V1__FieldViolation **wire_violations(struct call *call)
{
    size_t n = call->status.n_violations;
    Rpc__V1__FieldViolation **list = arena_calloc(&call->arena, n, sizeof *list);
    Rpc__V1__FieldViolation *all = arena_calloc(&call->arena, n, sizeof *all);
    for (size_t i = 0; i < n; i++) {
        const struct violation *from = &call->status.violations[i];
        rpc__v1__field_violation__init(&all[i]);
        all[i].field = (char *)(uintptr_t)from->field;
        all[i].type = (char *)(uintptr_t)from->type;
        all[i].message = (char *)(uintptr_t)from->message;
        list[i] = &all[i];
    }
    return list;
}

/* --- sending --- */

static struct slot *empty_outbox(struct rpc_server *server)
{
    struct slot *first = server->outbox;
    server->outbox = NULL;
    server->outbox_end = &server->outbox;
    return first;
}

/* On nng's thread, which is the one that will hear of what was sent: another would wait for its locks, and it
 * for that one's, at each reply. */
static void send_outbox(void *arg)
{
    struct rpc_server *server = arg;
    for (;;) {
        pthread_mutex_lock(&server->lock);
        struct slot *slot = empty_outbox(server);
        server->sender_runs = slot != NULL;
        pthread_mutex_unlock(&server->lock);
        if (slot == NULL)
            return;
        while (slot != NULL) {
            struct slot *next = slot->next; /* once it is sent, the slot may be in the outbox again */
            nng_ctx_send(slot->context, slot->aio);
            slot = next;
        }
    }
}

/* Sends a reply: at once when it is alone, which saves it a change of threads; else with those that come with
 * it. */
static void send_reply(struct slot *slot, bool more)
{
    struct rpc_server *server = slot->server;
    slot->next = NULL;
    pthread_mutex_lock(&server->lock);
    bool alone = !more && server->outbox == NULL;
    if (!alone) {
        *server->outbox_end = slot;
        server->outbox_end = &slot->next;
    }
    bool wake = !alone && !more && !server->sender_runs;
    server->sender_runs |= wake;
    pthread_mutex_unlock(&server->lock);
    if (alone) {
        nng_ctx_send(slot->context, slot->aio);
    } else if (wake) {
        nng_aio_begin(server->sender);
        nng_aio_finish(server->sender, 0);
    }
}

/* The closure of every call. */
static void reply(const ProtobufCMessage *message, void *closure_data)
{
    struct call *call = closure_data;
    struct slot *slot = (struct slot *)call; /* its first member */

    Rpc__V1__Response head = RPC__V1__RESPONSE__INIT;
    head.code = (Rpc__V1__Code)call->status.code;
    head.message = (char *)(uintptr_t)call->status.message;
    head.n_violations = call->status.n_violations;
    if (head.n_violations > 0)
        head.violations = wire_violations(call);

    Rpc__V1__Response__MetadataEntry replayed = RPC__V1__RESPONSE__METADATA_ENTRY__INIT,
                                     *metadata = &replayed;
    if (call->replayed) {
        replayed.key = (char *)(uintptr_t)FRAME_REPLAYED;
        replayed.value = (char *)(uintptr_t) "true";
        head.metadata = &metadata;
        head.n_metadata = 1;
    }

    struct frame frame = frame_measure(&head.base, call->status.code == STATUS_OK ? message : NULL);
    log_call(slot);
    nng_msg *out;
    if (nng_msg_alloc(&out, frame.size) != 0)
        abort(); /* as the arena does */
    frame_pack(&frame, nng_msg_body(out));
    arena_reset(&call->arena);
    slot->sending = true;
    nng_aio_set_msg(slot->aio, out);
    send_reply(slot, call->more);
}

static void begin(struct call *call, const Rpc__V1__Request *request)
{
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : FRAME_DEFAULT_TIMEOUT_MS;
    call->method = request->method;
    call->request_id = request->request_id;
    call->deadline_ns = call->start_ns + (uint64_t)timeout_ms * NS_PER_MS;
}

/* Whether a request is to be left unanswered, since the server is going away. */
static bool too_late(const struct slot *slot, const Rpc__V1__Request *request)
{
    return atomic_load(&slot->server->draining) &&
           !dispatcher_is_open(slot->server->dispatcher, request->method);
}

static void handle(struct slot *slot, nng_msg *in)
{
    struct call *call = &slot->call;
    const char *why;

    call->method = call->request_id = "";
    call->start_ns = call->deadline_ns = time_monotonic_ns();
    call->more = call->replayed = call->validate_only = false;
    call->status = STATUS_INIT;
    begin_call(slot->server);
    size_t size = nng_msg_len(in);
    const Rpc__V1__Request *request = NULL;
    if (size > FRAME_MAX_BYTES)
        call_fail(call, STATUS_INVALID_ARGUMENT, "The frame has %zu bytes; at most %d are taken", size,
                  FRAME_MAX_BYTES);
    else if ((request = frame_unpack(&rpc__v1__request__descriptor, FRAME_MAX_FIELDS, &call->arena,
                                     nng_msg_body(in), size, &why)) == NULL)
        call_fail(call, STATUS_INVALID_ARGUMENT, "The frame is no rpc.v1.Request: %s", why);
    else if (strlen(request->request_id) > REQUEST_ID_MAX_BYTES)
        call_fail(call, STATUS_INVALID_ARGUMENT, "request_id has more than %d bytes", REQUEST_ID_MAX_BYTES);
    nng_msg_free(in);

    if (request == NULL || call->status.code != STATUS_OK) {
        reply(NULL, call);
    } else if (too_late(slot, request)) {
        arena_reset(&call->arena);
        end_call(slot->server);
        receive(slot);
    } else {
        begin(call, request);
        dispatcher_invoke(slot->server->dispatcher, call, request, reply);
    }
}

/* A context's send or receive ended. */
static void advance(void *arg)
{
    struct slot *slot = arg;
    int error = nng_aio_result(slot->aio);

    if (slot->sending) {
        if (error != 0) /* the peer is gone; the message is still ours */
            nng_msg_free(nng_aio_get_msg(slot->aio));
        end_call(slot->server);
        if (error != NNG_ECLOSED)
            receive(slot);
        return;
    }
    if (error == 0)
        handle(slot, nng_aio_get_msg(slot->aio));
    else if (error != NNG_ECLOSED && error != NNG_ECANCELED)
        receive(slot);
}

/* --- starting and stopping --- */

/* Adds the listener's URL to server->urls, with the port it really has. */
static void note_url(struct rpc_server *server, const char *url, nng_listener listener)
{
    char *end = server->urls + strlen(server->urls);
    size_t room = sizeof server->urls - strlen(server->urls);
    const char *separator = end == server->urls ? "" : ",";
    const char *port = strrchr(url, ':');
    int bound;
    if (strncmp(url, "inproc:", 7) == 0)
        return; /* nobody outside can use it */
    if (port != NULL && strcmp(port, ":0") == 0 &&
        nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &bound) == 0)
        snprintf(end, room, "%s%.*s:%d", separator, (int)(port - url), url, bound);
    else
        snprintf(end, room, "%s%s", separator, url);
}

static bool listen_on(struct rpc_server *server, const char *url, char *error, size_t error_size)
{
    nng_listener listener;
    int failed = nng_listener_create(&listener, server->socket, url);
    if (failed == 0)
        failed = nng_listener_start(listener, 0);
    if (failed != 0) {
        snprintf(error, error_size, "cannot listen on %s: %s", url, nng_strerror(failed));
        return false;
    }
    note_url(server, url, listener);
    return true;
}

static bool open_slots(struct rpc_server *server, unsigned n)
{
    server->slots = calloc(n, sizeof *server->slots);
    if (server->slots == NULL)
        return false;
    for (; server->n_slots < n; server->n_slots++) {
        struct slot *slot = &server->slots[server->n_slots];
        slot->server = server;
        arena_init(&slot->call.arena);
        if (nng_aio_alloc(&slot->aio, advance, slot) != 0)
            return false;
        if (nng_ctx_open(&slot->context, server->socket) != 0) {
            nng_aio_free(slot->aio);
            return false;
        }
    }
    return true;
}

/* Undoes a start that failed, before any peer is connected. */
static void discard(struct rpc_server *server)
{
    nng_close(server->socket);
    for (unsigned i = 0; i < server->n_slots; i++) {
        nng_aio_stop(server->slots[i].aio);
        nng_aio_free(server->slots[i].aio);
        arena_free(&server->slots[i].call.arena);
    }
    nng_aio_free(server->sender);
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->lock);
    free(server->slots);
    free(server);
}

struct rpc_server *rpc_server_start(const struct rpc_server_options *options, char *error, size_t error_size)
{
    struct rpc_server *server = calloc(1, sizeof *server);
    int failed = server == NULL ? NNG_ENOMEM : nng_rep0_open(&server->socket);
    if (failed != 0) {
        snprintf(error, error_size, "cannot open a socket: %s", nng_strerror(failed));
        free(server);
        return NULL;
    }
    server->dispatcher = options->dispatcher;
    server->log = options->log;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->idle, NULL);
    nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ, FRAME_MAX_BYTES + RECEIVE_SLACK);

    empty_outbox(server);
    if (nng_aio_alloc(&server->sender, send_outbox, server) != 0 ||
        !open_slots(server, options->contexts != 0 ? options->contexts : DEFAULT_CONTEXTS)) {
        snprintf(error, error_size, "out of memory for contexts");
        discard(server);
        return NULL;
    }
    for (unsigned i = 0; i < server->n_slots; i++)
        receive(&server->slots[i]);
    for (size_t i = 0; options->urls[i] != NULL; i++) {
        if (!listen_on(server, options->urls[i], error, error_size)) {
            discard(server);
            return NULL;
        }
    }
    return server;
}

const char *rpc_server_urls(const struct rpc_server *server)
{
    return server->urls;
}

bool rpc_server_drain(struct rpc_server *server, uint32_t timeout_ms)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += timeout_ms / 1000;

    int waited = 0;
    pthread_mutex_lock(&server->lock);
    atomic_store(&server->draining, true);
    while (server->in_hand > 0 && waited == 0)
        waited = pthread_cond_timedwait(&server->idle, &server->lock, &limit);
    bool drained = server->in_hand == 0;
    pthread_mutex_unlock(&server->lock);
    return drained;
}
