/* test_process.c: orders-http as a process of its own: how it starts, what it does without a service behind
 * it, and how it ends. */
#include "client.h"
#include "rpc_peer.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS = 20000 };

static const char key_header[] = "X-API-Key: the-key\r\n";

struct process {
    pid_t pid;
    int output, errors;
    uint16_t port;
};

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

enum { ENVIRONMENT_MAX = 16 };

static void exec_with(const char *program, char *const environment[])
{
    char *all[ENVIRONMENT_MAX + 1] = {0};
    size_t n = 0;
    for (size_t i = 0; environment[i] != NULL && n < ENVIRONMENT_MAX; i++)
        all[n++] = environment[i];
    for (char **own = environ; *own != NULL && n < ENVIRONMENT_MAX; own++) {
        if (strstr(*own, "SAN_OPTIONS=") != NULL)
            all[n++] = *own;
    }
    execle(program, "orders-http", (char *)NULL, all);
}

/* Starts it with this environment, of "NAME=value" strings, and nothing else: but that a sanitizer keeps its
 * options. */
static struct process spawn(char *const environment[])
{
    const char *program = getenv("ORDERS_HTTP_PROGRAM");
    struct process process = {0};
    int out[2], err[2];
    cr_assert_not_null(program, "ORDERS_HTTP_PROGRAM must name the orders-http to test");
    cr_assert(pipe(out) == 0 && pipe(err) == 0);
    process.pid = fork();
    if (process.pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[0]);
        close(err[0]);
        if (chdir("/") == 0) /* where no .env is */
            exec_with(program, environment);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    process.output = out[0];
    process.errors = err[0];
    return process;
}

static void read_line(int fd, char *line, size_t size)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    size_t length = 0;
    while (length + 1 < size && poll(&readable, 1, READY_MS) == 1 && read(fd, line + length, 1) == 1 &&
           line[length++] != '\n')
        continue;
    line[length] = '\0';
}

static struct process start(void)
{
    char connect[128], line[256];
    unsigned port;
    snprintf(connect, sizeof connect, "ORDERS_CONNECT=%s", peer.url);
    char *const environment[] = {"API_KEY=the-key", "ORDERS_HTTP=127.0.0.1:0", connect, NULL};
    struct process process = spawn(environment);
    read_line(process.output, line, sizeof line);
    cr_assert_eq(sscanf(line, "ready http=http://127.0.0.1:%u\n", &port), 1, "not a ready line: %s", line);
    process.port = (uint16_t)port;
    return process;
}

/* Waits for its end: its exit code, or 128 and the signal. */
static int wait_for(struct process *process)
{
    int status;
    cr_assert_eq(waitpid(process->pid, &status, 0), process->pid);
    close(process->output);
    close(process->errors);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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

static void take_request(void)
{
    Rpc__V1__Request *request = rpc_peer_take(&peer);
    rpc__v1__request__free_unpacked(request, NULL);
}

Test(process, the_call_carries_the_key_and_the_request_id)
{
    struct process process = start();
    int fd = begin_get(&process, "/orders/A");
    Rpc__V1__Request *request = rpc_peer_take(&peer);
    cr_expect_str_eq(request->method, "orders.v1.OrderService/GetOrder");
    cr_expect_str_eq(request->request_id, "it-is-me");
    cr_assert_eq(request->n_metadata, 1);
    cr_expect_str_eq(request->metadata[0]->key, "x-api-key");
    cr_expect_str_eq(request->metadata[0]->value, "the-key");
    rpc__v1__request__free_unpacked(request, NULL);
    rpc_peer_answer(&peer, RPC__V1__CODE__ABORTED, "Try again");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 409);
    cr_expect_str_eq(reply.body, "{\"detail\":\"Try again\"}");
    http_free(&reply);
    close(fd);
    kill(process.pid, SIGTERM);
    cr_expect_eq(wait_for(&process), 0);
}

Test(process, what_is_in_hand_is_answered_before_the_end)
{
    struct process process = start();
    int fd = begin_get(&process, "/orders/A");
    take_request();
    kill(process.pid, SIGTERM);

    char line[512]; /* until the log says that the signal has come */
    do
        read_line(process.errors, line, sizeof line);
    while (strstr(line, "\"message\":\"stopping\"") == NULL && *line != '\0');

    rpc_peer_answer(&peer, RPC__V1__CODE__NOT_FOUND, "Order not found");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 404);
    http_free(&reply);
    cr_expect(http_is_closed(fd));
    close(fd);
    cr_expect_eq(wait_for(&process), 0);
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
    cr_expect_eq(wait_for(&process), 0);
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
    cr_expect_eq(wait_for(&process), 0);
    rpc_peer_open(&peer);
}

Test(process, the_service_s_troubles_are_told_without_details)
{
    struct process process = start();
    int fd = begin_get(&process, "/orders/A");
    take_request();
    rpc_peer_answer(&peer, RPC__V1__CODE__INTERNAL, "SELECT * FROM orders");
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, 500);
    cr_expect_str_eq(reply.body, "{\"detail\":\"Internal Server Error\"}");
    http_free(&reply);
    close(fd);
    kill(process.pid, SIGTERM);
    cr_expect_eq(wait_for(&process), 0);
}

static void expect_refusal(char *const environment[], int code, const char *line)
{
    char error[512];
    struct process process = spawn(environment);
    read_line(process.errors, error, sizeof error);
    cr_expect_eq(strncmp(error, line, strlen(line)), 0, "%s", error);
    cr_expect_eq(wait_for(&process), code);
}

Test(process, bad_settings_stop_it)
{
    char *const no_key[] = {"ORDERS_HTTP=127.0.0.1:0", NULL};
    char *const bad_address[] = {"API_KEY=k", "ORDERS_HTTP=nowhere", NULL};
    expect_refusal(no_key, 78, "orders-http: API_KEY: ");
    expect_refusal(bad_address, 78, "orders-http: ORDERS_HTTP: \"nowhere\"");
}

Test(process, a_port_in_use_stops_it)
{
    struct process first = start();
    char address[64], expected[128];
    snprintf(address, sizeof address, "ORDERS_HTTP=127.0.0.1:%u", first.port);
    snprintf(expected, sizeof expected, "orders-http: cannot listen on 127.0.0.1:%u: Address already in use",
             first.port);
    char *const environment[] = {"API_KEY=k", address, NULL};
    expect_refusal(environment, 1, expected);
    kill(first.pid, SIGTERM);
    cr_expect_eq(wait_for(&first), 0);
}
