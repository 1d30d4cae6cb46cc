/* example.c: liborders-client from begin to end. Build it with
 *
 *     cc -o example example.c $(pkg-config --cflags --libs orders-client)
 *
 * and run it, as often as you like, with the service's address in ORDERS_CONNECT, its key in API_KEY, and an
 * order_id that is not that of somebody else's order.
 */
#include <orders-client.h>

#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Says why a call failed, and ends. */
static _Noreturn void fail(const char *what, struct orders_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what, orders_code_name(error->code), error->message);
    for (size_t i = 0; i < error->n_violations; i++)
        fprintf(stderr, "  %s: %s\n", error->violations[i]->field, error->violations[i]->message);
    orders_error_free(error);
    exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): nothing here minds */
}

static struct orders_client *open_client(void)
{
    /* Of several servers a call goes to any that is there. */
    const char *servers[] = {getenv("ORDERS_CONNECT"), NULL}; /* NOLINT(concurrency-mt-unsafe) */
    const struct orders_client_options options = {
        .servers = servers,
        .api_key = getenv("API_KEY"), /* NOLINT(concurrency-mt-unsafe) */
        .timeout_ms = 5000,
    };
    struct orders_error *error;
    struct orders_client *client = orders_client_open(&options, &error);
    if (client == NULL)
        fail("cannot open a client", error);
    return client;
}

static Orders__V1__Order make_order(const char *order_id, Google__Protobuf__Timestamp *placed)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = (char *)order_id;
    order.customer_id = "CUST-IS-001";
    order.total_amount = 25990; /* aurar: 259.90 ISK */
    order.currency = "ISK";
    placed->seconds = time(NULL);
    order.order_date = placed;
    return order;
}

/* Has the order checked by the service's rules; nothing is created. */
static void check(struct orders_client *client, const Orders__V1__Order *order)
{
    Orders__V1__Order *nothing;
    struct orders_error *error;
    if (!orders_create(orders_client_validate_only(client), order, &nothing, &error))
        fail("check", error);
    orders__v1__order__free_unpacked(nothing, NULL);
}

/* Creates an order under a request_id of our own, which is that of this order in this run. Were the answer
 * lost, we could do it again under the same one, as we do here, and the order would be there once. */
static void create(struct orders_client *client, const char *order_id)
{
    Google__Protobuf__Timestamp placed = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    const Orders__V1__Order order = make_order(order_id, &placed);
    check(client, &order);

    char request_id[128];
    snprintf(request_id, sizeof request_id, "example-%jd-%ld", (intmax_t)time(NULL), (long)getpid());
    const struct orders_call call = {.request_id = request_id, .timeout_ms = 2000};
    Orders__V1__Order *created;
    struct orders_error *error;
    for (int i = 0; i < 2; i++) {
        if (!orders_create_with(client, &call, &order, &created, &error)) {
            if (error->code != RPC__V1__CODE__ALREADY_EXISTS)
                fail("create", error);
            printf("%s is there, of a run that was cut short\n", order_id);
            orders_error_free(error);
            return;
        }
        printf("created %s: %" PRId64 " %s%s\n", created->order_id, created->total_amount, created->currency,
               orders_replayed() ? ", as before" : "");
        orders__v1__order__free_unpacked(created, NULL);
    }
}

/* Changes the order, unless somebody else has changed it since it was read. */
static void ship(struct orders_client *client, const char *order_id)
{
    Orders__V1__Order *order, *updated;
    struct orders_error *error;
    if (!orders_get(client, order_id, &order, &error))
        fail("get", error);

    Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
    change.order_id = order->order_id;
    change.etag = order->etag;
    change.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED;
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    request.order = &change;
    if (!orders_update(client, &request, &updated, &error))
        fail("update", error);
    printf("shipped %s\n", updated->order_id);

    /* Now the etag is an old one. */
    Orders__V1__Order *nothing;
    change.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CANCELLED;
    if (!orders_update(client, &request, &nothing, &error)) {
        printf("not cancelled: %s\n", orders_code_name(error->code));
        orders_error_free(error);
    }
    orders__v1__order__free_unpacked(updated, NULL);
    orders__v1__order__free_unpacked(order, NULL);
}

/* Counts a customer's orders, page by page. */
static void count_orders(struct orders_client *client)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    Orders__V1__ListOrdersResponse *page;
    struct orders_error *error;
    size_t n = 0;
    request.customer_id = "CUST-IS-001";
    struct orders_pages *pages = orders_pages_open(client, &request, &error);
    while (pages != NULL && orders_pages_next(pages, &page, &error)) {
        n += page->n_orders;
        orders__v1__list_orders_response__free_unpacked(page, NULL);
    }
    if (error != NULL)
        fail("list", error);
    orders_pages_close(pages);
    printf("of CUST-IS-001: %zu\n", n);
}

/* A call that somebody waits for; see orders_..._async for who calls this. */
static void take_summary(Orders__V1__OrderSummary *summary, struct orders_error *error, void *arg)
{
    if (summary == NULL)
        fail("summary", error);
    printf("orders: %" PRId64 "\n", summary->total_orders);
    for (size_t i = 0; i < summary->n_total_revenue; i++)
        printf("  %s %" PRId64 "\n", summary->total_revenue[i]->currency, summary->total_revenue[i]->total);
    orders__v1__order_summary__free_unpacked(summary, NULL);
    sem_post(arg);
}

static void delete_order(struct orders_client *client, const char *order_id)
{
    Orders__V1__DeleteOrderRequest request = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    struct orders_error *error;
    request.order_id = (char *)order_id;
    if (!orders_delete(client, &request, &error))
        fail("delete", error);
    printf("deleted %s\n", order_id);
}

int main(int argc, char *argv[])
{
    const char *order_id = argc > 1 ? argv[1] : "EXAMPLE-1";
    struct orders_client *client = open_client();
    create(client, order_id);
    ship(client, order_id);
    count_orders(client);

    sem_t summed;
    sem_init(&summed, 0, 0);
    orders_summary_async(client, NULL, take_summary, &summed);
    sem_wait(&summed);

    delete_order(client, order_id);
    orders_client_close(client);
    return EXIT_SUCCESS;
}
