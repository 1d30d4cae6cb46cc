/* shim_metrics.h: what the shim counts and times, by route: the route's template, never the path that was
 * asked for. Requests for no route are one, and so are methods and answers that nothing here gives. */
#ifndef HTTP_SHIM_METRICS_H
#define HTTP_SHIM_METRICS_H

#include "base/metrics.h"
#include "http/routes.h"

#include <stdbool.h>
#include <stdint.h>

struct shim_metrics {
    struct metric **requests;  /* owned; by route and status */
    struct metric **durations; /* owned; by route */
    struct metric *connections;
    struct metric *late, *evicted; /* connections that were ended */
};

/* A registry of NULL makes series that count nothing. False: out of memory. */
bool shim_metrics_init(struct shim_metrics *shim, struct metrics *metrics);
void shim_metrics_free(struct shim_metrics *shim);

/* A request is over: of a route, or of none (NULL); with a status, or without an answer (0). */
void shim_metrics_record(const struct shim_metrics *shim, const struct route *route, unsigned status,
                         uint64_t duration_ns);

#endif
