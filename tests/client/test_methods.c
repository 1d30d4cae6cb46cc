/* test_methods.c: what liborders-client has beside the calls that change orders: statistics, health, any
 * method, pages, calls that only validate, that are cancelled, and that were made before. Against a real
 * service, but for the moments of a call that is cancelled. */
#include "client/orders-client.h"

#include "rpc/v1/auth.pb-c.h"
#include "rpc/v1/metrics.pb-c.h"
#include "support/rpc_peer.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

TestSuite(methods, .timeout = 120);

static struct orders_client *open_client(const char *url, const char *api_key)
{
    const char *const servers[] = {url, NULL};
    const struct orders_client_options options = {.servers = servers, .api_key = api_key};
    struct orders_error *error;
    struct orders_client *client = orders_client_open(&options, &error);
    cr_assert_not_null(client, "%s", error != NULL ? error->message : "");
    return client;
}

/* A service, and a client of it. */
struct bench {
    struct service *service;
    struct orders_client *client;
};

static struct bench open_bench(void)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    return (struct bench){service, open_client(service->rpc_url, service->api_key)};
}

static void close_bench(struct bench bench)
{
    orders_client_close(bench.client);
    service_stop_clean(bench.service);
}

static Orders__V1__Order make_order(const char *order_id)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = (char *)(uintptr_t)order_id;
    order.customer_id = "CUST-1";
    order.total_amount = 100;
    order.currency = "EUR";
    return order;
}

static void expect_success(bool succeeded, struct orders_error *const *error)
{
    cr_assert(succeeded, "%s", *error != NULL ? (*error)->message : "");
    cr_assert_null(*error);
}

static void expect_failure(bool succeeded, struct orders_error *const *error, Rpc__V1__Code code)
{
    cr_assert(!succeeded);
    cr_assert_eq((*error)->code, code, "%s: %s", orders_code_name((*error)->code), (*error)->message);
    orders_error_free(*error);
}

/* Under a request_id, NULL: of its own. */
static void create(struct orders_client *client, const char *order_id, const char *request_id)
{
    const struct orders_call call = {.request_id = request_id};
    const Orders__V1__Order order = make_order(order_id);
    Orders__V1__Order *created;
    struct orders_error *error;
    expect_success(orders_create_with(client, &call, &order, &created, &error), &error);
    cr_assert_str_eq(created->order_id, order_id);
    orders__v1__order__free_unpacked(created, NULL);
}

static void create_many(struct orders_client *client, size_t n)
{
    char ids[n][32];
    Orders__V1__Order orders[n], *list[n];
    Orders__V1__BatchCreateOrdersRequest request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    Orders__V1__BatchCreateOrdersResponse *results;
    struct orders_error *error;
    for (size_t i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "MANY-%zu", i);
        orders[i] = make_order(ids[i]);
        list[i] = &orders[i];
    }
    request.orders = list;
    request.n_orders = n;
    expect_success(orders_batch_create(client, &request, &results, &error), &error);
    orders__v1__batch_create_orders_response__free_unpacked(results, NULL);
}

static int64_t count(struct orders_client *client)
{
    Orders__V1__OrderSummary *summary;
    struct orders_error *error;
    expect_success(orders_summary(client, &summary, &error), &error);
    const int64_t n = summary->total_orders;
    orders__v1__order_summary__free_unpacked(summary, NULL);
    return n;
}

/* --- statistics and health --- */

static void cancel(struct orders_client *client, const char *order_id)
{
    Orders__V1__UpdateOrderRequest update = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Orders__V1__Order change = ORDERS__V1__ORDER__INIT, *updated;
    struct orders_error *error;
    change.order_id = (char *)(uintptr_t)order_id;
    change.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CANCELLED;
    update.order = &change;
    expect_success(orders_update(client, &update, &updated, &error), &error);
    orders__v1__order__free_unpacked(updated, NULL);
}

