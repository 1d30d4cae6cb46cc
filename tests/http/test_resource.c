/* test_resource.c: which form of a resource is answered, and that both are the same thing. */
#include "http/resource.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static struct resources resources;

static void setup(void)
{
    resources_init(&resources);
}

static void teardown(void)
{
    resources_free(&resources);
}

TestSuite(resource, .init = setup, .fini = teardown);

struct coding_case {
    char accept_encoding[64];
    bool gzip;
};

ParameterizedTestParameters(resource, coding)
{
    static struct coding_case cases[] = {
        {"gzip", true},
        {"gzip, deflate, br", true},
        {"br , GZIP", true},
        {"x-gzip", true},
        {"deflate;q=1, gzip;q=0.5", true},
        {"gzip;q=0.001", true},
        {"gzip ; q=1.000", true},
        {"*", true},
        {"*;q=0, gzip", true},
        {"identity, *;q=0.1", true},
        {"", false},
        {"identity", false},
        {"br", false},
        {"gzi", false},
        {"gzipped", false},
        {"gzip;q=0", false},
        {"gzip;q=0.000", false},
        {"gzip; Q=0 , br", false},
        {"gzip;q=0, *", false},
        {"*, gzip;q=0.0", false},
        {"*;q=0", false},
        {",,;q=0,", false},
    };
    return cr_make_param_array(struct coding_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct coding_case *c, resource, coding)
{
    static const struct resource both = {.plain = {"plain", 5, "a"}, .gzip = {"gzip", 4, "b"}};
    static const struct resource one = {.plain = {"plain", 5, "a"}};
    const struct resource_form *form = resource_form(&both, c->accept_encoding);
    cr_expect_eq(form, c->gzip ? &both.gzip : &both.plain, "%s", c->accept_encoding);
    cr_expect_eq(resource_form(&one, c->accept_encoding), &one.plain);
}

Test(resource, without_the_header_it_is_plain)
{
    static const struct resource both = {.plain = {"plain", 5, "a"}, .gzip = {"gzip", 4, "b"}};
    cr_expect_eq(resource_form(&both, NULL), &both.plain);
}

/* That the compressed form is the plain one, under another tag, and shorter. */
static void check_forms(const struct resource *resource)
{
    enum { GZIP_WINDOW = 15 + 16 };
    cr_assert_gt(resource->plain.length, 0, "%s", resource->name);
    cr_assert_gt(strlen(resource->plain.etag), 8);
    if (resource->gzip.bytes == NULL)
        return;
    char *unpacked = malloc(resource->plain.length);
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)resource->gzip.bytes,
        .avail_in = (uInt)resource->gzip.length,
        .next_out = (Bytef *)unpacked,
        .avail_out = (uInt)resource->plain.length,
    };
    cr_assert_eq(inflateInit2(&stream, GZIP_WINDOW), Z_OK);
    cr_expect_eq(inflate(&stream, Z_FINISH), Z_STREAM_END, "%s", resource->name);
    cr_expect_eq(stream.total_out, resource->plain.length);
    cr_expect_arr_eq(unpacked, resource->plain.bytes, resource->plain.length);
    cr_expect_str_neq(resource->plain.etag, resource->gzip.etag);
    cr_expect_lt(resource->gzip.length, resource->plain.length);
    inflateEnd(&stream);
    free(unpacked);
}

Test(resource, what_is_built_in_is_whole)
{
    cr_assert_gt(resources_built_in_count, 0);
    for (size_t i = 0; i < resources_built_in_count; i++) {
        cr_expect_eq(resources_find(&resources, resources_built_in[i].name), &resources_built_in[i]);
        check_forms(&resources_built_in[i]);
    }
}

Test(resource, what_is_made_takes_the_place_of_a_file)
{
    char text[5000];
    memset(text, 'x', sizeof text);
    resources_make(&resources, "docs/docs.js", "text/plain", text, sizeof text);
    const struct resource *made = resources_find(&resources, "docs/docs.js");
    cr_assert_not_null(made);
    cr_expect_eq(made->plain.length, sizeof text);
    cr_expect_arr_eq(made->plain.bytes, text, sizeof text);
    cr_assert_not_null(made->gzip.bytes);
    check_forms(made);
}

Test(resource, any_number_can_be_made)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    enum { N = sizeof names / sizeof names[0] };
    for (size_t i = 0; i < N; i++)
        resources_make(&resources, names[i], "text/plain", names[i], 1);
    for (size_t i = 0; i < N; i++)
        cr_expect_eq(resources_find(&resources, names[i])->plain.bytes[0], names[i][0]);
}

Test(resource, what_compression_does_not_shorten_is_plain_alone)
{
    resources_make(&resources, "a", "text/plain", "a", 1);
    const struct resource *made = resources_find(&resources, "a");
    cr_assert_not_null(made);
    cr_expect_null(made->gzip.bytes);
}

Test(resource, other_names_are_not_found)
{
    static const char *const names[] = {"",
                                        "docs",
                                        "docs/",
                                        "docs/../openapi.json",
                                        "/openapi.json",
                                        "DOCS/docs.js",
                                        "docs/docs.js ",
                                        "../docs/docs.js"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect_null(resources_find(&resources, names[i]), "%s", names[i]);
}
