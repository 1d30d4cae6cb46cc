/* test_addresses.c: the addresses that ordersd listens on: one that another has already, and one that does
 * not accept. */
#include "calls.h"

#include "base/time.h"
#include "rpc/v1/health.pb-c.h"
#include "support/manager.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    IN_USE = 75,
    WRONG_SETTING = 78,
    TIMES = 10,
    NOTICED_MS = 2000, /* what is promised; it takes half a second */
    POLL_MS = 50,
};

static struct service *service;

static void set_up(void)
{
    static const char *const environment[] = {"ORDERS_METRICS=127.0.0.1:0", NULL};
    service = service_start(&(struct service_options){.environment = environment});
}

static void tear_down(void)
{
    service_stop_clean(service);
}

TestSuite(addresses, .init = set_up, .fini = tear_down, .timeout = 120);

static void expect_service(const char *url)
{
    struct rpc_client *client = calls_open(service, url);
    struct rpc_reply *reply = calls_get(client, "A-1");
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
    rpc_client_close(client);
}

/* It says the one thing that is wrong. */
static void expect_refused(const char *setting, const char *said, int code)
{
    char command[1024], output[4096] = "";
    snprintf(command, sizeof command,
             "DATABASE_URL='%s' API_KEY=k ORDERS_LOG=error ORDERS_LISTEN=tcp://127.0.0.1:0 ORDERS_HTTP= "
             "ORDERS_METRICS= %s '%s' 2>&1",
             service->database_url, setting, getenv("ORDERSD"));
    FILE *pipe = popen(command, "re");
    (void)!fread(output, 1, sizeof output - 1, pipe);
    const int status = pclose(pipe);
    cr_expect_eq(WEXITSTATUS(status), code, "%d: %s", status, output);
    cr_expect_str_eq(output, said);
}

/* The exit code is one that systemd starts again. */
Test(addresses, one_in_use_is_worth_another_try)
{
    char setting[512], said[512];
    snprintf(setting, sizeof setting, "ORDERS_LISTEN=%s", service->rpc_url);
    snprintf(said, sizeof said, "ordersd: ORDERS_LISTEN: cannot listen on %s: Address in use\n",
             service->rpc_url);
    expect_refused(setting, said, IN_USE);
    snprintf(setting, sizeof setting, "ORDERS_HTTP=127.0.0.1:%u", service->http_port);
    snprintf(said, sizeof said,
             "ordersd: ORDERS_HTTP: cannot listen on 127.0.0.1:%u: Address already in use\n",
             service->http_port);
    expect_refused(setting, said, IN_USE);
    snprintf(setting, sizeof setting, "ORDERS_METRICS=127.0.0.1:%u", service->metrics_port);
    snprintf(said, sizeof said,
             "ordersd: ORDERS_METRICS: cannot listen on 127.0.0.1:%u: Address already in use\n",
             service->metrics_port);
    expect_refused(setting, said, IN_USE);
}

/* Another that wants its path finds out by connecting, and leaves before it has greeted. */
Test(addresses, one_is_not_lost_to_another_process_that_wants_it)
{
    char setting[512], said[512];
    snprintf(setting, sizeof setting, "ORDERS_LISTEN=%s", service->ipc_url);
    snprintf(said, sizeof said, "ordersd: ORDERS_LISTEN: cannot listen on %s: Address in use\n",
             service->ipc_url);
    for (int i = 0; i < TIMES; i++)
        expect_refused(setting, said, IN_USE);
    expect_service(service->ipc_url);
    expect_service(service->rpc_url);
}

/* Nobody will leave it: to start again and again would be in vain. It is left as it is. */
Test(addresses, a_path_of_what_is_no_socket_is_a_wrong_setting)
{
    char directory[] = "/tmp/addresses-XXXXXX", file[64], link[64], setting[128], said[256];
    cr_assert_not_null(mkdtemp(directory));
    snprintf(file, sizeof file, "%s/file", directory);
    snprintf(link, sizeof link, "%s/link", directory);
    cr_assert_eq(close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
    cr_assert_eq(symlink("nowhere", link), 0);
    const char *const paths[] = {file, link, directory};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        snprintf(setting, sizeof setting, "ORDERS_LISTEN=ipc://%s", paths[i]);
        snprintf(said, sizeof said,
                 "ordersd: ORDERS_LISTEN: cannot listen on ipc://%s: what is there is no socket\n", paths[i]);
        expect_refused(setting, said, WRONG_SETTING);
    }
    cr_expect_eq(unlink(link), 0);
    cr_expect_eq(unlink(file), 0);
    cr_expect_eq(rmdir(directory), 0);
}

/* --- one that does not accept --- */

/* What Health says is wrong, asked over ipc or TCP; "": nothing. */
static void read_reason(const char *url, char *reason, size_t size)
{
    const Rpc__V1__HealthCheckRequest check = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const struct rpc_request request = {.service = &rpc__v1__health__descriptor,
                                        .method = &rpc__v1__health__descriptor.methods[0],
                                        .input = &check.base};
    struct rpc_client *client = calls_open(service, url);
    struct rpc_reply *reply = rpc_client_call_wait(client, &request);
    calls_expect(reply, STATUS_OK);
    snprintf(reason, size, "%s", ((const Rpc__V1__HealthCheckResponse *)reply->message)->reason);
    rpc_reply_free(reply);
    rpc_client_close(client);
}

static void await_reason(const char *url, const char *expected)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)NOTICED_MS * NS_PER_MS;
    char reason[512];
    for (read_reason(url, reason, sizeof reason); strcmp(reason, expected) != 0;
         read_reason(url, reason, sizeof reason)) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "it says \"%s\", not \"%s\"", reason, expected);
        poll(NULL, 0, POLL_MS);
    }
}

/* A path that is taken away is one that no client finds. */
Test(addresses, readiness_names_one_that_is_gone)
{
    char expected[512];
    const char *path = service->ipc_url + strlen("ipc://");
    await_reason(service->rpc_url, "");
    cr_assert_eq(unlink(path), 0);
    snprintf(expected, sizeof expected, "%s: No such file or directory", service->ipc_url);
    await_reason(service->rpc_url, expected);
    expect_service(service->rpc_url);
}

Test(addresses, readiness_names_all_that_do_not_accept)
{
    char expected[512];
    await_reason(service->ipc_url, "");
    if (!manager_stop_listening(service->pid, service->http_port))
        cr_skip_test("no right to take another process's files");
    snprintf(expected, sizeof expected, "http://127.0.0.1:%u: Connection refused", service->http_port);
    await_reason(service->ipc_url, expected);
    cr_assert(manager_stop_listening(service->pid, service->metrics_port));
    snprintf(expected, sizeof expected,
             "http://127.0.0.1:%u: Connection refused; http://127.0.0.1:%u: Connection refused",
             service->http_port, service->metrics_port);
    await_reason(service->ipc_url, expected);
    cr_assert(manager_stop_listening(service->pid, (uint16_t)atoi(strrchr(service->rpc_url, ':') + 1)));
    snprintf(expected, sizeof expected,
             "%s: Connection refused; http://127.0.0.1:%u: Connection refused; http://127.0.0.1:%u: "
             "Connection refused",
             service->rpc_url, service->http_port, service->metrics_port);
    await_reason(service->ipc_url, expected);
    expect_service(service->ipc_url);
}
