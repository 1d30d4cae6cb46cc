/* client.c: each call under way has a struct client_call: an nng context, an aio and a reply being made. It
 * is kept for a later call when it ended, so that a busy client allocates nothing but replies. */
#include "rpc/client.h"

#include "base/call.h"
#include "base/time.h"
#include "rpc/frame.h"
#include "rpc/request_pack.h"
#include "rpc/servers.h"
#include "rpc/tls_engine.h"
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
    /* With several servers: how often it is looked for one that does not respond, and what part of a call's
     * time is let pass before its server is probed, and again for the answer. */
    WATCH_MS = 50,
    GRACE_PARTS = 4,
    LONGEST_WAIT_MS = 1 << 30, /* nng counts milliseconds in 31 bits */
    /* An answer is as large as what was asked for: 1,000 orders, or one row a day and currency. */
    REPLY_MAX_BYTES = 64 << 20,
};

struct client_call {
    struct rpc_client *client;
    struct client_call *next_free; /* guarded by the client's lock */
    struct client_call *next_made;
    nng_ctx context;
    nng_aio *aio;
    nng_msg *request; /* owned: what is sent is a copy, in case it is to be sent again */
    nng_aio *pause; /* the wait before it is sent again. An aio of its own, as one that nng 1.5.2 has slept on
                       no longer times out with an error */
    bool sending;   /* or receiving */
    unsigned resends;
    unsigned retries;
    uint64_t deadline_ns;
    atomic_uint_least64_t grace_ns;   /* read by watch() too, as is: */
    atomic_uint_least64_t overdue_ns; /* when the answer has taken that; UINT64_MAX: none is waited for */
    atomic_bool cancelled;            /* written under the client's lock */

    struct rpc_reply *reply; /* NULL: it carries no call; written under the client's lock */
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
    struct tls_client *tls;  /* held; NULL: no server is called by TLS */
    nng_aio *watch; /* owned; wakes up to look for servers that do not respond; NULL: there is one, and no
                       choice */

