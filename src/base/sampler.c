/* sampler.c: a token bucket without a lock. */
#include "base/sampler.h"

void sampler_init(struct sampler *sampler, unsigned a_second)
{
    sampler->rate = rate_make(a_second, a_second);
    atomic_init(&sampler->full_ns, 0);
    atomic_init(&sampler->left_out, 0);
}

uint64_t sampler_take(struct sampler *sampler, uint64_t now_ns)
{
    uint64_t before = atomic_load_explicit(&sampler->full_ns, memory_order_relaxed), after;
    do {
        after = before;
        if (rate_take(&sampler->rate, &after, now_ns) > 0) {
            atomic_fetch_add_explicit(&sampler->left_out, 1, memory_order_relaxed);
            return 0;
        }
    } while (!atomic_compare_exchange_weak_explicit(&sampler->full_ns, &before, after, memory_order_relaxed,
                                                    memory_order_relaxed));
    return atomic_exchange_explicit(&sampler->left_out, 0, memory_order_relaxed) + 1;
}
