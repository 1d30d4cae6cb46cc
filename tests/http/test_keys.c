/* test_keys.c: keys over HTTP: what each role may, and how a caller without one is refused; by ordersd itself
 * and by orders-http in front of it, which tell the same. */
#include "client.h"
#include "process.h"
#include "support/database.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { KEY_TEXT = 97, FRONTS = 2, AWAIT_S = 20, PAUSE_NS = 10000000 };

static const char order[] =
    "{\"order_id\":\"A-1\",\"customer_id\":\"C\",\"total_amount\":1,\"currency\":\"ISK\"}";

static struct service *service;
static struct process front;
static uint16_t ports[FRONTS]; /* of ordersd, and of orders-http */
static PGconn *database;
static char reader[KEY_TEXT], writer[KEY_TEXT], expired[KEY_TEXT], revoked[KEY_TEXT], unknown[KEY_TEXT];

/* Digits that are the same in each key, and a checksum over all. */
static void make_key(unsigned number, char key[static KEY_TEXT])
{
    snprintf(key, KEY_TEXT, "orders_%016x_%064x", number, number);
    const uLong sum = crc32(0, (const Bytef *)key, (uInt)strlen(key));
    snprintf(key + strlen(key), 9, "%08lx", sum);
}

/* By SQL, as a database has it that was restored. */
static void store_key(unsigned number, const char *name, const char *role, const char *times,
                      char key[static KEY_TEXT])
{
    char sql[512];
    make_key(number, key);
    snprintf(sql, sizeof sql,
             "INSERT INTO api_keys (id, hash, name, role, expires_at, revoked_at) VALUES "
             "('%.16s', sha256('%.64s'::bytea), '%s', '%s', %s)",
             key + 7, key + 24, name, role, times);
    free(database_query(database, sql));
}

static struct http_reply call(uint16_t port, const char *scheme, const char *key, const char *method,
                              const char *target, const char *body)
{
    char headers[256];
    snprintf(headers, sizeof headers, "%s%s\r\n", scheme, key);
    return http_request(port, method, target, headers, body);
}

/* Until the server has loaded the last key. */
static void await_key(const char *key)
{
    const time_t limit = time(NULL) + AWAIT_S;
    for (int status = 0; status != 200;) {
        struct http_reply reply = call(ports[0], "X-API-Key: ", key, "GET", "/orders/", NULL);
        status = reply.status;
        http_free(&reply);
        cr_assert_lt(time(NULL), limit);
        nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
    }
}

/* An orders-http with these keys of its own. */
static struct process start_front(const char *keys)
{
    char connect[300], api_key[5 * KEY_TEXT];
    snprintf(connect, sizeof connect, "ORDERS_CONNECT=%s", service->rpc_url);
    snprintf(api_key, sizeof api_key, "API_KEY=%s", keys);
    struct process started =
        process_spawn((char *const[]){api_key, "ORDERS_HTTP=127.0.0.1:0", connect, NULL});
    process_await_ready(&started);
    return started;
}

static void stop_front(struct process *started)
{
    kill(started->pid, SIGTERM);
    must(process_wait(started) == 0, "orders-http did not end with 0");
}

static void setup(void)
{
    service = service_start(NULL);
    front = start_front(service->api_key);
    ports[0] = service->http_port;
    ports[1] = front.port;
    database = database_connect(service->database_url);
    make_key(9, unknown);
    store_key(1, "old", "admin", "now() - interval '1 second', NULL", expired);
    store_key(2, "gone", "admin", "NULL, now()", revoked);
    store_key(3, "shop", "writer", "NULL, NULL", writer);
    store_key(4, "report", "reader", "now() + interval '1 hour', now() + interval '1 hour'", reader);
    await_key(reader);
}

static void teardown(void)
{
    PQfinish(database);
    stop_front(&front);
    service_stop_clean(service);
}

TestSuite(keys, .init = setup, .fini = teardown, .timeout = 120);

static void expect(struct http_reply reply, int status, const char *body)
{
    cr_expect_eq(reply.status, status, "%d %s", reply.status, reply.body);
    if (body != NULL)
        cr_expect_str_eq(reply.body, body);
    http_free(&reply);
}

