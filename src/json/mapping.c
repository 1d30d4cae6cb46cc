/* mapping.c: one table says how a value of each protobuf type is written as JSON and read from it, a second
 * one which messages have a JSON form of their own. All else is walking descriptors. */
#include "json/mapping.h"

#include "base/time.h"
#include "base/utf8.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "json/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum {
    MAX_DEPTH = 32,        /* messages within messages: bounds the stack a document can ask for */
    MAX_VIOLATIONS = 1000, /* bounds the memory that a document of nothing but mistakes can ask for */
    MAX_ENUM_NAME = 128,
};

/* Where in the document a value stands; the chain leads outward. NULL is the document itself. */
struct place {
    const struct place *outer;
    const char *name; /* of a member; NULL for an element */
    size_t index;     /* of an element */
    unsigned depth;
};

/* A document being read. */
struct reader {
    struct arena *arena;
    struct status *status;
};

static struct place member_of(const struct place *outer, const char *name)
{
    return (struct place){.outer = outer, .name = name, .depth = outer == NULL ? 1 : outer->depth + 1};
}

static const char *path_of(struct arena *arena, const struct place *place)
{
    if (place == NULL)
        return "";
    const char *outer = path_of(arena, place->outer);
    const char *dot = place->outer == NULL ? "" : ".";
    if (place->name != NULL)
        return arena_printf(arena, "%s%s%s", outer, dot, place->name);
    return arena_printf(arena, "%s%s%zu", outer, dot, place->index);
}

/* Refuses the value at a place. False, for the caller to return. */
static bool refuse(struct reader *reader, const struct place *place, const char *type, const char *message)
{
    if (reader->status->n_violations < MAX_VIOLATIONS)
        status_add_violation(reader->status, reader->arena, path_of(reader->arena, place), type, "%s",
                             message);
    return false;
}

/* --- integers --- */

static bool refuse_size(struct reader *reader, const struct place *place)
{
    return refuse(reader, place, "int_parsing_size",
                  "Unable to parse input string as an integer, exceeded maximum size");
}

/* Reads "12", "-12", " +12 " and "12.00": what pydantic takes for an integer. */
static bool integer_from_text(struct reader *reader, const struct place *place, const char *text,
                              size_t length, int64_t *out)
{
    const char *at = text, *end = text + length;
    while (at < end && isspace((unsigned char)*at))
        at++;
    while (at < end && isspace((unsigned char)end[-1]))
        end--;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    const char *digits = at;
    int64_t value = 0;
    bool overflow = false;
    for (; at < end && isdigit((unsigned char)*at); at++) {
        int digit = *at - '0';
        overflow |= __builtin_mul_overflow(value, 10, &value);
        overflow |= __builtin_add_overflow(value, negative ? -digit : digit, &value);
    }
    bool any = at > digits;
    if (any && at < end && *at == '.') {
        do
            at++;
        while (at < end && *at == '0');
    }
    if (!any || at != end)
        return refuse(reader, place, "int_parsing",
                      "Input should be a valid integer, unable to parse string as an integer");
    if (overflow)
        return refuse_size(reader, place);
    *out = value;
    return true;
}

static bool integer_from_real(struct reader *reader, const struct place *place, double real, int64_t *out)
{
    if (real != trunc(real))
        return refuse(reader, place, "int_from_float",
                      "Input should be a valid integer, got a number with a fractional part");
    // cppcheck-suppress incorrectLogicOperator; it misreads numbers in hexadecimal
    if (real < -0x1p63 || real >= 0x1p63)
        return refuse_size(reader, place);
    *out = (int64_t)real;
    return true;
}

static bool read_integer(struct reader *reader, const struct place *place, const json_t *json, int64_t least,
                         int64_t most, int64_t *out)
{
    int64_t value;
    bool taken = true;
    if (json_is_integer(json)) {
        value = json_integer_value(json);
    } else if (json_is_real(json)) {
        taken = integer_from_real(reader, place, json_real_value(json), &value);
    } else {
        const char *text = json_is_string(json) ? json_string_value(json) : "";
        taken = integer_from_text(reader, place, text, json_string_length(json), &value);
    }
    if (taken && (value < least || value > most))
        return refuse_size(reader, place);
    if (taken)
        *out = value;
    return taken;
}

