/* violation.c: a table of what a type's context repeats of its message. */
#include "http/violation.h"

#include <stdbool.h>
#include <string.h>

static const struct context {
    const char *type;
    const char *name;   /* the one member of "ctx" */
    const char *before; /* what a message has before that; NULL: it is an empty object */
    bool is_number;
} contexts[] = {
    {"greater_than", "gt", "Input should be greater than ", true},
    {"greater_than_equal", "ge", "Input should be greater than or equal to ", true},
    {"less_than_equal", "le", "Input should be less than or equal to ", true},
    {"string_too_short", "min_length", "String should have at least ", true},
    {"string_too_long", "max_length", "String should have at most ", true},
    {"enum", "expected", "Input should be ", false},
    {"datetime_from_date_parsing", "error", "Input should be a valid datetime or date, ", false},
    {"datetime_parsing", "error", "Input should be a valid datetime, ", false},
    {"value_error", "error", NULL, false},
};

static void append(struct text *out, const char *json)
{
    text_append(out, json, strlen(json));
}

static void append_string(struct text *out, const char *string)
{
    text_string(out, string, strlen(string));
}

/* NULL: a violation of this type has none, or its message is not the table's. */
static const struct context *find_context(const struct violation *violation)
{
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        const struct context *context = &contexts[i];
        if (strcmp(context->type, violation->type) == 0)
            return context->before == NULL ||
                           strncmp(violation->message, context->before, strlen(context->before)) == 0
                       ? context
                       : NULL;
    }
    return NULL;
}

static void write_context(struct text *out, const struct context *context, const char *message)
{
    append(out, ",\"ctx\":{");
    append_string(out, context->name);
    append(out, ":");
    if (context->before == NULL) {
        append(out, "{}");
    } else if (context->is_number) {
        const char *number = message + strlen(context->before);
        text_append(out, number, strspn(number, "-0123456789"));
    } else {
        append_string(out, message + strlen(context->before));
    }
    append(out, "}");
}

static void write_head(struct text *out, const char *type, const char *part)
{
    append(out, "{\"type\":");
    append_string(out, type);
    append(out, ",\"loc\":[");
    append_string(out, part);
}

void violation_write(struct text *out, const struct violation_place *place, const struct violation *violation)
{
    write_head(out, violation->type, place->part);
    if (place->name != NULL) {
        append(out, ",");
        append_string(out, place->name);
    }
    append(out, "],\"msg\":");
    append_string(out, violation->message);
    append(out, ",\"input\":");
    if (place->input.bytes != NULL)
        text_compact(out, place->input);
    else
        append(out, "null");
    const struct context *context = find_context(violation);
    if (context != NULL)
        write_context(out, context, violation->message);
    append(out, "}");
}

void violation_write_mistake(struct text *out, const struct json_mistake *mistake)
{
    write_head(out, "json_invalid", "body");
    append(out, ",");
    text_integer(out, (int64_t)mistake->position);
    append(out, "],\"msg\":\"JSON decode error\",\"input\":{},\"ctx\":{\"error\":");
    append_string(out, mistake->what);
    append(out, "}}");
}
