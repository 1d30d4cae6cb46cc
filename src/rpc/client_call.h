/* client_call.h: one call of a client: an nng context, an aio and a reply being made. For client.c alone.
 *
 * It is kept for a later call when it ended, so that a busy client allocates nothing but replies.
 */
#ifndef RPC_CLIENT_CALL_H
#define RPC_CLIENT_CALL_H

#include "rpc/reply.h"
#include "rpc/request.h"
#include "rpc/servers.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct client_call {
    struct rpc_client *client;
    struct client_call *next_free; /* guarded by the client's lock */
    struct client_call *next_made;
    nng_ctx context;
    nng_aio *aio;
    nng_msg *request; /* owned: what is sent is a copy, in case it is to be sent again */
    nng_aio *pause;   /* the wait before it is sent again. A separate aio, since in nng 1.5.2 an aio that was
                         used for nng_sleep_aio never times out with an error again */
    bool sending;     /* or receiving */
    unsigned resends;
    unsigned retries;
    uint64_t deadline_ns;
    atomic_uint_least64_t grace_ns;   /* read by watch() too, as is: */
    atomic_uint_least64_t overdue_ns; /* when the answer is overdue; UINT64_MAX: none is awaited */
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
    bool names_servers;
    struct servers *servers; /* owned */
    struct tls_client *tls;  /* held; NULL: no server is called by TLS */
    nng_aio *watch; /* owned; a timer for the search for servers that do not respond; NULL: there is one
                       server only */

    pthread_mutex_t lock; /* guards all below */
    struct client_call *free;
    struct client_call *made; /* all of them, owned */
    bool closing;             /* no call is begun any more */
};

/* As rpc_client_call and rpc_client_cancel. */
void client_call_begin(struct rpc_client *client, const struct rpc_request *request, rpc_done *done,
                       void *arg);
bool client_call_cancel(struct rpc_client *client, const char *request_id);

/* Cancels the calls' operations, and waits for their callbacks. */
void client_calls_stop(struct rpc_client *client);

/* Ends the calls that have no answer yet, and frees all, after client_calls_stop. */
void client_calls_free(struct rpc_client *client);

#endif