static bool int32_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    (void)field;
    text_integer(out, *(const int32_t *)value);
    return true;
}

static bool int32_from_json(struct reader *reader, const struct place *place,
                            const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    int64_t value;
    (void)field;
    if (!read_integer(reader, place, json, INT32_MIN, INT32_MAX, &value))
        return false;
    *(int32_t *)out = (int32_t)value;
    return true;
}

static bool uint32_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    (void)field;
    text_integer(out, *(const uint32_t *)value);
    return true;
}

static bool uint32_from_json(struct reader *reader, const struct place *place,
                             const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    int64_t value;
    (void)field;
    if (!read_integer(reader, place, json, 0, UINT32_MAX, &value))
        return false;
    *(uint32_t *)out = (uint32_t)value;
    return true;
}

static bool int64_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    (void)field;
    text_integer(out, *(const int64_t *)value);
    return true;
}

static bool int64_from_json(struct reader *reader, const struct place *place,
                            const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    (void)field;
    return read_integer(reader, place, json, INT64_MIN, INT64_MAX, out);
}

static bool uint64_from_json(struct reader *reader, const struct place *place,
                             const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    (void)field;
    return read_integer(reader, place, json, 0, INT64_MAX, out);
}

/* --- other numbers, and booleans --- */

static bool refuse_real(struct reader *reader, const struct place *place)
{
    return refuse(reader, place, "float_parsing",
                  "Input should be a valid number, unable to parse string as a number");
}

/* Text is read by JSON's own grammar, which no locale changes. */
static bool read_real(struct reader *reader, const struct place *place, const json_t *json, double *out)
{
    if (json_is_number(json)) {
        *out = json_number_value(json);
        return true;
    }
    json_t *number = json_loadb(json_is_string(json) ? json_string_value(json) : "", json_string_length(json),
                                JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    bool taken = json_is_real(number);
    if (taken)
        *out = json_real_value(number);
    json_decref(number);
    return taken || refuse_real(reader, place);
}

/* JSON has no infinity. */
static bool double_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    (void)field;
    double real = *(const double *)value;
    json_t *number = json_real(isfinite(real) ? real : 0);
    char digits[32]; /* jansson writes what reads back as the same number, in any locale */
    size_t length = json_dumpb(number, digits, sizeof digits, JSON_ENCODE_ANY);
    json_decref(number);
    if (!isfinite(real) || length > sizeof digits)
        return false;
    text_append(out, digits, length);
    return true;
}

static bool double_from_json(struct reader *reader, const struct place *place,
                             const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    (void)field;
    return read_real(reader, place, json, out);
}

static bool float_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    double real = (double)*(const float *)value;
    return double_write(field, &real, out);
}

static bool float_from_json(struct reader *reader, const struct place *place,
                            const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    double real;
    (void)field;
    if (!read_real(reader, place, json, &real))
        return false;
    if (!isfinite((float)real)) /* it has no JSON form */
        return refuse_real(reader, place);
    *(float *)out = (float)real;
    return true;
}

static bool bool_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    (void)field;
    const char *word = *(const protobuf_c_boolean *)value ? "true" : "false";
    text_append(out, word, strlen(word));
    return true;
}

static bool bool_from_json(struct reader *reader, const struct place *place,
                           const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    (void)field;
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    bool is_true = json_is_true(json) || strcmp(text, "true") == 0;
    if (!is_true && !json_is_false(json) && strcmp(text, "false") != 0)
        return refuse(reader, place, "bool_parsing",
                      "Input should be a valid boolean, unable to interpret input");
    *(protobuf_c_boolean *)out = is_true;
    return true;
}

/* --- strings --- */

