/* test_paging.c: that the header of a page leads to the next one of the same list, and when there is one. */
#include "http/paging.h"
#include "http/transcode.h"
#include "orders/v1/orders.pb-c.h"
#include "json/mapping.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static struct arena arena;
static struct answer answer;
static Orders__V1__ListOrdersResponse page;
static struct transcode_result asked;

static void setup(void)
{
    arena_init(&arena);
    answer = (struct answer){0};
    page = (Orders__V1__ListOrdersResponse)ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(paging, .init = setup, .fini = teardown);

static const struct route *ask(const char *target)
{
    struct url url;
    struct route_match match = {0};
    url_parse(target, &arena, &url);
    cr_assert_eq(routes_find(ROUTES_ALL, "GET", &url, &arena, &match), ROUTE_FOUND);
    const struct transcode_source source = {
        .route = match.route, .variable = &match.variable, .etag = "", .query = url.query};
    transcode_request(&source, &arena, &asked);
    cr_assert_eq(asked.refused.n_violations, 0, "%s: %s", target, asked.refused.violations[0].field);
    return match.route;
}

static const char *add(const char *target, bool is_walked)
{
    const struct route *route = ask(target);
    return paging_add(route, asked.input, &page.base, is_walked, &arena, &answer);
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < answer.n_headers; i++) {
        if (strcmp(answer.headers[i].name, name) == 0)
            return answer.headers[i].value;
    }
    return NULL;
}

struct link_case {
    char target[200];
    char link[240]; /* between the angle brackets */
};

ParameterizedTestParameters(paging, next)
{
    static struct link_case cases[] = {
        {"/orders", "/orders/?page_token=t-1"},
        {"/orders/?unknown=1&status=", "/orders/?page_token=t-1"},
        {"/orders/?skip=5&limit=7", "/orders/?limit=7&page_token=t-1"},
        {"/orders/?limit=+7", "/orders/?limit=7&page_token=t-1"},
        {"/orders/?page_token=t-0&limit=7", "/orders/?limit=7&page_token=t-1"},
        {"/orders/?status=shipped", "/orders/?status=shipped&page_token=t-1"},
        {"/orders/?status=shipped&status=pending", "/orders/?status=shipped,pending&page_token=t-1"},
        {"/orders/?customer_id=a%26b%3D%3E%22%0A+%C3%A9",
         "/orders/?customer_id=a%26b%3D%3E%22%0A%20%C3%A9&page_token=t-1"},
        {"/orders/?placed_from=2025-01-15&placed_before=2025-01-15T10:30:00%2B02:00",
         "/orders/"
         "?placed_from=2025-01-15T00%3A00%3A00Z&placed_before=2025-01-15T08%3A30%3A00Z&page_token=t-1"},
        {"/orders/"
         "?search=x&currency=ISK&min_amount=1&max_amount=9007199254740991&order_by=id+desc&count=true",
         "/orders/"
         "?search=x&currency=ISK&min_amount=1&max_amount=9007199254740991&order_by=id%20desc&page_token=t-1&"
         "count=true"},
    };
    return cr_make_param_array(struct link_case, cases, sizeof cases / sizeof cases[0]);
}

/* What is asked for there is what was asked for here, from there on. */
ParameterizedTest(struct link_case *c, paging, next, .init = setup, .fini = teardown)
{
    size_t length;
    page.next_page_token = "t-1";
    add(c->target, true);
    const char *link = arena_printf(&arena, "<%s>; rel=\"next\"", c->link);
    cr_assert_str_eq(header("Link"), link, "%s", header("Link"));
    Orders__V1__ListOrdersRequest *here = (Orders__V1__ListOrdersRequest *)asked.input;
    here->skip = 0;
    here->page_token = page.next_page_token;
    const char *expected = json_text_from_message(&here->base, NULL, &arena, &length);
    ask(c->link);
    const char *there = json_text_from_message(asked.input, NULL, &arena, &length);
    cr_assert_str_eq(there, expected, "%s", there);
}

Test(paging, the_last_page_leads_nowhere)
{
    cr_expect_str_eq(add("/orders/", true), "");
    cr_expect_eq(answer.n_headers, 0);
}

/* A list of none would lead to a list of none, and so on. */
Test(paging, who_asks_for_none_is_led_nowhere)
{
    page.next_page_token = "t-1";
    page.total = 7;
    cr_expect_str_eq(add("/orders/?limit=0&count=true", false), "7");
    cr_expect_null(header("Link"));
    cr_expect_str_eq(header("X-Total-Count"), "7");
}

Test(paging, who_asks_is_told_how_many_there_are)
{
    page.total = INT64_MAX;
    add("/orders/?count=true", true);
    cr_expect_str_eq(header("X-Total-Count"), "9223372036854775807");
    answer.n_headers = 0;
    add("/orders/?count=false", true);
    cr_expect_null(header("X-Total-Count"));
}

Test(paging, what_an_entity_tag_depends_on_has_both)
{
    page.next_page_token = "t-1";
    const char *first = add("/orders/?count=true", true);
    page.total = 1;
    const char *more = add("/orders/?count=true", true);
    page.next_page_token = "t-2";
    const char *further = add("/orders/?count=true", true);
    cr_expect_str_neq(first, more);
    cr_expect_str_neq(more, further);
}
