/* exchange.c: a request is looked at when its headers are there, called on when its body is, and answered
 * when the RPC's reply is.
 *
 * libmicrohttpd closes a connection on which an answer is given before the whole request was read. So an
 * answer that is known early waits for the end of the body, unless the client waits for it or the
 * body is too long to be worth reading.
 */
#include "http/exchange.h"

#include "base/metrics_text.h"
#include "base/time.h"
#include "base/utf8.h"
#include "http/answer.h"
#include "http/body.h"
#include "http/coding.h"
#include "http/cors.h"
#include "http/door.h"
#include "http/entity_tag.h"
#include "http/peers.h"
#include "http/routes.h"
#include "http/transcode.h"
#include "json/mapping.h"

#include <stdlib.h>
#include <string.h>

struct exchange {
    struct exchange_host *host;
    struct MHD_Connection *connection;
    struct arena arena; /* owns what is made below, but for what is large */
    struct arena draft; /* what the call and its answer are made in, until the answer is there */
    uint64_t start_ns;
    bool begun; /* its headers were looked at */

    const char *target;
    const char *method;
    struct door door;
    struct url url;
    struct route_match match;
    const char *if_match_etag; /* that the RPC is to find; "" for any */
    struct body body;

    struct transcode_body json; /* owned */
    struct transcode_source source;
    struct transcode_result request;
    struct rpc_reply *reply; /* owned; NULL while none came */
    struct scrape *scrape;   /* held: the answer's body; NULL: it is not */
    struct answer answer;
    struct writing writing; /* of a large answer, on a thread of its own */
    bool is_complete;       /* the answer's body has its coding, and the draft is gone */
    bool coding_chosen;     /* for the answer's body */
    bool gzip;
    char *large;    /* owned; the answer's body, if it is that */
    size_t counted; /* what the reply, or then the answer, takes of the memory for all */
};

/* A reply from here on is worked on by the writer. */
enum { LARGE_REPLY_BYTES = 16 << 10 };

/* To here an answer finds room whatever others take: more than that to any write has, which must not be
 * refused when it was made. */
enum { SMALL_ANSWER_BYTES = 4 << 10 };

static const struct status no_room = {.code = STATUS_RESOURCE_EXHAUSTED,
                                      .message = "Too many requests at once"};

/* --- what is in hand --- */

static void enter(struct exchange_host *host, size_t *count)
{
    pthread_mutex_lock(&host->lock);
    ++*count;
    pthread_mutex_unlock(&host->lock);
}

/* The host may be gone when this returns. */
static void leave(struct exchange_host *host, size_t *count)
{
    pthread_mutex_lock(&host->lock);
    if (--*count == 0)
        pthread_cond_broadcast(&host->idle);
    pthread_mutex_unlock(&host->lock);
}

/* Counts an RPC that is to begin. False: none may. */
static bool enter_call(struct exchange_host *host)
{
    pthread_mutex_lock(&host->lock);
    bool enters = !host->closed;
    host->calls += enters;
    pthread_mutex_unlock(&host->lock);
    return enters;
}

static bool is_stopping(struct exchange_host *host)
{
    pthread_mutex_lock(&host->lock);
    bool stopping = host->stopping;
    pthread_mutex_unlock(&host->lock);
    return stopping;
}

/* --- before the body --- */

static void check_key(struct exchange *exchange)
{
    enum door_key key = door_check_key(exchange->connection, exchange->host->api_key);
    if (key == DOOR_KEY_MISSING)
        answer_detail(&exchange->answer, &exchange->arena, 401, "API key is missing");
    else if (key == DOOR_KEY_WRONG)
        answer_detail(&exchange->answer, &exchange->arena, 403, "Invalid API key");
}

static bool answer_preflight(struct exchange *exchange)
{
    struct MHD_Connection *connection = exchange->connection;
    const struct cors_preflight preflight = {
        .origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin"),
        .method = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Access-Control-Request-Method"),
        .headers = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Access-Control-Request-Headers"),
    };
    return strcmp(exchange->method, "OPTIONS") == 0 &&
           cors_answer_preflight(exchange->host->cors_origins, &preflight, &exchange->arena,
                                 &exchange->answer);
}

