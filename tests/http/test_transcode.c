/* test_transcode.c: HTTP requests into request messages, and violations back into a 422. */
#include "http/transcode.h"
#include "orders/v1/orders.pb-c.h"
#include "json/mapping.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena arena;
static struct transcode_source source;
static struct transcode_body json;
static struct transcode_result result;
static struct route_match match;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    json_decref(json.json);
    arena_free(&arena);
}

TestSuite(transcode, .init = setup, .fini = teardown);

/* Transcodes a request, and returns its message as JSON. */
static const char *request(const char *method, const char *target, const char *body)
{
    struct url *url = arena_alloc(&arena, sizeof *url);
    url_parse(target, &arena, url);
    cr_assert_eq(routes_find(ROUTES_ALL, method, url, &arena, &match), ROUTE_FOUND);
    source = (struct transcode_source){
        .route = match.route,
        .variable = &match.variable,
        .etag = match.route->etag_field != NULL ? "1-a" : "",
        .query = url->query,
    };
    if (body != NULL) {
        struct answer answer = {0};
        json_decref(json.json);
        cr_assert(
            transcode_body(match.route, (struct json_slice){body, strlen(body)}, &arena, &json, &answer),
            "%s", answer.body);
        source.body = &json;
    }
    transcode_request(&source, &arena, &result);
    size_t length;
    return json_text_from_message(result.input, NULL, &arena, &length);
}

Test(transcode, create)
{
    cr_assert_str_eq(
        request(
            "POST", "/orders/",
            "{\"id\":\"x\",\"order_id\":\"A\",\"order_date\":null,\"total_amount\":\"12\",\"created_at\":7}"),
        "{\"order\":{\"id\":0,\"order_id\":\"A\",\"customer_id\":\"\",\"total_amount\":12,\"currency\":\"\","
        "\"etag\":\"\"}}");
    cr_assert_eq(result.refused.n_violations, 0);
}

Test(transcode, an_update_names_what_the_body_has)
{
    cr_assert_str_eq(
        request("PATCH", "/orders/a%2Fb", "{\"status\":\"shipped\",\"order_id\":\"B\",\"currency\":\"\"}"),
        "{\"order\":{\"id\":0,\"order_id\":\"a/b\",\"customer_id\":\"\",\"total_amount\":0,"
        "\"currency\":\"\",\"status\":\"shipped\",\"etag\":\"1-a\"},\"update_mask\":\"currency,status\"}");
}

Test(transcode, an_empty_update_has_an_empty_mask)
{
    request("PATCH", "/orders/A", "{}");
    const Orders__V1__UpdateOrderRequest *update = (const Orders__V1__UpdateOrderRequest *)result.input;
    cr_assert_not_null(update->update_mask);
    cr_assert_eq(update->update_mask->n_paths, 0);
}

Test(transcode, null_in_an_update_is_refused_and_out_of_the_mask)
{
    request("PATCH", "/orders/A",
            "{\"customer_id\":null,\"order_date\":null,\"total_amount\":null,\"currency\":\"EUR\",\"status\":"
            "null}");
    static const char *const types[] = {"string_type", "int_type", "enum", "datetime_type"};
    cr_assert_eq(result.refused.n_violations, 4);
    for (size_t i = 0; i < 4; i++)
        cr_assert_str_eq(result.refused.violations[i].type, types[i]);
    const Orders__V1__UpdateOrderRequest *update = (const Orders__V1__UpdateOrderRequest *)result.input;
    cr_assert_eq(update->update_mask->n_paths, 1);
    cr_assert_str_eq(update->update_mask->paths[0], "currency");
}

Test(transcode, list)
{
    cr_assert_str_eq(request("GET", "/orders?skip=5&limit=7&status=pending&customer_id=C+1&other=%zz", NULL),
                     "{\"page_size\":7,\"page_token\":\"\",\"skip\":5,\"status\":\"pending\",\"customer_id\":"
                     "\"C 1\",\"order_by\":\"\",\"statuses\":[],\"currency\":\"\",\"min_amount\":0,"
                     "\"max_amount\":0,\"search\":\"\",\"count\":false}");
    cr_assert(!result.wants_none);
}

