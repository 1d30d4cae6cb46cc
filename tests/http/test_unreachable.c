/* test_unreachable.c: names of any bytes in a header that is no longer than it may be. */
#include "http/unreachable.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

TestSuite(unreachable, .init = set_up, .fini = tear_down);

static const char *header_of(char *const names[], size_t n)
{
    struct answer answer = {0};
    unreachable_add(names, n, &arena, &answer);
    cr_assert_leq(answer.n_headers, 1);
    if (answer.n_headers == 0)
        return NULL;
    cr_assert_str_eq(answer.headers[0].name, "X-Unreachable-Orders");
    return answer.headers[0].value;
}

Test(unreachable, names_are_a_list)
{
    cr_assert_null(header_of(NULL, 0));
    cr_assert_str_eq(header_of((char *[]){"ORD-2025_1.~"}, 1), "ORD-2025_1.~");
    cr_assert_str_eq(header_of((char *[]){"a", "b", "c"}, 3), "a,b,c");
}

Test(unreachable, no_name_ends_the_header_or_the_list)
{
    cr_assert_str_eq(header_of((char *[]){"a,b", "x\r\nSet-Cookie: y", "*", "%41", "\xc3\xbe"}, 5),
                     "a%2Cb,x%0D%0ASet-Cookie%3A%20y,%2A,%2541,%C3%BE");
}

Test(unreachable, who_has_no_name_has_a_place)
{
    cr_assert_str_eq(header_of((char *[]){""}, 1), "*");
    cr_assert_str_eq(header_of((char *[]){"a", "", "b"}, 3), "a,*,b");
}

/* What is left out is told of. */
Test(unreachable, it_is_bounded)
{
    enum { MANY = 1001 };
    char *names[MANY], long_name[UNREACHABLE_MOST_BYTES + 1];
    for (size_t i = 0; i < MANY; i++)
        names[i] = "1234567890";
    const char *value = header_of(names, MANY);
    const size_t length = strlen(value);
    cr_assert_leq(length, UNREACHABLE_MOST_BYTES);
    cr_assert_gt(length, UNREACHABLE_MOST_BYTES - 14);
    cr_assert_str_eq(value + length - strlen(",1234567890,*"), ",1234567890,*");

    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    cr_assert_str_eq(header_of((char *[]){long_name, "a"}, 2), "*");
    cr_assert_str_eq(header_of((char *[]){"a", long_name, "b"}, 3), "a,*");
}
