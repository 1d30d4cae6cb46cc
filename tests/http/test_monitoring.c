/* test_monitoring.c: what a server says of itself, after traffic that is known to the last request: figures,
 * probes and log lines, over real HTTP from a real ordersd. */
#include "client.h"
#include "support/database.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOKS_MOST = 2000, LOOK_US = 5000 };

static struct service *service;
static char key_header[128];

static void start(const char *const *environment, const char *database_url)
{
    service =
        service_start(&(struct service_options){.environment = environment, .database_url = database_url});
    snprintf(key_header, sizeof key_header, "X-API-Key: %s\r\n", service->api_key);
}

TestSuite(monitoring, .timeout = 120);

/* The status; the answer itself is not looked at. */
static int ask(const char *method, const char *target, const char *headers, const char *body)
{
    struct http_reply reply = http_request(service->http_port, method, target, headers, body);
    const int status = reply.status;
    http_free(&reply);
    return status;
}

static int create(const char *order_id, const char *headers)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"order_id\":\"%s\",\"customer_id\":\"C\",\"total_amount\":5,\"currency\":\"ISK\"}", order_id);
    return ask("POST", "/orders/", headers, body);
}

static char *scrape(uint16_t port)
{
    struct http_reply reply = http_request(port, "GET", "/metrics", NULL, NULL);
    char *type = http_header(&reply, "Content-Type"), *text = strdup(reply.body);
    cr_assert_eq(reply.status, 200);
    cr_expect_str_eq(type, "text/plain; version=0.0.4; charset=utf-8");
    free(type);
    http_free(&reply);
    return text;
}

/* The value of a sample, by its name with its labels; -1: it is not there. */
static double value_in(const char *text, const char *sample)
{
    const size_t length = strlen(sample);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, sample, length) == 0 && line[length] == ' ')
            return strtod(line + length, NULL);
    }
    return -1;
}

/* Reads until a sample is so large; its value then. */
static double await_value(uint16_t port, const char *sample, double least)
{
    double value = -1;
    for (int looks = 0; value < least && looks < LOOKS_MOST; looks++) {
        char *text = scrape(port);
        value = value_in(text, sample);
        free(text);
        if (value < least)
            usleep(LOOK_US);
    }
    return value;
}

/* An answer reaches its client a moment before it is counted: so it is waited for, and no more may come. */
static void expect_value(uint16_t port, const char *sample, double expected)
{
    const double value = await_value(port, sample, expected);
    cr_expect_eq(value, expected, "%s is %g, not %g", sample, value, expected);
}

struct expected {
    const char *sample;
    double value;
};

static void expect_values(const struct expected *expected)
{
    for (; expected->sample != NULL; expected++)
        expect_value(service->http_port, expected->sample, expected->value);
}

#define HTTP(method, route, code) \
    "orders_http_requests_total{method=\"" method "\",route=\"" route "\",code=\"" code "\"}"
#define RPC(method, code) "orders_rpc_requests_total{method=\"" method "\",code=\"" code "\"}"
#define ORDERS(method)    "orders.v1.OrderService/" method

