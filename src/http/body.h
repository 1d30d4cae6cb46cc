/* body.h: a request's body as it comes in, bounded. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>

enum {
    BODY_MAX_BYTES = 1 << 20,
    /* A body that is not wanted is read to here, so that its sender gets to read the answer instead of a
     * reset connection. */
    BODY_DISCARD_BYTES = 4 << 20,
};

struct body {
    char *bytes; /* owned */
    size_t length;
    size_t capacity;
    size_t received; /* with what was thrown away */
};

/* Adds a piece. False: no memory, or more than BODY_MAX_BYTES. */
bool body_append(struct body *body, const char *bytes, size_t size);

/* Throws a piece away. False: more than BODY_DISCARD_BYTES came. */
bool body_discard(struct body *body, size_t size);

void body_free(struct body *body);

#endif