Test(transcode, a_list_by_all_filters)
{
    cr_assert_str_eq(
        request("GET",
                "/orders?placed_from=2025-01-15&placed_before=2025-02-01T00:00:00%2B01:00&currency=isk&"
                "min_amount=1&max_amount=9007199254740991&search=a%25_b&order_by=total_amount+desc&"
                "page_token=t&count=True",
                NULL),
        "{\"page_size\":0,\"page_token\":\"t\",\"skip\":0,\"customer_id\":\"\","
        "\"order_by\":\"total_amount desc\",\"statuses\":[],"
        "\"placed_from\":\"2025-01-15T00:00:00Z\",\"placed_before\":\"2025-01-31T23:00:00Z\","
        "\"currency\":\"isk\",\"min_amount\":1,\"max_amount\":9007199254740991,"
        "\"search\":\"a%_b\",\"count\":true}");
    cr_assert_eq(result.refused.n_violations, 0);
}

/* The statuses of a list, one alone first. */
static const char *statuses(const char *query)
{
    request("GET", arena_printf(&arena, "/orders?%s", query), NULL);
    const Orders__V1__ListOrdersRequest *list = (const Orders__V1__ListOrdersRequest *)result.input;
    const char *text = arena_printf(&arena, "%d", (int)list->status);
    for (size_t i = 0; i < list->n_statuses; i++)
        text = arena_printf(&arena, "%s %d", text, (int)list->statuses[i]);
    return text;
}

Test(transcode, one_status_is_one_and_several_are_several)
{
    static const char *const cases[][2] = {
        {"status=pending", "1"},
        {"status=pending&status=shipped", "0 1 4"},
        {"status=pending,shipped", "0 1 4"},
        {"status=pending%2Cshipped&status=cancelled", "0 1 4 7"},
        {"status=&status=pending", "1"},
        {"status=pending&status=", "1"},
        {"status=,pending,,", "1"},
        {"status", "0"},
        {"status=pending,pending", "0 1 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = statuses(cases[i][0]);
        cr_expect_str_eq(found, cases[i][1], "%s: %s", cases[i][0], found);
        cr_expect_eq(result.refused.n_violations, 0, "%s", cases[i][0]);
    }
}

Test(transcode, a_limit_of_zero_wants_none)
{
    request("GET", "/orders?limit=0", NULL);
    cr_assert(result.wants_none);
    cr_assert_eq(((const Orders__V1__ListOrdersRequest *)result.input)->page_size, 1);
    request("GET", "/orders?limit=x", NULL);
    cr_assert(!result.wants_none);
}

Test(transcode, an_empty_value_in_the_query_is_an_absent_one)
{
    request("GET", "/orders?skip=&limit=&status=&customer_id=&order_by=", NULL);
    const Orders__V1__ListOrdersRequest *list = (const Orders__V1__ListOrdersRequest *)result.input;
    cr_assert_eq(result.refused.n_violations, 0);
    cr_assert(!result.wants_none);
    cr_assert_eq(list->page_size, 0);
    cr_assert_eq(list->status, 0);
}

Test(transcode, the_variable)
{
    cr_assert_str_eq(request("DELETE", "/orders/%C3%9E", NULL), "{\"order_id\":\"Þ\",\"etag\":\"1-a\"}");
}

/* --- 422 --- */

/* The answer's violations when the service has these, as "type loc/name msg input" lines. */
static const char *violations(const struct status *service)
{
    static const struct status fine = STATUS_INIT;
    struct answer answer = {0};
    transcode_violations(&source, &result.refused, service != NULL ? service : &fine, &arena, &answer);
    cr_assert_eq(answer.status, 422);
    json_t *body = json_loadb(answer.body, answer.length, JSON_ALLOW_NUL, NULL);
    const char *lines = "";
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(body, "detail"), i, one)
    {
        char *loc = json_dumps(json_object_get(one, "loc"), JSON_COMPACT);
        char *input = json_dumps(json_object_get(one, "input"), JSON_COMPACT | JSON_ENCODE_ANY);
        lines =
            arena_printf(&arena, "%s%s %s %s %s\n", lines, json_string_value(json_object_get(one, "type")),
                         loc, json_string_value(json_object_get(one, "msg")), input);
        free(loc);
        free(input);
    }
    json_decref(body);
    return lines;
}

