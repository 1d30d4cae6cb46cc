/* test_client_close.c: closing a client at whatever moment: each call ends once, and what a callback begins
 * meanwhile ends too. */
#include "rpc/client.h"

#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/frame.pb-c.h"

#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALLS = 64, CALLS_REFUSED = 300 };

TestSuite(client_close, .timeout = 240);

/* --- a count to wait for --- */

struct count {
    pthread_mutex_t lock;
    pthread_cond_t more;
    unsigned n; /* guarded by lock */
};

#define COUNT_INIT .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER

static void count_one(struct count *count)
{
    pthread_mutex_lock(&count->lock);
    count->n++;
    pthread_cond_signal(&count->more);
    pthread_mutex_unlock(&count->lock);
}

static unsigned await_count(struct count *count, unsigned n)
{
    pthread_mutex_lock(&count->lock);
    while (count->n < n)
        pthread_cond_wait(&count->more, &count->lock);
    n = count->n;
    pthread_mutex_unlock(&count->lock);
    return n;
}

/* --- a server that answers every request alike --- */

static char server_url[64]; /* ipc, so that a connection closes in the middle of a message now and then */

struct server {
    nng_socket socket;
    Rpc__V1__Code code;
    struct count answered;
    pthread_t thread;
};

static void *answer_all(void *arg)
{
    struct server *server = arg;
    Rpc__V1__Response response = RPC__V1__RESPONSE__INIT;
    uint8_t frame[64];
    nng_msg *message;
    response.code = server->code;
    const size_t size = rpc__v1__response__pack(&response, frame);
    while (nng_recvmsg(server->socket, &message, 0) == 0) {
        nng_msg_clear(message);
        nng_msg_append(message, frame, size);
        if (nng_sendmsg(server->socket, message, 0) != 0)
            nng_msg_free(message);
        count_one(&server->answered);
    }
    return NULL;
}

static void server_start(struct server *server, Rpc__V1__Code code)
{
    snprintf(server_url, sizeof server_url, "ipc:///tmp/test-client-close.%d", (int)getpid());
    *server = (struct server){.code = code, .answered = {COUNT_INIT}};
    cr_assert_eq(nng_rep0_open(&server->socket), 0);
    cr_assert_eq(nng_listen(server->socket, server_url, NULL, 0), 0);
    cr_assert_eq(pthread_create(&server->thread, NULL, answer_all, server), 0);
}

static void server_stop(struct server *server)
{
    nng_close(server->socket);
    pthread_join(server->thread, NULL);
}

/* --- calls --- */

static struct rpc_client *open_client(const char *url, bool retries)
{
    const char *const urls[] = {url, NULL};
    char error[256] = "";
    const struct rpc_client_options options = {
        .urls = urls, .timeout_ms = 60000, .connect_timeout_ms = 60000, .retries = retries};
    struct rpc_client *client = rpc_client_open(&options, error, sizeof error);
    cr_assert_not_null(client, "%s", error);
    return client;
}

static void begin_get(struct rpc_client *client, rpc_done *done, void *arg)
{
    const Orders__V1__GetOrderRequest input = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    rpc_client_call(client,
                    &(struct rpc_request){.service = &orders__v1__order_service__descriptor,
                                          .method = &orders__v1__order_service__descriptor.methods[1],
                                          .input = &input.base},
                    done, arg);
}

/* Calls that follow one another: each begins the next, and the first one that is cancelled a last one. */
struct chain {
    struct rpc_client *client;
    struct count *ended;  /* of all chains */
    unsigned begun, over; /* of this one, whose calls never overlap */
    bool last;
};

static void begin_link(struct chain *chain);

static void end_link(struct rpc_reply *reply, void *arg)
{
    struct chain *chain = arg;
    const bool cancelled = reply->status.code == STATUS_CANCELLED;
    const bool last = chain->last;
    rpc_reply_free(reply);
    chain->over++;
    chain->last |= cancelled;
    count_one(chain->ended);
    if (!last)
        begin_link(chain);
}

static void begin_link(struct chain *chain)
{
    chain->begun++;
    begin_get(chain->client, end_link, chain);
}

Test(client_close, every_call_that_a_callback_begins_ends)
{
    enum { ROUNDS = 30 };
    struct server server;
    server_start(&server, RPC__V1__CODE__NOT_FOUND);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct count ended = {COUNT_INIT};
        struct chain chains[CALLS];
        struct rpc_client *client = open_client(server_url, false);
        for (size_t i = 0; i < CALLS; i++) {
            chains[i] = (struct chain){.client = client, .ended = &ended};
            begin_link(&chains[i]);
        }
        await_count(&ended, CALLS + 37 * round);
        rpc_client_close(client);
        for (size_t i = 0; i < CALLS; i++) {
            cr_assert(chains[i].last);
            cr_assert_eq(chains[i].over, chains[i].begun, "%u calls begun, %u ended", chains[i].begun,
                         chains[i].over);
        }
    }
    server_stop(&server);
}

static void count_cancelled(struct rpc_reply *reply, void *arg)
{
    const bool cancelled = reply->status.code == STATUS_CANCELLED;
    rpc_reply_free(reply);
    if (cancelled)
        count_one(arg);
}

Test(client_close, a_call_that_is_about_to_be_made_again_ends_once)
{
    enum { ROUNDS = 60 };
    struct server server;
    server_start(&server, RPC__V1__CODE__UNAVAILABLE);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct count cancelled = {COUNT_INIT};
        struct rpc_client *client = open_client(server_url, true);
        const unsigned before = await_count(&server.answered, 0);
        for (size_t i = 0; i < CALLS_REFUSED; i++)
            begin_get(client, count_cancelled, &cancelled);
        await_count(&server.answered,
                    before + 1 + 7919 * round % CALLS_REFUSED); /* spread over all of them */
        rpc_client_close(client);
        cr_assert_eq(await_count(&cancelled, 0), CALLS_REFUSED);
    }
    server_stop(&server);
}

Test(client_close, a_call_that_waits_for_a_server_is_cancelled)
{
    struct count cancelled = {COUNT_INIT};
    struct rpc_client *client = open_client("ipc:///tmp/no-such-socket", false);
    begin_get(client, count_cancelled, &cancelled);
    rpc_client_close(client);
    cr_assert_eq(await_count(&cancelled, 0), 1);
}
