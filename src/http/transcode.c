/* transcode.c: parameters and members into fields, and back from a field to where in the request it came
 * from. */
#include "http/transcode.h"

#include "base/message.h"
#include "base/utf8.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "http/violation.h"
#include "json/mapping.h"
#include "json/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- the request message --- */

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

static ProtobufCMessage *make_message(const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);
    protobuf_c_message_init(type, message);
    return message;
}

/* Puts an empty message in a field and returns it. */
static ProtobufCMessage *make_member(ProtobufCMessage *message, const char *name, struct arena *arena)
{
    const ProtobufCFieldDescriptor *field = field_of(message, name);
    ProtobufCMessage *member = make_message(field->descriptor, arena);
    *(ProtobufCMessage **)((char *)message + field->offset) = member;
    return member;
}

/* The message that the JSON body fills, or the request itself. */
static ProtobufCMessage *body_message(const struct route *route, ProtobufCMessage *input)
{
    if (route->body == NULL)
        return input;
    return *(ProtobufCMessage **)((char *)input + field_of(input, route->body)->offset);
}

/* Sets "order_id", or "order.order_id" within the body; a route without the field has none to set. */
static void set_string(const struct route *route, ProtobufCMessage *input, const char *name,
                       const char *value)
{
    if (name == NULL)
        return;
    const char *dot = strchr(name, '.');
    ProtobufCMessage *message = dot != NULL ? body_message(route, input) : input;
    const ProtobufCFieldDescriptor *field = field_of(message, dot != NULL ? dot + 1 : name);
    *(const char **)((char *)message + field->offset) = value;
}

static bool is_zero(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return *(const int32_t *)((const char *)message + field->offset) == 0;
}

/* Of a parameter that may have several: into one field a value that is alone, into the other all of them. */
static void read_values(const struct transcode_source *source, const struct route_parameter *parameter,
                        struct arena *arena, struct transcode_result *result)
{
    struct url_part values[ROUTE_MAX_VALUES];
    const size_t n = url_query_values(source->query, parameter->name, arena, values, ROUTE_MAX_VALUES);
    if (n == 1) {
        json_field_from_text(values[0].bytes, values[0].length, field_of(result->input, parameter->field),
                             result->input, arena, &result->refused);
    } else if (n > ROUTE_MAX_VALUES) {
        status_add_violation_of(&result->refused, arena, parameter->field, "too_long",
                                arena_printf(arena, "%d", ROUTE_MAX_VALUES), "has too many values");
    } else if (n > 0) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, json_stringn_nocheck(values[i].bytes, values[i].length));
        json_field_from_json(list, field_of(result->input, parameter->several), result->input, arena,
                             &result->refused);
        json_decref(list);
    }
}

static void read_value(const struct transcode_source *source, const struct route_parameter *parameter,
                       struct arena *arena, struct transcode_result *result)
{
    const ProtobufCFieldDescriptor *field = field_of(result->input, parameter->field);
    struct url_part value;
    const size_t n = url_query_find(source->query, parameter->name, arena, &value);
    if (n > 1 && !parameter->last_counts)
        status_add_violation(&result->refused, arena, parameter->field, "repeated",
                             "Input should be given only once");
    if (n == 0 || value.length == 0)
        return;
    const size_t before = result->refused.n_violations;
    json_field_from_text(value.bytes, value.length, field, result->input, arena, &result->refused);
    if (parameter->zero_is_none && result->refused.n_violations == before && is_zero(result->input, field)) {
        *(int32_t *)((char *)result->input + field->offset) = 1;
        result->wants_none = true;
    }
}

static void read_query(const struct transcode_source *source, struct arena *arena,
                       struct transcode_result *result)
{
    for (const struct route_parameter *parameter = source->route->query; parameter->name != NULL;
         parameter++) {
        if (parameter->several != NULL)
            read_values(source, parameter, arena, result);
        else
            read_value(source, parameter, arena, result);
    }
}

static void add_path(Google__Protobuf__FieldMask *mask, const char *path, struct arena *arena)
{
    if (mask->paths == NULL)
        mask->paths = arena_calloc(arena, ROUTE_MAX_BODY_FIELDS, sizeof *mask->paths);
    mask->paths[mask->n_paths++] = message_text(path);
}

