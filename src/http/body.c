/* body.c: the buffer grows with what came, not with what was announced. */
#include "http/body.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

/* What a buffer of this size takes of the shared room. */
static size_t share(size_t capacity)
{
    return capacity > BODY_SMALL_BYTES ? capacity : 0;
}

static bool take_room(struct bodies *bodies, size_t bytes)
{
    if (bytes == 0 || atomic_fetch_add(&bodies->taken, bytes) + bytes <= bodies->max_all_bytes)
        return true;
    atomic_fetch_sub(&bodies->taken, bytes);
    return false;
}

static bool grow(struct bodies *bodies, struct body *body, size_t capacity)
{
    const size_t more = share(capacity) - share(body->capacity);
    if (!take_room(bodies, more))
        return false;
    char *larger = realloc(body->bytes, capacity);
    if (larger == NULL) {
        atomic_fetch_sub(&bodies->taken, more);
        return false;
    }
    body->bytes = larger;
    body->capacity = capacity;
    return true;
}

enum body_taken body_append(struct bodies *bodies, struct body *body, const char *bytes, size_t size)
{
    body->received += size;
    if (size > bodies->max_bytes - body->length)
        return BODY_TOO_LARGE;
    size_t capacity = body->capacity == 0 ? FIRST_CAPACITY : body->capacity;
    while (capacity - body->length < size)
        capacity *= 2;
    if (capacity > body->capacity && !grow(bodies, body, capacity))
        return BODY_NO_ROOM;
    memcpy(body->bytes + body->length, bytes, size);
    body->length += size;
    return BODY_TAKEN;
}

bool body_discard(struct bodies *bodies, struct body *body, size_t size)
{
    body_free(bodies, body);
    body->received += size;
    return body->received <= BODY_DISCARD_BYTES;
}

void body_free(struct bodies *bodies, struct body *body)
{
    atomic_fetch_sub(&bodies->taken, share(body->capacity));
    free(body->bytes);
    body->bytes = NULL;
    body->length = body->capacity = 0;
}
