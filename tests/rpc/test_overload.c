/* test_overload.c: more calls than the service takes: what is refused, and what is not. */
#include "calls.h"

#include "rpc/v1/health.pb-c.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CALLS = 4, MANY_CALLS = 256, MAX_CALL_BYTES = 1048576 };

static char *database_url;
static PGconn *database;
static struct service *service;
static struct rpc_client *client;

static void start(const char *const environment[])
{
    char *patient_url; /* the calls in hand stay there until the test has seen enough */
    database_url = database_create();
    database = database_connect(database_url);
    cr_assert_gt(
        asprintf(&patient_url, "%s options='-c lock_timeout=60s -c statement_timeout=60s'", database_url), 0);
    service = service_start(&(struct service_options){
        .database_url = patient_url, .without_http = true, .environment = environment});
    free(patient_url);
    client = calls_open(service, service->rpc_url);
}

static void set_up(void)
{
    start((const char *const[]){"ORDERS_MAX_CALLS=4", "ORDERS_MAX_CALL_BYTES=1048576", NULL});
}

static void set_up_many(void)
{
    start((const char *const[]){"ORDERS_MAX_CALLS=256", NULL});
}

static void tear_down(void)
{
    rpc_client_close(client);
    service_stop_clean(service);
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(overload, .init = set_up, .fini = tear_down, .timeout = 120);
TestSuite(overload_by_two, .init = set_up_many, .fini = tear_down, .timeout = 120);

/* Creations under way. */
struct ended {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned by_code[STATUS_CODES]; /* guarded by lock */
};

static struct ended ended = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void count(struct rpc_reply *reply, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&ended.lock);
    ended.by_code[reply->status.code]++;
    pthread_cond_broadcast(&ended.changed);
    pthread_mutex_unlock(&ended.lock);
    rpc_reply_free(reply);
}

static void begin_call(struct rpc_client *caller, const char *method, const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *descriptor = &orders__v1__order_service__descriptor;
    const struct rpc_request request = {
        .service = descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(descriptor, method),
        .input = input,
    };
    rpc_client_call(caller, &request, count, NULL);
}

static void begin_creates(struct rpc_client *caller, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char id[16];
        Orders__V1__CreateOrderRequest input = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
        snprintf(id, sizeof id, "A-%u", i);
        Orders__V1__Order order = calls_order(id);
        input.order = &order;
        begin_call(caller, "CreateOrder", &input.base);
    }
}

/* In its frame it is small. */
static void begin_batch_of_small_orders(void)
{
    enum { ORDERS = 1000 };
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    Orders__V1__Order order = calls_order("A"), *list[ORDERS];
    for (unsigned i = 0; i < ORDERS; i++)
        list[i] = &order;
    input.n_orders = ORDERS;
    input.orders = list;
    cr_assert_lt(protobuf_c_message_get_packed_size(&input.base), MAX_CALL_BYTES / 32);
    begin_call(client, "BatchCreateOrders", &input.base);
}

/* As many orders as fill more than half of the bytes that may be in hand. */
static void begin_large_batch(const char *prefix)
{
    enum { ORDERS = 700, ID_BYTES = 400, ID_ROOM = ID_BYTES + 32, NAME_ROOM = ID_ROOM + 32 };
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    static Orders__V1__Order orders[ORDERS], *list[ORDERS];
    static char ids[ORDERS][NAME_ROOM], long_id[ID_ROOM];
    for (size_t i = 0; i < ID_BYTES; i += strlen("Þ"))
        strcpy(long_id + i, "Þ");
    for (unsigned i = 0; i < ORDERS; i++) {
        snprintf(ids[i], NAME_ROOM, "%s-%u-%s", prefix, i, long_id);
        orders[i] = calls_order(ids[i]);
        orders[i].customer_id = long_id;
        list[i] = &orders[i];
    }
    input.n_orders = ORDERS;
    input.orders = list;
    cr_assert_gt(protobuf_c_message_get_packed_size(&input.base), MAX_CALL_BYTES / 2);
    begin_call(client, "BatchCreateOrders", &input.base);
}

static void await_at_least(enum status_code code, unsigned n)
{
    pthread_mutex_lock(&ended.lock);
    while (ended.by_code[code] < n)
        pthread_cond_wait(&ended.changed, &ended.lock);
    pthread_mutex_unlock(&ended.lock);
}

static void await(enum status_code code, unsigned n)
{
    await_at_least(code, n);
    pthread_mutex_lock(&ended.lock);
    cr_assert_eq(ended.by_code[code], n, "%u of %s", ended.by_code[code], status_code_name(code));
    pthread_mutex_unlock(&ended.lock);
}

Test(overload, what_is_too_much_is_refused_at_once_and_the_rest_is_done)
{
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    begin_creates(client, MAX_CALLS + 3);
    await(STATUS_RESOURCE_EXHAUSTED, 3); /* while the others wait for the lock */
    free(database_query(database, "COMMIT"));
    await(STATUS_OK, MAX_CALLS);
    char *stored = database_query(database, "SELECT count(*) FROM orders");
    cr_assert_str_eq(stored, "4");
    free(stored);
}

Test(overload, bytes_are_bounded_too)
{
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    begin_large_batch("A");
    begin_large_batch("B");
    await(STATUS_RESOURCE_EXHAUSTED, 1);
    free(database_query(database, "COMMIT"));
    await(STATUS_OK, 1);
    char *stored = database_query(database, "SELECT count(*) FROM orders");
    cr_assert_str_eq(stored, "700");
    free(stored);
}

/* Three are less than the calls that may be in hand, and their frames less than the bytes. */
Test(overload, bytes_are_those_that_calls_take_in_memory)
{
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    for (int i = 0; i < 3; i++)
        begin_batch_of_small_orders();
    await_at_least(STATUS_RESOURCE_EXHAUSTED, 1);
    free(database_query(database, "COMMIT"));
    await_at_least(STATUS_OK, 1);
}

static void expect_health(struct rpc_client *caller)
{
    const ProtobufCServiceDescriptor *health = &rpc__v1__health__descriptor;
    Rpc__V1__HealthCheckRequest check = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const struct rpc_request request = {
        .service = health, .method = &health->methods[0], .input = &check.base};
    struct rpc_reply *reply = rpc_client_call_wait(caller, &request);
    calls_expect(reply, STATUS_OK);
    rpc_reply_free(reply);
}

/* Another connection has its share, and whoever asks for health is answered. */
Test(overload, others_are_served)
{
    struct rpc_client *other = calls_open(service, service->rpc_url);
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    begin_creates(client, MAX_CALLS + 1);
    await(STATUS_RESOURCE_EXHAUSTED, 1);
    struct rpc_reply *reply = calls_get(other, "A-0");
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
    expect_health(client);
    free(database_query(database, "COMMIT"));
    await(STATUS_OK, MAX_CALLS);
    rpc_client_close(other);
}

/* Nor do two callers who both ask for too much leave nobody to say so. */
Test(overload_by_two, each_is_refused_what_is_too_much_and_health_is_answered)
{
    struct rpc_client *second = calls_open(service, service->rpc_url),
                      *third = calls_open(service, service->rpc_url);
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    begin_creates(client, MANY_CALLS + 1);
    await(STATUS_RESOURCE_EXHAUSTED, 1);
    begin_creates(second, 100);
    expect_health(third);
    await_at_least(STATUS_RESOURCE_EXHAUSTED, 1 + 100 - 32);
    expect_health(third);
    free(database_query(database, "COMMIT"));
    rpc_client_close(second);
    rpc_client_close(third);
}
