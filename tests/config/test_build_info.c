/* test_build_info.c: the build as a scrape has it. */
#include "config/build_info.h"

#include "base/metrics_text.h"

#include <criterion/criterion.h>
#include <string.h>

Test(build_info, it_names_version_and_commit, .timeout = 60)
{
    struct metrics *metrics = metrics_new();
    struct arena arena;
    arena_init(&arena);
    build_info_add(metrics, "1.2.3");
    size_t length;
    const char *text = metrics_text(metrics, &arena, &length);
    const char *sample =
        arena_printf(&arena, "orders_build_info{version=\"1.2.3\",revision=\"%s\"} 1\n", build_commit());
    cr_expect_not_null(strstr(arena_copy(&arena, text, length), sample));
    cr_expect_neq(*build_commit(), '\0');
    arena_free(&arena);
    metrics_free(metrics);
}
