/* slots.c: each context goes round: receive, dispatch, reply, receive. What a connection may have in hand is
 * for connections.h to say.
 *
 * A reply keeps its context until its peer has taken it, and nng sends one of a connection after another. So
 * that peers who take none keep no others from contexts, there are as many for replies as for calls. A peer
 * for which some replies wait is read from no further until it takes one: then what it had in hand is all
 * that can be kept of it. */
#include "rpc/slots.h"

#include "base/time.h"
#include "rpc/frame.h"
#include "rpc/response.h"
#include "rpc/v1/frame.pb-c.h"

#include <assert.h>
#include <nng/protocol/reqrep0/rep.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* What a call takes to what its request does, unpacked: the service and the store make about as much of
     * it again. Small calls find room in the block that their context keeps, and are counted by frame. So it
     * covers the answer of a write, which has no more orders than its request. */
    CALL_TO_REQUEST = 2,
    STEPS_AT_ONCE = 16,    /* of contexts, on one thread, while there is a heavy hitter */
    CONTEXTS_AT_ONCE = 64, /* opened when nearly all that there are carry calls */
    CONTEXTS_FEW = 16,     /* that receive */
    REQUEST_ID_MAX_BYTES = 128,
};

/* One context and the call it carries. Whoever runs its current step owns it; there is no lock. */
struct slot {
    struct call call;
    struct slots *all;
    struct outgoing out;             /* its context and aio receive, too */
    nng_pipe pipe;                   /* that the call came from */
    size_t bytes;                    /* that it, or its reply, counts as */
    bool reserved;                   /* for its answer too: one that is larger may be refused */
    struct dispatcher_target target; /* an open one is answered whatever else is refused */
    bool malformed;                  /* its frame is none */
    bool sending;                    /* or receiving */
    bool under_way;                  /* a call that is not answered */
};

static void receive(struct slot *slot)
{
    slot->sending = false;
    atomic_fetch_add(&slot->all->receiving, 1);
    nng_aio_set_timeout(slot->out.aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(slot->out.context, slot->out.aio);
}

/* --- counting and logging --- */

static void note_call(const struct slot *slot)
{
    const struct call *call = &slot->call;
    const uint64_t duration_ns = time_monotonic_ns() - call->start_ns;
    if (addresses_is_probe(slot->all->addresses, call->caller))
        return;
    server_metrics_record(slot->all->metrics, slot->target.method, call->status.code, duration_ns);
    if (!log_enabled(slot->all->log, LOG_LEVEL_INFO))
        return;
    log_line(slot->all->log, LOG_LEVEL_INFO, "call", LOG_STR("method", call->method),
             LOG_STR("code", status_code_name(call->status.code)),
             LOG_INT("duration_us", duration_ns / NS_PER_US), LOG_STR("request_id", call->request_id),
             LOG_OPT("trace_id", call->trace.id), LOG_OPT("span_id", call->trace.span),
             LOG_OPT("parent_id", call->trace.parent));
}

/* --- answering --- */

static void refuse(struct slot *slot)
{
    metric_add(slot->all->metrics->refused, 1);
    call_fail(&slot->call, STATUS_RESOURCE_EXHAUSTED, "Too many calls are under way; try again later");
}

/* Counts the call as so many bytes at least. False: that is more than it may take. */
static bool count_bytes(struct slot *slot, size_t bytes)
{
    if (bytes <= slot->bytes)
        return true;
    const size_t more = bytes - slot->bytes;
    slot->bytes = bytes;
    return connections_grow(slot->all->connections, slot->call.caller, more);
}

static struct frame measure(struct call *call, Rpc__V1__Response *head, const ProtobufCMessage *message)
{
    response_init(head, call);
    return frame_measure(&head->base, call->status.code == STATUS_OK ? message : NULL);
}

/* By which the call was made, whatever became of it. */
static enum connections_right right_of(const struct slot *slot)
{
    if (slot->malformed)
        return CONNECTIONS_NO_CALL;
    if (slot->target.has_key)
        return CONNECTIONS_BY_KEY;
    const bool is_known = slot->target.method < dispatcher_count(slot->all->dispatcher);
    return is_known && !slot->target.is_open ? CONNECTIONS_BY_NONE : CONNECTIONS_BY_ALL;
}

/* The closure of every call. */
static void reply(const ProtobufCMessage *message, void *closure_data)
{
    struct call *call = closure_data;
    struct slot *slot = (struct slot *)call; /* its first member */
    struct slots *all = slot->all;
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
        .right = right_of(slot),
    };
    slot->bytes = frame.size;
    const uint32_t unread = connections_answer(all->connections, call->caller, &counts, time_monotonic_ns());
    slot->sending = true;
    nng_aio_set_timeout(slot->out.aio, all->send_ms);
    nng_aio_set_msg(slot->out.aio, out);
    outbox_send(&all->outbox, &slot->out, call->more); /* the slot may be another call's when it returns */
    if (unread != 0)
        server_metrics_close(all->metrics, unread, SERVER_CLOSES_UNREAD);
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
    connections_abandon(slot->all->connections, (uint32_t)nng_pipe_id(slot->pipe), slot->bytes,
                        time_monotonic_ns());
    receive(slot);
}

