/* test_rate.c: how often something may happen, and what of it is told. */
#include "base/rate.h"

#include "base/sampler.h"

#include <criterion/criterion.h>

Test(rate, a_full_bucket_may_be_taken_at_once_and_fills_up_again)
{
    const struct rate rate = rate_make(10, 4);
    uint64_t full_ns = 0, now_ns = NS_PER_S;
    for (int i = 0; i < 4; i++)
        cr_assert_eq(rate_take(&rate, &full_ns, now_ns), 0);
    cr_assert_eq(rate_take(&rate, &full_ns, now_ns), NS_PER_S / 10);
    cr_assert_eq(rate_take(&rate, &full_ns, now_ns + NS_PER_S / 20), NS_PER_S / 20);
    now_ns += NS_PER_S / 10;
    cr_assert_eq(rate_take(&rate, &full_ns, now_ns), 0);
    cr_assert_gt(rate_take(&rate, &full_ns, now_ns), 0);
    now_ns += 100 * (uint64_t)NS_PER_S;
    for (int i = 0; i < 4; i++)
        cr_assert_eq(rate_take(&rate, &full_ns, now_ns), 0);
    cr_assert_gt(rate_take(&rate, &full_ns, now_ns), 0, "it holds no more");
}

/* Threads look at the clock, and come in another order. */
Test(rate, none_has_no_end)
{
    const struct rate rate = rate_make(0, 0);
    uint64_t full_ns = 0;
    for (uint64_t now_ns = 1000; now_ns > 0; now_ns--)
        cr_assert_eq(rate_take(&rate, &full_ns, now_ns), 0);
}

Test(rate, a_sample_says_how_many_it_stands_for)
{
    struct sampler sampler;
    uint64_t now_ns = NS_PER_S;
    sampler_init(&sampler, 2);
    cr_assert_eq(sampler_take(&sampler, now_ns), 1);
    cr_assert_eq(sampler_take(&sampler, now_ns), 1);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(sampler_take(&sampler, now_ns), 0);
    now_ns += NS_PER_S / 2;
    cr_assert_eq(sampler_take(&sampler, now_ns), 11);
    cr_assert_eq(sampler_take(&sampler, now_ns), 0);
    sampler_init(&sampler, 0);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(sampler_take(&sampler, now_ns), 1);
}
