/* upstream.c: small replies are worked on where they are sent, large ones by the writer. */
#include "http/upstream.h"

#include "base/hash.h"
#include "http/entity_tag.h"
#include "http/paging.h"
#include "http/peers.h"
#include "http/unreachable.h"
#include "json/mapping.h"

#include <string.h>

/* A reply from here on is worked on by the writer. */
enum { LARGE_REPLY_BYTES = 64 << 10 };

/* --- the reply --- */

static void answer_body(struct upstream *upstream, const char *text)
{
    upstream->delivery->answer.body = text;
    upstream->delivery->answer.length = strlen(text);
}

static void add_unreachable(struct upstream *upstream, const ProtobufCMessage *response)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
        response->descriptor, upstream->request.route->unreachable);
    const char *base = (const char *)response;
    struct delivery *delivery = upstream->delivery;
    unreachable_add(*(char *const *const *)(base + field->offset),
                    *(const size_t *)(base + field->quantifier_offset), delivery->arena, &delivery->answer);
}

/* Returns its entity tag. */
static const char *answer_list(struct upstream *upstream, const ProtobufCMessage *response)
{
    const struct route *route = upstream->request.route;
    struct delivery *delivery = upstream->delivery;
    const bool wants_none = upstream->transcoded.wants_none;
    const ProtobufCFieldDescriptor *list =
        protobuf_c_message_descriptor_get_field_by_name(response->descriptor, route->result);
    const char *paging = paging_add(route, upstream->transcoded.input, response, !wants_none, delivery->arena,
                                    &delivery->answer);
    if (wants_none) {
        answer_body(upstream, "[]");
    } else {
        if (route->unreachable != NULL)
            add_unreachable(upstream, response);
        delivery->answer.body = json_text_from_field(response, list, entity_tag_field(list->descriptor),
                                                     &delivery->draft, &delivery->answer.length);
    }
    return entity_tag_make(&delivery->answer, paging, delivery->arena);
}

static void answer_success(struct upstream *upstream, const ProtobufCMessage *response)
{
    const char *etag = NULL;
    const struct route *route = upstream->request.route;
    struct delivery *delivery = upstream->delivery;
    struct answer *answer = &delivery->answer;
    answer->status = route->status;
    if (route->status == MHD_HTTP_NO_CONTENT)
        return;
    if (route->text != NULL) {
        answer_body(upstream, route->text);
        return;
    }
    if (route->result != NULL) {
        etag = answer_list(upstream, response);
    } else {
        const ProtobufCFieldDescriptor *field = entity_tag_field(response->descriptor);
        if (field != NULL)
            etag = *(const char *const *)((const char *)response + field->offset);
        answer->body = json_text_from_message(response, field, &delivery->draft, &answer->length);
    }
    delivery_add_entity_tag(delivery, etag, upstream->request.is_read, &upstream->request.head->precondition);
}

static void answer_reply(struct upstream *upstream)
{
    const struct status *refused = &upstream->transcoded.refused;
    const struct status *status = &upstream->reply->status;
    const struct route *route = upstream->request.route;
    const struct request_head *head = upstream->request.head;
    struct delivery *delivery = upstream->delivery;
    struct answer *answer = &delivery->answer;
    const ProtobufCMessage *message = channel_reply_read(upstream->reply);
    if (status->code == STATUS_INTERNAL || status->code == STATUS_UNKNOWN)
        upstream->error = arena_strdup(delivery->arena, status->message);
    if (status->code == STATUS_RESOURCE_EXHAUSTED && status->limit == NULL)
        peer_meet_want(delivery->connection);
    const bool is_asked_in_vain = status->code == STATUS_OK || status->code == STATUS_INVALID_ARGUMENT;
    if (upstream->bad_body.status != 0 && is_asked_in_vain) {
        *answer = upstream->bad_body;
        return;
    }
    const bool service_refused = status->code == STATUS_INVALID_ARGUMENT && status->n_violations > 0;
    if (service_refused || (status->code == STATUS_OK && refused->n_violations > 0)) {
        transcode_violations(&upstream->source, refused, status, &delivery->draft, answer);
    } else if (status->code == STATUS_FAILED_PRECONDITION && head->idempotency_key != NULL) {
        answer_detail(answer, delivery->arena, MHD_HTTP_UNPROCESSABLE_CONTENT,
                      "Idempotency-Key was used for another request");
    } else if (status->code == STATUS_ABORTED && head->precondition.if_match != NULL) {
        answer_detail(answer, delivery->arena, MHD_HTTP_PRECONDITION_FAILED, status->message);
    } else if (status->code != STATUS_OK) {
        answer_failure(answer, delivery->arena, status);
    } else if (route->not_ready_reason != NULL && route->not_ready_reason(message) != NULL) {
        const struct status not_ready = {.code = STATUS_UNAVAILABLE,
                                         .message = route->not_ready_reason(message)};
        answer_failure(answer, delivery->arena, &not_ready);
    } else {
        answer_success(upstream, message);
    }
    if (upstream->reply->replayed)
        answer_header(answer, "Idempotency-Replayed", "true");
}

bool upstream_has_reply(const struct upstream *upstream)
{
    return upstream->reply != NULL;
}

void upstream_free(struct upstream *upstream)
{
    json_decref(upstream->json.json);
    upstream->json.json = NULL;
    channel_reply_free(upstream->reply);
    upstream->reply = NULL;
}

void upstream_answer(struct upstream *upstream)
{
    answer_reply(upstream);
    upstream_free(upstream);
}

/* --- the call --- */