Test(keys, who_is_refused_and_why)
{
    static const char *const schemes[] = {"X-API-Key: ", "Authorization: Bearer "};
    char mistyped[KEY_TEXT], cut[KEY_TEXT];
    strcpy(mistyped, writer);
    mistyped[30] = '7';
    snprintf(cut, sizeof cut, "%.95s", writer);
    const struct {
        const char *key;
        int status;
        const char *body;
    } cases[] = {
        {"", 401, "{\"detail\":\"API key is missing\"}"},
        {"wrong", 403, "{\"detail\":\"Invalid API key\"}"},
        {unknown, 403, "{\"detail\":\"Invalid API key\"}"},
        {mistyped, 403, "{\"detail\":\"Invalid API key: it was mistyped or cut\"}"},
        {cut, 403, "{\"detail\":\"Invalid API key: it was mistyped or cut\"}"},
        {expired, 403, "{\"detail\":\"API key has expired\"}"},
        {revoked, 403, "{\"detail\":\"API key was revoked\"}"},
        {reader, 200, "[]"},
        {writer, 200, "[]"},
    };
    for (size_t f = 0; f < FRONTS; f++) {
        for (size_t s = 0; s < 2; s++) {
            for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                expect(call(ports[f], schemes[s], cases[i].key, "GET", "/orders/", NULL), cases[i].status,
                       cases[i].body);
        }
    }
}

Test(keys, a_reader_changes_nothing)
{
    static const struct {
        const char *method, *target, *body, *refusal;
    } cases[] = {
        {"POST", "/orders/", order, "{\"detail\":\"orders.v1.OrderService/CreateOrder needs role writer\"}"},
        {"PATCH", "/orders/A-1", "{\"total_amount\":2}",
         "{\"detail\":\"orders.v1.OrderService/UpdateOrder needs role writer\"}"},
        {"DELETE", "/orders/A-1", NULL,
         "{\"detail\":\"orders.v1.OrderService/DeleteOrder needs role writer\"}"},
    };
    expect(call(ports[0], "X-API-Key: ", writer, "POST", "/orders/", order), 201, NULL);
    for (size_t f = 0; f < FRONTS; f++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            expect(call(ports[f], "X-API-Key: ", reader, cases[i].method, cases[i].target, cases[i].body),
                   403, cases[i].refusal);
        expect(call(ports[f], "X-API-Key: ", reader, "GET", "/orders/A-1", NULL), 200, NULL);
        expect(call(ports[f], "X-API-Key: ", reader, "GET", "/orders/summary", NULL), 200, NULL);
        expect(call(ports[f], "X-API-Key: ", reader, "GET", "/statistics", NULL), 200, NULL);
    }
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE total_amount = 1"), 1);
}

/* What is wrong with a body is told to nobody but who may send one. */
Test(keys, a_body_is_looked_at_when_it_is_known_who_sent_it)
{
    static const struct {
        const char *method, *target, *name;
    } routes[] = {{"POST", "/orders/", "CreateOrder"}, {"PATCH", "/orders/A-1", "UpdateOrder"}};
    static const char *const bodies[] = {"{", "null", "[]", ""};
    char needs[128];
    for (size_t f = 0; f < FRONTS; f++) {
        for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
            const char *method = routes[i].method, *target = routes[i].target;
            snprintf(needs, sizeof needs, "{\"detail\":\"orders.v1.OrderService/%s needs role writer\"}",
                     routes[i].name);
            for (size_t j = 0; j < sizeof bodies / sizeof *bodies; j++) {
                expect(call(ports[f], "X-API-Key: ", unknown, method, target, bodies[j]), 403,
                       "{\"detail\":\"Invalid API key\"}");
                expect(call(ports[f], "X-API-Key: ", reader, method, target, bodies[j]), 403, needs);
                expect(call(ports[f], "X-API-Key: ", writer, method, target, bodies[j]), 422, NULL);
            }
        }
    }
}

/* Nothing of the body has come, and it would be none. */
Test(keys, a_role_is_looked_at_before_the_body)
{
    static const char missing[] = "{\"detail\":\"orders.v1.OrderService/CreateOrder needs role writer\"}";
    char head[512];
    const int fd = http_connect(ports[0]);
    snprintf(head, sizeof head,
             "POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: %s\r\nContent-Length: 9\r\n"
             "Expect: 100-continue\r\n\r\n",
             reader);
    http_send_text(fd, head);
    expect(http_read(fd, false), 403, missing);
    close(fd);
}

