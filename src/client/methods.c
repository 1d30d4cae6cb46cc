/* methods.c: each method with the types of its request and its answer, in three forms. */
#include "base/message.h"
#include "client/calls.h"

#define ORDERS &orders__v1__order_service__descriptor

static const struct client_method create_order = {ORDERS, "CreateOrder"};
static const struct client_method get_order = {ORDERS, "GetOrder"};
static const struct client_method list_orders = {ORDERS, "ListOrders"};
static const struct client_method update_order = {ORDERS, "UpdateOrder"};
static const struct client_method delete_order = {ORDERS, "DeleteOrder"};
static const struct client_method get_order_summary = {ORDERS, "GetOrderSummary"};
static const struct client_method batch_create_orders = {ORDERS, "BatchCreateOrders"};
static const struct client_method get_order_statistics = {ORDERS, "GetOrderStatistics"};
static const struct client_method check = {&rpc__v1__health__descriptor, "Check"};

/* --- ends --- */

static void deliver_order(const struct client_end *end, ProtobufCMessage *message, struct orders_error *error)
{
    end->done.order((Orders__V1__Order *)message, error, end->arg);
}

static void deliver_list(const struct client_end *end, ProtobufCMessage *message, struct orders_error *error)
{
    end->done.list((Orders__V1__ListOrdersResponse *)message, error, end->arg);
}

static void deliver_summary(const struct client_end *end, ProtobufCMessage *message,
                            struct orders_error *error)
{
    end->done.summary((Orders__V1__OrderSummary *)message, error, end->arg);
}

static void deliver_statistics(const struct client_end *end, ProtobufCMessage *message,
                               struct orders_error *error)
{
    end->done.statistics((Orders__V1__OrderStatistics *)message, error, end->arg);
}

static void deliver_health(const struct client_end *end, ProtobufCMessage *message,
                           struct orders_error *error)
{
    end->done.health((Rpc__V1__HealthCheckResponse *)message, error, end->arg);
}

static void deliver_message(const struct client_end *end, ProtobufCMessage *message,
                            struct orders_error *error)
{
    end->done.message(message, error, end->arg);
}

static void deliver_batch(const struct client_end *end, ProtobufCMessage *message, struct orders_error *error)
{
    end->done.batch((Orders__V1__BatchCreateOrdersResponse *)message, error, end->arg);
}

static void deliver_deleted(const struct client_end *end, ProtobufCMessage *message,
                            struct orders_error *error)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    end->done.deleted(error, end->arg);
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
    *created = client_call(client, call, &create_order, &request.base, error);
    return *created != NULL;
}

void orders_create_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__Order *order, orders_order_done *done, void *arg)
{
    const Orders__V1__CreateOrderRequest request = create_request(order);
    const struct client_end end = {.deliver = deliver_order, .done.order = done, .arg = arg};
    client_call_async(client, call, &create_order, &request.base, &end);
}

static Orders__V1__GetOrderRequest get_request(const char *order_id)
{
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = message_text(order_id);
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
    *order = client_call(client, call, &get_order, &request.base, error);
    return *order != NULL;
}

void orders_get_async(struct orders_client *client, const struct orders_call *call, const char *order_id,
                      orders_order_done *done, void *arg)
{
    const Orders__V1__GetOrderRequest request = get_request(order_id);
    const struct client_end end = {.deliver = deliver_order, .done.order = done, .arg = arg};
    client_call_async(client, call, &get_order, &request.base, &end);
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
    *page = client_call(client, call, &list_orders, &request->base, error);
    return *page != NULL;
}

void orders_list_async(struct orders_client *client, const struct orders_call *call,
                       const Orders__V1__ListOrdersRequest *request, orders_list_done *done, void *arg)
{
    const struct client_end end = {.deliver = deliver_list, .done.list = done, .arg = arg};
    client_call_async(client, call, &list_orders, &request->base, &end);
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
    *updated = client_call(client, call, &update_order, &request->base, error);
    return *updated != NULL;
}

void orders_update_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__UpdateOrderRequest *request, orders_order_done *done, void *arg)
{
    const struct client_end end = {.deliver = deliver_order, .done.order = done, .arg = arg};
    client_call_async(client, call, &update_order, &request->base, &end);
}

bool orders_delete(struct orders_client *client, const Orders__V1__DeleteOrderRequest *request,
                   struct orders_error **error)
{
    return orders_delete_with(client, NULL, request, error);
}

