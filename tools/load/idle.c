/* idle.c: connections on which nothing happens. */
#include "load.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/client.h"

#include <stdio.h>
#include <stdlib.h>

/* One call each: a client is connected when it was answered. */
static bool connect_client(struct rpc_client **client, const struct load_options *options)
{
    const char *const urls[] = {options->url, NULL};
    const struct rpc_client_options client_options = {.urls = urls, .api_key = options->api_key};
    char error[256];
    *client = rpc_client_open(&client_options, error, sizeof error);
    if (*client == NULL) {
        fprintf(stderr, "orders-load: %s\n", error);
        return false;
    }

    Orders__V1__GetOrderRequest input = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    char order_id[] = "bench-1";
    input.order_id = order_id;
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    const struct rpc_request request = {
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, "GetOrder"),
        .input = &input.base,
    };
    struct rpc_reply *reply = rpc_client_call_wait(*client, &request);
    bool answered = reply->status.code == STATUS_OK;
    if (!answered)
        fprintf(stderr, "orders-load: %s: %s\n", status_code_name(reply->status.code), reply->status.message);
    rpc_reply_free(reply);
    return answered;
}

static void wait_for_end_of_input(void)
{
    while (getchar() != EOF)
        ;
}

int load_idle(const struct load_options *options)
{
    struct rpc_client **clients = calloc(options->clients, sizeof(struct rpc_client *));
    if (clients == NULL)
        abort();
    bool connected = true;
    for (size_t i = 0; i < options->clients && connected; i++)
        connected = connect_client(&clients[i], options);
    if (connected) {
        puts("connected");
        fflush(stdout);
        wait_for_end_of_input();
    }
    for (size_t i = 0; i < options->clients; i++)
        rpc_client_close(clients[i]);
    free(clients);
    return connected ? EXIT_SUCCESS : EXIT_FAILURE;
}
