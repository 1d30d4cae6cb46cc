/* client_call.c: how a call goes, and how it ends. */
#include "rpc/client_call.h"

#include "base/call.h"
#include "base/time.h"
#include "rpc/fork_guard.h"
#include "rpc/frame.h"
#include "rpc/request_pack.h"
#include "tls/client.h"

#include <nng/supplemental/util/platform.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* The server answers a call whose deadline passes; give that answer the time to arrive. */
    DEADLINE_GRACE_MS = 200,
    /* Before a call is sent again to a server that is overloaded, or that has closed its connection more than
     * once: twice as long each time. */
    BACKOFF_MIN_MS = 20,
    BACKOFF_MAX_MS = 1000,
    MOST_DOUBLINGS = 6, /* by then it has that */
    /* With several servers: what part of a call's time is let pass before its server is probed. */
    GRACE_PARTS = 4,
    LONGEST_WAIT_MS = 1 << 30, /* nng counts milliseconds in 31 bits */
};

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

static void client_call_finish(struct client_call *call)
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
    client_call_finish(call);
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

/* The URL that was dialled for the connection; one that has closed meanwhile has none. */
static void name_server(struct rpc_reply *reply, nng_msg *in)
{
    char *url;
    if (nng_dialer_get_string(nng_pipe_dialer(nng_msg_get_pipe(in)), NNG_OPT_URL, &url) != 0)
        return;
    reply->server = arena_strdup(&reply->arena, url);
    nng_strfree(url);
}

static void take_reply(struct client_call *call, nng_msg *in)
{
    nng_duration wait_ms;
    if (call->client->watch != NULL)
        servers_hear(call->client->servers, (uint32_t)nng_pipe_id(nng_msg_get_pipe(in)), time_monotonic_ns());
    rpc_reply_read(call->reply, nng_msg_body(in), nng_msg_len(in));
    if (call->client->names_servers)
        name_server(call->reply, in);
    nng_msg_free(in);
    if (!retries(call, &wait_ms)) {
        client_call_finish(call);
        return;
    }
    call->reply->status = STATUS_INIT;
    call->reply->answered = false;
    pause_call(call, wait_ms);
}

/* A context's send or receive ended. */
static void client_call_advance(void *arg)
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
    if (nng_aio_alloc(&call->aio, client_call_advance, call) != 0 ||
        nng_aio_alloc(&call->pause, end_pause, call) != 0 ||
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

void client_call_begin(struct rpc_client *client, const struct rpc_request *request, rpc_done *done,
                       void *arg)
{
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : client->timeout_ms;
    struct rpc_reply *reply = rpc_reply_new(request->method->output, request->request_id);
    nng_msg *packed = NULL;
    struct client_call *call = NULL;
    if (reply->status.code == STATUS_OK && fork_guard_is_forked())
        status_set(&reply->status, &reply->arena, STATUS_FAILED_PRECONDITION, "%s", fork_guard_reason);
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

bool client_call_cancel(struct rpc_client *client, const char *request_id)
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

/* --- the end of a client --- */

void client_calls_stop(struct rpc_client *client)
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

void client_calls_free(struct rpc_client *client)
{
    for (struct client_call *call = client->made, *next; call != NULL; call = next) {
        next = call->next_made;
        end_unheard(call);
        nng_ctx_close(call->context);
        free_call(call);
    }
}
