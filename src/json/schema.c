/* schema.c: a table of protobuf's types, and one of the messages that have a JSON form of their own;
 * mapping.c has the like for the values. */
#include "json/schema.h"

#include "base/arena.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "json/enum_name.h"

#include <stddef.h>

struct form {
    const char *type;
    const char *format; /* NULL: none */
};

static const struct form int32 = {"integer", "int32"}, int64 = {"integer", "int64"};

static const struct form *const forms[] = {
    [PROTOBUF_C_TYPE_INT32] = &int32,
    [PROTOBUF_C_TYPE_SINT32] = &int32,
    [PROTOBUF_C_TYPE_SFIXED32] = &int32,
    [PROTOBUF_C_TYPE_INT64] = &int64,
    [PROTOBUF_C_TYPE_SINT64] = &int64,
    [PROTOBUF_C_TYPE_SFIXED64] = &int64,
    [PROTOBUF_C_TYPE_UINT32] = &int64,
    [PROTOBUF_C_TYPE_FIXED32] = &int64,
    [PROTOBUF_C_TYPE_UINT64] = &int64,
    [PROTOBUF_C_TYPE_FIXED64] = &int64,
    [PROTOBUF_C_TYPE_FLOAT] = &(const struct form){"number", "float"},
    [PROTOBUF_C_TYPE_DOUBLE] = &(const struct form){"number", "double"},
    [PROTOBUF_C_TYPE_BOOL] = &(const struct form){"boolean", NULL},
    [PROTOBUF_C_TYPE_STRING] = &(const struct form){"string", NULL},
    [PROTOBUF_C_TYPE_ENUM] = &(const struct form){"string", NULL},
};

static const struct well_known {
    const ProtobufCMessageDescriptor *type;
    struct form form;
} well_known_types[] = {
    {&google__protobuf__timestamp__descriptor, {"string", "date-time"}},
    {&google__protobuf__field_mask__descriptor, {"string", NULL}},
};

static const struct form *form_of(const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < sizeof well_known_types / sizeof well_known_types[0]; i++) {
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && well_known_types[i].type == field->descriptor)
            return &well_known_types[i].form;
    }
    return (size_t)field->type < sizeof forms / sizeof forms[0] ? forms[field->type] : NULL;
}

static json_t *enum_names(const ProtobufCEnumDescriptor *type)
{
    json_t *names = json_array();
    struct arena arena;
    arena_init(&arena);
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = enum_name(type, type->values[i].value, &arena);
        if (name != NULL)
            json_array_append_new(names, json_string(name));
    }
    arena_free(&arena);
    return names;
}

const ProtobufCMessageDescriptor *json_schema_refers_to(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && form_of(field) == NULL ? field->descriptor : NULL;
}

json_t *json_schema_of_field(const ProtobufCFieldDescriptor *field, const char *references)
{
    const struct form *form = form_of(field);
    const ProtobufCMessageDescriptor *message = json_schema_refers_to(field);
    json_t *schema = NULL;
    if (message != NULL)
        schema = json_pack("{s:s+}", "$ref", references, message->short_name);
    else if (form != NULL)
        schema = json_pack("{s:s, s:s*}", "type", form->type, "format", form->format);
    if (schema != NULL && field->type == PROTOBUF_C_TYPE_ENUM)
        json_object_set_new(schema, "enum", enum_names(field->descriptor));
    if (schema != NULL && field->label == PROTOBUF_C_LABEL_REPEATED)
        schema = json_pack("{s:s, s:o}", "type", "array", "items", schema);
    return schema;
}