static bool string_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    (void)field;
    const char *string = *(char *const *)value;
    if (string == NULL)
        return false;
    text_string(out, string, strlen(string));
    return true;
}

static bool read_string(struct reader *reader, const struct place *place, const json_t *json, char **out)
{
    if (!json_is_string(json))
        return refuse(reader, place, "string_type", "Input should be a valid string");
    const char *text = json_string_value(json);
    size_t length = json_string_length(json);
    if (memchr(text, '\0', length) != NULL) /* it would end the string early in C */
        return refuse(reader, place, "value_error", "Value error, Field cannot contain control characters");
    *out = arena_copy(reader->arena, text, length);
    return true;
}

static bool string_from_json(struct reader *reader, const struct place *place,
                             const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    (void)field;
    return read_string(reader, place, json, out);
}

/* --- enums --- */

/* "PENDING" of "ORDER_STATUS_PENDING" in OrderStatus; the whole name when it has no such prefix. */
static const char *without_prefix(const ProtobufCEnumDescriptor *type, const char *name)
{
    const char *at = name;
    for (const char *letter = type->short_name; *letter != '\0'; letter++) {
        if (letter != type->short_name && isupper((unsigned char)*letter) && *at++ != '_')
            return name;
        if (*at++ != toupper((unsigned char)*letter))
            return name;
    }
    return *at == '_' ? at + 1 : name;
}

/* Writes the JSON name of a value; returns its length, 0 when it has none. */
static size_t enum_name(const ProtobufCEnumDescriptor *type, const ProtobufCEnumValue *value,
                        char out[static MAX_ENUM_NAME])
{
    if (value == NULL)
        return 0;
    const char *name = without_prefix(type, value->name);
    size_t length = 0;
    while (length < MAX_ENUM_NAME - 1 && name[length] != '\0') {
        out[length] = (char)tolower((unsigned char)name[length]);
        length++;
    }
    out[length] = '\0';
    return value->value == 0 && strcmp(out, "unspecified") == 0 ? 0 : length;
}

const char *json_enum_name(const ProtobufCEnumDescriptor *type, int value, struct arena *arena)
{
    char name[MAX_ENUM_NAME];
    size_t length = enum_name(type, protobuf_c_enum_descriptor_get_value(type, value), name);
    return length == 0 ? NULL : arena_copy(arena, name, length);
}

static bool enum_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    char name[MAX_ENUM_NAME];
    size_t length = enum_name(type, protobuf_c_enum_descriptor_get_value(type, *(const int *)value), name);
    if (length > 0)
        text_string(out, name, length);
    return length > 0;
}

/* "Input should be 'pending', 'confirmed' or 'cancelled'" */
static const char *enum_message(struct arena *arena, const ProtobufCEnumDescriptor *type)
{
    const char *message = "Input should be ";
    const char *last = NULL;
    const char *separator = "";
    for (unsigned i = 0; i < type->n_values; i++) {
        char name[MAX_ENUM_NAME];
        if (enum_name(type, &type->values[i], name) == 0)
            continue;
        if (last != NULL) {
            message = arena_printf(arena, "%s%s'%s'", message, separator, last);
            separator = ", ";
        }
        last = arena_strdup(arena, name);
    }
    return arena_printf(arena, "%s%s'%s'", message, *separator == '\0' ? "" : " or ",
                        last == NULL ? "" : last);
}

static bool enum_from_json(struct reader *reader, const struct place *place,
                           const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const size_t length = json_string_length(json); /* 0 when it is no string */
    for (unsigned i = 0; i < type->n_values && length > 0; i++) {
        char name[MAX_ENUM_NAME];
        if (enum_name(type, &type->values[i], name) == length &&
            memcmp(name, json_string_value(json), length) == 0) {
            *(int *)out = type->values[i].value;
            return true;
        }
    }
    return refuse(reader, place, "enum", enum_message(reader->arena, type));
}

/* --- messages that have a JSON form of their own --- */

