/* client.c: each call under way has an exchange: an nng context, an aio and a reply being made. An exchange
 * is kept for the next call when it ended, so that a busy client allocates nothing but replies. */
#include "rpc/client.h"

#include "base/time.h"
#include "rpc/frame.h"
#include "rpc/request.h"
#include "rpc/servers.h"
#include "rpc/v1/health.pb-c.h"

#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>
#include <nng/transport/tcp/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_CONNECT_TIMEOUT_MS = 2000,
    RECONNECT_MIN_MS = 20,
    RECONNECT_MAX_MS = 1000,
    /* The server answers a call whose deadline passes; give that answer the time to arrive. */
    DEADLINE_GRACE_MS = 200,
    /* Before a call is sent again to a server that is overloaded, or that has closed its connection more than
     * once: twice as long each time. */
    BACKOFF_MIN_MS = 20,
    BACKOFF_MAX_MS = 1000,
    MOST_DOUBLINGS = 6, /* by then it has that */
    /* With several servers: how often it is looked for one that hangs, and what part of a call's time is let
     * pass before its server is asked whether it lives, and again before it answers that. */
    WATCH_MS = 50,
    PATIENCE_PARTS = 4,
    LONGEST_WAIT_MS = 1 << 30, /* nng counts milliseconds in 31 bits */
    /* An answer is as large as what was asked for: 1,000 orders, or one row a day and currency. */
    REPLY_MAX_BYTES = 64 << 20,
};

struct exchange {
    struct rpc_client *client;
    struct exchange *next_free; /* guarded by the client's lock */
    struct exchange *next_made;
    nng_ctx context;
    nng_aio *aio;
    nng_msg *request; /* owned: what is sent is a copy, in case it is to be sent again */
    nng_aio *pause; /* the wait before it is sent again. An aio of its own, as one that nng 1.5.2 has slept on
                       no longer times out with an error */
    bool sending;   /* or receiving */
    unsigned resends;
    unsigned retries;
    uint64_t deadline_ns;
    atomic_uint_least64_t patience_ns; /* read by watch() too, as is: */
    atomic_uint_least64_t overdue_ns;  /* when the answer has taken that; UINT64_MAX: none is waited for */

    struct rpc_reply *reply;
    rpc_done *done;
    void *arg;
};

struct rpc_client {
    nng_socket socket;
    char *api_key; /* owned; may be NULL */
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms;
    bool retries;
    struct servers *servers; /* owned */
    nng_aio *watch; /* owned; wakes up to look for servers that hang; NULL: there is one, and no choice */

    pthread_mutex_t lock; /* guards all below */
    struct exchange *free;
    struct exchange *made; /* all of them, owned */
    bool closing;          /* no call is begun any more */
};

/* --- forks --- */

/* nng's threads stay with the process that opened the first client: 0 as long as there is none. In one that
 * was forked from it nng would end the process, and a call would have nobody to receive its answer. */
static _Atomic(pid_t) home;

static const char of_another_process[] = "This process was forked from one that has opened a client";

static bool is_forked(void)
{
    const pid_t process = getpid();
    pid_t first = 0;
    return !atomic_compare_exchange_strong(&home, &first, process) && first != process;
}

/* --- how a call ends --- */

/* Keeps an exchange for the next call. */
static void give_back(struct exchange *exchange)
{
    struct rpc_client *client = exchange->client;
    nng_msg_free(exchange->request);
    exchange->request = NULL;
    exchange->reply = NULL;
    pthread_mutex_lock(&client->lock);
    exchange->next_free = client->free;
    client->free = exchange;
    pthread_mutex_unlock(&client->lock);
}

static void finish(struct exchange *exchange)
{
    struct rpc_reply *reply = exchange->reply;
    rpc_done *done = exchange->done;
    void *arg = exchange->arg;

    give_back(exchange);
    done(reply, arg);
}