static void find_route(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    struct arena *arena = &exchange->arena;
    struct route_match *match = &exchange->match;
    url_parse(exchange->target, arena, &exchange->url);
    switch (routes_find(exchange->host->probes_only, exchange->method, &exchange->url, arena, match)) {
    case ROUTE_NO_PATH:
        answer_detail(answer, arena, 404, "Not Found");
        break;
    case ROUTE_NO_METHOD:
        answer_detail(answer, arena, 405, "Method Not Allowed");
        answer_header(answer, "Allow", match->allow);
        break;
    case ROUTE_ENDS_IN_SLASH:
        answer->status = MHD_HTTP_TEMPORARY_REDIRECT;
        answer_header(answer, "Location", url_without_slash(exchange->target, arena));
        break;
    case ROUTE_FOUND:
        if (!match->route->open)
            check_key(exchange);
        if (answer->status == 0 && match->route->variable_field != NULL && !match->variable.is_text)
            answer_detail(answer, arena, 404, match->route->variable_error);
    }
}

static bool is_read(const struct exchange *exchange)
{
    return strcmp(exchange->method, "GET") == 0 || strcmp(exchange->method, "HEAD") == 0;
}

/* A precondition that cannot be kept must not be passed over: the write would be done without it. Those of
 * a read are looked at when its answer is there. */
static void check_precondition(struct exchange *exchange)
{
    struct precondition *precondition = &exchange->door.precondition;
    door_read_precondition(exchange->connection, &exchange->arena, precondition);
    exchange->if_match_etag = "";
    if (is_read(exchange))
        return;
    if (precondition->if_match != NULL && exchange->match.route->etag_field != NULL)
        exchange->if_match_etag = precondition_etag(precondition->if_match, &exchange->arena);
    else if (precondition->if_match != NULL)
        answer_detail(&exchange->answer, &exchange->arena, 400, "If-Match is not for this method and path");
    else if (precondition->if_none_match != NULL)
        answer_detail(&exchange->answer, &exchange->arena, 400, "If-None-Match is for GET and HEAD");
    if (exchange->if_match_etag == NULL)
        answer_detail(&exchange->answer, &exchange->arena, 400, "If-Match should be one entity tag or *");
}

/* No body is decoded. */
static void check_coding(struct exchange *exchange)
{
    if (exchange->match.route->body == NULL || !exchange->door.is_coded)
        return;
    answer_detail(&exchange->answer, &exchange->arena, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                  "Content-Encoding can be identity only");
    answer_header(&exchange->answer, "Accept-Encoding", "identity");
}

/* What is wrong with the body is answered when all of it was read, or at once when it takes too long. */
static void refuse_body(struct exchange *exchange, enum body_taken why)
{
    const bool is_too_large = why == BODY_TOO_LARGE;
    if (is_too_large)
        answer_detail(&exchange->answer, &exchange->arena, 413, "Request body is too large");
    else
        answer_failure(&exchange->answer, &exchange->arena, &no_room);
    peer_note(exchange->connection, exchange->door.request_id,
              is_too_large ? REFUSAL_TOO_LARGE : REFUSAL_NO_ROOM);
}

/* Looks at the headers: either the answer is known then, or the route. */
static void begin(struct exchange *exchange, const char *method, const char *version)
{
    struct answer *answer = &exchange->answer;
    exchange->begun = true;
    exchange->method = arena_strdup(&exchange->arena, method);
    door_read(exchange->connection, version, &exchange->arena, &exchange->door);
    if (exchange->door.malformed != NULL)
        answer_detail(answer, &exchange->arena, 400, exchange->door.malformed);
    else if (!answer_preflight(exchange))
        find_route(exchange);
    if (answer->status == 0)
        check_coding(exchange);
    if (answer->status == 0)
        check_precondition(exchange);
    if (answer->status == 0 && exchange->door.content_length > exchange->host->bodies.max_bytes)
        refuse_body(exchange, BODY_TOO_LARGE);
    else
        peer_note(exchange->connection, exchange->door.request_id, REFUSAL_LATE);
}

