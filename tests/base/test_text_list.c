/* test_text_list.c: lists as people write them. */
#include "base/text_list.h"

#include <criterion/criterion.h>
#include <string.h>

Test(text_list, items_between_commas)
{
    static const struct {
        const char *text, *items[4];
    } cases[] = {
        {"", {NULL}},
        {" , ,\t", {NULL}},
        {"a", {"a", NULL}},
        {" a ,b\n,, c d ", {"a", "b", "c d"}},
        {"a,b,c,", {"a", "b", "c"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        size_t n;
        arena_init(&arena);
        const char *const *items = text_list_split(&arena, cases[i].text, 3, &n);
        cr_assert_not_null(items);
        for (size_t j = 0; j < n; j++)
            cr_expect_str_eq(items[j], cases[i].items[j]);
        cr_expect_null(items[n]);
        cr_expect_null(cases[i].items[n]);
        arena_free(&arena);
    }
}

Test(text_list, too_many_are_no_list)
{
    struct arena arena;
    size_t n;
    arena_init(&arena);
    cr_expect_null(text_list_split(&arena, "a,b,c,d", 3, &n));
    arena_free(&arena);
}