static void finish_with_error(struct exchange *exchange, int error)
{
    struct rpc_reply *reply = exchange->reply;
    bool connected = servers_any(exchange->client->servers);

    reply->unsent = exchange->sending && exchange->resends == 0 && exchange->retries == 0;
    if (error == NNG_ETIMEDOUT && connected)
        status_set(&reply->status, &reply->arena, STATUS_DEADLINE_EXCEEDED, "No answer before the deadline");
    else if (error == NNG_ETIMEDOUT)
        status_set(&reply->status, &reply->arena, STATUS_UNAVAILABLE, "No server within reach");
    else if (error == NNG_ECLOSED || error == NNG_ECANCELED)
        status_set(&reply->status, &reply->arena, STATUS_CANCELLED, "The client was closed");
    else if (error == NNG_ENOMEM)
        status_set(&reply->status, &reply->arena, STATUS_RESOURCE_EXHAUSTED, "No memory for the call");
    else
        status_set(&reply->status, &reply->arena, STATUS_UNAVAILABLE, "%s", nng_strerror(error));
    finish(exchange);
}

/* --- how a call goes --- */

static nng_duration left_ms(uint64_t deadline_ns)
{
    uint64_t now_ns = time_monotonic_ns();
    uint64_t left = deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS + 1 : 1;
    return left < LONGEST_WAIT_MS ? (nng_duration)left : LONGEST_WAIT_MS;
}

/* Sends the request, to whichever server is connected. The send ends when one takes it: until then it is the
 * connecting that takes time. */
static void send_request(struct exchange *exchange)
{
    const nng_duration connect_ms = (nng_duration)exchange->client->connect_timeout_ms;
    const nng_duration call_ms = left_ms(exchange->deadline_ns);
    nng_msg *out;
    exchange->sending = true;
    if (nng_msg_dup(&out, exchange->request) != 0) {
        finish_with_error(exchange, NNG_ENOMEM);
        return;
    }
    request_set_timeout(out, (uint32_t)call_ms);
    nng_aio_set_timeout(exchange->aio, call_ms < connect_ms ? call_ms : connect_ms);
    nng_aio_set_msg(exchange->aio, out);
    nng_ctx_send(exchange->context, exchange->aio);
}

/* Whether a call is sent again. One whose connection closed: a read changes nothing, and a write that was
 * made has left its answer under the request_id. And one that no server took so far, though one is connected:
 * what others have sent keeps its connection busy. */
static bool resends(struct exchange *exchange, int error)
{
    const bool lost = error == NNG_ECONNRESET && !exchange->sending;
    const bool busy = error == NNG_ETIMEDOUT && exchange->sending && servers_any(exchange->client->servers);
    return (lost || busy) && time_monotonic_ns() < exchange->deadline_ns;
}

/* How long to wait. Half of that is chance, so that callers who were refused together do not come again
 * together. */
static nng_duration backoff_ms(unsigned doublings)
{
    const unsigned doubled_ms = (unsigned)BACKOFF_MIN_MS
                                << (doublings < MOST_DOUBLINGS ? doublings : MOST_DOUBLINGS);
    const unsigned longest_ms = doubled_ms < BACKOFF_MAX_MS ? doubled_ms : BACKOFF_MAX_MS;
    return (nng_duration)(longest_ms / 2 + nng_random() % (longest_ms / 2 + 1));
}

/* What no server took goes at once, and so does what was lost, the first time: a server that goes away closes
 * its connections. */
static void send_again(struct exchange *exchange)
{
    if (exchange->sending || exchange->resends++ == 0)
        send_request(exchange);
    else
        nng_sleep_aio(backoff_ms(exchange->resends - 2), exchange->pause);
}

/* Whether a call that was answered is made again, and how long it waits before. */
static bool retries(struct exchange *exchange, nng_duration *wait_ms)
{
    const enum status_code code = exchange->reply->status.code;
    if (!exchange->client->retries || (code != STATUS_UNAVAILABLE && code != STATUS_RESOURCE_EXHAUSTED))
        return false;
    *wait_ms = backoff_ms(exchange->retries++);
    return time_monotonic_ns() + (uint64_t)*wait_ms * NS_PER_MS < exchange->deadline_ns;
}