Test(methods, statistics_count_orders_of_some_days)
{
    struct bench bench = open_bench();
    struct orders_error *error;
    Orders__V1__GetOrderStatisticsRequest request = ORDERS__V1__GET_ORDER_STATISTICS_REQUEST__INIT;
    Orders__V1__OrderStatistics *statistics;
    create(bench.client, "A-1", NULL);
    create(bench.client, "A-2", NULL);
    expect_success(orders_statistics(bench.client, &request, &statistics, &error), &error);
    cr_expect_eq(statistics->order_count, 2);
    cr_expect_eq(statistics->currencies[0]->average_revenue, 100);
    cr_expect_eq(statistics->cancelled_count, 0);
    cr_expect_eq(statistics->n_statuses, 0);
    orders__v1__order_statistics__free_unpacked(statistics, NULL);
    cancel(bench.client, "A-2");
    request.by_status = true;
    expect_success(orders_statistics(bench.client, &request, &statistics, &error), &error);
    cr_expect_eq(statistics->cancelled_count, 1);
    cr_expect_eq(statistics->currencies[0]->cancelled_revenue, 100);
    cr_expect_eq(statistics->currencies[0]->revenue, 200);
    cr_assert_eq(statistics->n_statuses, 7);
    cr_expect_eq(statistics->statuses[6]->status, ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CANCELLED);
    cr_expect_eq(statistics->statuses[6]->order_count, 1);
    orders__v1__order_statistics__free_unpacked(statistics, NULL);
    request.last_day = "2001-01-01";
    expect_success(orders_statistics(bench.client, &request, &statistics, &error), &error);
    cr_expect_eq(statistics->order_count, 0);
    orders__v1__order_statistics__free_unpacked(statistics, NULL);
    request.last_day = "yesterday";
    expect_failure(orders_statistics(bench.client, &request, &statistics, &error), &error,
                   RPC__V1__CODE__INVALID_ARGUMENT);
    close_bench(bench);
}

struct heard {
    sem_t ended;
    Rpc__V1__HealthCheckResponse *health;
    ProtobufCMessage *message;
    struct orders_error *error;
    bool replayed;
};

static void hear_health(Rpc__V1__HealthCheckResponse *health, struct orders_error *error, void *arg)
{
    struct heard *heard = arg;
    heard->health = health;
    heard->error = error;
    sem_post(&heard->ended);
}

