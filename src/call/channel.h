/* channel.h: how a front end reaches the service, in gRPC's terms: the service of its own process, straight
 * through the call surface (local_channel.h), or that of another one (rpc/remote_channel.h). A front end
 * cannot tell which it has.
 *
 * Any number of calls may be under way, from any threads.
 */
#ifndef CALL_CHANNEL_H
#define CALL_CHANNEL_H

#include "base/status.h"
#include "call/credential.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything it points to must live until the reply is freed. A channel to another process presents its own
 * key there, whatever the credential: a front end checks before it calls. */
struct channel_request {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
    const ProtobufCMessage *input;
    size_t input_bytes; /* of memory that it takes beyond what any has */
    enum credential credential;
    const char *request_id;  /* NULL: a new one */
    const char *traceparent; /* NULL: none */
    bool validate_only;
    uint32_t timeout_ms; /* 0: the service's default */
    uint32_t caller;     /* names the connection that the call came by: callers are served fairly */
};

/* How a call ended. The one who called owns it, and gives it back with channel_reply_free. The memory that it
 * takes counts as the service's, or else as its channel's, until then. */
struct channel_reply {
    const struct channel_type *type;
    struct status status;
    bool replayed;
    size_t bytes; /* of memory that it takes beyond what any has, about */
};

/* Takes the reply; called once for each call, perhaps before channel_call returns, perhaps on a thread of the
 * service's: it must not wait. */
typedef void channel_done(struct channel_reply *reply, void *arg);

struct channel {
    const struct channel_type *type;
};

/* What each kind of channel does; for the functions below to call. */
struct channel_type {
    enum credential (*check)(const struct channel *channel, const char *key);
    void (*call)(struct channel *channel, const struct channel_request *request, channel_done *done,
                 void *arg);
    const ProtobufCMessage *(*read)(struct channel_reply *reply);
    void (*free)(struct channel_reply *reply);
};

/* What a key is that a caller of the front end's presents, or NULL. */
static inline enum credential channel_check(const struct channel *channel, const char *key)
{
    return channel->type->check(channel, key);
}

static inline void channel_call(struct channel *channel, const struct channel_request *request,
                                channel_done *done, void *arg)
{
    channel->type->call(channel, request, done, arg);
}

/* The answer, of the method's output type, which the reply keeps; on a
 * thread that may take some time. NULL: the status, set anew perhaps, is not STATUS_OK. */
static inline const ProtobufCMessage *channel_reply_read(struct channel_reply *reply)
{
    return reply->type->read(reply);
}

static inline void channel_reply_free(struct channel_reply *reply)
{
    if (reply != NULL)
        reply->type->free(reply);
}

#endif