Test(transcode, violations_of_both_sides_come_in_field_order)
{
    struct status service = STATUS_INIT;
    status_add_violation(&service, &arena, "order_id", "string_too_short", "too short");
    status_add_violation(&service, &arena, "customer_id", "string_too_short", "too short");
    status_add_violation(&service, &arena, "total_amount", "greater_than", "too small");
    status_add_violation(&service, &arena, "currency", "value_error", "no such");
    request("POST", "/orders", "{\"status\":1,\"currency\":\"XXX\",\"customer_id\":5}");
    cr_assert_str_eq(
        violations(&service),
        "missing [\"body\",\"order_id\"] Field required "
        "{\"status\":1,\"currency\":\"XXX\",\"customer_id\":5}\n"
        "string_type [\"body\",\"customer_id\"] Input should be a valid string 5\n"
        "missing [\"body\",\"total_amount\"] Field required "
        "{\"status\":1,\"currency\":\"XXX\",\"customer_id\":5}\n"
        "value_error [\"body\",\"currency\"] no such \"XXX\"\n"
        "enum [\"body\",\"status\"] Input should be 'pending', 'confirmed', 'processing', 'shipped', "
        "'delivered', 'completed' or 'cancelled' 1\n");
}

Test(transcode, violations_of_the_query_are_named_as_in_the_query)
{
    struct status service = STATUS_INIT;
    status_add_violation(&service, &arena, "page_size", "less_than_equal", "too large");
    status_add_violation(&service, &arena, "skip", "greater_than_equal", "too small");
    request("GET", "/orders?limit=1001&skip=-1&customer_id=%FF&status=a%00", NULL);
    cr_assert_str_eq(
        violations(&service),
        "greater_than_equal [\"query\",\"skip\"] too small \"-1\"\n"
        "less_than_equal [\"query\",\"limit\"] too large \"1001\"\n"
        "enum [\"query\",\"status\"] Input should be 'pending', 'confirmed', 'processing', 'shipped', "
        "'delivered', 'completed' or 'cancelled' \"a\\u0000\"\n"
        "string_unicode [\"query\",\"customer_id\"] Input should be a valid string, unable to parse raw "
        "data as a unicode string null\n");
}

/* Not all orders, as of no status at all. */
Test(transcode, a_list_of_no_values_is_refused)
{
    static const char message[] = "Input should be 'pending', 'confirmed', 'processing', 'shipped', "
                                  "'delivered', 'completed' or 'cancelled'";
    request("GET", "/orders?status=,", NULL);
    cr_assert_str_eq(violations(NULL),
                     arena_printf(&arena, "enum [\"query\",\"status\"] %s \",\"\n", message));
    request("GET", "/orders?status=pending&status=,,", NULL);
    cr_assert_str_eq(violations(NULL),
                     arena_printf(&arena, "enum [\"query\",\"status\",1] %s \",,\"\n", message));
}

Test(transcode, of_several_values_the_wrong_ones_are_named)
{
    static const char expected[] =
        "enum [\"query\",\"status\",1] Input should be 'pending', 'confirmed', 'processing', 'shipped', "
        "'delivered', 'completed' or 'cancelled' \"lost\"\n"
        "enum [\"query\",\"status\",3] Input should be 'pending', 'confirmed', 'processing', 'shipped', "
        "'delivered', 'completed' or 'cancelled' null\n"
        "bool_parsing [\"query\",\"count\"] Input should be a valid boolean, unable to interpret input "
        "\"2\"\n";
    request("GET", "/orders?status=pending,lost&count=2&status=shipped,%FF", NULL);
    cr_assert_str_eq(violations(NULL), expected, "%s", violations(NULL));
    struct status service = STATUS_INIT;
    status_add_violation(&service, &arena, "statuses.1", "value_error", "no");
    status_add_violation(&service, &arena, "statuses", "value_error", "none");
    request("GET", "/orders?status=pending,shipped", NULL);
    cr_assert_str_eq(violations(&service), "value_error [\"query\",\"status\",1] no \"shipped\"\n"
                                           "value_error [\"query\",\"status\"] none \"pending,shipped\"\n");
}

