/* counted_arena.c: stands between protobuf-c and the arena. */
#include "counted_arena.h"

enum {
    BYTES_PER_BYTE = 160, /* a field of two bytes can be an order, with protobuf-c's own notes on the field */
    BYTES_AT_LEAST = 8192,
};

static void *allocate(void *data, size_t size)
{
    struct counted_arena *counted = data;
    counted->bytes += size;
    return arena_alloc(counted->arena, size);
}

static void give_back(void *data, void *memory)
{
    (void)data;
    (void)memory;
}

void counted_arena_begin(struct counted_arena *counted, struct arena *arena)
{
    *counted = (struct counted_arena){.arena = arena};
    arena->allocator = (ProtobufCAllocator){.alloc = allocate, .free = give_back, .allocator_data = counted};
}

bool counted_arena_is_bounded(const struct counted_arena *counted, size_t size)
{
    return counted->bytes <= BYTES_AT_LEAST + BYTES_PER_BYTE * size;
}
