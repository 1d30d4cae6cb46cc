/* frame.h: rpc.v1.Request and rpc.v1.Response as bytes.
 *
 * `payload` is the last field of both, so a method's message is packed straight into the frame: it is never
 * packed by itself and copied.
 */
#ifndef RPC_FRAME_H
#define RPC_FRAME_H

#include "base/arena.h"
#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Rpc__V1__Request Rpc__V1__Request;
typedef struct Rpc__V1__FieldViolation Rpc__V1__FieldViolation;

/* Metadata of a response, "true": it is the one that this request_id was given before, and nothing was done.
 */
#define FRAME_REPLAYED "idempotency-replayed"

/* Metadata of a response that is RESOURCE_EXHAUSTED because its caller has had as much as it may: what HTTP's
 * fields of these names say. */
#define FRAME_RETRY_AFTER      "retry-after"
#define FRAME_RATELIMIT        "ratelimit"
#define FRAME_RATELIMIT_POLICY "ratelimit-policy"

enum {
    FRAME_MAX_BYTES = 1 << 20, /* a larger request is refused */
    /* Fields of an rpc.v1.Request itself: the payload is one. Each entry of its metadata has three, and
     * callers send three entries. It is unpacked before the key is looked at, so by anybody. */
    FRAME_MAX_REQUEST_FIELDS = 64,
    /* Fields in an answer's message. A day of statistics has six: these are 40 years of eleven currencies. */
    FRAME_MAX_ANSWER_FIELDS = 1 << 20,
};

/* The metadata by which a front end that passes on what its callers present shows that it has a key of its
 * own: no connection of its is closed for what they may not. */
#define FRAME_FORWARDER_KEY "x-forwarder-key"

/* A request's metadata of this name; NULL: it has none. Of a key that comes again the last value counts, as
 * in every map (protobuf.dev/programming-guides/proto3, "Maps"). */
const char *frame_metadata(const Rpc__V1__Request *request, const char *name);

/* A frame about to be packed: measured first, so that its buffer can be made. */
struct frame {
    const ProtobufCMessage *head;    /* an rpc.v1.Request or Response without a payload */
    const ProtobufCMessage *payload; /* NULL: none */
    size_t payload_size;
    size_t size; /* of the whole frame */
};

/* Measures; both messages must stay unchanged until frame_pack. */
struct frame frame_measure(const ProtobufCMessage *head, const ProtobufCMessage *payload);

/* Writes frame->size bytes. */
void frame_pack(const struct frame *frame, uint8_t *out);

/* The head of a request's frame, of FRAME_MAX_REQUEST_FIELDS at most, as by message_unpack. */
Rpc__V1__Request *frame_unpack_request(struct arena *arena, const uint8_t *bytes, size_t size,
                                       const char **why);

/* The fields of a status that were refused, as the wire has them: the list and what it names are the arena's,
 * the texts are the status'. NULL: there are none, or no memory in an arena that may fail. */
Rpc__V1__FieldViolation **frame_violations(const struct status *status, struct arena *arena);

#endif
