/* reply.c: a frame becomes a status and a payload, and that a message when somebody wants it. */
#include "rpc/reply.h"

#include "base/message.h"
#include "base/uuid.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a call gets that there is no memory for. */
static struct rpc_reply no_memory = {
    .status = {.code = STATUS_RESOURCE_EXHAUSTED, .message = "No memory for a further call"},
    .unsent = true,
    .request_id = "",
};

static const char *make_id(struct rpc_reply *reply)
{
    char *id = arena_alloc(&reply->arena, UUID_TEXT);
    if (id == NULL || uuid_try(id))
        return id;
    status_set(&reply->status, &reply->arena, STATUS_INTERNAL, "No random bytes for a request_id: %s",
               strerrordesc_np(errno));
    reply->unsent = true;
    return "";
}

struct rpc_reply *rpc_reply_new(const ProtobufCMessageDescriptor *output, const char *request_id)
{
    struct rpc_reply *reply = calloc(1, sizeof *reply);
    if (reply == NULL)
        return &no_memory;
    arena_init_may_fail(&reply->arena);
    reply->status = STATUS_INIT;
    reply->output = output;
    reply->request_id = request_id != NULL ? arena_strdup(&reply->arena, request_id) : make_id(reply);
    if (reply->request_id == NULL) {
        rpc_reply_free(reply);
        return &no_memory;
    }
    return reply;
}

void rpc_reply_free(struct rpc_reply *reply)
{
    if (reply == NULL || reply == &no_memory)
        return;
    arena_free(&reply->arena);
    free(reply);
}

void rpc_reply_drop(struct rpc_reply *reply, enum status_code code, const char *message)
{
    if (reply == &no_memory)
        return; /* it says so, and holds nothing */
    arena_free(&reply->arena);
    reply->request_id = "";
    reply->status = (struct status){.code = code, .message = message};
    reply->message = NULL;
    reply->metadata = NULL;
    reply->n_metadata = 0;
    reply->server = NULL;
    reply->answered = false;
    reply->payload = (ProtobufCBinaryData){0};
}

/* False: no memory. */
static bool take_violations(struct rpc_reply *reply, const Rpc__V1__Response *response)
{
    const size_t n = response->n_violations;
    struct violation *violations = arena_calloc(&reply->arena, n, sizeof *violations);
    if (violations == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const Rpc__V1__FieldViolation *from = response->violations[i];
        violations[i] = (struct violation){
            .field = from->field,
            .type = from->type,
            .parameter = from->parameter,
            .message = from->message,
        };
    }
    reply->status.violations = violations;
    reply->status.n_violations = reply->status.violation_capacity = n;
    return true;
}

static const char *find_metadata(const Rpc__V1__Response *response, const char *key)
{
    for (size_t i = response->n_metadata; i > 0; i--) {
        if (strcmp(response->metadata[i - 1]->key, key) == 0)
            return response->metadata[i - 1]->value;
    }
    return NULL;
}

/* False: no memory. */
static bool take_limit(struct rpc_reply *reply, const Rpc__V1__Response *response)
{
    const char *retry_after = find_metadata(response, FRAME_RETRY_AFTER);
    const char *policy = find_metadata(response, FRAME_RATELIMIT_POLICY);
    const char *state = find_metadata(response, FRAME_RATELIMIT);
    if (retry_after == NULL || policy == NULL || state == NULL)
        return true;
    struct status_limit *limit = arena_alloc(&reply->arena, sizeof *limit);
    if (limit == NULL)
        return false;
    *limit = (struct status_limit){policy, state, (unsigned)strtoul(retry_after, NULL, 10)};
    reply->status.limit = limit;
    return true;
}

/* The answer cannot be used. */
static void reply_refuse(struct rpc_reply *reply, const char *type, const char *why)
{
    const enum status_code code = why == message_no_memory ? STATUS_RESOURCE_EXHAUSTED : STATUS_INTERNAL;
    status_set(&reply->status, &reply->arena, code, "The answer is no %s: %s", type, why);
}

void rpc_reply_read(struct rpc_reply *reply, const uint8_t *frame, size_t size)
{
    const char *why;
    const Rpc__V1__Response *response =
        message_unpack(&rpc__v1__response__descriptor, MESSAGE_MAX_FIELDS, &reply->arena, frame, size, &why);
    if (response == NULL || !take_violations(reply, response) || !take_limit(reply, response)) {
        reply_refuse(reply, rpc__v1__response__descriptor.name, response == NULL ? why : message_no_memory);
        return;
    }
    reply->answered = true;
    reply->replayed = find_metadata(response, FRAME_REPLAYED) != NULL;
    const unsigned code = (unsigned)response->code;
    reply->status.code = code < STATUS_CODES ? (enum status_code)code : STATUS_UNKNOWN;
    reply->status.message = response->message;
    reply->metadata = response->metadata;
    reply->n_metadata = response->n_metadata;
    reply->payload = response->payload;
}

void rpc_reply_unpack(struct rpc_reply *reply)
{
    const char *why;
    if (reply->status.code != STATUS_OK || reply->message != NULL)
        return;
    reply->message = message_unpack(reply->output, FRAME_MAX_ANSWER_FIELDS, &reply->arena,
                                    reply->payload.data, reply->payload.len, &why);
    if (reply->message == NULL)
        reply_refuse(reply, reply->output->name, why);
}

ProtobufCMessage *rpc_reply_take(struct rpc_reply *reply)
{
    const char *why;
    if (reply->status.code != STATUS_OK)
        return NULL;
    ProtobufCMessage *message = message_unpack_apart(reply->output, FRAME_MAX_ANSWER_FIELDS, &reply->arena,
                                                     reply->payload.data, reply->payload.len, &why);
    if (message == NULL)
        reply_refuse(reply, reply->output->name, why);
    return message;
}
