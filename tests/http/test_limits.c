/* test_limits.c: what one key may, what is said of who called, and what is served where, over real HTTP from
 * a real ordersd. */
#include "client.h"
#include "support/database.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOKS_MOST = 2000, LOOK_US = 5000 };

static struct service *service;
static char key_header[128];

static void start(const char *const *environment)
{
    service = service_start(&(struct service_options){.environment = environment});
    snprintf(key_header, sizeof key_header, "X-API-Key: %s\r\n", service->api_key);
}

TestSuite(limits, .timeout = 120);

/* The status; the answer itself is not looked at. */
static int ask_at(uint16_t port, const char *target, const char *headers)
{
    struct http_reply reply = http_request(port, "GET", target, headers, NULL);
    const int status = reply.status;
    http_free(&reply);
    return status;
}

static int ask(const char *target)
{
    return ask_at(service->http_port, target, key_header);
}

static void expect_header(const struct http_reply *reply, const char *name, const char *value)
{
    char *got = http_header(reply, name);
    cr_assert_not_null(got, "%s", reply->head);
    cr_expect_str_eq(got, value);
    free(got);
}

Test(limits, who_asks_too_often_gets_429_and_is_told_when_to_come_again)
{
    start((const char *const[]){"ORDERS_RATE_PER_PRINCIPAL=1", "ORDERS_BURST_PER_PRINCIPAL=2", NULL});
    struct http_reply reply;
    int asked = 0;
    do {
        reply = http_request(service->http_port, "GET", "/orders/A", key_header, NULL);
        asked++;
        if (reply.status == 404)
            http_free(&reply);
    } while (reply.status == 404 && asked < 1000);
    cr_assert_geq(asked, 3, "a full bucket is two");
    cr_assert_eq(reply.status, 429);
    cr_expect_str_eq(reply.body, "{\"detail\":\"bootstrap calls too often; try again later\"}");
    expect_header(&reply, "Retry-After", "1");
    expect_header(&reply, "RateLimit-Policy", "\"rate\";q=2;w=2");
    expect_header(&reply, "RateLimit", "\"rate\";r=0;t=1");
    http_free(&reply);
    /* Nobody's are without limits of the key's, and so is what wants none. */
    cr_expect_eq(ask_at(service->http_port, "/orders/A", NULL), 401);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(ask("/readyz"), 200);
    service_stop_clean(service);
}

struct refused {
    const char *method, *target, *headers, *body;
    size_t chunk; /* of so many bytes behind that */
    int status;
};

static int ask_refused(const struct refused *refused)
{
    int fd = http_connect(service->http_port);
    char head[512];
    snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: a\r\n%s%s\r\n%s", refused->method, refused->target,
             key_header, refused->headers, refused->body);
    http_send_text(fd, head);
    if (refused->chunk > 0) {
        char *bytes = calloc(1, refused->chunk);
        snprintf(head, sizeof head, "%zx\r\n", refused->chunk);
        http_send_text(fd, head);
        http_send(fd, bytes, refused->chunk);
        free(bytes);
    }
    struct http_reply reply = http_read(fd, false);
    const int status = reply.status;
    http_free(&reply);
    close(fd);
    return status;
}

#define CHUNKED "Transfer-Encoding: chunked\r\n"

/* What the front end, or the library below it, finds wrong before there is a call counts as one. */
Test(limits, a_request_that_is_refused_early_is_a_call_of_its_caller)
{
    enum { ENDLESS = (4 << 20) + 1 }; /* past what is read of a body that is not wanted */
    static const struct refused cases[] = {
        {"POST", "/orders/", "Content-Length: 1\r\n", "{", 0, 422},
        {"GET", "/orders/%ff", "", "", 0, 404},
        {"DELETE", "/orders/A", "If-None-Match: *\r\n", "", 0, 400},
        {"POST", "/orders/", "Content-Encoding: gzip\r\nContent-Length: 2\r\n", "{}", 0, 415},
        {"POST", "/orders/", "Content-Length: 9000000\r\nExpect: 100-continue\r\n", "", 0, 413},
        {"POST", "/orders/", "Idempotency-Key: ?\r\nContent-Length: 2\r\n", "{}", 0, 400},
        {"GET", "/orders/", "Host: b\r\n", "", 0, 400},
        {"POST", "/orders/", CHUNKED, "1\r\n{\r\nzz\r\n", 0, 400},
        {"POST", "/orders/", CHUNKED, "1\r\n{\r\n0\r\nbad trailer\r\n\r\n", 0, 400},
        {"POST", "/orders/", CHUNKED, "", ENDLESS, 413},
        {"GET", "/orders/", CHUNKED, "", ENDLESS, 413},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    start((const char *const[]){"ORDERS_RATE_PER_PRINCIPAL=1", "ORDERS_BURST_PER_PRINCIPAL=20", NULL});
    for (size_t i = 0; i < CASES; i++)
        cr_expect_eq(ask_refused(&cases[i]), cases[i].status, "%zu", i);
    for (size_t i = 0; i < CASES; i++) {
        int status, asked = 0;
        while ((status = ask_refused(&cases[i])) == cases[i].status && asked < 1000)
            asked++;
        cr_expect_eq(status, 429, "%zu", i);
    }
    service_stop_clean(service);
}

Test(limits, who_has_as_many_under_way_as_it_may_gets_429_until_one_ends)
{
    start((const char *const[]){"ORDERS_MAX_CALLS_PER_PRINCIPAL=1", NULL});
    PGconn *database = database_connect(service->database_url);
    char request[512];
    struct http_reply reply =
        http_request(service->http_port, "POST", "/orders/", key_header,
                     "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\"}");
    cr_assert_eq(reply.status, 201, "%s", reply.body);
    http_free(&reply);
    free(database_query(database, "BEGIN; SELECT id FROM orders FOR UPDATE"));
    const char *body = "{\"total_amount\":2}";
    int fd = http_connect(service->http_port);
    snprintf(request, sizeof request,
             "PATCH /orders/A HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s", key_header,
             strlen(body), body);
    http_send_text(fd, request);
    while ((reply = http_request(service->http_port, "GET", "/orders/A", key_header, NULL)).status == 200) {
        http_free(&reply);
        if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 0)
            continue;
        /* It was the change that came while the other was under way. */
        struct http_reply refused = http_read(fd, false);
        cr_assert_eq(refused.status, 429, "%s", refused.body);
        http_free(&refused);
        close(fd);
        fd = http_connect(service->http_port);
        http_send_text(fd, request);
    }
    cr_assert_eq(reply.status, 429, "%s", reply.body);
    expect_header(&reply, "Retry-After", "1");
    expect_header(&reply, "RateLimit-Policy", "\"calls\";q=1;qu=\"concurrent-requests\"");
    http_free(&reply);
    free(database_query(database, "ROLLBACK"));
    reply = http_read(fd, false);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
    close(fd);
    cr_expect_eq(ask("/orders/A"), 200);
    PQfinish(database);
    service_stop_clean(service);
}

