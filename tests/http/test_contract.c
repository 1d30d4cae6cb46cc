/* test_contract.c: every promise of the REST contract, over real HTTP against a real ordersd. */
#include "client.h"
#include "support/database.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <zlib.h>

static struct service *service;
static char key_header[128];

static void setup(void)
{
    service = service_start(NULL);
    snprintf(key_header, sizeof key_header, "X-API-Key: %s\r\n", service->api_key);
}

static void stop(void)
{
    must(service_stop(service) == 0, "ordersd did not end with 0");
}

static void teardown(void)
{
    must_count_by_status(service->http_port);
    stop();
}

TestSuite(contract, .init = setup, .fini = teardown, .timeout = 120);
TestSuite(stopped, .init = setup, .fini = stop, .timeout = 120); /* by the test itself */

static struct http_reply call(const char *method, const char *target, const char *body)
{
    return http_request(service->http_port, method, target, key_header, body);
}

/* Calls, and checks the status and the whole body. */
static void expect(const char *method, const char *target, const char *body, int status, const char *expected)
{
    struct http_reply reply = call(method, target, body);
    cr_expect_eq(reply.status, status, "%s %s %s: %d %s", method, target, body, reply.status, reply.body);
    cr_expect_str_eq(reply.body, expected, "%s %s %s: %s", method, target, body, reply.body);
    char *request_id = http_header(&reply, "X-Request-ID");
    cr_expect_not_null(request_id, "%s %s has no X-Request-ID", method, target);
    free(request_id);
    http_free(&reply);
}

/* Calls, and checks the status and the violations, written as "type loc.loc; …". */
static void expect_violations(const char *method, const char *target, const char *body, const char *expected)
{
    struct http_reply reply = call(method, target, body);
    char *list = NULL;
    size_t size, i;
    json_t *one;
    FILE *out = open_memstream(&list, &size);
    json_array_foreach(json_object_get(reply.json, "detail"), i, one)
    {
        const json_t *name = json_array_get(json_object_get(one, "loc"), 1);
        fprintf(out, "%s%s %s", i == 0 ? "" : "; ", json_string_value(json_object_get(one, "type")),
                json_string_value(json_array_get(json_object_get(one, "loc"), 0)));
        if (json_is_string(name))
            fprintf(out, ".%s", json_string_value(name));
        cr_expect(json_is_string(json_object_get(one, "msg")) && json_object_get(one, "input") != NULL);
    }
    fclose(out);
    cr_expect_eq(reply.status, 422, "%s %s %s: %d", method, target, body, reply.status);
    cr_expect_str_eq(list, expected, "%s %s %s: %s", method, target, body, reply.body);
    free(list);
    http_free(&reply);
}

/* Calls, and checks a 422 of one violation in full. A context of NULL is none. */
static void expect_violation(const char *method, const char *target, const char *body, const char *type,
                             const char *loc, const char *msg, const char *input, const char *context)
{
    char *expected;
    cr_assert_gt(
        asprintf(&expected, "{\"detail\":[{\"type\":\"%s\",\"loc\":%s,\"msg\":\"%s\",\"input\":%s%s%s}]}",
                 type, loc, msg, input, context != NULL ? ",\"ctx\":" : "", context != NULL ? context : ""),
        0);
    expect(method, target, body, 422, expected);
    free(expected);
}

static void create(const char *order_id, const char *customer_id, int amount, const char *status)
{
    char *body;
    cr_assert_gt(
        asprintf(&body,
                 "{\"order_id\":\"%s\",\"customer_id\":\"%s\",\"total_amount\":%d,\"currency\":\"ISK\","
                 "\"order_date\":\"2025-01-16T14:20:00Z\",\"status\":\"%s\"}",
                 order_id, customer_id, amount, status),
        0);
    struct http_reply reply = call("POST", "/orders/", body);
    cr_assert_eq(reply.status, 201, "%s", reply.body);
    http_free(&reply);
    free(body);
}

/* --- routes --- */

