/* test_addresses.c: the addresses that ordersd listens on: one that another has already, and one that does
 * not accept. */
#include "calls.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { IN_USE = 75, TIMES = 10 };

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

/* Its exit code is one that systemd starts again, and it says the one thing that is wrong. */
static void expect_refused(const char *setting, const char *said)
{
    char command[1024], output[4096] = "";
    snprintf(command, sizeof command,
             "DATABASE_URL='%s' API_KEY=k ORDERS_LOG=error ORDERS_LISTEN=tcp://127.0.0.1:0 ORDERS_HTTP= "
             "ORDERS_METRICS= %s '%s' 2>&1",
             service->database_url, setting, getenv("ORDERSD"));
    FILE *pipe = popen(command, "re");
    (void)!fread(output, 1, sizeof output - 1, pipe);
    const int status = pclose(pipe);
    cr_expect_eq(WEXITSTATUS(status), IN_USE, "%d: %s", status, output);
    cr_expect_str_eq(output, said);
}

Test(addresses, one_in_use_is_worth_another_try)
{
    char setting[512], said[512];
    snprintf(setting, sizeof setting, "ORDERS_LISTEN=%s", service->rpc_url);
    snprintf(said, sizeof said, "ordersd: cannot listen on %s: Address in use\n", service->rpc_url);
    expect_refused(setting, said);
    snprintf(setting, sizeof setting, "ORDERS_HTTP=127.0.0.1:%u", service->http_port);
    snprintf(said, sizeof said, "ordersd: cannot listen on 127.0.0.1:%u: Address already in use\n",
             service->http_port);
    expect_refused(setting, said);
    snprintf(setting, sizeof setting, "ORDERS_METRICS=127.0.0.1:%u", service->metrics_port);
    snprintf(said, sizeof said, "ordersd: cannot listen on 127.0.0.1:%u: Address already in use\n",
             service->metrics_port);
    expect_refused(setting, said);
}

/* Another that wants its path finds out by connecting, and leaves before it has greeted. */
Test(addresses, one_is_not_lost_to_another_process_that_wants_it)
{
    char setting[512], said[512];
    snprintf(setting, sizeof setting, "ORDERS_LISTEN=%s", service->ipc_url);
    snprintf(said, sizeof said, "ordersd: cannot listen on %s: Address in use\n", service->ipc_url);
    for (int i = 0; i < TIMES; i++)
        expect_refused(setting, said);
    expect_service(service->ipc_url);
    expect_service(service->rpc_url);
}
