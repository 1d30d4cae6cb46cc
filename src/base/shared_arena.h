/* shared_arena.h: memory of several holders, given back when the last of them lets go of it.
 *
 * One fills it, before it hands it out; from then on all of them only read. Holding and releasing are safe
 * from any thread.
 */
#ifndef BASE_SHARED_ARENA_H
#define BASE_SHARED_ARENA_H

#include "base/arena.h"

#include <stdatomic.h>
#include <stdbool.h>

struct shared_arena {
    struct arena arena;
    atomic_uint holders;
};

/* An empty one, of one holder. Never NULL, as with arena_alloc. */
struct shared_arena *shared_arena_new(void);

/* For a further holder. */
struct shared_arena *shared_arena_hold(struct shared_arena *shared);

/* NULL does nothing. */
void shared_arena_release(struct shared_arena *shared);

/* How much of its memory, beyond the first block, falls to each of the holders but the one who filled it. */
size_t shared_arena_share(const struct shared_arena *shared);

/* Of a holder who hands it to nobody meanwhile: an empty one, which is the same if nobody else holds that. */
struct shared_arena *shared_arena_renew(struct shared_arena *shared);

#endif