Test(contract, the_root_and_the_probes_want_no_key)
{
    static const struct {
        const char *target, *body;
    } cases[] = {
        {"/", "{\"message\":\"Welcome to 66°North Order Service API!\"}"},
        {"/healthz", "{\"status\":\"ok\"}"},
        {"/readyz", "{\"status\":\"ok\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply = http_request(service->http_port, "GET", cases[i].target, NULL, NULL);
        cr_expect_eq(reply.status, 200);
        cr_expect_str_eq(reply.body, cases[i].body);
        char *type = http_header(&reply, "Content-Type");
        cr_expect_str_eq(type, "application/json");
        free(type);
        http_free(&reply);
    }
}

Test(contract, a_new_order_is_answered_as_stored)
{
    struct http_reply reply =
        call("POST", "/orders/",
             "{\"order_id\":\"  A-1 \",\"customer_id\":\"Þórr\",\"total_amount\":\"12\","
             "\"order_date\":\"2025-01-16T14:20:00.5+01:00\",\"currency\":\"isk\","
             "\"status\":\"shipped\",\"id\":\"mine\",\"whatever\":[1]}");
    cr_assert_eq(reply.status, 201, "%s", reply.body);
    static const char *const names[] = {"id",       "order_id", "customer_id", "order_date", "total_amount",
                                        "currency", "status",   "created_at",  "updated_at"};
    static const char *const values[] = {NULL, "A-1", "Þórr",   "2025-01-16T13:20:00.500Z",
                                         NULL, "ISK", "shipped"};
    cr_expect_eq(json_object_size(reply.json), sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *value = json_object_get(reply.json, names[i]);
        cr_assert_not_null(value, "%s", names[i]);
        if (i < sizeof values / sizeof values[0] && values[i] != NULL)
            cr_expect_str_eq(json_string_value(value), values[i]);
    }
    cr_expect_eq(json_integer_value(json_object_get(reply.json, "total_amount")), 12);
    cr_expect_gt(json_integer_value(json_object_get(reply.json, "id")), 0);
    expect("GET", "/orders/A-1", NULL, 200, reply.body);
    http_free(&reply);
}

Test(contract, what_a_new_order_leaves_out_has_defaults)
{
    struct http_reply reply = call("POST", "/orders",
                                   "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":12.0,"
                                   "\"currency\":\"EUR\",\"order_date\":null,"
                                   "\"note\":null}");
    cr_assert_eq(reply.status, 201, "%s", reply.body);
    cr_expect_str_eq(json_string_value(json_object_get(reply.json, "status")), "pending");
    cr_expect_not_null(json_object_get(reply.json, "order_date"));
    http_free(&reply);
}

/* Any status may follow any. */
Test(contract, every_currency_and_every_status_is_taken)
{
    static const char *const currencies[] = {"aud", "CAD", "Chf", "dkk", "EUR", "gbp",
                                             "ISK", "jpy", "NOK", "sek", "usd"};
    static const char *const statuses[] = {"pending",   "confirmed", "processing", "shipped",
                                           "delivered", "completed", "cancelled"};
    enum {
        CURRENCIES = sizeof currencies / sizeof currencies[0],
        STATUSES = sizeof statuses / sizeof *statuses
    };
    for (int i = 0; i < CURRENCIES; i++) {
        char body[256];
        const char *status = statuses[i % STATUSES];
        snprintf(body, sizeof body,
                 "{\"order_id\":\"%d\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"%s\","
                 "\"status\":\"%s\"}",
                 i, currencies[i], status);
        struct http_reply reply = call("POST", "/orders/", body);
        cr_assert_eq(reply.status, 201, "%s", reply.body);
        const char *currency = json_string_value(json_object_get(reply.json, "currency"));
        cr_expect_eq(strcasecmp(currency, currencies[i]), 0, "%s", currency);
        cr_expect(isupper((unsigned char)currency[0]) && isupper((unsigned char)currency[2]));
        cr_expect_str_eq(json_string_value(json_object_get(reply.json, "status")), status);
        http_free(&reply);
    }
    for (int i = STATUSES - 1; i >= 0; i--) {
        char body[64], target[64];
        snprintf(body, sizeof body, "{\"status\":\"%s\"}", statuses[i]);
        struct http_reply reply = call("PATCH", "/orders/0", body);
        cr_expect_eq(reply.status, 200, "%s", reply.body);
        http_free(&reply);
        snprintf(target, sizeof target, "/orders/?limit=1&status=%s", statuses[i]);
        reply = call("GET", target, NULL);
        const char *first = json_string_value(json_object_get(json_array_get(reply.json, 0), "order_id"));
        cr_expect_str_eq(first, "0", "%s: %s", target, reply.body);
        http_free(&reply);
    }
}

Test(contract, an_order_id_exists_once)
{
    create("A", "C", 1, "pending");
    expect("POST", "/orders/",
           "{\"order_id\":\"A\",\"customer_id\":\"D\",\"total_amount\":2,\"currency\":\"EUR\"}", 400,
           "{\"detail\":\"Order ID already exists\"}");
}

Test(contract, order_ids_of_any_characters_can_be_addressed)
{
    create("a/b?c&d%20 é", "C", 1, "pending");
    struct http_reply reply = call("GET", "/orders/a%2Fb%3Fc%26d%2520%20%C3%A9", NULL);
    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(json_string_value(json_object_get(reply.json, "order_id")), "a/b?c&d%20 é");
    http_free(&reply);
}

/* The order_ids of a list, joined by blanks. */
static void expect_list(const char *target, const char *expected)
{
    struct http_reply reply = call("GET", target, NULL);
    char *joined = NULL;
    size_t size, i;
    json_t *order;
    FILE *out = open_memstream(&joined, &size);
    cr_expect(json_is_array(reply.json), "%s: %s", target, reply.body);
    json_array_foreach(reply.json, i, order)
        fprintf(out, "%s%s", i == 0 ? "" : " ", json_string_value(json_object_get(order, "order_id")));
    fclose(out);
    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(joined, expected, "%s: %s", target, joined);
    free(joined);
    http_free(&reply);
}

Test(contract, lists)
{
    expect("GET", "/orders/", NULL, 200, "[]");
    create("A", "C1", 1, "pending");
    create("B", "C2", 2, "shipped");
    create("C", "C1", 3, "shipped");
    create("D", "C1", 4, "pending");
    expect_list("/orders/", "A B C D");
    expect_list("/orders", "A B C D");
    expect_list("/orders?skip=1&limit=2", "B C");
    expect_list("/orders?limit=0", "");
    expect_list("/orders?limit=1000", "A B C D");
    expect_list("/orders?skip=4", "");
    expect_list("/orders/?status=shipped", "B C");
    expect_list("/orders/?customer_id=C1", "A C D");
    expect_list("/orders/?customer_id=c1", "");
    expect_list("/orders/?customer_id=C1&status=delivered", "");
    expect_list("/orders/?customer_id=C1&status=pending&skip=1", "D");
    expect_list("/orders/?customer_id=", "A B C D");
    expect_list("/orders/?status=", "A B C D");
    expect_list("/orders/?status=&customer_id=&skip=&limit=&order_by=", "A B C D");
    expect_list("/orders/?limit=%31&limit=3", "A B C");
    expect_list("/orders/?unknown=1", "A B C D");
    expect_list("/orders/?status%00=shipped&status%00x=shipped", "A B C D");
    expect_list("/orders/?order_by=id", "A B C D");
    expect_list("/orders/?order_by=id%20desc", "D C B A");
    expect_list("/orders/?order_by=id+desc&skip=1&limit=2", "C B");
    expect_list("/orders/?order_by=id+desc&customer_id=C1", "D C A");
    expect_list("/orders/?order_by=id+desc&status=shipped", "C B");
    expect_list("/orders/?order_by=id+desc&customer_id=C1&status=pending", "D A");
#define ORDERINGS "'id', 'id desc', 'order_date', 'order_date desc', 'total_amount' or 'total_amount desc'"
    expect_violation("GET", "/orders/?order_by=amount", NULL, "enum", "[\"query\",\"order_by\"]",
                     "Input should be " ORDERINGS, "\"amount\"", "{\"expected\":\"" ORDERINGS "\"}");
#undef ORDERINGS
}

Test(contract, a_list_has_a_hundred_orders_unless_told_otherwise)
{
    for (int i = 0; i < 101; i++) {
        char order_id[16];
        snprintf(order_id, sizeof order_id, "O-%d", i);
        create(order_id, "C", 1, "pending");
    }
    struct http_reply reply = call("GET", "/orders/", NULL);
    cr_expect_eq(json_array_size(reply.json), 100);
    http_free(&reply);
}

Test(contract, an_order_that_is_not_there)
{
    static const char *const targets[] = {"/orders/nope", "/orders/%00",    "/orders/a%00b",
                                          "/orders/%FF",  "/orders/%C0%AF", "/orders/%zz",
                                          "/orders/%20",  "/orders/%0A",    "/orders/a%2Fb%2F"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        expect("GET", targets[i], NULL, 404, "{\"detail\":\"Order not found\"}");
        expect("PATCH", targets[i], "{}", 404, "{\"detail\":\"Order not found\"}");
        expect("DELETE", targets[i], NULL, 404, "{\"detail\":\"Order not found\"}");
    }
}

Test(contract, an_update_changes_what_it_names)
{
    create("A", "C", 1, "pending");
    struct http_reply before = call("GET", "/orders/A", NULL);
    struct http_reply after = call("PATCH", "/orders/A", "{\"total_amount\":5,\"order_id\":\"B\"}");
    cr_expect_eq(after.status, 200);
    cr_expect_eq(json_integer_value(json_object_get(after.json, "total_amount")), 5);
    static const char *const same[] = {"id",       "order_id", "customer_id", "order_date",
                                       "currency", "status",   "created_at"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        cr_expect(json_equal(json_object_get(before.json, same[i]), json_object_get(after.json, same[i])),
                  "%s", same[i]);
    cr_expect(
        !json_equal(json_object_get(before.json, "updated_at"), json_object_get(after.json, "updated_at")));
    expect("GET", "/orders/A", NULL, 200, after.body);
    expect("PATCH", "/orders/A", "{}", 200, after.body);
    http_free(&before);
    http_free(&after);
}

Test(contract, an_update_of_what_holds_already_changes_nothing)
{
    static const char *const bodies[] = {
        "{\"total_amount\":1}",
        "{\"customer_id\":\" C \",\"order_date\":\"2025-01-16T15:20:00+01:00\",\"total_amount\":\"1\","
        "\"currency\":\"isk\",\"status\":\"pending\"}",
    };
    create("A", "C", 1, "pending");
    struct http_reply before = call("GET", "/orders/A", NULL);
    char *etag = http_header(&before, "ETag");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct http_reply same = call("PATCH", "/orders/A", bodies[i]);
        char *kept = http_header(&same, "ETag");
        cr_expect_eq(same.status, 200);
        cr_expect_str_eq(same.body, before.body);
        cr_expect_str_eq(kept, etag);
        free(kept);
        http_free(&same);
    }
    struct http_reply changed = call("PATCH", "/orders/A", "{\"total_amount\":1,\"status\":\"shipped\"}");
    char *moved = http_header(&changed, "ETag");
    cr_expect_str_neq(moved, etag);
    free(moved);
    free(etag);
    http_free(&changed);
    http_free(&before);
}

Test(contract, every_field_can_be_updated)
{
    create("A", "C", 1, "pending");
    struct http_reply reply =
        call("PATCH", "/orders/A",
             "{\"customer_id\":\" D \",\"order_date\":\"2024-02-29\",\"total_amount\":9007199254740991,"
             "\"currency\":\"usd\",\"status\":\"cancelled\"}");
    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(json_string_value(json_object_get(reply.json, "customer_id")), "D");
    cr_expect_str_eq(json_string_value(json_object_get(reply.json, "order_date")), "2024-02-29T00:00:00Z");
    cr_expect_eq(json_integer_value(json_object_get(reply.json, "total_amount")), 9007199254740991);
    cr_expect_str_eq(json_string_value(json_object_get(reply.json, "currency")), "USD");
    cr_expect_str_eq(json_string_value(json_object_get(reply.json, "status")), "cancelled");
    http_free(&reply);
}

Test(contract, a_deleted_order_is_gone)
{
    create("A", "C", 1, "pending");
    struct http_reply reply = call("DELETE", "/orders/A", NULL);
    cr_expect_eq(reply.status, 204);
    cr_expect_null(http_header(&reply, "Content-Type"));
    cr_expect_null(http_header(&reply, "Content-Length"));
    http_free(&reply);
    expect("DELETE", "/orders/A", NULL, 404, "{\"detail\":\"Order not found\"}");
    expect("GET", "/orders/A", NULL, 404, "{\"detail\":\"Order not found\"}");
    expect("GET", "/orders/", NULL, 200, "[]");
    expect("GET", "/orders/summary", NULL, 200,
           "{\"total_orders\":0,\"total_revenue\":[],\"revenue_per_day\":[]}");
    create("A", "D", 2, "pending"); /* the id is free again */
}

Test(contract, the_summary)
{
    expect("GET", "/orders/summary", NULL, 200,
           "{\"total_orders\":0,\"total_revenue\":[],\"revenue_per_day\":[]}");
    create("A", "C", 129980, "cancelled");
    create("B", "C", 20, "pending");
    expect("POST", "/orders/",
           "{\"order_id\":\"summary\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"EUR\"}", 422,
           "{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"body\",\"order_id\"],\"msg\":\"Value error, "
           "Order ID "
           "cannot be 'summary'\",\"input\":\"summary\",\"ctx\":{\"error\":{}}}]}");
    expect("GET", "/orders/summary", NULL, 200,
           "{\"total_orders\":2,\"total_revenue\":[{\"currency\":\"ISK\",\"total\":130000}],\"revenue_per_"
           "day\":[{"
           "\"date\":\"2025-01-16\",\"currency\":\"ISK\",\"revenue\":130000}]}");
}

static void create_dated(const char *order_id, const char *date, int amount, const char *currency)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"order_id\":\"%s\",\"customer_id\":\"C\",\"order_date\":\"%s\",\"total_amount\":%d,"
             "\"currency\":\"%s\"}",
             order_id, date, amount, currency);
    struct http_reply reply = call("POST", "/orders/", body);
    cr_assert_eq(reply.status, 201, "%s", reply.body);
    http_free(&reply);
}

