/* channel.h: how a front end reaches the service, in gRPC's terms: the service of its own process, straight
 * through the call surface (local_channel.h), or that of another one (rpc/remote_channel.h). A front end
 * cannot tell which it has.
 *
 * Any number of calls may be under way, from any threads.
 */
#ifndef CALL_CHANNEL_H
#define CALL_CHANNEL_H

#include "auth/authenticator.h"
#include "base/arena.h"
#include "base/status.h"
#include "base/trace.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything it points to must live until the reply is freed. */
struct channel_request {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
    const ProtobufCMessage *input;
    size_t input_bytes;                     /* of memory that it takes beyond what any has */
    const struct auth_presented *presented; /* by the caller */
    const struct auth_result *auth;         /* that channel_check found */
    const char *request_id;                 /* NULL: a new one */
    const struct trace *trace;              /* the span that it is below; NULL: none */
    bool validate_only;
    uint32_t timeout_ms; /* 0: the service's default */
    uint32_t caller;     /* names the connection that the call came by: callers are served fairly */
    const char *peer;    /* its address, for the log; NULL: not known */

    /* The front end's reason to refuse the call; NULL: none. A refused call counts toward its caller's limits
     * in the service of this process, not in that of another. Its reply comes before channel_call returns,
     * with this status, or with that of an exceeded limit. It must live until the reply is freed. */
    const struct status *refused;
};

/* How a call ended. The caller owns it and frees it with channel_reply_free; until then its memory counts
 * toward the service's budget, or the channel's. */
struct channel_reply {
    const struct channel_type *type;
    struct status status;
    bool replayed;
    bool more;    /* others end right after it: its handling may be coalesced with theirs */
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
    void (*check)(const struct channel *channel, const struct auth_presented *presented,
                  const ProtobufCMethodDescriptor *method, struct arena *arena, struct auth_result *result,
                  struct status *status);
    void (*call)(struct channel *channel, const struct channel_request *request, channel_done *done,
                 void *arg);
    const ProtobufCMessage *(*read)(struct channel_reply *reply);
    void (*free)(struct channel_reply *reply);
};

/* Finds out who presents this, and whether it may call the method; if not, the status says why, with a text
 * in the arena. A channel to another process leaves both to that process when it is called: AUTH_UNCHECKED
 * and STATUS_OK. */
static inline void channel_check(const struct channel *channel, const struct auth_presented *presented,
                                 const ProtobufCMethodDescriptor *method, struct arena *arena,
                                 struct auth_result *result, struct status *status)
{
    channel->type->check(channel, presented, method, arena, result, status);
}

static inline void channel_call(struct channel *channel, const struct channel_request *request,
                                channel_done *done, void *arg)
{
    channel->type->call(channel, request, done, arg);
}

/* The answer, of the method's output type; it belongs to the reply. May take time, as the message may have to
 * be unpacked. NULL: the status, which this may have changed, is not STATUS_OK. */
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