static void send_traffic(void)
{
    char retried[256], coded[256];
    snprintf(coded, sizeof coded, "%sContent-Encoding: gzip\r\n", key_header);
    snprintf(retried, sizeof retried, "%sIdempotency-Key: once-1\r\n", key_header);
    for (int i = 0; i < 6; i++) {
        char order_id[16];
        snprintf(order_id, sizeof order_id, "O-%d", i);
        cr_expect_eq(create(order_id, key_header), 201);
    }
    cr_expect_eq(create("O-6", retried), 201);
    cr_expect_eq(create("O-6", retried), 201); /* the seventh order, answered again */
    cr_expect_eq(create("O-6", key_header), 400);
    cr_expect_eq(create("", key_header), 422);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(ask("GET", "/orders/O-1", key_header, NULL), 200);
    cr_expect_eq(ask("HEAD", "/orders/O-1", key_header, NULL), 200);
    cr_expect_eq(ask("GET", "/orders/nope", key_header, NULL), 404);
    cr_expect_eq(ask("GET", "/orders/O-1", NULL, NULL), 401);
    cr_expect_eq(ask("GET", "/orders/O-1", "X-API-Key: wrong\r\n", NULL), 403);
    cr_expect_eq(ask("GET", "/orders/", key_header, NULL), 200);
    cr_expect_eq(ask("GET", "/orders?status=shipped", key_header, NULL), 200);
    cr_expect_eq(ask("GET", "/orders/summary", key_header, NULL), 200);
    cr_expect_eq(ask("PATCH", "/orders/O-1", key_header, "{\"total_amount\":6}"), 200);
    cr_expect_eq(ask("PATCH", "/orders/O-1", coded, "{}"), 415);
    cr_expect_eq(ask("DELETE", "/orders/O-2", key_header, NULL), 204);
    cr_expect_eq(ask("GET", "/orders/O-1/", key_header, NULL), 307);
    cr_expect_eq(ask("PUT", "/orders/", key_header, "{}"), 405);
    cr_expect_eq(ask("GET", "/nope", NULL, NULL), 404);
    cr_expect_eq(ask("GET", "/nope/\"}%0a", NULL, NULL), 404);
    cr_expect_eq(ask("GET", "/healthz", NULL, NULL), 200);
    cr_expect_eq(ask("GET", "/readyz", NULL, NULL), 200);
}

/* What promtool finds wrong with a text: nothing. */
static void expect_clean(const char *text)
{
    char path[] = "/tmp/test-metrics-XXXXXX", command[1024], said[4096] = "";
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    snprintf(command, sizeof command, "'%s' check metrics <%s 2>&1", getenv("PROMTOOL"), path);
    FILE *pipe = popen(command, "re");
    said[fread(said, 1, sizeof said - 1, pipe)] = '\0';
    const int status = pclose(pipe);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "promtool ended with %d: %s", status, said);
    cr_expect_null(strstr(said, "orders_"), "%s", said);
    unlink(path);
}

