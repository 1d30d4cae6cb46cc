/* test_server.c: a server in this very process. */
#include "rpc/server.h"

#include "auth/bootstrap_keys.h"
#include "rpc/client.h"
#include "rpc/v1/frame.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "service/health.h"

#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char key[] = "k";

static const char *const names[] = {NULL};
static const struct health_check checks[] = {{NULL, NULL}};

/* All of it is left to the end of the process. */
static struct budget memory = {.limit = 1 << 20};
static struct health health;
static struct rpc_server *server;
static char url[64];
static const char *const urls[] = {url, NULL};

static bool role_of(const char *method, enum role *role)
{
    (void)method;
    *role = ROLE_READER;
    return true;
}

static void serve(ProtobufCService *service, const char *scheme)
{
    static const char *const keys[] = {key, NULL};
    static struct authenticator authenticator;
    char error[256] = "";
    snprintf(url, sizeof url, "%s/tmp/test-server.%d", scheme, (int)getpid());
    struct log *log = log_open(STDERR_FILENO, LOG_LEVEL_ERROR);
    struct methods *methods = methods_new();
    cr_assert(methods_add(methods, service, role_of, error, sizeof error));
    authenticator_add(&authenticator, bootstrap_keys_source(keys));
    const struct surface_options surface = {
        .methods = methods, .authenticator = &authenticator, .log = log, .memory = &memory};
    const struct rpc_server_options options = {.urls = urls, .surface = surface_new(&surface), .log = log};
    server = rpc_server_start(&options, error, sizeof error);
    cr_assert_not_null(server, "%s", error);
}

static void remove_socket(void)
{
    (void)unlink(url + strlen("ipc://"));
}

static void set_up(void)
{
    health_init(&health, names, checks);
    serve(&health.service.base, "ipc://");
}

static void tear_down(void)
{
    cr_expect(rpc_server_drain(server, 20000));
    remove_socket();
}

TestSuite(server, .init = set_up, .fini = tear_down, .timeout = 60);

static struct rpc_reply *check_health(void)
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
    rpc_client_close(client);
    return reply;
}

/* Over ipc a client in the server's process has the probe's name. */
Test(server, a_client_that_is_taken_for_the_probe_is_served)
{
    struct rpc_reply *reply = check_health();
    cr_expect_eq(reply->status.code, STATUS_OK, "%s", reply->status.message);
    rpc_reply_free(reply);
}

/* Sends a frame that no client of ours would, and reads what it is answered. */
static Rpc__V1__Response *exchange(const void *frame, size_t size)
{
    nng_socket socket;
    nng_msg *message;
    cr_assert_eq(nng_req0_open(&socket), 0);
    cr_assert_eq(nng_dial(socket, url, NULL, 0), 0);
    cr_assert_eq(nng_msg_alloc(&message, 0), 0);
    cr_assert_eq(nng_msg_append(message, frame, size), 0);
    cr_assert_eq(nng_sendmsg(socket, message, 0), 0);
    cr_assert_eq(nng_recvmsg(socket, &message, 0), 0);
    Rpc__V1__Response *response =
        rpc__v1__response__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
    cr_assert_not_null(response);
    nng_msg_free(message);
    nng_close(socket);
    return response;
}

/* Without a key, which is looked for in as many entries at most. */
Test(server, a_frame_of_many_fields_is_refused_before_its_key)
{
    enum { ENTRIES = 32000 };
    static uint8_t frame[2 * ENTRIES];
    for (size_t i = 0; i < ENTRIES; i++)
        frame[2 * i] = 0x22; /* an empty entry of metadata */
    Rpc__V1__Response *response = exchange(frame, sizeof frame);
    cr_expect_eq(response->code, RPC__V1__CODE__INVALID_ARGUMENT);
    cr_expect_str_eq(response->message, "The frame is no rpc.v1.Request: it has too many fields; "
                                        "at most 64 are taken");
    rpc__v1__response__free_unpacked(response, NULL);
}

/* --- an address in Linux's abstract namespace --- */

static void set_up_abstract(void)
{
    health_init(&health, names, checks);
    serve(&health.service.base, "abstract://");
}

Test(abstract, is_probed_and_closed_as_any_address, .init = set_up_abstract, .timeout = 60)
{
    struct rpc_address *address = rpc_server_address(server, 0);
    char why[128] = "";
    cr_assert_not_null(address);
    cr_expect_str_eq(rpc_address_url(address), url);
    cr_expect(rpc_address_answers(address, 20000, why, sizeof why));
    cr_expect_str_eq(why, "");
    cr_expect(rpc_server_drain(server, 20000));
    cr_expect_not(rpc_address_answers(address, 20000, why, sizeof why));
    cr_expect_str_eq(why, "Connection refused");
}

/* --- a service that answers a call twice --- */

static void answer_twice(Rpc__V1__Health_Service *service, const Rpc__V1__HealthCheckRequest *request,
                         Rpc__V1__HealthCheckResponse_Closure closure, void *closure_data)
{
    const Rpc__V1__HealthCheckResponse response = RPC__V1__HEALTH_CHECK_RESPONSE__INIT;
    (void)service;
    (void)request;
    closure(&response, closure_data);
    closure(&response, closure_data);
}

static Rpc__V1__Health_Service twice;

static void set_up_twice(void)
{
    rpc__v1__health__init(&twice, NULL);
    twice.check = answer_twice;
    serve(&twice.base, "ipc://");
}

/* By glibc, when an assertion of this program fails: that it is this one, and not what comes of it later. */
enum { ASSERTED = 3 };
_Noreturn void __assert_fail(const char *assertion, /* NOLINT(bugprone-reserved-identifier) */
                             const char *file, unsigned line, const char *function)
{
    fprintf(stderr, "%s:%u: %s: %s\n", file, line, function, assertion);
    remove_socket();
    _exit(strcmp(assertion, "!call->is_done") == 0 ? ASSERTED : EXIT_FAILURE);
}

Test(answers, a_call_is_answered_once, .init = set_up_twice, .exit_code = ASSERTED, .timeout = 60)
{
    rpc_reply_free(check_health());
    cr_assert_fail("it was answered twice");
}