/* A frame does not tell how much memory its messages take, which may be forty times as much. */
static bool admit_unpacked(struct call *call)
{
    struct slot *slot = (struct slot *)call; /* its first member */
    if (count_bytes(slot, CALL_TO_REQUEST * arena_excess(&call->arena)) || slot->target.is_open)
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
    slot->target = (struct dispatcher_target){.method = dispatcher_count(slot->all->dispatcher)};
    slot->malformed = slot->reserved = false;
    call->caller = (uint32_t)nng_pipe_id(slot->pipe);
    call->method = call->request_id = "";
    call->start_ns = call->deadline_ns = time_monotonic_ns();
    call->trace = (struct trace){0};
    call->more = call->replayed = call->validate_only = false;
    call->reserve = reserve;
    call->status = STATUS_INIT;
}

/* The request of a frame. NULL: there is none. The call was failed if it is none that is taken. */
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
    if (request != NULL)
        slot->target = dispatcher_look_up(slot->all->dispatcher, request);
    return request;
}

static void handle(struct slot *slot, nng_msg *in)
{
    struct slots *all = slot->all;
    struct call *call = &slot->call;
    reset(slot, in);
    const bool admitted = connections_enter(all->connections, call->caller, slot->bytes);
    const Rpc__V1__Request *request = unpack(slot, in);
    nng_msg_free(in);
    if (call->status.code != STATUS_OK) {
        reply(NULL, call);
        return;
    }
    begin(call, request);
    if (atomic_load(&all->draining) && !slot->target.is_open) {
        leave_unanswered(slot);
    } else if (!admitted && !slot->target.is_open) {
        refuse(slot);
        reply(NULL, call);
    } else {
        dispatcher_invoke(all->dispatcher, &slot->target, call, request, admit_unpacked, reply);
    }
}

/* Its reply was sent, or is given up. */
static void end_reply(struct slot *slot)
{
    const uint32_t id = (uint32_t)nng_pipe_id(slot->pipe);
    if (connections_leave(slot->all->connections, id, slot->bytes, time_monotonic_ns()))
        server_metrics_close(slot->all->metrics, id, SERVER_CLOSES_IN_VAIN);
}

/* --- going round --- */

static void advance(void *arg);

/* Opens some more contexts, up to the most, and has them receive. False: it could not. */
static bool open_some(struct slots *all)
{
    bool opened = true;
    pthread_mutex_lock(&all->lock);
    for (unsigned i = 0; i < CONTEXTS_AT_ONCE && all->n < all->most && opened; i++) {
        struct slot *slot = &all->list[all->n];
        slot->all = all;
        arena_init(&slot->call.arena);
        opened = nng_aio_alloc(&slot->out.aio, advance, slot) == 0;
        if (opened && nng_ctx_open(&slot->out.context, all->socket) != 0) {
            nng_aio_free(slot->out.aio);
            opened = false;
        }
        if (opened) {
            all->n++;
            receive(slot);
        }
    }
    pthread_mutex_unlock(&all->lock);
    return opened;
}

/* Lets the other threads have the core now and then. One that always finds more to read, of a heavy hitter's
 * calls, would else keep it for whole time slices of the kernel's, while the store's answers, and those who
 * wait for a single one, wait for each of them. */
static void yield_to_other_threads(const struct slots *all)
{
    static _Thread_local unsigned steps;
    if (connections_have_heavy_hitter(all->connections) && ++steps % STEPS_AT_ONCE == 0)
        sched_yield();
}

/* A context's send or receive ended. */
static void advance(void *arg)
{
    struct slot *slot = arg;
    yield_to_other_threads(slot->all);
    int error = nng_aio_result(slot->out.aio);

    if (slot->sending) {
        if (error != 0) /* the message is still ours */
            nng_msg_free(nng_aio_get_msg(slot->out.aio));
        if (error == NNG_ETIMEDOUT) /* its peer takes no answers: nothing is to wait for it again */
            server_metrics_close(slot->all->metrics, (uint32_t)nng_pipe_id(slot->pipe), SERVER_CLOSES_SLOW);
        end_reply(slot);
        if (error != NNG_ECLOSED)
            receive(slot);
        return;
    }
    if (atomic_fetch_sub(&slot->all->receiving, 1) <= CONTEXTS_FEW && error == 0)
        open_some(slot->all);
    if (error == 0)
        handle(slot, nng_aio_get_msg(slot->out.aio));
    else if (error != NNG_ECLOSED && error != NNG_ECANCELED)
        receive(slot);
}

/* --- all of them --- */

bool slots_open(struct slots *slots)
{
    pthread_mutex_init(&slots->lock, NULL);
    const bool can_send = outbox_init(&slots->outbox);
    slots->list = calloc(slots->most, sizeof *slots->list);
    return can_send && slots->list != NULL && open_some(slots);
}

void slots_free(struct slots *slots)
{
    for (unsigned i = 0; i < slots->n; i++) {
        nng_aio_stop(slots->list[i].out.aio);
        nng_aio_free(slots->list[i].out.aio);
        arena_free(&slots->list[i].call.arena);
    }
    outbox_free(&slots->outbox);
    pthread_mutex_destroy(&slots->lock);
    free(slots->list);
}