static void receive_reply(struct exchange *exchange)
{
    exchange->sending = false;
    if (exchange->client->watch != NULL)
        atomic_store(&exchange->overdue_ns, time_monotonic_ns() + exchange->patience_ns);
    nng_aio_set_timeout(exchange->aio, left_ms(exchange->deadline_ns) + DEADLINE_GRACE_MS);
    nng_ctx_recv(exchange->context, exchange->aio);
}

static void end_pause(void *arg)
{
    struct exchange *exchange = arg;
    int error = nng_aio_result(exchange->pause);
    if (error != 0)
        finish_with_error(exchange, error);
    else
        send_request(exchange);
}

static void take_reply(struct exchange *exchange, nng_msg *in)
{
    nng_duration wait_ms;
    if (exchange->client->watch != NULL)
        servers_hear(exchange->client->servers, (uint32_t)nng_pipe_id(nng_msg_get_pipe(in)),
                     time_monotonic_ns());
    rpc_reply_read(exchange->reply, nng_msg_body(in), nng_msg_len(in));
    nng_msg_free(in);
    if (!retries(exchange, &wait_ms)) {
        finish(exchange);
        return;
    }
    exchange->reply->status = STATUS_INIT;
    nng_sleep_aio(wait_ms, exchange->pause);
}

/* A context's send or receive ended. */
static void advance(void *arg)
{
    struct exchange *exchange = arg;
    int error = nng_aio_result(exchange->aio);

    atomic_store(&exchange->overdue_ns, UINT64_MAX);
    if (error != 0) {
        if (exchange->sending)
            nng_msg_free(nng_aio_get_msg(exchange->aio));
        if (resends(exchange, error))
            send_again(exchange);
        else
            finish_with_error(exchange, error);
    } else if (exchange->sending) {
        receive_reply(exchange);
    } else {
        take_reply(exchange, nng_aio_get_msg(exchange->aio));
    }
}

static void free_exchange(struct exchange *exchange)
{
    nng_aio_free(exchange->pause);
    nng_aio_free(exchange->aio);
    free(exchange);
}

static struct exchange *make_exchange(struct rpc_client *client)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    if (nng_aio_alloc(&exchange->aio, advance, exchange) != 0 ||
        nng_aio_alloc(&exchange->pause, end_pause, exchange) != 0 ||
        nng_ctx_open(&exchange->context, client->socket) != 0) {
        free_exchange(exchange);
        return NULL;
    }
    exchange->client = client;
    atomic_init(&exchange->overdue_ns, UINT64_MAX);
    exchange->next_made = client->made;
    client->made = exchange;
    return exchange;
}

/* One that carries no call. NULL: the reply says why. It is made under the lock, so that a client that closes
 * knows all there are. */
static struct exchange *take_exchange(struct rpc_client *client, struct rpc_reply *reply)
{
    struct exchange *exchange = NULL;
    pthread_mutex_lock(&client->lock);
    const bool closing = client->closing;
    if (!closing && client->free != NULL) {
        exchange = client->free;
        client->free = exchange->next_free;
    } else if (!closing) {
        exchange = make_exchange(client);
    }
    pthread_mutex_unlock(&client->lock);
    if (closing)
        status_set(&reply->status, &reply->arena, STATUS_CANCELLED, "The client was closed");
    else if (exchange == NULL)
        status_set(&reply->status, &reply->arena, STATUS_RESOURCE_EXHAUSTED, "No memory for a further call");
    return exchange;
}

