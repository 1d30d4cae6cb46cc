/* arena.h: memory that is handed out piece by piece and given back all at once.
 *
 * One call owns one arena: its request is unpacked into it, its reply is made in it, and both go when
 * the arena is reset. An arena is not locked: it belongs to whichever thread holds its call.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *newest; /* owned; the blocks are chained from newest to first */
    char *next;                 /* where the next allocation starts in the newest block */
    char *end;
    ProtobufCAllocator allocator; /* hands out from this arena and never frees */
    bool may_fail;
};

/* Makes an empty arena; it takes no memory before the first allocation. The struct must not move. */
void arena_init(struct arena *arena);

/* The same, for a library, which has no say over its process: out of memory, all functions below return NULL,
 * and errno is ENOMEM. */
void arena_init_may_fail(struct arena *arena);

/* Forgets everything allocated. Keeps the first block, so that a reused arena allocates nothing. */
void arena_reset(struct arena *arena);

/* The same, for an arena that is to wait for its next use: a first block that is larger than most is not
 * kept.
 */
void arena_trim(struct arena *arena);

/* Gives back all memory; the arena is then as after arena_init. */
void arena_free(struct arena *arena);

/* Whether nothing was allocated since it was made, reset or freed. */
bool arena_is_empty(const struct arena *arena);

/* How much memory it has beyond the first block: what a reset would give back. */
size_t arena_excess(const struct arena *arena);

/* Memory for any type, valid until the arena is reset or freed. Not zeroed. Never NULL, unless the arena may
 * fail: a process that is out of memory is ended, as every answer it could still give would need memory too.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc, for n elements of size bytes each, zeroed. */
void *arena_calloc(struct arena *arena, size_t n, size_t size);

/* Makes memory that the arena gave, and that holds size bytes, larger: where it is, when it was the last to
 * be given and there is room, else as a copy. `memory` may be NULL when size is 0. */
void *arena_grow(struct arena *arena, void *memory, size_t size, size_t new_size);

/* A copy of size bytes with a NUL behind it. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);

/* A copy of a string. */
char *arena_strdup(struct arena *arena, const char *string);

/* A string made as by printf. */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
