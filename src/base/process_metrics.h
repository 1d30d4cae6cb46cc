/* process_metrics.h: what every program tells of its process, under the names that Prometheus' own clients
 * use. */
#ifndef BASE_PROCESS_METRICS_H
#define BASE_PROCESS_METRICS_H

#include "base/metrics.h"

enum process_figure {
    PROCESS_CPU,
    PROCESS_RESIDENT,
    PROCESS_VIRTUAL,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS,
    PROCESS_THREADS,
    PROCESS_START_TIME,
    PROCESS_FIGURES
};

struct process_metrics {
    struct metric *figures[PROCESS_FIGURES];
};

/* Adds them to a registry, for which they are read anew each time it is read. Must outlive it. */
void process_metrics_add(struct process_metrics *process, struct metrics *metrics);

#endif
