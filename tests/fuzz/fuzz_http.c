/* fuzz_http.c: an HTTP request from its target and body to the answer's, with the service behind it.
 *
 * An input is "METHOD TARGET", a line break and the body, so that seeds can be read.
 */
#include "backend.h"
#include "fuzz.h"

#include "http/answer.h"
#include "http/precondition.h"
#include "http/routes.h"
#include "http/transcode.h"
#include "http/url.h"
#include "json/mapping.h"

#include <string.h>

struct request {
    const char *method;
    const char *target;
    const char *body;
    size_t length;
};

/* Takes what stands before a character off the input, which is cut at a NUL: libmicrohttpd refuses one. */
static const char *take_until(struct fuzz_input *input, char end, struct arena *arena)
{
    const uint8_t *found = input->left > 0 ? memchr(input->at, end, input->left) : NULL;
    const size_t length = found != NULL ? (size_t)(found - input->at) : input->left;
    const char *taken = arena_copy(arena, input->at, length);
    const size_t behind = length + (found != NULL);
    input->at += behind;
    input->left -= behind;
    return taken;
}

/* --- targets --- */

/* Percent-encodes every byte. */
static const char *encode(const struct url_part *part, struct arena *arena)
{
    char *text = arena_alloc(arena, 3 * part->length + 1);
    text[0] = '\0';
    for (size_t i = 0; i < part->length; i++)
        snprintf(text + 3 * i, 4, "%%%02x", (unsigned char)part->bytes[i]);
    return text;
}

static void check_equal(const struct url_part *a, const struct url_part *b)
{
    must(a->length == b->length);
    must(memcmp(a->bytes, b->bytes, a->length) == 0);
    must(a->bytes[a->length] == '\0' && b->bytes[b->length] == '\0');
}

/* A path, escaped, is the same path. */
static void check_segments(const struct url *url, struct arena *arena)
{
    struct url again;
    const char *target = "";
    for (size_t i = 0; i < url->n_segments; i++) {
        must(!url->segments[i].is_text || strlen(url->segments[i].bytes) == url->segments[i].length);
        target = arena_printf(arena, "%s/%s", target, encode(&url->segments[i], arena));
    }
    url_parse(target, arena, &again);
    must(again.n_segments == url->n_segments);
    for (size_t i = 0; i < url->n_segments; i++)
        check_equal(&url->segments[i], &again.segments[i]);
}

/* A parameter, escaped, has the same value, also behind others. */
static void check_parameter(const char *query, const char *name, struct arena *arena)
{
    struct url_part value, again;
    if (!url_query_find(query, name, arena, &value))
        return;
    const char *alone = arena_printf(arena, "%s=%s", name, encode(&value, arena));
    must(url_query_find(alone, name, arena, &again));
    check_equal(&value, &again);
    must(url_query_find(arena_printf(arena, "%s&%s", query, alone), name, arena, &again));
    check_equal(&value, &again);
}

/* Whatever the method, the path has the same ones, and those that are allowed are found. */
static void check_allowed(const char *allowed, const struct url *url, struct arena *arena)
{
    struct route_match match;
    char *rest, *list = arena_strdup(arena, allowed);
    must(*allowed != '\0');
    for (char *method = strtok_r(list, ", ", &rest); method != NULL; method = strtok_r(NULL, ", ", &rest))
        must(routes_find(ROUTES_ALL, method, url, arena, &match) == ROUTE_FOUND);
}

/* Where a client is sent to is on this server, and a path with some method. */
static void check_redirection(const char *target, struct arena *arena)
{
    struct url url;
    struct route_match match;
    const char *location = url_without_slash(target, arena);
    must(location[0] == '/' && location[1] != '/');
    url_parse(location, arena, &url);
    const enum route_found found = routes_find(ROUTES_ALL, "GET", &url, arena, &match);
    must(found == ROUTE_FOUND || found == ROUTE_NO_METHOD);
}

/* --- the call --- */

