/* metrics.h: what a running process counts and times, as Prometheus has it: counters, gauges and histograms.
 *
 * A registry is made by main and passed down. Each part adds its series while it is put together, with all
 * labels they will ever have, so that a caller can never make more of them; then any thread records, which
 * takes no lock, waits for nobody and allocates nothing. A series exists, at 0, from when it was added: the
 * first error is a change that can be seen.
 *
 * A registry of NULL gives series of NULL, into which nothing is recorded: parts that are tested alone need
 * none. Out of memory the process ends, as in arena.h.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

enum {
    METRIC_LABELS_MOST = 3,
    METRIC_BOUNDS_MOST = 24,
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* What series of one name have in common. Must outlive the registry; a static one, as a rule. Names follow
 * https://prometheus.io/docs/practices/naming/. */
struct metric_family {
    const char *name; /* "process_open_fds" */
    const char *help; /* a sentence without its full stop */
    enum metric_type type;
    const char *labels[METRIC_LABELS_MOST]; /* their names, up to a NULL */
    double scale; /* how many of what is recorded are one of what is shown: 1e9 for nanoseconds that are shown
                     as seconds; 0 stands for 1 */
    uint64_t bounds[METRIC_BOUNDS_MOST]; /* of a histogram: what its buckets hold at most, in what is
                                            recorded, rising, up to a 0 */
};

/* For durations in nanoseconds, shown in seconds: from a lone get to the longest that a call waits. */
#define METRIC_NANOSECONDS 1e9
#define METRIC_DURATION_BOUNDS                                                                             \
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000, 100000000, 250000000, \
        500000000, 1000000000, 2500000000, 5000000000, 10000000000

struct metrics;
struct metric; /* one series */

/* Free it when nothing records any more; NULL does nothing. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Adds a series; `values`, one for each of the family's labels, are copied. Series of a family stand together
 * whenever they are added. The series is the registry's. */
struct metric *metrics_add(struct metrics *metrics, const struct metric_family *family,
                           const char *const values[]);

/* Has something called before each metrics_gather, to set what is only known by looking. It must be possible
 * as long as the registry is there. */
void metrics_refresh(struct metrics *metrics, void (*refresh)(void *arg), void *arg);

/* --- recording: any thread --- */

/* To a counter, where n is not negative, or a gauge. */
void metric_add(struct metric *metric, int64_t n);

/* A gauge; or a counter that is kept elsewhere. */
void metric_set(struct metric *metric, int64_t value);

/* Into a histogram. */
void metric_observe(struct metric *metric, uint64_t value);

/* --- reading: any thread --- */

struct metrics_label {
    const char *name;
    const char *value;
};

/* One figure: that of a counter or gauge, or one of those that make a histogram: its buckets ("_bucket", with
 * a label `le`), each of which counts those below it too, "_sum" and "_count". */
struct metrics_sample {
    const char *name;
    const struct metrics_label *labels;
    size_t n_labels;
    double value;
};

struct metrics_group {
    const struct metric_family *family;
    struct metrics_sample *samples;
    size_t n_samples;
};

/* Reads all, family by family, into the arena. What is recorded meanwhile may be seen in one series and not
 * in another; within a histogram buckets and count agree. */
struct metrics_group *metrics_gather(struct metrics *metrics, struct arena *arena, size_t *n_groups);

#endif
