/* frame.h: rpc.v1.Request and rpc.v1.Response as bytes.
 *
 * `payload` is the last field of both, so a method's message is packed straight into the frame: it is never
 * packed by itself and copied.
 */
#ifndef RPC_FRAME_H
#define RPC_FRAME_H

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Rpc__V1__Request Rpc__V1__Request;

/* Metadata of a response, "true": it is the one that this request_id was given before, and nothing was done.
 */
#define FRAME_REPLAYED "idempotency-replayed"

enum {
    FRAME_MAX_BYTES = 1 << 20, /* a larger request is refused */
    FRAME_DEFAULT_TIMEOUT_MS = 30000,
    /* Fields of an rpc.v1.Request itself: the payload is one. Each entry of its metadata has three, and
     * callers send three entries. It is unpacked before the key is looked at, so by anybody. */
    FRAME_MAX_REQUEST_FIELDS = 64,
    /* Fields in a method's request message, nested ones too. 1,000 orders have half as many. A field of two
     * bytes can take a hundred in memory, so bytes alone would not bound what a frame makes the server
     * allocate. */
    FRAME_MAX_FIELDS = 1 << 15,
    /* And in an answer's message. A day of statistics has six: these are 40 years of eleven currencies. */
    FRAME_MAX_ANSWER_FIELDS = 1 << 20,
};

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

/* Unpacks a message into the arena. NULL, and why in *why: the bytes are no such message, have more than
 * max_fields fields, a string in it is not UTF-8 or has a NUL in it, which C could not carry, or a field of a
 * single message comes more than once: then *why, in the arena, names it. Every message that comes from
 * outside is to be unpacked here or by frame_unpack_apart. */
void *frame_unpack(const ProtobufCMessageDescriptor *type, size_t max_fields, struct arena *arena,
                   const uint8_t *bytes, size_t size, const char **why);

/* The head of a request's frame, of FRAME_MAX_REQUEST_FIELDS at most, as by frame_unpack. */
Rpc__V1__Request *frame_unpack_request(struct arena *arena, const uint8_t *bytes, size_t size,
                                       const char **why);

/* As frame_unpack, for the caller to free with protobuf_c_message_free_unpacked; only *why is in the arena.
 */
void *frame_unpack_apart(const ProtobufCMessageDescriptor *type, size_t max_fields, struct arena *arena,
                         const uint8_t *bytes, size_t size, const char **why);

/* What *why points to when there was no memory for the message. */
extern const char frame_no_memory[];

#endif
