/* test_restart.c: servers that go and come: a client of two sees no error, and every call has its effect
 * once. */
#include "calls.h"

#include "support/database.h"
#include "support/rpc_peer.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CALLERS = 8,
    GETS = 100,
    RESTARTS = 10,
    CALLS_BETWEEN = 200, /* answered before the next restart */
};

TestSuite(restart, .timeout = 240);

static struct rpc_reply *create_through(struct rpc_client *client, const char *order_id)
{
    Orders__V1__Order order = calls_order(order_id);
    return calls_create(client, &order);
}

/* --- one server, one call --- */

struct lone_call {
    struct rpc_client *client;
    struct rpc_reply *reply;
};

static void *make_lone_call(void *arg)
{
    struct lone_call *lone = arg;
    lone->reply = create_through(lone->client, "A-1");
    return NULL;
}

static struct rpc_client *open_client(const char *const urls[], const char *api_key, uint32_t timeout_ms)
{
    char error[256] = "";
    const struct rpc_client_options options = {
        .urls = urls, .api_key = api_key, .timeout_ms = timeout_ms, .connect_timeout_ms = 5000};
    struct rpc_client *client = rpc_client_open(&options, error, sizeof error);
    cr_assert_not_null(client, "%s", error);
    return client;
}

Test(restart, a_call_whose_connection_closed_is_sent_again_as_the_same)
{
    enum { PASSES_MS = 50 }; /* of the call's time, while its first server has it */
    static const struct timespec passes = {.tv_nsec = PASSES_MS * 1000000L};
    struct rpc_peer peer;
    struct lone_call lone = {0};
    pthread_t caller;
    rpc_peer_open(&peer);
    const char *const urls[] = {peer.url, NULL};
    lone.client = open_client(urls, "key", 20000);
    pthread_create(&caller, NULL, make_lone_call, &lone);
    Rpc__V1__Request *first = rpc_peer_take(&peer);
    nanosleep(&passes, NULL);
    close(peer.fd);
    peer.fd = -1;
    Rpc__V1__Request *second = rpc_peer_take(&peer);
    rpc_peer_answer(&peer, RPC__V1__CODE__ALREADY_EXISTS, "once");
    pthread_join(caller, NULL);
    calls_expect(lone.reply, STATUS_ALREADY_EXISTS);
    cr_assert_str_eq(second->request_id, first->request_id);
    cr_assert_str_eq(lone.reply->request_id, first->request_id);
    cr_assert_eq(second->payload.len, first->payload.len);
    cr_assert_leq(first->timeout_ms, 20000);
    cr_assert_leq(second->timeout_ms, first->timeout_ms - PASSES_MS, "what is left of the time");
    rpc__v1__request__free_unpacked(first, NULL);
    rpc__v1__request__free_unpacked(second, NULL);
    rpc_reply_free(lone.reply);
    rpc_client_close(lone.client);
    rpc_peer_close(&peer);
}

/* A request that its server does not survive is not sent for ever. */
Test(restart, a_call_that_always_loses_its_connection_fails)
{
    struct rpc_peer peer;
    struct lone_call lone = {0};
    pthread_t caller;
    unsigned taken = 0;
    rpc_peer_open(&peer);
    const char *const urls[] = {peer.url, NULL};
    lone.client = open_client(urls, "key", 60000);
    pthread_create(&caller, NULL, make_lone_call, &lone);
    for (; taken < 9; taken++) {
        rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
        close(peer.fd);
        peer.fd = -1;
    }
    pthread_join(caller, NULL);
    calls_expect(lone.reply, STATUS_UNAVAILABLE);
    rpc_reply_free(lone.reply);
    rpc_client_close(lone.client);
    rpc_peer_close(&peer);
}

/* --- two servers in turn --- */

struct traffic {
    struct rpc_client *client;
    atomic_bool stop;
    atomic_uint next;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned answered; /* guarded by lock */
    unsigned failed;   /* guarded by lock */
    char why[256];     /* guarded by lock */
};

static void *create_orders(void *arg)
{
    struct traffic *traffic = arg;
    while (!atomic_load(&traffic->stop)) {
        char id[32];
        snprintf(id, sizeof id, "ORD-%u", atomic_fetch_add(&traffic->next, 1));
        struct rpc_reply *reply = create_through(traffic->client, id);
        pthread_mutex_lock(&traffic->lock);
        traffic->answered++;
        if (reply->status.code != STATUS_OK) {
            traffic->failed++;
            snprintf(traffic->why, sizeof traffic->why, "%s: %s", status_code_name(reply->status.code),
                     reply->status.message);
        }
        pthread_cond_signal(&traffic->changed);
        pthread_mutex_unlock(&traffic->lock);
        rpc_reply_free(reply);
    }
    return NULL;
}

static void await_calls(struct traffic *traffic, unsigned n)
{
    pthread_mutex_lock(&traffic->lock);
    for (unsigned until = traffic->answered + n; traffic->answered < until;)
        pthread_cond_wait(&traffic->changed, &traffic->lock);
    pthread_mutex_unlock(&traffic->lock);
}