bool orders_delete_with(struct orders_client *client, const struct orders_call *call,
                        const Orders__V1__DeleteOrderRequest *request, struct orders_error **error)
{
    Google__Protobuf__Empty *nothing = client_call(client, call, &delete_order, &request->base, error);
    if (nothing == NULL)
        return false;
    google__protobuf__empty__free_unpacked(nothing, NULL);
    return true;
}

void orders_delete_async(struct orders_client *client, const struct orders_call *call,
                         const Orders__V1__DeleteOrderRequest *request, orders_deleted_done *done, void *arg)
{
    const struct client_end end = {.deliver = deliver_deleted, .done.deleted = done, .arg = arg};
    client_call_async(client, call, &delete_order, &request->base, &end);
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
    *summary = client_call(client, call, &get_order_summary, &request.base, error);
    return *summary != NULL;
}

void orders_summary_async(struct orders_client *client, const struct orders_call *call,
                          orders_summary_done *done, void *arg)
{
    const Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    const struct client_end end = {.deliver = deliver_summary, .done.summary = done, .arg = arg};
    client_call_async(client, call, &get_order_summary, &request.base, &end);
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
    *results = client_call(client, call, &batch_create_orders, &request->base, error);
    return *results != NULL;
}

void orders_batch_create_async(struct orders_client *client, const struct orders_call *call,
                               const Orders__V1__BatchCreateOrdersRequest *request, orders_batch_done *done,
                               void *arg)
{
    const struct client_end end = {.deliver = deliver_batch, .done.batch = done, .arg = arg};
    client_call_async(client, call, &batch_create_orders, &request->base, &end);
}

bool orders_statistics(struct orders_client *client, const Orders__V1__GetOrderStatisticsRequest *request,
                       Orders__V1__OrderStatistics **statistics, struct orders_error **error)
{
    return orders_statistics_with(client, NULL, request, statistics, error);
}

bool orders_statistics_with(struct orders_client *client, const struct orders_call *call,
                            const Orders__V1__GetOrderStatisticsRequest *request,
                            Orders__V1__OrderStatistics **statistics, struct orders_error **error)
{
    *statistics = client_call(client, call, &get_order_statistics, &request->base, error);
    return *statistics != NULL;
}

void orders_statistics_async(struct orders_client *client, const struct orders_call *call,
                             const Orders__V1__GetOrderStatisticsRequest *request,
                             orders_statistics_done *done, void *arg)
{
    const struct client_end end = {.deliver = deliver_statistics, .done.statistics = done, .arg = arg};
    client_call_async(client, call, &get_order_statistics, &request->base, &end);
}

static Rpc__V1__HealthCheckRequest health_request(const char *service)
{
    Rpc__V1__HealthCheckRequest request = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    if (service != NULL)
        request.service = message_text(service);
    return request;
}

bool orders_health(struct orders_client *client, const char *service, Rpc__V1__HealthCheckResponse **health,
                   struct orders_error **error)
{
    return orders_health_with(client, NULL, service, health, error);
}

bool orders_health_with(struct orders_client *client, const struct orders_call *call, const char *service,
                        Rpc__V1__HealthCheckResponse **health, struct orders_error **error)
{
    const Rpc__V1__HealthCheckRequest request = health_request(service);
    *health = client_call(client, call, &check, &request.base, error);
    return *health != NULL;
}

void orders_health_async(struct orders_client *client, const struct orders_call *call, const char *service,
                         orders_health_done *done, void *arg)
{
    const Rpc__V1__HealthCheckRequest request = health_request(service);
    const struct client_end end = {.deliver = deliver_health, .done.health = done, .arg = arg};
    client_call_async(client, call, &check, &request.base, &end);
}

bool orders_call_method(struct orders_client *client, const struct orders_call *call,
                        const ProtobufCServiceDescriptor *service, const char *method,
                        const ProtobufCMessage *input, ProtobufCMessage **output, struct orders_error **error)
{
    *output = client_call(client, call, &(struct client_method){service, method}, input, error);
    return *output != NULL;
}

void orders_call_method_async(struct orders_client *client, const struct orders_call *call,
                              const ProtobufCServiceDescriptor *service, const char *method,
                              const ProtobufCMessage *input, orders_message_done *done, void *arg)
{
    const struct client_end end = {.deliver = deliver_message, .done.message = done, .arg = arg};
    client_call_async(client, call, &(struct client_method){service, method}, input, &end);
}