void rpc_client_call(struct rpc_client *client, const struct rpc_request *request, rpc_done *done, void *arg)
{
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : client->timeout_ms;
    struct rpc_reply *reply = rpc_reply_new(request->method->output, request->request_id);
    nng_msg *packed = NULL;
    struct exchange *exchange = NULL;
    if (reply->status.code == STATUS_OK && is_forked())
        status_set(&reply->status, &reply->arena, STATUS_FAILED_PRECONDITION, "%s", of_another_process);
    if (reply->status.code == STATUS_OK)
        packed = request_pack(request, client->api_key, reply);
    if (packed != NULL)
        exchange = take_exchange(client, reply);
    if (exchange == NULL) {
        nng_msg_free(packed);
        done(reply, arg);
        return;
    }
    exchange->reply = reply;
    exchange->done = done;
    exchange->arg = arg;
    exchange->deadline_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    exchange->patience_ns = (uint64_t)timeout_ms * NS_PER_MS / PATIENCE_PARTS;
    exchange->request = packed;
    exchange->resends = 0;
    exchange->retries = 0;
    send_request(exchange);
}

/* --- servers that hang --- */

static void drop_reply(struct rpc_reply *reply, void *arg)
{
    (void)arg;
    rpc_reply_free(reply);
}

static void ask_servers(struct rpc_client *client, size_t questions)
{
    const Rpc__V1__HealthCheckRequest check = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const struct rpc_request request = {
        .service = &rpc__v1__health__descriptor,
        .method = &rpc__v1__health__descriptor.methods[0],
        .input = &check.base,
        .timeout_ms = FRAME_DEFAULT_TIMEOUT_MS,
    };
    while (questions-- > 0)
        rpc_client_call(client, &request, drop_reply, NULL);
}

/* How much time the least patient of the calls whose answers are overdue gives a server; 0: none is. */
static uint64_t find_overdue(struct rpc_client *client, uint64_t now_ns)
{
    uint64_t least_ns = UINT64_MAX;
    pthread_mutex_lock(&client->lock);
    for (struct exchange *exchange = client->made; exchange != NULL; exchange = exchange->next_made) {
        const bool overdue = atomic_load(&exchange->overdue_ns) <= now_ns;
        const uint64_t patience_ns = atomic_load(&exchange->patience_ns);
        if (overdue && patience_ns < least_ns)
            least_ns = patience_ns;
    }
    pthread_mutex_unlock(&client->lock);
    return least_ns != UINT64_MAX ? least_ns : 0;
}

static void watch(void *arg)
{
    struct rpc_client *client = arg;
    const uint64_t now_ns = time_monotonic_ns();
    if (nng_aio_result(client->watch) != 0)
        return;
    ask_servers(client, servers_overdue(client->servers, find_overdue(client, now_ns), now_ns));
    for (uint32_t pipe; (pipe = servers_take_hanging(client->servers, now_ns)) != 0;)
        nng_pipe_close((nng_pipe){.id = pipe});
    nng_sleep_aio(WATCH_MS, client->watch);
}

/* False: no memory. */
static bool watch_servers(struct rpc_client *client, const char *const *urls)
{
    size_t n = 0;
    while (urls[n] != NULL)
        n++;
    client->servers = servers_new(n);
    if (client->servers == NULL || (n > 1 && nng_aio_alloc(&client->watch, watch, client) != 0))
        return false;
    if (client->watch != NULL)
        nng_sleep_aio(WATCH_MS, client->watch);
    return true;
}

/* --- opening and closing --- */

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_client *client = arg;
    const uint32_t id = (uint32_t)nng_pipe_id(pipe);
    if (event == NNG_PIPE_EV_ADD_PRE)
        servers_add(client->servers, id, time_monotonic_ns());
    else
        servers_remove(client->servers, id);
}

/* An errno value; 0: it dials them all. */
static int dial(struct rpc_client *client, const char *const *urls, char *error, size_t error_size)
{
    for (size_t i = 0; urls[i] != NULL; i++) {
        int failed = nng_dial(client->socket, urls[i], NULL, NNG_FLAG_NONBLOCK);
        if (failed != 0) {
            snprintf(error, error_size, "cannot connect to %s: %s", urls[i], nng_strerror(failed));
            return failed == NNG_ENOMEM ? ENOMEM : EINVAL;
        }
    }
    return 0;
}

