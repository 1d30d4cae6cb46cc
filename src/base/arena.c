/* arena.c: a chain of blocks, each twice the size of the one before, filled from the bottom up. */
#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* AddressSanitizer cannot look into a block: it is told which bytes of it are handed out, so that it sees a
 * step beyond an allocation, into the gap that is then left behind each, and one into memory that was given
 * back. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { GAP = alignof(max_align_t) };
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
enum { GAP = 0 };
#endif

enum {
    FIRST_BLOCK =
        4096, /* unless more is asked for at first; holds a common call whole: request, order, reply */
    LARGEST_GROWTH = 1 << 20,
    ALIGNMENT = alignof(max_align_t),
};

struct arena_block {
    struct arena_block *older;
    size_t size; /* of data */
    alignas(max_align_t) char data[];
};

static void *allocate_for_protobuf(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void free_for_protobuf(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static void init(struct arena *arena, bool may_fail)
{
    *arena = (struct arena){
        .allocator = {.alloc = allocate_for_protobuf, .free = free_for_protobuf, .allocator_data = arena},
        .may_fail = may_fail,
    };
}

void arena_init(struct arena *arena)
{
    init(arena, false);
}

void arena_init_may_fail(struct arena *arena)
{
    init(arena, true);
}

static void use_block(struct arena *arena, struct arena_block *block)
{
    arena->newest = block;
    arena->next = block->data;
    arena->end = block->data + block->size;
    ASAN_POISON_MEMORY_REGION(block->data, block->size);
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->newest;
    if (block == NULL)
        return;
    while (block->older != NULL) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    use_block(arena, block);
}

bool arena_is_empty(const struct arena *arena)
{
    return arena->newest == NULL || (arena->newest->older == NULL && arena->next == arena->newest->data);
}

size_t arena_excess(const struct arena *arena)
{
    size_t size = 0;
    for (const struct arena_block *block = arena->newest; block != NULL && block->older != NULL;
         block = block->older)
        size += sizeof *block + block->size;
    return size;
}

void arena_free(struct arena *arena)
{
    arena_reset(arena);
    free(arena->newest);
    init(arena, arena->may_fail);
}

void arena_trim(struct arena *arena)
{
    arena_reset(arena);
    if (arena->newest != NULL && arena->newest->size > FIRST_BLOCK - sizeof(struct arena_block))
        arena_free(arena);
}

/* Ends the process, unless the arena may fail. */
static void *out_of_memory(const struct arena *arena, size_t size)
{
    if (!arena->may_fail) {
        fprintf(stderr, "out of memory: %zu bytes\n", size);
        abort();
    }
    errno = ENOMEM;
    return NULL;
}

/* False: no memory. */
static bool add_block(struct arena *arena, size_t size)
{
    size_t block_size = FIRST_BLOCK - sizeof(struct arena_block);
    if (arena->newest != NULL)
        block_size = arena->newest->size < LARGEST_GROWTH / 2 ? 2 * arena->newest->size : LARGEST_GROWTH;
    if (block_size < size)
        block_size = size;
    struct arena_block *block = malloc(sizeof *block + block_size);
    if (block == NULL)
        return out_of_memory(arena, block_size) != NULL;
    block->older = arena->newest;
    block->size = block_size;
    use_block(arena, block);
    return true;
}

/* How much of a block an allocation takes. */
static size_t footprint(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + GAP;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return out_of_memory(arena, size);
    const bool fits = arena->newest != NULL && (size_t)(arena->end - arena->next) >= footprint(size);
    if (!fits && !add_block(arena, footprint(size)))
        return NULL;
    void *memory = arena->next;
    arena->next += footprint(size);
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    return memory;
}

void *arena_calloc(struct arena *arena, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        return out_of_memory(arena, SIZE_MAX);
    void *memory = arena_alloc(arena, total);
    return memory != NULL ? memset(memory, 0, total) : NULL;
}

void *arena_grow(struct arena *arena, void *memory, size_t size, size_t new_size)
{
    char *bytes = memory;
    if (bytes != NULL && bytes + footprint(size) == arena->next &&
        footprint(new_size) <= (size_t)(arena->end - bytes)) {
        arena->next = bytes;
        return arena_alloc(arena, new_size);
    }
    char *grown = arena_alloc(arena, new_size);
    if (grown != NULL && bytes != NULL)
        memcpy(grown, bytes, size);
    return grown;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    char *copy = arena_alloc(arena, size + 1);
    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
    return arena_copy(arena, string, strlen(string));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    char *string = arena_alloc(arena, size);
    if (string != NULL)
        string[0] = '\0';
    if (string != NULL && length > 0)
        vsnprintf(string, size, format, again);
    va_end(again);
    return string;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *string = arena_vprintf(arena, format, args);
    va_end(args);
    return string;
}
