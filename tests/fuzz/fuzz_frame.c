/* fuzz_frame.c: any bytes as a frame. Those that are one keep their meaning when they are packed again, a
 * payload packed in place gives the bytes that one packed apart gives, and a trace that is joined is passed
 * on. */
#include "counted_arena.h"
#include "fuzz.h"

#include "base/message.h"
#include "base/trace.h"
#include "base/utf8.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"

#include <string.h>

struct bytes {
    uint8_t *at;
    size_t size;
};

static struct bytes pack(const ProtobufCMessage *message, struct arena *arena)
{
    struct bytes bytes = {.size = protobuf_c_message_get_packed_size(message)};
    bytes.at = arena_alloc(arena, bytes.size);
    must(protobuf_c_message_pack(message, bytes.at) == bytes.size);
    return bytes;
}

static void check_equal(struct bytes a, struct bytes b)
{
    must(a.size == b.size);
    must(memcmp(a.at, b.at, a.size) == 0);
}

static void *unpack(const ProtobufCMessageDescriptor *type, struct arena *arena, struct bytes bytes)
{
    struct counted_arena counted;
    const char *why = "";
    counted_arena_begin(&counted, arena);
    void *message = message_unpack(type, MESSAGE_MAX_FIELDS, arena, bytes.at, bytes.size, &why);
    must(counted_arena_is_bounded(&counted, bytes.size));
    must((message == NULL) == (why != NULL));
    return message;
}

/* The same head with this message as its payload, in place and apart. */
static void check_payload(ProtobufCMessage *head, ProtobufCBinaryData *payload, struct arena *arena)
{
    const struct bytes given = {.at = payload->data, .size = payload->len};
    const ProtobufCMessage *message = unpack(&orders__v1__create_order_request__descriptor, arena, given);
    if (message == NULL)
        return;
    head->n_unknown_fields = 0; /* they are packed last, behind the payload */
    *payload = (ProtobufCBinaryData){0};
    const struct frame frame = frame_measure(head, message);
    struct bytes in_place = {.at = arena_alloc(arena, frame.size), .size = frame.size};
    frame_pack(&frame, in_place.at);

    const struct bytes apart = pack(message, arena);
    *payload = (ProtobufCBinaryData){.data = apart.at, .len = apart.size};
    check_equal(in_place, pack(head, arena));
}

/* A frame, wherever its payload is kept. */
static void check_frame(const ProtobufCMessageDescriptor *type, size_t payload_offset, struct bytes given)
{
    struct arena arena;
    arena_init(&arena);
    ProtobufCMessage *message = unpack(type, &arena, given);
    if (message != NULL) {
        const struct bytes packed = pack(message, &arena);
        const ProtobufCMessage *again = unpack(type, &arena, packed);
        must(again != NULL);
        check_equal(packed, pack(again, &arena));
        check_payload(message, (ProtobufCBinaryData *)((char *)message + payload_offset), &arena);
    }
    arena_free(&arena);
}

/* What is written of a trace is joined as the same trace, one hop further. */
static void check_trace(const char *traceparent)
{
    struct trace trace, next;
    char written[TRACE_PARENT_TEXT];
    const bool joined = trace_join(&trace, traceparent, strlen(traceparent));
    must(joined == trace_is_set(&trace));
    if (!joined)
        return;
    trace_write(&trace, written);
    must(strlen(written) == sizeof written - 1);
    must(trace_join(&next, written, strlen(written)));
    must(strcmp(next.id, trace.id) == 0);
    must(strcmp(next.parent, trace.span) == 0);
    must(strcmp(next.flags, trace.flags) == 0);
}

/* C takes a string for what stands before its first NUL, and the log and JSON for UTF-8. */
static void check_strings(struct bytes given)
{
    struct arena arena;
    arena_init(&arena);
    const Rpc__V1__Request *request = unpack(&rpc__v1__request__descriptor, &arena, given);
    if (request != NULL) {
        must(utf8_valid(request->method, strlen(request->method)));
        must(utf8_valid(request->request_id, strlen(request->request_id)));
        for (size_t i = 0; i < request->n_metadata; i++) {
            must(utf8_valid(request->metadata[i]->key, strlen(request->metadata[i]->key)));
            must(utf8_valid(request->metadata[i]->value, strlen(request->metadata[i]->value)));
            check_trace(request->metadata[i]->value);
        }
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct bytes given = {.at = (uint8_t *)(uintptr_t)bytes, .size = size};
    check_frame(&rpc__v1__request__descriptor, offsetof(Rpc__V1__Request, payload), given);
    check_frame(&rpc__v1__response__descriptor, offsetof(Rpc__V1__Response, payload), given);
    check_strings(given);
    return 0;
}
