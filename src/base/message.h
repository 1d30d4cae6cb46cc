/* message.h: a protobuf message of which the bytes come from outside. */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Fields in a method's request message, nested ones too. 1,000 orders have half as many. A field of two
     * bytes can take a hundred in memory, so bytes alone would not bound what a message makes the server
     * allocate. */
    MESSAGE_MAX_FIELDS = 1 << 15,
};

/* Unpacks a message into the arena. NULL, and why in *why: the bytes are no such message, have more than
 * max_fields fields, a string in it is not UTF-8 or has a NUL in it, which C could not carry, or a field of a
 * single message comes more than once: then *why, in the arena, names it. Every message that comes from
 * outside is to be unpacked here or by message_unpack_apart. */
void *message_unpack(const ProtobufCMessageDescriptor *type, size_t max_fields, struct arena *arena,
                     const uint8_t *bytes, size_t size, const char **why);

/* As message_unpack, for the caller to free with protobuf_c_message_free_unpacked; only *why is in the arena.
 */
void *message_unpack_apart(const ProtobufCMessageDescriptor *type, size_t max_fields, struct arena *arena,
                           const uint8_t *bytes, size_t size, const char **why);

/* A field's text: those of protobuf-c are not const, though who packs or reads a message only reads them. */
static inline char *message_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* What *why points to when there was no memory for the message. */
extern const char message_no_memory[];

#endif
