/* test_process.c: orders-http as a process of its own: how it starts, what it does without a service behind
 * it, and how it ends. */
#include "client.h"
#include "process.h"
#include "support/manager.h"
#include "support/rpc_peer.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whoever serves at the default address is not asked. */
#define NO_SERVICE "ORDERS_CONNECT=ipc:///nonexistent/orders"

static const char key_header[] = "X-API-Key: the-key\r\n";

static struct rpc_peer peer;

static void setup(void)
{
    rpc_peer_open(&peer);
}

static void teardown(void)
{
    rpc_peer_close(&peer);
}

TestSuite(process, .init = setup, .fini = teardown, .timeout = 120);

static struct process start(void)
{
    char connect[128];
    snprintf(connect, sizeof connect, "ORDERS_CONNECT=%s", peer.url);
    char *const environment[] = {"API_KEY=the-key", "ORDERS_HTTP=127.0.0.1:0", connect, NULL};
    struct process process = process_spawn(environment);
    process_await_ready(&process);
    return process;
}

static int begin_get(const struct process *process, const char *target)
{
    char request[256];
    int fd = http_connect(process->port);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\nX-Request-ID: it-is-me\r\n%s\r\n",
             target, key_header);
    http_send_text(fd, request);
    return fd;
}

static void expect_metadata(const Rpc__V1__Request *request, size_t i, const char *name, const char *value)
{
    cr_expect_str_eq(request->metadata[i]->key, name);
    cr_expect_str_eq(request->metadata[i]->value, value);
}

static void take_request(void)
{
    Rpc__V1__Request *request = rpc_peer_take(&peer);
    rpc__v1__request__free_unpacked(request, NULL);
}

/* Its own key says who passes it on, and nothing else. */
Test(process, the_call_carries_what_was_presented_and_the_request_id)
{
    struct process process = start();
    int fd = begin_get(&process, "/orders/A");
    Rpc__V1__Request *request = rpc_peer_take(&peer);
    cr_expect_str_eq(request->method, "orders.v1.OrderService/GetOrder");
    cr_expect_str_eq(request->request_id, "it-is-me");
    cr_assert_eq(request->n_metadata, 3);
    expect_metadata(request, 0, "x-api-key", "the-key");
    expect_metadata(request, 1, "x-forwarder-key", "the-key");
    cr_expect_str_eq(request->metadata[2]->key, "traceparent");
    rpc__v1__request__free_unpacked(request, NULL);
    rpc_peer_answer(&peer, RPC__V1__CODE__ABORTED, "Try again");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 409);
    cr_expect_str_eq(reply.body, "{\"detail\":\"Try again\"}");
    http_free(&reply);
    close(fd);
    kill(process.pid, SIGTERM);
    cr_expect_eq(process_wait(&process), 0);
}

Test(process, what_is_in_hand_is_answered_before_the_end)
{
    struct process process = start();
    int fd = begin_get(&process, "/orders/A");
    take_request();
    kill(process.pid, SIGTERM);

    char line[512]; /* until the log says that the signal has come */
    do
        process_read_line(process.errors, line, sizeof line);
    while (strstr(line, "\"message\":\"stopping\"") == NULL && *line != '\0');

    rpc_peer_answer(&peer, RPC__V1__CODE__NOT_FOUND, "Order not found");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 404);
    http_free(&reply);
    cr_expect(http_is_closed(fd));
    close(fd);
    cr_expect_eq(process_wait(&process), 0);
}

Test(process, a_client_that_left_is_no_trouble_when_its_reply_comes)
{
    struct process process = start();
    int fd = begin_get(&process, "/orders/A");
    take_request();
    close(fd);
    rpc_peer_answer(&peer, RPC__V1__CODE__NOT_FOUND, "Order not found");
    fd = begin_get(&process, "/orders/B");
    take_request();
    rpc_peer_answer(&peer, RPC__V1__CODE__NOT_FOUND, "Order not found");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 404);
    http_free(&reply);
    close(fd);
    kill(process.pid, SIGINT);
    cr_expect_eq(process_wait(&process), 0);
}

static void expect(const struct process *process, const char *target, int status, const char *retry_after)
{
    struct http_reply reply = http_request(process->port, "GET", target, key_header, NULL);
    char *value = http_header(&reply, "Retry-After");
    cr_expect_eq(reply.status, status, "%s: %d %s", target, reply.status, reply.body);
    cr_expect(retry_after == NULL ? value == NULL : value != NULL && strcmp(value, retry_after) == 0);
    cr_expect(json_is_object(reply.json));
    free(value);
    http_free(&reply);
}

