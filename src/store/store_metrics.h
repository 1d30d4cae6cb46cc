/* store_metrics.h: what the store counts and times, by lane and by statement. */
#ifndef STORE_STORE_METRICS_H
#define STORE_STORE_METRICS_H

#include "base/metrics.h"
#include "store/lane.h"
#include "store/session.h"
#include "store/statement.h"

/* What a worker's connection is doing. */
enum worker_state {
    WORKER_CONNECTING,
    WORKER_IDLE, /* connected, with nothing to do */
    WORKER_BUSY,
    WORKER_STATES
};

struct lane_metrics {
    struct metric *batch_operations; /* how many went together */
    struct metric *waiting;          /* operations, at this moment */
    struct metric *wait;             /* of each, in nanoseconds */
    struct metric *connections[WORKER_STATES];
    struct metric *connects[SESSION_RESULTS]; /* attempts, by how they ended */
    struct metric *lost;                      /* connections that broke */
    struct metric *retried, *splits;
};

struct statement_metrics {
    struct metric *duration;
    struct metric *failed;
    struct metric *replayed;
};

struct store_metrics {
    struct lane_metrics lanes[LANES];
    struct statement_metrics statements[STATEMENTS];
    struct metric *purged, *folded;
};

/* A registry of NULL makes series that count nothing. */
void store_metrics_init(struct store_metrics *store, struct metrics *metrics);

#endif
