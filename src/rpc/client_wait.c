/* client_wait.c: a call whose caller waits for it. */
#include "rpc/client.h"

#include <pthread.h>

/* Somebody who waits for one call. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    struct rpc_reply *reply; /* guarded by lock */
};

static void wake_waiter(struct rpc_reply *reply, void *arg)
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
    rpc_client_call(client, request, wake_waiter, &waiter);
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