Test(monitoring, every_request_is_counted_where_it_belongs)
{
    start(NULL, NULL);
    send_traffic();
    expect_values((const struct expected[]){
        {HTTP("POST", "/orders/", "201"), 8},
        {HTTP("POST", "/orders/", "400"), 1},
        {HTTP("POST", "/orders/", "422"), 1},
        {HTTP("GET", "/orders/{order_id}", "200"), 4},
        {HTTP("GET", "/orders/{order_id}", "404"), 1},
        {HTTP("GET", "/orders/{order_id}", "401"), 1},
        {HTTP("GET", "/orders/{order_id}", "403"), 1},
        {HTTP("GET", "/orders/", "200"), 2},
        {HTTP("GET", "/orders/summary", "200"), 1},
        {HTTP("PATCH", "/orders/{order_id}", "200"), 1},
        {HTTP("PATCH", "/orders/{order_id}", "415"), 1},
        {HTTP("DELETE", "/orders/{order_id}", "204"), 1},
        {HTTP("other", "none", "307"), 1},
        {HTTP("other", "none", "405"), 1},
        {HTTP("other", "none", "404"), 2},
        {HTTP("GET", "/healthz", "200"), 1},
        {HTTP("GET", "/orders/", "500"), 0},
        {"orders_http_request_duration_seconds_count{method=\"POST\",route=\"/orders/\"}", 10},
        {"orders_http_request_duration_seconds_bucket{method=\"POST\",route=\"/orders/\",le=\"+Inf\"}", 10},
        {"orders_http_connections_ended_total{reason=\"late\"}", 0},
        {RPC(ORDERS("CreateOrder"), "OK"), 8},
        {RPC(ORDERS("CreateOrder"), "ALREADY_EXISTS"), 1},
        {RPC(ORDERS("CreateOrder"), "INVALID_ARGUMENT"), 1},
        {RPC(ORDERS("GetOrder"), "OK"), 4},
        {RPC(ORDERS("GetOrder"), "NOT_FOUND"), 1},
        {RPC(ORDERS("ListOrders"), "OK"), 2},
        {RPC(ORDERS("GetOrderSummary"), "OK"), 1},
        {RPC(ORDERS("UpdateOrder"), "OK"), 1},
        {RPC(ORDERS("DeleteOrder"), "OK"), 1},
        {RPC("rpc.v1.Health/Check", "OK"), 1},
        {RPC("unknown", "UNIMPLEMENTED"), 0},
        {"orders_rpc_request_duration_seconds_count{method=\"orders.v1.OrderService/CreateOrder\"}", 10},
        {"orders_rpc_requests_refused_total", 0},
        {"orders_store_replays_total{statement=\"create\"}", 1},
        {"orders_store_batch_operations_sum{lane=\"write\"}", 11}, /* 7, the retry, the double, change, end */
        {"orders_store_batch_operations_sum{lane=\"get\"}", 5},
        {"orders_store_queue_wait_seconds_count{lane=\"write\"}", 11},
        {"orders_store_statement_duration_seconds_count{statement=\"create\"}", 9},
        {"orders_store_statement_duration_seconds_count{statement=\"remove\"}", 1},
        {"orders_store_statement_duration_seconds_count{statement=\"list_by_status\"}", 1},
        {"orders_store_statement_duration_seconds_count{statement=\"summary\"}", 1},
        {"orders_store_statements_failed_total{statement=\"create\"}", 0},
        {"orders_store_connects_total{lane=\"write\",result=\"ready\"}", 2},
        {"orders_store_connections_lost_total{lane=\"write\"}", 0},
        {NULL, 0},
    });
    char *text = scrape(service->http_port);
    expect_clean(text);
    cr_expect_null(strstr(text, "nope"), "a path that was asked for became a label");
    cr_expect_eq(value_in(text, "orders_rpc_requests_in_flight"), 0);
    cr_expect_eq(value_in(text, "orders_rpc_in_flight_request_bytes"), 0);
    cr_expect_eq(value_in(text, "orders_rpc_connections"), 0);
    cr_expect_geq(value_in(text, "orders_http_connections"), 1);
    cr_expect_eq(value_in(text, "orders_store_queue_operations{lane=\"write\"}"), 0);
    cr_expect_not_null(strstr(text, "\norders_build_info{version=\"" PROJECT_VERSION "\",revision=\""));
    cr_expect_gt(value_in(text, "process_resident_memory_bytes"), 1 << 20);
    cr_expect_gt(value_in(text, "process_open_fds"), 5);
    free(text);
    cr_expect_eq(service_stop(service), 0);
}

/* --- the address for probes alone --- */

static const char *const with_probes[] = {"ORDERS_METRICS=127.0.0.1:0", NULL};

Test(monitoring, the_address_for_metrics_serves_those_who_watch_and_nobody_else)
{
    start(with_probes, NULL);
    const uint16_t port = service->metrics_port;
    cr_assert_neq(port, 0);
    cr_expect_eq(create("A", key_header), 201);
    expect_value(port, HTTP("POST", "/orders/", "201"), 1);
    expect_value(port, HTTP("GET", "/metrics", "200"),
                 0); /* what is asked there is not the service's traffic */

    static const struct {
        const char *method, *target;
        int status;
    } cases[] = {
        {"GET", "/healthz", 200},  {"GET", "/readyz", 200},      {"HEAD", "/metrics", 200},
        {"POST", "/metrics", 405}, {"GET", "/orders/", 404},     {"GET", "/orders/A", 404},
        {"PUT", "/orders/", 404},  {"DELETE", "/orders/A", 404}, {"GET", "/", 404},
        {"GET", "/nope", 404},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_reply reply = http_request(port, cases[i].method, cases[i].target, key_header, NULL);
        cr_expect_eq(reply.status, cases[i].status, "%s %s: %d", cases[i].method, cases[i].target,
                     reply.status);
        http_free(&reply);
    }
    char *text = scrape(port);
    expect_clean(text);
    free(text);
    cr_expect_eq(service_stop(service), 0);
}

