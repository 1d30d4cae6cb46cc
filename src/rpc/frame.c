/* frame.c: packing with the payload in place, and unpacking with every string checked. */
#include "rpc/frame.h"

#include "base/status.h"
#include "base/utf8.h"
#include "rpc/v1/frame.pb-c.h"

#include <string.h>

_Static_assert((int)RPC__V1__CODE__OK == STATUS_OK, "codes on the wire are those of base/status.h");
_Static_assert((int)RPC__V1__CODE__UNAUTHENTICATED == STATUS_UNAUTHENTICATED, "the last one too");

enum {
    PAYLOAD_FIELD = 15,
    WIRE_VARINT = 0,
    WIRE_64BIT = 1,
    WIRE_LENGTH = 2,
    WIRE_32BIT = 5,
    PAYLOAD_TAG = PAYLOAD_FIELD << 3 | WIRE_LENGTH, /* fits in one byte */
    VARINT_MAX_BYTES = 10,
    MAX_DEPTH = 32, /* of messages in messages */
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
    for (size_t i = 0; i < request->n_metadata; i++) {
        if (strcmp(request->metadata[i]->key, name) == 0)
            return request->metadata[i]->value;
    }
    return NULL;
}

/* --- checking before unpacking --- */

/* protobuf-c takes any bytes for a string and hands out a NUL-terminated copy. proto3 says UTF-8, and a NUL
 * would cut the copy short without a word; so the strings are looked at in the encoded message. Its fields
 * are counted on the way. */

/* Why a message is refused. */
static const char malformed[] = "it does not parse";
static const char bad_string[] = "a string in it is not UTF-8 or holds a NUL";
static const char too_many_fields[] = "it has too many fields";
static const char too_deep[] = "it is nested too deeply";

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static bool take_varint(struct input *input, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX_BYTES && input->at < input->end; i++) {
        uint8_t byte = *input->at++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool skip(struct input *input, uint64_t size)
{
    if (size > (uint64_t)(input->end - input->at))
        return false;
    input->at += size;
    return true;
}

/* A message being checked. */
struct check {
    const ProtobufCMessageDescriptor *type;
    struct input input;
    int depth;
    size_t *fields_left;       /* to the whole frame */
    size_t fields_left_before; /* as the message began, less what was counted anew */
    uint64_t parts; /* a bit for each field of messages that came already; should a type have more than 64
                       fields, some are counted too often */
};

static const char *check_message(const ProtobufCMessageDescriptor *type, struct input input, int depth,
                                 size_t *fields_left);

/* A message may come in parts, which protobuf-c puts together one after the other: each time its lists are
 * copied, and the arena keeps the old ones. So what came before is counted anew. */
static bool count_part(struct check *check, const ProtobufCFieldDescriptor *field)
{
    const uint64_t bit = UINT64_C(1) << (field - check->type->fields) % 64;
    const bool again = (check->parts & bit) != 0;
    const size_t copied = check->fields_left_before - *check->fields_left;
    check->parts |= bit;
    if (field->label == PROTOBUF_C_LABEL_REPEATED || !again)
        return true;
    if (copied > *check->fields_left)
        return false;
    *check->fields_left -= copied;
    check->fields_left_before -= copied;
    return true;
}

/* A length-delimited field's value. */
static const char *check_value(struct check *check, const ProtobufCFieldDescriptor *field, struct input value)
{
    const char *text = (const char *)value.at;
    size_t length = (size_t)(value.end - value.at);
    if (field == NULL)
        return NULL;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return memchr(text, '\0', length) == NULL && utf8_valid(text, length) ? NULL : bad_string;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return NULL;
    if (!count_part(check, field))
        return too_many_fields;
    return check_message(field->descriptor, value, check->depth + 1, check->fields_left);
}

/* The value of one field, passed over but for strings and messages. */
static const char *check_field(struct check *check, uint64_t tag)
{
    struct input *input = &check->input;
    uint64_t number;
    switch (tag & 7) {
    case WIRE_VARINT:
        return take_varint(input, &number) ? NULL : malformed;
    case WIRE_64BIT:
        return skip(input, 8) ? NULL : malformed;
    case WIRE_32BIT:
        return skip(input, 4) ? NULL : malformed;
    case WIRE_LENGTH:
        break;
    default:
        return malformed; /* groups, which proto3 has not */
    }
    if (!take_varint(input, &number))
        return malformed;
    struct input value = {.at = input->at};
    if (!skip(input, number))
        return malformed;
    value.end = input->at;
    return check_value(check, protobuf_c_message_descriptor_get_field(check->type, (unsigned)(tag >> 3)),
                       value);
}

static const char *check_message(const ProtobufCMessageDescriptor *type, struct input input, int depth,
                                 size_t *fields_left)
{
    struct check check = {
        .type = type,
        .input = input,
        .depth = depth,
        .fields_left = fields_left,
        .fields_left_before = *fields_left,
    };
    if (depth > MAX_DEPTH)
        return too_deep;
    while (check.input.at < check.input.end) {
        uint64_t tag;
        if (*fields_left == 0)
            return too_many_fields;
        --*fields_left;
        if (!take_varint(&check.input, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
            return malformed;
        const char *why = check_field(&check, tag);
        if (why != NULL)
            return why;
    }
    return NULL;
}

const char *frame_check(const ProtobufCMessageDescriptor *type, size_t max_fields, const uint8_t *bytes,
                        size_t size)
{
    return check_message(type, (struct input){.at = bytes, .end = bytes + size}, 0, &max_fields);
}

void *frame_unpack(const ProtobufCMessageDescriptor *type, size_t max_fields, struct arena *arena,
                   const uint8_t *bytes, size_t size, const char **why)
{
    static const uint8_t nothing[1];
    if (size == 0)
        bytes = nothing; /* protobuf-c hands out NULL for no bytes */
    *why = frame_check(type, max_fields, bytes, size);
    if (*why != NULL)
        return NULL;
    void *message = protobuf_c_message_unpack(type, &arena->allocator, size, bytes);
    if (message == NULL)
        *why = malformed;
    return message;
}
