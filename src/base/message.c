/* message.c: a message's bytes are looked at before protobuf-c unpacks them. */
#include "base/message.h"

#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    WIRE_VARINT = 0,
    WIRE_64BIT = 1,
    WIRE_LENGTH = 2,
    WIRE_32BIT = 5,
    VARINT_MAX_BYTES = 10,
    MAX_DEPTH = 32, /* of messages in messages */
};

/* --- checking before unpacking --- */

/* protobuf-c takes any bytes for a string and hands out a NUL-terminated copy. proto3 says UTF-8, and a NUL
 * would cut the copy short without a word; so the strings are looked at in the encoded message. Its fields
 * are counted on the way.
 *
 * A message field that comes again is to be merged into the first (protobuf.dev/programming-guides/encoding,
 * "Last One Wins"). protobuf-c 1.4.1 loses the numbers of the first part, and of two in a oneof the whole
 * first part. No program writes such a message unless it joins two, so it is refused. */

/* Why a message is refused. */
static const char malformed[] = "it does not parse";
static const char bad_string[] = "a string in it is not UTF-8 or holds a NUL";
static const char too_deep[] = "it is nested too deeply";
const char message_no_memory[] = "there is no memory for it";

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

/* What is checked. */
struct message_check {
    struct arena *arena; /* for why it is refused */
    size_t max_fields;
    size_t fields; /* so far */
};

/* One message of it. */
struct part {
    const ProtobufCMessageDescriptor *type;
    struct input input;
    int depth;
    uint64_t came; /* a bit for each field of a single message: it came */
};

static const char *check_message(struct message_check *check, const ProtobufCMessageDescriptor *type,
                                 struct input input, int depth);

/* Whether a message field may come now. */
static bool take_once(struct part *part, const ProtobufCFieldDescriptor *field)
{
    const uint64_t bit = UINT64_C(1) << (field - part->type->fields);
    const bool again = (part->came & bit) != 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return true;
    part->came |= bit;
    return !again;
}

static const char *refuse_size(struct message_check *check)
{
    const char *why =
        arena_printf(check->arena, "it has too many fields; at most %zu are taken", check->max_fields);
    return why != NULL ? why : message_no_memory;
}

static const char *refuse_again(struct message_check *check, const struct part *part,
                                const ProtobufCFieldDescriptor *field)
{
    const char *why = arena_printf(check->arena, "%s.%s comes twice", part->type->name, field->name);
    return why != NULL ? why : message_no_memory;
}

/* A length-delimited field's value. */
static const char *check_value(struct message_check *check, struct part *part,
                               const ProtobufCFieldDescriptor *field, struct input value)
{
    const char *text = (const char *)value.at;
    size_t length = (size_t)(value.end - value.at);
    if (field == NULL)
        return NULL;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return memchr(text, '\0', length) == NULL && utf8_valid(text, length) ? NULL : bad_string;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return NULL;
    if (!take_once(part, field))
        return refuse_again(check, part, field);
    return check_message(check, field->descriptor, value, part->depth + 1);
}

/* The value of one field, passed over but for strings and messages. */
static const char *check_field(struct message_check *check, struct part *part, uint64_t tag)
{
    struct input *input = &part->input;
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
    return check_value(check, part, protobuf_c_message_descriptor_get_field(part->type, (unsigned)(tag >> 3)),
                       value);
}

static const char *check_message(struct message_check *check, const ProtobufCMessageDescriptor *type,
                                 struct input input, int depth)
{
    struct part part = {.type = type, .input = input, .depth = depth};
    assert(type->n_fields <= 8 * sizeof part.came);
    if (depth > MAX_DEPTH)
        return too_deep;
    while (part.input.at < part.input.end) {
        uint64_t tag;
        if (check->fields == check->max_fields)
            return refuse_size(check);
        check->fields++;
        if (!take_varint(&part.input, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
            return malformed;
        const char *why = check_field(check, &part, tag);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* --- unpacking --- */

static void *message_unpack_checked(const ProtobufCMessageDescriptor *type, size_t max_fields,
                                    struct arena *arena, ProtobufCAllocator *allocator, const uint8_t *bytes,
                                    size_t size, const char **why)
{
    static const uint8_t nothing[1];
    struct message_check check = {.arena = arena, .max_fields = max_fields};
    if (size == 0)
        bytes = nothing; /* protobuf-c hands out NULL for no bytes */
    *why = check_message(&check, type, (struct input){.at = bytes, .end = bytes + size}, 0);
    if (*why != NULL)
        return NULL;
    errno = 0;
    void *message = protobuf_c_message_unpack(type, allocator, size, bytes);
    if (message == NULL)
        *why = errno == ENOMEM ? message_no_memory : malformed;
    return message;
}

void *message_unpack(const ProtobufCMessageDescriptor *type, size_t max_fields, struct arena *arena,
                     const uint8_t *bytes, size_t size, const char **why)
{
    return message_unpack_checked(type, max_fields, arena, &arena->allocator, bytes, size, why);
}

void *message_unpack_apart(const ProtobufCMessageDescriptor *type, size_t max_fields, struct arena *arena,
                           const uint8_t *bytes, size_t size, const char **why)
{
    return message_unpack_checked(type, max_fields, arena, NULL, bytes, size, why);
}
