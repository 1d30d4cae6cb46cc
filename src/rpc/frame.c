/* frame.c: packing with the payload in place. */
#include "rpc/frame.h"

#include "base/message.h"
#include "base/status.h"
#include "rpc/v1/frame.pb-c.h"

#include <string.h>

_Static_assert((int)RPC__V1__CODE__OK == STATUS_OK, "codes on the wire are those of base/status.h");
_Static_assert((int)RPC__V1__CODE__UNAUTHENTICATED == STATUS_UNAUTHENTICATED, "the last one too");

enum {
    PAYLOAD_FIELD = 15,
    WIRE_LENGTH = 2,
    PAYLOAD_TAG = PAYLOAD_FIELD << 3 | WIRE_LENGTH, /* fits in one byte */
};

static size_t varint_size(size_t value)
{
    size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

static uint8_t *put_varint(uint8_t *out, size_t value)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

struct frame frame_measure(const ProtobufCMessage *head, const ProtobufCMessage *payload)
{
    struct frame frame = {.head = head, .payload = payload, .size = protobuf_c_message_get_packed_size(head)};
    if (payload != NULL)
        frame.payload_size = protobuf_c_message_get_packed_size(payload);
    if (frame.payload_size > 0)
        frame.size += 1 + varint_size(frame.payload_size) + frame.payload_size;
    return frame;
}

void frame_pack(const struct frame *frame, uint8_t *out)
{
    out += protobuf_c_message_pack(frame->head, out);
    if (frame->payload_size == 0)
        return;
    *out++ = PAYLOAD_TAG;
    out = put_varint(out, frame->payload_size);
    protobuf_c_message_pack(frame->payload, out);
}

const char *frame_metadata(const Rpc__V1__Request *request, const char *name)
{
    for (size_t i = request->n_metadata; i > 0; i--) {
        if (strcmp(request->metadata[i - 1]->key, name) == 0)
            return request->metadata[i - 1]->value;
    }
    return NULL;
}

Rpc__V1__Request *frame_unpack_request(struct arena *arena, const uint8_t *bytes, size_t size,
                                       const char **why)
{
    return message_unpack(&rpc__v1__request__descriptor, FRAME_MAX_REQUEST_FIELDS, arena, bytes, size, why);
}

Rpc__V1__FieldViolation **frame_violations(const struct status *status, struct arena *arena)
{
    const size_t n = status->n_violations;
    Rpc__V1__FieldViolation *all = n > 0 ? arena_calloc(arena, n, sizeof *all) : NULL;
    Rpc__V1__FieldViolation **list = all != NULL ? arena_calloc(arena, n, sizeof *list) : NULL;
    for (size_t i = 0; i < n && list != NULL; i++) {
        const struct violation *from = &status->violations[i];
        rpc__v1__field_violation__init(&all[i]);
        all[i].field = message_text(from->field);
        all[i].type = message_text(from->type);
        all[i].message = message_text(from->message);
        all[i].parameter = message_text(from->parameter);
        list[i] = &all[i];
    }
    return list;
}
