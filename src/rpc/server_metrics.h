/* server_metrics.h: what an RPC server counts and times. Methods are those of the dispatcher: all that are
 * none are one, "unknown", or callers could make as many series as they liked. */
#ifndef RPC_SERVER_METRICS_H
#define RPC_SERVER_METRICS_H

#include "base/metrics.h"
#include "base/status.h"
#include "rpc/dispatcher.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why the server closes a connection. */
enum server_closes {
    SERVER_CLOSES_OVER_LIMIT, /* it was silent longest when one too many came */
    SERVER_CLOSES_IDLE,
    SERVER_CLOSES_SLOW,    /* it did not take its answer in time */
    SERVER_CLOSES_UNREAD,  /* it had taken no answer for longest when there was no room for others' */
    SERVER_CLOSES_IN_VAIN, /* it asked over and over for what it may not have, without a key say */
    SERVER_CLOSES
};

struct server_metrics {
    struct metric **requests;  /* owned; by method and code */
    struct metric **durations; /* owned; by method */
    struct metric *refused;
    struct metric *calls, *unsent, *call_bytes, *connections; /* at this moment */
    struct metric *closed[SERVER_CLOSES];
};

/* The dispatcher must be filled. False: out of memory. */
bool server_metrics_init(struct server_metrics *server, struct metrics *metrics,
                         const struct dispatcher *dispatcher);
void server_metrics_free(struct server_metrics *server);

/* A call ended; its method by its index in the dispatcher. */
void server_metrics_record(const struct server_metrics *server, size_t method, enum status_code code,
                           uint64_t duration_ns);

/* Closes a connection, and counts why. */
void server_metrics_close(const struct server_metrics *server, uint32_t pipe, enum server_closes why);

#endif
