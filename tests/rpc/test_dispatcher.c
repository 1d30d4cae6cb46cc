/* test_dispatcher.c: who gets through to which function. */
#include "rpc/dispatcher.h"

#include "orders/v1/orders.pb-c.h"
#include "rpc/health.h"
#include "rpc/v1/frame.pb-c.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct call call;
static struct health health;
static struct dispatcher *dispatcher;
static unsigned done_calls;
static Rpc__V1__HealthCheckResponse__ServingStatus answered;
static char reason[64];
static bool is_ready;

static bool second_is_ready;

static bool ready(void *arg, char *why, size_t why_size)
{
    (void)arg;
    if (!is_ready)
        snprintf(why, why_size, "out of order");
    return is_ready;
}

static bool ready_too(void *arg, char *why, size_t why_size)
{
    (void)arg;
    if (!second_is_ready)
        snprintf(why, why_size, "tcp://0.0.0.0:6600: no answer");
    return second_is_ready;
}

static void done(const ProtobufCMessage *message, void *closure_data)
{
    cr_assert_eq(closure_data, &call);
    done_calls++;
    if (message == NULL)
        return;
    const Rpc__V1__HealthCheckResponse *response = (const Rpc__V1__HealthCheckResponse *)message;
    answered = response->status;
    snprintf(reason, sizeof reason, "%s", response->reason);
}

static void set_up(void)
{
    static const char *const names[] = {"rpc.v1.Health", NULL};
    arena_init(&call.arena);
    call.status = STATUS_INIT;
    static const struct health_check checks[] = {{ready, NULL}, {ready_too, NULL}, {NULL, NULL}};
    is_ready = second_is_ready = true;
    health_init(&health, names, checks);
}

static void tear_down(void)
{
    dispatcher_free(dispatcher);
    arena_free(&call.arena);
}

TestSuite(dispatcher, .init = set_up, .fini = tear_down);

static void invoke(enum dispatcher_access access, const char *method, const char *key, const char *payload)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    Rpc__V1__Request__MetadataEntry entry = RPC__V1__REQUEST__METADATA_ENTRY__INIT;
    Rpc__V1__Request__MetadataEntry *entries[] = {&entry};
    request.method = (char *)(uintptr_t)method;
    request.payload.data = (uint8_t *)(uintptr_t)payload;
    request.payload.len = strlen(payload);
    if (key != NULL) {
        entry.key = "x-api-key";
        entry.value = (char *)(uintptr_t)key;
        request.n_metadata = 1;
        request.metadata = entries;
    }
    dispatcher = dispatcher_new("right");
    cr_assert(dispatcher_add(dispatcher, &health.service.base, access));
    const struct dispatcher_target target = dispatcher_look_up(dispatcher, &request);
    dispatcher_invoke(dispatcher, &target, &call, &request, NULL, done);
    cr_assert_eq(done_calls, 1);
}

/* A service whose methods are not to be called. */
static void never(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
                  ProtobufCClosure closure, void *closure_data)
{
    (void)service, (void)index, (void)input, (void)closure, (void)closure_data;
    cr_assert(false, "it was called");
}

Test(dispatcher, an_open_method_wants_no_key)
{
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "");
    cr_assert_eq(call.status.code, STATUS_OK);
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
}

Test(dispatcher, no_key)
{
    invoke(DISPATCHER_NEEDS_KEY, "rpc.v1.Health/Check", NULL, "");
    cr_assert_eq(call.status.code, STATUS_UNAUTHENTICATED);
}

Test(dispatcher, an_empty_key_is_none)
{
    invoke(DISPATCHER_NEEDS_KEY, "rpc.v1.Health/Check", "", "");
    cr_assert_eq(call.status.code, STATUS_UNAUTHENTICATED);
}

Test(dispatcher, wrong_key)
{
    invoke(DISPATCHER_NEEDS_KEY, "rpc.v1.Health/Check", "wrong", "");
    cr_assert_eq(call.status.code, STATUS_PERMISSION_DENIED);
}

Test(dispatcher, a_key_that_only_begins_right)
{
    invoke(DISPATCHER_NEEDS_KEY, "rpc.v1.Health/Check", "rightright", "");
    cr_assert_eq(call.status.code, STATUS_PERMISSION_DENIED);
}

Test(dispatcher, right_key)
{
    invoke(DISPATCHER_NEEDS_KEY, "rpc.v1.Health/Check", "right", "");
    cr_assert_eq(call.status.code, STATUS_OK);
}

