/* test_lists.c: what lists are found by, how they are walked and counted, over real HTTP against a real
 * ordersd. */
#include "client.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct service *service;
static char key_header[128];

/* As "ID DATE AMOUNT CURRENCY STATUS", with days of January 2025. */
static const char *const orders[] = {"A 10 500 ISK pending", "B 12 400 EUR shipped", "C 11 300 ISK shipped",
                                     "D 14 200 USD cancelled", "E_x 13 100 ISK pending"};

static struct http_reply call(const char *method, const char *target, const char *headers, const char *body)
{
    char all[512];
    snprintf(all, sizeof all, "%s%s", key_header, headers);
    return http_request(service->http_port, method, target, all, body);
}

static void create(const char *order)
{
    char id[16], currency[4], status[16], body[256];
    int day, amount;
    cr_assert_eq(sscanf(order, "%15s %d %d %3s %15s", id, &day, &amount, currency, status), 5);
    snprintf(body, sizeof body,
             "{\"order_id\":\"%s\",\"customer_id\":\"CUST-%s\",\"order_date\":\"2025-01-%02dT12:00:00Z\","
             "\"total_amount\":%d,\"currency\":\"%s\",\"status\":\"%s\"}",
             id, id, day, amount, currency, status);
    struct http_reply reply = call("POST", "/orders/", "", body);
    cr_assert_eq(reply.status, 201, "%s", reply.body);
    http_free(&reply);
}

static void setup(void)
{
    service = service_start(NULL);
    snprintf(key_header, sizeof key_header, "X-API-Key: %s\r\n", service->api_key);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        create(orders[i]);
}

static void teardown(void)
{
    must_count_by_status(service->http_port);
    service_stop_clean(service);
}

TestSuite(lists, .init = setup, .fini = teardown, .timeout = 120);

/* --- filters --- */

/* The order_ids, joined by blanks, to be freed. */
static char *ids(const struct http_reply *reply)
{
    char *joined = NULL;
    size_t size, i;
    json_t *order;
    FILE *out = open_memstream(&joined, &size);
    json_array_foreach(reply->json, i, order)
        fprintf(out, "%s%s", i == 0 ? "" : " ", json_string_value(json_object_get(order, "order_id")));
    fclose(out);
    return joined;
}

Test(lists, are_found_by_what_orders_are)
{
    static const char *const cases[][2] = {
        {"status=shipped", "B C"},
        {"status=pending&status=cancelled", "A D E_x"},
        {"status=pending,shipped", "A B C E_x"},
        {"placed_from=2025-01-12", "B D E_x"},
        {"placed_before=2025-01-12", "A C"},
        {"placed_from=2025-01-11T12:00:00Z&placed_before=2025-01-13T14:00:00%2B02:00", "B C"},
        {"currency=ISK", "A C E_x"},
        {"min_amount=300", "A B C"},
        {"max_amount=300", "C D E_x"},
        {"min_amount=200&max_amount=400", "B C D"},
        {"min_amount=0&max_amount=0", "A B C D E_x"},
        {"search=cust-", "A B C D E_x"},
        {"search=E_", "E_x"},
        {"search=_", "E_x"},
        {"search=%25", ""},
        {"order_by=order_date", "A C B E_x D"},
        {"order_by=order_date+desc", "D E_x B C A"},
        {"order_by=total_amount", "E_x D C B A"},
        {"order_by=total_amount+desc&limit=2", "A B"},
        {"currency=ISK&status=pending,shipped&placed_from=2025-01-11&search=cust&order_by=total_amount",
         "E_x C"},
        {"status=&placed_from=&placed_before=&currency=&min_amount=&max_amount=&search=&order_by=&page_token="
         "&count=",
         "A B C D E_x"},
        {"sort=-total_amount&from=2030-01-01", "A B C D E_x"}, /* unknown names are passed over, as ever */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[256];
        snprintf(target, sizeof target, "/orders/?%s", cases[i][0]);
        struct http_reply reply = call("GET", target, "", NULL);
        char *found = ids(&reply);
        cr_expect_eq(reply.status, 200, "%s: %s", target, reply.body);
        cr_expect_str_eq(found, cases[i][1], "%s: %s", target, found);
        free(found);
        http_free(&reply);
    }
}

/* Calls, and checks the violations, written as "type name name; …". */
static void expect_violations(const char *target, const char *expected)
{
    struct http_reply reply = call("GET", target, "", NULL);
    char *list = NULL;
    size_t size, i, at;
    json_t *one, *place;
    FILE *out = open_memstream(&list, &size);
    json_array_foreach(json_object_get(reply.json, "detail"), i, one)
    {
        fprintf(out, "%s%s", i == 0 ? "" : "; ", json_string_value(json_object_get(one, "type")));
        json_array_foreach(json_object_get(one, "loc"), at, place)
        {
            if (json_is_integer(place))
                fprintf(out, " %d", (int)json_integer_value(place));
            else if (at > 0)
                fprintf(out, " %s", json_string_value(place));
        }
        cr_expect(json_is_string(json_object_get(one, "msg")) &&
                  json_is_string(json_object_get(one, "input")));
    }
    fclose(out);
    cr_expect_eq(reply.status, 422, "%s: %d", target, reply.status);
    cr_expect_str_eq(list, expected, "%s: %s", target, reply.body);
    free(list);
    http_free(&reply);
}