/* What fails for want of memory fails again when it is to be sent. */
static void write_answer(struct writing *writing)
{
    struct upstream *upstream = (struct upstream *)((char *)writing - offsetof(struct upstream, writing));
    upstream_answer(upstream);
    (void)delivery_complete(upstream->delivery);
    shim_host_leave_call(upstream->host, &upstream->call, false);
}

static void take_reply(struct channel_reply *reply, void *arg)
{
    struct upstream *upstream = arg;
    upstream->reply = reply;
    if (reply->bytes < LARGE_REPLY_BYTES) {
        shim_host_leave_call(upstream->host, &upstream->call, reply->more);
        return;
    }
    if (!reply->more)
        shim_host_end_row(upstream->host); /* before the writer has it, and the exchange may be gone */
    upstream->writing.write = write_answer;
    upstream->writing.principal = upstream->delivery->principal;
    writer_add(&upstream->host->writer, &upstream->writing);
}

/* Under which the call goes. A write has its effect once for each, and the X-Request-ID of a caller, which
 * names what its logs are to be found by, may well be that of several requests: NULL, a new one is made. */
static const char *call_id(const struct upstream_request *request)
{
    const struct request_head *head = request->head;
    if (!request->is_read && head->idempotency_key != NULL)
        return head->idempotency_key;
    return request->is_read || head->request_id_is_new ? head->request_id : NULL;
}

/* Of whom only another process can tell who he is, by what he presents. */
static uint32_t hash_principal(const struct upstream_request *request)
{
    const struct auth_presented *presented = request->presented;
    if (request->auth->outcome != AUTH_UNCHECKED)
        return principal_hash(&request->auth->principal);
    const char *bearer = presented->authorization != NULL ? auth_bearer(presented->authorization) : NULL;
    const bool has_key = presented->api_key != NULL && *presented->api_key != '\0';
    return principal_hash_text(has_key ? presented->api_key : bearer != NULL ? bearer : "");
}

/* False: none may begin, and the answer says so. */
static bool prepare_call(struct upstream *upstream)
{
    struct delivery *delivery = upstream->delivery;
    if (!shim_host_enter_call(upstream->host)) {
        const struct status stopping = {.code = STATUS_UNAVAILABLE, .message = "The service is stopping"};
        answer_failure(&delivery->answer, delivery->arena, &stopping);
        return false;
    }
    /* Suspended first, as another thread may begin it, and its reply come, before this returns. */
    MHD_suspend_connection(delivery->connection);
    shim_host_gather_call(upstream->host, &upstream->call);
    return true;
}

static void begin_call(struct upstream *upstream)
{
    const struct route *route = upstream->request.route;
    struct delivery *delivery = upstream->delivery;
    const struct channel_request request = {
        .service = route->service,
        .method = route_method(route),
        .input = upstream->transcoded.input,
        .input_bytes = arena_excess(&delivery->draft),
        .presented = upstream->request.presented,
        .auth = upstream->request.auth,
        .request_id = call_id(&upstream->request),
        .trace = &upstream->request.head->trace,
        /* What was refused here is answered together with what the service refuses. */
        .validate_only = upstream->transcoded.refused.n_violations > 0 || upstream->bad_body.status != 0,
        .timeout_ms = route->timeout_ms,
        .caller = peer_number(delivery->connection),
        .peer = peer_address(delivery->connection),
    };
    channel_call(upstream->host->channel, &request, take_reply, upstream);
}

/* Once it is called, an upstream may be gone. */
void upstream_begin_calls(void *host)
{
    struct shim_calls calls;
    shim_host_take_calls(host, &calls);
    for (struct shim_call *call = STAILQ_FIRST(&calls), *next; call != NULL; call = next) {
        next = STAILQ_NEXT(call, next);
        begin_call((struct upstream *)((char *)call - offsetof(struct upstream, call)));
    }
}

/* Who calls, and whether he may, is for the service to say before his body is: it is asked to check an empty
 * request. */
static void put_off(struct upstream *upstream)
{
    struct delivery *delivery = upstream->delivery;
    const ProtobufCMessageDescriptor *type = route_method(upstream->request.route)->input;
    upstream->bad_body = delivery->answer;
    delivery->answer = (struct answer){0};
    upstream->transcoded.input = arena_alloc(&delivery->draft, type->sizeof_message);
    protobuf_c_message_init(type, upstream->transcoded.input);
}

/* False: the answer says what is wrong with the request. */
static bool make_input(struct upstream *upstream)
{
    struct delivery *delivery = upstream->delivery;
    const struct upstream_request *request = &upstream->request;
    if (request->route->body != NULL) {
        if (!transcode_body(request->route, request->body, &delivery->draft, &upstream->json,
                            &delivery->answer)) {
            if (request->auth->outcome != AUTH_UNCHECKED)
                return false;
            put_off(upstream);
            return true;
        }
        upstream->source.body = &upstream->json;
    }
    transcode_request(&upstream->source, &delivery->draft, &upstream->transcoded);
    return true;
}

bool upstream_call(struct upstream *upstream, struct shim_host *host, struct delivery *delivery,
                   const struct upstream_request *request)
{
    *upstream = (struct upstream){
        .host = host, .delivery = delivery, .request = *request, .call.connection = delivery->connection};
    delivery->principal = hash_principal(request);
    upstream->source = (struct transcode_source){
        .route = request->route,
        .variable = request->variable,
        .etag = request->if_match_etag,
        .query = request->query,
    };
    if (!make_input(upstream))
        return false;
    if (prepare_call(upstream))
        return true;
    upstream_free(upstream);
    return false;
}
