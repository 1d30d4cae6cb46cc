/* orders-client.c: typed calls on rpc/client. Answers are unpacked for the caller to own, with malloc, so
 * that they are freed as protobuf-c's users are used to. */
#include "client/orders-client.h"

#include "base/status.h"
#include "rpc/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)RPC__V1__CODE__UNAUTHENTICATED == STATUS_UNAUTHENTICATED, "codes are those of the wire");

struct orders_client {
    struct rpc_client *rpc; /* owned */
};

/* --- errors --- */

struct owned_error {
    struct orders_error error; /* what the caller has a pointer to */
    struct rpc_reply *reply;   /* owned, and owns what the error points to; NULL: that is text */
    char text[];
};

/* What a call ends with that there is no memory for. It points to nothing that is to be freed. */
static struct orders_error no_memory = {
    .code = RPC__V1__CODE__RESOURCE_EXHAUSTED,
    .message = "No memory for a further call",
    .request_id = "",
};

const char *orders_code_name(Rpc__V1__Code code)
{
    return status_code_name((enum status_code)code);
}

static struct orders_error *make_error(Rpc__V1__Code code, const char *why)
{
    const size_t size = strlen(why) + 1;
    struct owned_error *owned = calloc(1, sizeof *owned + size);
    if (owned == NULL)
        return &no_memory;
    memcpy(owned->text, why, size);
    owned->error = (struct orders_error){.code = code, .message = owned->text, .request_id = ""};
    return &owned->error;
}

/* As the wire has them. NULL: no memory. */
static Rpc__V1__FieldViolation **copy_violations(struct rpc_reply *reply)
{
    const size_t n = reply->status.n_violations;
    Rpc__V1__FieldViolation *all = arena_calloc(&reply->arena, n, sizeof *all);
    Rpc__V1__FieldViolation **list = arena_calloc(&reply->arena, n, sizeof *list);
    for (size_t i = 0; i < n && all != NULL && list != NULL; i++) {
        const struct violation *from = &reply->status.violations[i];
        rpc__v1__field_violation__init(&all[i]);
        all[i].field = (char *)(uintptr_t)from->field;
        all[i].type = (char *)(uintptr_t)from->type;
        all[i].message = (char *)(uintptr_t)from->message;
        all[i].parameter = (char *)(uintptr_t)from->parameter;
        list[i] = &all[i];
    }
    return all != NULL ? list : NULL;
}

/* Makes what was kept for it the error of a call that failed. */
static struct orders_error *fill_error(struct owned_error *owned, struct rpc_reply *reply)
{
    const struct status *status = &reply->status;
    owned->reply = reply;
    owned->error = (struct orders_error){
        .code = (Rpc__V1__Code)status->code,
        .message = status->message,
        .request_id = reply->request_id,
    };
    if (status->n_violations == 0)
        return &owned->error;
    owned->error.violations = copy_violations(reply);
    if (owned->error.violations != NULL) {
        owned->error.n_violations = status->n_violations;
    } else {
        owned->error.code = RPC__V1__CODE__RESOURCE_EXHAUSTED;
        owned->error.message = "No memory for the fields that were refused";
    }
    return &owned->error;
}

void orders_error_free(struct orders_error *error)
{
    struct owned_error *owned = (struct owned_error *)error; /* its first member */
    if (error == NULL || error == &no_memory)
        return;
    rpc_reply_free(owned->reply);
    free(owned);
}

/* --- opening and closing --- */

static Rpc__V1__Code code_of_errno(int failed)
{
    if (failed == EINVAL)
        return RPC__V1__CODE__INVALID_ARGUMENT;
    return failed == ENOTSUP ? RPC__V1__CODE__FAILED_PRECONDITION : RPC__V1__CODE__RESOURCE_EXHAUSTED;
}

struct orders_client *orders_client_open(const struct orders_client_options *options,
                                         struct orders_error **error)
{
    return orders_client_open_tls(options, &(struct orders_tls){0}, error);
}