/* --- what is served where --- */

Test(limits, what_is_hidden_is_not_there)
{
    static const struct {
        const char *target;
        int status;
    } cases[] = {{"/metrics", 404}, {"/readyz", 404},     {"/docs", 404},
                 {"/redoc/", 404},  {"/docs/x", 404},     {"/openapi.json", 404},
                 {"/healthz", 200}, {"/dashboard/", 200}, {"/orders/", 200}};
    start((const char *const[]){"ORDERS_HTTP_HIDE=metrics, readyz,docs", NULL});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(ask(cases[i].target), cases[i].status, "%s", cases[i].target);
    service_stop_clean(service);
}

Test(limits, metrics_with_an_address_of_their_own_are_there_alone)
{
    start((const char *const[]){"ORDERS_METRICS=127.0.0.1:0", NULL});
    cr_expect_eq(ask("/metrics"), 404);
    cr_expect_eq(ask("/readyz"), 200);
    cr_expect_eq(ask_at(service->metrics_port, "/metrics", NULL), 200);
    struct http_reply reply = http_request(service->http_port, "GET", "/openapi.json", NULL, NULL);
    cr_expect_null(strstr(reply.body, "\"/metrics\""));
    http_free(&reply);
    service_stop_clean(service);
}

/* --- who called --- */

static size_t count(const char *log, const char *text)
{
    size_t n = 0;
    for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

/* The log, once something is in it so often, or after a while. Free with free. */
static char *await_in_log(const char *text, size_t times)
{
    char *log = service_log(service);
    for (int i = 0; i < LOOKS_MOST && count(log, text) < times; i++) {
        free(log);
        usleep(LOOK_US);
        log = service_log(service);
    }
    return log;
}

/* Of the request and of its call. */
Test(limits, lines_say_who_called_from_where_about_which_order)
{
    start((const char *const[]){"ORDERS_LOG=info", NULL});
    cr_assert_eq(ask("/orders/A"), 404);
    char *log = await_in_log("\"principal\":\"bootstrap\",\"peer\":\"127.0.0.1:", 2);
    cr_expect_eq(count(log, "\"principal\":\"bootstrap\",\"peer\":\"127.0.0.1:"), 2, "%s", log);
    cr_expect_eq(count(log, "\"order_id\":\"A\""), 1, "%s", log);
    free(log);
    service_stop_clean(service);
}

Test(limits, lines_are_sampled_and_say_how_many_they_stand_for)
{
    enum { REQUESTS = 60 };
    start((const char *const[]){"ORDERS_LOG=info", "ORDERS_LOG_SAMPLE=1", NULL});
    const int fd = http_connect(service->http_port);
    char request[256];
    snprintf(request, sizeof request, "GET /orders/ HTTP/1.1\r\nHost: a\r\n%s\r\n", key_header);
    for (int i = 0; i < REQUESTS; i++) {
        http_send_text(fd, request);
        struct http_reply reply = http_read(fd, false);
        cr_assert_eq(reply.status, 200);
        http_free(&reply);
    }
    sleep(1); /* the next one's line is due */
    cr_assert_eq(ask("/orders/"), 200);
    char *log = await_in_log("\"stands_for\":", 2);
    cr_expect_geq(count(log, "\"stands_for\":"), 2, "one of HTTP, one of the calls: %s", log);
    cr_expect_lt(count(log, "\"message\":\"http\""), REQUESTS / 2, "%s", log);
    cr_expect_lt(count(log, "\"message\":\"call\""), REQUESTS / 2, "%s", log);
    free(log);
    close(fd);
    service_stop_clean(service);
}