/* Whether the answer is sent without the body having been read. */
static bool is_early(const struct exchange *exchange)
{
    const struct door *door = &exchange->door;
    return exchange->answer.status != 0 &&
           (door->malformed != NULL || door->expects_continue || door->content_length > BODY_DISCARD_BYTES);
}

/* --- the body --- */

/* Throws a piece away; of what has no end in sight, no more is read. */
static enum MHD_Result discard_body(struct exchange *exchange, size_t size)
{
    if (body_discard(&exchange->host->bodies, &exchange->body, size))
        return MHD_YES;
    peer_note(exchange->connection, exchange->door.request_id, REFUSAL_TOO_LARGE);
    peer_refuse(exchange->connection);
    return MHD_NO;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *size)
{
    const size_t n = *size;
    *size = 0;
    if (exchange->answer.status != 0 || exchange->match.route->body == NULL)
        return discard_body(exchange, n);
    enum body_taken taken = body_append(&exchange->host->bodies, &exchange->body, bytes, n);
    if (taken != BODY_TAKEN)
        refuse_body(exchange, taken);
    return MHD_YES;
}

/* --- the answer's coding --- */

enum { GZIP_FROM_BYTES = 1024 }; /* less is one packet either way */

/* Decides, once, what coding a complete answer is to have: its entity tag is that of the bytes that are sent.
 */