/* Days are those of UTC, whatever the offset of a date. */
Test(contract, the_summary_has_days_newest_first_and_currencies_in_order)
{
    create_dated("A", "2025-01-15T10:00:00Z", 89990, "ISK");
    create_dated("B", "2025-01-16T23:30:00-01:00", 7, "USD");
    create_dated("C", "2025-01-16T12:00:00Z", 129980, "ISK");
    create_dated("D", "2025-01-16T01:00:00+02:00", 10, "ISK");
    create_dated("E", "2025-01-16", 5, "EUR");
    expect("GET", "/orders/summary", NULL, 200,
           "{\"total_orders\":5,\"total_revenue\":["
           "{\"currency\":\"EUR\",\"total\":5},{\"currency\":\"ISK\",\"total\":219980},"
           "{\"currency\":\"USD\",\"total\":7}],\"revenue_per_day\":["
           "{\"date\":\"2025-01-17\",\"currency\":\"USD\",\"revenue\":7},"
           "{\"date\":\"2025-01-16\",\"currency\":\"EUR\",\"revenue\":5},"
           "{\"date\":\"2025-01-16\",\"currency\":\"ISK\",\"revenue\":129980},"
           "{\"date\":\"2025-01-15\",\"currency\":\"ISK\",\"revenue\":90000}]}");
}

/* An answer without counts by status. */
#define STATISTICS(count, currencies, days, cancelled)                           \
    "{\"order_count\":" count ",\"currencies\":[" currencies "],\"days\":[" days \
    "],\"cancelled_count\":" cancelled ",\"statuses\":[]}"
#define OF_CURRENCY(code, count, revenue, average, cancelled, cancelled_revenue) \
    "{\"currency\":\"" code "\",\"order_count\":" count ",\"revenue\":" revenue  \
    ",\"average_revenue\":" average ",\"cancelled_count\":" cancelled            \
    ",\"cancelled_revenue\":" cancelled_revenue "}"
#define OF_DAY(date, code, count, revenue, cancelled, cancelled_revenue)                              \
    "{\"date\":\"" date "\",\"currency\":\"" code "\",\"order_count\":" count ",\"revenue\":" revenue \
    ",\"cancelled_count\":" cancelled ",\"cancelled_revenue\":" cancelled_revenue "}"

Test(contract, statistics_count_by_currency_and_day)
{
    static const char *const orders[] = {
        "{\"order_id\":\"A\",\"customer_id\":\"C\",\"order_date\":\"2025-01-15\",\"total_amount\":10,"
        "\"currency\":\"ISK\"}",
        "{\"order_id\":\"B\",\"customer_id\":\"C\",\"order_date\":\"2025-01-16\",\"total_amount\":11,"
        "\"currency\":\"ISK\",\"status\":\"cancelled\"}",
        "{\"order_id\":\"C\",\"customer_id\":\"C\",\"order_date\":\"2025-01-16\",\"total_amount\":7,"
        "\"currency\":\"EUR\"}",
    };
    static const char none[] = STATISTICS("0", "", "", "0");
    static const char of_day_15[] = STATISTICS("1", OF_CURRENCY("ISK", "1", "10", "10", "0", "0"),
                                               OF_DAY("2025-01-15", "ISK", "1", "10", "0", "0"), "0");
    expect("GET", "/statistics", NULL, 200, none);
    for (size_t i = 0; i < 3; i++) {
        struct http_reply reply = call("POST", "/orders/", orders[i]);
        cr_assert_eq(reply.status, 201, "%s", reply.body);
        http_free(&reply);
    }
    expect("GET", "/statistics", NULL, 200,
           STATISTICS(
               "3",
               OF_CURRENCY("EUR", "1", "7", "7", "0", "0") "," OF_CURRENCY("ISK", "2", "21", "11", "1", "11"),
               OF_DAY("2025-01-16", "EUR", "1", "7", "0",
                      "0") "," OF_DAY("2025-01-16", "ISK", "1", "11", "1",
                                      "11") "," OF_DAY("2025-01-15", "ISK", "1", "10", "0", "0"),
               "1"));
    expect("GET", "/statistics?last_day=2025-01-15", NULL, 200, of_day_15);
    expect("GET", "/statistics?first_day=2025-01-15&last_day=2025-01-15&by_status=false", NULL, 200,
           of_day_15);
    expect("GET", "/statistics?first_day=2025-01-17", NULL, 200, none);
    expect("GET", "/statistics?first_day=2025-01-17&by_status=true", NULL, 200,
           "{\"order_count\":0,\"currencies\":[],\"days\":[],\"cancelled_count\":0,\"statuses\":["
           "{\"status\":\"pending\",\"order_count\":0},{\"status\":\"confirmed\",\"order_count\":0},"
           "{\"status\":\"processing\",\"order_count\":0},{\"status\":\"shipped\",\"order_count\":0},"
           "{\"status\":\"delivered\",\"order_count\":0},{\"status\":\"completed\",\"order_count\":0},"
           "{\"status\":\"cancelled\",\"order_count\":0}]}");
    expect_violation("GET", "/statistics?first_day=2025-02-30", NULL, "date_parsing",
                     "[\"query\",\"first_day\"]", "Input should be a valid date in the format YYYY-MM-DD",
                     "\"2025-02-30\"", NULL);
    expect_violation("GET", "/statistics?by_status=maybe", NULL, "bool_parsing", "[\"query\",\"by_status\"]",
                     "Input should be a valid boolean, unable to interpret input", "\"maybe\"", NULL);
}

/* --- paths and methods --- */