static struct service *start_on(const char *database_url, const char *rpc_url)
{
    char *listen;
    cr_assert_gt(asprintf(&listen, "ORDERS_LISTEN=%s", rpc_url), 0);
    const char *const environment[] = {listen, NULL};
    struct service *service = service_start(&(struct service_options){
        .database_url = database_url, .environment = environment, .without_http = true});
    free(listen);
    return service;
}

Test(restart, ten_rolling_restarts_under_load_and_no_error)
{
    char *database_url = database_create();
    struct service *services[2];
    char addresses[2][256];
    for (int i = 0; i < 2; i++) {
        services[i] = start_on(database_url, "tcp://127.0.0.1:0");
        strcpy(addresses[i], services[i]->rpc_url);
    }
    const char *const urls[] = {addresses[0], addresses[1], NULL};
    struct traffic traffic = {.client = open_client(urls, services[0]->api_key, 30000),
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    pthread_t callers[CALLERS];
    for (size_t i = 0; i < CALLERS; i++)
        pthread_create(&callers[i], NULL, create_orders, &traffic);

    for (int i = 0; i < RESTARTS; i++) {
        await_calls(&traffic, CALLS_BETWEEN);
        cr_assert_eq(service_stop(services[i % 2]), 0);
        await_calls(&traffic, CALLS_BETWEEN); /* the other one takes over */
        services[i % 2] = start_on(database_url, addresses[i % 2]);
    }
    atomic_store(&traffic.stop, true);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    rpc_client_close(traffic.client);
    cr_assert_eq(traffic.failed, 0, "%u of %u failed: %s", traffic.failed, traffic.answered, traffic.why);

    PGconn *database = database_connect(database_url);
    char *stored = database_query(database, "SELECT count(*) FROM orders");
    cr_assert_eq((unsigned)atoi(stored), traffic.answered, "%s stored, %u acknowledged", stored,
                 traffic.answered);
    free(stored);
    PQfinish(database);
    for (int i = 0; i < 2; i++)
        service_stop_clean(services[i]);
    database_drop(database_url);
}

/* --- one of two that has a call in hand which does not end --- */

static void *make_update(void *arg)
{
    struct lone_call *lone = arg;
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *path = "total_amount";
    Orders__V1__Order order = calls_order("A-1");
    mask.n_paths = 1;
    mask.paths = &path;
    request.order = &order;
    request.update_mask = &mask;
    lone->reply = calls_make(lone->client, "UpdateOrder", &request.base);
    return NULL;
}

static void expect_gets(struct rpc_client *client)
{
    for (int i = 0; i < GETS; i++) {
        struct rpc_reply *reply = calls_get(client, "A-1");
        calls_expect(reply, STATUS_OK);
        rpc_reply_free(reply);
    }
}

static void await_log(const struct service *service, const char *text)
{
    char *log = service_log(service);
    while (strstr(log, text) == NULL) {
        free(log);
        sched_yield();
        log = service_log(service);
    }
    free(log);
}

/* It would drain for longer than the other calls have time. */
Test(restart, a_server_that_waits_for_a_call_swallows_no_other)
{
    char *database_url = database_create(), *patient_url = NULL;
    cr_assert_gt(
        asprintf(&patient_url, "%s options='-c lock_timeout=60s -c statement_timeout=60s'", database_url), 0);
    PGconn *database = database_connect(database_url);
    struct service *other = start_on(database_url, "tcp://127.0.0.1:0"),
                   *ending = start_on(patient_url, "tcp://127.0.0.1:0");
    const char *const urls[] = {ending->rpc_url, other->rpc_url, NULL}, *const alone[] = {urls[0], NULL};
    struct lone_call stuck = {.client = open_client(alone, ending->api_key, 100000)};
    struct rpc_client *early = open_client(urls, ending->api_key, 20000);
    pthread_t caller;

    rpc_reply_free(create_through(stuck.client, "A-1"));
    free(database_query(database, "BEGIN; LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"));
    pthread_create(&caller, NULL, make_update, &stuck);
    while (database_blocked(database) == 0)
        sched_yield();
    expect_gets(early);
    kill(ending->pid, SIGTERM);
    await_log(ending, "stopping");
    expect_gets(early);
    struct rpc_client *late = open_client(urls, ending->api_key, 20000);
    expect_gets(late);

    free(database_query(database, "COMMIT"));
    pthread_join(caller, NULL);
    calls_expect(stuck.reply, STATUS_OK);
    cr_assert_eq(service_wait(ending), 0);
    expect_gets(late);
    rpc_reply_free(stuck.reply);
    rpc_client_close(stuck.client);
    rpc_client_close(early);
    rpc_client_close(late);
    PQfinish(database);
    service_stop_clean(other);
    free(patient_url);
    database_drop(database_url);
}
