/* histogram.h: durations counted in buckets of at most 1/128 of their value, so that a percentile is known
 * to half a percent whatever was recorded, and recording allocates nothing. */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_STEP_BITS = 7, HISTOGRAM_BUCKETS = (64 - HISTOGRAM_STEP_BITS + 1) << HISTOGRAM_STEP_BITS };

struct histogram {
    uint64_t total;
    uint32_t counts[HISTOGRAM_BUCKETS];
};

void histogram_record(struct histogram *histogram, uint64_t value);

/* Adds all that another one has. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The value that `fraction` of those recorded do not exceed; 0 when there are none. */
uint64_t histogram_percentile(const struct histogram *histogram, double fraction);

#endif
