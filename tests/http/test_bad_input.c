/* test_bad_input.c: what no client should send is answered with a 4xx or a closed connection, and others are
 * served on. */
#include "client.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static struct service *service;
static char key_header[128];

static void setup(void)
{
    service = service_start(NULL);
    snprintf(key_header, sizeof key_header, "X-API-Key: %s\r\n", service->api_key);
}

/* Whatever was sent, the service serves, and ends well. */
static void teardown(void)
{
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/", key_header, NULL);
    must(reply.status == 200, "ordersd serves no more");
    http_free(&reply);
    must(service_stop(service) == 0, "ordersd did not end with 0");
}

TestSuite(bad_input, .init = setup, .fini = teardown, .timeout = 120);

static struct http_reply send_raw(const char *bytes, size_t length)
{
    int fd = http_connect(service->http_port);
    http_send(fd, bytes, length);
    shutdown(fd, SHUT_WR);
    struct http_reply reply = http_read(fd, false);
    close(fd);
    return reply;
}

#define RAW(text) (text), sizeof(text) - 1

Test(bad_input, heads)
{
    static const struct {
        const char *bytes;
        size_t length;
        int status; /* 0: a 4xx or none */
        const char *body;
    } cases[] = {
        {RAW("GET / HTTP/1.1\r\n\r\n"), 400, "{\"detail\":\"Host is missing\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400, "{\"detail\":\"Host is repeated\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400, "{\"detail\":\"Host is repeated\"}"},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"), 400,
         "{\"detail\":\"Content-Length is repeated\"}"},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 400,
         "{\"detail\":\"Content-Length is repeated\"}"},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
             "chunked\r\n\r\n0\r\n\r\n"),
         400, "{\"detail\":\"Content-Length and Transfer-Encoding exclude each other\"}"},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nx"), 400,
         "{\"detail\":\"Transfer-Encoding can be chunked only\"}"},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
             "chunked\r\n\r\n0\r\n\r\n"),
         400, "{\"detail\":\"Transfer-Encoding can be chunked only\"}"},
        {RAW("POST /orders/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400,
         "{\"detail\":\"Transfer-Encoding can be chunked only\"}"},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: two\r\n\r\n{}"), 400, NULL},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{}"), 400, NULL},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n{}"), 413,
         NULL},
        {RAW("POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400, NULL},
        {RAW("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"), 400, NULL},
        {RAW("GET\r\n\r\n"), 0, NULL},
        {RAW("GET  \r\n\r\n"), 0, NULL},
        {RAW("\0\xff\r\n\r\n"), 0, NULL},
        {RAW("{}\r\n\r\n"), 0, NULL},
        {RAW("GET / HTTP/9.9\r\nHost: a\r\n\r\n"), 0, NULL},
        {RAW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 0, NULL}, /* TLS */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply = send_raw(cases[i].bytes, cases[i].length);
        if (cases[i].status != 0)
            cr_expect_eq(reply.status, cases[i].status, "%s: %d", cases[i].bytes, reply.status);
        else
            cr_expect(reply.status == 0 || reply.status / 100 == 4 || reply.status == 505, "%s: %d",
                      cases[i].bytes, reply.status);
        if (cases[i].body != NULL)
            cr_expect_str_eq(reply.body, cases[i].body);
        http_free(&reply);
    }
}

Test(bad_input, heads_that_are_too_long)
{
    char *target = malloc(64 * 1024);
    memset(target, 'x', 64 * 1024 - 1);
    target[0] = '/';
    target[64 * 1024 - 1] = '\0';
    struct http_reply reply = http_request(service->http_port, "GET", target, NULL, NULL);
    cr_expect(reply.status == 414 || reply.status == 431, "%d", reply.status);
    http_free(&reply);

    enum { HEADERS = 10000, LINE = sizeof "X-00000000: 1234567\r\n" - 1 };
    char *headers = malloc(HEADERS * LINE + 1), *at = headers;
    for (int i = 0; i < HEADERS; i++)
        at += sprintf(at, "X-%08d: 1234567\r\n", i);
    reply = http_request(service->http_port, "GET", "/", headers, NULL);
    cr_expect_eq(reply.status, 431);
    http_free(&reply);
    free(headers);
    free(target);
}