/* However many there are who ask again and again: each has a place for one request. */
Test(monitoring, nobody_keeps_a_place_at_the_address_for_metrics)
{
    start(with_probes, NULL);
    const int fd = http_connect(service->metrics_port);
    http_send_text(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 200);
    http_free(&reply);
    cr_expect(http_is_closed(fd));
    close(fd);
    cr_expect_eq(service_stop(service), 0);
}

/* --- whether it is ready --- */

/* Asks until the answer is this one: what a service hears of its database takes a moment. */
static void await_readyz(uint16_t port, int status, const char *body)
{
    char last[256] = "";
    for (int looks = 0; looks < LOOKS_MOST; looks++) {
        struct http_reply reply = http_request(port, "GET", "/readyz", NULL, NULL);
        const bool is_it = reply.status == status && strcmp(reply.body, body) == 0;
        snprintf(last, sizeof last, "%d %s", reply.status, reply.body != NULL ? reply.body : "");
        char *retry = http_header(&reply, "Retry-After");
        cr_expect(reply.status != 503 || retry != NULL);
        free(retry);
        http_free(&reply);
        if (is_it)
            return;
        usleep(LOOK_US);
    }
    cr_assert_fail("/readyz says %s, not %d %s", last, status, body);
}

Test(monitoring, without_a_database_it_lives_and_is_not_ready)
{
    start(with_probes, "host=/tmp/no-such-directory-there dbname=secret user=hidden");
    const uint16_t ports[] = {service->http_port, service->metrics_port};
    for (size_t i = 0; i < 2; i++) {
        await_readyz(ports[i], 503, "{\"detail\":\"database out of reach\"}");
        struct http_reply alive = http_request(ports[i], "GET", "/healthz", NULL, NULL);
        cr_expect_eq(alive.status, 200);
        http_free(&alive);
    }
    cr_expect_eq(ask("GET", "/orders/A", key_header, NULL), 503);
    expect_value(service->metrics_port, HTTP("GET", "/orders/{order_id}", "503"), 1);
    expect_value(service->metrics_port, RPC(ORDERS("GetOrder"), "UNAVAILABLE"), 1);
    char *text = scrape(service->metrics_port);
    cr_expect_geq(value_in(text, "orders_store_connects_total{lane=\"get\",result=\"unreachable\"}"), 1);
    cr_expect_eq(value_in(text, "orders_store_connections{lane=\"write\",state=\"connecting\"}"), 2);
    cr_expect_eq(value_in(text, "orders_store_queue_operations{lane=\"get\"}"), 0);
    free(text);
    cr_expect_eq(service_stop(service), 0);
}

/* As rpc.v1.Health says too. */
Test(monitoring, an_address_that_is_gone_is_named)
{
    char body[512];
    start(with_probes, NULL);
    await_readyz(service->metrics_port, 200, "{\"status\":\"ok\"}");
    cr_assert_eq(unlink(service->ipc_url + strlen("ipc://")), 0);
    snprintf(body, sizeof body, "{\"detail\":\"%s: No such file or directory\"}", service->ipc_url);
    await_readyz(service->metrics_port, 503, body);
    await_readyz(service->http_port, 503, body);
    cr_expect_eq(service_stop(service), 0);
}

static void break_connections(PGconn *database)
{
    free(database_query(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                  "WHERE application_name = 'ordersd' AND datname = current_database()"));
}

Test(monitoring, a_schema_that_changed_is_named)
{
    char *url = database_create();
    PGconn *database = database_connect(url);
    start(with_probes, url);
    await_readyz(service->metrics_port, 200, "{\"status\":\"ok\"}");
    char *wanted =
        database_query(database, "SELECT change FROM sqitch.changes ORDER BY committed_at DESC LIMIT 1");
    free(database_query(database, "UPDATE sqitch.changes SET change = 'of \"the\" future' "
                                  "WHERE committed_at = (SELECT max(committed_at) FROM sqitch.changes)"));
    break_connections(database);
    char body[512];
    snprintf(body, sizeof body, "{\"detail\":\"schema is at of \\\"the\\\" future, %s is wanted\"}", wanted);
    await_readyz(service->metrics_port, 503, body);
    await_readyz(service->http_port, 503, body);
    cr_expect_geq(await_value(service->metrics_port, "orders_store_connections_lost_total{lane=\"get\"}", 1),
                  1);
    cr_expect_geq(await_value(service->metrics_port,
                              "orders_store_connects_total{lane=\"get\",result=\"wrong_schema\"}", 1),
                  1);
    free(wanted);
    cr_expect_eq(service_stop(service), 0);
    PQfinish(database);
    database_drop(url);
}