/* Whatever a service has for a limit, the answer is JSON. */
Test(transcode, a_limit_may_be_a_number_or_a_time)
{
    static const char *const cases[][2] = {{"-5", "-5"},
                                           {"9007199254740991", "9007199254740991"},
                                           {"2025-01-15T00:00:00Z", "\"2025-01-15T00:00:00Z\""},
                                           {"2025-01-15", "\"2025-01-15\""},
                                           {"-", "\"-\""},
                                           {"1\"", "\"1\\\"\""}};
    request("GET", "/orders?placed_before=2025-01-15", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct status service = STATUS_INIT;
        struct answer answer = {0};
        status_add_violation_of(&service, &arena, "placed_before", "greater_than", cases[i][0], "-");
        transcode_violations(&source, &result.refused, &service, &arena, &answer);
        json_t *body = json_loadb(answer.body, answer.length, 0, NULL);
        cr_assert_not_null(body, "%s", answer.body);
        json_decref(body);
        const char *context = arena_printf(&arena, "\"ctx\":{\"gt\":%s}", cases[i][1]);
        cr_expect_not_null(strstr(answer.body, context), "%s", answer.body);
    }
}

Test(transcode, there_can_be_too_many_values)
{
    const char *query = "status=pending";
    for (size_t i = 1; i < ROUTE_MAX_VALUES; i++)
        query = arena_printf(&arena, "%s,pending", query);
    request("GET", arena_printf(&arena, "/orders?%s", query), NULL);
    cr_assert_eq(result.refused.n_violations, 0);
    request("GET", arena_printf(&arena, "/orders?%s&status=shipped", query), NULL);
    cr_assert_str_eq(violations(NULL),
                     "too_long [\"query\",\"status\"] List should have at most 32 items after "
                     "validation \"shipped\"\n");
}

/* The service says what varies, and this folder the rest. */
Test(transcode, what_the_service_refuses_is_told_in_pydantics_words)
{
    struct status service = STATUS_INIT;
    status_add_violation_of(&service, &arena, "order_id", "string_too_short", "1", "-");
    status_add_violation_of(&service, &arena, "customer_id", "string_too_long", "255", "-");
    status_add_violation_of(&service, &arena, "total_amount", "less_than_equal", "9", "-");
    status_add_violation_of(&service, &arena, "currency", "unknown_currency", "AUD, CAD", "-");
    status_add_violation_of(&service, &arena, "status", "enum", "a, b, c", "-");
    request("POST", "/orders",
            "{\"order_id\":1,\"customer_id\":1,\"total_amount\":1,\"currency\":1,\"status\":1}");
    result.refused = STATUS_INIT;
    struct answer answer = {0};
    transcode_violations(&source, &result.refused, &service, &arena, &answer);
    cr_assert_str_eq(answer.body,
                     "{\"detail\":["
                     "{\"type\":\"string_too_short\",\"loc\":[\"body\",\"order_id\"],\"msg\":\"String should "
                     "have at least 1 "
                     "character\",\"input\":1,\"ctx\":{\"min_length\":1}},"
                     "{\"type\":\"string_too_long\",\"loc\":[\"body\",\"customer_id\"],\"msg\":\"String "
                     "should have at most 255 "
                     "characters\",\"input\":1,\"ctx\":{\"max_length\":255}},"
                     "{\"type\":\"less_than_equal\",\"loc\":[\"body\",\"total_amount\"],\"msg\":\"Input "
                     "should be less than or "
                     "equal to 9\",\"input\":1,\"ctx\":{\"le\":9}},"
                     "{\"type\":\"value_error\",\"loc\":[\"body\",\"currency\"],\"msg\":\"Value error, "
                     "Currency must be a valid "
                     "ISO 4217 code. Supported: AUD, CAD\",\"input\":1,\"ctx\":{\"error\":{}}},"
                     "{\"type\":\"enum\",\"loc\":[\"body\",\"status\"],\"msg\":\"Input should be 'a', 'b' or "
                     "'c'\",\"input\":1,"
                     "\"ctx\":{\"expected\":\"'a', 'b' or 'c'\"}}]}",
                     "%s", answer.body);
}

Test(transcode, a_violation_of_no_known_field_is_not_lost)
{
    struct status service = STATUS_INIT;
    status_add_violation(&service, &arena, "parent", "value_error", "stale");
    request("GET", "/orders?limit=x", NULL);
    cr_assert_str_eq(
        violations(&service),
        "int_parsing [\"query\",\"limit\"] Input should be a valid integer, unable to parse string as an "
        "integer \"x\"\n"
        "value_error [\"request\",\"parent\"] stale null\n");
}

