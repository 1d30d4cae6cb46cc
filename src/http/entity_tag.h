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

/* The field of a message that holds its etag (AIP-154), NULL if it has none. HTTP has a header for it: the
 * body is to be without. */
const ProtobufCFieldDescriptor *entity_tag_field(const ProtobufCMessageDescriptor *type);

/* The tag of an answer that has none of its own: made of its body, and of what else it says; "" for nothing.
 */
const char *entity_tag_make(const struct answer *answer, const char *also, struct arena *arena);

/* Gives an answer that is complete, but for its coding, its entity tag: etag, or for a read without one
 * (NULL) one made of the body; and behind it what the coding adds, "" for none. A read's preconditions may
 * put 304 or 412 in the place of the answer; a write's were its RPC's to check. */
void entity_tag_add(const char *etag, const char *coding, bool is_read,
                    const struct precondition *precondition, struct arena *arena, struct answer *answer);

#endif
