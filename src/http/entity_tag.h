/* entity_tag.h: ETag on answers, and what the preconditions of a read make of it (RFC 9110, sections 8.8.3
 * and 13.1). No sockets.
 */
#ifndef HTTP_ENTITY_TAG_H
#define HTTP_ENTITY_TAG_H

#include "base/arena.h"
#include "http/answer.h"
#include "http/precondition.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* A message's etag (AIP-154), NULL if it has none; and puts a copy without it in the message's place, as HTTP
 * has a header for it: the body is to be without. */
const char *entity_tag_take(const ProtobufCMessage **message, struct arena *arena);

/* The same for all messages of a repeated field. */
void entity_tag_take_all(const ProtobufCMessage **message, const ProtobufCFieldDescriptor *list,
                         struct arena *arena);

/* The tag of an answer that has none of its own: made of its body, and of what else it says; "" for nothing.
 */
const char *entity_tag_make(const struct answer *answer, const char *also, struct arena *arena);

/* Gives an answer that is complete, but for its coding, its entity tag: etag, or for a read without one
 * (NULL) one made of the body; and behind it what the coding adds, "" for none. A read's preconditions may
 * put 304 or 412 in the place of the answer; a write's were its RPC's to check. */
void entity_tag_add(const char *etag, const char *coding, bool is_read,
                    const struct precondition *precondition, struct arena *arena, struct answer *answer);

#endif
