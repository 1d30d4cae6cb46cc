/* test_url.c: request targets taken apart and decoded, whatever bytes they are made of. */
#include "http/url.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

struct path_case {
    char target[64];
    char segments[64]; /* joined by "|"; a segment that is no text is "!" */
    char query[32];
};

ParameterizedTestParameters(url, path)
{
    static struct path_case cases[] = {
        {"/", "", ""},
        {"/orders", "orders", ""},
        {"/orders/", "orders|", ""},
        {"/orders/?skip=1", "orders|", "skip=1"},
        {"/orders/a/b", "orders|a|b", ""},
        {"/orders/a%2Fb", "orders|a/b", ""},
        {"/orders/a%2fb?", "orders|a/b", ""},
        {"/orders/%C3%9E%C3%B3r", "orders|Þór", ""},
        {"/orders/a+b", "orders|a+b", ""},
        {"/orders/a%20b", "orders|a b", ""},
        {"/%6Frders/", "orders|", ""},
        {"/orders/%00", "orders|!", ""},
        {"/orders/a%00b", "orders|!", ""},
        {"/orders/%ff", "orders|!", ""},
        {"/orders/%ED%A0%80", "orders|!", ""},
        {"/orders/%zz", "orders|!", ""},
        {"/orders/%4", "orders|!", ""},
        {"/orders/%", "orders|!", ""},
        {"http://shop.example/orders/1?a=b", "orders|1", "a=b"},
        {"http://shop.example", "(none)", ""},
        {"orders", "(none)", ""},
        {"*", "(none)", ""},
        {"", "(none)", ""},
        {"/1/2/3/4/5/6/7/8", "1|2|3|4|5|6|7|8", ""},
        {"/1/2/3/4/5/6/7/8/9", "(none)", ""},
    };
    return cr_make_param_array(struct path_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct path_case *c, url, path, .init = setup, .fini = teardown)
{
    struct url url;
    const char *joined = "";
    url_parse(c->target, &arena, &url);
    for (size_t i = 0; i < url.n_segments; i++) {
        const struct url_part *part = &url.segments[i];
        joined = arena_printf(&arena, "%s%s%s", joined, i == 0 ? "" : "|", part->is_text ? part->bytes : "!");
    }
    cr_assert_str_eq(url.n_segments == 0 ? "(none)" : joined, c->segments, "%s: %s", c->target, joined);
    cr_assert_str_eq(url.query, c->query);
}

struct query_case {
    char query[48];
    char value[16]; /* of the parameter "limit"; "(none)" when it is not there, "!" when it is no text */
};

ParameterizedTestParameters(url, query)
{
    static struct query_case cases[] = {
        {"", "(none)"},
        {"limit=5", "5"},
        {"limit=", ""},
        {"limit", ""},
        {"skip=1&limit=5&status=x", "5"},
        {"limit=1&limit=2", "2"},
        {"limits=1&xlimit=2&=3&&", "(none)"},
        {"%6Cimit=5", "5"},
        {"limit=a+b%2Bc", "a b+c"},
        {"limit=a=b", "a=b"},
        {"limit=%26", "&"},
        {"limit=%zz", "!"},
        {"limit=%ff", "!"},
        {"limit=%00", "!"},
        {"limit%00=1", "(none)"}, /* another name */
        {"limit%00x=1", "(none)"},
        {"limit=5&limit%00x=1", "5"},
        {"%00limit=1", "(none)"},
        {"%00=1", "(none)"},
    };
    return cr_make_param_array(struct query_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct query_case *c, url, query, .init = setup, .fini = teardown)
{
    struct url_part value;
    const char *found = "(none)";
    if (url_query_find(c->query, "limit", &arena, &value))
        found = value.is_text ? value.bytes : "!";
    cr_assert_str_eq(found, c->value, "%s: %s", c->query, found);
}

/* A query is searched for each parameter of its route, and its names are many. */
Test(url, names_that_are_not_looked_for_take_no_memory, .init = setup, .fini = teardown)
{
    enum { NAMES = 4096 };
    char query[2 * NAMES + sizeof "limit=5"];
    struct url_part value;
    for (size_t i = 0; i < NAMES; i++)
        memcpy(query + 2 * i, "a&", 2);
    strcpy(query + (size_t)2 * NAMES, "limit=5");
    for (int i = 0; i < 16; i++)
        cr_assert(url_query_find(query, "limit", &arena, &value));
    cr_assert_eq(arena_excess(&arena), 0);
    cr_assert_str_eq(value.bytes, "5");
}

Test(url, several_values, .init = setup, .fini = teardown)
{
    static const char *const cases[][2] = {
        {"", "0:"},
        {"s=&s", "0:"},
        {"s=,,&s=a,", "2: ,, a"},
        {"s=a&t=x&s=b", "2: a b"},
        {"s=a,b&s=c,", "3: a b c"},
        {"%73=a%2Cb", "2: a b"},
        {"s=a,b,c,d,e", "5: a b c d"}, /* of which there is room for four */
        {"s=a+b,%FF", "2: ! !"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url_part values[4];
        const size_t n = url_query_values(cases[i][0], "s", &arena, values, 4);
        const char *found = arena_printf(&arena, "%zu:", n);
        for (size_t at = 0; at < n && at < 4; at++)
            found = arena_printf(&arena, "%s %s", found, values[at].is_text ? values[at].bytes : "!");
        cr_expect_str_eq(found, cases[i][1], "%s: %s", cases[i][0], found);
    }
}

Test(url, escape, .init = setup, .fini = teardown)
{
    static const char text[] = "aZ9-._~ /?&=+,%\"<>\r\n\x7f\xc3\xa9";
    static const char escaped[] = "aZ9-._~%20%2F%3F%26%3D%2B%2C%25%22%3C%3E%0D%0A%7F%C3%A9";
    char out[128];
    *url_escape(out, text) = '\0';
    cr_expect_str_eq(out, escaped, "%s", out);
    cr_expect_eq(url_escaped_length(text), strlen(escaped));
}

Test(url, without_slash)
{
    static const char *const cases[][2] = {
        {"/orders/A/", "/orders/A"},
        {"/orders/A//?skip=1&a=/", "/orders/A?skip=1&a=/"},
        {"http://shop.example/orders/A/?", "/orders/A?"},
        {"/orders/a%2Fb/", "/orders/a%2Fb"},
        {"/orders/þ\x01/?\x7f", "/orders/%C3%BE%01?%7F"},
        {"/", ""},
    };
    setup();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(url_without_slash(cases[i][0], &arena), cases[i][1]);
    teardown();
}
