/* orders-client.c: typed calls on rpc/client. Answers are unpacked for the caller to own, with malloc, so
 * that they are freed as protobuf-c's users are used to. */
#include "client/orders-client.h"

#include "base/status.h"
#include "rpc/client.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert((int)RPC__V1__CODE__UNAUTHENTICATED == STATUS_UNAUTHENTICATED, "codes are those of the wire");

struct orders_client {
    struct rpc_client *rpc; /* owned */
};

/* --- errors --- */

struct owned_error {
    struct orders_error error; /* what the caller has a pointer to */
    struct arena arena;        /* owns what it points to */
};

const char *orders_code_name(Rpc__V1__Code code)
{
    return status_code_name((enum status_code)code);
}

static Rpc__V1__FieldViolation *copy_violation(struct arena *arena, const struct violation *from)
{
    Rpc__V1__FieldViolation *violation = arena_alloc(arena, sizeof *violation);
    rpc__v1__field_violation__init(violation);
    violation->field = arena_strdup(arena, from->field);
    violation->type = arena_strdup(arena, from->type);
    violation->message = arena_strdup(arena, from->message);
    return violation;
}

static struct orders_error *make_error(const struct status *status, const char *request_id)
{
    struct owned_error *owned = calloc(1, sizeof *owned);
    if (owned == NULL)
        abort(); /* as the arena does */
    arena_init(&owned->arena);
    Rpc__V1__FieldViolation **violations =
        arena_calloc(&owned->arena, status->n_violations, sizeof *violations);
    for (size_t i = 0; i < status->n_violations; i++)
        violations[i] = copy_violation(&owned->arena, &status->violations[i]);
    owned->error = (struct orders_error){
        .code = (Rpc__V1__Code)status->code,
        .message = arena_strdup(&owned->arena, status->message),
        .n_violations = status->n_violations,
        .violations = violations,
        .request_id = arena_strdup(&owned->arena, request_id),
    };
    return &owned->error;
}

void orders_error_free(struct orders_error *error)
{
    struct owned_error *owned = (struct owned_error *)error; /* its first member */
    if (owned == NULL)
        return;
    arena_free(&owned->arena);
    free(owned);
}

/* --- opening and closing --- */

struct orders_client *orders_client_open(const struct orders_client_options *options,
                                         struct orders_error **error)
{
    char why[512] = "no memory for a client";
    const struct rpc_client_options rpc = {
        .urls = options->servers,
        .api_key = options->api_key,
        .timeout_ms = options->timeout_ms,
        .connect_timeout_ms = options->connect_timeout_ms,
        .retries = !options->no_retries,
    };
    struct orders_client *client = calloc(1, sizeof *client);
    if (client != NULL) /* else errno is ENOMEM, as it is then with rpc_client_open */
        client->rpc = rpc_client_open(&rpc, why, sizeof why);
    const int failed = errno;
    if (error != NULL)
        *error = NULL;
    if (client != NULL && client->rpc != NULL)
        return client;
    const struct status status = {
        .code = failed == EINVAL ? STATUS_INVALID_ARGUMENT : STATUS_RESOURCE_EXHAUSTED,
        .message = why,
    };
    if (error != NULL)
        *error = make_error(&status, "");
    free(client);
    return NULL;
}

void orders_client_close(struct orders_client *client)
{
    if (client == NULL)
        return;
    rpc_client_close(client->rpc);
    free(client);
}

/* --- calls of any method --- */

/* Ends a reply: its message, or NULL and why. */
static ProtobufCMessage *end_reply(struct rpc_reply *reply, struct orders_error **error)
{
    ProtobufCMessage *message = rpc_reply_take(reply);
    *error = message == NULL ? make_error(&reply->status, reply->request_id) : NULL;
    rpc_reply_free(reply);
    return message;
}

/* A call on its way to rpc/client, with what it points to. */
struct call {
    struct rpc_request request;
    struct rpc_metadata metadata[1];
};

static void fill_call(struct call *call, const struct orders_call *options, const char *method,
                      const ProtobufCMessage *input)
{
    static const struct orders_call none;
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    if (options == NULL)
        options = &none;
    call->metadata[0] = (struct rpc_metadata){"traceparent", options->traceparent};
    call->request = (struct rpc_request){
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, method),
        .input = input,
        .request_id = options->request_id,
        .timeout_ms = options->timeout_ms,
        .metadata = call->metadata,
        .n_metadata = options->traceparent != NULL ? 1 : 0,
    };
}