/* Takes the key. False: no memory. */
static bool keep_key(struct rpc_client *client, const char *api_key)
{
    client->api_key = api_key != NULL ? strdup(api_key) : NULL;
    return api_key == NULL || client->api_key != NULL;
}

struct rpc_client *rpc_client_open(const struct rpc_client_options *options, char *error, size_t error_size)
{
    if (options->urls == NULL || options->urls[0] == NULL) {
        snprintf(error, error_size, "no server to connect to is named");
        errno = EINVAL;
        return NULL;
    }
    if (is_forked()) {
        snprintf(error, error_size, "%s", of_another_process);
        errno = ENOTSUP;
        return NULL;
    }
    struct rpc_client *client = calloc(1, sizeof *client);
    int failed = client == NULL ? NNG_ENOMEM : nng_req0_open(&client->socket);
    if (failed != 0) {
        snprintf(error, error_size, "cannot open a socket: %s", nng_strerror(failed));
        free(client);
        errno = ENOMEM;
        return NULL;
    }
    pthread_mutex_init(&client->lock, NULL);
    client->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : FRAME_DEFAULT_TIMEOUT_MS;
    client->connect_timeout_ms =
        options->connect_timeout_ms != 0 ? options->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
    if (client->connect_timeout_ms > LONGEST_WAIT_MS)
        client->connect_timeout_ms = LONGEST_WAIT_MS;
    client->retries = options->retries;

    nng_socket_set_size(client->socket, NNG_OPT_RECVMAXSZ, REPLY_MAX_BYTES);
    nng_socket_set_ms(client->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    nng_socket_set_ms(client->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    /* nng's own resending is off: it would wait for ever for a server to come back. See resends(). */
    nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_pipe_notify(client->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, client);
    nng_pipe_notify(client->socket, NNG_PIPE_EV_REM_POST, on_pipe, client);
    nng_socket_set_bool(client->socket, NNG_OPT_TCP_KEEPALIVE, true);
    if (!keep_key(client, options->api_key) || !watch_servers(client, options->urls)) {
        snprintf(error, error_size, "no memory for a client");
        failed = ENOMEM;
    } else {
        failed = dial(client, options->urls, error, error_size);
    }
    if (failed != 0) {
        rpc_client_close(client);
        errno = failed;
        return NULL;
    }
    return client;
}

/* Ends what the exchanges do, and waits for the callbacks of that. */
static void stop_exchanges(struct rpc_client *client)
{
    for (struct exchange *exchange = client->made; exchange != NULL; exchange = exchange->next_made) {
        nng_aio_stop(exchange->pause);
        nng_aio_stop(exchange->aio);
    }
}

/* Ends a call whose last step began on an aio that was stopped: nng calls nobody back for that. */
static void end_unheard(struct exchange *exchange)
{
    if (exchange->reply == NULL)
        return;
    if (exchange->sending)
        nng_msg_free(nng_aio_get_msg(exchange->aio));
    finish_with_error(exchange, NNG_ECLOSED);
}

void rpc_client_close(struct rpc_client *client)
{
    if (client == NULL || is_forked()) /* then there is nothing here that could be ended */
        return;
    pthread_mutex_lock(&client->lock);
    client->closing = true;
    pthread_mutex_unlock(&client->lock);
    nng_aio_stop(client->watch);
    nng_aio_free(client->watch);
    /* Twice: a step that was just about to begin when its aio was stopped can be called back for after nng
     * has waited. Such a callback begins nothing more, and the second round waits for it. */
    stop_exchanges(client);
    stop_exchanges(client);
    for (struct exchange *exchange = client->made, *next; exchange != NULL; exchange = next) {
        next = exchange->next_made;
        end_unheard(exchange);
        nng_ctx_close(exchange->context);
        free_exchange(exchange);
    }
    nng_close(client->socket);
    pthread_mutex_destroy(&client->lock);
    servers_free(client->servers);
    free(client->api_key);
    free(client);
}
