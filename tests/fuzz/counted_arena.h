/* counted_arena.h: an arena that counts what protobuf-c asks it for.
 *
 * What a frame makes the server allocate must be bounded by the frame's size, since nothing is given back
 * before the call ends.
 */
#ifndef FUZZ_COUNTED_ARENA_H
#define FUZZ_COUNTED_ARENA_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct counted_arena {
    struct arena *arena;
    size_t bytes;
};

/* Counts into `counted` from now on; both must not move. */
void counted_arena_begin(struct counted_arena *counted, struct arena *arena);

/* Whether no more was asked for than unpacking `size` bytes may take. */
bool counted_arena_is_bounded(const struct counted_arena *counted, size_t size);

#endif
