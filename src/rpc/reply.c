/* reply.c: a frame becomes a status and a payload, and that a message when somebody wants it. */
#include "rpc/reply.h"

#include "base/uuid.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"

#include <stdlib.h>
#include <string.h>

struct rpc_reply *rpc_reply_new(const ProtobufCMessageDescriptor *output, const char *request_id)
{
    struct rpc_reply *reply = calloc(1, sizeof *reply);
    if (reply == NULL)
        return NULL;
    arena_init(&reply->arena);
    reply->status = STATUS_INIT;
    reply->output = output;
    if (request_id != NULL) {
        reply->request_id = arena_strdup(&reply->arena, request_id);
    } else {
        char *id = arena_alloc(&reply->arena, UUID_TEXT);
        uuid_make(id);
        reply->request_id = id;
    }
    return reply;
}

void rpc_reply_free(struct rpc_reply *reply)
{
    if (reply == NULL)
        return;
    arena_free(&reply->arena);
    free(reply);
}

static void take_violations(struct rpc_reply *reply, const Rpc__V1__Response *response)
{
    for (size_t i = 0; i < response->n_violations; i++) {
        const Rpc__V1__FieldViolation *from = response->violations[i];
        status_add_violation(&reply->status, &reply->arena, from->field, from->type, "%s", from->message);
    }
}

void rpc_reply_read(struct rpc_reply *reply, const uint8_t *frame, size_t size)
{
    const char *why;
    const Rpc__V1__Response *response =
        frame_unpack(&rpc__v1__response__descriptor, SIZE_MAX, &reply->arena, frame, size, &why);
    if (response == NULL) {
        status_set(&reply->status, &reply->arena, STATUS_INTERNAL, "The answer is no rpc.v1.Response: %s",
                   why);
        return;
    }
    take_violations(reply, response);
    for (size_t i = 0; i < response->n_metadata; i++)
        reply->replayed |= strcmp(response->metadata[i]->key, FRAME_REPLAYED) == 0;
    reply->status.code = (enum status_code)response->code;
    reply->status.message = response->message;
    reply->payload = response->payload;
}

static void refuse_payload(struct rpc_reply *reply, const char *why)
{
    status_set(&reply->status, &reply->arena, STATUS_INTERNAL, "The answer is no %s: %s", reply->output->name,
               why);
}

void rpc_reply_unpack(struct rpc_reply *reply)
{
    const char *why;
    if (reply->status.code != STATUS_OK || reply->message != NULL)
        return;
    reply->message =
        frame_unpack(reply->output, SIZE_MAX, &reply->arena, reply->payload.data, reply->payload.len, &why);
    if (reply->message == NULL)
        refuse_payload(reply, why);
}

ProtobufCMessage *rpc_reply_take(struct rpc_reply *reply)
{
    const char *why;
    if (reply->status.code != STATUS_OK)
        return NULL;
    ProtobufCMessage *message = frame_unpack_apart(reply->output, SIZE_MAX, &reply->arena,
                                                   reply->payload.data, reply->payload.len, &why);
    if (message == NULL)
        refuse_payload(reply, why);
    return message;
}
