/* slots.c: each context goes round: receive, run, reply, receive. What a connection may have in hand is
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

#include <nng/protocol/reqrep0/rep.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_AT_ONCE = 16,    /* of contexts, on one thread, while there is a heavy hitter */
    CONTEXTS_AT_ONCE = 64, /* opened when nearly all that there are carry calls */
    CONTEXTS_FEW = 16,     /* that receive */
};

/* One context and the call it carries. Whoever runs its current step owns it; there is no lock. */
struct slot {
    struct surface_call call;
    struct slots *all;
    struct outgoing out; /* its context and aio receive, too */
    nng_pipe pipe;       /* that the call came from */
    bool malformed;      /* its frame is none */
    bool forwarded;      /* by a front end that has a key: others' calls come by its connection */
    bool sending;        /* or receiving */
};

static void slot_receive(struct slot *slot)
{
    slot->sending = false;
    atomic_fetch_add(&slot->all->receiving, 1);
    nng_aio_set_timeout(slot->out.aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(slot->out.context, slot->out.aio);
}

/* --- answering --- */

static struct frame measure_reply(struct call *call, Rpc__V1__Response *head, const ProtobufCMessage *message)
{
    response_init(head, call);
    return frame_measure(&head->base, call->status.code == STATUS_OK ? message : NULL);
}

/* By which the call was made, whatever became of it. */
static enum connections_access access_of(const struct slot *slot)
{
    if (slot->malformed)
        return CONNECTIONS_NO_CALL;
    const struct surface_target *target = &slot->call.target;
    if (slot->forwarded)
        return CONNECTIONS_BY_FORWARDER;
    if (target->is_known)
        return CONNECTIONS_BY_KEY;
    const bool is_known = target->method < methods_count(surface_methods(slot->all->surface));
    return is_known && !target->is_open ? CONNECTIONS_BY_NONE : CONNECTIONS_BY_ALL;
}

static nng_msg *pack_frame(const struct frame *frame)
{
    nng_msg *out;
    if (nng_msg_alloc(&out, frame->size) != 0)
        abort(); /* as the arena does */
    frame_pack(frame, nng_msg_body(out));
    return out;
}

/* A call was done. */
static void reply(struct surface_call *call, const ProtobufCMessage *message)
{
    struct slot *slot = (struct slot *)call; /* its first member */
    struct slots *all = slot->all;
    Rpc__V1__Response head;
    struct frame frame = measure_reply(&call->call, &head, message);
    if (!surface_fits(call, frame.size))
        frame = measure_reply(&call->call, &head, NULL);
    nng_msg *out = pack_frame(&frame);
    surface_answered(call, frame.size);
    call_forget(&call->call);
    const uint32_t unread = connections_answer(all->connections, (uint32_t)nng_pipe_id(slot->pipe),
                                               access_of(slot), time_monotonic_ns());
    slot->sending = true;
    nng_aio_set_timeout(slot->out.aio, all->send_ms);
    nng_aio_set_msg(slot->out.aio, out);
    outbox_send(&all->outbox, &slot->out,
                call->call.more); /* the slot may be another call's when it returns */
    if (unread != 0)
        server_metrics_close(all->metrics, unread, SERVER_CLOSES_UNREAD);
}

/* Its reply was sent, or is given up. */
static void end_reply(struct slot *slot)
{
    const uint32_t id = (uint32_t)nng_pipe_id(slot->pipe);
    surface_leave(&slot->call);
    if (connections_leave(slot->all->connections, id, time_monotonic_ns()))
        server_metrics_close(slot->all->metrics, id, SERVER_CLOSES_UNAUTHORIZED);
}

/* --- calling --- */

/* A request that comes while the server is going away is left unanswered: its client sends it again, to
 * another server, when the connection closes, which the drain sees to. */
static void leave_unanswered(struct slot *slot)
{
    surface_abandon(&slot->call);
    call_forget(&slot->call.call);
    connections_abandon(slot->all->connections, (uint32_t)nng_pipe_id(slot->pipe), time_monotonic_ns());
    slot_receive(slot);
}

/* The request of a frame. NULL: it is none that is taken, and the call was failed. */
static const Rpc__V1__Request *unpack(struct slot *slot, nng_msg *in)
{
    struct call *call = &slot->call.call;
    const size_t size = nng_msg_len(in);
    const Rpc__V1__Request *request = NULL;
    const char *why;
    if (size > FRAME_MAX_BYTES)
        call_fail(call, STATUS_INVALID_ARGUMENT, "The frame has %zu bytes; at most %d are taken", size,
                  FRAME_MAX_BYTES);
    else if ((request = frame_unpack_request(&call->arena, nng_msg_body(in), size, &why)) == NULL)
        call_fail(call, STATUS_INVALID_ARGUMENT, "The frame is no rpc.v1.Request: %s", why);
    slot->malformed = request == NULL;
    return request;
}

/* Its operator is to know: what its callers may not closes its connection. */
static void log_refused_forwarder(const struct slot *slot, enum auth_outcome outcome)
{
    const uint64_t stands_for = sampler_take(&slot->all->refused, time_monotonic_ns());
    if (stands_for > 0)
        log_line(slot->all->log, LOG_LEVEL_WARN, "the key of a front end does not hold",
                 LOG_STR("why", auth_reason(outcome)), LOG_OPT("peer", slot->call.call.peer),
                 LOG_INT("stands_for", stands_for));
}

static bool is_forwarded(const struct slot *slot, const Rpc__V1__Request *head)
{
    const struct auth_presented presented = {.api_key = frame_metadata(head, FRAME_FORWARDER_KEY)};
    struct auth_result auth;
    if (presented.api_key == NULL)
        return false;
    surface_check(slot->all->surface, &presented, &auth);
    if (auth.outcome != AUTH_KNOWN)
        log_refused_forwarder(slot, auth.outcome);
    return auth.outcome == AUTH_KNOWN;
}

static void slot_run(struct slot *slot, const Rpc__V1__Request *head)
{
    struct surface_call *call = &slot->call;
    struct auth_result auth;
    const struct auth_presented presented = {
        .api_key = frame_metadata(head, "x-api-key"),
        .authorization = frame_metadata(head, "authorization"),
        .subject = call->caller != NULL ? call->caller->subject : NULL,
        .not_after = call->caller != NULL ? call->caller->not_after : 0,
        .authority = call->caller != NULL ? call->caller->authority : 0,
    };
    slot->forwarded = is_forwarded(slot, head);
    surface_check(slot->all->surface, &presented, &auth);
    const struct surface_request request = {
        .method = head->method,
        .presented = &presented,
        .auth = &auth,
        .request_id = head->request_id,
        .traceparent = frame_metadata(head, "traceparent"),
        .validate_only = frame_metadata(head, "x-validate-only"),
        .timeout_ms = head->timeout_ms,
        .payload = head->payload,
    };
    surface_look_up(call, &request);
    if (atomic_load(&slot->all->draining) && !call->target.is_open)
        leave_unanswered(slot);
    else
        surface_run(call, &request);
}

static void handle(struct slot *slot, nng_msg *in)
{
    struct slots *all = slot->all;
    slot->pipe = nng_msg_get_pipe(in);
    const uint32_t id = (uint32_t)nng_pipe_id(slot->pipe);
    slot->forwarded = false;
    surface_enter(&slot->call, connections_enter(all->connections, id), nng_msg_len(in));
    const Rpc__V1__Request *request = unpack(slot, in);
    nng_msg_free(in);
    if (request != NULL)
        slot_run(slot, request);
    else
        surface_refuse(&slot->call);
}

/* --- going round --- */

static void slot_advance(void *arg);

/* Opens some more contexts, up to the most, and has them receive. False: it could not. */
static bool open_some(struct slots *all)
{
    bool opened = true;
    pthread_mutex_lock(&all->lock);
    for (unsigned i = 0; i < CONTEXTS_AT_ONCE && all->n < all->most && opened; i++) {
        struct slot *slot = &all->list[all->n];
        slot->all = all;
        surface_call_init(&slot->call, all->surface, reply);
        slot->call.call.is_packed = true;
        opened = nng_aio_alloc(&slot->out.aio, slot_advance, slot) == 0;
        if (opened && nng_ctx_open(&slot->out.context, all->socket) != 0) {
            nng_aio_free(slot->out.aio);
            opened = false;
        }
        if (opened) {
            all->n++;
            slot_receive(slot);
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
    if (admission_has_heavy_hitter(surface_admission(all->surface)) && ++steps % STEPS_AT_ONCE == 0)
        sched_yield();
}

/* A context's send or receive ended. */
static void slot_advance(void *arg)
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
            slot_receive(slot);
        return;
    }
    if (atomic_fetch_sub(&slot->all->receiving, 1) <= CONTEXTS_FEW && error == 0)
        open_some(slot->all);
    if (error == 0)
        handle(slot, nng_aio_get_msg(slot->out.aio));
    else if (error != NNG_ECLOSED && error != NNG_ECANCELED)
        slot_receive(slot);
}

/* --- all of them --- */

bool slots_open(struct slots *slots)
{
    pthread_mutex_init(&slots->lock, NULL);
    sampler_init(&slots->refused, 1);
    const bool can_send = outbox_init(&slots->outbox);
    slots->list = calloc(slots->most, sizeof *slots->list);
    return can_send && slots->list != NULL && open_some(slots);
}

void slots_free(struct slots *slots)
{
    for (unsigned i = 0; i < slots->n; i++) {
        nng_aio_stop(slots->list[i].out.aio);
        nng_aio_free(slots->list[i].out.aio);
        surface_call_free(&slots->list[i].call);
    }
    outbox_free(&slots->outbox);
    pthread_mutex_destroy(&slots->lock);
    free(slots->list);
}