Test(methods, health_wants_no_key)
{
    struct bench bench = open_bench();
    struct orders_client *anybody = open_client(bench.service->rpc_url, NULL);
    Rpc__V1__HealthCheckResponse *health;
    struct orders_error *error;
    static const char *const services[] = {NULL, "", "orders.v1.OrderService"};
    for (size_t i = 0; i < 3; i++) {
        expect_success(orders_health(anybody, services[i], &health, &error), &error);
        cr_expect_eq(health->status, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
        rpc__v1__health_check_response__free_unpacked(health, NULL);
    }
    expect_failure(orders_health(anybody, "no.Service", &health, &error), &error, RPC__V1__CODE__NOT_FOUND);

    struct heard heard = {0};
    sem_init(&heard.ended, 0, 0);
    orders_health_async(anybody, NULL, NULL, hear_health, &heard);
    sem_wait(&heard.ended);
    expect_success(heard.health != NULL, &heard.error);
    rpc__v1__health_check_response__free_unpacked(heard.health, NULL);
    sem_destroy(&heard.ended);
    orders_client_close(anybody);
    close_bench(bench);
}

/* --- any method --- */

static void hear_message(ProtobufCMessage *message, struct orders_error *error, void *arg)
{
    struct heard *heard = arg;
    heard->message = message;
    heard->error = error;
    heard->replayed = orders_replayed();
    sem_post(&heard->ended);
}

Test(methods, any_method_is_called_by_its_descriptor)
{
    struct bench bench = open_bench();
    const Rpc__V1__WhoAmIRequest who = RPC__V1__WHO_AM_IREQUEST__INIT;
    Rpc__V1__GetMetricsRequest metrics = RPC__V1__GET_METRICS_REQUEST__INIT;
    ProtobufCMessage *output;
    struct orders_error *error;
    expect_success(orders_call_method(bench.client, NULL, &rpc__v1__auth__descriptor, "WhoAmI", &who.base,
                                      &output, &error),
                   &error);
    cr_expect_str_eq(((const Rpc__V1__WhoAmIResponse *)output)->role, "admin");
    protobuf_c_message_free_unpacked(output, NULL);

    struct heard heard = {0};
    sem_init(&heard.ended, 0, 0);
    metrics.prefix = "orders_rpc";
    orders_call_method_async(bench.client, NULL, &rpc__v1__metrics__descriptor, "GetMetrics", &metrics.base,
                             hear_message, &heard);
    sem_wait(&heard.ended);
    expect_success(heard.message != NULL, &heard.error);
    cr_expect_gt(((const Rpc__V1__GetMetricsResponse *)heard.message)->n_families, 0);
    protobuf_c_message_free_unpacked(heard.message, NULL);

    expect_failure(orders_call_method(bench.client, NULL, &rpc__v1__auth__descriptor, "WhoAreYou", &who.base,
                                      &output, &error),
                   &error, RPC__V1__CODE__INVALID_ARGUMENT);
    expect_failure(orders_call_method(bench.client, NULL, &rpc__v1__auth__descriptor, "WhoAmI", &metrics.base,
                                      &output, &error),
                   &error, RPC__V1__CODE__INVALID_ARGUMENT);
    orders_call_method_async(bench.client, NULL, &rpc__v1__auth__descriptor, "WhoAreYou", &who.base,
                             hear_message, &heard);
    sem_wait(&heard.ended);
    expect_failure(heard.message != NULL, &heard.error, RPC__V1__CODE__INVALID_ARGUMENT);
    sem_destroy(&heard.ended);
    close_bench(bench);
}

/* --- pages --- */

/* Walks a list to its end: how many orders it has, and in how many pages; false: not to its end. */
static bool walk(struct orders_client *client, const Orders__V1__ListOrdersRequest *request, size_t *orders,
                 size_t *pages)
{
    Orders__V1__ListOrdersResponse *page;
    struct orders_error *error;
    struct orders_pages *walk = orders_pages_open(client, request, &error);
    int64_t last = 0;
    bool in_order = true;
    cr_assert_not_null(walk);
    *orders = *pages = 0;
    while (orders_pages_next(walk, &page, &error)) {
        ++*pages;
        *orders += page->n_orders;
        for (size_t i = 0; i < page->n_orders; i++) {
            in_order &= page->orders[i]->id > last;
            last = page->orders[i]->id;
        }
        orders__v1__list_orders_response__free_unpacked(page, NULL);
    }
    expect_success(true, &error);
    cr_assert_null(page);
    cr_assert(!orders_pages_next(walk, &page, &error) && error == NULL, "there are no more");
    orders_pages_close(walk);
    return in_order;
}

Test(methods, pages_are_all_there_are)
{
    enum { ORDERS = 25 };
    struct bench bench = open_bench();
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    size_t orders, pages;
    cr_assert(walk(bench.client, &request, &orders, &pages));
    cr_expect(orders == 0 && pages == 0, "of none: %zu in %zu", orders, pages);

    create_many(bench.client, ORDERS);
    static const struct {
        int32_t size;
        int64_t skip;
        size_t pages;
    } lists[] = {{0, 0, 1}, {10, 0, 3}, {5, 0, 5}, {10, 7, 2}, {1, 20, 5}, {10, 25, 0}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        request.page_size = lists[i].size;
        request.skip = lists[i].skip;
        cr_assert(walk(bench.client, &request, &orders, &pages), "each once, in order");
        cr_expect_eq(orders, ORDERS - (size_t)lists[i].skip, "list %zu: %zu orders", i, orders);
        cr_expect_eq(pages, lists[i].pages, "list %zu: %zu pages", i, pages);
    }
    orders_pages_close(NULL);
    close_bench(bench);
}

/* A server that has looked at many orders for the one that matches, and answers each call in turn. */
static void *answer_pages(void *arg)
{
    struct rpc_peer *peer = arg;
    Orders__V1__Order order = make_order("A-1"), *orders[] = {&order};
    for (int i = 0; i < 6; i++) {
        Orders__V1__ListOrdersResponse page = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
        Rpc__V1__Request *request = rpc_peer_take(peer);
        Orders__V1__ListOrdersRequest *list =
            orders__v1__list_orders_request__unpack(NULL, request->payload.len, request->payload.data);
        cr_assert_eq(list->page_token[0], i == 0 ? '\0' : (char)('0' + i), "%d: %s", i, list->page_token);
        cr_assert_str_eq(list->search, "1");
        page.next_page_token = (char[]){(char)(i < 5 ? '1' + i : '\0'), '\0'};
        page.orders = orders;
        page.n_orders = i == 2;
        rpc_peer_answer_message(peer, &page.base);
        orders__v1__list_orders_request__free_unpacked(list, NULL);
        rpc__v1__request__free_unpacked(request, NULL);
    }
    return NULL;
}

Test(methods, pages_without_an_order_are_passed_over)
{
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    struct rpc_peer peer;
    pthread_t server;
    size_t orders, pages;
    rpc_peer_open(&peer);
    struct orders_client *client = open_client(peer.url, NULL);
    pthread_create(&server, NULL, answer_pages, &peer);
    request.search = "1";
    walk(client, &request, &orders, &pages);
    cr_expect(orders == 1 && pages == 1, "%zu orders on %zu pages", orders, pages);
    pthread_join(server, NULL);
    orders_client_close(client);
    rpc_peer_close(&peer);
}

/* The rest of them is the store's to test: tests/store/test_find.c. */
Test(methods, a_list_is_filtered_ordered_and_counted)
{
    static const size_t sizes[] = {4, 4, 3};
    char token[64];
    struct bench bench = open_bench();
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    Orders__V1__ListOrdersResponse *page;
    struct orders_error *error;
    create_many(bench.client, 25);
    request.page_size = 4;
    request.search = "many-1";
    request.order_by = "order_date desc";
    request.currency = "EUR";
    request.count = true;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_success(orders_list(bench.client, &request, &page, &error), &error);
        cr_assert_eq(page->n_orders, sizes[i]);
        cr_assert_eq(page->total, 11); /* MANY-1, and MANY-10 to MANY-19 */
        cr_assert_eq(*page->next_page_token == '\0', sizes[i] < 4);
        snprintf(token, sizeof token, "%s", page->next_page_token);
        request.page_token = token;
        orders__v1__list_orders_response__free_unpacked(page, NULL);
    }
    request.page_token = "";
    request.min_amount = 101;
    expect_success(orders_list(bench.client, &request, &page, &error), &error);
    cr_expect(page->n_orders == 0 && page->total == 0);
    orders__v1__list_orders_response__free_unpacked(page, NULL);
    request.max_amount = 5;
    expect_failure(orders_list(bench.client, &request, &page, &error), &error,
                   RPC__V1__CODE__INVALID_ARGUMENT);
    close_bench(bench);
}

