/* page_walk.c: a step is a fixed part of the table, so that walks of large tables take no longer. */
#include "store/page_walk.h"

#include "store/row.h"

enum { STEP_PAGES_LEAST = 64, STEPS_A_WALK = 1800 };

static int64_t step_pages(const struct page_walk *walk)
{
    const int64_t pages = walk->pages / STEPS_A_WALK;
    return pages > STEP_PAGES_LEAST ? pages : STEP_PAGES_LEAST;
}

void page_walk_encode_fold(struct params *params, struct operation *const operations[], size_t n)
{
    const struct page_walk *walk = operations[0]->closure_data;
    (void)n;
    params_int8(params, walk->page);
    params_int8(params, step_pages(walk));
}

void page_walk_encode_purge(struct params *params, struct operation *const operations[], size_t n)
{
    const struct page_walk *walk = operations[0]->closure_data;
    page_walk_encode_fold(params, operations, n);
    params_int8(params, walk->ttl_s);
}

void page_walk_take_result(struct operation *operation, const PGresult *result, struct arena *arena)
{
    struct page_walk *walk = operation->closure_data;
    (void)arena;
    if (walk == NULL || PQgetisnull(result, 0, 0)) /* given up, or another server is at it */
        return;
    walk->page += step_pages(walk);
    walk->pages = row_int8(result, 0, 0);
    walk->rows = row_int8(result, 0, 1);
    walk->is_over = walk->page >= walk->pages;
    if (walk->is_over)
        walk->page = 0;
}