/* Or one of the two filters would be off. Those that the original had go on as they did there. */
Test(lists, are_not_found_by_a_filter_that_is_given_twice)
{
    expect_violations(
        "/orders/?currency=EUR&currency=ISK&search=a&search=a&placed_from=2025-01-11&placed_from="
        "&placed_before=2025-01-12&placed_before=x&min_amount=1&min_amount=2&max_amount=1"
        "&max_amount=2&page_token=1&page_token=1&count=true&count=true",
        "repeated search; repeated placed_from; repeated placed_before; "
        "datetime_from_date_parsing placed_before; repeated currency; repeated min_amount; "
        "repeated max_amount; repeated page_token; repeated count");
    expect_violations("/statistics?by_status=true&by_status=false", "repeated by_status");
    struct http_reply reply = call("GET", "/orders/?currency=EUR&currency=ISK", "", NULL);
    const json_t *detail = json_array_get(json_object_get(reply.json, "detail"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(detail, "msg")), "Input should be given only once");
    cr_expect_str_eq(json_string_value(json_object_get(detail, "input")), "ISK");
    http_free(&reply);
    reply = call(
        "GET",
        "/orders/?customer_id=nobody&customer_id=&limit=9&limit=2&skip=9&skip=1&order_by=id+desc&order_by=id",
        "", NULL);
    char *found = ids(&reply);
    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(found, "B C");
    free(found);
    http_free(&reply);
    reply = call("GET", "/statistics?first_day=2030-01-01&first_day=2025-01-01", "", NULL);
    cr_expect_eq(json_integer_value(json_object_get(reply.json, "order_count")), 5, "%s", reply.body);
    http_free(&reply);
}

Test(lists, are_not_found_by_what_makes_no_sense)
{
    expect_violations(
        "/orders/?status=pending,lost&placed_from=yesterday&placed_before=2025-02-30&min_amount=1.5"
        "&max_amount=x&count=2",
        "enum status 1; datetime_from_date_parsing placed_from; "
        "datetime_from_date_parsing placed_before; int_parsing min_amount; int_parsing max_amount; "
        "bool_parsing count");
    expect_violations(
        "/orders/?currency=XXX&min_amount=-1&order_by=amount&page_token=1",
        "value_error currency; greater_than_equal min_amount; enum order_by; value_error page_token");
    expect_violations("/orders/?placed_from=2025-01-15&placed_before=2025-01-15&min_amount=5&max_amount=4",
                      "greater_than placed_before; greater_than_equal max_amount");
    expect_violations("/orders/?placed_from=2025-01-15T00:00:00+02:00",
                      "datetime_from_date_parsing placed_from");
}

/* --- pages --- */

/* The next page's target, to be freed; NULL: there is none. */
static char *next_of(const struct http_reply *reply)
{
    static const char rel[] = ">; rel=\"next\"";
    char *link = http_header(reply, "Link");
    if (link == NULL)
        return NULL;
    char *end = strchr(link, '>');
    cr_assert(*link == '<' && end != NULL && strcmp(end, rel) == 0, "%s", link);
    *end = '\0';
    memmove(link, link + 1, strlen(link));
    return link;
}

/* Walks over all pages, and checks what is on them. Returns how many there were. */
static size_t walk(const char *target, const char *expected)
{
    char *at = strdup(target), walked[128] = "";
    size_t pages = 0;
    for (; at != NULL; pages++) {
        struct http_reply reply = call("GET", at, "", NULL);
        cr_assert_eq(reply.status, 200, "%s: %s", at, reply.body);
        char *found = ids(&reply);
        const size_t length = strlen(walked);
        snprintf(walked + length, sizeof walked - length, "%s%s", length > 0 && *found != '\0' ? " " : "",
                 found);
        free(found);
        free(at);
        at = next_of(&reply);
        http_free(&reply);
    }
    cr_expect_str_eq(walked, expected, "%s: %s", target, walked);
    return pages;
}

