/* mapping.c: walks descriptors; what a value is in JSON, scalars.h and well_known.h say. */
#include "json/mapping.h"

#include "base/utf8.h"
#include "json/member_name.h"
#include "json/reader.h"
#include "json/scalars.h"
#include "json/text.h"
#include "json/well_known.h"

#include <stdio.h>
#include <string.h>

/* Messages within messages: bounds the stack that a document can ask for. */
enum { MAX_DEPTH = 32 };

/* What a member takes of text, as a rule. */
enum { MEMBER_BYTES = 28 };

/* --- messages --- */

static void read_members(struct reader *reader, const struct place *place, const json_t *object,
                         ProtobufCMessage *message);

static bool message_from_json(struct reader *reader, const struct place *place,
                              const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;
    const struct well_known *well_known = well_known_find(type);
    ProtobufCMessage *message = arena_alloc(reader->arena, type->sizeof_message);
    protobuf_c_message_init(type, message);
    if (well_known != NULL) {
        if (!well_known->from_json(reader, place, json, message))
            return false;
    } else if (!json_is_object(json)) {
        return reader_refuse(reader, place, "object_type", "must be an object");
    } else if (place->depth > MAX_DEPTH) {
        return reader_refuse(reader, place, "nested_too_deeply", "is nested too deeply");
    } else {
        read_members(reader, place, json, message);
    }
    *(ProtobufCMessage **)out = message;
    return true;
}

/* --- fields --- */

static const struct kind message_kind = {sizeof(ProtobufCMessage *), NULL, message_from_json};

static const struct kind *kind_of(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? &message_kind : &scalar_kinds[field->type];
}

static bool null_is_absent(const ProtobufCFieldDescriptor *field)
{
    return field->label != PROTOBUF_C_LABEL_REPEATED &&
           (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_ENUM);
}

static bool in_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static const char null[] = "null";

/* --- writing --- */

/* A document being written. */
struct writer {
    struct text text;
    const ProtobufCFieldDescriptor *without; /* a field that is left out; NULL: none */
};

static bool write_message(struct writer *writer, const ProtobufCMessage *message);

/* False: it has no JSON form, and nothing was written. */
static bool write_value(struct writer *writer, const ProtobufCFieldDescriptor *field, const void *value)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return scalar_kinds[field->type].write(field, value, &writer->text);
    const ProtobufCMessage *message = *(ProtobufCMessage *const *)value;
    return message != NULL && write_message(writer, message);
}

static void write_list(struct writer *writer, const ProtobufCFieldDescriptor *field, const char *message)
{
    const size_t size = kind_of(field)->size;
    const size_t n = *(const size_t *)(message + field->quantifier_offset);
    const char *values = *(char *const *)(message + field->offset);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessageDescriptor *type = field->descriptor;
        text_expect(&writer->text, n * type->n_fields * MEMBER_BYTES);
    }
    text_char(&writer->text, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            text_char(&writer->text, ',');
        if (!write_value(writer, field, values + i * size))
            text_append(&writer->text, null, strlen(null));
    }
    text_char(&writer->text, ']');
}

/* Whether another member of its oneof is set, so that the field's memory is not its own. */
static bool is_displaced(const ProtobufCFieldDescriptor *field, const char *message)
{
    return in_oneof(field) && *(const uint32_t *)(message + field->quantifier_offset) != field->id;
}

/* False: the field is left out, and nothing was written. */
static bool write_field(struct writer *writer, const ProtobufCFieldDescriptor *field, const char *message)
{
    if (field == writer->without || field->type == PROTOBUF_C_TYPE_BYTES || is_displaced(field, message))
        return false;
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return write_value(writer, field, message + field->offset);
    write_list(writer, field, message);
    return true;
}

static bool write_message(struct writer *writer, const ProtobufCMessage *message)
{
    struct text *out = &writer->text;
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const struct well_known *well_known = well_known_find(type);
    if (well_known != NULL)
        return well_known->write(message, out);
    text_char(out, '{');
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const size_t before = out->length;
        if (out->bytes[before - 1] != '{')
            text_char(out, ',');
        text_word(out, field->name, strlen(field->name));
        text_char(out, ':');
        if (!write_field(writer, field, (const char *)message))
            out->length = before;
    }
    text_char(out, '}');
    return true;
}

/* Where nothing was, null is. */
static char *end_writing(struct writer *writer, bool is_written, size_t *length)
{
    if (!is_written)
        text_append(&writer->text, null, strlen(null));
    *length = writer->text.length;
    return text_end(&writer->text);
}

char *json_text_from_message(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *without,
                             struct arena *arena, size_t *length)
{
    struct writer writer = {.text = TEXT_INIT(arena), .without = without};
    return end_writing(&writer, write_message(&writer, message), length);
}

char *json_text_from_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                           const ProtobufCFieldDescriptor *without, struct arena *arena, size_t *length)
{
    struct writer writer = {.text = TEXT_INIT(arena), .without = without};
    return end_writing(&writer, write_field(&writer, field, (const char *)message), length);
}