/* What a head may have is somewhat less than 16 KiB. */
Test(bad_input, a_head_of_12_kib_is_taken_and_one_of_16_is_not)
{
    static const struct {
        int bytes, status;
    } cases[] = {{12 << 10, 200}, {16 << 10, 431}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *header = malloc((size_t)cases[i].bytes + sizeof "X-Long: \r\n");
        sprintf(header, "X-Long: %0*d\r\n", cases[i].bytes, 0);
        struct http_reply reply = http_request(service->http_port, "GET", "/", header, NULL);
        cr_expect_eq(reply.status, cases[i].status, "%d: %d", cases[i].bytes, reply.status);
        http_free(&reply);
        free(header);
    }
}

/* An order in a body of this size. */
static char *large_body(size_t size)
{
    static const char order[] =
        "{\"order_id\":\"A\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"EUR\",\"note\":\"";
    char *body = malloc(size + 1);
    memset(body, 'x', size);
    memcpy(body, order, strlen(order));
    memcpy(body + size - 2, "\"}", 3);
    return body;
}

Test(bad_input, a_body_may_have_a_mebibyte)
{
    static const struct {
        size_t size;
        int status;
    } cases[] = {{MIB, 201}, {MIB + 1, 413}, {2 * MIB, 413}, {16 * MIB, 413}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *body = large_body(cases[i].size);
        /* Of 16 MiB the client sends what it can before the connection is closed: it only announces them. */
        bool announces = cases[i].size > 4 * MIB;
        int fd = http_connect(service->http_port);
        char head[256];
        snprintf(head, sizeof head, "POST /orders/ HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n",
                 key_header, cases[i].size);
        http_send_text(fd, head);
        if (!announces)
            http_send(fd, body, cases[i].size);
        struct http_reply reply = http_read(fd, false);
        cr_expect_eq(reply.status, cases[i].status, "%zu: %d", cases[i].size, reply.status);
        char *request_id = http_header(&reply, "X-Request-ID");
        cr_expect_not_null(request_id);
        free(request_id);
        http_free(&reply);
        close(fd);
        free(body);
    }
}

static void start_chunked(int fd)
{
    http_send_text(fd, "POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n");
    http_send_text(fd, key_header);
    http_send_text(fd, "\r\n");
}

static void send_chunk(int fd, const char *bytes, size_t length)
{
    char size[32];
    snprintf(size, sizeof size, "%zx\r\n", length);
    http_send_text(fd, size);
    http_send(fd, bytes, length);
    http_send_text(fd, "\r\n");
}

Test(bad_input, a_chunked_body_may_have_a_mebibyte)
{
    static const struct {
        size_t size;
        int status;
    } cases[] = {{MIB, 201}, {MIB + 1, 413}, {2 * MIB, 413}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *body = large_body(cases[i].size);
        int fd = http_connect(service->http_port);
        start_chunked(fd);
        send_chunk(fd, body, 100);
        send_chunk(fd, body + 100, cases[i].size - 100);
        http_send_text(fd, "0\r\n\r\n");
        struct http_reply reply = http_read(fd, false);
        cr_expect_eq(reply.status, cases[i].status, "%zu: %d %s", cases[i].size, reply.status, reply.body);
        http_free(&reply);
        close(fd);
        free(body);
    }
}

Test(bad_input, a_body_without_an_end_is_cut_off)
{
    char *chunk = large_body(MIB);
    int fd = http_connect(service->http_port);
    const struct timeval timeout = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    start_chunked(fd);
    for (int i = 0; i < 64; i++)
        send_chunk(fd, chunk, MIB);
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 413);
    http_free(&reply);
    close(fd);
    free(chunk);
}

Test(bad_input, a_client_that_waits_before_its_body)
{
    int fd = http_connect(service->http_port);
    http_send_text(
        fd, "POST /orders/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2097152\r\n");
    http_send_text(fd, key_header);
    http_send_text(fd, "\r\n");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 413);
    http_free(&reply);
    cr_expect(http_is_closed(fd));
    close(fd);

    fd = http_connect(service->http_port);
    http_send_text(fd, "POST /orders/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n");
    http_send_text(fd, key_header);
    http_send_text(fd, "\r\n");
    reply = http_read(fd, false);
    cr_expect_eq(reply.status, 100);
    http_free(&reply);
    http_send_text(fd, "{}");
    reply = http_read(fd, false);
    cr_expect_eq(reply.status, 422);
    http_free(&reply);
    close(fd);
}

Test(bad_input, a_refused_body_leaves_the_connection_usable)
{
    char *body = large_body(2 * MIB);
    int fd = http_connect(service->http_port);
    http_send_text(fd, "POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n");
    http_send(fd, body, 2 * MIB);
    http_send_text(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    http_send_text(fd, "DELETE /orders/A HTTP/1.1\r\nHost: a\r\n\r\n");
    static const int statuses[] = {401, 200, 401};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct http_reply reply = http_read(fd, false);
        cr_expect_eq(reply.status, statuses[i]);
        http_free(&reply);
    }
    close(fd);
    free(body);
}

