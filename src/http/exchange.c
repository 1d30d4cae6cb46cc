/* exchange.c: a request is looked at when its headers are there, called on when its body is, and answered
 * when the RPC's reply is.
 *
 * libmicrohttpd closes a connection on which an answer is given before the whole request was read. So an
 * answer that is known early waits for the end of the body, unless the client waits for it or the
 * body is too long to be worth reading.
 */
#include "http/exchange.h"

#include "base/time.h"
#include "base/utf8.h"
#include "http/body.h"
#include "http/cors.h"
#include "http/delivery.h"
#include "http/peers.h"
#include "http/refusal.h"
#include "http/request_head.h"
#include "http/shim_host.h"
#include "http/upstream.h"

#include <stdlib.h>
#include <string.h>

struct exchange {
    struct shim_spare spare; /* the first member; once it is over */
    struct shim_host *host;
    struct MHD_Connection *connection;
    struct arena arena; /* owns what is made below, but for what is large */
    uint64_t start_ns;
    bool begun;    /* its headers were looked at */
    bool has_body; /* or an end that comes later */

    const char *target;
    const char *method;
    bool is_read;
    struct request_head head;
    struct url url;
    struct route_match match;
    struct auth_presented presented;
    struct auth_result auth;
    const char *if_match_etag; /* that the RPC is to find; "" for any */
    struct body body;

    struct upstream upstream;
    bool is_called;        /* its RPC was */
    struct scrape *scrape; /* held: the answer's body; NULL: it is not */
    struct delivery delivery;
};

/* --- before the body --- */

static const char *header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void reject(struct exchange *exchange, unsigned status, const char *detail)
{
    answer_detail(&exchange->delivery.answer, &exchange->arena, status, detail);
}

/* A browser shows its user's certificate for whatever page asks. By a foreign one it proves nothing: nothing
 * is changed, and nothing that is read takes of the user's rate. */
static bool is_by_foreign_page(const struct exchange *exchange)
{
    return cors_is_foreign(exchange->host->cors_origins, header(exchange, "Origin"),
                           header(exchange, "Sec-Fetch-Site"), header(exchange, "Host"));
}

static void check_right(struct exchange *exchange)
{
    struct status refusal = STATUS_INIT;
    const struct tls_holder *holder = peer_holder(exchange->connection);
    if (holder != NULL && is_by_foreign_page(exchange))
        holder = NULL;
    exchange->presented.subject = holder != NULL ? holder->subject : NULL;
    exchange->presented.not_after = holder != NULL ? holder->not_after : 0;
    exchange->presented.authority = holder != NULL ? holder->authority : 0;
    if (!request_head_read_secrets(exchange->connection, &exchange->presented)) {
        auth_refuse(AUTH_UNKNOWN, &exchange->arena, &refusal);
    } else {
        channel_check(exchange->host->channel, &exchange->presented, route_method(exchange->match.route),
                      &exchange->arena, &exchange->auth, &refusal);
    }
    if (refusal.code != STATUS_OK)
        answer_failure(&exchange->delivery.answer, &exchange->arena, &refusal);
}

static bool answer_preflight(struct exchange *exchange)
{
    const struct cors_preflight preflight = {
        .origin = header(exchange, "Origin"),
        .method = header(exchange, "Access-Control-Request-Method"),
        .headers = header(exchange, "Access-Control-Request-Headers"),
    };
    return strcmp(exchange->method, "OPTIONS") == 0 &&
           cors_answer_preflight(exchange->host->cors_origins, &preflight, &exchange->arena,
                                 &exchange->delivery.answer);
}

static void find_route(struct exchange *exchange)
{
    struct answer *answer = &exchange->delivery.answer;
    struct arena *arena = &exchange->arena;
    struct route_match *match = &exchange->match;
    url_parse(exchange->target, arena, &exchange->url);
    switch (routes_find(exchange->host->served, exchange->method, &exchange->url, arena, match)) {
    case ROUTE_NO_PATH:
        reject(exchange, 404, "Not Found");
        break;
    case ROUTE_NO_METHOD:
        reject(exchange, 405, "Method Not Allowed");
        answer_header(answer, "Allow", match->allow);
        break;
    case ROUTE_ENDS_IN_SLASH:
        answer->status = MHD_HTTP_TEMPORARY_REDIRECT;
        answer_header(answer, "Location", url_without_slash(exchange->target, arena));
        break;
    case ROUTE_FOUND:
        if (!match->route->open)
            check_right(exchange);
        if (answer->status == 0 && match->route->variable_field != NULL && !match->variable.is_text)
            reject(exchange, 404, match->route->variable_error);
    }
}

