/* client.c: a client's socket, its servers, and which of them responds. */
#include "rpc/client.h"

#include "base/call.h"
#include "base/time.h"
#include "rpc/client_call.h"
#include "rpc/fork_guard.h"
#include "rpc/tls_engine.h"
#include "rpc/v1/health.pb-c.h"

#include <errno.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/transport/tcp/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_CONNECT_TIMEOUT_MS = 2000,
    LONGEST_CONNECT_TIMEOUT_MS = 1 << 30, /* nng counts milliseconds in 31 bits */
    RECONNECT_MIN_MS = 20,
    RECONNECT_MAX_MS = 1000,
    WATCH_MS = 50, /* with several servers: how often it is looked for one that does not respond */
    /* An answer is as large as what was asked for: 1,000 orders, or one row a day and currency. */
    REPLY_MAX_BYTES = 64 << 20,
};

void rpc_client_call(struct rpc_client *client, const struct rpc_request *request, rpc_done *done, void *arg)
{
    client_call_begin(client, request, done, arg);
}

bool rpc_client_cancel(struct rpc_client *client, const char *request_id)
{
    return client_call_cancel(client, request_id);
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
static int dial_servers(struct rpc_client *client, const char *const *urls, char *error, size_t error_size)
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
    if (fork_guard_is_forked()) {
        snprintf(error, error_size, "%s", fork_guard_reason);
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
    if (client->connect_timeout_ms > LONGEST_CONNECT_TIMEOUT_MS)
        client->connect_timeout_ms = LONGEST_CONNECT_TIMEOUT_MS;
    client->retries = options->retries;
    client->names_servers = options->names_servers;

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
            failed = dial_servers(client, options->urls, error, error_size);
    }
    if (failed != 0) {
        rpc_client_close(client);
        errno = failed;
        return NULL;
    }
    return client;
}

struct tls_client *rpc_client_tls(const struct rpc_client *client)
{
    return client->tls;
}

void rpc_client_close(struct rpc_client *client)
{
    if (client == NULL || fork_guard_is_forked()) /* then there is nothing here that could be ended */
        return;
    pthread_mutex_lock(&client->lock);
    client->closing = true;
    pthread_mutex_unlock(&client->lock);
    nng_aio_stop(client->watch);
    nng_aio_free(client->watch);
    /* Twice: a step that was just about to begin when its aio was stopped can be called back for after nng
     * has waited. Such a callback begins nothing more, and the second round waits for it. */
    client_calls_stop(client);
    client_calls_stop(client);
    client_calls_free(client);
    nng_close(client->socket);
    pthread_mutex_destroy(&client->lock);
    servers_free(client->servers);
    tls_client_release(client->tls);
    free(client->api_key);
    free(client);
}