Test(dispatcher, unknown_method)
{
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Chec", "right", "");
    cr_assert_eq(call.status.code, STATUS_UNIMPLEMENTED);
    cr_assert_str_eq(call.status.message, "Unknown method \"rpc.v1.Health/Chec\"");
}

Test(dispatcher, unknown_method_with_a_long_name)
{
    char name[300], expected[300];
    memset(name, 'x', 199);
    strcpy(name + 199, "\u00de"); /* of two bytes, of which only one would stand */
    snprintf(expected, sizeof expected, "Unknown method \"%.199s\"", name);
    invoke(DISPATCHER_OPEN, name, "right", "");
    cr_assert_str_eq(call.status.message, expected);
}

Test(dispatcher, broken_payload)
{
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "\x0a\x05x");
    cr_assert_eq(call.status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(call.status.message, "rpc.v1.HealthCheckRequest"));
}

/* The caller learns which field it is, and the method is not called. */
Test(dispatcher, a_payload_with_a_message_in_two_parts)
{
    const unsigned char payload[] = {0x0a, 0x02, 0x28, 0x05, 0x0a, 0x05, 0x12, 0x03, 'A', '-', '1', 0};
    ProtobufCService service = {.descriptor = &orders__v1__order_service__descriptor, .invoke = never};
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    request.method = "orders.v1.OrderService/CreateOrder";
    request.payload.data = (uint8_t *)(uintptr_t)payload;
    request.payload.len = sizeof payload - 1;
    dispatcher = dispatcher_new("right");
    cr_assert(dispatcher_add(dispatcher, &service, DISPATCHER_OPEN));
    const struct dispatcher_target target = dispatcher_look_up(dispatcher, &request);
    dispatcher_invoke(dispatcher, &target, &call, &request, NULL, done);
    cr_assert_eq(done_calls, 1);
    cr_assert_eq(call.status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_str_eq(
        call.status.message,
        "The payload is no orders.v1.CreateOrderRequest: orders.v1.CreateOrderRequest.order comes "
        "twice");
}

Test(dispatcher, health_of_an_unknown_service)
{
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "\x0a\x01x");
    cr_assert_eq(call.status.code, STATUS_NOT_FOUND);
}

Test(dispatcher, health_when_the_store_is_away)
{
    is_ready = false;
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "");
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING);
    cr_assert_str_eq(reason, "out of order");
}

Test(dispatcher, health_tells_all_that_is_wrong)
{
    is_ready = second_is_ready = false;
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "");
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING);
    cr_assert_str_eq(reason, "out of order; tcp://0.0.0.0:6600: no answer");
}

Test(dispatcher, health_when_stopping)
{
    atomic_store(&health.stopping, true);
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "");
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING);
    cr_assert_str_eq(reason, "draining");
}

Test(dispatcher, methods_are_known_by_an_index)
{
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "");
    cr_assert_eq(dispatcher_count(dispatcher), 1);
    cr_assert_str_eq(dispatcher_name(dispatcher, 0), "rpc.v1.Health/Check");
}

/* The key is looked at whatever is asked for. */
Test(dispatcher, targets_are_looked_up_with_the_right_to_them)
{
    static const struct {
        const char *method, *key;
        struct dispatcher_target target;
    } cases[] = {
        {"rpc.v1.Health/Check", NULL, {.method = 0, .is_open = true}},
        {"rpc.v1.Health/Check", "right", {.method = 0, .is_open = true, .has_key = true}},
        {"rpc.v1.Health/Check", "wrong", {.method = 0, .is_open = true}},
        {"rpc.v1.Health/Chec", "right", {.method = 1, .has_key = true}},
        {"rpc.v1.Health/Chec", "", {.method = 1}},
    };
    invoke(DISPATCHER_OPEN, "rpc.v1.Health/Check", NULL, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
        Rpc__V1__Request__MetadataEntry entry = RPC__V1__REQUEST__METADATA_ENTRY__INIT;
        Rpc__V1__Request__MetadataEntry *entries[] = {&entry};
        request.method = (char *)(uintptr_t)cases[i].method;
        request.n_metadata = cases[i].key != NULL;
        request.metadata = entries;
        entry.key = "x-api-key";
        entry.value = (char *)(uintptr_t)cases[i].key;
        const struct dispatcher_target target = dispatcher_look_up(dispatcher, &request);
        cr_expect_eq(target.method, cases[i].target.method, "%zu", i);
        cr_expect_eq(target.is_open, cases[i].target.is_open, "%zu", i);
        cr_expect_eq(target.has_key, cases[i].target.has_key, "%zu", i);
    }
}
