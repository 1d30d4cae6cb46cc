/* client.h: calls to a service over nng REQ.
 *
 * One client holds one socket that dials several addresses; each call goes to whichever server is
 * connected, and is sent again, under the same request_id and within its deadline, when that connection
 * closes before the answer came: to another server, or to the same one when it is back within
 * connect_timeout_ms. Of several servers, one that does not respond is disconnected: it has answered
 * neither a call nor a health check for half of that call's time (and a tenth of a second more). Sent again
 * is also a call that a server could not take, if the options say so. Any number of calls may be under way,
 * from any threads.
 */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include "rpc/reply.h"
#include "rpc/request.h"
#include "tls/client.h"

#include <stdbool.h>
#include <stdint.h>

struct rpc_client;

struct rpc_client_options {
    const char *const *urls;     /* nng URLs, NULL-terminated; at least one */
    const char *api_key;         /* sent with every call that carries no other; NULL: none */
    uint32_t timeout_ms;         /* of a call that names none; 0: 30,000 */
    uint32_t connect_timeout_ms; /* how long a call waits for any server to be connected; 0: 2,000 */
    /* A call that is answered STATUS_UNAVAILABLE or STATUS_RESOURCE_EXHAUSTED is made again after a while
     * that doubles each time, until its deadline: what it is answered then is the last one's answer. */
    bool retries;
    bool names_servers;          /* each reply says which server it is from, for people: rpc_reply.server */
    struct tls_client_files tls; /* for URLs of TLS ("tls+tcp://host:port"); of others it is not looked at */
};

/* Starts dialling; servers need not be there yet. NULL: `error` says why, and errno is EINVAL when there is
 * no URL or one is none, or a file of TLS is, ENOTSUP in a process that was forked from one that has opened a
 * client, else ENOMEM. There an inherited client's calls end with STATUS_FAILED_PRECONDITION, and closing it
 * does nothing. */
struct rpc_client *rpc_client_open(const struct rpc_client_options *options, char *error, size_t error_size);

/* By what it calls servers of TLS, which it holds; NULL: it calls none. */
struct tls_client *rpc_client_tls(const struct rpc_client *client);

/* Ends the calls under way with STATUS_CANCELLED, and any that rpc_done begins meanwhile, then frees the
 * client. Not to be called from rpc_done, nor while another thread begins a call. */
void rpc_client_close(struct rpc_client *client);

/* Starts a call and returns; done is called when it ended, perhaps before this returns. */
void rpc_client_call(struct rpc_client *client, const struct rpc_request *request, rpc_done *done, void *arg);

/* Ends each call under way that was made under this request_id with STATUS_CANCELLED, unless its answer came
 * just before; its server is told nothing. False: there is none. */
bool rpc_client_cancel(struct rpc_client *client, const char *request_id);

/* Makes a call and waits until it ended; its message is still packed. */
struct rpc_reply *rpc_client_call_wait_packed(struct rpc_client *client, const struct rpc_request *request);

/* The same, and its message is unpacked. */
struct rpc_reply *rpc_client_call_wait(struct rpc_client *client, const struct rpc_request *request);

#endif
