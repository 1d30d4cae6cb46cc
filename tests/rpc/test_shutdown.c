/* test_shutdown.c: SIGTERM under traffic: what is in hand is answered, what comes later is not begun. */
#include "calls.h"

#include "../http/client.h"
#include "support/database.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(shutdown, .timeout = 120);

enum { CALLERS = 8 };

/* Callers that create orders one after another until they are told to stop, and remember what was
 * acknowledged. */
struct traffic {
    struct rpc_client *client;
    atomic_bool stop;
    atomic_uint acknowledged;
    atomic_uint refused; /* for another reason than that the service is gone */
    atomic_uint next;
    pthread_mutex_t lock;
    pthread_cond_t flowing; /* enough was acknowledged to call it traffic */
};

static void *create_orders(void *arg)
{
    struct traffic *traffic = arg;
    while (!atomic_load(&traffic->stop)) {
        char id[32];
        snprintf(id, sizeof id, "ORD-%u", atomic_fetch_add(&traffic->next, 1));
        Orders__V1__Order order = calls_order(id);
        struct rpc_reply *reply = calls_create(traffic->client, &order);
        if (reply->status.code == STATUS_OK && atomic_fetch_add(&traffic->acknowledged, 1) == 500) {
            pthread_mutex_lock(&traffic->lock);
            pthread_cond_signal(&traffic->flowing);
            pthread_mutex_unlock(&traffic->lock);
        }
        if (reply->status.code != STATUS_OK && reply->status.code != STATUS_UNAVAILABLE &&
            reply->status.code != STATUS_DEADLINE_EXCEEDED)
            atomic_fetch_add(&traffic->refused, 1);
        rpc_reply_free(reply);
    }
    return NULL;
}

Test(shutdown, what_was_acknowledged_is_there_and_nothing_in_hand_is_dropped)
{
    char *database_url = database_create();
    struct service *service =
        service_start(&(struct service_options){.database_url = database_url, .without_http = true});
    const char *const urls[] = {service->rpc_url, NULL};
    const struct rpc_client_options options = {
        .urls = urls, .api_key = service->api_key, .timeout_ms = 5000, .connect_timeout_ms = 1000};
    char error[256];
    struct traffic traffic = {.client = rpc_client_open(&options, error, sizeof error),
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .flowing = PTHREAD_COND_INITIALIZER};
    pthread_t callers[CALLERS];
    pthread_mutex_lock(&traffic.lock);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_create(&callers[i], NULL, create_orders, &traffic);
    pthread_cond_wait(&traffic.flowing, &traffic.lock);
    pthread_mutex_unlock(&traffic.lock);

    cr_assert_eq(service_stop(service), 0);
    atomic_store(&traffic.stop, true);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    rpc_client_close(traffic.client);

    PGconn *database = database_connect(database_url);
    char *stored = database_query(database, "SELECT count(*) FROM orders");
    cr_assert_eq((unsigned)atoi(stored), atomic_load(&traffic.acknowledged),
                 "%s stored, %u acknowledged: a call was begun and not answered", stored,
                 atomic_load(&traffic.acknowledged));
    cr_assert_eq(atomic_load(&traffic.refused), 0);
    free(stored);
    PQfinish(database);
    database_drop(database_url);
}

Test(shutdown, an_idle_service_ends_at_once)
{
    struct service *service = service_start(NULL);
    cr_assert_eq(service_stop(service), 0);
}

static void await_lock(PGconn *database)
{
    while (database_blocked(database) == 0)
        continue;
}

static void ignore(struct rpc_reply *reply, void *arg)
{
    (void)arg;
    rpc_reply_free(reply);
}

Test(shutdown, a_call_that_outlives_the_drain_harms_nothing)
{
    char *database_url = database_create(), *patient_url = NULL;
    cr_assert(asprintf(&patient_url, "%s options='-c lock_timeout=60s -c statement_timeout=60s'",
                       database_url) > 0);
    struct service *service =
        service_start(&(struct service_options){.database_url = patient_url, .without_http = true});
    struct rpc_client *client = calls_open(service, service->rpc_url);
    PGconn *database = database_connect(database_url);
    Orders__V1__Order order = calls_order("ORD-1");
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    request.order = &order;
    free(database_query(database, "BEGIN; LOCK TABLE orders"));
    rpc_client_call(client,
                    &(struct rpc_request){.service = &orders__v1__order_service__descriptor,
                                          .method = &orders__v1__order_service__descriptor.methods[0],
                                          .input = &request.base,
                                          .timeout_ms = 120000},
                    ignore, NULL);
    await_lock(database);
    cr_assert_eq(service_stop(service), 0);
    rpc_client_close(client);
    PQfinish(database);
    free(patient_url);
    database_drop(database_url);
}

/* As long as its RPC address takes connections. */
static void await_refusal(const struct service *service)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)atoi(strrchr(service->rpc_url, ':') + 1)),
    };
    for (bool refused = false; !refused;) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        refused = connect(fd, (const struct sockaddr *)&address, sizeof address) != 0;
        close(fd);
    }
}

Test(shutdown, a_call_over_http_does_not_keep_rpc_open)
{
    char *database_url = database_create(), request[512], answered;
    struct service *service = service_start(&(struct service_options){.database_url = database_url});
    PGconn *database = database_connect(database_url);
    free(database_query(database, "BEGIN; LOCK TABLE orders"));
    const int fd = http_connect(service->http_port);
    static const char body[] =
        "{\"order_id\":\"ORD-1\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\"}";
    snprintf(request, sizeof request,
             "POST /orders/ HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
             service->api_key, sizeof body - 1, body);
    http_send_text(fd, request);
    await_lock(database);

    kill(service->pid, SIGTERM);
    await_refusal(service);
    cr_expect_eq(recv(fd, &answered, 1, MSG_PEEK | MSG_DONTWAIT), -1, "RPC waited for HTTP's calls");
    free(database_query(database, "COMMIT"));
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 201, "%s", reply.body);
    http_free(&reply);
    close(fd);
    cr_assert_eq(service_wait(service), 0);
    PQfinish(database);
    database_drop(database_url);
}

Test(shutdown, SIGINT_is_the_same)
{
    struct service *service = service_start(NULL);
    kill(service->pid, SIGINT);
    cr_assert_eq(service_wait(service), 0);
}
