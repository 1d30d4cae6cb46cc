/* fuzz_json.c: JSON into messages and messages into JSON, for what every method takes and answers, and for a
 * message with all kinds of fields.
 *
 * The first byte chooses the message, the second what the rest is: JSON, the text of one field as in a query,
 * or the message on the wire.
 */
#include "fuzz.h"

#include "base/message.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "sample.pb-c.h"
#include "json/mapping.h"
#include "json/parse.h"

#include <string.h>

static const ProtobufCServiceDescriptor *const services[] = {
    &orders__v1__order_service__descriptor,
    &rpc__v1__health__descriptor,
};

/* The sample, then two types for each method. */
static const ProtobufCMessageDescriptor *choose_type(struct fuzz_input *input)
{
    size_t n = 1;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        n += 2 * services[i]->n_methods;
    size_t choice = fuzz_choice(input, n);
    if (choice-- == 0)
        return &sample__sample__descriptor;
    const ProtobufCServiceDescriptor *const *service = services;
    while (choice >= 2 * (*service)->n_methods)
        choice -= 2 * (*service++)->n_methods;
    const ProtobufCMethodDescriptor *method = &(*service)->methods[choice / 2];
    return choice % 2 == 0 ? method->input : method->output;
}

static ProtobufCMessage *make_message(const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);
    protobuf_c_message_init(type, message);
    return message;
}

/* A message's JSON, which must be JSON. */
static const char *write_json(const ProtobufCMessage *message, struct arena *arena)
{
    size_t length;
    const char *text = json_text_from_message(message, NULL, arena, &length);
    must(strlen(text) == length);
    json_t *json = json_loadb(text, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    must(json != NULL);
    json_decref(json);
    return text;
}

static ProtobufCMessage *read_json(const ProtobufCMessageDescriptor *type, const char *text,
                                   struct arena *arena, struct status *status)
{
    ProtobufCMessage *message = make_message(type, arena);
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    *status = STATUS_INIT;
    json_to_message(json, message, JSON_UNKNOWN_REFUSED, arena, status);
    json_decref(json);
    return message;
}

/* What is written says all that was read: read again it is taken, and gives the same text; but for the
 * capitals of a field mask, which ProtoJSON cannot say. */
static void check_written(const ProtobufCMessage *message, struct arena *arena)
{
    struct status status;
    const char *written = write_json(message, arena);
    const ProtobufCMessage *again = read_json(message->descriptor, written, arena, &status);
    must(status.code == STATUS_OK);
    must(strcmp(write_json(again, arena), written) == 0 || strstr(written, "_mask\":\"") != NULL);
}

/* A field that was refused is as it was before. */
static void check_unset(const ProtobufCMessage *message, const struct status *status, struct arena *arena)
{
    const ProtobufCMessage *initial = make_message(message->descriptor, arena);
    for (size_t i = 0; i < status->n_violations; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor, status->violations[i].field);
        if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED || field->flags != 0)
            continue; /* within a list or a message, or in a oneof, whose memory is another member's too */
        size_t length, initial_length;
        const char *text = json_text_from_field(message, field, NULL, arena, &length);
        const char *initial_text = json_text_from_field(initial, field, NULL, arena, &initial_length);
        must(strcmp(text, initial_text) == 0);
    }
}

/* Reads JSON. What jansson reads is read as jansson reads it, which takes a NUL behind a value for the end;
 * and without its blanks a text is the same. */
static json_t *parse(const char *text, size_t length, struct arena *arena)
{
    struct json_slice whole;
    struct json_mistake mistake;
    json_t *json = json_parse((struct json_slice){text, length}, arena, NULL, &whole, &mistake);
    json_t *jansson_s = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    must(jansson_s == NULL || json_equal(json, jansson_s) || memchr(text, '\0', length) != NULL);
    json_decref(jansson_s);
    if (json == NULL) {
        must(mistake.position <= length);
        return NULL;
    }
    struct text compact = TEXT_INIT(arena), compacter = TEXT_INIT(arena);
    text_compact(&compact, whole);
    json_t *again =
        json_parse((struct json_slice){compact.bytes, compact.length}, arena, NULL, &whole, &mistake);
    must(again != NULL && whole.length == compact.length);
    text_compact(&compacter, whole);
    must(compacter.length == compact.length);
    json_decref(again);
    return json;
}

/* JSON, whether it is such a message or not. */
static void check_json(const ProtobufCMessageDescriptor *type, const char *text, size_t length,
                       struct arena *arena)
{
    struct status status = STATUS_INIT;
    json_t *json = parse(text, length, arena);
    if (json == NULL)
        return;
    ProtobufCMessage *message = make_message(type, arena);
    json_to_message(json, message, JSON_UNKNOWN_REFUSED, arena, &status);
    json_decref(json);
    must((status.code == STATUS_OK) == (status.n_violations == 0));
    check_unset(message, &status, arena);
    check_written(message, arena);
}

/* A field alone, as text. */
static void check_field(const ProtobufCMessageDescriptor *type, size_t choice, const char *text,
                        size_t length, struct arena *arena)
{
    if (type->n_fields == 0)
        return;
    const ProtobufCFieldDescriptor *field = &type->fields[choice % type->n_fields];
    struct status status = STATUS_INIT;
    ProtobufCMessage *message = make_message(type, arena);
    json_field_from_text(text, length, field, message, arena, &status);
    must((status.code == STATUS_OK) == (status.n_violations == 0));
    check_unset(message, &status, arena);
    check_written(message, arena);
}

/* Of a message from the wire JSON may leave something out, such as a status without a name; what it does say
 * it says for good. */
static void check_message(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size,
                          struct arena *arena)
{
    const char *why;
    struct status status;
    const ProtobufCMessage *message = message_unpack(type, MESSAGE_MAX_FIELDS, arena, bytes, size, &why);
    if (message == NULL)
        return;
    const ProtobufCMessage *read = read_json(type, write_json(message, arena), arena, &status);
    check_unset(read, &status, arena);
    check_written(read, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { JSON, FIELD, WIRE, WAYS };
    struct fuzz_input input = {.at = bytes, .left = size};
    const ProtobufCMessageDescriptor *type = choose_type(&input);
    const size_t way = fuzz_choice(&input, UINT8_MAX + 1);
    const char *text = (const char *)input.at;
    struct arena arena;
    arena_init(&arena);
    if (input.left == 0)
        text = "";
    switch (way % WAYS) {
    case JSON:
        check_json(type, text, input.left, &arena);
        break;
    case FIELD:
        check_field(type, way / WAYS, text, input.left, &arena);
        break;
    default:
        check_message(type, input.at, input.left, &arena);
    }
    arena_free(&arena);
    return 0;
}
