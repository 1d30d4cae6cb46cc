/* call_metrics.h: counters and durations of calls, of all listeners. Calls of a method that there is not
 * share the label "unknown": callers cannot make new series. */
#ifndef CALL_CALL_METRICS_H
#define CALL_CALL_METRICS_H

#include "base/metrics.h"
#include "base/status.h"
#include "call/methods.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call_metrics {
    struct metric **requests;     /* owned; by method and code */
    struct metric **durations;    /* owned; by method */
    struct metric *refused;       /* for want of room */
    struct metric *calls, *bytes; /* at this moment */
};

/* The methods must be filled. False: out of memory. */
bool call_metrics_init(struct call_metrics *counts, struct metrics *metrics, const struct methods *methods);
void call_metrics_free(struct call_metrics *counts);

/* A call ended; its method by its index, or methods_count. */
void call_metrics_record(const struct call_metrics *counts, size_t method, enum status_code code,
                         uint64_t duration_ns);

#endif
