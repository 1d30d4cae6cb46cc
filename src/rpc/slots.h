/* slots.h: the contexts of an RPC server. Each receives a request, carries its call, sends the reply, and
 * begins again. */
#ifndef RPC_SLOTS_H
#define RPC_SLOTS_H

#include "base/log.h"
#include "base/sampler.h"
#include "call/surface.h"
#include "rpc/connections.h"
#include "rpc/outbox.h"
#include "rpc/server_metrics.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct slots {
    /* Set before slots_open. What is pointed to must outlive the slots. */
    nng_socket socket;
    struct surface *surface;
    struct log *log;
    const struct server_metrics *metrics;
    struct connections *connections;
    nng_duration send_ms; /* how long a peer may take to take a reply */
    unsigned most;

    struct slot *list;     /* owned */
    pthread_mutex_t lock;  /* guards only: */
    unsigned n;            /* that are open */
    atomic_uint receiving; /* that wait for a request */
    struct outbox outbox;
    struct sampler refused; /* of lines about front ends whose keys do not hold */
    atomic_bool draining;   /* calls that come now are left unanswered, but for those that want no key */
};

/* Has the first of them receive; more are opened as they are needed. False: no memory; they are to be freed
 * all the same. */
bool slots_open(struct slots *slots);

/* Once the socket is closed and no call is in hand. */
void slots_free(struct slots *slots);

#endif
