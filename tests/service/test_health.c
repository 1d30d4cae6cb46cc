/* test_health.c: whether it serves, and why not. */
#include "service/health.h"

#include "base/call.h"
#include "base/message.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct call call;
static struct health health;
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

static void set_up(void)
{
    static const char *const names[] = {"rpc.v1.Health", NULL};
    static const struct health_check checks[] = {{ready, NULL}, {ready_too, NULL}, {NULL, NULL}};
    arena_init(&call.arena);
    call.status = STATUS_INIT;
    is_ready = second_is_ready = true;
    health_init(&health, names, checks);
}

static void tear_down(void)
{
    arena_free(&call.arena);
}

TestSuite(health, .init = set_up, .fini = tear_down);

static void done(const Rpc__V1__HealthCheckResponse *response, void *closure_data)
{
    cr_assert_eq(closure_data, &call);
    if (response == NULL)
        return;
    answered = response->status;
    snprintf(reason, sizeof reason, "%s", response->reason);
}

static void check(const char *service)
{
    Rpc__V1__HealthCheckRequest request = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    request.service = message_text(service);
    health.service.check(&health.service, &request, done, &call);
}

Test(health, of_all)
{
    check("");
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
    cr_assert_str_eq(reason, "");
}

Test(health, of_an_unknown_service)
{
    check("x");
    cr_assert_eq(call.status.code, STATUS_NOT_FOUND);
}

Test(health, when_the_store_is_away)
{
    is_ready = false;
    check("");
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING);
    cr_assert_str_eq(reason, "out of order");
}

Test(health, tells_all_that_is_wrong)
{
    is_ready = second_is_ready = false;
    check("");
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING);
    cr_assert_str_eq(reason, "out of order; tcp://0.0.0.0:6600: no answer");
}

Test(health, when_stopping)
{
    atomic_store(&health.stopping, true);
    check("");
    cr_assert_eq(answered, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING);
    cr_assert_str_eq(reason, "draining");
}
