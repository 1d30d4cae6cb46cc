/* client.c: each call under way has an exchange: an nng context, an aio and a reply being made. An exchange
 * is kept for the next call when it ended, so that a busy client allocates nothing but replies. */
#include "rpc/client.h"

#include "base/time.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"
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
#include <time.h>

enum {
    DEFAULT_CONNECT_TIMEOUT_MS = 2000,
    RECONNECT_MIN_MS = 20,
    RECONNECT_MAX_MS = 1000,
    /* The server answers a call whose deadline passes; give that answer the time to arrive. */
    DEADLINE_GRACE_MS = 200,
    /* How often a call is sent again whose connection closed: a call that ends its server does so no oftener.
     */
    RESENDS_MOST = 8,
    /* Between an answer that asks for patience and the next sending: twice as long each time. */
    BACKOFF_MIN_MS = 20,
    BACKOFF_MAX_MS = 1000,
    MOST_DOUBLINGS = 6, /* by then it has that */
    CLOSE_S = 1,
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

/* A server that is connected. */
struct server {
    uint32_t pipe; /* 0: it is not */
    uint64_t heard_ns;
};

struct rpc_client {
    nng_socket socket;
    char *api_key; /* owned; may be NULL */
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms;
    bool retries;
    atomic_int pipes; /* connected servers */

    pthread_mutex_t lock; /* guards all below */
    struct exchange *free;
    struct exchange *made; /* all of them, owned */
    bool closing;          /* no call is begun any more */
    size_t n_servers;
    struct server *servers; /* owned; of n_servers; NULL: there is but one, and no choice */

    nng_aio *watch;     /* owned; NULL with one server. Its callback has all below to itself */
    uint64_t asked_ns;  /* when servers were asked whether they live; 0: they are not */
    uint64_t judged_ns; /* until when they have time to answer */
};

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
    bool connected = atomic_load(&exchange->client->pipes) > 0;

    reply->unsent = exchange->sending && exchange->resends == 0 && exchange->retries == 0;
    if (error == NNG_ETIMEDOUT && connected)
        status_set(&reply->status, &reply->arena, STATUS_DEADLINE_EXCEEDED, "No answer before the deadline");
    else if (error == NNG_ETIMEDOUT)
        status_set(&reply->status, &reply->arena, STATUS_UNAVAILABLE, "No server within reach");
    else if (error == NNG_ECLOSED || error == NNG_ECANCELED)
        status_set(&reply->status, &reply->arena, STATUS_CANCELLED, "The client was closed");
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
    if (nng_msg_dup(&out, exchange->request) != 0) {
        finish_with_error(exchange, NNG_ENOMEM);
        return;
    }
    exchange->sending = true;
    nng_aio_set_timeout(exchange->aio, call_ms < connect_ms ? call_ms : connect_ms);
    nng_aio_set_msg(exchange->aio, out);
    nng_ctx_send(exchange->context, exchange->aio);
}

/* Whether a call is sent again. One whose connection closed: a read changes nothing, and a write that was
 * made has left its answer under the request_id. And one that no server took so far, though one is connected:
 * what others have sent keeps its connection busy. */
static bool resends(struct exchange *exchange, int error)
{
    const bool lost = error == NNG_ECONNRESET && !exchange->sending && exchange->resends++ < RESENDS_MOST;
    const bool busy =
        error == NNG_ETIMEDOUT && exchange->sending && atomic_load(&exchange->client->pipes) > 0;
    return (lost || busy) && time_monotonic_ns() < exchange->deadline_ns;
}

/* Whether a call that was answered is made again, and how long it waits before. Half of that is chance, so
 * that callers who were refused together do not come again together. */
static bool retries(struct exchange *exchange, nng_duration *wait_ms)
{
    const enum status_code code = exchange->reply->status.code;
    const unsigned doublings = exchange->retries < MOST_DOUBLINGS ? exchange->retries : MOST_DOUBLINGS;
    const unsigned doubled_ms = (unsigned)BACKOFF_MIN_MS << doublings;
    const unsigned longest_ms = doubled_ms < BACKOFF_MAX_MS ? doubled_ms : BACKOFF_MAX_MS;
    if (!exchange->client->retries || (code != STATUS_UNAVAILABLE && code != STATUS_RESOURCE_EXHAUSTED))
        return false;
    exchange->retries++;
    *wait_ms = (nng_duration)(longest_ms / 2 + nng_random() % (longest_ms / 2 + 1));
    return time_monotonic_ns() + (uint64_t)*wait_ms * NS_PER_MS < exchange->deadline_ns;
}

