/* test_shared_arena.c: memory that lives as long as somebody holds it. */
#include "base/shared_arena.h"

#include <criterion/criterion.h>
#include <string.h>

Test(shared_arena, lives_until_the_last_holder_lets_go)
{
    struct shared_arena *mine = shared_arena_new();
    const char *text = arena_strdup(&mine->arena, "text");
    struct shared_arena *theirs = shared_arena_hold(mine);
    mine = shared_arena_renew(mine);
    cr_assert_neq(mine, theirs, "somebody holds it");
    arena_strdup(&mine->arena, "other");
    cr_assert_str_eq(text, "text");
    shared_arena_release(theirs);
    shared_arena_release(mine);
    shared_arena_release(NULL);
}

Test(shared_arena, is_used_again_when_nobody_else_holds_it)
{
    struct shared_arena *mine = shared_arena_new();
    struct shared_arena *theirs = shared_arena_hold(mine);
    const char *first = arena_strdup(&mine->arena, "text");
    shared_arena_release(theirs);
    cr_assert_eq(shared_arena_renew(mine), mine);
    cr_assert_eq(arena_strdup(&mine->arena, "text"), first);
    shared_arena_release(mine);
}

/* The one who filled it is about to let go. */
Test(shared_arena, falls_to_its_holders_in_equal_parts)
{
    struct shared_arena *mine = shared_arena_new();
    arena_alloc(&mine->arena, 1);
    arena_alloc(&mine->arena, 100000);
    const size_t whole = shared_arena_share(shared_arena_hold(mine));
    cr_assert_geq(whole, 100000);
    cr_assert_eq(shared_arena_share(shared_arena_hold(mine)), whole / 2);
    for (int i = 0; i < 3; i++)
        shared_arena_release(mine);
}
