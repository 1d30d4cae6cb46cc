/* test_files.c: pages, their files and the API's description, as a browser asks for them. They want neither
 * key nor service. */
#include "client.h"
#include "process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct process process;

static void setup(void)
{
    char *const environment[] = {"API_KEY=the-key", "ORDERS_HTTP=127.0.0.1:0",
                                 "ORDERS_CONNECT=tcp://127.0.0.1:1", NULL};
    process = process_spawn(environment);
    process_await_ready(&process);
}

static void teardown(void)
{
    kill(process.pid, SIGTERM);
    must(process_wait(&process) == 0, "orders-http did not end with 0");
}

TestSuite(files, .init = setup, .fini = teardown, .timeout = 120);

static struct http_reply get(const char *target, const char *headers)
{
    return http_request(process.port, "GET", target, headers, NULL);
}

static void expect_header(const struct http_reply *reply, const char *name, const char *expected)
{
    char *value = http_header(reply, name);
    if (expected == NULL)
        cr_expect_null(value, "%s: %s", name, value);
    else if (value == NULL)
        cr_expect_fail("no %s: %s", name, reply->head);
    else
        cr_expect_str_eq(value, expected, "%s: %s", name, value);
    free(value);
}

static const struct {
    const char *target, *type;
} served[] = {
    {"/docs", "text/html; charset=utf-8"},
    {"/docs/", "text/html; charset=utf-8"},
    {"/docs/docs.js", "text/javascript; charset=utf-8"},
    {"/docs/icon.svg", "image/svg+xml"},
    {"/redoc", "text/html; charset=utf-8"},
    {"/redoc/redoc.js", "text/javascript; charset=utf-8"},
    {"/openapi.json", "application/json"},
};

Test(files, are_served_with_their_type_to_anybody)
{
    for (size_t i = 0; i < sizeof served / sizeof served[0]; i++) {
        struct http_reply reply = get(served[i].target, NULL);
        cr_expect_eq(reply.status, 200, "%s: %d", served[i].target, reply.status);
        cr_expect_gt(reply.length, 0);
        expect_header(&reply, "Content-Type", served[i].type);
        expect_header(&reply, "Content-Encoding", NULL);
        expect_header(&reply, "Cache-Control", "no-cache");
        expect_header(&reply, "X-Content-Type-Options", "nosniff");
        expect_header(&reply, "Referrer-Policy", "no-referrer");
        http_free(&reply);
    }
}

Test(files, run_no_script_but_those_beside_them)
{
    for (size_t i = 0; i < sizeof served / sizeof served[0]; i++) {
        struct http_reply reply = get(served[i].target, NULL);
        char *policy = http_header(&reply, "Content-Security-Policy");
        cr_assert_not_null(policy, "%s", served[i].target);
        cr_expect_eq(strncmp(policy, "default-src 'none'; ", 20), 0, "%s", policy);
        cr_expect_not_null(strstr(policy, "frame-ancestors 'none'"));
        const char *scripts = strstr(policy, "script-src ");
        cr_expect(scripts == NULL || strncmp(scripts, "script-src 'self';", 18) == 0, "%s", policy);
        cr_expect(strstr(policy, "http") == NULL && strchr(policy, '*') == NULL, "%s", policy);
        free(policy);
        http_free(&reply);
    }
}

Test(files, are_compressed_for_those_who_take_it)
{
    struct http_reply plain = get("/openapi.json", NULL);
    struct http_reply gzip = get("/openapi.json", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
    cr_expect_eq(gzip.status, 200);
    expect_header(&gzip, "Content-Encoding", "gzip");
    expect_header(&gzip, "Content-Type", "application/json");
    expect_header(&gzip, "Vary", "Accept-Encoding");
    expect_header(&plain, "Vary", "Accept-Encoding");
    cr_assert_gt(gzip.length, 2);
    cr_expect_arr_eq(gzip.body, "\x1f\x8b", 2);
    cr_expect_lt(gzip.length * 4, plain.length);
    char *one = http_header(&plain, "ETag"), *other = http_header(&gzip, "ETag");
    cr_expect_str_neq(one, other);
    free(one);
    free(other);
    http_free(&plain);
    http_free(&gzip);
}

Test(files, are_not_sent_again_to_those_who_have_them)
{
    static const char *const codings[] = {"", "Accept-Encoding: gzip\r\n"};
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        char headers[256];
        struct http_reply first = get("/docs", codings[i]);
        char *etag = http_header(&first, "ETag");
        cr_assert(etag != NULL && etag[0] == '"', "%s", first.head);
        snprintf(headers, sizeof headers, "%sIf-None-Match: \"other\", %s\r\n", codings[i], etag);
        struct http_reply again = get("/docs", headers);
        cr_expect_eq(again.status, 304);
        cr_expect_eq(again.length, 0);
        expect_header(&again, "ETag", etag);
        expect_header(&again, "Cache-Control", "no-cache");
        http_free(&again);
        snprintf(headers, sizeof headers, "%sIf-Match: \"other\"\r\n", codings[i]);
        struct http_reply refused = get("/docs", headers);
        cr_expect_eq(refused.status, 412);
        expect_header(&refused, "Content-Type", "application/json");
        expect_header(&refused, "Content-Encoding", NULL);
        http_free(&refused);
        free(etag);
        http_free(&first);
    }
}

Test(files, have_the_same_headers_for_head)
{
    struct http_reply get_reply = get("/docs/docs.js", NULL);
    struct http_reply head = http_request(process.port, "HEAD", "/docs/docs.js", NULL, NULL);
    static const char *const names[] = {"Content-Length", "Content-Type", "ETag", "Content-Security-Policy"};
    cr_expect_eq(head.status, 200);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *expected = http_header(&get_reply, names[i]);
        expect_header(&head, names[i], expected);
        free(expected);
    }
    http_free(&get_reply);
    http_free(&head);
}

Test(files, no_path_leads_out_of_them)
{
    static const char *const targets[] = {
        "/docs/nothing.js",
        "/docs/..%2fopenapi.json",
        "/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/docs/..",
        "/docs/../docs/docs.js",
        "/docs/docs.js/",
        "/docs/docs.js%00",
        "/docs/%ff",
        "/docs//docs.js",
        "/docs/redoc.js",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct http_reply reply = get(targets[i], NULL);
        cr_expect_eq(reply.status, 404, "%s: %d", targets[i], reply.status);
        cr_expect_str_eq(reply.body, "{\"detail\":\"Not Found\"}");
        http_free(&reply);
    }
}

Test(files, cannot_be_written)
{
    struct http_reply reply = http_request(process.port, "PUT", "/docs/docs.js", NULL, "x");
    cr_expect_eq(reply.status, 405);
    expect_header(&reply, "Allow", "GET, HEAD");
    http_free(&reply);
}
