/* test_local_channel.c: a front end's calls, in one process. */
#include "call/local_channel.h"

#include "auth/bootstrap_keys.h"
#include "base/message.h"
#include "rpc/v1/health.pb-c.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>

/* A service that answers when it is told to. */
static struct call *asked[2];
static Rpc__V1__HealthCheckResponse_Closure closure;
static char service_asked[2][16];
static size_t n_asked;

static void check(Rpc__V1__Health_Service *service, const Rpc__V1__HealthCheckRequest *input,
                  Rpc__V1__HealthCheckResponse_Closure done, void *closure_data)
{
    (void)service;
    closure = done;
    strncpy(service_asked[n_asked], input->service, sizeof service_asked[0] - 1);
    asked[n_asked++] = closure_data;
}

static struct budget memory = {.limit = 1 << 20};
static Rpc__V1__Health_Service health;
static struct methods *methods;
static struct surface *surface;
static struct channel *channel;

static bool role_of(const char *method, enum role *role)
{
    (void)method;
    *role = ROLE_READER;
    return true;
}

static const char *keys[] = {"right", NULL}; /* that hold */

static void set_up(void)
{
    static struct authenticator authenticator;
    char error[128];
    authenticator_add(&authenticator, bootstrap_keys_source(keys));
    rpc__v1__health__init(&health, NULL);
    health.check = check;
    methods = methods_new();
    cr_assert(methods_add(methods, &health.base, role_of, error, sizeof error));
    const struct surface_options options = {
        .methods = methods, .authenticator = &authenticator, .memory = &memory};
    surface = surface_new(&options);
    channel = local_channel_new(surface);
}

static void tear_down(void)
{
    cr_expect_eq(atomic_load(&memory.taken), 0);
    local_channel_free(channel);
    surface_free(surface);
    methods_free(methods);
}

TestSuite(local_channel, .init = set_up, .fini = tear_down);

static void keep(struct channel_reply *reply, void *arg)
{
    *(struct channel_reply **)arg = reply;
}

/* What was said to the last one before it called. */
static enum status_code refused;

/* What the next ones are refused for. */
static const struct status *to_refuse;

static void ask(const char *service, const char *key, const char *id, struct channel_reply **reply)
{
    Rpc__V1__HealthCheckRequest input = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    input.service = message_text(service);
    const ProtobufCMethodDescriptor *method = &rpc__v1__health__descriptor.methods[0];
    const struct auth_presented presented = {.api_key = key};
    struct auth_result auth;
    struct status refusal = STATUS_INIT;
    struct arena arena;
    arena_init(&arena);
    channel_check(channel, &presented, method, &arena, &auth, &refusal);
    refused = refusal.code;
    arena_free(&arena);
    const struct channel_request request = {
        .service = &rpc__v1__health__descriptor,
        .method = method,
        .input = &input.base,
        .presented = &presented,
        .auth = &auth,
        .request_id = id,
        .caller = 7 + (uint32_t)n_asked,
        .refused = to_refuse,
    };
    channel_call(channel, &request, keep, reply);
}

static void finish(size_t i, const char *reason, size_t bytes)
{
    Rpc__V1__HealthCheckResponse *response = arena_alloc(&asked[i]->arena, sizeof *response + bytes);
    rpc__v1__health_check_response__init(response);
    response->reason = message_text(reason);
    closure(response, asked[i]);
}

static void expect_reason(struct channel_reply *reply, const char *reason)
{
    const Rpc__V1__HealthCheckResponse *response =
        (const Rpc__V1__HealthCheckResponse *)channel_reply_read(reply);
    cr_assert_not_null(response);
    cr_expect_str_eq(response->reason, reason);
}

Test(local_channel, messages_are_handed_over)
{
    struct channel_reply *first = NULL, *second = NULL;
    ask("a", "right", "id", &first);
    ask("b", "right", NULL, &second);
    cr_assert_eq(n_asked, 2);
    cr_expect_str_eq(service_asked[0], "a");
    cr_expect_str_eq(service_asked[1], "b");
    cr_expect_str_eq(asked[0]->request_id, "id");
    cr_expect_eq(strlen(asked[1]->request_id), 36, "a new one");
    cr_expect_str_eq(asked[0]->method, "rpc.v1.Health/Check");
    cr_expect_eq(asked[0]->caller, 7);
    finish(1, "two", 0);
    finish(0, "one", 0);
    expect_reason(first, "one");
    expect_reason(second, "two");
    channel_reply_free(first);
    channel_reply_free(second);
}