/* False for one that RFC 3339 has no text for. */
static bool timestamp_write(const ProtobufCMessage *message, struct text *out)
{
    const Google__Protobuf__Timestamp *stamp = (const Google__Protobuf__Timestamp *)message;
    if (stamp->seconds < TIMESTAMP_MIN_SECONDS || stamp->seconds > TIMESTAMP_MAX_SECONDS ||
        stamp->nanos < 0 || stamp->nanos >= NS_PER_S)
        return false;
    char text[TIMESTAMP_TEXT];
    size_t length =
        timestamp_format((struct timestamp){.seconds = stamp->seconds, .nanos = stamp->nanos}, text);
    text_string(out, text, length);
    return true;
}

static bool timestamp_from_json(struct reader *reader, const struct place *place, const json_t *json,
                                ProtobufCMessage *message)
{
    Google__Protobuf__Timestamp *stamp = (Google__Protobuf__Timestamp *)message;
    struct timestamp parsed = {0};
    const char *why = "input is not a string";
    if (json_is_string(json))
        why = timestamp_parse(json_string_value(json), json_string_length(json), &parsed);
    if (why != NULL)
        return refuse(reader, place, "datetime_from_date_parsing",
                      arena_printf(reader->arena, "Input should be a valid datetime or date, %s", why));
    stamp->seconds = parsed.seconds;
    stamp->nanos = parsed.nanos;
    return true;
}

static bool field_mask_write(const ProtobufCMessage *message, struct text *out)
{
    const Google__Protobuf__FieldMask *mask = (const Google__Protobuf__FieldMask *)message;
    struct text joined = TEXT_INIT(out->arena);
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (i > 0)
            text_char(&joined, ',');
        text_append(&joined, mask->paths[i], strlen(mask->paths[i]));
    }
    const char *paths = text_end(&joined);
    text_string(out, paths, joined.length);
    return true;
}

static bool field_mask_from_json(struct reader *reader, const struct place *place, const json_t *json,
                                 ProtobufCMessage *message)
{
    Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)message;
    char *text, *rest;
    if (!read_string(reader, place, json, &text))
        return false;
    size_t most = 1;
    for (const char *at = text; *at != '\0'; at++)
        most += *at == ',';
    mask->paths = arena_calloc(reader->arena, most, sizeof *mask->paths);
    for (char *path = strtok_r(text, ",", &rest); path != NULL; path = strtok_r(NULL, ",", &rest))
        mask->paths[mask->n_paths++] = path;
    return true;
}

static const struct well_known {
    const ProtobufCMessageDescriptor *type;
    bool (*write)(const ProtobufCMessage *message, struct text *out);
    bool (*from_json)(struct reader *reader, const struct place *place, const json_t *json,
                      ProtobufCMessage *message);
} well_known_types[] = {
    {&google__protobuf__timestamp__descriptor, timestamp_write, timestamp_from_json},
    {&google__protobuf__field_mask__descriptor, field_mask_write, field_mask_from_json},
};

static const struct well_known *find_well_known(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < sizeof well_known_types / sizeof well_known_types[0]; i++) {
        if (well_known_types[i].type == type)
            return &well_known_types[i];
    }
    return NULL;
}

/* --- messages --- */

static bool write_message(const ProtobufCMessage *message, struct text *out);
static void read_members(struct reader *reader, const struct place *place, const json_t *object,
                         ProtobufCMessage *message);

static bool message_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    const ProtobufCMessage *message = *(ProtobufCMessage *const *)value;
    (void)field;
    return message != NULL && write_message(message, out);
}

static bool message_from_json(struct reader *reader, const struct place *place,
                              const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;
    const struct well_known *well_known = find_well_known(type);
    ProtobufCMessage *message = arena_alloc(reader->arena, type->sizeof_message);
    protobuf_c_message_init(type, message);
    if (well_known != NULL) {
        if (!well_known->from_json(reader, place, json, message))
            return false;
    } else if (!json_is_object(json)) {
        return refuse(reader, place, "model_attributes_type",
                      "Input should be a valid dictionary or object to extract fields from");
    } else if (place->depth > MAX_DEPTH) {
        return refuse(reader, place, "recursion_loop", "Recursion error, nested too deeply");
    } else {
        read_members(reader, place, json, message);
    }
    *(ProtobufCMessage **)out = message;
    return true;
}