Test(monitoring, a_database_that_takes_no_writes_is_told_of)
{
    char *url = database_create(), sql[256];
    const char *name = strrchr(url, '=') + 1;
    PGconn *database = database_connect(url);
    start(with_probes, url);
    snprintf(sql, sizeof sql, "ALTER DATABASE %s SET default_transaction_read_only = on", name);
    free(database_query(database, sql));
    break_connections(database); /* only new sessions know */
    await_readyz(service->metrics_port, 503, "{\"detail\":\"database is read-only\"}");
    await_readyz(service->http_port, 503, "{\"detail\":\"database is read-only\"}");
    cr_expect_geq(await_value(service->metrics_port,
                              "orders_store_connects_total{lane=\"write\",result=\"read_only\"}", 1),
                  1);
    snprintf(sql, sizeof sql, "ALTER DATABASE %s RESET default_transaction_read_only", name);
    free(database_query(database, sql));
    await_readyz(service->metrics_port, 200, "{\"status\":\"ok\"}");
    cr_expect_eq(service_stop(service), 0);
    PQfinish(database);
    database_drop(url);
}

/* Begins a create that waits until the table is unlocked; the connection it is on. */
static int begin_create(const char *order_id)
{
    int fd = http_connect(service->http_port);
    char body[256], request[1024];
    snprintf(body, sizeof body,
             "{\"order_id\":\"%s\",\"customer_id\":\"C\",\"total_amount\":5,\"currency\":\"ISK\"}", order_id);
    snprintf(request, sizeof request, "POST /orders/ HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s",
             key_header, strlen(body), body);
    http_send_text(fd, request);
    return fd;
}

static void expect_created(int fd)
{
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 201, "%d %s", reply.status, reply.body);
    http_free(&reply);
    close(fd);
}

Test(monitoring, what_is_refused_by_a_bound_is_counted)
{
    static const char *const one_call[] = {"ORDERS_MAX_CALLS=1", NULL};
    char *url = database_create();
    PGconn *database = database_connect(url);
    start(one_call, url);
    free(database_query(database, "BEGIN; LOCK TABLE orders"));
    int fd = begin_create("A");
    expect_value(service->http_port, "orders_rpc_requests_in_flight", 1);
    char *text = scrape(service->http_port);
    cr_expect_gt(value_in(text, "orders_rpc_in_flight_request_bytes"), 50);
    free(text);
    cr_expect_eq(create("B", key_header), 503);
    expect_value(service->http_port, "orders_rpc_requests_refused_total", 1);
    expect_value(service->http_port, RPC(ORDERS("CreateOrder"), "RESOURCE_EXHAUSTED"), 1);
    expect_value(service->http_port, HTTP("POST", "/orders/", "503"), 1);
    free(database_query(database, "COMMIT"));
    expect_created(fd);
    cr_expect_eq(service_stop(service), 0);
    PQfinish(database);
    database_drop(url);
}

/* Whoever has no key is not to take what callers need, nor to have others ended for it: to these peers more
 * is to be sent than the memory for all. */