Test(keys, a_writer_writes)
{
    for (size_t f = 0; f < FRONTS; f++) {
        expect(call(ports[f], "Authorization: Bearer ", writer, "POST", "/orders/", order), 201, NULL);
        expect(call(ports[f], "X-API-Key: ", writer, "PATCH", "/orders/A-1", "{\"total_amount\":2}"), 200,
               NULL);
        expect(call(ports[f], "X-API-Key: ", writer, "DELETE", "/orders/A-1", NULL), 204, NULL);
    }
}

/* Who presents what is refused, and often, is no trouble to others behind the same front. */
Test(keys, others_are_not_refused_with_one)
{
    enum { TIMES = 40 };
    for (size_t f = 0; f < FRONTS; f++) {
        for (int i = 0; i < TIMES; i++)
            expect(call(ports[f], "X-API-Key: ", unknown, "GET", "/orders/", NULL), 403,
                   "{\"detail\":\"Invalid API key\"}");
        expect(call(ports[f], "X-API-Key: ", reader, "GET", "/orders/", NULL), 200, "[]");
        expect(call(ports[f], "X-API-Key: ", service->api_key, "GET", "/orders/", NULL), 200, "[]");
    }
}

/* Until it has logged a line with this in it. */
static void await_line(const struct process *started, const char *text, char *line, size_t size)
{
    do
        process_read_line(started->errors, line, size);
    while (*line != '\0' && strstr(line, text) == NULL);
    cr_assert(*line != '\0', "nothing logged says %s", text);
}

/* Whoever presents a key that orders-http has too is no other for it than he is for ordersd. */
Test(keys, one_that_a_front_has_is_passed_on_as_it_is)
{
    char keys[4 * KEY_TEXT], line[1024];
    snprintf(keys, sizeof keys, "%s,%s,%s", service->api_key, reader, revoked);
    struct process other = start_front(keys);
    expect(call(other.port, "X-API-Key: ", reader, "POST", "/orders/", order), 403,
           "{\"detail\":\"orders.v1.OrderService/CreateOrder needs role writer\"}");
    expect(call(other.port, "X-API-Key: ", revoked, "GET", "/orders/", NULL), 403,
           "{\"detail\":\"API key was revoked\"}");
    expect(call(other.port, "X-API-Key: ", reader, "GET", "/whoami", NULL), 200,
           "{\"name\":\"report\",\"role\":\"reader\"}");
    await_line(&other, "\"path\":\"/whoami\"", line, sizeof line);
    cr_expect_null(strstr(line, "principal"), "it cannot know who it is: %s", line);
    stop_front(&other);
}

/* Nor is what a front has more than what ordersd has, whatever its form. */
Test(keys, one_that_only_a_front_has_is_none)
{
    struct process other = start_front("of-nobody");
    expect(call(other.port, "X-API-Key: ", "of-nobody", "GET", "/orders/", NULL), 403,
           "{\"detail\":\"Invalid API key\"}");
    stop_front(&other);
}

static void expect_no_connection_closed(void)
{
    struct http_reply figures = http_request(ports[0], "GET", "/metrics", NULL, NULL);
    cr_expect_not_null(
        strstr(figures.body, "orders_rpc_connections_closed_total{reason=\"unauthorized\"} 0\n"), "%s",
        figures.body);
    http_free(&figures);
}

static void await_log(const char *text)
{
    const time_t limit = time(NULL) + AWAIT_S;
    for (bool is_there = false; !is_there;) {
        char *log = service_log(service);
        is_there = strstr(log, text) != NULL;
        cr_assert(is_there || time(NULL) < limit, "%s", log);
        free(log);
    }
}

Test(keys, a_front_whose_own_does_not_hold_says_so)
{
    char line[1024];
    struct process other = start_front(revoked);
    await_line(&other, "\"no key of its own holds", line, sizeof line);
    cr_expect_not_null(strstr(line, "\"level\":\"warn\""), "%s", line);
    cr_expect_not_null(strstr(line, "\"why\":\"API key was revoked\""), "%s", line);
    expect(http_request(other.port, "GET", "/readyz", NULL, NULL), 503,
           "{\"detail\":\"The service refuses this front end's own key\"}");
    await_log("\"the key of a front end does not hold\",\"why\":\"API key was revoked\"");
    expect(call(other.port, "X-API-Key: ", reader, "GET", "/orders/", NULL), 200, "[]");
    stop_front(&other);
}

