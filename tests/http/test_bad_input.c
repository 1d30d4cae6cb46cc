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
    struct http_reply reply = must_get(service->http_port, "/orders/", key_header);
    http_free(&reply);
    must_count_by_status(service->http_port);
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
        int status;
        const char *body;
    } cases[] = {
        {RAW("GET / HTTP/1.1\r\n\r\n"), 400, "{\"detail\":\"Host is missing\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400, "{\"detail\":\"Host is no host\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: a/c\r\n\r\n"), 400, "{\"detail\":\"Host is no host\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400, "{\"detail\":\"Host is no host\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: a:80b\r\n\r\n"), 400, "{\"detail\":\"Host is no host\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: a%2\r\n\r\n"), 400, "{\"detail\":\"Host is no host\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400, "{\"detail\":\"Host is no host\"}"},
        {RAW("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"), 400, "{\"detail\":\"Host is no host\"}"},
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
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply = send_raw(cases[i].bytes, cases[i].length);
        cr_expect_eq(reply.status, cases[i].status, "%s: %d", cases[i].bytes, reply.status);
        if (cases[i].body != NULL)
            cr_expect_str_eq(reply.body, cases[i].body);
        http_free(&reply);
    }
}

/* --- what is no request --- */

/* Reads to the end: one answer with this status, of which the client has the whole, and then nothing. */
static void expect_only_refusal(int fd, int status, const char *what)
{
    struct http_reply reply = http_read(fd, false);
    char *request_id = http_header(&reply, "X-Request-ID"), *closes = http_header(&reply, "Connection");
    char *type = http_header(&reply, "Content-Type"), *length = http_header(&reply, "Content-Length");
    char byte;
    cr_expect_eq(reply.status, status, "%s: %d", what, reply.status);
    cr_expect(request_id != NULL && *request_id != '\0', "%s: %s", what, reply.head);
    cr_expect(closes != NULL && strcmp(closes, "close") == 0, "%s: %s", what, reply.head);
    cr_expect(type != NULL && strcmp(type, "application/json") == 0, "%s: %s", what, reply.head);
    cr_expect(length != NULL && strtoul(length, NULL, 10) == reply.length, "%s: %s", what, reply.head);
    cr_expect(json_is_string(json_object_get(reply.json, "detail")), "%s: %s", what, reply.body);
    cr_expect_leq(recv(fd, &byte, 1, 0), 0, "%s: there is more after the answer", what);
    free(request_id);
    free(closes);
    free(type);
    free(length);
    http_free(&reply);
}

#define HOST "Host: a\r\n"

