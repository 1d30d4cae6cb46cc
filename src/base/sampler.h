/* sampler.h: a rate limit for log lines: so many a second, of which each says how many events it stands for.
 * Safe from any thread. */
#ifndef BASE_SAMPLER_H
#define BASE_SAMPLER_H

#include "base/rate.h"

#include <stdatomic.h>
#include <stdint.h>

struct sampler {
    struct rate rate;
    atomic_uint_least64_t full_ns;
    atomic_uint_least64_t left_out; /* since the last that was taken */
};

/* At most so many a second; 0: all. */
void sampler_init(struct sampler *sampler, unsigned a_second);

/* 0: this one is left out. Else how many it stands for, itself and those that were left out before it. */
uint64_t sampler_take(struct sampler *sampler, uint64_t now_ns);

#endif