/* --- fields --- */

/* How a value of each type is kept in C, written as JSON and read from it. */
static const struct kind {
    size_t size;
    /* False: it has no JSON form, and nothing was written. */
    bool (*write)(const ProtobufCFieldDescriptor *field, const void *value, struct text *out);
    /* False: refused, and *out as it was. */
    bool (*from_json)(struct reader *reader, const struct place *place, const ProtobufCFieldDescriptor *field,
                      const json_t *json, void *out);
} kinds[] = {
    [PROTOBUF_C_TYPE_INT32] = {sizeof(int32_t), int32_write, int32_from_json},
    [PROTOBUF_C_TYPE_SINT32] = {sizeof(int32_t), int32_write, int32_from_json},
    [PROTOBUF_C_TYPE_SFIXED32] = {sizeof(int32_t), int32_write, int32_from_json},
    [PROTOBUF_C_TYPE_UINT32] = {sizeof(uint32_t), uint32_write, uint32_from_json},
    [PROTOBUF_C_TYPE_FIXED32] = {sizeof(uint32_t), uint32_write, uint32_from_json},
    [PROTOBUF_C_TYPE_INT64] = {sizeof(int64_t), int64_write, int64_from_json},
    [PROTOBUF_C_TYPE_SINT64] = {sizeof(int64_t), int64_write, int64_from_json},
    [PROTOBUF_C_TYPE_SFIXED64] = {sizeof(int64_t), int64_write, int64_from_json},
    [PROTOBUF_C_TYPE_UINT64] = {sizeof(int64_t), int64_write, uint64_from_json},
    [PROTOBUF_C_TYPE_FIXED64] = {sizeof(int64_t), int64_write, uint64_from_json},
    [PROTOBUF_C_TYPE_FLOAT] = {sizeof(float), float_write, float_from_json},
    [PROTOBUF_C_TYPE_DOUBLE] = {sizeof(double), double_write, double_from_json},
    [PROTOBUF_C_TYPE_BOOL] = {sizeof(protobuf_c_boolean), bool_write, bool_from_json},
    [PROTOBUF_C_TYPE_ENUM] = {sizeof(int), enum_write, enum_from_json},
    [PROTOBUF_C_TYPE_STRING] = {sizeof(char *), string_write, string_from_json},
    [PROTOBUF_C_TYPE_BYTES] = {0, NULL, NULL},
    [PROTOBUF_C_TYPE_MESSAGE] = {sizeof(ProtobufCMessage *), message_write, message_from_json},
};

bool json_null_is_absent(const ProtobufCFieldDescriptor *field)
{
    return field->label != PROTOBUF_C_LABEL_REPEATED &&
           (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_ENUM);
}

static bool in_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static const char null[] = "null";

static void write_list(const struct kind *kind, const ProtobufCFieldDescriptor *field, const char *message,
                       struct text *out)
{
    const size_t n = *(const size_t *)(message + field->quantifier_offset);
    const char *values = *(char *const *)(message + field->offset);
    text_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            text_char(out, ',');
        if (!kind->write(field, values + i * kind->size, out))
            text_append(out, null, strlen(null));
    }
    text_char(out, ']');
}

/* Whether another member of its oneof is set, so that the field's memory is not its own. */
static bool is_displaced(const ProtobufCFieldDescriptor *field, const char *message)
{
    return in_oneof(field) && *(const uint32_t *)(message + field->quantifier_offset) != field->id;
}

/* False: the field is left out, and nothing was written. */
static bool write_field(const ProtobufCFieldDescriptor *field, const char *message, struct text *out)
{
    const struct kind *kind = &kinds[field->type];
    if (kind->write == NULL || is_displaced(field, message))
        return false;
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return kind->write(field, message + field->offset, out);
    write_list(kind, field, message, out);
    return true;
}

