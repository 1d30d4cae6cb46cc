/* body.h: a request's body as it comes in, bounded: by itself, and in what all that come in at once take. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "base/budget.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    /* To here a body finds room whatever others take: more than an order needs, so that large bodies, which
     * are rarely anybody's order, never keep one out. */
    BODY_SMALL_BYTES = 4 << 10,
    /* A body that is not wanted is read to here, so that its sender gets to read the answer instead of a
     * reset connection. */
    BODY_DISCARD_BYTES = 4 << 20,
};

/* What the bodies of all requests share. Safe from any thread. */
struct bodies {
    size_t max_bytes;           /* of one */
    struct budget_part *memory; /* of whose whole those that are not small may have half; one alone more */
    atomic_size_t taken;        /* of it, by them */
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