Test(methods, a_page_that_failed_is_read_again)
{
    struct bench bench = open_bench();
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    const struct orders_call refused = {.traceparent = NULL, .request_id = "\xff"};
    Orders__V1__ListOrdersResponse *page;
    struct orders_error *error;
    create_many(bench.client, 3);
    request.page_size = 2;
    struct orders_pages *pages = orders_pages_open(bench.client, &request, &error);
    for (size_t left = 3; left > 0; left -= left < 2 ? left : 2) {
        cr_assert(!orders_pages_next_with(pages, &refused, &page, &error));
        cr_assert_null(page);
        orders_error_free(error);
        expect_success(orders_pages_next(pages, &page, &error), &error);
        cr_expect_eq(page->n_orders, left < 2 ? left : 2);
        orders__v1__list_orders_response__free_unpacked(page, NULL);
    }
    orders_pages_close(pages);
    close_bench(bench);
}

/* --- calls that only validate, and that were made before --- */

Test(methods, who_only_validates_changes_nothing)
{
    struct bench bench = open_bench();
    struct orders_client *checks = orders_client_validate_only(bench.client);
    struct orders_error *error;
    Orders__V1__Order order = make_order("A-1"), *created;
    cr_assert_eq(orders_client_validate_only(checks), checks);
    expect_success(orders_create(checks, &order, &created, &error), &error);
    cr_expect_str_eq(created->order_id, "", "there is nothing to answer");
    orders__v1__order__free_unpacked(created, NULL);
    cr_expect_eq(count(bench.client), 0);
    order.total_amount = -1;
    expect_failure(orders_create(checks, &order, &created, &error), &error, RPC__V1__CODE__INVALID_ARGUMENT);

    Orders__V1__Order good = make_order("A-1"), *both[] = {&order, &good};
    Orders__V1__BatchCreateOrdersRequest batch = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    Orders__V1__BatchCreateOrdersResponse *results;
    batch.orders = both;
    batch.n_orders = 2;
    expect_success(orders_batch_create(checks, &batch, &results, &error), &error);
    cr_expect_eq(results->results[0]->code, RPC__V1__CODE__INVALID_ARGUMENT);
    cr_expect_eq(results->results[1]->code, RPC__V1__CODE__OK);
    orders__v1__batch_create_orders_response__free_unpacked(results, NULL);

    create(bench.client, "A-1", NULL);
    Orders__V1__DeleteOrderRequest delete = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    delete.order_id = "A-1";
    expect_success(orders_delete(checks, &delete, &error), &error);
    cr_expect_eq(count(bench.client), 1);
    orders_client_close(checks); /* does nothing */
    cr_expect_eq(count(bench.client), 1);
    close_bench(bench);
}