static void read_body(const struct transcode_source *source, struct arena *arena,
                      struct transcode_result *result)
{
    const struct route *route = source->route;
    if (route->body == NULL)
        return;
    ProtobufCMessage *message = make_member(result->input, route->body, arena);
    Google__Protobuf__FieldMask *mask = NULL;
    if (route->mask != NULL)
        mask = (Google__Protobuf__FieldMask *)make_member(result->input, route->mask, arena);
    for (const char *const *name = route->body_fields; *name != NULL; name++) {
        const ProtobufCFieldDescriptor *field = field_of(message, *name);
        const json_t *value = json_object_get(source->body->json, *name);
        /* null leaves out a date of a new order, as the original's model had it. Of any other field, and
         * where a mask says what is meant, it is a value, and no right one. */
        if (value == NULL || (mask == NULL && json_is_null(value) && field->type == PROTOBUF_C_TYPE_MESSAGE))
            continue;
        const size_t before = result->refused.n_violations;
        json_field_from_json(value, field, message, arena, &result->refused);
        if (mask != NULL && result->refused.n_violations == before)
            add_path(mask, *name, arena);
    }
}

void transcode_request(const struct transcode_source *source, struct arena *arena,
                       struct transcode_result *result)
{
    *result = (struct transcode_result){
        .input = make_message(route_method(source->route)->input, arena),
        .refused = STATUS_INIT,
    };
    read_query(source, arena, result);
    read_body(source, arena, result);
    set_string(source->route, result->input, source->route->variable_field, source->variable->bytes);
    set_string(source->route, result->input, source->route->etag_field, source->etag);
}

/* --- violations --- */

/* The 422 being made. */
struct violation_list {
    const struct transcode_source *source;
    struct arena *arena;
    struct text text;
};

static void begin_listing(struct violation_list *listing)
{
    static const char open[] = "{\"detail\":[";
    listing->text = TEXT_INIT(listing->arena);
    text_append(&listing->text, open, strlen(open));
}

static void end_listing(struct violation_list *listing, struct answer *answer)
{
    static const char close[] = "]}";
    text_append(&listing->text, close, strlen(close));
    answer->status = 422;
    answer->length = listing->text.length;
    answer->body = text_end(&listing->text);
}

static void add_at(struct violation_list *listing, struct violation_place place,
                   const struct violation *violation)
{
    place.of_change = listing->source != NULL && listing->source->route->mask != NULL;
    if (listing->text.bytes[listing->text.length - 1] == '}')
        text_char(&listing->text, ',');
    violation_write(&listing->text, &place, violation);
}

static void list_violation(struct violation_list *listing, const char *part, const char *name,
                           struct json_slice input, const struct violation *violation)
{
    add_at(listing, (struct violation_place){.part = part, .name = name, .input = input}, violation);
}

/* Of "statuses.3", that it is an element, and the fourth. */
static bool read_index(const char *field, size_t *index)
{
    const char *dot = strchr(field, '.');
    *index = dot != NULL ? strtoul(dot + 1, NULL, 10) : 0;
    return dot != NULL && *index < ROUTE_MAX_VALUES;
}

static void add_query_violation(struct violation_list *listing, const struct route_parameter *parameter,
                                const struct violation *violation)
{
    struct url_part values[ROUTE_MAX_VALUES], *value = values;
    struct violation_place place = {.part = "query", .name = parameter->name};
    struct text input = TEXT_INIT(listing->arena);
    const char *query = listing->source->query;
    bool is_there = url_query_find(query, parameter->name, listing->arena, value) > 0;
    if (parameter->several != NULL && read_index(violation->field, &place.index)) {
        place.is_element = true;
        value = &values[place.index];
        is_there =
            place.index < url_query_values(query, parameter->name, listing->arena, values, ROUTE_MAX_VALUES);
    }
    if (is_there && utf8_valid(value->bytes, value->length))
        text_string(&input, value->bytes, value->length);
    place.input = (struct json_slice){input.bytes, input.length};
    add_at(listing, place, violation);
}

static const struct violation missing = {.type = "missing", .parameter = "", .message = ""};

