/* body.c: the buffer grows with what came, not with what was announced. */
#include "http/body.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

bool body_append(struct body *body, const char *bytes, size_t size)
{
    body->received += size;
    if (size > BODY_MAX_BYTES - body->length)
        return false;
    size_t capacity = body->capacity == 0 ? FIRST_CAPACITY : body->capacity;
    while (capacity - body->length < size)
        capacity *= 2;
    if (capacity > body->capacity) {
        char *larger = realloc(body->bytes, capacity);
        if (larger == NULL)
            return false;
        body->bytes = larger;
        body->capacity = capacity;
    }
    memcpy(body->bytes + body->length, bytes, size);
    body->length += size;
    return true;
}

bool body_discard(struct body *body, size_t size)
{
    body_free(body);
    body->received += size;
    return body->received <= BODY_DISCARD_BYTES;
}

void body_free(struct body *body)
{
    free(body->bytes);
    body->bytes = NULL;
    body->length = body->capacity = 0;
}