Test(lists, lead_from_page_to_page)
{
    cr_expect_eq(walk("/orders/?limit=2", "A B C D E_x"), 3);
    cr_expect_eq(walk("/orders?limit=5", "A B C D E_x"), 1);
    cr_expect_eq(walk("/orders/", "A B C D E_x"), 1);
    cr_expect_eq(walk("/orders/?skip=1&limit=2&order_by=id+desc", "D C B A"), 2);
    cr_expect_eq(walk("/orders/?limit=1&status=pending,shipped&order_by=order_date+desc", "E_x B C A"), 4);
    cr_expect_eq(walk("/orders/?limit=2&search=cust&currency=ISK&order_by=total_amount", "E_x C A"), 2);
    cr_expect_eq(walk("/orders/?limit=0", ""), 1);
}

Test(lists, are_walked_with_the_filters_they_began_with)
{
    struct http_reply reply = call("GET", "/orders/?limit=1&customer_id=CUST-A", "", NULL);
    cr_expect_null(next_of(&reply));
    http_free(&reply);
    reply = call("GET", "/orders/?limit=1", "", NULL);
    char *next = next_of(&reply), other[128];
    snprintf(other, sizeof other, "%s&customer_id=CUST-A", next);
    expect_violations(other, "value_error page_token");
    free(next);
    http_free(&reply);
}

/* --- counts --- */

Test(lists, say_how_many_there_are_to_who_asks)
{
    static const char *const cases[][2] = {
        {"/orders/?count=true", "5"},
        {"/orders/?count=1&limit=1", "5"},
        {"/orders/?count=True&limit=0", "5"},
        {"/orders/?count=true&status=shipped&skip=1", "2"},
        {"/orders/?count=true&search=cust-b", "1"},
        {"/orders/?count=true&search=nobody", "0"},
        {"/orders/?count=false", NULL},
        {"/orders/", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply = call(i % 2 == 0 ? "GET" : "HEAD", cases[i][0], "", NULL);
        char *total = http_header(&reply, "X-Total-Count");
        cr_expect_eq(reply.status, 200);
        if (cases[i][1] == NULL)
            cr_expect_null(total, "%s: %s", cases[i][0], total);
        else
            cr_expect(total != NULL && strcmp(total, cases[i][1]) == 0, "%s: %s", cases[i][0], total);
        free(total);
        http_free(&reply);
    }
}

/* --- what holds of all answers --- */

static struct http_reply read_unless(const char *target, const char *etag)
{
    char headers[128];
    snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", etag);
    return call("GET", target, headers, NULL);
}

/* A page may be the same when its headers are not. */
Test(lists, have_another_entity_tag_when_their_headers_change)
{
    static const struct {
        const char *target;
        int status; /* once there is one order more, which is on none of these pages */
    } cases[] = {{"/orders/?limit=5", 200},
                 {"/orders/?limit=4&count=true", 200},
                 {"/orders/?limit=4", 304},
                 {"/orders/?limit=0", 304},
                 {"/orders/?limit=0&count=true", 200}};
    enum { CASES = sizeof cases / sizeof cases[0] };
    char *etags[CASES];
    for (size_t i = 0; i < CASES; i++) {
        struct http_reply reply = call("GET", cases[i].target, "", NULL);
        etags[i] = http_header(&reply, "ETag");
        struct http_reply again = read_unless(cases[i].target, etags[i]);
        cr_expect_eq(again.status, 304, "%s", cases[i].target);
        http_free(&again);
        http_free(&reply);
    }
    create("F 20 600 SEK pending");
    for (size_t i = 0; i < CASES; i++) {
        struct http_reply reply = read_unless(cases[i].target, etags[i]);
        cr_expect_eq(reply.status, cases[i].status, "%s: %d", cases[i].target, reply.status);
        free(etags[i]);
        http_free(&reply);
    }
}

Test(lists, have_their_headers_whatever_the_coding_and_for_pages_of_allowed_origins)
{
    for (int i = 0; i < 4; i++) {
        char order[64];
        snprintf(order, sizeof order, "LONG-%d 20 1 EUR delivered", i);
        create(order);
    }
    struct http_reply reply = call("GET", "/orders/?limit=8&count=true",
                                   "Accept-Encoding: gzip\r\nOrigin: http://localhost:3000\r\n", NULL);
    char *next = next_of(&reply), *total = http_header(&reply, "X-Total-Count"),
         *coding = http_header(&reply, "Content-Encoding"),
         *exposed = http_header(&reply, "Access-Control-Expose-Headers");
    cr_assert(next != NULL && total != NULL && coding != NULL && exposed != NULL, "%s", reply.head);
    cr_expect_str_eq(coding, "gzip");
    cr_expect_str_eq(total, "9");
    cr_expect_eq(strncmp(next, "/orders/?limit=8&page_token=", strlen("/orders/?limit=8&page_token=")), 0,
                 "%s", next);
    cr_expect(strstr(exposed, "Link, ") != NULL && strstr(exposed, "X-Total-Count") != NULL, "%s", exposed);
    free(next);
    free(total);
    free(coding);
    free(exposed);
    http_free(&reply);
}