/* The service cannot tell an absent field from an empty one: proto3 has no difference. Here there is one. */
static void add_body_violation(struct violation_list *listing, size_t field,
                               const struct violation *violation)
{
    const struct route *route = listing->source->route;
    const struct transcode_body *body = listing->source->body;
    const char *name = route->body_fields[field];
    if (body->fields[field].bytes != NULL)
        list_violation(listing, "body", name, body->fields[field], violation);
    else
        list_violation(listing, "body", name, body->text, &missing);
}

/* Whether what a violation names is a field, or an element of it. */
static bool is_of(const struct violation *violation, const char *field)
{
    const size_t length = strlen(field);
    return strncmp(violation->field, field, length) == 0 &&
           (violation->field[length] == '\0' || violation->field[length] == '.');
}

/* Walks over the violations of one field, from *position on: those found here, or else the service's. */
static bool next_violation(const struct status *refused, const struct status *service, const char *field,
                           size_t *position, const struct violation **out)
{
    const struct status *status = service;
    for (size_t i = 0; i < refused->n_violations; i++) {
        if (is_of(&refused->violations[i], field))
            status = refused;
    }
    while (*position < status->n_violations) {
        *out = &status->violations[(*position)++];
        if (is_of(*out, field))
            return true;
    }
    return false;
}

static bool is_placed(const struct route *route, const struct violation *violation)
{
    for (const struct route_parameter *parameter = route->query; parameter->name != NULL; parameter++) {
        if (is_of(violation, parameter->field) ||
            (parameter->several != NULL && is_of(violation, parameter->several)))
            return true;
    }
    for (const char *const *name = route->body_fields; *name != NULL; name++) {
        if (is_of(violation, *name))
            return true;
    }
    return false;
}

void transcode_violations(const struct transcode_source *source, const struct status *refused,
                          const struct status *service, struct arena *arena, struct answer *answer)
{
    struct violation_list listing = {.source = source, .arena = arena};
    const struct violation *violation;
    const char *const *fields = source->route->body_fields;
    begin_listing(&listing);
    for (const struct route_parameter *parameter = source->route->query; parameter->name != NULL;
         parameter++) {
        for (size_t at = 0; next_violation(refused, service, parameter->field, &at, &violation);)
            add_query_violation(&listing, parameter, violation);
        for (size_t at = 0; parameter->several != NULL &&
                            next_violation(refused, service, parameter->several, &at, &violation);)
            add_query_violation(&listing, parameter, violation);
    }
    for (size_t field = 0; fields[field] != NULL; field++) {
        for (size_t at = 0; next_violation(refused, service, fields[field], &at, &violation);)
            add_body_violation(&listing, field, violation);
    }
    for (size_t i = 0; i < service->n_violations; i++) {
        violation = &service->violations[i];
        if (!is_placed(source->route, violation))
            list_violation(&listing, "request", violation->field, (struct json_slice){NULL, 0}, violation);
    }
    end_listing(&listing, answer);
}

/* --- the JSON body --- */

/* Answers a body that is none at all, or no object. */
static void refuse_body(struct arena *arena, const struct violation *violation, struct json_slice text,
                        struct answer *answer)
{
    struct violation_list listing = {.arena = arena};
    begin_listing(&listing);
    list_violation(&listing, "body", NULL, text, violation);
    end_listing(&listing, answer);
}

static void refuse_text(struct arena *arena, const struct json_mistake *mistake, struct answer *answer)
{
    struct violation_list listing = {.arena = arena};
    begin_listing(&listing);
    violation_write_mistake(&listing.text, mistake);
    end_listing(&listing, answer);
}

bool transcode_body(const struct route *route, struct json_slice text, struct arena *arena,
                    struct transcode_body *body, struct answer *answer)
{
    static const struct json_slice nothing = {NULL, 0};
    static const struct violation no_object = {.type = "object_type", .parameter = "", .message = ""};
    const struct json_members members = {.names = route->body_fields, .values = body->fields};
    struct json_mistake mistake;
    *body = (struct transcode_body){0};
    if (text.length > 0)
        body->json = json_parse(text, arena, &members, &body->text, &mistake);
    if (json_is_object(body->json))
        return true;
    if (text.length > 0 && body->json == NULL)
        refuse_text(arena, &mistake, answer);
    else if (text.length == 0 || json_is_null(body->json))
        refuse_body(arena, &missing, nothing, answer);
    else
        refuse_body(arena, &no_object, body->text, answer);
    json_decref(body->json);
    body->json = NULL;
    return false;
}
