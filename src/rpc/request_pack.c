/* request_pack.c: a timeout, a method and metadata, and behind them the message. */
#include "rpc/request_pack.h"

#include "base/message.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"

#include <string.h>

/* The call's metadata: the caller's, and the key unless there is one among them. False: no memory. */
static bool set_metadata(Rpc__V1__Request *head, const struct rpc_request *request, const char *api_key,
                         struct arena *arena)
{
    size_t n = request->n_metadata + 1;
    Rpc__V1__Request__MetadataEntry *entries = arena_calloc(arena, n, sizeof *entries);
    Rpc__V1__Request__MetadataEntry **list = arena_calloc(arena, n, sizeof *list);
    struct rpc_metadata key = {.name = "x-api-key", .value = api_key};

    if (entries == NULL || list == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct rpc_metadata *from = i < request->n_metadata ? &request->metadata[i] : &key;
        if (from == &key && key.value == NULL)
            break;
        if (from != &key && strcmp(from->name, key.name) == 0)
            key.value = NULL;
        rpc__v1__request__metadata_entry__init(&entries[i]);
        entries[i].key = message_text(from->name);
        entries[i].value = message_text(from->value);
        list[head->n_metadata++] = &entries[i];
    }
    head->metadata = list;
    return true;
}

/* timeout_ms stands in front of all other fields, and in five bytes whatever its value, so that it can be set
 * in place: the upper groups of a varint may be zeros (protobuf.dev/programming-guides/encoding). */
enum {
    TIMEOUT_FIELD = 3,
    TIMEOUT_TAG = TIMEOUT_FIELD << 3, /* a varint's */
    VARINT_BYTES = 5,
    TIMEOUT_BYTES = 1 + VARINT_BYTES,
};

void request_set_timeout(nng_msg *packed, uint32_t timeout_ms)
{
    uint8_t *at = nng_msg_body(packed);
    *at++ = TIMEOUT_TAG;
    for (unsigned i = 0; i < VARINT_BYTES; i++) {
        const unsigned group = timeout_ms >> 7 * i & 0x7f, more = i < VARINT_BYTES - 1 ? 0x80 : 0;
        *at++ = (uint8_t)(group | more);
    }
}

static nng_msg *refuse_without_memory(struct rpc_reply *reply)
{
    status_set(&reply->status, &reply->arena, STATUS_RESOURCE_EXHAUSTED, "No memory for a further call");
    return NULL;
}

nng_msg *request_pack(const struct rpc_request *request, const char *api_key, struct rpc_reply *reply)
{
    Rpc__V1__Request head = RPC__V1__REQUEST__INIT;
    head.method = arena_printf(&reply->arena, "%s/%s", request->service->name, request->method->name);
    head.request_id = message_text(reply->request_id);
    if (head.method == NULL || !set_metadata(&head, request, api_key, &reply->arena))
        return refuse_without_memory(reply);

    const struct frame frame = frame_measure(&head.base, request->input);
    const size_t size = TIMEOUT_BYTES + frame.size;
    nng_msg *packed;
    if (size > FRAME_MAX_BYTES) {
        status_set(&reply->status, &reply->arena, STATUS_INVALID_ARGUMENT,
                   "The frame has %zu bytes; at most %d are taken", size, FRAME_MAX_BYTES);
        return NULL;
    }
    if (nng_msg_alloc(&packed, size) != 0)
        return refuse_without_memory(reply);
    frame_pack(&frame, (uint8_t *)nng_msg_body(packed) + TIMEOUT_BYTES);
    return packed;
}
