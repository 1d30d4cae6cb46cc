/* scalars.c: the table, and the functions in it. */
#include "json/scalars.h"

#include "base/likeness.h"
#include "base/utf8.h"
#include "json/enum_name.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* --- integers --- */

static bool refuse_size(struct reader *reader, const struct place *place)
{
    return reader_refuse(reader, place, "int_parsing_size",
                         "must be an integer within the range of its type");
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
    if (any && end - at > 1 && *at == '.') {
        do
            at++;
        while (at < end && *at == '0');
    }
    if (!any || at != end)
        return reader_refuse(reader, place, "int_parsing", "must be an integer");
    if (overflow)
        return refuse_size(reader, place);
    *out = value;
    return true;
}

static bool integer_from_real(struct reader *reader, const struct place *place, double real, int64_t *out)
{
    if (real != trunc(real))
        return reader_refuse(reader, place, "int_from_float", "must be an integer, without a fraction");
    // cppcheck-suppress incorrectLogicOperator; it misreads numbers in hexadecimal
    if (real < -0x1p63 || real >= 0x1p63)
        return refuse_size(reader, place);
    *out = (int64_t)real;
    return true;
}

static bool read_integer(struct reader *reader, const struct place *place, const json_t *json, int64_t least,
                         int64_t most, int64_t *out)
{
    int64_t value = 0;
    bool taken = true;
    if (json_is_integer(json)) {
        value = json_integer_value(json);
    } else if (json_is_real(json)) {
        taken = integer_from_real(reader, place, json_real_value(json), &value);
    } else if (json_is_string(json)) {
        taken = integer_from_text(reader, place, json_string_value(json), json_string_length(json), &value);
    } else {
        taken = reader_refuse(reader, place, "int_type", "must be an integer");
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
    int64_t value = 0;
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
    int64_t value = 0;
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
    return reader_refuse(reader, place, "float_parsing", "must be a number");
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
    double real = 0;
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

/* In a query also what pydantic takes, and others write: Python's True, 1. */
static bool bool_from_text(const struct reader *reader, const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0;
    if (!reader->from_text)
        return *out || strcmp(text, "false") == 0;
    static const char *const words[][2] = {{"false", "true"}, {"0", "1"}, {"no", "yes"},
                                           {"off", "on"},     {"f", "t"}, {"n", "y"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *out = strcasecmp(text, words[i][true]) == 0;
        if (*out || strcasecmp(text, words[i][false]) == 0)
            return true;
    }
    return false;
}

static bool bool_from_json(struct reader *reader, const struct place *place,
                           const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    bool is_true = json_is_true(json);
    (void)field;
    if (!json_is_boolean(json) &&
        (!json_is_string(json) || !bool_from_text(reader, json_string_value(json), &is_true)))
        return reader_refuse(reader, place, "bool_parsing", "must be true or false");
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

bool scalar_refuse_unicode(struct reader *reader, const struct place *place)
{
    return reader_refuse(reader, place, "string_unicode", "must be UTF-8");
}

bool scalar_read_string(struct reader *reader, const struct place *place, const json_t *json, char **out)
{
    if (!json_is_string(json))
        return reader_refuse(reader, place, "string_type", "must be a string");
    const char *text = json_string_value(json);
    size_t length = json_string_length(json);
    if (!utf8_valid(text, length)) /* a lone surrogate, written as an escape */
        return scalar_refuse_unicode(reader, place);
    if (memchr(text, '\0', length) != NULL) /* it would end the string early in C */
        return reader_refuse(reader, place, "control_character", "must have no control characters");
    *out = arena_copy(reader->arena, text, length);
    return true;
}

static bool string_from_json(struct reader *reader, const struct place *place,
                             const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    (void)field;
    return scalar_read_string(reader, place, json, out);
}

/* --- enums --- */

static bool enum_write(const ProtobufCFieldDescriptor *field, const void *value, struct text *out)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    char name[ENUM_NAME_BYTES];
    size_t length =
        enum_name_write(type, protobuf_c_enum_descriptor_get_value(type, *(const int *)value), name);
    if (length > 0)
        text_word(out, name, length);
    return length > 0;
}

/* What is none of its names: "pending, confirmed, cancelled". */
static bool enum_refuse(struct reader *reader, const struct place *place, const ProtobufCEnumDescriptor *type,
                        const char *given)
{
    const char *names = "", *meant = NULL;
    int least = NAMES_UNLIKE;
    for (unsigned i = 0; i < type->n_values && !reader_is_full(reader); i++) {
        const char *name = enum_name(type, type->values[i].value, reader->arena);
        if (name == NULL)
            continue;
        names = arena_printf(reader->arena, "%s%s%s", names, *names != '\0' ? ", " : "", name);
        const int mistakes = name_likeness(given, name);
        if (mistakes < least) {
            least = mistakes;
            meant = name;
        }
    }
    return reader_refuse_words(reader, place, "enum", names, meant);
}

static bool enum_from_json(struct reader *reader, const struct place *place,
                           const ProtobufCFieldDescriptor *field, const json_t *json, void *out)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const size_t length = json_string_length(json); /* 0 when it is no string */
    for (unsigned i = 0; i < type->n_values && length > 0; i++) {
        char name[ENUM_NAME_BYTES];
        if (enum_name_write(type, &type->values[i], name) == length &&
            memcmp(name, json_string_value(json), length) == 0) {
            *(int *)out = type->values[i].value;
            return true;
        }
    }
    return enum_refuse(reader, place, type, length > 0 ? json_string_value(json) : "");
}

/* --- the table --- */

const struct kind scalar_kinds[] = {
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
};