/* --- bodies --- */

static bool read_body(const char *bytes, size_t length, struct answer *answer)
{
    struct url url;
    url_parse("/orders/", &arena, &url);
    cr_assert_eq(routes_find(ROUTES_ALL, "POST", &url, &arena, &match), ROUTE_FOUND);
    *answer = (struct answer){0};
    return transcode_body(match.route, (struct json_slice){bytes, length}, &arena, &json, answer);
}

static void assert_body(const char *text, const char *expected)
{
    struct answer answer;
    cr_assert(!read_body(text, strlen(text), &answer));
    cr_assert_null(json.json);
    cr_assert_eq(answer.status, 422);
    cr_assert_eq(answer.length, strlen(answer.body));
    const char *body = arena_printf(&arena, "{\"detail\":[%s]}", expected);
    cr_assert_str_eq(answer.body, body, "%s", answer.body);
}

Test(transcode, a_body_that_is_no_json)
{
    assert_body("{\"á\": nope}",
                "{\"type\":\"json_invalid\",\"loc\":[\"body\",6],\"msg\":\"JSON decode error\","
                "\"input\":{},\"ctx\":{\"error\":\"Expecting value\"}}");
    assert_body("{\"a\":\"\xff\"}",
                "{\"type\":\"json_invalid\",\"loc\":[\"body\",6],\"msg\":\"JSON decode error\","
                "\"input\":{},\"ctx\":{\"error\":\"Invalid UTF-8\"}}");
}

Test(transcode, no_body_is_a_missing_one)
{
    static const char missing[] =
        "{\"type\":\"missing\",\"loc\":[\"body\"],\"msg\":\"Field required\",\"input\":null}";
    struct answer answer;
    assert_body("", missing);
    assert_body(" null\n", missing);
    cr_assert(!read_body(NULL, 0, &answer));
    cr_assert_not_null(strstr(answer.body, missing));
}

Test(transcode, a_body_that_is_no_object)
{
    assert_body("[1, \"a b\"]",
                "{\"type\":\"model_attributes_type\",\"loc\":[\"body\"],\"msg\":\"Input should be a valid "
                "dictionary or object to extract fields from\",\"input\":[1,\"a b\"]}");
}

Test(transcode, a_byte_order_mark_is_skipped)
{
    cr_assert_not_null(strstr(request("POST", "/orders", "\xef\xbb\xbf{\"order_id\":\"A\"}"), "\"A\""));
}

Test(transcode, an_integer_too_large_is_a_mistake_in_its_field_and_keeps_its_digits)
{
    struct status service = STATUS_INIT;
    status_add_violation(&service, &arena, "currency", "string_too_short", "too short");
    request("POST", "/orders", "{ \"total_amount\" : -123456789012345678901234567890, \"b\": 1.50 }");
    struct answer answer = {0};
    transcode_violations(&source, &result.refused, &service, &arena, &answer);
    cr_assert_str_eq(
        answer.body,
        "{\"detail\":[{\"type\":\"int_parsing_size\",\"loc\":[\"body\",\"total_amount\"],\"msg\":\"Unable to "
        "parse "
        "input string as an integer, exceeded maximum size\",\"input\":-123456789012345678901234567890},"
        "{\"type\":\"missing\",\"loc\":[\"body\",\"currency\"],\"msg\":\"Field required\",\"input\":"
        "{\"total_amount\":-123456789012345678901234567890,\"b\":1.50}}]}",
        "%s", answer.body);
}

Test(transcode, a_lone_surrogate_is_refused_where_it_is_wanted)
{
    request("POST", "/orders", "{\"order_id\":\"\\ud800\",\"note\":\"\\udc00\"}");
    cr_assert_eq(result.refused.n_violations, 1);
    cr_assert_str_eq(result.refused.violations[0].type, "string_unicode");
}

Test(transcode, deep_nesting_is_answered)
{
    enum { DEPTH = 100000 };
    struct answer answer;
    char *text = malloc(2 * DEPTH);
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    cr_assert(!read_body(text, 2 * DEPTH, &answer));
    cr_assert_not_null(strstr(answer.body, "json_invalid"));
    free(text);
}