Test(local_channel, an_answer_that_says_nothing_is_an_empty_message)
{
    struct channel_reply *reply = NULL;
    ask("", "right", NULL, &reply);
    closure(NULL, asked[0]);
    expect_reason(reply, "");
    channel_reply_free(reply);
}

/* As long as it takes a slow front end to read it. */
Test(local_channel, an_answer_counts_until_its_reply_is_freed)
{
    struct channel_reply *reply = NULL;
    ask("", "right", NULL, &reply);
    finish(0, "large", 100000);
    cr_expect_geq(reply->bytes, 100000);
    cr_expect_eq(atomic_load(&memory.taken), reply->bytes);
    expect_reason(reply, "large");
    channel_reply_free(reply);
}

/* Nothing is kept of it. It has asked for room, as what changes nothing does, and is more than its share. */
Test(local_channel, an_answer_that_there_is_no_room_for_is_refused)
{
    struct channel_reply *reply = NULL, *other = NULL;
    ask("", "right", NULL, &reply);
    ask("", "right", NULL, &other);
    cr_assert(call_reserve(asked[0], 1));
    budget_add(&memory, memory.limit);
    finish(0, "large", 700000);
    finish(1, "small", 0);
    budget_give_back(&memory, memory.limit);
    cr_expect_eq(reply->status.code, STATUS_RESOURCE_EXHAUSTED);
    cr_expect_eq(reply->bytes, 0);
    cr_expect_null(channel_reply_read(reply));
    expect_reason(other, "small");
    channel_reply_free(reply);
    channel_reply_free(other);
}

/* Its caller is known, and it is no call of the service's. */
Test(local_channel, what_a_front_end_refuses_is_not_called)
{
    static const struct status refused_here = {.code = STATUS_INVALID_ARGUMENT, .message = "no JSON"};
    to_refuse = &refused_here;
    struct channel_reply *reply = NULL;
    ask("", "right", NULL, &reply);
    cr_assert_not_null(reply);
    cr_expect_eq(reply->status.code, STATUS_INVALID_ARGUMENT);
    cr_expect_str_eq(reply->status.message, "no JSON");
    cr_expect_null(channel_reply_read(reply));
    channel_reply_free(reply);
    ask("", "wrong", NULL, &reply);
    cr_expect_eq(reply->status.code, STATUS_PERMISSION_DENIED);
    channel_reply_free(reply);
    cr_expect_eq(n_asked, 0);
}

Test(local_channel, a_refusal_is_a_reply)
{
    static const struct {
        const char *key;
        enum status_code code;
    } cases[] = {
        {NULL, STATUS_UNAUTHENTICATED}, {"", STATUS_UNAUTHENTICATED}, {"wrong", STATUS_PERMISSION_DENIED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel_reply *reply = NULL;
        ask("", cases[i].key, NULL, &reply);
        cr_assert_not_null(reply);
        cr_expect_eq(refused, cases[i].code);
        cr_expect_eq(reply->status.code, cases[i].code);
        cr_expect_null(channel_reply_read(reply));
        channel_reply_free(reply);
    }
    cr_expect_eq(n_asked, 0);
}

/* What a front end was shown is looked at again while the call waits. */
Test(local_channel, a_right_can_be_withdrawn)
{
    struct channel_reply *reply = NULL;
    const char *why;
    ask("", "right", NULL, &reply);
    cr_expect_eq(asked[0]->recheck(asked[0], &why), STATUS_OK);
    keys[0] = "another";
    cr_expect_eq(asked[0]->recheck(asked[0], &why), STATUS_PERMISSION_DENIED);
    cr_expect_str_eq(why, "Invalid API key");
    closure(NULL, asked[0]);
    channel_reply_free(reply);
}
