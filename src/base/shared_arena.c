/* shared_arena.c: an arena and a count. */
#include "base/shared_arena.h"

#include <stdlib.h>

struct shared_arena *shared_arena_new(void)
{
    struct shared_arena *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        abort(); /* as the arena does */
    arena_init(&shared->arena);
    atomic_init(&shared->holders, 1);
    return shared;
}

struct shared_arena *shared_arena_hold(struct shared_arena *shared)
{
    atomic_fetch_add(&shared->holders, 1);
    return shared;
}

void shared_arena_release(struct shared_arena *shared)
{
    if (shared == NULL || atomic_fetch_sub(&shared->holders, 1) > 1)
        return;
    arena_free(&shared->arena);
    free(shared);
}

size_t shared_arena_share(const struct shared_arena *shared)
{
    const unsigned holders = atomic_load(&shared->holders);
    return arena_excess(&shared->arena) / (holders > 1 ? holders - 1 : 1);
}

struct shared_arena *shared_arena_renew(struct shared_arena *shared)
{
    if (atomic_load(&shared->holders) == 1) {
        arena_reset(&shared->arena);
        return shared;
    }
    shared_arena_release(shared);
    return shared_arena_new();
}