/* Makes a call and waits. NULL: *error, unless that is NULL, says why. */
static void *make_call(struct orders_client *client, const struct orders_call *options, const char *method,
                       const ProtobufCMessage *input, struct orders_error **error)
{
    struct call call;
    struct orders_error *why;
    fill_call(&call, options, method, input);
    ProtobufCMessage *message = end_reply(rpc_client_call_wait_packed(client->rpc, &call.request), &why);
    if (error != NULL)
        *error = why;
    else
        orders_error_free(why);
    return message;
}

/* A call under way, and whom its end is told. */
struct pending {
    void (*deliver)(const struct pending *pending, ProtobufCMessage *message, struct orders_error *error);
    union {
        orders_order_done *order;
        orders_list_done *list;
        orders_summary_done *summary;
        orders_batch_done *batch;
        orders_deleted_done *deleted;
    } done;
    void *arg;
};

static void end_call(struct rpc_reply *reply, void *arg)
{
    struct pending *pending = arg;
    struct orders_error *error;
    ProtobufCMessage *message = end_reply(reply, &error);
    pending->deliver(pending, message, error);
    free(pending);
}

static void begin_call(struct orders_client *client, const struct orders_call *options, const char *method,
                       const ProtobufCMessage *input, const struct pending *end)
{
    struct call call;
    struct pending *pending = malloc(sizeof *pending);
    if (pending == NULL)
        abort(); /* as the arena does */
    *pending = *end;
    fill_call(&call, options, method, input);
    rpc_client_call(client->rpc, &call.request, end_call, pending);
}

static void deliver_order(const struct pending *pending, ProtobufCMessage *message,
                          struct orders_error *error)
{
    pending->done.order((Orders__V1__Order *)message, error, pending->arg);
}

static void deliver_list(const struct pending *pending, ProtobufCMessage *message, struct orders_error *error)
{
    pending->done.list((Orders__V1__ListOrdersResponse *)message, error, pending->arg);
}

static void deliver_summary(const struct pending *pending, ProtobufCMessage *message,
                            struct orders_error *error)
{
    pending->done.summary((Orders__V1__OrderSummary *)message, error, pending->arg);
}

static void deliver_batch(const struct pending *pending, ProtobufCMessage *message,
                          struct orders_error *error)
{
    pending->done.batch((Orders__V1__BatchCreateOrdersResponse *)message, error, pending->arg);
}

static void deliver_deleted(const struct pending *pending, ProtobufCMessage *message,
                            struct orders_error *error)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    pending->done.deleted(error, pending->arg);
}

/* --- the methods --- */

static Orders__V1__CreateOrderRequest create_request(const Orders__V1__Order *order)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    request.order = (Orders__V1__Order *)(uintptr_t)order;
    return request;
}

bool orders_create(struct orders_client *client, const Orders__V1__Order *order, Orders__V1__Order **created,
                   struct orders_error **error)
{
    return orders_create_with(client, NULL, order, created, error);
}

bool orders_create_with(struct orders_client *client, const struct orders_call *call,
                        const Orders__V1__Order *order, Orders__V1__Order **created,
                        struct orders_error **error)
{
    const Orders__V1__CreateOrderRequest request = create_request(order);
    *created = make_call(client, call, "CreateOrder", &request.base, error);
    return *created != NULL;
}

void orders_create_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__Order *order, orders_order_done *done, void *arg)
{
    const Orders__V1__CreateOrderRequest request = create_request(order);
    const struct pending end = {.deliver = deliver_order, .done.order = done, .arg = arg};
    begin_call(client, call, "CreateOrder", &request.base, &end);
}

static Orders__V1__GetOrderRequest get_request(const char *order_id)
{
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = (char *)(uintptr_t)order_id;
    return request;
}

bool orders_get(struct orders_client *client, const char *order_id, Orders__V1__Order **order,
                struct orders_error **error)
{
    return orders_get_with(client, NULL, order_id, order, error);
}

bool orders_get_with(struct orders_client *client, const struct orders_call *call, const char *order_id,
                     Orders__V1__Order **order, struct orders_error **error)
{
    const Orders__V1__GetOrderRequest request = get_request(order_id);
    *order = make_call(client, call, "GetOrder", &request.base, error);
    return *order != NULL;
}

void orders_get_async(struct orders_client *client, const struct orders_call *call, const char *order_id,
                      orders_order_done *done, void *arg)
{
    const Orders__V1__GetOrderRequest request = get_request(order_id);
    const struct pending end = {.deliver = deliver_order, .done.order = done, .arg = arg};
    begin_call(client, call, "GetOrder", &request.base, &end);
}

