// program.cpp: liborders-client from a program in C++: literals in messages and in lists of them, structs of options, calls
// of all three forms, and a method by its descriptor. Exit code 0, when all of it did as it should.
#include <orders-client.h>
#include <rpc/v1/auth.pb-c.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>

static void need(bool holds, const char *what, orders_error *error = nullptr)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s: %s\n", what, error != nullptr ? error->message : "not so");
    std::exit(1);
}

static void take_statistics(Orders__V1__OrderStatistics *statistics, orders_error *error, void *arg)
{
    const bool counted = statistics != nullptr && error == nullptr && statistics->order_count == 1;
    if (statistics != nullptr)
        orders__v1__order_statistics__free_unpacked(statistics, nullptr);
    static_cast<std::promise<bool> *>(arg)->set_value(counted);
}

int main(int, char *argv[])
{
    const char *servers[] = {std::getenv("ORDERS_CONNECT"), nullptr};
    orders_client_options options = orders_client_options();
    options.servers = servers;
    options.api_key = std::getenv("API_KEY");
    orders_error *error;
    orders_client *client = orders_client_open(&options, &error);
    need(client != nullptr, "open", error);

    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = argv[1];
    order.customer_id = "CUST-1";
    order.currency = "EUR";
    order.total_amount = 4200;
    orders_call call = orders_call();
    call.request_id = argv[1];
    Orders__V1__Order *created, *updated;
    need(orders_create_with(client, &call, &order, &created, &error), "create", error);

    const char *paths[] = {"status"};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    mask.paths = paths;
    mask.n_paths = 1;
    Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
    change.order_id = created->order_id;
    change.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED;
    Orders__V1__UpdateOrderRequest update = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    update.order = &change;
    update.update_mask = &mask;
    need(orders_update(client, &update, &updated, &error), "update", error);
    need(updated->status == change.status && std::string("CUST-1") == updated->customer_id, "updated");

    Orders__V1__GetOrderStatisticsRequest request = ORDERS__V1__GET_ORDER_STATISTICS_REQUEST__INIT;
    request.first_day = "2020-01-01";
    std::promise<bool> counted;
    orders_statistics_async(client, nullptr, &request, take_statistics, &counted);
    need(counted.get_future().get(), "statistics");

    const Rpc__V1__WhoAmIRequest who = RPC__V1__WHO_AM_IREQUEST__INIT;
    ProtobufCMessage *output;
    need(orders_call_method(client, nullptr, &rpc__v1__auth__descriptor, "WhoAmI", &who.base, &output, &error),
         "whoami", error);
    const Rpc__V1__WhoAmIResponse *me = reinterpret_cast<Rpc__V1__WhoAmIResponse *>(output);
    need(std::string("admin") == me->role, "role");
    protobuf_c_message_free_unpacked(output, nullptr);

    Orders__V1__DeleteOrderRequest remove = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    remove.order_id = created->order_id;
    remove.etag = updated->etag;
    need(orders_delete(client, &remove, &error), "delete", error);
    orders__v1__order__free_unpacked(created, nullptr);
    orders__v1__order__free_unpacked(updated, nullptr);
    orders_client_close(client);
    return 0;
}