static void choose_coding(struct exchange *exchange)
{
    if (exchange->coding_chosen)
        return;
    exchange->coding_chosen = true;
    if (exchange->answer.length <= GZIP_FROM_BYTES)
        return;
    answer_header(&exchange->answer, "Vary", "Accept-Encoding");
    exchange->gzip = coding_takes_gzip(
        MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Accept-Encoding"));
}

/* A precondition may have put a short answer, or one without a body, in the place of the one that was to be
 * coded. False: no memory. */
static bool apply_coding(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    choose_coding(exchange);
    if (!exchange->gzip || answer->length <= GZIP_FROM_BYTES)
        return true;
    answer_header(answer, "Content-Encoding", "gzip");
    answer->body = coding_gzip(answer->body, answer->length, CODING_EACH, &exchange->draft, &answer->length);
    return answer->body != NULL;
}

/* --- the memory of answers --- */

/* Counts it as so many bytes, instead of those it counted as. False: there is no room for them. */
static bool count_bytes(struct exchange *exchange, size_t bytes)
{
    struct budget *memory = exchange->host->memory;
    const size_t counts = bytes > SMALL_ANSWER_BYTES ? bytes : 0;
    if (counts > exchange->counted && !budget_take(memory, counts - exchange->counted))
        return false;
    if (counts < exchange->counted)
        budget_give_back(memory, exchange->counted - counts);
    if ((counts > 0) != (exchange->counted > 0))
        peer_hold_memory(exchange->connection, counts > 0);
    exchange->counted = counts;
    return true;
}

static void free_draft(struct exchange *exchange)
{
    json_decref(exchange->json.json);
    exchange->json.json = NULL;
    rpc_reply_free(exchange->reply);
    exchange->reply = NULL;
    body_free(&exchange->host->bodies, &exchange->body);
    arena_free(&exchange->draft);
}

static bool copy_body(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    if (!count_bytes(exchange, answer->length))
        return false;
    if (answer->length <= SMALL_ANSWER_BYTES) {
        answer->body = arena_copy(&exchange->arena, answer->body, answer->length);
        return true;
    }
    exchange->large = malloc(answer->length);
    if (exchange->large == NULL)
        return false;
    answer->body = memcpy(exchange->large, answer->body, answer->length);
    return true;
}

/* The answer is there: while it is sent, which a slow client decides, it alone takes memory. */
static void keep_answer(struct exchange *exchange)
{
    const bool drafted = !arena_is_empty(&exchange->draft); /* or all share the body */
    if (drafted && exchange->answer.body != NULL && !copy_body(exchange)) {
        exchange->answer = (struct answer){.status = 0};
        answer_failure(&exchange->answer, &exchange->arena, &no_room);
        peer_make_room(exchange->connection);
    }
    free_draft(exchange);
}

/* False: no memory. */
static bool complete_answer(struct exchange *exchange)
{
    if (exchange->is_complete)
        return true;
    if (!apply_coding(exchange))
        return false;
    keep_answer(exchange);
    exchange->is_complete = true;
    return true;
}

/* --- the reply --- */

static void add_entity_tag(struct exchange *exchange, const char *etag)
{
    entity_tag_add(etag, exchange->gzip ? CODING_GZIP_TAG : "", is_read(exchange),
                   &exchange->door.precondition, &exchange->arena, &exchange->answer);
}

static void answer_success(struct exchange *exchange, const ProtobufCMessage *response)
{
    const char *etag = NULL;
    const struct route *route = exchange->match.route;
    struct answer *answer = &exchange->answer;
    answer->status = route->status;
    if (route->status == MHD_HTTP_NO_CONTENT)
        return;
    if (route->text != NULL) {
        answer->body = route->text;
        answer->length = strlen(route->text);
        return;
    }
    if (exchange->request.wants_none) {
        answer->body = "[]";
        answer->length = strlen(answer->body);
    } else if (route->result != NULL) {
        const ProtobufCFieldDescriptor *list =
            protobuf_c_message_descriptor_get_field_by_name(response->descriptor, route->result);
        entity_tag_take_all(response, list);
        answer->body = json_text_from_field(response, list, &exchange->draft, &answer->length);
    } else {
        etag = entity_tag_take(response);
        answer->body = json_text_from_message(response, &exchange->draft, &answer->length);
    }
    choose_coding(exchange);
    add_entity_tag(exchange, etag);
}

static void answer_reply(struct exchange *exchange)
{
    const struct status *refused = &exchange->request.refused;
    const struct status *status = &exchange->reply->status;
    const struct route *route = exchange->match.route;
    rpc_reply_unpack(exchange->reply);
    if (status->code == STATUS_RESOURCE_EXHAUSTED)
        peer_make_room(exchange->connection);
    const bool service_refused = status->code == STATUS_INVALID_ARGUMENT && status->n_violations > 0;
    if (service_refused || (status->code == STATUS_OK && refused->n_violations > 0)) {
        transcode_violations(&exchange->source, refused, status, &exchange->draft, &exchange->answer);
    } else if (status->code == STATUS_FAILED_PRECONDITION && exchange->door.idempotency_key != NULL) {
        answer_detail(&exchange->answer, &exchange->arena, MHD_HTTP_UNPROCESSABLE_CONTENT,
                      "Idempotency-Key was used for another request");
    } else if (status->code == STATUS_ABORTED && exchange->door.precondition.if_match != NULL) {
        answer_detail(&exchange->answer, &exchange->arena, MHD_HTTP_PRECONDITION_FAILED, status->message);
    } else if (status->code != STATUS_OK) {
        answer_failure(&exchange->answer, &exchange->arena, status);
    } else if (route->refusal != NULL && route->refusal(exchange->reply->message) != NULL) {
        const struct status refusal = {.code = STATUS_UNAVAILABLE,
                                       .message = route->refusal(exchange->reply->message)};
        answer_failure(&exchange->answer, &exchange->arena, &refusal);
    } else {
        answer_success(exchange, exchange->reply->message);
    }
    if (exchange->reply->replayed)
        answer_header(&exchange->answer, "Idempotency-Replayed", "true");
}

/* --- the call --- */

/* From here on the exchange may be gone. */
static void resume(struct exchange *exchange)
{
    struct exchange_host *host = exchange->host;
    MHD_resume_connection(exchange->connection);
    leave(host, &host->calls);
}

static void write_answer(struct writing *writing)
{
    struct exchange *exchange = (struct exchange *)((char *)writing - offsetof(struct exchange, writing));
    answer_reply(exchange);
    (void)complete_answer(exchange); /* without memory, send_answer fails in the same way */
    resume(exchange);
}

static void take_reply(struct rpc_reply *reply, void *arg)
{
    struct exchange *exchange = arg;
    const size_t bytes = reply->payload.len;
    exchange->reply = reply;
    if (!count_bytes(exchange, bytes))
        rpc_reply_drop(reply, no_room.code, no_room.message);
    if (bytes < LARGE_REPLY_BYTES) {
        resume(exchange);
        return;
    }
    exchange->writing.write = write_answer;
    writer_add(&exchange->host->writer, &exchange->writing);
}

/* Under which the RPC goes. A write has its effect once for each, and the X-Request-ID of a caller, which
 * names what its logs are to be found by, may well be that of several requests: NULL, the client makes a new
 * one. */
static const char *call_id(const struct exchange *exchange)
{
    const struct door *door = &exchange->door;
    const bool reads = is_read(exchange);
    if (!reads && door->idempotency_key != NULL)
        return door->idempotency_key;
    return reads || door->request_id_is_new ? door->request_id : NULL;
}

/* False: none may begin, and the answer says so. Else the exchange is the reply's from here on. */
static bool call(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    char traceparent[TRACE_PARENT_TEXT];
    struct rpc_metadata metadata[3];
    size_t n = 0;
    if (!route->open)
        metadata[n++] = (struct rpc_metadata){"x-api-key", exchange->host->api_key};
    /* What was refused here is answered together with what the service refuses. */
    if (exchange->request.refused.n_violations > 0)
        metadata[n++] = (struct rpc_metadata){"x-validate-only", "true"};
    trace_write(&exchange->door.trace, traceparent);
    metadata[n++] = (struct rpc_metadata){"traceparent", traceparent};
    const struct rpc_request request = {
        .service = route->service,
        .method = route_method(route),
        .input = exchange->request.input,
        .request_id = call_id(exchange),
        .timeout_ms = route->timeout_ms,
        .metadata = metadata,
        .n_metadata = n,
    };
    /* Suspended first, as the reply may come before rpc_client_call returns. */
    if (!enter_call(exchange->host)) {
        const struct status stopping = {.code = STATUS_UNAVAILABLE, .message = "The service is stopping"};
        answer_failure(&exchange->answer, &exchange->arena, &stopping);
        return false;
    }
    MHD_suspend_connection(exchange->connection);
    rpc_client_call(exchange->host->client, &request, take_reply, exchange);
    return true;
}

/* Anybody may ask for it: so neither what is sent, nor its gzip, is made for each. */
static void answer_scrape(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    struct scrape *scrape = scrape_take(&exchange->host->scrapes);
    exchange->scrape = scrape;
    exchange->coding_chosen = true;
    answer->type = METRICS_TEXT_TYPE;
    answer->body = scrape->text;
    answer->length = scrape->length;
    answer_header(answer, "Vary", "Accept-Encoding");
    if (!coding_takes_gzip(
            MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Accept-Encoding")))
        return;
    size_t length;
    const char *gzip = scrape_gzip(&exchange->host->scrapes, scrape, &length);
    if (gzip == NULL)
        return;
    answer->body = gzip;
    answer->length = length;
    answer_header(answer, "Content-Encoding", "gzip");
}

static void answer_without_call(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    struct answer *answer = &exchange->answer;
    answer->status = route->status;
    if (route->metrics) {
        answer_scrape(exchange);
        return;
    }
    answer->body = route->text;
    answer->length = strlen(route->text);
}

/* The request is there. False: the answer is, too; else its RPC was called, and has the exchange. */
static bool proceed(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    struct transcode_source *source = &exchange->source;
    if (route->service == NULL) {
        answer_without_call(exchange);
        return false;
    }
    *source = (struct transcode_source){
        .route = route,
        .variable = &exchange->match.variable,
        .etag = exchange->if_match_etag,
        .query = exchange->url.query,
    };
    if (route->body != NULL) {
        const struct json_slice text = {exchange->body.bytes, exchange->body.length};
        if (!transcode_body(route, text, &exchange->draft, &exchange->json, &exchange->answer))
            return false;
        source->body = &exchange->json;
    }
    transcode_request(source, &exchange->draft, &exchange->request);
    return call(exchange);
}

/* --- files --- */

static void answer_resource(struct exchange *exchange, const struct resource *resource)
{
    struct answer *answer = &exchange->answer;
    const struct resource_form *form = resource_form(
        resource, MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Accept-Encoding"));
    exchange->coding_chosen = true;
    answer->status = exchange->match.route->status;
    answer->body = form->bytes;
    answer->length = form->length;
    resource_add_headers(resource, exchange->match.route->policy, answer);
    add_entity_tag(exchange, form->etag);
    if (answer->body != form->bytes)
        return; /* a precondition has another answer */
    answer->type = resource->type;
    if (form == &resource->gzip)
        answer_header(answer, "Content-Encoding", "gzip");
}

/* The resource that the route names, or that the path names in the route's folder. */
static void answer_file(struct exchange *exchange)
{
    const struct url_part *variable = &exchange->match.variable;
    const char *name = exchange->match.route->file;
    if (variable->bytes != NULL)
        name = variable->is_text ? arena_printf(&exchange->arena, "%s%s", name, variable->bytes) : "";
    const struct resource *resource = resources_find(&exchange->host->resources, name);
    if (resource != NULL)
        answer_resource(exchange, resource);
    else
        answer_detail(&exchange->answer, &exchange->arena, 404, "Not Found");
}

/* --- the answer --- */

/* NULL: no memory, or the client was told already that it came too late. */
static struct MHD_Response *make_response(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    if (!peer_enter(exchange->connection, PEER_ANSWERING) || !complete_answer(exchange))
        return NULL;
    answer_header(answer, "X-Request-ID", exchange->door.request_id);
    if (!answer_has_header(answer, "Cache-Control"))
        answer_header(answer, "Cache-Control", ANSWER_CACHE_CONTROL);
    if (answer->body != NULL)
        answer_header(answer, "Content-Type", answer->type != NULL ? answer->type : "application/json");
    if (is_stopping(exchange->host))
        answer_header(answer, "Connection", "close");
    cors_allow(exchange->host->cors_origins,
               MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Origin"), answer);
    /* The body is the exchange's, or the scrape's: either lives until exchange_close. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->length, (void *)(uintptr_t)answer->body, MHD_RESPMEM_PERSISTENT);
    if (response != NULL &&
        answer->status == MHD_HTTP_NOT_MODIFIED) /* the length is the 200's (RFC 9110, 8.6) */
        MHD_set_response_options(response, MHD_RF_HEAD_ONLY_RESPONSE, MHD_RO_END);
    for (size_t i = 0; response != NULL && i < answer->n_headers; i++)
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    return response;
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct MHD_Response *response = make_response(exchange);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result queued = MHD_queue_response(exchange->connection, exchange->answer.status, response);
    MHD_destroy_response(response); /* the connection holds it now */
    return queued;
}

/* What libmicrohttpd refuses by itself. */
static const char *refusal_detail(const struct exchange *exchange, unsigned status)
{
    static const struct {
        unsigned status;
        const char *detail;
    } rows[] = {
        {MHD_HTTP_CONTENT_TOO_LARGE, "Request body is too large"},
        {MHD_HTTP_URI_TOO_LONG, "Request target is too long"},
        {MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "Request headers are too large"},
        {MHD_HTTP_NOT_IMPLEMENTED, "Request method is not implemented"},
        {MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, "HTTP version is not supported"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status)
            return rows[i].detail;
    }
    return exchange->door.malformed != NULL ? exchange->door.malformed : "Request is malformed";
}

/* A caller's bytes as they may be logged. */
static const char *loggable(struct exchange *exchange, const char *bytes, size_t length)
{
    char *text = arena_copy(&exchange->arena, bytes, length);
    if (utf8_valid(text, length))
        return text;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)((unsigned char)text[i] < 0x80 ? text[i] : '?');
    return text;
}

/* Counts and logs it. Status 0 is a request that was broken off. */
static void note_exchange(struct exchange *exchange)
{
    const unsigned refused = peer_refused(exchange->connection);
    const unsigned status = refused != 0 ? refused : exchange->answer.status;
    const uint64_t duration_ns = time_monotonic_ns() - exchange->start_ns;
    const struct trace *trace = &exchange->door.trace;
    const enum log_level level = exchange->host->probes_only ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
    if (peer_is_self(exchange->connection))
        return;
    shim_metrics_record(&exchange->host->counts, exchange->match.route, status, duration_ns);
    if (!log_enabled(exchange->host->log, level))
        return;
    const char *method = exchange->method != NULL ? exchange->method : "";
    const char *target = exchange->target;
    log_line(
        exchange->host->log, level, "http", LOG_STR("method", loggable(exchange, method, strlen(method))),
        LOG_STR("path", loggable(exchange, target, strcspn(target, "?"))), LOG_INT("status", status),
        LOG_INT("duration_us", duration_ns / NS_PER_US), LOG_STR("request_id", exchange->door.request_id),
        LOG_OPT("trace_id", trace->id), LOG_OPT("span_id", trace->span), LOG_OPT("parent_id", trace->parent));
}

/* --- libmicrohttpd's callbacks --- */

void *exchange_open(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct exchange_host *host = arg;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    exchange->host = host;
    exchange->connection = connection;
    exchange->start_ns = time_monotonic_ns();
    arena_init(&exchange->arena);
    arena_init(&exchange->draft);
    exchange->target = arena_strdup(&exchange->arena, target != NULL ? target : "");
    enter(host, &host->exchanges);
    peer_enter(connection, PEER_RECEIVING);
    return exchange;
}

enum MHD_Result exchange_advance(void *host, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **arg)
{
    struct exchange *exchange = *arg;
    (void)host;
    (void)url;
    if (exchange == NULL)
        return MHD_NO; /* no memory for it */
    if (!exchange->begun) {
        begin(exchange, method, version);
        return is_early(exchange) ? send_answer(exchange) : MHD_YES;
    }
    if (*upload_size > 0)
        return take_body(exchange, upload, upload_size);
    if (exchange->answer.status == 0 && exchange->reply == NULL) {
        if (!peer_enter(connection, PEER_CALLING))
            return MHD_NO; /* its client was told already that it came too late */
        if (exchange->match.route->file != NULL)
            answer_file(exchange);
        else if (proceed(exchange))
            return MHD_YES;
    } else if (exchange->answer.status == 0) {
        answer_reply(exchange);
    }
    return send_answer(exchange);
}

struct MHD_Response *exchange_refuse(void *host, struct MHD_Connection *connection, unsigned status,
                                     const char *version, void **arg)
{
    if (*arg == NULL)
        *arg = exchange_open(host, NULL, connection);
    struct exchange *exchange = *arg;
    if (exchange == NULL)
        return NULL;
    if (!exchange->begun)
        door_read(connection, version, &exchange->arena, &exchange->door);
    exchange->begun = true;
    exchange->answer = (struct answer){0};
    answer_detail(&exchange->answer, &exchange->arena, status, refusal_detail(exchange, status));
    return make_response(exchange);
}

void exchange_close(void *arg, struct MHD_Connection *connection, void **closed,
                    enum MHD_RequestTerminationCode how)
{
    struct exchange_host *host = arg;
    struct exchange *exchange = *closed;
    (void)how;
    if (exchange == NULL)
        return;
    *closed = NULL;
    note_exchange(exchange);
    peer_enter(connection, PEER_IDLE);
    free_draft(exchange);
    free(exchange->large);
    (void)count_bytes(exchange, 0);
    scrape_release(&host->scrapes, exchange->scrape);
    arena_free(&exchange->arena);
    free(exchange);
    leave(host, &host->exchanges);
}
