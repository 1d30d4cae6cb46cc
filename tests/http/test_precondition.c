/* test_precondition.c: lists of entity tags, whatever a client makes of them. */
#include "http/precondition.h"

#include <criterion/criterion.h>
#include <string.h>

Test(precondition, names)
{
    static const struct {
        const char *list;
        bool strong, weak; /* whether it names 1-a */
    } cases[] = {
        {"\"1-a\"", true, true},
        {"*", true, true},
        {" * ", true, true},
        {"W/\"1-a\"", false, true},
        {"\"x\", \"1-a\"", true, true},
        {", ,\"x\",,W/\"y\" ,\t\"1-a\",", true, true},
        {"\"a,b\", \"1-a\"", true, true},
        {"\"1-a-gzip\"", true, true},
        {"W/\"1-a-gzip\"", false, true},
        {"\"-gzip\"", false, false},
        {"\"1-a-gzip-gzip\"", false, false},
        {"\"1-A\"", false, false},
        {"\"1-ab\"", false, false},
        {"\"1-\"", false, false},
        {"1-a", false, false},
        {"\"1-a", false, false},
        {"", false, false},
        {"**", false, false},
        {"\"x\" \"1-a\"", false, false},
        {"w/\"1-a\"", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(precondition_names(cases[i].list, "1-a", false), cases[i].strong, "%s", cases[i].list);
        cr_expect_eq(precondition_names(cases[i].list, "1-a", true), cases[i].weak, "%s", cases[i].list);
    }
}

Test(precondition, one_etag_for_an_rpc)
{
    static const struct {
        const char *list, *etag;
    } cases[] = {
        {"\"1-a\"", "1-a"}, {" \"1-a\" , ", "1-a"},  {"*", ""},      {"W/\"1-a\"", "W/"},
        {"\"\"", "W/"},     {"\"a\", \"b\"", NULL},  {"1-a", NULL},  {"", NULL},
        {"\"a b\"", NULL},  {"\"a\"x", NULL},        {"*, *", NULL}, {"\"a\", x", NULL},
        {"\"\xff\"", "W/"}, {"\"1-a-gzip\"", "1-a"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *etag = precondition_etag(cases[i].list, &arena);
        if (cases[i].etag == NULL)
            cr_expect_null(etag, "%s: %s", cases[i].list, etag);
        else
            cr_expect_str_eq(etag, cases[i].etag);
    }
    arena_free(&arena);
}

Test(precondition, a_repeated_header_is_one_list)
{
    struct arena arena;
    struct precondition_list list = {0};
    arena_init(&arena);
    precondition_count(&list, 3);
    precondition_count(&list, 0);
    precondition_count(&list, 3);
    precondition_make_room(&list, &arena);
    precondition_add(&list, "\"a\"", 3);
    precondition_add(&list, NULL, 0);
    precondition_add(&list, "\"b\"", 3);
    cr_assert(precondition_names(list.bytes, "a", false) && precondition_names(list.bytes, "b", false));
    cr_assert_lt(list.length, list.size);
    arena_free(&arena);
}

/* As much memory as the lines together have bytes, in whichever pieces they come. */
Test(precondition, many_lines_take_no_more_than_their_length)
{
    enum { LINES = 80, TAG = 100, LARGEST_BLOCKS = 3 }; /* a block has its size rounded up */
    char line[TAG + 3];
    struct arena arena;
    struct precondition_list list = {0};
    arena_init(&arena);
    memset(line, 'x', sizeof line);
    line[0] = line[TAG + 1] = '"';
    for (int i = 0; i < LINES; i++)
        precondition_count(&list, TAG + 2);
    precondition_make_room(&list, &arena);
    for (int i = 0; i < LINES; i++)
        precondition_add(&list, line, TAG + 2);
    cr_expect_eq(list.length, LINES * (TAG + 4) - 2);
    cr_expect_leq(arena_excess(&arena), LARGEST_BLOCKS * list.length, "%zu bytes", arena_excess(&arena));
    arena_free(&arena);
}

Test(precondition, one_that_is_empty_is_a_list_of_nothing)
{
    struct arena arena;
    struct precondition_list list = {0};
    arena_init(&arena);
    precondition_make_room(&list, &arena);
    cr_assert_null(list.bytes, "not sent");
    precondition_count(&list, 0);
    precondition_make_room(&list, &arena);
    precondition_add(&list, NULL, 0);
    cr_assert_str_eq(list.bytes, "");
    arena_free(&arena);
}