Test(methods, an_answer_of_before_says_so)
{
    struct bench bench = open_bench();
    cr_expect(!orders_replayed());
    create(bench.client, "A-1", "once");
    cr_expect(!orders_replayed());
    create(bench.client, "A-1", "once");
    cr_expect(orders_replayed());
    cr_expect_eq(count(bench.client), 1);
    cr_expect(!orders_replayed(), "of the last answer");

    Orders__V1__Order order = make_order("A-1");
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    struct heard heard = {0};
    sem_init(&heard.ended, 0, 0);
    request.order = &order;
    orders_call_method_async(bench.client, &(struct orders_call){.request_id = "once"},
                             &orders__v1__order_service__descriptor, "CreateOrder", &request.base,
                             hear_message, &heard);
    sem_wait(&heard.ended);
    expect_success(heard.message != NULL, &heard.error);
    cr_expect(heard.replayed);
    cr_expect(!orders_replayed(), "it was another thread's");
    protobuf_c_message_free_unpacked(heard.message, NULL);
    sem_destroy(&heard.ended);
    close_bench(bench);
}

/* --- calls that are cancelled --- */

/* Begins a call under a request_id, by hand. */
static void begin(struct orders_client *client, const char *request_id, struct heard *heard)
{
    const Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    *heard = (struct heard){0};
    sem_init(&heard->ended, 0, 0);
    orders_call_method_async(client, &(struct orders_call){.request_id = request_id},
                             &orders__v1__order_service__descriptor, "GetOrder", &request.base, hear_message,
                             heard);
}

static void expect_cancelled(struct heard *heard)
{
    sem_wait(&heard->ended);
    cr_assert_not_null(heard->error);
    cr_expect_str_eq(heard->error->message, "The call was cancelled");
    expect_failure(heard->message != NULL, &heard->error, RPC__V1__CODE__CANCELLED);
    sem_destroy(&heard->ended);
}

