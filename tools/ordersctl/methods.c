/* methods.c: what can be called, told from the descriptors. */
#include "command.h"
#include "output.h"
#include "pager.h"
#include "service/roles.h"
#include "services.h"
#include "json/enum_name.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_DEPTH = 8, /* of messages in messages: a type may hold itself */
    LINE_COLUMNS = 79,
};

struct arguments {
    struct service_method target; /* empty: all */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    if (!services_find(argument, &arguments->target))
        services_refuse(argument, state);
    return 0;
}

static const struct argp methods_argp = {
    .parser = parse,
    .args_doc = "[METHOD]",
    .doc =
        "Lists the methods that `ordersctl call' can call, with the role that each needs and the fields of "
        "their requests and responses; or those of one METHOD.",
};

static const char *const type_names[] = {
    [PROTOBUF_C_TYPE_INT32] = "int32",       [PROTOBUF_C_TYPE_SINT32] = "sint32",
    [PROTOBUF_C_TYPE_SFIXED32] = "sfixed32", [PROTOBUF_C_TYPE_INT64] = "int64",
    [PROTOBUF_C_TYPE_SINT64] = "sint64",     [PROTOBUF_C_TYPE_SFIXED64] = "sfixed64",
    [PROTOBUF_C_TYPE_UINT32] = "uint32",     [PROTOBUF_C_TYPE_FIXED32] = "fixed32",
    [PROTOBUF_C_TYPE_UINT64] = "uint64",     [PROTOBUF_C_TYPE_FIXED64] = "fixed64",
    [PROTOBUF_C_TYPE_FLOAT] = "float",       [PROTOBUF_C_TYPE_DOUBLE] = "double",
    [PROTOBUF_C_TYPE_BOOL] = "bool",         [PROTOBUF_C_TYPE_ENUM] = "",
    [PROTOBUF_C_TYPE_STRING] = "string",     [PROTOBUF_C_TYPE_BYTES] = "bytes",
    [PROTOBUF_C_TYPE_MESSAGE] = "",
};

static const char *type_name(const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return ((const ProtobufCEnumDescriptor *)field->descriptor)->name;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return ((const ProtobufCMessageDescriptor *)field->descriptor)->name;
    return type_names[field->type];
}

/* A message whose fields are worth telling. Those of google.protobuf are text in JSON. */
static const ProtobufCMessageDescriptor *fields_of(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;
    const bool opaque =
        field->type != PROTOBUF_C_TYPE_MESSAGE || strcmp(type->package_name, "google.protobuf") == 0;
    return opaque ? NULL : type;
}

/* --- for programs --- */

static json_t *message_to_json(const ProtobufCMessageDescriptor *type, unsigned depth);

static json_t *enum_to_json(const ProtobufCEnumDescriptor *type)
{
    json_t *values = json_array();
    struct arena arena;
    arena_init(&arena);
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *name = enum_name(type, type->values[i].value, &arena);
        if (name != NULL)
            json_array_append_new(values, json_string(name));
    }
    arena_free(&arena);
    return values;
}

static json_t *field_to_json(const ProtobufCFieldDescriptor *field, unsigned depth)
{
    json_t *json = json_pack("{ss ss sb}", "name", field->name, "type", type_name(field), "repeated",
                             field->label == PROTOBUF_C_LABEL_REPEATED);
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        json_object_set_new(json, "values", enum_to_json(field->descriptor));
    if (fields_of(field) != NULL && depth < MAX_DEPTH)
        json_object_update_missing_new(json, message_to_json(fields_of(field), depth + 1));
    return json;
}

static json_t *message_to_json(const ProtobufCMessageDescriptor *type, unsigned depth)
{
    json_t *fields = json_array();
    for (unsigned i = 0; i < type->n_fields; i++)
        json_array_append_new(fields, field_to_json(&type->fields[i], depth));
    return json_pack("{ss so}", "type", type->name, "fields", fields);
}