/* What RFC 9112 and 9110 say to refuse, or let a server refuse that cannot know what others make of it. */
Test(bad_input, what_is_no_request_has_one_answer)
{
    static const struct {
        const char *bytes;
        size_t length;
        int status;
    } cases[] = {
        /* request lines */
        {RAW("GET\r\n\r\n"), 400},
        {RAW("GET  \r\n\r\n"), 400},
        {RAW("GET /\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400},
        {RAW("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET /a b HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET / http/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET / HTTP/1.10\r\n" HOST "\r\n"), 400},
        {RAW("GET / HTTP/2.0\r\n" HOST "\r\n"), 505},
        {RAW("GET / HTTP/9.9\r\n" HOST "\r\n"), 505},
        {RAW("GET / HTTP/0.9\r\n" HOST "\r\n"), 505},
        {RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
        {RAW(" GET / HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("G(T / HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("\0\xff\r\n\r\n"), 400},
        {RAW("{}\r\n\r\n"), 400},
        {RAW("\x16\x03\x01\x02 \x01 \x01\xfc\x03\x03\r\n"), 400}, /* TLS */
        /* NUL and its like */
        {RAW("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET /orders/A\0B HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET /?a=\x01 HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET /?a=\x7f HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("G\0T / HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-\0: a\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A: \0\r\n\r\n"), 400},
        /* ends of lines */
        {RAW("GET / HTTP/1.1\nHost: a\n\n"), 400},
        {RAW("GET / HTTP/1.1\n" HOST "\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A: b\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "\n"), 400},
        {RAW("\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET /\r HTTP/1.1\r\n" HOST "\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A: b\rX-B: c\r\n\r\n"), 400},
        /* fields */
        {RAW("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A : b\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A\t: b\r\n\r\n"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length : 2\r\n\r\n{}"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X A: b\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-\xc3\xa1: b\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X(A): b\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A: b\r\n c\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A: b\r\n\tc\r\n\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n X-A: b\r\n" HOST "\r\n"), 400},
        {RAW("GET / HTTP/1.1\r\n" HOST "X-A:\r\n b\r\n\r\n"), 400},
        /* lengths */
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: two\r\n\r\n{}"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n{}"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n{}"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: 0x2\r\n\r\n{}"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: 2 2\r\n\r\n{}"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\n{}"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n{}"), 413},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 400},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = http_connect(service->http_port);
        http_send(fd, cases[i].bytes, cases[i].length);
        expect_only_refusal(fd, cases[i].status, cases[i].bytes);
        close(fd);
    }
}

/* Bodies whose end nobody could tell, whatever their request was to be answered otherwise. */
Test(bad_input, what_is_no_body_has_one_answer)
{
    static const struct {
        const char *body;
        size_t length;
        int status;
    } cases[] = {
        {RAW("zz\r\n"), 400},
        {RAW("-1\r\n{\r\n0\r\n\r\n"), 400},
        {RAW("0x2\r\n{}\r\n0\r\n\r\n"), 400},
        {RAW(" 2\r\n{}\r\n0\r\n\r\n"), 400},
        {RAW("2 \r\n{}\r\n0\r\n\r\n"), 400},
        {RAW("2\n{}\n0\n\n"), 400},
        {RAW("2\r\n{}0\r\n\r\n"), 400},
        {RAW("2\r\n{}\n0\r\n\r\n"), 400},
        {RAW("2;a=b\n{}\r\n0\r\n\r\n"), 400},
        {RAW("11111111111111111\r\n{}\r\n0\r\n\r\n"), 413},
        {RAW("2\r\n{}\r\n0\r\nX-A : b\r\n\r\n"), 400},
        {RAW("2\r\n{}\r\n0\r\nX-A: b\r\n c\r\n\r\n"), 400},
        {RAW("2\r\n{}\r\n0\r\nX-A: b\n\r\n"), 400},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const size_t at = i / 2;
        int fd = http_connect(service->http_port);
        http_send_text(fd, "POST /orders/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n");
        http_send_text(fd, i % 2 == 0 ? key_header : "X-API-Key: wrong\r\n");
        http_send_text(fd, "\r\n");
        http_send(fd, cases[at].body, cases[at].length);
        expect_only_refusal(fd, cases[at].status, cases[at].body);
        close(fd);
    }
}

Test(bad_input, what_a_request_may_have)
{
    static const struct {
        const char *bytes;
        size_t length;
        int status;
    } cases[] = {
        {RAW("\r\nGET /healthz HTTP/1.1\r\n" HOST "\r\n"), 200},
        {RAW("GET /healthz HTTP/1.1\r\nHost:\r\n\r\n"), 200},
        {RAW("GET /healthz HTTP/1.1\r\nHost: orders.example.com:15000\r\n\r\n"), 200},
        {RAW("GET /healthz HTTP/1.1\r\nHost: a%20b:\r\n\r\n"), 200},
        {RAW("GET /healthz HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"), 200},
        {RAW("GET /healthz HTTP/1.1\r\nHost:a\r\nX-A:\r\nX-B:  \t\r\nX-C: \t b c \t \r\n\r\n"), 200},
        {RAW("GET /healthz HTTP/1.1\r\n!#$%&'*+-.^_`|~09azAZ: a\r\n" HOST "\r\n"), 200},
        {RAW("GET /healthz?a=%00&b=\xc3\xa1 HTTP/1.1\r\n" HOST "X-A: \xc3\xa1\r\n\r\n"), 200},
        {RAW("GET /healthz HTTP/1.1\r\n\r\nno more"), 400},
        {RAW("BREW /healthz HTTP/1.1\r\n" HOST "\r\n"), 405},
        {RAW("POST /orders/ HTTP/1.1\r\n" HOST
             "Transfer-Encoding: Chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX-A: b\r\n\r\n"),
         401},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply = send_raw(cases[i].bytes, cases[i].length);
        cr_expect_eq(reply.status, cases[i].status, "%s: %d", cases[i].bytes, reply.status);
        http_free(&reply);
    }
}

/* Where the head was whole. */
Test(bad_input, a_refusal_has_the_request_s_id)
{
    int fd = http_connect(service->http_port);
    http_send_text(fd,
                   "POST /orders/ HTTP/1.1\r\n" HOST "X-Request-ID: it-is-me\r\nContent-Length: two\r\n\r\n");
    struct http_reply reply = http_read(fd, false);
    char *request_id = http_header(&reply, "X-Request-ID");
    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(request_id, "it-is-me");
    free(request_id);
    http_free(&reply);
    close(fd);
}

/* A few bytes of it are others, one more, or one less. Its length. */
static size_t garble(char *request, size_t length, unsigned *seed)
{
    static const char bytes[] = "\0\r\n \t:;,=/?%09afxHG\x01\x7f\x80\xff";
    for (int changes = 1 + rand_r(seed) % 3; changes > 0; changes--) {
        const size_t at = (size_t)rand_r(seed) % (length - 1);
        const char byte = bytes[(size_t)rand_r(seed) % (sizeof bytes - 1)];
        switch (rand_r(seed) % 3) {
        case 0:
            request[at] = byte;
            break;
        case 1:
            memmove(request + at, request + at + 1, --length - at);
            break;
        default:
            memmove(request + at + 1, request + at, length++ - at);
            request[at] = byte;
        }
    }
    return length;
}

/* Whatever comes of them, it is whole answers, and then the end. */
Test(bad_input, requests_of_random_bytes)
{
    static const char *const requests[] = {
        "GET /healthz?a=b HTTP/1.1\r\n" HOST "X-A: b\r\nCookie: a=b; c=d\r\n\r\n",
        "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /healthz HTTP/1.1\r\n" HOST "\r\n",
        "POST /orders/ HTTP/1.1\r\n" HOST "Content-Length: 7\r\n\r\n{\"a\":1}GET /nope HTTP/1.1\r\n" HOST
        "\r\n",
        "POST /orders/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
        "2;a=b\r\n{}\r\nA\r\n          \r\n0\r\nX-A: b\r\n\r\nGET /healthz HTTP/1.1\r\n" HOST "\r\n",
    };
    unsigned seed = 20250116;
    for (int i = 0; i < 1000; i++) {
        char request[512];
        const size_t whole = strlen(requests[i % 4]);
        memcpy(request, requests[i % 4], whole);
        const size_t length = garble(request, whole, &seed);
        int fd = http_connect(service->http_port), answers = 0;
        http_send(fd, request, length);
        shutdown(fd, SHUT_WR);
        struct http_reply reply = http_read(fd, false);
        for (; reply.status != 0; reply = http_read(fd, false)) {
            cr_expect(reply.json != NULL && strstr(reply.head, "\r\nX-Request-ID: ") != NULL, "%d: %s%s", i,
                      reply.head, reply.body);
            cr_assert_leq(++answers, 4);
            http_free(&reply);
        }
        cr_expect_str_empty(reply.head, "%d: %s", i, reply.head);
        http_free(&reply);
        close(fd);
    }
}

/* --- heads that are long --- */

enum { HEAD_MAX_BYTES = 16 << 10 };

/* What a head is filled with: a start, a piece over and over, and an end. */
struct filling {
    const char *start, *piece, *end;
    int status, status_if_larger;
};

static const struct filling fillings[] = {
    {"GET /healthz HTTP/1.1\r\n" HOST, "X-Header-001: 0123456789ab\r\n", "\r\n", 200, 431}, /* 28 bytes */
    {"GET /healthz HTTP/1.1\r\n" HOST, "a:\r\n", "\r\n", 200, 431},
    {"GET /healthz HTTP/1.1\r\n" HOST "X-Long: ", "x", "\r\n\r\n", 200, 431},
    {"GET /healthz HTTP/1.1\r\n" HOST "Cookie: a=b", "c", "\r\n\r\n", 200, 431},
    {"GET /healthz HTTP/1.1\r\n" HOST "Cookie: a=b", "; c=d", "\r\n\r\n", 200, 431},
    {"GET /healthz HTTP/1.1\r\n" HOST, "Cookie: a=b\r\n", "\r\n", 200, 431},
    {"GET /", "x", " HTTP/1.1\r\n" HOST "\r\n", 404, 414},
    {"GET /healthz?q=", "x", " HTTP/1.1\r\n" HOST "\r\n", 200, 414},
    {"GET /healthz?", "a&", " HTTP/1.1\r\n" HOST "\r\n", 200, 414},
    {"GET /healthz?", "a=b&", " HTTP/1.1\r\n" HOST "\r\n", 200, 414},
    {"G", "T", " /healthz HTTP/1.1\r\n" HOST "\r\n", 405, 501},
    {"GET /healthz HTTP/1.1\r\n" HOST "X-A: ", " ", "\r\n\r\n", 200, 431},
};

/* A head of exactly that size: the piece as often as it fits, and letters for what is left, which stand in a
 * field of their own where the piece is a line. */
static char *fill_head(const struct filling *filling, size_t size)
{
    static const char padding[] = "X-Pad: ";
    const size_t piece = strlen(filling->piece), end = strlen(filling->end);
    const bool is_line = filling->piece[piece - 1] == '\n';
    const size_t kept = is_line ? strlen(padding) + strlen("\r\n") : 0;
    char *head = malloc(size + 1), *at = stpcpy(head, filling->start);
    while ((size_t)(at - head) + piece + kept + end <= size)
        at = stpcpy(at, filling->piece);
    const size_t left = size - (size_t)(at - head) - end;
    if (is_line) {
        at = stpcpy(at, padding);
        memset(at, 'x', left - strlen(padding) - 2);
        at = stpcpy(at + left - strlen(padding) - 2, "\r\n");
    } else {
        memset(at, 'x', left);
        at += left;
    }
    stpcpy(at, filling->end);
    cr_assert_eq(strlen(head), size, "%s: %zu", filling->piece, strlen(head));
    return head;
}

Test(bad_input, a_head_of_16_kib_is_taken_whatever_it_is_made_of)
{
    static const size_t sizes[] = {1 << 10, 2 << 10, 4 << 10, 5000, 7800, 8 << 10, 12 << 10, HEAD_MAX_BYTES};
    for (size_t i = 0; i < sizeof fillings / sizeof fillings[0]; i++) {
        int fd = http_connect(service->http_port); /* one after another on a connection */
        for (size_t at = 0; at < sizeof sizes / sizeof sizes[0]; at++) {
            char *head = fill_head(&fillings[i], sizes[at]);
            http_send(fd, head, sizes[at]);
            struct http_reply reply = http_read(fd, false);
            cr_expect_eq(reply.status, fillings[i].status, "%s: %zu bytes: %d", fillings[i].piece, sizes[at],
                         reply.status);
            http_free(&reply);
            free(head);
        }
        close(fd);
    }
}

Test(bad_input, a_head_of_more_than_16_kib_has_one_answer)
{
    static const size_t sizes[] = {HEAD_MAX_BYTES + 1, HEAD_MAX_BYTES + 1024, 24 << 10, 64 << 10};
    for (size_t i = 0; i < sizeof fillings / sizeof fillings[0]; i++) {
        for (size_t at = 0; at < sizeof sizes / sizeof sizes[0]; at++) {
            int fd = http_connect(service->http_port);
            char *head = fill_head(&fillings[i], sizes[at]);
            http_send(fd, head, sizes[at]);
            expect_only_refusal(fd, fillings[i].status_if_larger, fillings[i].piece);
            free(head);
            close(fd);
        }
    }
}

Test(bad_input, a_head_of_16_kib_byte_by_byte)
{
    char *head = fill_head(&fillings[0], HEAD_MAX_BYTES);
    int fd = http_connect(service->http_port);
    for (const char *at = head; *at != '\0'; at++)
        http_send(fd, at, 1);
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
    free(head);
    close(fd);
}

/* All of it is there, however small it is in memory. */
Test(bad_input, fields_of_a_long_head_are_found)
{
    char *fields = malloc(HEAD_MAX_BYTES), *at = fields;
    while (at - fields < 15 << 10)
        at = stpcpy(at, "a:\r\n");
    at = stpcpy(at, "X-Request-ID:it-is-me \r\n");
    stpcpy(at, key_header);
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/?limit=1", fields, NULL);
    char *request_id = http_header(&reply, "X-Request-ID");
    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(request_id, "it-is-me");
    free(request_id);
    http_free(&reply);
    free(fields);
}

/* The answer may have to repeat a field of the head. */
Test(bad_input, a_long_head_that_is_answered_with_a_long_head)
{
    char *fields = malloc(HEAD_MAX_BYTES);
    sprintf(fields,
            "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: GET\r\n"
            "Access-Control-Request-Headers: %0*d\r\n",
            15 << 10, 0);
    struct http_reply reply = http_request(service->http_port, "OPTIONS", "/orders/", fields, NULL);
    char *allowed = http_header(&reply, "Access-Control-Allow-Headers");
    cr_expect_eq(reply.status, 200);
    cr_expect_eq(strlen(allowed), 15 << 10);
    free(allowed);
    http_free(&reply);
    free(fields);
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