static void receive_reply(struct exchange *exchange)
{
    exchange->sending = false;
    if (exchange->client->servers != NULL)
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

static void note_heard(struct rpc_client *client, nng_pipe pipe)
{
    if (client->servers == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    for (size_t i = 0; i < client->n_servers; i++) {
        if (client->servers[i].pipe == (uint32_t)nng_pipe_id(pipe))
            client->servers[i].heard_ns = time_monotonic_ns();
    }
    pthread_mutex_unlock(&client->lock);
}

static void take_reply(struct exchange *exchange, nng_msg *in)
{
    nng_duration wait_ms;
    note_heard(exchange->client, nng_msg_get_pipe(in));
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
            send_request(exchange);
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

/* The call's metadata: the caller's, and the key unless there is one among them. */
static void set_metadata(Rpc__V1__Request *head, const struct rpc_client *client,
                         const struct rpc_request *request, struct arena *arena)
{
    size_t n = request->n_metadata + 1;
    Rpc__V1__Request__MetadataEntry *entries = arena_calloc(arena, n, sizeof *entries);
    Rpc__V1__Request__MetadataEntry **list = arena_calloc(arena, n, sizeof *list);
    struct rpc_metadata key = {.name = "x-api-key", .value = client->api_key};

    for (size_t i = 0; i < n; i++) {
        const struct rpc_metadata *from = i < request->n_metadata ? &request->metadata[i] : &key;
        if (from == &key && key.value == NULL)
            break;
        if (from != &key && strcmp(from->name, key.name) == 0)
            key.value = NULL;
        rpc__v1__request__metadata_entry__init(&entries[i]);
        entries[i].key = (char *)(uintptr_t)from->name;
        entries[i].value = (char *)(uintptr_t)from->value;
        list[head->n_metadata++] = &entries[i];
    }
    head->metadata = list;
}

/* NULL: the reply says why. A frame that is too large would have the server close the connection, and nng
 * send it again on the next one. */
static nng_msg *pack_request(const struct rpc_client *client, const struct rpc_request *request,
                             struct rpc_reply *reply, uint32_t timeout_ms)
{
    Rpc__V1__Request head = RPC__V1__REQUEST__INIT;
    head.method = arena_printf(&reply->arena, "%s/%s", request->service->name, request->method->name);
    head.request_id = (char *)(uintptr_t)reply->request_id;
    head.timeout_ms = timeout_ms;
    set_metadata(&head, client, request, &reply->arena);

    struct frame frame = frame_measure(&head.base, request->input);
    nng_msg *out;
    if (frame.size > FRAME_MAX_BYTES) {
        status_set(&reply->status, &reply->arena, STATUS_INVALID_ARGUMENT,
                   "The frame has %zu bytes; at most %d are taken", frame.size, FRAME_MAX_BYTES);
        return NULL;
    }
    if (nng_msg_alloc(&out, frame.size) != 0) {
        status_set(&reply->status, &reply->arena, STATUS_RESOURCE_EXHAUSTED, "No memory for a further call");
        return NULL;
    }
    frame_pack(&frame, nng_msg_body(out));
    return out;
}

void rpc_client_call(struct rpc_client *client, const struct rpc_request *request, rpc_done *done, void *arg)
{
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : client->timeout_ms;
    struct rpc_reply *reply = rpc_reply_new(request->method->output, request->request_id);
    if (reply == NULL)
        abort(); /* as the arena does */
    nng_msg *out = pack_request(client, request, reply, timeout_ms);
    if (out == NULL) {
        done(reply, arg);
        return;
    }
    struct exchange *exchange = take_exchange(client, reply);
    if (exchange == NULL) {
        nng_msg_free(out);
        done(reply, arg);
        return;
    }
    exchange->reply = reply;
    exchange->done = done;
    exchange->arg = arg;
    exchange->deadline_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    exchange->patience_ns = (uint64_t)timeout_ms * NS_PER_MS / PATIENCE_PARTS;
    exchange->request = out;
    exchange->resends = 0;
    exchange->retries = 0;
    send_request(exchange);
}

/* Somebody who waits for one call. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    struct rpc_reply *reply; /* guarded by lock */
};

static void wake(struct rpc_reply *reply, void *arg)
{
    struct waiter *waiter = arg;
    pthread_mutex_lock(&waiter->lock);
    waiter->reply = reply;
    pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

struct rpc_reply *rpc_client_call_wait_packed(struct rpc_client *client, const struct rpc_request *request)
{
    struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    rpc_client_call(client, request, wake, &waiter);
    pthread_mutex_lock(&waiter.lock);
    while (waiter.reply == NULL)
        pthread_cond_wait(&waiter.done, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    return waiter.reply;
}

struct rpc_reply *rpc_client_call_wait(struct rpc_client *client, const struct rpc_request *request)
{
    struct rpc_reply *reply = rpc_client_call_wait_packed(client, request);
    rpc_reply_unpack(reply);
    return reply;
}

/* --- servers that hang --- */

/* nng gives each request to the next connection in turn, and does not say to which. So when an answer is
 * overdue all servers are asked for their health, which a server tells however busy it or its database is.
 * The connection of one that is not heard within as much time is closed: what was sent by it is sent again,
 * as with any that closes, and the server is back when it greets again. One that is only slow costs a
 * question. */

static void drop_reply(struct rpc_reply *reply, void *arg)
{
    (void)arg;
    rpc_reply_free(reply);
}

static void ask_servers(struct rpc_client *client, uint64_t patience_ns)
{
    const Rpc__V1__HealthCheckRequest check = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const struct rpc_request request = {
        .service = &rpc__v1__health__descriptor,
        .method = &rpc__v1__health__descriptor.methods[0],
        .input = &check.base,
        .timeout_ms = (uint32_t)(patience_ns / NS_PER_MS) + 1,
    };
    client->asked_ns = time_monotonic_ns();
    client->judged_ns = client->asked_ns + patience_ns;
    for (size_t i = 0; i < client->n_servers; i++)
        rpc_client_call(client, &request, drop_reply, NULL);
}

static void close_silent(struct rpc_client *client)
{
    for (size_t i = 0; i < client->n_servers; i++) {
        pthread_mutex_lock(&client->lock);
        const struct server server = client->servers[i];
        pthread_mutex_unlock(&client->lock);
        if (server.pipe != 0 && server.heard_ns < client->asked_ns)
            nng_pipe_close((nng_pipe){.id = server.pipe});
    }
}

/* How long a call has been given whose answer is overdue; 0: none is. */
static uint64_t find_overdue(struct rpc_client *client, uint64_t now_ns)
{
    uint64_t patience_ns = 0;
    pthread_mutex_lock(&client->lock);
    for (struct exchange *exchange = client->made; exchange != NULL && patience_ns == 0;
         exchange = exchange->next_made) {
        const uint64_t overdue_ns = atomic_load(&exchange->overdue_ns);
        if (overdue_ns <= now_ns)
            patience_ns = exchange->patience_ns;
    }
    pthread_mutex_unlock(&client->lock);
    return patience_ns;
}

static void watch(void *arg)
{
    struct rpc_client *client = arg;
    const uint64_t now_ns = time_monotonic_ns();
    if (nng_aio_result(client->watch) != 0)
        return;
    if (client->asked_ns != 0 && now_ns >= client->judged_ns) {
        close_silent(client);
        client->asked_ns = 0;
    } else if (client->asked_ns == 0) {
        const uint64_t patience_ns = find_overdue(client, now_ns);
        if (patience_ns != 0)
            ask_servers(client, patience_ns);
    }
    nng_sleep_aio(WATCH_MS, client->watch);
}

/* False: no memory. */
static bool watch_servers(struct rpc_client *client, const char *const *urls)
{
    while (urls[client->n_servers] != NULL)
        client->n_servers++;
    if (client->n_servers < 2)
        return true;
    client->servers = calloc(client->n_servers, sizeof *client->servers);
    if (client->servers == NULL || nng_aio_alloc(&client->watch, watch, client) != 0)
        return false;
    nng_sleep_aio(WATCH_MS, client->watch);
    return true;
}

/* --- opening and closing --- */

static void count_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_client *client = arg;
    const bool added = event == NNG_PIPE_EV_ADD_POST;
    const uint32_t id = (uint32_t)nng_pipe_id(pipe), sought = added ? 0 : id;
    atomic_fetch_add(&client->pipes, added ? 1 : -1);
    pthread_mutex_lock(&client->lock);
    for (size_t i = 0; client->servers != NULL && i < client->n_servers; i++) {
        if (client->servers[i].pipe == sought) {
            client->servers[i] = (struct server){added ? id : 0, time_monotonic_ns()};
            break;
        }
    }
    pthread_mutex_unlock(&client->lock);
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
    nng_pipe_notify(client->socket, NNG_PIPE_EV_ADD_POST, count_pipe, client);
    nng_pipe_notify(client->socket, NNG_PIPE_EV_REM_POST, count_pipe, client);
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

static void *close_socket(void *id)
{
    nng_close((nng_socket){.id = (uint32_t)(uintptr_t)id});
    return NULL;
}

/* nng 1.5.2 waits for ever for a pipe that is closed between the length of a message and the rest of it: then
 * the read that it waits for is never begun (nanomsg/nng#1543). So nobody waits for it longer than CLOSE_S.
 * False: it still closes. */
static bool close_in_time(nng_socket socket)
{
    pthread_t closer;
    struct timespec limit;
    if (pthread_create(&closer, NULL, close_socket, (void *)(uintptr_t)socket.id) != 0)
        return false;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += CLOSE_S;
    if (pthread_timedjoin_np(closer, NULL, &limit) == 0)
        return true;
    pthread_detach(closer);
    return false;
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
    if (client == NULL)
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
    if (!close_in_time(client->socket))
        return; /* nng may yet tell it of a pipe */
    pthread_mutex_destroy(&client->lock);
    free(client->servers);
    free(client->api_key);
    free(client);
}
