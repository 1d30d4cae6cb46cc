/* body.c: the buffer grows with what came, not with what was announced. */
#include "http/body.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 1024,
    REQUEST_TO_BODY = 4, /* the text, its JSON, the message, and that as its channel has it */
};

/* What a buffer of this size counts as. */
static size_t share(size_t capacity)
{
    return capacity > BODY_SMALL_BYTES ? REQUEST_TO_BODY * capacity : 0;
}

static void give_back(struct bodies *bodies, size_t bytes)
{
    atomic_fetch_sub(&bodies->taken, bytes);
    budget_part_give_back(bodies->memory, bytes);
}

/* To one that has some of it. */
static bool take_room(struct bodies *bodies, size_t has, size_t more)
{
    const size_t taken = atomic_fetch_add(&bodies->taken, more);
    if (more == 0)
        return true;
    if (taken == has) {
        budget_part_add(bodies->memory, more);
        return true;
    }
    if (taken + more <= bodies->memory->whole->limit / 2 && budget_part_take(bodies->memory, more))
        return true;
    atomic_fetch_sub(&bodies->taken, more);
    return false;
}

static bool grow(struct bodies *bodies, struct body *body, size_t capacity)
{
    const size_t has = share(body->capacity), more = share(capacity) - has;
    if (!take_room(bodies, has, more))
        return false;
    char *larger = realloc(body->bytes, capacity);
    if (larger == NULL) {
        give_back(bodies, more);
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
    give_back(bodies, share(body->capacity));
    free(body->bytes);
    body->bytes = NULL;
    body->length = body->capacity = 0;
}
