/* test_arena.c: what the arena promises. */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

Test(arena, allocations_are_aligned_and_apart)
{
    struct arena arena;
    arena_init(&arena);
    char *before = NULL;
    for (size_t size = 1; size < 10000; size = size * 3 + 1) {
        char *memory = arena_alloc(&arena, size);
        cr_assert_eq((uintptr_t)memory % alignof(max_align_t), 0);
        cr_assert_neq(memory, before);
        memset(memory, 0xaa, size);
        before = memory;
    }
    arena_free(&arena);
}

Test(arena, reset_keeps_the_first_block)
{
    struct arena arena;
    arena_init(&arena);
    void *first = arena_alloc(&arena, 10);
    arena_alloc(&arena, 1 << 20); /* in a block of its own */
    arena_reset(&arena);
    cr_assert_eq(arena_alloc(&arena, 10), first);
    arena_free(&arena);
}

Test(arena, trim_keeps_a_first_block_of_common_size_alone)
{
    struct arena arena;
    arena_init(&arena);
    cr_assert(arena_is_empty(&arena));
    void *first = arena_alloc(&arena, 10);
    cr_assert_not(arena_is_empty(&arena));
    arena_alloc(&arena, 1 << 20);
    arena_trim(&arena);
    cr_assert(arena_is_empty(&arena));
    cr_assert_eq(arena_alloc(&arena, 10), first);
    arena_free(&arena);
    arena_alloc(&arena, 1 << 20);
    arena_trim(&arena);
    cr_assert_null(arena.newest);
}

Test(arena, calloc_zeroes_reused_memory)
{
    struct arena arena;
    arena_init(&arena);
    memset(arena_alloc(&arena, 64), 0xff, 64);
    arena_reset(&arena);
    const unsigned char *zeroed = arena_calloc(&arena, 8, 8);
    for (size_t i = 0; i < 64; i++)
        cr_assert_eq(zeroed[i], 0);
    arena_free(&arena);
}

Test(arena, makes_strings)
{
    struct arena arena;
    arena_init(&arena);
    cr_assert_str_eq(arena_strdup(&arena, "a"), "a");
    cr_assert_str_eq(arena_copy(&arena, "abc", 2), "ab");
    cr_assert_str_eq(arena_copy(&arena, NULL, 0), "");
    cr_assert_str_eq(arena_printf(&arena, "%d-%s", 5, "x"), "5-x");
    arena_free(&arena);
}

Test(arena, what_was_given_last_grows_in_place)
{
    struct arena arena;
    arena_init(&arena);
    char *text = arena_grow(&arena, NULL, 0, 10);
    memcpy(text, "123456789", 10);
    char *longer = arena_grow(&arena, text, 10, 100);
    cr_assert_eq(longer, text);
    cr_assert_str_eq(longer, "123456789");
    char *other = arena_alloc(&arena, 1);
    char *moved = arena_grow(&arena, longer, 100, 200);
    cr_assert_neq(moved, longer);
    cr_assert_neq(moved, other);
    cr_assert_str_eq(moved, "123456789");
    char *huge = arena_grow(&arena, moved, 200, 100000); /* more than the block has */
    cr_assert_str_eq(huge, "123456789");
    arena_free(&arena);
}

/* Sizes that no malloc is asked for. */
Test(arena, one_that_may_fail_says_so_and_goes_on)
{
    struct arena arena;
    arena_init_may_fail(&arena);
    char *kept = arena_strdup(&arena, "kept");
    errno = 0;
    cr_assert_null(arena_alloc(&arena, SIZE_MAX));
    cr_assert_eq(errno, ENOMEM);
    cr_assert_null(arena_calloc(&arena, SIZE_MAX / 2, 8));
    cr_assert_null(arena_grow(&arena, kept, 5, SIZE_MAX));
    cr_assert_str_eq(kept, "kept");
    cr_assert_str_eq(arena_strdup(&arena, "more"), "more");
    arena_free(&arena);
    cr_assert_null(arena_alloc(&arena, SIZE_MAX), "it still may");
}

Test(arena, one_that_may_not_ends_the_process, .signal = SIGABRT)
{
    struct arena arena;
    arena_init(&arena);
    arena_alloc(&arena, SIZE_MAX);
}