/* Every method has a role: the service does not start without. */
static json_t *method_to_json(const struct service_method *target)
{
    enum role role = ROLE_NONE;
    json_t *name = json_sprintf("%s/%s", target->service->name, target->method->name);
    (void)roles_find(json_string_value(name), &role);
    return json_pack("{so ss so so}", "method", name, "role", role_name(role), "request",
                     message_to_json(target->method->input, 1), "response",
                     message_to_json(target->method->output, 1));
}

/* --- for people, from the same --- */

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* As many on a line as fit. */
static void write_values(const json_t *values, int indent)
{
    size_t i, column = 0;
    json_t *value;
    json_array_foreach(values, i, value)
    {
        const size_t length = json_string_length(value);
        if (column == 0 || column + 1 + length > LINE_COLUMNS) {
            column = (size_t)indent;
            printf("%s%*s%s", i == 0 ? "" : "\n", indent, "", json_string_value(value));
        } else {
            column++;
            printf(" %s", json_string_value(value));
        }
        column += length;
    }
    puts("");
}

static void write_fields(const json_t *message, int indent)
{
    const json_t *fields = json_object_get(message, "fields");
    size_t i, width = 0;
    json_t *field;
    json_array_foreach(fields, i, field)
    {
        const size_t length = strlen(member(field, "name"));
        width = length > width ? length : width;
    }
    json_array_foreach(fields, i, field)
    {
        const bool repeated = json_is_true(json_object_get(field, "repeated"));
        printf("%*s%-*s  %s%s\n", indent, "", (int)width, member(field, "name"), repeated ? "repeated " : "",
               member(field, "type"));
        if (json_object_get(field, "values") != NULL)
            write_values(json_object_get(field, "values"), indent + 2);
        write_fields(field, indent + 2);
    }
}

static void write_method(const json_t *method)
{
    static const char *const sides[] = {"request", "response"};
    printf("%s\n  role  %s\n", member(method, "method"), member(method, "role"));
    for (size_t i = 0; i < 2; i++) {
        const json_t *message = json_object_get(method, sides[i]);
        printf("  %s  %s\n", sides[i], member(message, "type"));
        write_fields(message, 4);
    }
}

static json_t *list_methods(const struct arguments *arguments)
{
    json_t *list = json_array();
    for (size_t s = 0; services[s] != NULL; s++) {
        for (unsigned m = 0; m < services[s]->n_methods; m++) {
            const struct service_method target = {services[s], &services[s]->methods[m]};
            if (arguments->target.method == NULL || arguments->target.method == target.method)
                json_array_append_new(list, method_to_json(&target));
        }
    }
    return list;
}

/* A line each: the messages are told by name alone. */
static void write_csv(const json_t *method)
{
    printf("%s,%s,%s,%s\n", member(method, "method"), member(json_object_get(method, "request"), "type"),
           member(json_object_get(method, "response"), "type"), member(method, "role"));
}

static void write_one(enum output_format format, json_t *method, size_t i)
{
    if (format == OUTPUT_NDJSON) {
        output_json(stdout, format, json_incref(method));
        return;
    }
    if (format == OUTPUT_CSV) {
        fputs(i == 0 ? "method,request,response,role\n" : "", stdout);
        write_csv(method);
        return;
    }
    fputs(i == 0 ? "" : "\n", stdout);
    write_method(method);
}

static enum exit_code methods_run(struct session *session, void *arguments)
{
    json_t *list = list_methods(arguments);
    if (!session->no_pager)
        pager_open(&session->screen);
    if (session->output == OUTPUT_JSON) {
        output_json(stdout, OUTPUT_JSON, list);
        return output_end(EXIT_OK);
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        write_one(session->output, json_array_get(list, i), i);
    json_decref(list);
    return output_end(EXIT_OK);
}

const struct command methods_command = {
    "methods",  "List the methods there are", &methods_argp, sizeof(struct arguments), SESSION_NEEDS_OUTPUT,
    methods_run};
