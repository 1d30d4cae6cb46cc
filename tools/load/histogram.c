/* histogram.c: the values of one power of two share 128 buckets; below 128 each value has its own. */
#include "histogram.h"

enum { STEPS = 1 << HISTOGRAM_STEP_BITS };

static size_t bucket_of(uint64_t value)
{
    if (value < STEPS)
        return (size_t)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_STEP_BITS;
    return ((size_t)shift << HISTOGRAM_STEP_BITS) + (size_t)(value >> shift);
}

static uint64_t middle_of(size_t bucket)
{
    if (bucket < STEPS)
        return bucket;
    size_t shift = (bucket >> HISTOGRAM_STEP_BITS) - 1;
    uint64_t lowest = (uint64_t)(STEPS + bucket % STEPS) << shift;
    return lowest + ((UINT64_C(1) << shift) >> 1);
}

void histogram_record(struct histogram *histogram, uint64_t value)
{
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->counts[i] += other->counts[i];
    histogram->total += other->total;
}

uint64_t histogram_percentile(const struct histogram *histogram, double fraction)
{
    double wanted = fraction * (double)histogram->total;
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen > 0 && (double)seen >= wanted)
            return middle_of(i);
    }
    return 0;
}
