/* body.h: a request's body as it is received; its size is bounded, and so is the memory of all bodies
 * together. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "base/budget.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    /* Up to this size a body is accepted whatever others take. An order needs less: so large bodies never
     * keep out orders. */
    BODY_SMALL_BYTES = 4 << 10,
    /* A refused body is read up to this size, so that its sender reads the answer instead of a connection
     * reset. */
    BODY_DISCARD_BYTES = 4 << 20,
};

/* What the bodies of all requests share. Safe from any thread. */
struct bodies {
    size_t max_bytes; /* of one */
    struct budget_part
        *memory;         /* large bodies may take half of its whole budget; a single one may take more */
    atomic_size_t taken; /* taken by large bodies */
};

struct body {
    char *bytes; /* owned */
    size_t length;
    size_t capacity;
    size_t received; /* with what was thrown away */
};

enum body_taken { BODY_TAKEN, BODY_TOO_LARGE, BODY_NO_ROOM };

/* Adds a piece. */
enum body_taken body_append(struct bodies *bodies, struct body *body, const char *bytes, size_t size);

/* Throws a piece away, and all there was. False: more than BODY_DISCARD_BYTES came. */
bool body_discard(struct bodies *bodies, struct body *body, size_t size);

void body_free(struct bodies *bodies, struct body *body);

#endif
