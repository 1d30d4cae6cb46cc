/* rate.h: a token bucket, kept as one number: when it will be full again (the generic cell rate algorithm,
 * ITU-T I.371, which counts the same as a leaky bucket of tokens). Times are CLOCK_MONOTONIC. No locks: the
 * owner of the number guards it. */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint64_t interval_ns; /* from one token to the next; 0: no limit */
    uint64_t burst_ns;    /* the tokens of a full bucket but one, as time */
};

/* So many a second, and a full bucket of `burst`, at least one; 0 a second: no limit. */
static inline struct rate rate_make(unsigned a_second, unsigned burst)
{
    struct rate rate = {0, 0};
    if (a_second > 0)
        rate.interval_ns = NS_PER_S / a_second;
    if (burst > 1)
        rate.burst_ns = (burst - 1) * rate.interval_ns;
    return rate;
}

/* Takes a token of the bucket that is full at *full_ns. Returns 0; or, when there is none, in how many
 * nanoseconds there will be one. */
static inline uint64_t rate_take(const struct rate *rate, uint64_t *full_ns, uint64_t now_ns)
{
    if (rate->interval_ns == 0)
        return 0; /* also when *full_ns is ahead, by another thread that read its clock later */
    const uint64_t full = *full_ns > now_ns ? *full_ns : now_ns;
    if (full - now_ns > rate->burst_ns)
        return full - now_ns - rate->burst_ns;
    *full_ns = full + rate->interval_ns;
    return 0;
}

#endif