    pthread_mutex_t lock; /* guards all below */
    struct client_call *free;
    struct client_call *made; /* all of them, owned */
    bool closing;             /* no call is begun any more */
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

/* Keeps it for a later call. */
static void give_back(struct client_call *call)
{
    struct rpc_client *client = call->client;
    nng_msg_free(call->request);
    call->request = NULL;
    pthread_mutex_lock(&client->lock);
    call->reply = NULL;
    call->next_free = client->free;
    client->free = call;
    pthread_mutex_unlock(&client->lock);
}

static void finish(struct client_call *call)
{
    struct rpc_reply *reply = call->reply;
    rpc_done *done = call->done;
    void *arg = call->arg;

    reply->resent = call->resends + call->retries > 0;
    give_back(call);
    done(reply, arg);
}

/* With what TLS had against one that was in reach. */
static void say_unreachable(const struct rpc_client *client, struct rpc_reply *reply)
{
    char why[256] = "";
    if (client->tls != NULL)
        tls_client_failure(client->tls, why, sizeof why);
    reply->unreachable = true;
    status_set(&reply->status, &reply->arena, STATUS_UNAVAILABLE, "No server within reach%s%s",
               *why != '\0' ? ": " : "", why);
}

static void finish_with_error(struct client_call *call, int error)
{
    struct rpc_reply *reply = call->reply;
    bool connected = servers_any(call->client->servers);

    reply->unsent = call->sending && call->resends == 0 && call->retries == 0;
    if (error == NNG_ETIMEDOUT && connected)
        status_set(&reply->status, &reply->arena, STATUS_DEADLINE_EXCEEDED, "No answer before the deadline");
    else if (error == NNG_ETIMEDOUT)
        say_unreachable(call->client, reply);
    else if (atomic_load(&call->cancelled))
        status_set(&reply->status, &reply->arena, STATUS_CANCELLED, "The call was cancelled");
    else if (error == NNG_ECLOSED || error == NNG_ECANCELED)
        status_set(&reply->status, &reply->arena, STATUS_CANCELLED, "The client was closed");
    else if (error == NNG_ENOMEM)
        status_set(&reply->status, &reply->arena, STATUS_RESOURCE_EXHAUSTED, "No memory for the call");
    else
        status_set(&reply->status, &reply->arena, STATUS_UNAVAILABLE, "%s", nng_strerror(error));
    finish(call);
}

/* --- how a call goes --- */

static nng_duration left_ms(uint64_t deadline_ns)
{
    uint64_t now_ns = time_monotonic_ns();
    uint64_t left = deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS + 1 : 1;
    return left < LONGEST_WAIT_MS ? (nng_duration)left : LONGEST_WAIT_MS;
}

/* Ends the step that a call takes, if any, which is then called back for. Under the client's lock, so that
 * the call is no other one by now. */
static void abort_step(struct client_call *call)
{
    nng_aio_abort(call->pause, NNG_ECANCELED);
    nng_aio_abort(call->aio, NNG_ECANCELED);
}

/* To be called behind the beginning of each step: who cancelled the call between two steps had none to end.
 */
static void heed_cancel(struct client_call *call)
{
    if (!atomic_load(&call->cancelled))
        return;
    struct rpc_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    if (atomic_load(&call->cancelled))
        abort_step(call);
    pthread_mutex_unlock(&client->lock);
}

/* Sends the request, to whichever server is connected. The send ends when one takes it: until then it is the
 * connecting that takes time. */
static void send_request(struct client_call *call)
{
    const nng_duration connect_ms = (nng_duration)call->client->connect_timeout_ms;
    const nng_duration call_ms = left_ms(call->deadline_ns);
    nng_msg *out;
    call->sending = true;
    if (nng_msg_dup(&out, call->request) != 0) {
        finish_with_error(call, NNG_ENOMEM);
        return;
    }
    request_set_timeout(out, (uint32_t)call_ms);
    nng_aio_set_timeout(call->aio, call_ms < connect_ms ? call_ms : connect_ms);
    nng_aio_set_msg(call->aio, out);
    nng_ctx_send(call->context, call->aio);
    heed_cancel(call);
}

/* Before the request is sent again. */
static void pause_call(struct client_call *call, nng_duration wait_ms)
{
    nng_sleep_aio(wait_ms, call->pause);
    heed_cancel(call);
}

/* Whether a call is sent again. One whose connection closed: a read changes nothing, and a write that was
 * made has left its answer under the request_id. And one that no server took so far, though one is connected:
 * what others have sent keeps its connection busy. */
static bool resends(struct client_call *call, int error)
{
    const bool lost = error == NNG_ECONNRESET && !call->sending;
    const bool busy = error == NNG_ETIMEDOUT && call->sending && servers_any(call->client->servers);
    const uint64_t least_ns = lost && call->resends > 0 ? (uint64_t)BACKOFF_MIN_MS * NS_PER_MS : 0;
    return (lost || busy) && time_monotonic_ns() + least_ns < call->deadline_ns;
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
 * its connections. Later no more than half of the time that is left is waited. */
static void send_again(struct client_call *call)
{
    if (call->sending || call->resends++ == 0) {
        send_request(call);
        return;
    }
    const nng_duration wait_ms = backoff_ms(call->resends - 2), most_ms = left_ms(call->deadline_ns) / 2;
    pause_call(call, wait_ms < most_ms ? wait_ms : most_ms);
}

/* Whether a call that was answered is made again, and how long it waits before. */
static bool retries(struct client_call *call, nng_duration *wait_ms)
{
    const enum status_code code = call->reply->status.code;
    if (!call->client->retries || (code != STATUS_UNAVAILABLE && code != STATUS_RESOURCE_EXHAUSTED))
        return false;
    *wait_ms = backoff_ms(call->retries++);
    return time_monotonic_ns() + (uint64_t)*wait_ms * NS_PER_MS < call->deadline_ns;
}

static void receive_reply(struct client_call *call)
{
    call->sending = false;
    if (call->client->watch != NULL)
        atomic_store(&call->overdue_ns, time_monotonic_ns() + call->grace_ns);
    nng_aio_set_timeout(call->aio, left_ms(call->deadline_ns) + DEADLINE_GRACE_MS);
    nng_ctx_recv(call->context, call->aio);
    heed_cancel(call);
}

static void end_pause(void *arg)
{
    struct client_call *call = arg;
    int error = nng_aio_result(call->pause);
    if (error != 0)
        finish_with_error(call, error);
    else
        send_request(call);
}

static void take_reply(struct client_call *call, nng_msg *in)
{
    nng_duration wait_ms;
    if (call->client->watch != NULL)
        servers_hear(call->client->servers, (uint32_t)nng_pipe_id(nng_msg_get_pipe(in)), time_monotonic_ns());
    rpc_reply_read(call->reply, nng_msg_body(in), nng_msg_len(in));
    nng_msg_free(in);
    if (!retries(call, &wait_ms)) {
        finish(call);
        return;
    }
    call->reply->status = STATUS_INIT;
    pause_call(call, wait_ms);
}

/* A context's send or receive ended. */
static void advance(void *arg)
{
    struct client_call *call = arg;
    int error = nng_aio_result(call->aio);

    atomic_store(&call->overdue_ns, UINT64_MAX);
    if (error != 0) {
        if (call->sending)
            nng_msg_free(nng_aio_get_msg(call->aio));
        if (resends(call, error))
            send_again(call);
        else
            finish_with_error(call, error);
    } else if (call->sending) {
        receive_reply(call);
    } else {
        take_reply(call, nng_aio_get_msg(call->aio));
    }
}

static void free_call(struct client_call *call)
{
    nng_aio_free(call->pause);
    nng_aio_free(call->aio);
    free(call);
}

static struct client_call *make_call(struct rpc_client *client)
{
    struct client_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    if (nng_aio_alloc(&call->aio, advance, call) != 0 || nng_aio_alloc(&call->pause, end_pause, call) != 0 ||
        nng_ctx_open(&call->context, client->socket) != 0) {
        free_call(call);
        return NULL;
    }
    call->client = client;
    atomic_init(&call->overdue_ns, UINT64_MAX);
    call->next_made = client->made;
    client->made = call;
    return call;
}

/* One that carries no call. NULL: the reply says why. It is made under the lock, so that a client that closes
 * knows all there are. */
static struct client_call *take_call(struct rpc_client *client, struct rpc_reply *reply)
{
    struct client_call *call = NULL;
    pthread_mutex_lock(&client->lock);
    const bool closing = client->closing;
    if (!closing && client->free != NULL) {
        call = client->free;
        client->free = call->next_free;
    } else if (!closing) {
        call = make_call(client);
    }
    if (call != NULL) {
        call->reply = reply;
        atomic_store(&call->cancelled, false);
    }
    pthread_mutex_unlock(&client->lock);
    if (closing)
        status_set(&reply->status, &reply->arena, STATUS_CANCELLED, "The client was closed");
    else if (call == NULL)
        status_set(&reply->status, &reply->arena, STATUS_RESOURCE_EXHAUSTED, "No memory for a further call");
    return call;
}

void rpc_client_call(struct rpc_client *client, const struct rpc_request *request, rpc_done *done, void *arg)
{
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : client->timeout_ms;
    struct rpc_reply *reply = rpc_reply_new(request->method->output, request->request_id);
    nng_msg *packed = NULL;
    struct client_call *call = NULL;
    if (reply->status.code == STATUS_OK && is_forked())
        status_set(&reply->status, &reply->arena, STATUS_FAILED_PRECONDITION, "%s", of_another_process);
    if (reply->status.code == STATUS_OK)
        packed = request_pack(request, client->api_key, reply);
    if (packed != NULL)
        call = take_call(client, reply);
    if (call == NULL) {
        nng_msg_free(packed);
        done(reply, arg);
        return;
    }
    call->done = done;
    call->arg = arg;
    call->deadline_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    call->grace_ns = (uint64_t)timeout_ms * NS_PER_MS / GRACE_PARTS;
    call->request = packed;
    call->resends = 0;
    call->retries = 0;
    send_request(call);
}

bool rpc_client_cancel(struct rpc_client *client, const char *request_id)
{
    bool any = false;
    pthread_mutex_lock(&client->lock);
    for (struct client_call *call = client->made; call != NULL; call = call->next_made) {
        if (call->reply == NULL || strcmp(call->reply->request_id, request_id) != 0)
            continue;
        atomic_store(&call->cancelled, true);
        abort_step(call);
        any = true;
    }
    pthread_mutex_unlock(&client->lock);
    return any;
}

/* --- servers that do not respond --- */

static void drop_reply(struct rpc_reply *reply, void *arg)
{
    (void)arg;
    rpc_reply_free(reply);
}

static void probe_servers(struct rpc_client *client, size_t probes)
{
    const Rpc__V1__HealthCheckRequest check = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const struct rpc_request request = {
        .service = &rpc__v1__health__descriptor,
        .method = &rpc__v1__health__descriptor.methods[0],
        .input = &check.base,
        .timeout_ms = CALL_DEFAULT_TIMEOUT_MS,
    };
    while (probes-- > 0)
        rpc_client_call(client, &request, drop_reply, NULL);
}

/* How much time the most urgent of the calls whose answers are overdue gives a server; 0: none is. */
static uint64_t find_overdue(struct rpc_client *client, uint64_t now_ns)
{
    uint64_t least_ns = UINT64_MAX;
    pthread_mutex_lock(&client->lock);
    for (struct client_call *call = client->made; call != NULL; call = call->next_made) {
        const bool overdue = atomic_load(&call->overdue_ns) <= now_ns;
        const uint64_t grace_ns = atomic_load(&call->grace_ns);
        if (overdue && grace_ns < least_ns)
            least_ns = grace_ns;
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
    probe_servers(client, servers_overdue(client->servers, find_overdue(client, now_ns), now_ns));
    for (uint32_t pipe; (pipe = servers_take_unresponsive(client->servers, now_ns)) != 0;)
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

/* An errno value; 0: they can be dialled. */
static int prepare_tls(struct rpc_client *client, const struct rpc_client_options *options, char *error,
                       size_t error_size)
{
    bool any = false;
    for (size_t i = 0; options->urls[i] != NULL; i++)
        any |= tls_engine_is_for(options->urls[i]);
    if (!any)
        return 0;
    client->tls = tls_client_open(&options->tls, error, error_size);
    if (client->tls == NULL)
        return errno;
    return tls_engine_register() == 0 ? 0 : ENOTSUP;
}

/* An error of nng's, or 0. */
static int dial_one(struct rpc_client *client, const char *url)
{
    nng_dialer dialer;
    int failed = nng_dialer_create(&dialer, client->socket, url);
    if (failed == 0 && tls_engine_is_for(url))
        failed = tls_engine_connect(dialer, client->tls);
    return failed == 0 ? nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) : failed;
}

/* An errno value; 0: it dials them all. */
static int dial(struct rpc_client *client, const char *const *urls, char *error, size_t error_size)
{
    for (size_t i = 0; urls[i] != NULL; i++) {
        const int failed = dial_one(client, urls[i]);
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
    client->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : CALL_DEFAULT_TIMEOUT_MS;
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
        failed = prepare_tls(client, options, error, error_size);
        if (failed == 0)
            failed = dial(client, options->urls, error, error_size);
    }
    if (failed != 0) {
        rpc_client_close(client);
        errno = failed;
        return NULL;
    }
    return client;
}

/* Ends what the calls do, and waits for the callbacks of that. */
static void stop_calls(struct rpc_client *client)
{
    for (struct client_call *call = client->made; call != NULL; call = call->next_made) {
        nng_aio_stop(call->pause);
        nng_aio_stop(call->aio);
    }
}

/* Ends a call whose last step began on an aio that was stopped: nng calls nobody back for that. */
static void end_unheard(struct client_call *call)
{
    if (call->reply == NULL)
        return;
    if (call->sending)
        nng_msg_free(nng_aio_get_msg(call->aio));
    finish_with_error(call, NNG_ECLOSED);
}

struct tls_client *rpc_client_tls(const struct rpc_client *client)
{
    return client->tls;
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
    stop_calls(client);
    stop_calls(client);
    for (struct client_call *call = client->made, *next; call != NULL; call = next) {
        next = call->next_made;
        end_unheard(call);
        nng_ctx_close(call->context);
        free_call(call);
    }
    nng_close(client->socket);
    pthread_mutex_destroy(&client->lock);
    servers_free(client->servers);
    tls_client_release(client->tls);
    free(client->api_key);
    free(client);
}