Test(process, without_a_service_it_says_so)
{
    struct process process = start();
    close(peer.listen_fd);
    expect(&process, "/healthz", 200, NULL);
    expect(&process, "/readyz", 503, "1");
    expect(&process, "/orders/", 503, "1");
    kill(process.pid, SIGTERM);
    cr_expect_eq(process_wait(&process), 0);
    rpc_peer_open(&peer);
}

Test(process, the_service_s_troubles_are_told_without_details_but_in_the_log)
{
    char line[1024];
    struct process process = start();
    int fd = begin_get(&process, "/orders/A");
    take_request();
    rpc_peer_answer(&peer, RPC__V1__CODE__INTERNAL, "SELECT * FROM orders");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 500);
    cr_expect_str_eq(reply.body, "{\"detail\":\"Internal Server Error\"}");
    http_free(&reply);
    close(fd);
    do
        process_read_line(process.errors, line, sizeof line);
    while (*line != '\0' && strstr(line, "\"status\":500") == NULL);
    cr_expect_not_null(strstr(line, "\"request_id\":\"it-is-me\",\"error\":\"SELECT * FROM orders\""), "%s",
                       line);
    kill(process.pid, SIGTERM);
    cr_expect_eq(process_wait(&process), 0);
}

static void expect_refusal(char *const environment[], int code, const char *line)
{
    char error[512];
    struct process process = process_spawn(environment);
    process_read_line(process.errors, error, sizeof error);
    cr_expect_eq(strncmp(error, line, strlen(line)), 0, "%s", error);
    cr_expect_eq(process_wait(&process), code);
}

Test(process, bad_settings_stop_it)
{
    char *const no_key[] = {"ORDERS_HTTP=127.0.0.1:0", NULL};
    char *const bad_address[] = {"API_KEY=k", NO_SERVICE, "ORDERS_HTTP=nowhere", NULL};
    expect_refusal(no_key, 78, "orders-http: API_KEY: ");
    expect_refusal(bad_address, 78, "orders-http: ORDERS_HTTP: \"nowhere\"");
    static const char *const rates[] = {"ISK",     "ISK:1,",      "ISK:1,ISK:2",  "USD:139",
                                        "ISK:one", "ISK:1,XXX:2", "ISK:1,EUR:-1", "ISK:1,EUR:inf"};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        char setting[64], refusal[96];
        snprintf(setting, sizeof setting, "ORDERS_RATES=%s", rates[i]);
        snprintf(refusal, sizeof refusal, "orders-http: ORDERS_RATES: \"%s\"", rates[i]);
        char *const bad_rates[] = {"API_KEY=k", NO_SERVICE, "ORDERS_HTTP=127.0.0.1:0", setting, NULL};
        expect_refusal(bad_rates, 78, refusal);
    }
}

Test(process, a_port_in_use_stops_it)
{
    struct process first = start();
    char address[64], expected[128];
    snprintf(address, sizeof address, "ORDERS_HTTP=127.0.0.1:%u", first.port);
    snprintf(expected, sizeof expected,
             "orders-http: ORDERS_HTTP: cannot listen on 127.0.0.1:%u: Address already in use", first.port);
    char *const environment[] = {"API_KEY=k", NO_SERVICE, address, NULL};
    expect_refusal(environment, 75, expected); /* which systemd starts again */
    kill(first.pid, SIGTERM);
    cr_expect_eq(process_wait(&first), 0);
}

/* Its one address neither accepts nor refuses connections. That it is asked all the time keeps it from
 * nothing. */
Test(process, its_watchdog_hears_of_an_address_that_hangs)
{
    struct manager manager = {.fd = -1};
    char line[512], expected[128];
    manager_open(&manager);
    char *const environment[] = {
        "API_KEY=k", NO_SERVICE, "ORDERS_HTTP=127.0.0.1:0", "WATCHDOG_USEC=900000", manager.setting, NULL};
    struct process process = process_spawn(environment);
    process_await_ready(&process);
    snprintf(expected, sizeof expected, "\"why\":\"http://127.0.0.1:%u: no answer\"", process.port);
    manager_expect(&manager, "READY=1");
    manager_expect(&manager, "WATCHDOG=1");
    manager_expect(&manager, "WATCHDOG=1");
    const bool hangs = manager_hang_listening(process.pid, process.port);
    do
        process_read_line(process.errors, line, sizeof line);
    while (hangs && *line != '\0' && strstr(line, expected) == NULL);
    cr_expect(!hangs || *line != '\0', "nothing says that it does not answer");
    while (recv(manager.fd, line, sizeof line, MSG_DONTWAIT) > 0) /* what it had said before */
        continue;
    kill(process.pid, SIGTERM);
    if (hangs)
        manager_expect(&manager, "STOPPING=1");
    cr_expect_eq(process_wait(&process), 0);
    manager_close(&manager);
    if (!hangs)
        cr_skip_test("no right to take another process's files");
}
