/* test_overload.c: more calls than the service takes: what is refused, and what is not. */
#include "calls.h"

#include "rpc/v1/health.pb-c.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CALLS = 4 };

static char *database_url;
static PGconn *database;
static struct service *service;
static struct rpc_client *client;

static void set_up(void)
{
    static const char *const environment[] = {"ORDERS_MAX_CALLS=4", "ORDERS_MAX_CALL_BYTES=1048576", NULL};
    database_url = database_create();
    database = database_connect(database_url);
    service = service_start(&(struct service_options){
        .database_url = database_url, .without_http = true, .environment = environment});
    client = calls_open(service, service->rpc_url);
}

static void tear_down(void)
{
    rpc_client_close(client);
    service_stop_clean(service);
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(overload, .init = set_up, .fini = tear_down, .timeout = 120);

/* Creations under way. */
struct crowd {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned ended[STATUS_CODES]; /* guarded by lock */
};

static struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void count(struct rpc_reply *reply, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&crowd.lock);
    crowd.ended[reply->status.code]++;
    pthread_cond_broadcast(&crowd.changed);
    pthread_mutex_unlock(&crowd.lock);
    rpc_reply_free(reply);
}

static void begin_create(const char *order_id, char *customer_id)
{
    const ProtobufCServiceDescriptor *descriptor = &orders__v1__order_service__descriptor;
    Orders__V1__Order order = calls_order(order_id);
    Orders__V1__CreateOrderRequest input = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    order.customer_id = customer_id;
    input.order = &order;
    const struct rpc_request request = {
        .service = descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(descriptor, "CreateOrder"),
        .input = &input.base,
    };
    rpc_client_call(client, &request, count, NULL);
}

static void begin_creates(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char id[16];
        snprintf(id, sizeof id, "A-%u", i);
        begin_create(id, "C");
    }
}

static void await(enum status_code code, unsigned n)
{
    pthread_mutex_lock(&crowd.lock);
    while (crowd.ended[code] < n)
        pthread_cond_wait(&crowd.changed, &crowd.lock);
    cr_assert_eq(crowd.ended[code], n, "%u of %s", crowd.ended[code], status_code_name(code));
    pthread_mutex_unlock(&crowd.lock);
}

Test(overload, what_is_too_much_is_refused_at_once_and_the_rest_is_done)
{
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    begin_creates(MAX_CALLS + 3);
    await(STATUS_RESOURCE_EXHAUSTED, 3); /* while the others wait for the lock */
    free(database_query(database, "COMMIT"));
    await(STATUS_OK, MAX_CALLS);
    char *stored = database_query(database, "SELECT count(*) FROM orders");
    cr_assert_str_eq(stored, "4");
    free(stored);
}

Test(overload, bytes_are_bounded_too)
{
    char *long_id = calloc(1, 600 << 10);
    memset(long_id, 'x', (600 << 10) - 1); /* a rule refuses it, but not before it was read */
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    begin_creates(1);
    begin_create("B", long_id);
    await(STATUS_INVALID_ARGUMENT, 1);
    free(database_query(database, "COMMIT"));
    await(STATUS_OK, 1);
    free(long_id);
}

/* Another connection has its share, and whoever asks for health is answered. */
Test(overload, others_are_served)
{
    struct rpc_client *other = calls_open(service, service->rpc_url);
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE MODE"));
    begin_creates(MAX_CALLS + 1);
    await(STATUS_RESOURCE_EXHAUSTED, 1);
    struct rpc_reply *reply = calls_get(other, "A-0");
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
    const ProtobufCServiceDescriptor *health = &rpc__v1__health__descriptor;
    Rpc__V1__HealthCheckRequest check = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const struct rpc_request request = {
        .service = health, .method = &health->methods[0], .input = &check.base};
    reply = rpc_client_call_wait(client, &request);
    calls_expect(reply, STATUS_OK);
    rpc_reply_free(reply);
    free(database_query(database, "COMMIT"));
    await(STATUS_OK, MAX_CALLS);
    rpc_client_close(other);
}
