/* health.c: one method, as in grpc/health/v1/health.proto. */
#include "service/health.h"

#include "base/call.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { REASON_BYTES = 512, NAME_BYTES_TOLD = 200 }; /* of an unknown service's, which may be of any length */

static bool serves(const struct health *health, const char *name)
{
    if (*name == '\0')
        return true;
    for (size_t i = 0; health->names[i] != NULL; i++) {
        if (strcmp(health->names[i], name) == 0)
            return true;
    }
    return false;
}

/* Whether there is a reason not to serve; `why` has them all, as far as they fit. */
static bool is_ready(const struct health *health, char *why, size_t why_size)
{
    size_t length = 0;
    if (atomic_load(&health->stopping)) {
        snprintf(why, why_size, "draining");
        return false;
    }
    why[0] = '\0';
    for (const struct health_check *check = health->checks; check->ready != NULL; check++) {
        char reason[REASON_BYTES] = "";
        if (check->ready(check->arg, reason, sizeof reason))
            continue;
        const int more = snprintf(why + length, why_size - length, "%s%s", length > 0 ? "; " : "",
                                  *reason != '\0' ? reason : "not ready");
        length += (size_t)more < why_size - length ? (size_t)more : why_size - length - 1;
    }
    why[utf8_cut(why, why_size - 2)] = '\0'; /* a byte less than fits: the last may be half a character */
    return length == 0;
}

static void check(Rpc__V1__Health_Service *service, const Rpc__V1__HealthCheckRequest *input,
                  Rpc__V1__HealthCheckResponse_Closure closure, void *closure_data)
{
    struct health *health = (struct health *)service; /* its first member */
    struct call *call = closure_data;

    if (!serves(health, input->service)) {
        call_fail(call, STATUS_NOT_FOUND, "Unknown service \"%.*s\"",
                  (int)utf8_cut(input->service, NAME_BYTES_TOLD), input->service);
        closure(NULL, closure_data);
        return;
    }
    Rpc__V1__HealthCheckResponse *response = arena_alloc(&call->arena, sizeof *response);
    char *why = arena_alloc(&call->arena, REASON_BYTES);
    rpc__v1__health_check_response__init(response);
    if (is_ready(health, why, REASON_BYTES)) {
        response->status = RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    } else {
        response->status = RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
        response->reason = why;
    }
    closure(response, closure_data);
}

void health_init(struct health *health, const char *const *names, const struct health_check *checks)
{
    *health = (struct health){.names = names, .checks = checks};
    rpc__v1__health__init(&health->service, NULL);
    health->service.check = check;
}