Test(contract, any_other_path_is_not_found)
{
    static const char *const targets[] = {"/nope", "/nope/", "/orders/a/b", "/orders//", "/doc"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        expect("GET", targets[i], NULL, 404, "{\"detail\":\"Not Found\"}");
}

Test(contract, an_item_with_a_slash_behind_it_is_elsewhere)
{
    static const char *const cases[][3] = {
        {"GET", "/orders/A/", "/orders/A"},
        {"GET", "/orders/A/?a=b&c=%2F", "/orders/A?a=b&c=%2F"},
        {"PATCH", "/orders/a%2Fb%20c/", "/orders/a%2Fb%20c"},
        {"GET", "/orders/summary/", "/orders/summary"},
        {"HEAD", "/statistics/?first_day=2025-01-01", "/statistics?first_day=2025-01-01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply =
            call(cases[i][0], cases[i][1], strcmp(cases[i][0], "PATCH") == 0 ? "{}" : NULL);
        char *location = http_header(&reply, "Location");
        cr_expect_eq(reply.status, 307, "%s: %d", cases[i][1], reply.status);
        cr_expect_str_eq(location, cases[i][2]);
        cr_expect_eq(reply.length, 0);
        free(location);
        http_free(&reply);
    }
}

Test(contract, another_method_is_not_allowed)
{
    static const struct {
        const char *method, *target, *allow;
    } cases[] = {
        {"PUT", "/orders/", "GET, HEAD, POST"},     {"DELETE", "/orders", "GET, HEAD, POST"},
        {"OPTIONS", "/orders/", "GET, HEAD, POST"}, {"POST", "/orders/A", "GET, HEAD, PATCH, DELETE"},
        {"DELETE", "/orders/summary", "GET, HEAD"}, {"POST", "/", "GET, HEAD"},
        {"TRACE", "/healthz", "GET, HEAD"},         {"BREW", "/orders/", "GET, HEAD, POST"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply =
            http_request(service->http_port, cases[i].method, cases[i].target, NULL, NULL);
        cr_expect_eq(reply.status, 405, "%s %s: %d", cases[i].method, cases[i].target, reply.status);
        cr_expect_str_eq(reply.body, "{\"detail\":\"Method Not Allowed\"}");
        char *allow = http_header(&reply, "Allow"), *request_id = http_header(&reply, "X-Request-ID");
        cr_expect_str_eq(allow, cases[i].allow);
        cr_expect_not_null(request_id);
        free(allow);
        free(request_id);
        http_free(&reply);
    }
}

Test(contract, head_is_get_without_a_body)
{
    create("A", "C", 1, "pending");
    static const char *const targets[] = {"/", "/orders/", "/orders/A", "/orders/summary", "/healthz"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct http_reply get = call("GET", targets[i], NULL), head = call("HEAD", targets[i], NULL);
        char *get_length = http_header(&get, "Content-Length"),
             *head_length = http_header(&head, "Content-Length");
        cr_expect_eq(head.status, 200);
        cr_expect_str_eq(head_length, get_length);
        free(get_length);
        free(head_length);
        http_free(&get);
        http_free(&head);
    }
    struct http_reply missing = call("HEAD", "/orders/nope", NULL);
    cr_expect_eq(missing.status, 404);
    http_free(&missing);
}

/* --- authentication --- */

static void expect_key(const char *headers, int status, const char *body)
{
    static const struct {
        const char *method, *target, *body;
    } requests[] = {
        {"GET", "/orders/", NULL},        {"POST", "/orders/", "not even JSON"},
        {"GET", "/orders/summary", NULL}, {"GET", "/orders/nope", NULL},
        {"PATCH", "/orders/nope", "{}"},  {"DELETE", "/orders/nope", NULL},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct http_reply reply = http_request(service->http_port, requests[i].method, requests[i].target,
                                               headers, requests[i].body);
        cr_expect_eq(reply.status, status, "%s %s with %s: %d", requests[i].method, requests[i].target,
                     headers, reply.status);
        cr_expect_str_eq(reply.body, body);
        http_free(&reply);
    }
}

Test(contract, orders_want_the_key)
{
    char headers[512];
    expect_key(NULL, 401, "{\"detail\":\"API key is missing\"}");
    expect_key("X-API-Key:\r\n", 401, "{\"detail\":\"API key is missing\"}");
    expect_key("X-API-Key: wrong\r\n", 403, "{\"detail\":\"Invalid API key\"}");
    snprintf(headers, sizeof headers, "X-API-Key: %sx\r\n", service->api_key);
    expect_key(headers, 403, "{\"detail\":\"Invalid API key\"}");
    snprintf(headers, sizeof headers, "%sX-API-Key: wrong\r\n", key_header);
    expect_key(headers, 403, "{\"detail\":\"Invalid API key\"}");
    snprintf(headers, sizeof headers, "X-API-Key: wrong\r\n%s", key_header);
    expect_key(headers, 403, "{\"detail\":\"Invalid API key\"}");
    expect_key("Authorization: Basic a2V5\r\n", 401, "{\"detail\":\"API key is missing\"}");
    expect_key("Authorization: Bearer wrong\r\n", 403, "{\"detail\":\"Invalid API key\"}");
    snprintf(headers, sizeof headers, "%sAuthorization: Bearer wrong\r\n", key_header);
    expect_key(headers, 403, "{\"detail\":\"Invalid API key\"}");
}

static void expect_challenge(const char *headers, const char *expected)
{
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/", headers, NULL);
    char *challenge = http_header(&reply, "WWW-Authenticate");
    if (expected == NULL)
        cr_expect_null(challenge);
    else
        cr_expect_str_eq(challenge, expected);
    free(challenge);
    http_free(&reply);
}

/* RFC 9110, 11.6.1. */
Test(contract, a_bearer_s_key_is_one_and_is_asked_for)
{
    char headers[256];
    snprintf(headers, sizeof headers, "Authorization: bearer %s\r\n", service->api_key);
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/", headers, NULL);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
    expect_challenge(NULL, "Bearer");
    expect_challenge("X-API-Key: wrong\r\n", NULL);
}

Test(contract, the_header_s_name_is_in_any_case)
{
    char headers[256];
    snprintf(headers, sizeof headers, "x-api-key: %s\r\n", service->api_key);
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/", headers, NULL);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
}

/* --- request ids --- */

static void expect_request_id(const char *sent, bool kept)
{
    char *headers;
    cr_assert_gt(asprintf(&headers, "X-Request-ID: %s\r\n", sent), 0);
    struct http_reply reply = http_request(service->http_port, "GET", "/nope", headers, NULL);
    char *got = http_header(&reply, "X-Request-ID");
    cr_expect_not_null(got);
    if (kept)
        cr_expect_str_eq(got, sent);
    else
        cr_expect_eq(strlen(got), 36, "%s became %s", sent, got);
    free(got);
    free(headers);
    http_free(&reply);
}

Test(contract, a_sane_request_id_comes_back)
{
    char longest[130] = "";
    memset(longest, 'x', 128);
    expect_request_id("abc-1.2_3:4", true);
    expect_request_id(longest, true);
    longest[128] = 'x';
    expect_request_id(longest, false);
    expect_request_id("", false);
    expect_request_id("a b", false);
    expect_request_id("a\"b", false);
    expect_request_id("\xc3\xbe", false);
}

Test(stopped, the_request_id_names_the_call_in_the_log)
{
    char headers[256];
    snprintf(headers, sizeof headers, "%sX-Request-ID: find-me-in-the-log\r\n", key_header);
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/summary?a=b", headers, NULL);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);

    siginfo_t ended; /* the whole log is there when the process is gone */
    kill(service->pid, SIGTERM);
    waitid(P_PID, (id_t)service->pid, &ended, WEXITED | WNOWAIT);
    char *log = service_log(service);
    const char *http_line = strstr(log, "\"path\":\"/orders/summary\"");
    cr_assert_not_null(http_line, "%s", log);
    cr_expect_not_null(strstr(http_line, "\"status\":200"));
    cr_expect_not_null(strstr(log, "\"request_id\":\"find-me-in-the-log\""));
    cr_expect_not_null(strstr(log, "\"method\":\"orders.v1.OrderService/GetOrderSummary\""));
    free(log);
}

/* --- validation errors --- */

#define VALID    "\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"EUR\""
#define INTEGER  "Input should be a valid integer, unable to parse string as an integer"
#define STATUSES "'pending', 'confirmed', 'processing', 'shipped', 'delivered', 'completed' or 'cancelled'"
#define STATUS   "Input should be " STATUSES

/* A body of one field that is wrong, as POST has it among right ones and PATCH alone. */
static void expect_refused(const char *field, const char *value, const char *type, const char *msg,
                           const char *context)
{
    json_t *order = json_loads("{" VALID "}", 0, NULL);
    json_t *wrong = json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    char loc[64];
    snprintf(loc, sizeof loc, "[\"body\",\"%s\"]", field);
    json_object_set(order, field, wrong);
    char *post = json_dumps(order, 0), *input = json_dumps(wrong, JSON_ENCODE_ANY | JSON_COMPACT);
    expect_violation("POST", "/orders/", post, type, loc, msg, input, context);
    if (strcmp(field, "order_id") != 0) {
        char *patch;
        cr_assert_gt(asprintf(&patch, "{\"%s\":%s}", field, value), 0);
        expect_violation("PATCH", "/orders/A", patch, type, loc, msg, input, context);
        free(patch);
    }
    free(post);
    free(input);
    json_decref(order);
    json_decref(wrong);
}

#define VALUE_ERROR "{\"error\":{}}"
#define CONTROL     "value_error", "Value error, Field cannot contain control characters", VALUE_ERROR
#define NO_STRING   "string_type", "Input should be a valid string", NULL
#define NO_INTEGER  "int_type", "Input should be a valid integer", NULL
#define NO_DATE     "datetime_type", "Input should be a valid datetime", NULL
#define NO_STATUS   "enum", STATUS, "{\"expected\":\"" STATUSES "\"}"

Test(contract, strings_are_checked)
{
    static const char *const fields[] = {"order_id", "customer_id"};
    char long_value[300] = "\"";
    memset(long_value + 1, 'x', 256);
    strcpy(long_value + 257, "\"");
    create("A", "C", 1, "pending");
    for (size_t i = 0; i < 2; i++) {
        expect_refused(fields[i], "\"\"", "string_too_short", "String should have at least 1 character",
                       "{\"min_length\":1}");
        expect_refused(fields[i], "12", NO_STRING);
        expect_refused(fields[i], "null", NO_STRING);
        expect_refused(fields[i], "[\"x\"]", NO_STRING);
        expect_refused(fields[i], long_value, "string_too_long", "String should have at most 255 characters",
                       "{\"max_length\":255}");
        expect_refused(fields[i], "\"a\\u0000b\"", CONTROL);
        expect_refused(fields[i], "\"a\\u0007b\"", CONTROL);
    }
}

Test(contract, blank_strings_are_refused_in_the_words_of_each_method)
{
    expect_violation("POST", "/orders/",
                     "{\"order_id\":\" \",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"EUR\"}",
                     "value_error", "[\"body\",\"order_id\"]",
                     "Value error, Field cannot be empty or whitespace", "\" \"", VALUE_ERROR);
    expect_violation("POST", "/orders/",
                     "{\"order_id\":\"A\",\"customer_id\":\"\\t \",\"total_amount\":1,\"currency\":\"EUR\"}",
                     "value_error", "[\"body\",\"customer_id\"]",
                     "Value error, Field cannot be empty or whitespace", "\"\\t \"", VALUE_ERROR);
    expect_violation("PATCH", "/orders/A", "{\"customer_id\":\" \"}", "value_error",
                     "[\"body\",\"customer_id\"]", "Value error, Customer ID cannot be empty or whitespace",
                     "\" \"", VALUE_ERROR);
}

Test(contract, amounts_are_checked)
{
    create("A", "C", 1, "pending");
    expect_refused("total_amount", "0", "greater_than", "Input should be greater than 0", "{\"gt\":0}");
    expect_refused("total_amount", "-5", "greater_than", "Input should be greater than 0", "{\"gt\":0}");
    expect_refused("total_amount", "9007199254740992", "less_than_equal",
                   "Input should be less than or equal to 9007199254740991", "{\"le\":9007199254740991}");
    expect_refused("total_amount", "\"abc\"", "int_parsing", INTEGER, NULL);
    expect_refused("total_amount", "null", NO_INTEGER);
    expect_refused("total_amount", "true", NO_INTEGER);
    expect_refused("total_amount", "[]", NO_INTEGER);
    expect_refused("total_amount", "{}", NO_INTEGER);
    expect_refused("total_amount", "12.5", "int_from_float",
                   "Input should be a valid integer, got a number with a fractional part", NULL);
    expect_violation("POST", "/orders/",
                     "{\"order_id\":\"A\",\"customer_id\":\"C\",\"currency\":\"EUR\",\"total_amount\":"
                     "123456789012345678901234567890}",
                     "int_parsing_size", "[\"body\",\"total_amount\"]",
                     "Unable to parse input string as an integer, exceeded maximum size",
                     "123456789012345678901234567890", NULL);
}

Test(contract, currencies_are_checked)
{
    create("A", "C", 1, "pending");
    expect_refused("currency", "\"\"", "string_too_short", "String should have at least 3 characters",
                   "{\"min_length\":3}");
    expect_refused("currency", "\"IS\"", "string_too_short", "String should have at least 3 characters",
                   "{\"min_length\":3}");
    expect_refused("currency", "\"ISKK\"", "string_too_long", "String should have at most 3 characters",
                   "{\"max_length\":3}");
    expect_refused(
        "currency", "\"XXX\"", "value_error",
        "Value error, Currency must be a valid ISO 4217 code. Supported: AUD, CAD, CHF, DKK, EUR, GBP, "
        "ISK, JPY, NOK, SEK, USD",
        VALUE_ERROR);
    expect_refused("currency", "352", NO_STRING);
}

Test(contract, statuses_are_checked)
{
    create("A", "C", 1, "pending");
    expect_refused("status", "\"lost\"", NO_STATUS);
    expect_refused("status", "\"Pending\"", NO_STATUS);
    expect_refused("status", "\"unspecified\"", NO_STATUS);
    expect_refused("status", "\"\"", NO_STATUS);
    expect_refused("status", "null", NO_STATUS);
    expect_refused("status", "3", NO_STATUS);
    expect_violation("GET", "/orders/?status=lost", NULL, "enum", "[\"query\",\"status\"]", STATUS,
                     "\"lost\"", "{\"expected\":\"" STATUSES "\"}");
}

Test(contract, timestamps_are_checked)
{
    create("A", "C", 1, "pending");
    expect_refused("order_date", "\"2025-13-01\"", "datetime_from_date_parsing",
                   "Input should be a valid datetime or date, month value is outside expected range of 1-12",
                   "{\"error\":\"month value is outside expected range of 1-12\"}");
    expect_refused("order_date", "\"yesterday\"", "datetime_from_date_parsing",
                   "Input should be a valid datetime or date, input is too short",
                   "{\"error\":\"input is too short\"}");
    expect_refused("order_date", "\"1737036000\"", "datetime_from_date_parsing",
                   "Input should be a valid datetime or date, invalid date separator, expected `-`",
                   "{\"error\":\"invalid date separator, expected `-`\"}");
    expect_refused("order_date", "\"0000-01-01T00:00:00Z\"", "datetime_parsing",
                   "Input should be a valid datetime, year 0 is out of range",
                   "{\"error\":\"year 0 is out of range\"}");
    expect_refused("order_date", "253402300800000", "datetime_parsing",
                   "Input should be a valid datetime, dates after 9999 are not supported as unix timestamps",
                   "{\"error\":\"dates after 9999 are not supported as unix timestamps\"}");
    expect_refused("order_date", "false", NO_DATE);
    expect_refused("order_date", "[]", NO_DATE);
    expect_refused("order_date", "{}", NO_DATE);
}

Test(contract, timestamps_of_many_forms_are_taken)
{
    static const char *const forms[] = {
        "1737036000",
        "1737036000.0",
        "1737036000000",
        "\"2025-01-16 14:00:00+00\"",
        "\"2025-01-16 15:00:00 +0100\"",
        "\"2025-01-16T14:00\"",
    };
    create("A", "C", 1, "pending");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"order_date\":%s}", forms[i]);
        struct http_reply reply = call("PATCH", "/orders/A", body);
        cr_expect_eq(reply.status, 200, "%s: %s", forms[i], reply.body);
        cr_expect_str_eq(json_string_value(json_object_get(reply.json, "order_date")), "2025-01-16T14:00:00Z",
                         "%s: %s", forms[i], reply.body);
        http_free(&reply);
    }
}

Test(contract, null_is_no_way_to_change_a_field)
{
    create("A", "C", 1, "pending");
    expect_violations(
        "PATCH", "/orders/A",
        "{\"status\":null,\"currency\":null,\"total_amount\":null,\"order_date\":null,\"customer_id\":null}",
        "string_type body.customer_id; int_type body.total_amount; string_type body.currency; "
        "enum body.status; datetime_type body.order_date");
}

Test(contract, fields_that_are_missing)
{
    expect_violation("POST", "/orders/", "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1}",
                     "missing", "[\"body\",\"currency\"]", "Field required",
                     "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1}", NULL);
    expect_violations(
        "POST", "/orders/", "{}",
        "missing body.order_id; missing body.customer_id; missing body.total_amount; missing body.currency");
}

Test(contract, all_violations_come_at_once_in_field_order)
{
    expect_violations(
        "POST", "/orders/",
        "{\"status\":7,\"currency\":\"XXX\",\"total_amount\":0,\"order_date\":\"x\",\"customer_id\":5}",
        "missing body.order_id; string_type body.customer_id; greater_than body.total_amount; "
        "value_error body.currency; enum body.status; datetime_from_date_parsing body.order_date");
    expect_list("/orders/", "");
    create("A", "C", 1, "pending");
    expect_violations("PATCH", "/orders/A",
                      "{\"currency\":\"XXX\",\"total_amount\":\"x\",\"status\":\"shipped\"}",
                      "int_parsing body.total_amount; value_error body.currency");
    expect_list("/orders/?status=pending", "A");
    expect_violations("GET", "/orders?limit=1001&skip=-1&status=x&customer_id=%FF", NULL,
                      "greater_than_equal query.skip; less_than_equal query.limit; enum query.status; "
                      "string_unicode query.customer_id");
}

Test(contract, a_body_that_is_no_json)
{
    static const struct {
        const char *body;
        int position;
        const char *error;
    } cases[] = {
        {" ", 1, "Expecting value"},
        {"nope", 0, "Expecting value"},
        {"{", 1, "Expecting property name enclosed in double quotes"},
        {"{\"a\":1,}", 7, "Expecting property name enclosed in double quotes"},
        {"{'a':1}", 1, "Expecting property name enclosed in double quotes"},
        {"{\"a\":1} x", 8, "Extra data"},
        {"{\"Þór\": nope}", 8, "Expecting value"},
        {"\xef\xbb\xbf{\"a\"}", 4, "Expecting ':' delimiter"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[256];
        snprintf(
            expected, sizeof expected,
            "{\"detail\":[{\"type\":\"json_invalid\",\"loc\":[\"body\",%d],\"msg\":\"JSON decode error\","
            "\"input\":{},\"ctx\":{\"error\":\"%s\"}}]}",
            cases[i].position, cases[i].error);
        expect("POST", "/orders/", cases[i].body, 422, expected);
        expect("PATCH", "/orders/A", cases[i].body, 422, expected);
    }
}

Test(contract, no_body_is_a_missing_one)
{
    static const char *const bodies[] = {NULL, "", "null"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        expect_violation("POST", "/orders/", bodies[i], "missing", "[\"body\"]", "Field required", "null",
                         NULL);
        expect_violation("PATCH", "/orders/A", bodies[i], "missing", "[\"body\"]", "Field required", "null",
                         NULL);
    }
}

Test(contract, a_byte_order_mark_before_a_body_is_skipped)
{
    struct http_reply reply = call("POST", "/orders/", "\xef\xbb\xbf{" VALID "}");
    cr_expect_eq(reply.status, 201, "%s", reply.body);
    http_free(&reply);
}

Test(contract, a_body_that_is_no_object)
{
    expect_violation("POST", "/orders/", "[1]", "model_attributes_type", "[\"body\"]",
                     "Input should be a valid dictionary or object to extract fields from", "[1]", NULL);
    expect_violation("PATCH", "/orders/A", "\"x\"", "model_attributes_type", "[\"body\"]",
                     "Input should be a valid dictionary or object to extract fields from", "\"x\"", NULL);
}

Test(contract, a_body_in_another_coding_is_refused)
{
    static const struct {
        const char *coding;
        int status;
    } cases[] = {{"gzip", 415}, {"br", 415}, {"identity, gzip", 415}, {"Identity", 201}, {"", 201}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char headers[256], body[128];
        snprintf(headers, sizeof headers, "%sContent-Encoding: %s\r\n", key_header, cases[i].coding);
        snprintf(body, sizeof body,
                 "{\"order_id\":\"%zu\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"EUR\"}", i);
        struct http_reply reply = http_request(service->http_port, "POST", "/orders/", headers, body);
        cr_expect_eq(reply.status, cases[i].status, "%s: %d", cases[i].coding, reply.status);
        if (cases[i].status == 415)
            cr_expect_str_eq(reply.body, "{\"detail\":\"Content-Encoding can be identity only\"}");
        http_free(&reply);
    }
}

Test(contract, nothing_is_kept_without_asking)
{
    static const char *const targets[] = {"/orders/", "/orders/A", "/orders/summary", "/nope", "/"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct http_reply reply = call("GET", targets[i], NULL);
        char *cache = http_header(&reply, "Cache-Control");
        cr_expect_str_eq(cache, "private, no-cache", "%s", targets[i]);
        free(cache);
        http_free(&reply);
    }
}

Test(contract, query_numbers_are_checked)
{
    static const char *const names[] = {"skip", "limit"};
    for (size_t i = 0; i < 2; i++) {
        char target[64], loc[64];
        snprintf(loc, sizeof loc, "[\"query\",\"%s\"]", names[i]);
        snprintf(target, sizeof target, "/orders/?%s=ten", names[i]);
        expect_violation("GET", target, NULL, "int_parsing", loc, INTEGER, "\"ten\"", NULL);
        snprintf(target, sizeof target, "/orders/?%s=-1", names[i]);
        expect_violation("GET", target, NULL, "greater_than_equal", loc,
                         "Input should be greater than or equal to 0", "\"-1\"", "{\"ge\":0}");
    }
    expect_violation("GET", "/orders/?limit=1001", NULL, "less_than_equal", "[\"query\",\"limit\"]",
                     "Input should be less than or equal to 1000", "\"1001\"", "{\"le\":1000}");
    expect_violations("GET", "/orders/?limit=99999999999", NULL, "int_parsing_size query.limit");
    expect_violations("GET", "/orders/?customer_id=a%00b", NULL, "value_error query.customer_id");
}

/* --- CORS --- */

static void expect_header(const struct http_reply *reply, const char *name, const char *expected)
{
    char *value = http_header(reply, name);
    if (expected == NULL)
        cr_expect_null(value, "%s: %s", name, value);
    else
        cr_expect(value != NULL && strcmp(value, expected) == 0, "%s: %s", name, value);
    free(value);
}

/* As somebody's SQL may write them, where a constraint is gone. GET of one is a 500 that says what is wrong.
 */
Test(contract, a_list_has_the_orders_that_can_be_read_and_names_the_others)
{
    create("A", "C", 1, "pending");
    create("B,é", "C", 2, "pending");
    create("C", "C", 3, "pending");
    struct http_reply reply = call("GET", "/orders/", NULL);
    expect_header(&reply, "X-Unreachable-Orders", NULL);
    http_free(&reply);
    PGconn *database = database_connect(service->database_url);
    free(database_query(database, "ALTER TABLE orders DROP CONSTRAINT orders_order_date_check"));
    free(database_query(database, "UPDATE orders SET order_date = 'infinity' WHERE id = 2"));
    PQfinish(database);
    expect_list("/orders/", "A C");
    expect_list("/orders/?skip=2", "C");
    reply = call("GET", "/orders/?limit=2", NULL);
    expect_header(&reply, "X-Unreachable-Orders", "B%2C%C3%A9");
    http_free(&reply);
    expect("GET", "/orders/B,%C3%A9", NULL, 500,
           "{\"detail\":\"Order B,é is stored with an order_date outside the years 1 to 9999\"}");
    reply = call("GET", "/orders/summary", NULL);
    cr_expect_eq(json_integer_value(json_object_get(reply.json, "total_orders")), 3);
    http_free(&reply);
}

Test(contract, pages_of_allowed_origins_may_read)
{
    struct http_reply reply =
        http_request(service->http_port, "GET", "/orders/", "Origin: http://localhost:3000\r\n", NULL);
    cr_expect_eq(reply.status, 401);
    expect_header(&reply, "Access-Control-Allow-Origin", "http://localhost:3000");
    expect_header(&reply, "Access-Control-Allow-Credentials", "true");
    expect_header(&reply, "Vary", "Origin");
    http_free(&reply);
    reply = http_request(service->http_port, "GET", "/", "Origin: http://evil.example\r\n", NULL);
    cr_expect_eq(reply.status, 200);
    expect_header(&reply, "Access-Control-Allow-Origin", NULL);
    http_free(&reply);
}

Test(contract, preflights_want_no_key)
{
    struct http_reply reply =
        http_request(service->http_port, "OPTIONS", "/orders/A",
                     "Origin: http://localhost:3001\r\nAccess-Control-Request-Method: PATCH\r\n"
                     "Access-Control-Request-Headers: x-api-key\r\n",
                     NULL);
    cr_expect_eq(reply.status, 200);
    expect_header(&reply, "Access-Control-Allow-Origin", "http://localhost:3001");
    expect_header(&reply, "Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST");
    expect_header(&reply, "Access-Control-Allow-Headers", "x-api-key");
    http_free(&reply);
    reply = http_request(service->http_port, "OPTIONS", "/orders/A",
                         "Origin: http://evil.example\r\nAccess-Control-Request-Method: PATCH\r\n", NULL);
    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(reply.body, "{\"detail\":\"Disallowed CORS origin\"}");
    http_free(&reply);
}

/* --- idempotency keys --- */

static struct http_reply create_with_keys(const char *keys, int amount)
{
    char headers[512], body[256];
    snprintf(headers, sizeof headers, "%s%s", key_header, keys);
    snprintf(body, sizeof body,
             "{\"order_id\":\"ORD-1\",\"customer_id\":\"C\",\"total_amount\":%d,\"currency\":\"ISK\"}",
             amount);
    return http_request(service->http_port, "POST", "/orders/", headers, body);
}

static bool is_replayed(const struct http_reply *reply)
{
    char *replayed = http_header(reply, "Idempotency-Replayed");
    bool is = replayed != NULL && strcmp(replayed, "true") == 0;
    free(replayed);
    return is;
}

Test(contract, a_request_sent_again_with_its_idempotency_key_changes_nothing)
{
    struct http_reply first = create_with_keys("Idempotency-Key: 8e03978e-40d5\r\n", 100);
    struct http_reply again = create_with_keys("Idempotency-Key: \"8e03978e-40d5\"\r\n", 100);
    struct http_reply other = create_with_keys("Idempotency-Key: 8e03978e-40d5\r\n", 101);
    cr_assert_eq(first.status, 201, "%s", first.body);
    cr_assert_eq(again.status, 201, "%s", again.body);
    cr_assert_str_eq(again.body, first.body);
    cr_assert_not(is_replayed(&first));
    cr_assert(is_replayed(&again));
    cr_assert_eq(other.status, 422);
    cr_assert_str_eq(other.body, "{\"detail\":\"Idempotency-Key was used for another request\"}");
    http_free(&first);
    http_free(&again);
    http_free(&other);
}

Test(contract, an_idempotency_key_may_be_base64)
{
    struct http_reply first = create_with_keys("Idempotency-Key: a+b/c_d.e:f-g==\r\n", 100);
    struct http_reply again = create_with_keys("Idempotency-Key: \"a+b/c_d.e:f-g==\"\r\n", 100);
    cr_assert_eq(first.status, 201, "%s", first.body);
    cr_assert(is_replayed(&again), "%s", again.body);
    http_free(&first);
    http_free(&again);
}

Test(contract, an_idempotency_key_is_one_word)
{
    static const char *const bad[] = {
        "Idempotency-Key: \r\n",
        "Idempotency-Key: a b\r\n",
        "Idempotency-Key: a\r\nIdempotency-Key: b\r\n",
        "Idempotency-Key: \"\"\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_reply reply = create_with_keys(bad[i], 100);
        cr_expect_eq(reply.status, 400, "%s: %d", bad[i], reply.status);
        http_free(&reply);
    }
}

/* What a caller's logs are searched by may be the same for several requests. */
Test(contract, x_request_id_is_no_idempotency_key)
{
    struct http_reply first = create_with_keys("X-Request-ID: session-7\r\n", 100);
    struct http_reply other = create_with_keys("X-Request-ID: session-7\r\n", 101);
    cr_assert_eq(first.status, 201);
    cr_assert_eq(other.status, 400, "%s", other.body);
    cr_assert_str_eq(other.body, "{\"detail\":\"Order ID already exists\"}");
    http_free(&first);
    http_free(&other);
}

/* --- entity tags --- */

static struct http_reply call_if(const char *method, const char *target, const char *condition,
                                 const char *etag, const char *body)
{
    char *headers;
    cr_assert_gt(asprintf(&headers, "%s%s: %s\r\n", key_header, condition, etag), 0);
    struct http_reply reply = http_request(service->http_port, method, target, headers, body);
    free(headers);
    return reply;
}

static void expect_if(const char *method, const char *target, const char *condition, const char *etag,
                      const char *body, int status)
{
    struct http_reply reply = call_if(method, target, condition, etag, body);
    cr_expect_eq(reply.status, status, "%s %s %s: %s: %d %s", method, target, condition, etag, reply.status,
                 reply.body);
    http_free(&reply);
}

/* To be freed. */
static char *etag_of(const char *target)
{
    struct http_reply reply = call("GET", target, NULL);
    cr_assert_eq(reply.status, 200);
    char *etag = http_header(&reply, "ETag");
    cr_assert_not_null(etag);
    http_free(&reply);
    return etag;
}

Test(contract, an_order_has_another_entity_tag_after_every_change)
{
    create("A-1", "C", 1, "pending");
    char *first = etag_of("/orders/A-1");
    struct http_reply changed =
        call_if("PATCH", "/orders/A-1", "If-Match", first, "{\"status\":\"shipped\"}");
    cr_assert_eq(changed.status, 200, "%s", changed.body);
    char *second = http_header(&changed, "ETag"), *found = etag_of("/orders/A-1");
    cr_assert_str_neq(second, first);
    cr_assert_str_eq(second, found);
    cr_assert_null(json_object_get(changed.json, "etag"), "the header has it");
    http_free(&changed);
    free(first);
    free(second);
    free(found);
}

Test(contract, if_match_keeps_a_change_of_somebody_else)
{
    create("A-1", "C", 1, "pending");
    char *old = etag_of("/orders/A-1");
    expect_if("PATCH", "/orders/A-1", "If-Match", "*", "{\"total_amount\":2}", 200);
    struct http_reply lost = call_if("PATCH", "/orders/A-1", "If-Match", old, "{\"total_amount\":3}");
    cr_assert_eq(lost.status, 412);
    cr_assert_str_eq(lost.body, "{\"detail\":\"The order was changed: it has another etag\"}");
    http_free(&lost);
    expect_if("DELETE", "/orders/A-1", "If-Match", old, NULL, 412);
    expect_if("PATCH", "/orders/A-1", "If-Match", old, "{}", 412);
    expect_if("GET", "/orders/A-1", "If-Match", old, NULL, 412);
    expect_if("DELETE", "/orders/B-1", "If-Match", old, NULL, 404);

    char *present = etag_of("/orders/A-1");
    expect_if("GET", "/orders/A-1", "If-Match", present, NULL, 200);
    expect_if("DELETE", "/orders/A-1", "If-Match", present, NULL, 204);
    create("A-1", "C", 1, "pending");
    expect_if("DELETE", "/orders/A-1", "If-Match", present, NULL, 412);
    free(old);
    free(present);
}

Test(contract, preconditions_that_cannot_be_kept_are_refused)
{
    create("A-1", "C", 1, "pending");
    expect_if("PATCH", "/orders/A-1", "If-Match", "\"a\", \"b\"", "{}", 400);
    expect_if("PATCH", "/orders/A-1", "If-Match", "a", "{}", 400);
    expect_if("PATCH", "/orders/A-1", "If-Match", "W/\"a\"", "{}", 412);
    expect_if("PATCH", "/orders/A-1", "If-None-Match", "\"a\"", "{}", 400);
    expect_if("POST", "/orders/", "If-Match", "*", "{}", 400);
}

Test(contract, what_has_not_changed_is_not_sent_again)
{
    static const char *const targets[] = {"/orders/A-1", "/orders/", "/orders/?limit=0", "/orders/summary"};
    create("A-1", "C", 1, "pending");
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char *etag = etag_of(targets[i]);
        struct http_reply reply = call_if("GET", targets[i], "If-None-Match", etag, NULL);
        char *again = http_header(&reply, "ETag");
        cr_expect_eq(reply.status, 304, "%s: %d", targets[i], reply.status);
        cr_expect_eq(reply.length, 0);
        char *length = http_header(&reply, "Content-Length");
        cr_expect_null(length, "%s: it would be that of the 200 (RFC 9110, 8.6)", targets[i]);
        free(length);
        cr_expect_str_eq(again, etag);
        expect_if("GET", targets[i], "If-None-Match", "\"x\"", NULL, 200);
        expect_if("GET", targets[i], "If-None-Match", "*", NULL, 304);
        free(again);
        free(etag);
        http_free(&reply);
    }
    char *before = etag_of("/orders/summary");
    create("A-2", "C", 1, "pending");
    expect_if("GET", "/orders/summary", "If-None-Match", before, NULL, 200);
    free(before);
}

/* --- codings --- */

static struct http_reply call_with_gzip(const char *method, const char *target, const char *condition,
                                        const char *body)
{
    char *headers;
    cr_assert_gt(asprintf(&headers, "%sAccept-Encoding: deflate, gzip\r\n%s", key_header, condition), 0);
    struct http_reply reply = http_request(service->http_port, method, target, headers, body);
    free(headers);
    return reply;
}

static void expect_header_is(const struct http_reply *reply, const char *name, const char *expected)
{
    char *value = http_header(reply, name);
    if (expected == NULL)
        cr_expect_null(value, "%s: %s", name, value);
    else
        cr_expect(value != NULL && strcmp(value, expected) == 0, "%s: %s", name, value);
    free(value);
}

static void expect_gzip_of(const struct http_reply *reply, const struct http_reply *plain)
{
    enum { GZIP_WINDOW = 15 + 16 };
    char *bytes = malloc(plain->length + 1);
    z_stream stream = {
        .next_in = (Bytef *)reply->body,
        .avail_in = (uInt)reply->length,
        .next_out = (Bytef *)bytes,
        .avail_out = (uInt)plain->length + 1,
    };
    cr_assert_eq(inflateInit2(&stream, GZIP_WINDOW), Z_OK);
    cr_expect_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    cr_expect_eq(stream.total_out, plain->length);
    cr_expect_eq(memcmp(bytes, plain->body, plain->length), 0);
    cr_expect_lt(reply->length, plain->length);
    (void)inflateEnd(&stream);
    free(bytes);
}

/* A plain answer's entity tag as that of the same in gzip. */
static char *tag_of_gzip(const struct http_reply *plain)
{
    char *etag = http_header(plain, "ETag"), *tag;
    cr_assert_not_null(etag);
    cr_assert_gt(asprintf(&tag, "%.*s-gzip\"", (int)strlen(etag) - 1, etag), 0);
    free(etag);
    return tag;
}

/* More than a KiB of orders. */
static void create_many(void)
{
    for (int i = 0; i < 10; i++) {
        char order_id[16];
        snprintf(order_id, sizeof order_id, "O-%d", i);
        create(order_id, "C", 1, "pending");
    }
}

Test(contract, long_answers_are_gzipped_for_who_asks)
{
    create_many();
    struct http_reply plain = call("GET", "/orders/", NULL);
    struct http_reply gzip = call_with_gzip("GET", "/orders/", "", NULL);
    struct http_reply head = call_with_gzip("HEAD", "/orders/", "", NULL);
    char *tag = tag_of_gzip(&plain), *length = http_header(&gzip, "Content-Length");
    cr_assert_gt(plain.length, 1024);
    expect_header_is(&plain, "Content-Encoding", NULL);
    expect_header_is(&plain, "Vary", "Accept-Encoding");
    expect_header_is(&gzip, "Content-Encoding", "gzip");
    expect_header_is(&gzip, "Content-Type", "application/json");
    expect_header_is(&gzip, "Vary", "Accept-Encoding");
    expect_header_is(&gzip, "ETag", tag);
    expect_gzip_of(&gzip, &plain);
    cr_expect_eq(head.status, 200);
    expect_header_is(&head, "Content-Encoding", "gzip");
    expect_header_is(&head, "Content-Length", length);
    expect_header_is(&head, "ETag", tag);
    free(length);
    free(tag);
    http_free(&plain);
    http_free(&gzip);
    http_free(&head);

    struct http_reply refused = call_with_gzip("GET", "/orders/?limit=x", "", NULL);
    expect_header_is(&refused, "Content-Encoding", NULL); /* it is short */
    expect_header_is(&refused, "Vary", NULL);
    http_free(&refused);
    struct http_reply one = call_with_gzip("GET", "/orders/O-1", "", NULL);
    expect_header_is(&one, "Content-Encoding", NULL);
    http_free(&one);
    struct http_reply metrics =
        http_request(service->http_port, "GET", "/metrics", "Accept-Encoding: gzip\r\n", NULL);
    expect_header_is(&metrics, "Content-Encoding", "gzip");
    http_free(&metrics);
}

Test(contract, long_refusals_are_gzipped_too)
{
    char body[2000];
    snprintf(body, sizeof body, "{\"note\":\"%01000d\"}", 0);
    struct http_reply plain = call("POST", "/orders/", body);
    struct http_reply gzip = call_with_gzip("POST", "/orders/", "", body);
    cr_expect_eq(gzip.status, 422);
    expect_header_is(&gzip, "Content-Encoding", "gzip");
    expect_gzip_of(&gzip, &plain);
    http_free(&plain);
    http_free(&gzip);
}

Test(contract, an_entity_tag_of_gzip_names_the_same_state)
{
    create_many();
    struct http_reply plain = call("GET", "/orders/", NULL);
    char *tag = tag_of_gzip(&plain), *condition;
    cr_assert_gt(asprintf(&condition, "If-None-Match: %s\r\n", tag), 0);
    struct http_reply same = call_with_gzip("GET", "/orders/", condition, NULL);
    cr_expect_eq(same.status, 304);
    expect_header_is(&same, "ETag", tag);
    expect_header_is(&same, "Vary", "Accept-Encoding");
    expect_header_is(&same, "Content-Encoding", NULL);
    expect_header_is(&same, "Content-Length", NULL);
    http_free(&same);
    http_free(&plain);
    free(condition);
    free(tag);
}

Test(contract, an_order_read_as_gzip_is_changed_with_its_tag)
{
    char customer[4 * 255 + 1] = "";
    for (size_t i = 0; i + 4 < sizeof customer; i += 4)
        memcpy(customer + i, "\xf0\x9f\x98\x80", 5);
    create("A", customer, 1, "pending");
    struct http_reply plain = call("GET", "/orders/A", NULL);
    struct http_reply gzip = call_with_gzip("GET", "/orders/A", "", NULL);
    char *tag = tag_of_gzip(&plain), *condition;
    expect_header_is(&gzip, "Content-Encoding", "gzip");
    expect_header_is(&gzip, "ETag", tag);
    cr_assert_gt(asprintf(&condition, "If-Match: %s\r\n", tag), 0);
    struct http_reply changed = call_with_gzip("PATCH", "/orders/A", condition, "{\"total_amount\":2}");
    cr_expect_eq(changed.status, 200, "%d %s", changed.status, changed.body);
    struct http_reply late = call_with_gzip("PATCH", "/orders/A", condition, "{\"total_amount\":3}");
    cr_expect_eq(late.status, 412);
    expect_header_is(&late, "Content-Encoding", NULL);
    http_free(&late);
    http_free(&changed);
    http_free(&gzip);
    http_free(&plain);
    free(condition);
    free(tag);
}
