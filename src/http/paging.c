/* paging.c: the request message as a query that makes it again: whatever a client wrote, in one form, which
 * the rules of its fields keep short.
 */
#include "http/paging.h"

#include "json/mapping.h"
#include "json/text.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* --- the query --- */

static void append(struct text *out, const char *string)
{
    text_append(out, string, strlen(string));
}

static void append_escaped(struct text *out, const char *string)
{
    char *escaped = arena_alloc(out->arena, url_escaped_length(string) + 1);
    text_append(out, escaped, (size_t)(url_escape(escaped, string) - escaped));
}

static void append_value(struct text *out, const json_t *value)
{
    size_t i;
    const json_t *element;
    if (json_is_string(value))
        append_escaped(out, json_string_value(value));
    else if (json_is_integer(value))
        text_integer(out, json_integer_value(value));
    else if (json_is_true(value))
        append(out, "true");
    json_array_foreach(value, i, element)
    {
        if (i > 0)
            text_char(out, ',');
        append_value(out, element);
    }
}

/* Whether it is what a field holds that nobody has set. */
static bool is_unset(const char *json)
{
    static const char *const unset[] = {"null", "false", "0", "\"\"", "[]"};
    for (size_t i = 0; i < sizeof unset / sizeof unset[0]; i++) {
        if (strcmp(json, unset[i]) == 0)
            return true;
    }
    return false;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

/* "name=value&", when the field is set: few are, and what they hold is written in one way only. */
static void append_field(struct text *out, const char *name, const ProtobufCMessage *request,
                         const char *field, struct arena *scratch)
{
    size_t length;
    const char *text = json_text_from_field(request, field_of(request, field), NULL, scratch, &length);
    if (!is_unset(text)) {
        json_t *value = json_loadb(text, length, JSON_DECODE_ANY, NULL);
        assert(value != NULL); /* or a page of another list would follow */
        append(out, name);
        text_char(out, '=');
        append_value(out, value);
        text_char(out, '&');
        json_decref(value);
    }
    arena_reset(scratch);
}

static void append_token(struct text *out, const char *name, const char *token)
{
    append(out, name);
    text_char(out, '=');
    append_escaped(out, token);
    text_char(out, '&');
}

/* --- the headers --- */

static const void *value_of(const ProtobufCMessage *message, const char *field)
{
    return (const char *)message + field_of(message, field)->offset;
}

/* What of an answer leads to the next page; "" when this is the last. */
static const char *next_of(const struct route *route, const ProtobufCMessage *response)
{
    for (const struct route_parameter *parameter = route->query; parameter->name != NULL; parameter++) {
        if (parameter->next != NULL)
            return *(const char *const *)value_of(response, parameter->next);
    }
    return "";
}

static const char *write_link(const struct route *route, const ProtobufCMessage *request, const char *next,
                              struct arena *arena)
{
    static const char rel[] = ">; rel=\"next\"";
    struct text out = TEXT_INIT(arena);
    struct arena scratch;
    arena_init(&scratch);
    text_char(&out, '<');
    append(&out, route->path);
    text_char(&out, '?');
    for (const struct route_parameter *parameter = route->query; parameter->name != NULL; parameter++) {
        if (parameter->next != NULL)
            append_token(&out, parameter->name, next);
        else if (!parameter->first_page_only)
            append_field(&out, parameter->name, request, parameter->field, &scratch);
        if (parameter->several != NULL)
            append_field(&out, parameter->name, request, parameter->several, &scratch);
    }
    arena_free(&scratch);
    out.length--; /* the last "&" */
    append(&out, rel);
    return text_end(&out);
}

/* NULL: it was not asked for. */
static const char *write_total(const struct route *route, const ProtobufCMessage *request,
                               const ProtobufCMessage *response, struct arena *arena)
{
    for (const struct route_parameter *parameter = route->query; parameter->name != NULL; parameter++) {
        if (parameter->total != NULL && *(const protobuf_c_boolean *)value_of(request, parameter->field))
            return arena_printf(arena, "%" PRId64, *(const int64_t *)value_of(response, parameter->total));
    }
    return NULL;
}

const char *paging_add(const struct route *route, const ProtobufCMessage *request,
                       const ProtobufCMessage *response, bool is_walked, struct arena *arena,
                       struct answer *answer)
{
    const char *link = "", *total = write_total(route, request, response, arena);
    const char *next = next_of(route, response);
    if (is_walked && *next != '\0') {
        link = write_link(route, request, next, arena);
        answer_header(answer, PAGING_NEXT_HEADER, link);
    }
    if (total != NULL)
        answer_header(answer, PAGING_TOTAL_HEADER, total);
    return arena_printf(arena, "%s%s", link, total != NULL ? total : "");
}
