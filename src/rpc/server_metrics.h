/* server_metrics.h: what an RPC server counts of its connections. */
#ifndef RPC_SERVER_METRICS_H
#define RPC_SERVER_METRICS_H

#include "base/metrics.h"

#include <stdint.h>

/* Why the server closes a connection. */
enum server_closes {
    SERVER_CLOSES_OVER_LIMIT, /* it was idle longest when there was one connection too many */
    SERVER_CLOSES_IDLE,
    SERVER_CLOSES_SLOW,         /* it did not take its answer in time */
    SERVER_CLOSES_UNREAD,       /* it had taken no answer for longest when there was no room for others' */
    SERVER_CLOSES_UNAUTHORIZED, /* it asked over and over for what it has no right to */
    SERVER_CLOSES
};

struct server_metrics {
    struct metric *unsent, *connections; /* at this moment */
    struct metric *closed[SERVER_CLOSES];
};

void server_metrics_init(struct server_metrics *server, struct metrics *metrics);

/* Closes a connection, and counts why. */
void server_metrics_close(const struct server_metrics *server, uint32_t pipe, enum server_closes why);

#endif
