/* test_pace.c: how many operations a batch may have, from batches of known times. */
#include "store/pace.h"

#include "base/time.h"
#include "store/lane.h"

#include <criterion/criterion.h>

static struct pace pace;
static uint64_t now_ns;

static void set_up(void)
{
    pace_init(&pace);
    now_ns = 1000 * (uint64_t)NS_PER_S;
}

TestSuite(pace, .init = set_up);

/* As many batches of as many operations as there may be, which take so long. */
static void run(unsigned batches, unsigned any_ms, unsigned each_ms)
{
    for (unsigned i = 0; i < batches; i++) {
        const uint64_t took_ns = (any_ms + (uint64_t)each_ms * pace.most) * NS_PER_MS;
        now_ns += took_ns;
        pace_note(&pace, pace.most, took_ns, now_ns);
    }
}

static void note_quick(void)
{
    now_ns += NS_PER_MS;
    pace_note(&pace, 1, NS_PER_MS, now_ns);
}

Test(pace, is_no_bound_where_operations_are_quick)
{
    note_quick();
    run(20, 5, 0);
    cr_assert_eq(pace.most, LANE_BATCH_MOST);
}

Test(pace, slow_operations_go_a_few_at_a_time)
{
    note_quick();
    run(1, 1, 80);
    cr_assert_eq(pace.most, 1);
    for (int i = 0; i < 100; i++) {
        run(1, 1, 80);
        cr_assert_leq(pace.most, 4);
    }
    note_quick();
    run(1, 1, 10);
    cr_assert_leq(pace.most, 10);
}

/* Fewer would not be quicker. */
Test(pace, what_any_batch_takes_is_no_reason_for_small_ones)
{
    note_quick();
    run(1, 300, 0);
    for (int i = 0; i < 20; i++)
        run(1, 300, 0);
    cr_assert_eq(pace.most, LANE_BATCH_MOST);
}

Test(pace, it_is_as_before_once_operations_are_quick_again)
{
    note_quick();
    run(20, 1, 80);
    run(12, 1, 0);
    cr_assert_eq(pace.most, LANE_BATCH_MOST);
}
