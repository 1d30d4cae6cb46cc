/* test_answer.c: how an RPC's end is told in HTTP, and what browsers of other origins are told. */
#include "http/answer.h"
#include "http/cors.h"

#include <criterion/criterion.h>
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

TestSuite(answer, .init = setup, .fini = teardown);

static const char *header(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->n_headers; i++) {
        if (strcmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    }
    return NULL;
}

Test(answer, every_code_has_its_status)
{
    static const struct {
        enum status_code code;
        unsigned status;
        bool tells; /* the RPC's message */
        bool retry;
    } cases[] = {
        {STATUS_CANCELLED, 500, false, false},          {STATUS_UNKNOWN, 500, false, false},
        {STATUS_INVALID_ARGUMENT, 422, true, false},    {STATUS_DEADLINE_EXCEEDED, 504, true, false},
        {STATUS_NOT_FOUND, 404, true, false},           {STATUS_ALREADY_EXISTS, 400, true, false},
        {STATUS_PERMISSION_DENIED, 403, true, false},   {STATUS_RESOURCE_EXHAUSTED, 503, true, true},
        {STATUS_FAILED_PRECONDITION, 422, true, false}, {STATUS_ABORTED, 409, true, false},
        {STATUS_OUT_OF_RANGE, 400, true, false},        {STATUS_UNIMPLEMENTED, 501, true, false},
        {STATUS_INTERNAL, 500, false, false},           {STATUS_UNAVAILABLE, 503, true, true},
        {STATUS_DATA_LOSS, 500, true, false},           {STATUS_UNAUTHENTICATED, 401, true, false},
        {(enum status_code)99, 500, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct status status = {.code = cases[i].code, .message = "say \"so\"\n"};
        struct answer answer = {0};
        answer_failure(&answer, &arena, &status);
        cr_assert_eq(answer.status, cases[i].status, "code %u", cases[i].code);
        cr_assert_str_eq(answer.body, cases[i].tells ? "{\"detail\":\"say \\\"so\\\"\\n\"}"
                                                     : "{\"detail\":\"Internal Server Error\"}");
        cr_assert_eq(answer.length, strlen(answer.body));
        cr_assert_eq(header(&answer, "Retry-After") != NULL, cases[i].retry);
    }
}

static const char *const origins[] = {"http://localhost:3000", "https://shop.example", NULL};

Test(answer, cors_names_an_allowed_origin)
{
    struct answer answer = {0};
    cors_allow(origins, "https://shop.example", &answer);
    cr_assert_str_eq(header(&answer, "Access-Control-Allow-Origin"), "https://shop.example");
    cr_assert_str_eq(header(&answer, "Access-Control-Allow-Credentials"), "true");
    cr_assert_str_eq(header(&answer, "Vary"), "Origin");
}

Test(answer, cors_names_no_other_origin)
{
    static const char *const others[] = {"http://localhost:3001", "https://shop.example.evil", "null", ""};
    struct answer answer = {0};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cors_allow(origins, others[i], &answer);
    cors_allow(origins, NULL, &answer);
    cr_assert_eq(answer.n_headers, 0);
}

Test(answer, cors_preflight)
{
    struct answer answer = {0};
    const struct cors_preflight preflight = {origins[0], "PATCH", "X-API-Key, Content-Type"};
    cr_assert(cors_answer_preflight(origins, &preflight, &arena, &answer));
    cr_assert_eq(answer.status, 200);
    cr_assert_not_null(strstr(header(&answer, "Access-Control-Allow-Methods"), "PATCH"));
    cr_assert_str_eq(header(&answer, "Access-Control-Allow-Headers"), "X-API-Key, Content-Type");
    cr_assert_str_eq(header(&answer, "Access-Control-Max-Age"), "600");
}

Test(answer, cors_preflight_of_strangers_and_for_strange_methods)
{
    struct answer answer = {0};
    const struct cors_preflight stranger = {"http://evil.example", "GET", NULL};
    cr_assert(cors_answer_preflight(origins, &stranger, &arena, &answer));
    cr_assert_eq(answer.status, 400);
    cr_assert_str_eq(answer.body, "{\"detail\":\"Disallowed CORS origin\"}");

    const struct cors_preflight strange = {origins[0], "BREW", NULL};
    cr_assert(cors_answer_preflight(origins, &strange, &arena, &answer));
    cr_assert_eq(answer.status, 400);
    cr_assert_str_eq(answer.body, "{\"detail\":\"Disallowed CORS method\"}");
}

Test(answer, options_without_the_headers_of_a_preflight_is_none)
{
    struct answer answer = {0};
    const struct cors_preflight no_method = {origins[0], NULL, NULL}, no_origin = {NULL, "GET", NULL};
    cr_assert(!cors_answer_preflight(origins, &no_method, &arena, &answer));
    cr_assert(!cors_answer_preflight(origins, &no_origin, &arena, &answer));
}

/* It is no want of room, which is 503. */
Test(answer, who_has_had_as_much_as_he_may_is_told_what_and_for_how_long)
{
    const struct status_limit limit = {"\"rate\";q=20;w=2", "\"rate\";r=0;t=3", 3};
    const struct status failure = {
        .code = STATUS_RESOURCE_EXHAUSTED, .message = "shop calls too often", .limit = &limit};
    struct answer answer = {.status = 0};
    answer_failure(&answer, &arena, &failure);
    cr_expect_eq(answer.status, 429);
    cr_expect_str_eq(answer.body, "{\"detail\":\"shop calls too often\"}");
    cr_expect_str_eq(header(&answer, "Retry-After"), "3");
    cr_expect_str_eq(header(&answer, "RateLimit-Policy"), "\"rate\";q=20;w=2");
    cr_expect_str_eq(header(&answer, "RateLimit"), "\"rate\";r=0;t=3");
}
