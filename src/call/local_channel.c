/* local_channel.c: calls that are in no use are kept for the next ones, with the first block of their arenas.
 */
#include "call/local_channel.h"

#include "base/uuid.h"

#include <pthread.h>
#include <stdlib.h>

enum { MOST_SPARE = 64 };

struct local_channel {
    struct channel base;
    struct surface *surface;
    pthread_mutex_t lock; /* guards all below */
    struct local_call *spare;
    unsigned n_spare;
};

/* A call, and then its reply. */
struct local_call {
    struct surface_call call; /* the first member */
    struct caller caller;
    struct channel_reply reply;
    const ProtobufCMessageDescriptor *output;
    const ProtobufCMessage *message; /* the answer */
    struct local_channel *channel;
    channel_done *done;
    void *arg;
    struct local_call *next; /* that is spare */
};

static struct local_call *call_of(struct channel_reply *reply)
{
    return (struct local_call *)((char *)reply - offsetof(struct local_call, reply));
}

/* --- what is kept --- */

static struct local_call *take_spare(struct local_channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    struct local_call *call = channel->spare;
    if (call != NULL) {
        channel->spare = call->next;
        channel->n_spare--;
    }
    pthread_mutex_unlock(&channel->lock);
    return call;
}

static void give_back(struct local_call *call)
{
    struct local_channel *channel = call->channel;
    call_forget(&call->call.call);
    pthread_mutex_lock(&channel->lock);
    const bool is_kept = channel->n_spare < MOST_SPARE;
    if (is_kept) {
        call->next = channel->spare;
        channel->spare = call;
        channel->n_spare++;
    }
    pthread_mutex_unlock(&channel->lock);
    if (!is_kept) {
        surface_call_free(&call->call);
        free(call);
    }
}

/* --- a call --- */

/* The answer that nothing was said of. */
static ProtobufCMessage *make_empty(struct local_call *call)
{
    ProtobufCMessage *message = arena_alloc(&call->call.call.arena, call->output->sizeof_message);
    protobuf_c_message_init(call->output, message);
    return message;
}

static size_t measure_answer(const struct call *call)
{
    const size_t shared = call->shared != NULL ? shared_arena_share(call->shared) : 0;
    return arena_excess(&call->arena) + shared;
}

/* Its answer stays where the service made it, until it was read; unless there is no room for it, when nothing
 * of it is to be kept. */
static void local_call_answer(struct surface_call *base, const ProtobufCMessage *message)
{
    struct local_call *call = (struct local_call *)base; /* its first member */
    const size_t bytes = measure_answer(&base->call);
    const bool fits = surface_fits(base, bytes);
    call->reply.bytes = fits ? bytes : 0;
    surface_answered(base, call->reply.bytes);
    call->reply.status = base->call.status;
    call->reply.replayed = base->call.replayed;
    call->reply.more = base->call.more;
    if (fits) {
        call->message = message != NULL ? message : make_empty(call);
    } else {
        call_forget(&base->call);
        call->reply.status.message = surface_no_room;
    }
    call->done(&call->reply, call->arg);
}

static const ProtobufCMessage *read_reply(struct channel_reply *reply)
{
    return reply->status.code == STATUS_OK ? call_of(reply)->message : NULL;
}

static void free_reply(struct channel_reply *reply)
{
    struct local_call *call = call_of(reply);
    surface_leave(&call->call);
    give_back(call);
}

static void local_channel_check(const struct channel *base, const struct auth_presented *presented,
                                const ProtobufCMethodDescriptor *descriptor, struct arena *arena,
                                struct auth_result *result, struct status *status)
{
    const struct surface *surface = ((const struct local_channel *)base)->surface;
    const size_t method = methods_find_descriptor(surface_methods(surface), descriptor);
    surface_check(surface, presented, result);
    if (method < methods_count(surface_methods(surface)))
        surface_authorize(surface, result, method, arena, status);
}

static const char *new_id(struct arena *arena)
{
    char *id = arena_alloc(arena, UUID_TEXT);
    uuid_make(id);
    return id;
}

static struct local_call *make_call(struct local_channel *channel, const struct channel_type *type)
{
    struct local_call *call = take_spare(channel);
    if (call != NULL)
        return call;
    call = calloc(1, sizeof *call);
    if (call == NULL)
        abort(); /* as the arena does */
    surface_call_init(&call->call, channel->surface, local_call_answer);
    call->call.call.is_local = true;
    call->channel = channel;
    call->reply.type = type;
    return call;
}

static void local_channel_call(struct channel *base, const struct channel_request *request,
                               channel_done *done, void *arg)
{
    struct local_call *call = make_call((struct local_channel *)base, base->type);
    struct arena *arena = &call->call.call.arena;
    call->output = request->method->output;
    call->done = done;
    call->arg = arg;
    call->caller = (struct caller){.id = request->caller, .address = request->peer};
    surface_enter(&call->call, &call->caller, sizeof *call);
    const struct surface_request surface_request = {
        .descriptor = request->method,
        .presented = request->presented,
        .auth = request->auth,
        .request_id = request->request_id != NULL ? request->request_id : new_id(arena),
        .trace = request->trace,
        .validate_only = request->validate_only ? "true" : NULL,
        .timeout_ms = request->timeout_ms,
        .input = request->input,
        .input_bytes = request->input_bytes,
        .refused = request->refused,
    };
    surface_look_up(&call->call, &surface_request);
    surface_run(&call->call, &surface_request);
}

/* --- all of them --- */

struct channel *local_channel_new(struct surface *surface)
{
    static const struct channel_type type = {local_channel_check, local_channel_call, read_reply, free_reply};
    struct local_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return NULL;
    channel->base.type = &type;
    channel->surface = surface;
    pthread_mutex_init(&channel->lock, NULL);
    return &channel->base;
}

void local_channel_free(struct channel *base)
{
    struct local_channel *channel = (struct local_channel *)base; /* its first member */
    if (channel == NULL)
        return;
    for (struct local_call *each = channel->spare, *next; each != NULL; each = next) {
        next = each->next;
        surface_call_free(&each->call);
        free(each);
    }
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}
