/* enum_name.c: protobuf's names are those of C's constants: PREFIX_NAME. */
#include "json/enum_name.h"

#include <stdbool.h>
#include <string.h>

/* Of identifiers, whose letters are ASCII's. */
static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static char to_lower(char c)
{
    return (char)(is_upper(c) ? c - 'A' + 'a' : c);
}

static char to_upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* "PENDING" of "ORDER_STATUS_PENDING" in OrderStatus; the whole name when it has no such prefix. */
static const char *without_prefix(const ProtobufCEnumDescriptor *type, const char *name)
{
    const char *at = name;
    for (const char *letter = type->short_name; *letter != '\0'; letter++) {
        if (letter != type->short_name && is_upper(*letter) && *at++ != '_')
            return name;
        if (*at++ != to_upper(*letter))
            return name;
    }
    return *at == '_' ? at + 1 : name;
}

size_t enum_name_write(const ProtobufCEnumDescriptor *type, const ProtobufCEnumValue *value,
                       char out[static ENUM_NAME_BYTES])
{
    if (value == NULL)
        return 0;
    const char *name = without_prefix(type, value->name);
    size_t length = 0;
    while (length < ENUM_NAME_BYTES - 1 && name[length] != '\0') {
        out[length] = to_lower(name[length]);
        length++;
    }
    out[length] = '\0';
    return value->value == 0 && strcmp(out, "unspecified") == 0 ? 0 : length;
}

const char *enum_name(const ProtobufCEnumDescriptor *type, int value, struct arena *arena)
{
    char name[ENUM_NAME_BYTES];
    size_t length = enum_name_write(type, protobuf_c_enum_descriptor_get_value(type, value), name);
    return length == 0 ? NULL : arena_copy(arena, name, length);
}