/* A precondition that cannot be kept must not be passed over: the write would be done without it. Those of
 * a read are looked at when its answer is there. */
static void check_precondition(struct exchange *exchange)
{
    struct precondition *precondition = &exchange->head.precondition;
    request_head_read_precondition(exchange->connection, &exchange->arena, precondition);
    exchange->if_match_etag = "";
    if (exchange->is_read)
        return;
    if (precondition->if_match != NULL && exchange->match.route->etag_field != NULL)
        exchange->if_match_etag = precondition_etag(precondition->if_match, &exchange->arena);
    else if (precondition->if_match != NULL)
        reject(exchange, 400, "If-Match is not for this method and path");
    else if (precondition->if_none_match != NULL)
        reject(exchange, 400, "If-None-Match is for GET and HEAD");
    if (exchange->if_match_etag == NULL)
        reject(exchange, 400, "If-Match should be one entity tag or *");
}

/* No body is decoded. */
static void check_coding(struct exchange *exchange)
{
    if (exchange->match.route->body == NULL || !exchange->head.is_coded)
        return;
    reject(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "Content-Encoding can be identity only");
    answer_header(&exchange->delivery.answer, "Accept-Encoding", "identity");
}

/* What is wrong with the body is answered when all of it was read, or at once when it takes too long. */
static void refuse_body(struct exchange *exchange, enum body_taken why)
{
    const bool is_too_large = why == BODY_TOO_LARGE;
    if (is_too_large)
        reject(exchange, 413, "Request body is too large");
    else
        answer_failure(&exchange->delivery.answer, &exchange->arena, &delivery_no_room);
    peer_note(exchange->connection, exchange->head.request_id,
              is_too_large ? REFUSAL_TOO_LARGE : REFUSAL_NO_ROOM);
}

/* Looks at the headers: either the answer is known then, or the route. */
static void read_head(struct exchange *exchange, const char *method, const char *version)
{
    struct answer *answer = &exchange->delivery.answer;
    exchange->begun = true;
    exchange->method = arena_strdup(&exchange->arena, method);
    exchange->is_read = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    exchange->delivery.accept_encoding = header(exchange, "Accept-Encoding");
    request_head_read(exchange->connection, version, &exchange->arena, &exchange->head);
    exchange->has_body = exchange->head.content_length > 0 || header(exchange, "Transfer-Encoding") != NULL;
    if (exchange->head.malformed != NULL || !answer_preflight(exchange))
        find_route(exchange);
    if (exchange->head.malformed != NULL) { /* which is said of any, but is a call of its caller */
        *answer = (struct answer){0};
        reject(exchange, 400, exchange->head.malformed);
    }
    if (answer->status == 0)
        check_coding(exchange);
    if (answer->status == 0)
        check_precondition(exchange);
    if (answer->status == 0 && exchange->head.content_length > exchange->host->bodies.max_bytes)
        refuse_body(exchange, BODY_TOO_LARGE);
    else
        peer_note(exchange->connection, exchange->head.request_id, REFUSAL_LATE);
}

/* Whether the answer is sent without the body having been read. */
static bool is_early(const struct exchange *exchange)
{
    const struct request_head *head = &exchange->head;
    return exchange->delivery.answer.status != 0 &&
           (head->malformed != NULL || head->expects_continue || head->content_length > BODY_DISCARD_BYTES);
}

/* --- what is refused before it is called --- */

static enum status_code code_of(unsigned status)
{
    switch (status) {
    case MHD_HTTP_FORBIDDEN:
        return STATUS_PERMISSION_DENIED;
    case MHD_HTTP_NOT_FOUND:
        return STATUS_NOT_FOUND;
    default:
        return STATUS_INVALID_ARGUMENT;
    }
}

