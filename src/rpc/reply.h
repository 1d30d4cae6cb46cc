/* reply.h: how a call ended, as its caller has it. */
#ifndef RPC_REPLY_H
#define RPC_REPLY_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/v1/frame.pb-c.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a call ended. The caller of the call owns it and gives it back with rpc_reply_free. Its arena may fail:
 * see arena.h. */
struct rpc_reply {
    struct arena arena;     /* owns all below */
    struct status status;   /* STATUS_UNAVAILABLE: no server; STATUS_DEADLINE_EXCEEDED: no answer in time;
                               STATUS_RESOURCE_EXHAUSTED: no memory for the call or its answer */
    bool unsent;            /* it failed before any server had it */
    bool resent;            /* it was sent more than once */
    bool unreachable;       /* it failed as no server was connected */
    bool answered;          /* the status is what a server said */
    const char *request_id; /* under which the call was made */
    bool replayed; /* a write: it had been made before, under this request_id, and this is what was said then
                    */
    Rpc__V1__Response__MetadataEntry *const *metadata; /* of the answer, n_metadata of them */
    size_t n_metadata;
    const char *server;        /* the URL that answered, of a client that names_servers; NULL: not known */
    ProtobufCMessage *message; /* of the method's output type, once it is unpacked; NULL unless STATUS_OK */

    ProtobufCBinaryData payload; /* what it is unpacked from */
    const ProtobufCMessageDescriptor *output;
};

/* Makes reply->message. STATUS_INTERNAL: what came is no such message. STATUS_RESOURCE_EXHAUSTED: there is no
 * memory for it. */
void rpc_reply_unpack(struct rpc_reply *reply);

/* The message by itself, for the caller to free with protobuf_c_message_free_unpacked; the reply must not
 * have been unpacked. NULL: the status is not STATUS_OK, or no longer, as with rpc_reply_unpack. */
ProtobufCMessage *rpc_reply_take(struct rpc_reply *reply);

/* Frees what it holds, and fails it instead. The message must be static. */
void rpc_reply_drop(struct rpc_reply *reply, enum status_code code, const char *message);

void rpc_reply_free(struct rpc_reply *reply);

/* The client's: one that says nothing yet, under a request_id, or a new UUID if that is NULL. Never NULL, but
 * its status may say that there was no memory (STATUS_RESOURCE_EXHAUSTED) or, for a UUID, that the system has
 * no random bytes (STATUS_INTERNAL). */
struct rpc_reply *rpc_reply_new(const ProtobufCMessageDescriptor *output, const char *request_id);

/* The client's: takes the frame that a server answered. */
void rpc_reply_read(struct rpc_reply *reply, const uint8_t *frame, size_t size);

/* Takes the reply; called once for each call, normally on nng's thread, so it must not block, but may begin a
 * call. For a call that could not be begun it runs on the calling thread, and for one that the client's
 * closing cancels on the closing thread. The message is still packed, to be unpacked by its reader, on
 * another thread. */
typedef void rpc_done(struct rpc_reply *reply, void *arg);

#endif