bool orders_list(struct orders_client *client, const Orders__V1__ListOrdersRequest *request,
                 Orders__V1__ListOrdersResponse **page, struct orders_error **error)
{
    return orders_list_with(client, NULL, request, page, error);
}

bool orders_list_with(struct orders_client *client, const struct orders_call *call,
                      const Orders__V1__ListOrdersRequest *request, Orders__V1__ListOrdersResponse **page,
                      struct orders_error **error)
{
    *page = make_call(client, call, "ListOrders", &request->base, error);
    return *page != NULL;
}

void orders_list_async(struct orders_client *client, const struct orders_call *call,
                       const Orders__V1__ListOrdersRequest *request, orders_list_done *done, void *arg)
{
    const struct pending end = {.deliver = deliver_list, .done.list = done, .arg = arg};
    begin_call(client, call, "ListOrders", &request->base, &end);
}

bool orders_update(struct orders_client *client, const Orders__V1__UpdateOrderRequest *request,
                   Orders__V1__Order **updated, struct orders_error **error)
{
    return orders_update_with(client, NULL, request, updated, error);
}

bool orders_update_with(struct orders_client *client, const struct orders_call *call,
                        const Orders__V1__UpdateOrderRequest *request, Orders__V1__Order **updated,
                        struct orders_error **error)
{
    *updated = make_call(client, call, "UpdateOrder", &request->base, error);
    return *updated != NULL;
}

void orders_update_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__UpdateOrderRequest *request, orders_order_done *done, void *arg)
{
    const struct pending end = {.deliver = deliver_order, .done.order = done, .arg = arg};
    begin_call(client, call, "UpdateOrder", &request->base, &end);
}

bool orders_delete(struct orders_client *client, const Orders__V1__DeleteOrderRequest *request,
                   struct orders_error **error)
{
    return orders_delete_with(client, NULL, request, error);
}

bool orders_delete_with(struct orders_client *client, const struct orders_call *call,
                        const Orders__V1__DeleteOrderRequest *request, struct orders_error **error)
{
    Google__Protobuf__Empty *nothing = make_call(client, call, "DeleteOrder", &request->base, error);
    if (nothing == NULL)
        return false;
    google__protobuf__empty__free_unpacked(nothing, NULL);
    return true;
}

void orders_delete_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__DeleteOrderRequest *request, orders_deleted_done *done, void *arg)
{
    const struct pending end = {.deliver = deliver_deleted, .done.deleted = done, .arg = arg};
    begin_call(client, call, "DeleteOrder", &request->base, &end);
}

bool orders_summary(struct orders_client *client, Orders__V1__OrderSummary **summary,
                    struct orders_error **error)
{
    return orders_summary_with(client, NULL, summary, error);
}

bool orders_summary_with(struct orders_client *client, const struct orders_call *call,
                         Orders__V1__OrderSummary **summary, struct orders_error **error)
{
    const Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    *summary = make_call(client, call, "GetOrderSummary", &request.base, error);
    return *summary != NULL;
}

void orders_summary_async(struct orders_client *client, const struct orders_call *call,
                          orders_summary_done *done, void *arg)
{
    const Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    const struct pending end = {.deliver = deliver_summary, .done.summary = done, .arg = arg};
    begin_call(client, call, "GetOrderSummary", &request.base, &end);
}

bool orders_batch_create(struct orders_client *client, const Orders__V1__BatchCreateOrdersRequest *request,
                         Orders__V1__BatchCreateOrdersResponse **results, struct orders_error **error)
{
    return orders_batch_create_with(client, NULL, request, results, error);
}

bool orders_batch_create_with(struct orders_client *client, const struct orders_call *call,
                              const Orders__V1__BatchCreateOrdersRequest *request,
                              Orders__V1__BatchCreateOrdersResponse **results, struct orders_error **error)
{
    *results = make_call(client, call, "BatchCreateOrders", &request->base, error);
    return *results != NULL;
}

void orders_batch_create_async(struct orders_client *client, const struct orders_call *call,
                               const Orders__V1__BatchCreateOrdersRequest *request, orders_batch_done *done,
                               void *arg)
{
    const struct pending end = {.deliver = deliver_batch, .done.batch = done, .arg = arg};
    begin_call(client, call, "BatchCreateOrders", &request->base, &end);
}
