/* remote_channel.h: a channel to the service of another process, by a client. What a caller presents is
 * passed on unchanged. */
#ifndef RPC_REMOTE_CHANNEL_H
#define RPC_REMOTE_CHANNEL_H

#include "base/budget.h"
#include "call/channel.h"
#include "rpc/own_key.h"

struct remote_channel_options {
    struct rpc_client *client;
    const struct own_key
        *own_key; /* it identifies the front end to the service; never presented in place of a caller's */
    struct budget *memory; /* that large replies take, until they are freed */
};

/* All that is pointed to must outlive it. While its own key is not valid, health checks through it say
 * NOT_SERVING. NULL: out of memory. */
struct channel *remote_channel_new(const struct remote_channel_options *options);

/* When the client was closed. NULL does nothing. */
void remote_channel_free(struct channel *channel);

#endif