json_t *json_from_message(const ProtobufCMessage *message)
{
    struct arena arena;
    size_t length;
    arena_init(&arena);
    const char *text = json_text_from_message(message, NULL, &arena, &length);
    json_t *json = json_loadb(text, length, JSON_DECODE_ANY, NULL);
    arena_free(&arena);
    return json;
}

/* Keeps the elements that can be taken. */
static void read_list(struct reader *reader, const struct place *place, const ProtobufCFieldDescriptor *field,
                      const json_t *list, char *message)
{
    const struct kind *kind = kind_of(field);
    if (!json_is_array(list)) {
        reader_refuse(reader, place, "list_type", "must be a list");
        return;
    }
    const size_t n = json_array_size(list);
    char *values = arena_calloc(reader->arena, n, kind->size);
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        const struct place element = {.outer = place, .index = i, .depth = place->depth + 1};
        taken +=
            kind->from_json(reader, &element, field, json_array_get(list, i), values + taken * kind->size);
    }
    *(size_t *)(message + field->quantifier_offset) = taken;
    *(char **)(message + field->offset) = values;
}

static void read_field(struct reader *reader, const struct place *place,
                       const ProtobufCFieldDescriptor *field, const json_t *json, ProtobufCMessage *message)
{
    const struct kind *kind = kind_of(field);
    char *base = (char *)message;
    if (kind->from_json == NULL)
        return;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        read_list(reader, place, field, json, base);
    else if (kind->from_json(reader, place, field, json, base + field->offset) && in_oneof(field))
        *(uint32_t *)(base + field->quantifier_offset) = field->id;
}

/* Reads the member that a field is, if there is one. Returns how many members are the field. */
static size_t read_member(struct reader *reader, const struct place *place, const json_t *object,
                          const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    const struct place member = place_member(place, field->name);
    const json_t *json = json_object_get(object, field->name), *other = NULL;
    char camel[MEMBER_NAME_BYTES];
    member_name_camel(field, camel);
    if (reader->proto_json && strcmp(camel, field->name) != 0)
        other = json_object_get(object, camel);
    if (json != NULL && other != NULL) {
        reader_refuse_of(reader, &member, "given_twice", camel, "is given twice, also as ");
        return 2;
    }
    json = json != NULL ? json : other;
    if (json != NULL && !(json_is_null(json) && null_is_absent(field)))
        read_field(reader, &member, field, json, message);
    return json != NULL;
}

static bool has_member(const json_t *object, const ProtobufCFieldDescriptor *field)
{
    char camel[MEMBER_NAME_BYTES];
    member_name_camel(field, camel);
    return json_object_get(object, field->name) != NULL || json_object_get(object, camel) != NULL;
}

/* One that may be ignored is refused all the same where it may be meant for a field that has no member. */
static void refuse_unknown(struct reader *reader, const struct place *place, const json_t *object,
                           const ProtobufCMessageDescriptor *type)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const struct place member = place_member(place, name);
        const ProtobufCFieldDescriptor *guess = member_name_guess(type, name);
        char message[MEMBER_NAME_BYTES + sizeof "is unknown; did you mean ?"] = "is unknown";
        if (member_name_find(type, name) != NULL)
            continue;
        if (!reader->refuses_unknown && (guess == NULL || has_member(object, guess)))
            continue;
        if (guess != NULL)
            snprintf(message, sizeof message, "is unknown; did you mean %s?", guess->name);
        reader_refuse(reader, &member, "unknown_field", message);
    }
}

static void read_members(struct reader *reader, const struct place *place, const json_t *object,
                         ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    size_t known = 0;
    for (unsigned i = 0; i < type->n_fields; i++)
        known += read_member(reader, place, object, &type->fields[i], message);
    if (reader->proto_json && known < json_object_size(object))
        refuse_unknown(reader, place, object, type);
}

void json_to_message(const json_t *object, ProtobufCMessage *message, enum json_unknown unknown,
                     struct arena *arena, struct status *status)
{
    struct reader reader = {.arena = arena,
                            .status = status,
                            .proto_json = true,
                            .refuses_unknown = unknown == JSON_UNKNOWN_REFUSED};
    const struct well_known *well_known = well_known_find(message->descriptor);
    if (well_known != NULL)
        well_known->from_json(&reader, NULL, object, message);
    else if (json_is_object(object))
        read_members(&reader, NULL, object, message);
    else
        reader_refuse(&reader, NULL, "object_type", "must be an object");
}

void json_field_from_json(const json_t *value, const ProtobufCFieldDescriptor *field,
                          ProtobufCMessage *message, struct arena *arena, struct status *status)
{
    struct reader reader = {.arena = arena, .status = status};
    const struct place place = place_member(NULL, field->name);
    read_field(&reader, &place, field, value, message);
}

void json_field_from_text(const char *text, size_t length, const ProtobufCFieldDescriptor *field,
                          ProtobufCMessage *message, struct arena *arena, struct status *status)
{
    struct reader reader = {.arena = arena, .status = status, .from_text = true};
    const struct place place = place_member(NULL, field->name);
    if (!utf8_valid(text, length)) {
        scalar_refuse_unicode(&reader, &place);
        return;
    }
    json_t *value = json_stringn_nocheck(text, length);
    read_field(&reader, &place, field, value, message);
    json_decref(value);
}