/* Whichever side of a rotation is changed first. */
Test(keys, a_front_presents_the_next_of_its_own_when_one_does_not_hold)
{
    char keys[4 * KEY_TEXT], line[1024];
    snprintf(keys, sizeof keys, "%s,%s,%s", unknown, revoked, writer);
    struct process other = start_front(keys);
    await_line(&other, "\"a key of its own holds, and is presented\"", line, sizeof line);
    cr_expect_not_null(strstr(line, "\"number\":3"), "%s", line);
    expect(http_request(other.port, "GET", "/readyz", NULL, NULL), 200, NULL);
    for (int i = 0; i < 40; i++)
        expect(call(other.port, "X-API-Key: ", unknown, "GET", "/orders/", NULL), 403, NULL);
    expect_no_connection_closed();
    stop_front(&other);
}

/* What is no text cannot be passed on, and whoever may not call costs nobody the connection behind a front.
 */
Test(keys, what_is_refused_closes_no_connection_of_others)
{
    static const struct {
        const char *scheme, *secret;
        int status;
    } cases[] = {
        {"X-API-Key: ", "\xff.b.c", 403},
        {"Authorization: Bearer ", "a.b.\xfe", 403},
        {"Authorization: Basic ", "\xff", 401},
        {"X-API-Key: ", "\xff", 403},
        {"X-API-Key: ", "a.b.c", 0}, /* 401 of an ordersd with issuers */
    };
    enum { TIMES = 20 };
    for (int i = 0; i < TIMES; i++) {
        expect(call(ports[1], "X-API-Key: ", unknown, "GET", "/orders/", NULL), 403, NULL);
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            struct http_reply reply =
                call(ports[1], cases[j].scheme, cases[j].secret, "GET", "/orders/", NULL);
            if (cases[j].status != 0)
                cr_expect_eq(reply.status, cases[j].status, "%zu: %d %s", j, reply.status, reply.body);
            http_free(&reply);
        }
    }
    expect_no_connection_closed();
}

/* Who has sent all but the end of a request may do no more with it than with a new one. */
Test(keys, one_that_is_revoked_before_the_body_has_come_does_nothing)
{
    static const char *const requests[][3] = {
        {"DELETE /orders/A-1", "Content-Length: 2\r\n\r\n{", "}"},
        {"DELETE /orders/A-1", "Transfer-Encoding: chunked\r\n\r\n0\r\n", "\r\n"},
        {"GET /orders/A-1", "Content-Length: 2\r\n\r\n{", "}"},
        {"PATCH /orders/A-1", "Content-Length: 2\r\n\r\n{", "}"},
        {"POST /orders/", "Content-Length: 2\r\n\r\n{", "}"},
    };
    enum { REQUESTS = sizeof requests / sizeof *requests };
    char head[512];
    int held[REQUESTS];
    expect(call(ports[0], "X-API-Key: ", service->api_key, "POST", "/orders/", order), 201, NULL);
    for (size_t i = 0; i < REQUESTS; i++) {
        held[i] = http_connect(ports[0]);
        snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: a\r\nX-API-Key: %s\r\n%s", requests[i][0], writer,
                 requests[i][1]);
        http_send_text(held[i], head);
    }
    free(database_query(database, "UPDATE api_keys SET revoked_at = now() WHERE name = 'shop'"));
    for (int status = 200; status != 403;) {
        struct http_reply reply = call(ports[0], "X-API-Key: ", writer, "GET", "/orders/", NULL);
        status = reply.status;
        http_free(&reply);
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        http_send_text(held[i], requests[i][2]);
        expect(http_read(held[i], false), 403, "{\"detail\":\"API key was revoked\"}");
        close(held[i]);
    }
    expect(call(ports[0], "X-API-Key: ", reader, "GET", "/orders/A-1", NULL), 200, NULL);
}

Test(keys, the_description_of_the_api_has_the_roles)
{
    for (size_t f = 0; f < FRONTS; f++) {
        struct http_reply reply = http_request(ports[f], "GET", "/openapi.json", NULL, NULL);
        json_t *get, *post;
        cr_assert_eq(
            json_unpack(reply.json, "{s:{s:{s:o, s:o}}}", "paths", "/orders", "get", &get, "post", &post), 0);
        cr_expect_str_eq(json_string_value(json_object_get(get, "x-role")), "reader");
        cr_expect_str_eq(json_string_value(json_object_get(post, "x-role")), "writer");
        http_free(&reply);
    }
}