Test(monitoring, metrics_that_nobody_reads_take_nothing_from_callers)
{
    enum { PEERS = 150, REQUESTS = 20, LEAST_BYTES = 1000, MEMORY_BYTES = 1 << 20 };
    static const char *const little_memory[] = {"ORDERS_MAX_CALL_BYTES=1048576",
                                                "ORDERS_HTTP_SEND_TIMEOUT=600", NULL};
    int fds[PEERS];
    size_t bytes = 0;
    start(little_memory, NULL);
    for (int i = 0; i < PEERS; i++) {
        fds[i] = http_connect_narrow(service->http_port);
        for (int request = 0; request < REQUESTS; request++)
            http_send_text(fds[i], "GET /metrics HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    }
    cr_expect_eq(create("A", key_header), 201);
    for (int i = 0; i < PEERS; i++) {
        for (int request = 0; request < REQUESTS; request++) {
            struct http_reply reply = http_read(fds[i], false);
            cr_assert_eq(reply.status, 200, "%d %s", reply.status, reply.body);
            cr_expect_not_null(strstr(reply.head, "\r\nContent-Encoding: gzip\r\n"));
            cr_expect_gt(reply.length, LEAST_BYTES);
            bytes += reply.length;
            http_free(&reply);
        }
        close(fds[i]);
    }
    cr_expect_gt(bytes / REQUESTS, MEMORY_BYTES, "one to each is less than that: %zu", bytes);
    expect_value(service->http_port, "orders_http_connections_ended_total{reason=\"over_limit\"}", 0);
    cr_expect_eq(service_stop(service), 0);
}

/* A write that waits for a lock is in hand, so the service cannot end yet. */
Test(monitoring, a_service_that_ends_says_that_it_drains)
{
    char *url = database_create();
    PGconn *database = database_connect(url);
    start(with_probes, url);
    free(database_query(database, "BEGIN; LOCK TABLE orders"));
    int fd = begin_create("A");
    expect_value(service->metrics_port, "orders_rpc_requests_in_flight", 1);
    kill(service->pid, SIGTERM);
    await_readyz(service->metrics_port, 503, "{\"detail\":\"draining\"}");
    free(database_query(database, "COMMIT"));
    expect_created(fd);
    cr_expect_eq(service_wait(service), 0);
    PQfinish(database);
    database_drop(url);
}

/* --- traces and the log --- */

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"

/* The log's first line with this message that has the text too, waited for; NULL: there is none. */
static json_t *find_line(const char *message, const char *text, bool wait)
{
    char wanted[64];
    json_t *found = NULL;
    snprintf(wanted, sizeof wanted, "\"message\":\"%s\"", message);
    for (int looks = 0; found == NULL && looks < (wait ? LOOKS_MOST : 1); looks++) {
        char *log = service_log(service), *rest;
        for (char *line = strtok_r(log, "\n", &rest); line != NULL && found == NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            if (strstr(line, wanted) != NULL && strstr(line, text) != NULL)
                found = json_loads(line, 0, NULL);
        }
        free(log);
        if (found == NULL && wait)
            usleep(LOOK_US);
    }
    return found;
}

static const char *member(const json_t *line, const char *name)
{
    const char *value = json_string_value(json_object_get(line, name));
    return value != NULL ? value : "";
}

static const char *const with_debug[] = {"ORDERS_LOG=debug", NULL};

Test(monitoring, one_request_is_followed_from_http_to_its_statement)
{
    char headers[512];
    start(with_debug, NULL);
    snprintf(headers, sizeof headers,
             "%straceparent: 00-" TRACE "-" SPAN "-01\r\nIdempotency-Key: it-is-me\r\n", key_header);
    cr_expect_eq(create("A", headers), 201);
    json_t *http = find_line("http", TRACE, true), *rpc = find_line("call", TRACE, true),
           *statement = find_line("statement", TRACE, true);
    cr_assert(http != NULL && rpc != NULL && statement != NULL);
    cr_expect_str_eq(member(http, "trace_id"), TRACE);
    cr_expect_str_eq(member(http, "parent_id"), SPAN);
    cr_expect_str_eq(member(rpc, "trace_id"), TRACE);
    cr_expect_str_eq(member(rpc, "parent_id"), member(http, "span_id"), "each hop is the next one's parent");
    cr_expect_str_neq(member(rpc, "span_id"), member(http, "span_id"));
    cr_expect_str_eq(member(rpc, "request_id"), "it-is-me");
    cr_expect_str_eq(member(statement, "statement"), "create");
    cr_expect_str_eq(member(statement, "trace_ids"), TRACE);
    cr_expect_str_eq(member(statement, "request_ids"), "it-is-me");
    cr_expect_eq(json_integer_value(json_object_get(statement, "operations")), 1);
    json_decref(http);
    json_decref(rpc);
    json_decref(statement);
    cr_expect_eq(service_stop(service), 0);
}

/* What libmicrohttpd refuses by itself is a request as any other. */
Test(monitoring, a_request_that_is_none_is_logged_and_counted)
{
    start(NULL, NULL);
    int fd = http_connect(service->http_port);
    http_send_text(fd, "GET /orders/A\r\n\r\n");
    struct http_reply reply = http_read(fd, false);
    char *request_id = http_header(&reply, "X-Request-ID");
    cr_expect_eq(reply.status, 400);
    json_t *line = find_line("http", request_id, true);
    cr_assert_not_null(line);
    cr_expect_eq(json_integer_value(json_object_get(line, "status")), 400);
    expect_value(service->http_port, HTTP("other", "none", "400"), 1);
    json_decref(line);
    free(request_id);
    http_free(&reply);
    close(fd);
    cr_expect_eq(service_stop(service), 0);
}

static void expect_new_trace(const char *traceparent, const char *path)
{
    char headers[512];
    snprintf(headers, sizeof headers, "%s%s", key_header, traceparent);
    cr_expect_eq(ask("GET", path, headers, NULL), 404);
    json_t *http = find_line("http", path, true);
    cr_assert_not_null(http);
    cr_expect_eq(strlen(member(http, "trace_id")), 32, "%s", path);
    cr_expect_str_neq(member(http, "trace_id"), TRACE);
    cr_expect_str_eq(member(http, "parent_id"), "");
    json_t *rpc = find_line("call", member(http, "trace_id"), true);
    cr_expect_str_eq(member(rpc, "parent_id"), member(http, "span_id"));
    json_decref(http);
    json_decref(rpc);
}

Test(monitoring, a_request_without_a_sound_traceparent_begins_a_trace)
{
    start(with_debug, NULL);
    expect_new_trace("", "/orders/absent");
    expect_new_trace("traceparent: 00-" TRACE "-" SPAN "\r\n", "/orders/short");
    expect_new_trace("traceparent: 00-" TRACE "-0000000000000000-01\r\n", "/orders/zero");
    expect_new_trace("traceparent: 00-" TRACE "-" SPAN "-01\r\ntraceparent: 00-" TRACE "-" SPAN "-01\r\n",
                     "/orders/twice");
    cr_expect_null(find_line("http", TRACE, false));
    cr_expect_eq(service_stop(service), 0);
}

/* At the usual level too. A trigger makes the statement slow. */
Test(monitoring, a_slow_statement_is_told)
{
    static const char *const slow[] = {"ORDERS_SLOW_STATEMENT=50", NULL};
    char headers[512], *url = database_create();
    PGconn *database = database_connect(url);
    start(slow, url);
    snprintf(headers, sizeof headers, "%straceparent: 00-" TRACE "-" SPAN "-01\r\n", key_header);
    cr_expect_eq(create("A", key_header), 201);
    free(database_query(database, "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
                                  "'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END'; "
                                  "CREATE TRIGGER wait BEFORE UPDATE ON orders FOR EACH ROW "
                                  "EXECUTE FUNCTION wait()"));
    int fd = http_connect(service->http_port);
    char request[1024];
    snprintf(request, sizeof request,
             "PATCH /orders/A HTTP/1.1\r\nHost: a\r\n%sContent-Length: 18\r\n\r\n{\"total_amount\":6}",
             headers);
    http_send_text(fd, request);
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 200, "%d %s", reply.status, reply.body);
    http_free(&reply);
    close(fd);
    json_t *line = find_line("slow statement", TRACE, true);
    cr_assert_not_null(line);
    cr_expect_str_eq(member(line, "level"), "warn");
    cr_expect_str_eq(member(line, "statement"), "update");
    cr_expect_geq(json_integer_value(json_object_get(line, "duration_us")), 50000);
    json_decref(line);
    cr_expect_eq(service_stop(service), 0);
    PQfinish(database);
    database_drop(url);
}
