/* health.h: rpc.v1.Health, which says whether this server can serve. */
#ifndef RPC_HEALTH_H
#define RPC_HEALTH_H

#include "rpc/v1/health.pb-c.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether what the services stand on is within reach; any thread. If not, `why` says what is wrong, without
 * secrets. */
typedef bool health_ready(void *arg, char *why, size_t why_size);

struct health {
    Rpc__V1__Health_Service service; /* add to a dispatcher with DISPATCHER_OPEN */
    const char *const *names;        /* full names of the services served, NULL-terminated; "" always is */
    health_ready *ready;
    void *arg;
    atomic_bool stopping; /* set by main when the server is going away */
};

void health_init(struct health *health, const char *const *names, health_ready *ready, void *arg);

#endif
