/* calls.c: what several RPC suites would otherwise repeat. */
#include "calls.h"
#include "base/message.h"

#include <criterion/criterion.h>

struct rpc_client *calls_open(const struct service *service, const char *url)
{
    const char *const urls[] = {url, NULL};
    char error[256] = "";
    struct rpc_client *client = rpc_client_open(
        &(struct rpc_client_options){.urls = urls, .api_key = service->api_key}, error, sizeof error);
    cr_assert_not_null(client, "%s", error);
    return client;
}

struct rpc_reply *calls_make(struct rpc_client *client, const char *method, const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    const struct rpc_request request = {
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, method),
        .input = input,
    };
    cr_assert_not_null(request.method, "%s", method);
    return rpc_client_call_wait(client, &request);
}

void calls_expect(const struct rpc_reply *reply, enum status_code code)
{
    cr_assert_eq(reply->status.code, code, "%s: %s, not %s", status_code_name(reply->status.code),
                 reply->status.message, status_code_name(code));
}

Orders__V1__Order calls_order(const char *order_id)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = message_text(order_id);
    order.customer_id = "CUST-1";
    order.total_amount = 25990;
    order.currency = "ISK";
    return order;
}

struct rpc_reply *calls_create(struct rpc_client *client, Orders__V1__Order *order)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    request.order = order;
    return calls_make(client, "CreateOrder", &request.base);
}

struct rpc_reply *calls_get(struct rpc_client *client, const char *order_id)
{
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = message_text(order_id);
    return calls_make(client, "GetOrder", &request.base);
}