static bool write_message(const ProtobufCMessage *message, struct text *out)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const struct well_known *well_known = find_well_known(type);
    if (well_known != NULL)
        return well_known->write(message, out);
    text_char(out, '{');
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const size_t before = out->length;
        if (out->bytes[before - 1] != '{')
            text_char(out, ',');
        text_string(out, field->name, strlen(field->name));
        text_char(out, ':');
        if (!write_field(field, (const char *)message, out))
            out->length = before;
    }
    text_char(out, '}');
    return true;
}

char *json_text_from_message(const ProtobufCMessage *message, struct arena *arena, size_t *length)
{
    struct text out = TEXT_INIT(arena);
    if (!write_message(message, &out))
        text_append(&out, null, strlen(null));
    *length = out.length;
    return text_end(&out);
}

char *json_text_from_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                           struct arena *arena, size_t *length)
{
    struct text out = TEXT_INIT(arena);
    if (!write_field(field, (const char *)message, &out))
        text_append(&out, null, strlen(null));
    *length = out.length;
    return text_end(&out);
}

json_t *json_from_message(const ProtobufCMessage *message)
{
    struct arena arena;
    size_t length;
    arena_init(&arena);
    const char *text = json_text_from_message(message, &arena, &length);
    json_t *json = json_loadb(text, length, JSON_DECODE_ANY, NULL);
    arena_free(&arena);
    return json;
}

/* Keeps the elements that can be taken. */
static void read_list(struct reader *reader, const struct place *place, const ProtobufCFieldDescriptor *field,
                      const json_t *list, char *message)
{
    const struct kind *kind = &kinds[field->type];
    if (!json_is_array(list)) {
        refuse(reader, place, "list_type", "Input should be a valid list");
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
    const struct kind *kind = &kinds[field->type];
    char *base = (char *)message;
    if (kind->from_json == NULL)
        return;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        read_list(reader, place, field, json, base);
    else if (kind->from_json(reader, place, field, json, base + field->offset) && in_oneof(field))
        *(uint32_t *)(base + field->quantifier_offset) = field->id;
}

static void read_members(struct reader *reader, const struct place *place, const json_t *object,
                         ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const struct place member = member_of(place, field->name);
        const json_t *json = json_object_get(object, field->name);
        if (json != NULL && !(json_is_null(json) && json_null_is_absent(field)))
            read_field(reader, &member, field, json, message);
    }
}

void json_to_message(const json_t *object, ProtobufCMessage *message, struct arena *arena,
                     struct status *status)
{
    struct reader reader = {.arena = arena, .status = status};
    const struct well_known *well_known = find_well_known(message->descriptor);
    if (well_known != NULL)
        well_known->from_json(&reader, NULL, object, message);
    else if (json_is_object(object))
        read_members(&reader, NULL, object, message);
    else
        refuse(&reader, NULL, "model_attributes_type",
               "Input should be a valid dictionary or object to extract fields from");
}

void json_field_from_json(const json_t *value, const ProtobufCFieldDescriptor *field,
                          ProtobufCMessage *message, struct arena *arena, struct status *status)
{
    struct reader reader = {.arena = arena, .status = status};
    const struct place place = member_of(NULL, field->name);
    read_field(&reader, &place, field, value, message);
}

void json_field_from_text(const char *text, size_t length, const ProtobufCFieldDescriptor *field,
                          ProtobufCMessage *message, struct arena *arena, struct status *status)
{
    struct reader reader = {.arena = arena, .status = status};
    const struct place place = member_of(NULL, field->name);
    if (!utf8_valid(text, length)) {
        refuse(&reader, &place, "string_unicode",
               "Input should be a valid string, unable to parse raw data as a unicode string");
        return;
    }
    json_t *value = json_stringn_nocheck(text, length);
    read_field(&reader, &place, field, value, message);
    json_decref(value);
}