static void take_refusal(struct channel_reply *reply, void *arg)
{
    struct exchange *exchange = arg;
    struct answer *answer = &exchange->delivery.answer;
    if (reply->status.code == STATUS_RESOURCE_EXHAUSTED) {
        *answer = (struct answer){0};
        answer_failure(answer, &exchange->arena, &reply->status);
    }
    channel_reply_free(reply);
}

/* It counts as the call that it would have been: a caller who may not call just now is told that instead. */
static void count_refusal(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    const unsigned status = exchange->delivery.answer.status;
    if (exchange->is_called || exchange->auth.outcome != AUTH_KNOWN || route->service == NULL ||
        status < 400 || status >= 500)
        return;
    const struct status refused = {.code = code_of(status), .message = ""};
    const struct channel_request request = {
        .service = route->service,
        .method = route_method(route),
        .presented = &exchange->presented,
        .auth = &exchange->auth,
        .request_id = exchange->head.request_id,
        .trace = &exchange->head.trace,
        .caller = peer_number(exchange->connection),
        .peer = peer_address(exchange->connection),
        .refused = &refused,
    };
    channel_call(exchange->host->channel, &request, take_refusal, exchange);
}

/* --- the body --- */

/* Throws a piece away; of what has no end in sight, no more is read. */
static enum MHD_Result discard_body(struct exchange *exchange, size_t size)
{
    if (body_discard(&exchange->host->bodies, &exchange->body, size))
        return MHD_YES;
    exchange->delivery.answer = (struct answer){0};
    refuse_body(exchange, BODY_TOO_LARGE);
    count_refusal(exchange);
    if (exchange->delivery.answer.status == MHD_HTTP_TOO_MANY_REQUESTS)
        peer_note(exchange->connection, exchange->head.request_id, REFUSAL_TOO_OFTEN);
    peer_refuse(exchange->connection);
    return MHD_NO;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *size)
{
    const size_t n = *size;
    *size = 0;
    if (exchange->delivery.answer.status != 0 || exchange->match.route->body == NULL)
        return discard_body(exchange, n);
    enum body_taken taken = body_append(&exchange->host->bodies, &exchange->body, bytes, n);
    if (taken != BODY_TAKEN)
        refuse_body(exchange, taken);
    return MHD_YES;
}

/* --- the answer --- */

/* The resource that the route names, or that the path names in the route's folder. */
static void answer_file(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    const struct url_part *variable = &exchange->match.variable;
    struct answer *answer = &exchange->delivery.answer;
    const char *name = route->file;
    if (variable->bytes != NULL)
        name = variable->is_text ? arena_printf(&exchange->arena, "%s%s", name, variable->bytes) : "";
    const struct resource *resource = resources_find(&exchange->host->resources, name);
    if (resource == NULL) {
        reject(exchange, 404, "Not Found");
        return;
    }
    const char *policy = route->signs_in
                             ? dashboard_policy(route->policy, &exchange->host->sign_in, &exchange->arena)
                             : route->policy;
    answer->status = route->status;
    resource_answer(resource, exchange->delivery.accept_encoding, policy, &exchange->head.precondition,
                    &exchange->arena, answer);
}

static void answer_without_call(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    struct answer *answer = &exchange->delivery.answer;
    answer->status = route->status;
    if (route->metrics) {
        exchange->scrape =
            scrape_answer(&exchange->host->scrapes, exchange->delivery.accept_encoding, answer);
        return;
    }
    answer->body = route->text;
    answer->length = strlen(route->text);
}

/* The request is there. False: the answer is, too; else its RPC was called, and has the exchange. */
static bool proceed(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    if (exchange->has_body && !route->open)
        check_right(exchange); /* which may have been taken while the body came */
    if (exchange->delivery.answer.status != 0)
        return false;
    const struct upstream_request request = {
        .route = route,
        .variable = &exchange->match.variable,
        .query = exchange->url.query,
        .head = &exchange->head,
        .presented = &exchange->presented,
        .auth = &exchange->auth,
        .is_read = exchange->is_read,
        .if_match_etag = exchange->if_match_etag,
        .body = {exchange->body.bytes, exchange->body.length},
    };
    if (route->file != NULL)
        answer_file(exchange);
    else if (route->service == NULL)
        answer_without_call(exchange);
    else
        exchange->is_called =
            upstream_call(&exchange->upstream, exchange->host, &exchange->delivery, &request);
    return exchange->is_called;
}

