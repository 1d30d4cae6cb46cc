/* remote_channel.c: a reply of the client's is the reply; its message is unpacked when it is read. */
#include "rpc/remote_channel.h"

#include "base/trace.h"
#include "base/utf8.h"
#include "rpc/frame.h"
#include "rpc/v1/health.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* To here a reply finds room whatever others take: more than that to any write has, which must not be
     * refused when it was made. */
    SMALL_REPLY_BYTES = 4 << 10,
    OWN_SHARE = 4,        /* of the memory, which there is for replies whatever others take */
    MEMORY_TO_PACKED = 4, /* what an answer takes, unpacked, to what it came in */
};

struct remote_channel {
    struct channel base;
    struct rpc_client *client;
    const struct own_key *own_key;
    struct budget_part memory;
};

/* A call, and then its reply. */
struct remote_call {
    struct channel_reply base; /* the first member */
    struct remote_channel *channel;
    bool asks_health;
    channel_done *done;
    void *arg;
    struct rpc_reply *reply; /* owned */
    size_t counted;          /* of the memory */
};

/* Of an Authorization that is one; NULL: there is none. */
static const char *bearer_of(const struct auth_presented *presented)
{
    return presented->authorization != NULL ? auth_bearer(presented->authorization) : NULL;
}

/* What is no text cannot be passed on: the service would take the frame for none. */
static enum auth_outcome judge_presented(const struct auth_presented *presented)
{
    const char *const secrets[] = {presented->api_key, bearer_of(presented)};
    enum auth_outcome outcome = AUTH_MISSING;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (secrets[i] == NULL || *secrets[i] == '\0')
            continue;
        if (!utf8_valid(secrets[i], strlen(secrets[i])))
            return AUTH_UNKNOWN;
        outcome = AUTH_UNCHECKED;
    }
    return outcome;
}

/* The service says who it is, and what he may. */
static void remote_channel_check(const struct channel *base, const struct auth_presented *presented,
                                 const ProtobufCMethodDescriptor *method, struct arena *arena,
                                 struct auth_result *result, struct status *status)
{
    (void)base;
    (void)method;
    *result = (struct auth_result){.outcome = judge_presented(presented)};
    auth_refuse(result->outcome, arena, status);
}

static void take_status(struct remote_call *call)
{
    call->base.status = call->reply->status;
    call->base.replayed = call->reply->replayed;
}

static void count_memory(struct remote_call *call)
{
    const size_t bytes = call->reply->payload.len;
    if (bytes <= SMALL_REPLY_BYTES)
        return;
    if (budget_part_take(&call->channel->memory, bytes))
        call->counted = bytes;
    else
        rpc_reply_drop(call->reply, STATUS_RESOURCE_EXHAUSTED, "Too many requests at once");
}

static void take_reply(struct rpc_reply *reply, void *arg)
{
    struct remote_call *call = arg;
    call->reply = reply;
    count_memory(call);
    if (call->asks_health && !own_key_holds(call->channel->own_key))
        rpc_reply_drop(reply, STATUS_UNAVAILABLE, "The service refuses this front end's own key");
    call->base.bytes = MEMORY_TO_PACKED * reply->payload.len;
    take_status(call);
    call->done(&call->base, call->arg);
}

static const ProtobufCMessage *read_reply(struct channel_reply *base)
{
    struct remote_call *call = (struct remote_call *)base; /* its first member */
    rpc_reply_unpack(call->reply);
    take_status(call);
    return call->reply->message;
}

static void free_reply(struct channel_reply *base)
{
    struct remote_call *call = (struct remote_call *)base; /* its first member */
    if (call->counted > 0)
        budget_part_give_back(&call->channel->memory, call->counted);
    rpc_reply_free(call->reply);
    free(call);
}

static void add_metadata(struct rpc_metadata metadata[], size_t *n, const char *name, const char *value)
{
    if (value != NULL)
        metadata[(*n)++] = (struct rpc_metadata){name, value};
}

static void remote_channel_call(struct channel *base, const struct channel_request *request,
                                channel_done *done, void *arg)
{
    struct remote_channel *channel = (struct remote_channel *)base; /* its first member */
    struct remote_call *call = calloc(1, sizeof *call);
    char traceparent[TRACE_PARENT_TEXT];
    struct rpc_metadata metadata[5];
    size_t n = 0;
    if (call == NULL)
        abort(); /* as the arena does */
    *call = (struct remote_call){.base.type = base->type,
                                 .channel = channel,
                                 .asks_health = request->service == &rpc__v1__health__descriptor,
                                 .done = done,
                                 .arg = arg};
    if (request->refused != NULL) { /* only the service counts calls */
        call->base.status = *request->refused;
        done(&call->base, arg);
        // cppcheck-suppress memleak; it is done's now
        return;
    }
    const struct auth_presented *presented = request->presented;
    add_metadata(metadata, &n, "x-api-key", presented->api_key);
    add_metadata(metadata, &n, "authorization",
                 bearer_of(presented) != NULL ? presented->authorization : NULL);
    add_metadata(metadata, &n, FRAME_FORWARDER_KEY, own_key_get(channel->own_key));
    add_metadata(metadata, &n, "x-validate-only", request->validate_only ? "true" : NULL);
    if (request->trace != NULL) {
        trace_write(request->trace, traceparent);
        add_metadata(metadata, &n, "traceparent", traceparent);
    }
    const struct rpc_request rpc_request = {
        .service = request->service,
        .method = request->method,
        .input = request->input,
        .request_id = request->request_id,
        .timeout_ms = request->timeout_ms,
        .metadata = metadata,
        .n_metadata = n,
    };
    rpc_client_call(channel->client, &rpc_request, take_reply, call);
}

struct channel *remote_channel_new(const struct remote_channel_options *options)
{
    static const struct channel_type type = {remote_channel_check, remote_channel_call, read_reply,
                                             free_reply};
    struct remote_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return NULL;
    channel->base.type = &type;
    channel->client = options->client;
    channel->own_key = options->own_key;
    channel->memory = (struct budget_part){
        .whole = options->memory, .own = options->memory->limit / OWN_SHARE, .most = options->memory->limit};
    return &channel->base;
}

void remote_channel_free(struct channel *channel)
{
    free(channel); /* its first member */
}
