/* test_server.c: a server in this very process. */
#include "rpc/server.h"

#include "rpc/client.h"
#include "rpc/dispatcher.h"
#include "rpc/health.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static const char key[] = "k";

static const char *const names[] = {NULL};
static const struct health_check checks[] = {{NULL, NULL}};

/* All of it is left to the end of the process. */
static struct budget memory = {.limit = 1 << 20};
static struct health health;
static struct dispatcher *dispatcher;
static struct rpc_server *server;
static char url[64];
static const char *const urls[] = {url, NULL};

static void set_up(void)
{
    char error[256] = "";
    snprintf(url, sizeof url, "ipc:///tmp/test-server.%d", (int)getpid());
    health_init(&health, names, checks);
    dispatcher = dispatcher_new(key);
    cr_assert(dispatcher_add(dispatcher, &health.service.base, DISPATCHER_NEEDS_KEY));
    const struct rpc_server_options options = {.urls = urls,
                                               .dispatcher = dispatcher,
                                               .log = log_open(STDERR_FILENO, LOG_LEVEL_ERROR),
                                               .memory = &memory};
    server = rpc_server_start(&options, error, sizeof error);
    cr_assert_not_null(server, "%s", error);
}

static void tear_down(void)
{
    cr_expect(rpc_server_drain(server, 20000));
}

TestSuite(server, .init = set_up, .fini = tear_down, .timeout = 60);

/* Over ipc a client in the server's process has the probe's name. */
Test(server, a_client_that_is_taken_for_the_probe_is_served)
{
    const Rpc__V1__HealthCheckRequest input = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const struct rpc_request request = {.service = &rpc__v1__health__descriptor,
                                        .method = &rpc__v1__health__descriptor.methods[0],
                                        .input = &input.base};
    const struct rpc_client_options options = {.urls = urls, .api_key = key, .timeout_ms = 20000};
    char error[256] = "";
    struct rpc_client *client = rpc_client_open(&options, error, sizeof error);
    cr_assert_not_null(client, "%s", error);
    struct rpc_reply *reply = rpc_client_call_wait(client, &request);
    cr_expect_eq(reply->status.code, STATUS_OK, "%s", reply->status.message);
    rpc_reply_free(reply);
    rpc_client_close(client);
}
