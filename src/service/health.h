/* health.h: rpc.v1.Health, which says whether this server can serve. */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include "rpc/v1/health.pb-c.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether something that the services depend on works. Any thread; must not block, as it runs with each
 * health check. If not, `why` says what is wrong, without secrets. */
typedef bool health_ready(void *arg, char *why, size_t why_size);

struct health_check {
    health_ready *ready; /* NULL ends a list */
    void *arg;
};

struct health {
    Rpc__V1__Health_Service service;
    const char *const *names;          /* full names of the services served, NULL-terminated; "" always is */
    const struct health_check *checks; /* all are asked, and all reasons told */
    atomic_bool stopping;              /* set by main when the server is going away */
};

/* Both lists must outlive it. */
void health_init(struct health *health, const char *const *names, const struct health_check *checks);

#endif