static void check_body(const struct answer *answer, struct arena *arena)
{
    const struct json_slice text = {answer->body, answer->length};
    struct json_slice whole;
    struct json_mistake mistake;
    must(answer->status >= 200 && answer->status < 600);
    json_t *json = json_parse(text, arena, NULL, &whole, &mistake);
    must(json != NULL);
    if (answer->status == 422 && json_is_array(json_object_get(json, "detail")))
        must(json_array_size(json_object_get(json, "detail")) > 0);
    json_decref(json);
}

/* The RPC of a route. The message is on the wire between here and there, where it must be one. */
static const ProtobufCMessage *call(const struct route *route, const struct transcode_result *result,
                                    struct arena *arena, struct status *status)
{
    const size_t size = protobuf_c_message_get_packed_size(result->input);
    uint8_t *payload = arena_alloc(arena, size);
    protobuf_c_message_pack(result->input, payload);
    const struct backend_request request = {
        .service = route->service,
        .method = route_method(route),
        .payload = payload,
        .payload_size = size,
        .with_key = true,
        .validate_only = result->refused.n_violations > 0,
    };
    const ProtobufCMessage *response = backend_call(&request, arena, status);
    must(strncmp(status->message, "The payload is no", strlen("The payload is no")) != 0);
    return response;
}

/* As upstream.c does. */
static void answer_call(const struct transcode_source *source, struct arena *arena, struct answer *answer)
{
    struct transcode_result result;
    struct status status;
    transcode_request(source, arena, &result);
    const ProtobufCMessage *response = call(source->route, &result, arena, &status);
    if (status.n_violations > 0 || (status.code == STATUS_OK && result.refused.n_violations > 0)) {
        transcode_violations(source, &result.refused, &status, arena, answer);
    } else if (status.code != STATUS_OK) {
        answer_failure(answer, arena, &status);
    } else {
        answer->status = source->route->status;
        answer->body = json_text_from_message(response, NULL, arena, &answer->length);
    }
    check_body(answer, arena);
}

/* A target's query as an If-Match: lists of entity tags are made of the same bytes. */
static const char *check_precondition(const char *list, struct arena *arena)
{
    const char *etag = precondition_etag(list, arena);
    if (etag == NULL)
        return "";
    if (*etag == '\0')
        must(precondition_names(list, "whatever", false));
    else if (strcmp(etag, PRECONDITION_NO_ETAG) != 0)
        must(precondition_names(list, etag, false));
    return etag;
}

static void exchange(const struct request *request, const struct route_match *match, const char *query,
                     struct arena *arena)
{
    struct answer answer = {0};
    struct transcode_body body = {0};
    struct transcode_source source = {.route = match->route,
                                      .variable = &match->variable,
                                      .etag = check_precondition(query, arena),
                                      .query = query};
    if (match->route->service == NULL || (match->route->variable_field != NULL && !match->variable.is_text))
        return;
    if (match->route->body != NULL) {
        const struct json_slice text = {request->body, request->length};
        if (!transcode_body(match->route, text, arena, &body, &answer)) {
            check_body(&answer, arena);
            return;
        }
        source.body = &body;
    }
    answer_call(&source, arena, &answer);
    json_decref(body.json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {.at = bytes, .left = size};
    struct arena arena;
    struct url url;
    struct route_match match = {0};
    arena_init(&arena);
    const struct request request = {
        .method = take_until(&input, ' ', &arena),
        .target = take_until(&input, '\n', &arena),
        .body = (const char *)input.at,
        .length = input.left,
    };
    url_parse(request.target, &arena, &url);
    check_segments(&url, &arena);
    size_t n;
    const struct route *routes = routes_all(&n);
    for (size_t i = 0; i < n; i++) {
        for (const struct route_parameter *parameter = routes[i].query; parameter->name != NULL; parameter++)
            check_parameter(url.query, parameter->name, &arena);
    }
    switch (routes_find(ROUTES_ALL, request.method, &url, &arena, &match)) {
    case ROUTE_FOUND:
        exchange(&request, &match, url.query, &arena);
        break;
    case ROUTE_NO_METHOD:
        check_allowed(match.allow, &url, &arena);
        break;
    case ROUTE_ENDS_IN_SLASH:
        check_redirection(request.target, &arena);
        break;
    case ROUTE_NO_PATH:
        break;
    }
    arena_free(&arena);
    return 0;
}