/* False: no memory. */
static bool complete_answer(struct exchange *exchange)
{
    if (!delivery_complete(&exchange->delivery))
        return false;
    body_free(&exchange->host->bodies, &exchange->body);
    return true;
}

/* --- sending it --- */

/* Who presented something is told that it was that which did not hold (RFC 6750, 3.1): a client that has a
 * token gets another one then. */
static void name_what_is_wrong(const struct exchange *exchange, struct answer *answer)
{
    const struct auth_presented *presented = &exchange->presented;
    if (presented->api_key != NULL ||
        (presented->authorization != NULL && auth_bearer(presented->authorization) != NULL))
        answer_change_header(answer, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
}

/* Of those who probe none keeps a place from the others; whoever has a new certificate shows it by a new
 * connection. */
static bool is_last(const struct exchange *exchange)
{
    return exchange->host->probes_only || shim_host_is_stopping(exchange->host) ||
           exchange->auth.outcome == AUTH_CERTIFICATE_EXPIRED ||
           exchange->auth.outcome == AUTH_CERTIFICATE_UNTRUSTED;
}

/* NULL: no memory, or the client was told already that it came too late. */
static struct MHD_Response *make_response(struct exchange *exchange)
{
    struct answer *answer = &exchange->delivery.answer;
    if (!peer_enter(exchange->connection, PEER_ANSWERING) || !complete_answer(exchange))
        return NULL;
    name_what_is_wrong(exchange, answer);
    answer_header(answer, "X-Request-ID", exchange->head.request_id);
    if (!answer_has_header(answer, "Cache-Control"))
        answer_header(answer, "Cache-Control", ANSWER_CACHE_CONTROL);
    if (answer->body != NULL)
        answer_header(answer, "Content-Type", answer->type != NULL ? answer->type : "application/json");
    if (is_last(exchange))
        answer_header(answer, "Connection", "close");
    cors_allow(exchange->host->cors_origins, header(exchange, "Origin"), answer);
    return delivery_response(&exchange->delivery);
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    count_refusal(exchange);
    struct MHD_Response *response = make_response(exchange);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result queued =
        MHD_queue_response(exchange->connection, exchange->delivery.answer.status, response);
    MHD_destroy_response(response); /* the connection holds it now */
    return queued;
}

/* --- what is noted of it --- */

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

/* How many requests its line stands for; 0: it has none. */
static uint64_t sample(struct exchange *exchange, unsigned status, uint64_t now_ns)
{
    struct shim_host *host = exchange->host;
    const bool is_slow = host->slow_ns != 0 && now_ns - exchange->start_ns >= host->slow_ns;
    if (is_slow || status >= 500)
        return 1;
    return sampler_take(&host->samples[status == 0 || status >= 400], now_ns);
}

static void log_exchange(struct exchange *exchange, enum log_level level, unsigned status, uint64_t now_ns)
{
    const struct trace *trace = &exchange->head.trace;
    const char *method = exchange->method != NULL ? exchange->method : "";
    const char *target = exchange->target;
    const char *error = exchange->upstream.error != NULL ? exchange->upstream.error : "";
    const uint64_t stands_for = sample(exchange, status, now_ns);
    if (stands_for == 0)
        return;
    const struct log_field requests = {.name = stands_for > 1 ? "stands_for" : NULL,
                                       .number = (int64_t)stands_for};
    log_line(exchange->host->log, level, "http",
             LOG_STR("method", loggable(exchange, method, strlen(method))),
             LOG_STR("path", loggable(exchange, target, strcspn(target, "?"))), LOG_INT("status", status),
             LOG_INT("duration_us", (now_ns - exchange->start_ns) / NS_PER_US),
             LOG_STR("request_id", exchange->head.request_id), LOG_OPT("error", error),
             LOG_OPT("principal", exchange->auth.principal.name),
             LOG_OPT("peer", peer_address(exchange->connection)), LOG_OPT("trace_id", trace->id),
             LOG_OPT("span_id", trace->span), LOG_OPT("parent_id", trace->parent), requests);
}

/* Counts and logs it. Status 0 is a request that was broken off. */
static void note_exchange(struct exchange *exchange)
{
    const unsigned refused = peer_refused(exchange->connection);
    const unsigned status = refused != 0 ? refused : exchange->delivery.answer.status;
    const uint64_t now_ns = time_monotonic_ns();
    const enum log_level level = exchange->host->probes_only ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
    if (peer_is_self(exchange->connection))
        return;
    shim_metrics_record(&exchange->host->counts, exchange->match.route, status, now_ns - exchange->start_ns);
    if (log_enabled(exchange->host->log, level))
        log_exchange(exchange, level, status, now_ns);
}

/* --- libmicrohttpd's callbacks --- */

static struct exchange *make_exchange(void)
{
    struct exchange *exchange = malloc(sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    arena_init(&exchange->arena);
    delivery_init(&exchange->delivery);
    return exchange;
}

static void free_exchange(struct exchange *exchange)
{
    arena_free(&exchange->arena);
    delivery_free(&exchange->delivery);
    free(exchange);
}

void *exchange_open(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct shim_host *host = arg;
    struct exchange *exchange = (struct exchange *)shim_host_enter(host); /* its first member */
    if (exchange == NULL)
        exchange = make_exchange();
    if (exchange == NULL) {
        (void)shim_host_leave(host, NULL);
        return NULL;
    }
    *exchange = (struct exchange){
        .host = host,
        .connection = connection,
        .arena = exchange->arena,
        .start_ns = time_monotonic_ns(),
        .delivery = exchange->delivery,
    };
    delivery_begin(&exchange->delivery, connection, &host->answers, &exchange->arena);
    exchange->target = arena_strdup(&exchange->arena, target != NULL ? target : "");
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
        read_head(exchange, method, version);
        return is_early(exchange) ? send_answer(exchange) : MHD_YES;
    }
    if (*upload_size > 0)
        return take_body(exchange, upload, upload_size);
    if (upstream_has_reply(&exchange->upstream)) {
        upstream_answer(&exchange->upstream);
    } else if (exchange->delivery.answer.status == 0) {
        if (!peer_enter(connection, PEER_CALLING))
            return MHD_NO; /* its client was told already that it came too late */
        if (proceed(exchange))
            return MHD_YES;
    }
    return send_answer(exchange);
}

struct MHD_Response *exchange_refuse(void *host, struct MHD_Connection *connection, unsigned *status,
                                     const char *version, void **arg)
{
    if (*arg == NULL)
        *arg = exchange_open(host, NULL, connection);
    struct exchange *exchange = *arg;
    if (exchange == NULL)
        return NULL;
    if (!exchange->begun)
        request_head_read(connection, version, &exchange->arena, &exchange->head);
    exchange->begun = true;
    const char *detail = refusal_detail(*status);
    if (detail == NULL)
        detail = exchange->head.malformed != NULL ? exchange->head.malformed : "Request is malformed";
    exchange->delivery.answer = (struct answer){0};
    reject(exchange, *status, detail);
    count_refusal(exchange);
    *status = exchange->delivery.answer.status;
    return make_response(exchange);
}

void exchange_close(void *arg, struct MHD_Connection *connection, void **closed,
                    enum MHD_RequestTerminationCode how)
{
    struct shim_host *host = arg;
    struct exchange *exchange = *closed;
    (void)how;
    if (exchange == NULL)
        return;
    *closed = NULL;
    note_exchange(exchange);
    peer_enter(connection, PEER_IDLE);
    upstream_free(&exchange->upstream);
    body_free(&host->bodies, &exchange->body);
    delivery_end(&exchange->delivery);
    scrape_release(&host->scrapes, exchange->scrape);
    arena_trim(&exchange->arena);
    if (!shim_host_leave(host, &exchange->spare))
        free_exchange(exchange);
}

void exchange_free_spares(struct shim_host *host)
{
    while (!SLIST_EMPTY(&host->spares)) {
        struct exchange *exchange = (struct exchange *)SLIST_FIRST(&host->spares); /* its first member */
        SLIST_REMOVE_HEAD(&host->spares, next);
        free_exchange(exchange);
    }
}