Test(methods, a_call_is_cancelled_whatever_it_waits_for)
{
    struct rpc_peer peer;
    struct heard first, other;
    rpc_peer_reserve(&peer);
    struct orders_client *client = open_client(peer.url, NULL);

    begin(client, "for a server", &first);
    cr_expect(!orders_cancel(client, "none of this name"));
    cr_expect(!orders_cancel(client, NULL) && !orders_cancel(client, ""));
    cr_expect(orders_cancel(client, "for a server"));
    expect_cancelled(&first);
    cr_expect(!orders_cancel(client, "for a server"), "it has ended");

    rpc_peer_listen(&peer);
    begin(client, "for an answer", &first);
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    cr_expect(orders_cancel(client, "for an answer"));
    expect_cancelled(&first);

    /* Those beside it go on. */
    begin(client, "another", &other);
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    begin(client, "to be sent again", &first);
    cr_expect(orders_cancel(client, "to be sent again"));
    expect_cancelled(&first);
    rpc_peer_answer(&peer, RPC__V1__CODE__OK, "");
    sem_wait(&other.ended);
    expect_success(other.message != NULL, &other.error);
    protobuf_c_message_free_unpacked(other.message, NULL);
    orders_client_close(client);
    rpc_peer_close(&peer);
}

struct canceller {
    struct orders_client *client;
    atomic_bool ends;
};

static void *cancel_raced(void *arg)
{
    struct canceller *canceller = arg;
    while (!atomic_load(&canceller->ends))
        orders_cancel(canceller->client, "raced");
    return NULL;
}

/* Steps of calls and cancels at once, in every order that chance makes: each call ends, and no other is
 * cancelled. */
Test(methods, calls_and_cancels_race)
{
    enum { CALLS = 300 };
    struct bench bench = open_bench();
    struct canceller canceller = {.client = bench.client};
    pthread_t thread;
    create(bench.client, "A-1", NULL);
    pthread_create(&thread, NULL, cancel_raced, &canceller);
    for (int i = 0; i < CALLS; i++) {
        struct orders_error *error;
        Orders__V1__Order *order;
        const struct orders_call raced = {.request_id = "raced"};
        if (orders_get_with(bench.client, &raced, "A-1", &order, &error))
            orders__v1__order__free_unpacked(order, NULL);
        else
            expect_failure(false, &error, RPC__V1__CODE__CANCELLED);
        expect_success(orders_get(bench.client, "A-1", &order, &error), &error);
        orders__v1__order__free_unpacked(order, NULL);
    }
    atomic_store(&canceller.ends, true);
    pthread_join(thread, NULL);
    close_bench(bench);
}

/* --- programs that were built before --- */

/* The structs that a program passes in, as they were when the soname was made: it has their sizes in it. */
_Static_assert(sizeof(struct orders_client_options) == 32, "soname 1");
_Static_assert(sizeof(struct orders_call) == 24, "soname 1");
_Static_assert(sizeof(struct orders_tls) == 24, "soname 1");
_Static_assert(offsetof(struct orders_call, traceparent) == 16, "soname 1");
_Static_assert(offsetof(struct orders_client_options, no_retries) == 24, "soname 1");
_Static_assert(offsetof(struct orders_error, request_id) == 32, "soname 1");
/* And so are the messages. One that has to grow wants functions of its own for programs that know of that. */
_Static_assert(sizeof(Orders__V1__Order) == 104, "soname 1");
_Static_assert(sizeof(Orders__V1__ListOrdersRequest) == 144, "soname 1");
_Static_assert(sizeof(Orders__V1__UpdateOrderRequest) == 40, "soname 1");
_Static_assert(sizeof(Orders__V1__DeleteOrderRequest) == 40, "soname 1");
_Static_assert(sizeof(Orders__V1__BatchCreateOrdersRequest) == 40, "soname 1");
_Static_assert(sizeof(Orders__V1__GetOrderStatisticsRequest) == 48, "soname 1");
