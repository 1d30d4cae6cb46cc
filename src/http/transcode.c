/* transcode.c: parameters and members into fields, and back from a field to where in the request it came
 * from. */
#include "http/transcode.h"

#include "google/protobuf/field_mask.pb-c.h"
#include "json/mapping.h"

#include <stdint.h>
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

static void read_query(const struct transcode_source *source, struct arena *arena,
                       struct transcode_result *result)
{
    for (const struct route_parameter *parameter = source->route->query; parameter->name != NULL;
         parameter++) {
        const ProtobufCFieldDescriptor *field = field_of(result->input, parameter->field);
        struct url_part value;
        if (!url_query_find(source->query, parameter->name, arena, &value))
            continue;
        const size_t before = result->refused.n_violations;
        json_field_from_text(value.bytes, value.length, field, result->input, arena, &result->refused);
        if (parameter->zero_is_none && result->refused.n_violations == before &&
            is_zero(result->input, field)) {
            *(int32_t *)((char *)result->input + field->offset) = 1;
            result->wants_none = true;
        }
    }
}

static void add_path(Google__Protobuf__FieldMask *mask, const char *path, struct arena *arena)
{
    if (mask->paths == NULL)
        mask->paths = arena_calloc(arena, ROUTE_MAX_BODY_FIELDS, sizeof *mask->paths);
    mask->paths[mask->n_paths++] = (char *)(uintptr_t)path;
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
        const json_t *value = json_object_get(source->body, *name);
        /* Where a mask says what is meant, null is no way to leave a field out. */
        if (value == NULL || (mask == NULL && json_is_null(value) && json_null_is_absent(field)))
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
struct listing {
    const struct transcode_source *source;
    struct arena *arena;
    json_t *list;
};

static void add(struct listing *listing, const char *part, const char *name, const char *type,
                const char *message, json_t *input)
{
    if (input == NULL)
        input = json_null(); /* not UTF-8, so it cannot be shown */
    json_array_append_new(listing->list, json_pack("{s:s, s:[s,s], s:s, s:o}", "type", type, "loc", part,
                                                   name, "msg", message, "input", input));
}

static void add_query_violation(struct listing *listing, const struct route_parameter *parameter,
                                const struct violation *violation)
{
    struct url_part value;
    json_t *input = NULL;
    if (url_query_find(listing->source->query, parameter->name, listing->arena, &value))
        input = json_stringn(value.bytes, value.length);
    add(listing, "query", parameter->name, violation->type, violation->message, input);
}

/* The service cannot tell an absent field from an empty one: proto3 has no difference. Here there is one. */
static void add_body_violation(struct listing *listing, const char *name, const struct violation *violation)
{
    json_t *body = listing->source->body;
    json_t *value = json_object_get(body, name);
    if (value != NULL)
        add(listing, "body", name, violation->type, violation->message, json_incref(value));
    else
        add(listing, "body", name, "missing", "Field required", json_incref(body));
}

/* Walks over the violations of one field, from *position on: those found here, or else the service's. */
static bool next_violation(const struct status *refused, const struct status *service, const char *field,
                           size_t *position, const struct violation **out)
{
    const struct status *status = service;
    for (size_t i = 0; i < refused->n_violations; i++) {
        if (strcmp(refused->violations[i].field, field) == 0)
            status = refused;
    }
    while (*position < status->n_violations) {
        *out = &status->violations[(*position)++];
        if (strcmp((*out)->field, field) == 0)
            return true;
    }
    return false;
}

static bool is_placed(const struct route *route, const char *field)
{
    for (const struct route_parameter *parameter = route->query; parameter->name != NULL; parameter++) {
        if (strcmp(parameter->field, field) == 0)
            return true;
    }
    for (const char *const *name = route->body_fields; *name != NULL; name++) {
        if (strcmp(*name, field) == 0)
            return true;
    }
    return false;
}

void transcode_violations(const struct transcode_source *source, const struct status *refused,
                          const struct status *service, struct arena *arena, struct answer *answer)
{
    struct listing listing = {.source = source, .arena = arena, .list = json_array()};
    const struct violation *violation;
    for (const struct route_parameter *parameter = source->route->query; parameter->name != NULL;
         parameter++) {
        for (size_t at = 0; next_violation(refused, service, parameter->field, &at, &violation);)
            add_query_violation(&listing, parameter, violation);
    }
    for (const char *const *name = source->route->body_fields; *name != NULL; name++) {
        for (size_t at = 0; next_violation(refused, service, *name, &at, &violation);)
            add_body_violation(&listing, *name, violation);
    }
    for (size_t i = 0; i < service->n_violations; i++) {
        violation = &service->violations[i];
        if (!is_placed(source->route, violation->field))
            add(&listing, "request", violation->field, violation->type, violation->message, NULL);
    }
    answer_json(answer, arena, 422, json_pack("{s:o}", "detail", listing.list));
}

/* --- the JSON body --- */

static void answer_one(struct answer *answer, struct arena *arena, json_t *violation)
{
    answer_json(answer, arena, 422, json_pack("{s:[o]}", "detail", violation));
}

json_t *transcode_body(const char *bytes, size_t length, struct arena *arena, struct answer *answer)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_error_t error;
    if (length == 0)
        bytes = ""; /* NULL would be a mistake of ours, not the caller's */
    json_t *body = json_loadb(bytes, length, flags, &error);
    /* A number too large is a mistake in its field, not in the whole body. */
    if (body == NULL && json_error_code(&error) == json_error_numeric_overflow)
        body = json_loadb(bytes, length, flags | JSON_DECODE_INT_AS_REAL, &error);
    if (body == NULL) {
        json_t *why = json_string(error.text); /* NULL: it quotes what is not UTF-8 */
        if (why == NULL)
            why = json_string("not UTF-8");
        answer_one(answer, arena,
                   json_pack("{s:s, s:[s,i], s:s, s:{}, s:{s:o}}", "type", "json_invalid", "loc", "body",
                             error.position, "msg", "JSON decode error", "input", "ctx", "error", why));
    } else if (!json_is_object(body)) {
        answer_one(answer, arena,
                   json_pack("{s:s, s:[s], s:s, s:o}", "type", "model_attributes_type", "loc", "body", "msg",
                             "Input should be a valid dictionary or object to extract fields from", "input",
                             body));
        body = NULL;
    }
    return body;
}