Test(bad_input, a_request_byte_by_byte)
{
    char *request;
    int fd = http_connect(service->http_port);
    cr_assert_gt(asprintf(&request, "GET /orders/summary HTTP/1.1\r\nHost: a\r\n%s\r\n", key_header), 0);
    for (const char *at = request; *at != '\0'; at++)
        http_send(fd, at, 1);
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
    free(request);
    close(fd);
}

Test(bad_input, requests_all_at_once_are_answered_in_their_order)
{
    enum { REQUESTS = 50 };
    int fd = http_connect(service->http_port);
    for (int i = 0; i < REQUESTS; i++) {
        char request[256];
        snprintf(request, sizeof request, "GET /orders/%d HTTP/1.1\r\nHost: a\r\nX-Request-ID: %d\r\n%s\r\n",
                 i, i, key_header);
        http_send_text(fd, request);
    }
    for (int i = 0; i < REQUESTS; i++) {
        struct http_reply reply = http_read(fd, false);
        char expected[16];
        snprintf(expected, sizeof expected, "%d", i);
        char *request_id = http_header(&reply, "X-Request-ID");
        cr_expect_eq(reply.status, 404);
        cr_expect_str_eq(request_id, expected);
        free(request_id);
        http_free(&reply);
    }
    close(fd);
}

Test(bad_input, bodies_of_random_bytes)
{
    unsigned seed = 20250116;
    for (int i = 0; i < 300; i++) {
        char body[200], head[256];
        size_t length = (size_t)rand_r(&seed) % sizeof body;
        for (size_t at = 0; at < length; at++)
            body[at] = (char)rand_r(&seed);
        if (length > 0 && i % 2 == 0)
            body[0] = '{';
        int fd = http_connect(service->http_port);
        snprintf(head, sizeof head, "POST /orders/ HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n",
                 key_header, length);
        http_send_text(fd, head);
        http_send(fd, body, length);
        struct http_reply reply = http_read(fd, false);
        cr_expect_eq(reply.status, 422);
        cr_expect_not_null(reply.json);
        http_free(&reply);
        close(fd);
    }
}

Test(bad_input, deep_nesting)
{
    static const size_t depths[] = {1000, 2040, 2048, 100000};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        size_t depth = depths[i];
        char *body = calloc(1, 2 * depth + 64);
        strcpy(body, "{\"order_id\":");
        char *end = body + strlen(body);
        for (size_t opened = 0; opened < depth; opened++)
            *end++ = '[';
        for (size_t closed = 0; closed < depth; closed++)
            *end++ = ']';
        *end = '}';
        struct http_reply reply = http_request(service->http_port, "POST", "/orders/", key_header, body);
        cr_expect_eq(reply.status, 422);
        cr_expect_not_null(strstr(reply.body, "\"type\":"), "%zu: %.200s", depth, reply.body);
        http_free(&reply);
        free(body);
    }
}

Test(bad_input, clients_that_leave_before_their_answer)
{
    for (int i = 0; i < 200; i++) {
        int fd = http_connect(service->http_port);
        http_send_text(fd, "GET /orders/summary HTTP/1.1\r\nHost: a\r\n");
        http_send_text(fd, key_header);
        if (i % 2 == 0)
            http_send_text(fd, "\r\n");
        const struct linger reset = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
}

Test(bad_input, clients_that_say_nothing_keep_nobody_waiting)
{
    enum { SILENT = 100 };
    int silent[SILENT];
    for (int i = 0; i < SILENT; i++) {
        silent[i] = http_connect(service->http_port);
        if (i % 2 == 0)
            http_send_text(silent[i], "POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{");
    }
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/", key_header, NULL);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
    for (int i = 0; i < SILENT; i++)
        close(silent[i]);
}

Test(bad_input, http_1_0_is_answered_and_closed)
{
    int fd = http_connect(service->http_port);
    http_send_text(fd, "GET /healthz HTTP/1.0\r\n\r\n");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 200);
    cr_expect(http_is_closed(fd));
    http_free(&reply);
    close(fd);
}

Test(bad_input, a_whole_url_as_target)
{
    struct http_reply reply =
        http_request(service->http_port, "GET", "http://shop.example/healthz", NULL, NULL);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
}
