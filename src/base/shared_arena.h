/* shared_arena.h: an arena with a reference count, freed when the last holder releases it.
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

/* Its memory beyond the first block, divided by the number of holders without the one that filled it. */
size_t shared_arena_share(const struct shared_arena *shared);

/* Exchanges a holder's arena for an empty one: the same one, if nobody else holds it. The caller must not
 * hand it out meanwhile. */
struct shared_arena *shared_arena_renew(struct shared_arena *shared);

#endif