struct orders_client *orders_client_open_tls(const struct orders_client_options *options,
                                             const struct orders_tls *tls, struct orders_error **error)
{
    char why[512] = "no memory for a client";
    const struct rpc_client_options rpc = {
        .urls = options->servers,
        .api_key = options->api_key,
        .timeout_ms = options->timeout_ms,
        .connect_timeout_ms = options->connect_timeout_ms != 0 ? options->connect_timeout_ms : UINT32_MAX,
        .retries = !options->no_retries,
        .tls = {tls->ca, tls->cert, tls->cert_key},
    };
    struct orders_client *client = calloc(1, sizeof *client);
    if (client != NULL) /* else errno is ENOMEM, as it is then with rpc_client_open */
        client->rpc = rpc_client_open(&rpc, why, sizeof why);
    const int failed = errno;
    if (error != NULL)
        *error = NULL;
    if (client != NULL && client->rpc != NULL)
        return client;
    if (error != NULL)
        *error = make_error(code_of_errno(failed), why);
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

/* A call that fails is always told why, and under which request_id: the memory for that is taken before it is
 * made. */

/* A call on its way to rpc/client, with what it points to. */
struct pending_call {
    struct rpc_request request;
    struct rpc_metadata metadata[1];
};

static void fill_call(struct pending_call *call, const struct orders_call *options, const char *method,
                      const ProtobufCMessage *input)
{
    static const struct orders_call none;
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    if (options == NULL)
        options = &none;
    /* On the wire "" is none, and a write that is sent again under none is made again. */
    const bool named = options->request_id != NULL && options->request_id[0] != '\0';
    call->metadata[0] = (struct rpc_metadata){"traceparent", options->traceparent};
    call->request = (struct rpc_request){
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, method),
        .input = input,
        .request_id = named ? options->request_id : NULL,
        .timeout_ms = options->timeout_ms,
        .metadata = call->metadata,
        .n_metadata = options->traceparent != NULL ? 1 : 0,
    };
}

/* Makes a call and waits. NULL: *error says why. */
static ProtobufCMessage *make_call(struct orders_client *client, const struct rpc_request *request,
                                   struct orders_error **error)
{
    struct owned_error *failure = calloc(1, sizeof *failure);
    *error = &no_memory;
    if (failure == NULL)
        return NULL;
    struct rpc_reply *reply = rpc_client_call_wait_packed(client->rpc, request);
    ProtobufCMessage *message = rpc_reply_take(reply);
    *error = message == NULL ? fill_error(failure, reply) : NULL;
    if (message != NULL) {
        rpc_reply_free(reply);
        free(failure);
    }
    return message;
}

/* The same, of a method; *error is set unless `error` is NULL. */
static void *call_method(struct orders_client *client, const struct orders_call *options, const char *method,
                         const ProtobufCMessage *input, struct orders_error **error)
{
    struct pending_call call;
    struct orders_error *why;
    fill_call(&call, options, method, input);
    ProtobufCMessage *message = make_call(client, &call.request, &why);
    if (error != NULL)
        *error = why;
    else
        orders_error_free(why);
    return message;
}

/* A call under way, and whom its end is told. */
struct pending {
    struct owned_error *failure;
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
    ProtobufCMessage *message = rpc_reply_take(reply);
    if (message == NULL) {
        pending->deliver(pending, NULL, fill_error(pending->failure, reply));
    } else {
        rpc_reply_free(reply);
        free(pending->failure);
        pending->deliver(pending, message, NULL);
    }
    free(pending);
}

static void begin_call(struct orders_client *client, const struct orders_call *options, const char *method,
                       const ProtobufCMessage *input, const struct pending *end)
{
    struct pending_call call;
    struct owned_error *failure = calloc(1, sizeof *failure);
    struct pending *pending = malloc(sizeof *pending);
    if (failure == NULL || pending == NULL) {
        free(failure);
        free(pending);
        end->deliver(end, NULL, &no_memory);
        return;
    }
    *pending = *end;
    pending->failure = failure;
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
    *created = call_method(client, call, "CreateOrder", &request.base, error);
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
    *order = call_method(client, call, "GetOrder", &request.base, error);
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
    *page = call_method(client, call, "ListOrders", &request->base, error);
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
    *updated = call_method(client, call, "UpdateOrder", &request->base, error);
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
    Google__Protobuf__Empty *nothing = call_method(client, call, "DeleteOrder", &request->base, error);
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
    *summary = call_method(client, call, "GetOrderSummary", &request.base, error);
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
    *results = call_method(client, call, "BatchCreateOrders", &request->base, error);
    return *results != NULL;
}

void orders_batch_create_async(struct orders_client *client, const struct orders_call *call,
                               const Orders__V1__BatchCreateOrdersRequest *request, orders_batch_done *done,
                               void *arg)
{
    const struct pending end = {.deliver = deliver_batch, .done.batch = done, .arg = arg};
    begin_call(client, call, "BatchCreateOrders", &request->base, &end);
}
