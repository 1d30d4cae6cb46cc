/* test_pace.c: how many operations a batch may have, from batches of known times. */
#include "store/pace.h"

#include "base/time.h"
#include "store/lane.h"

#include <criterion/criterion.h>

static struct pace pace;

static void set_up(void)
{
    pace_init(&pace);
}

TestSuite(pace, .init = set_up);

/* A batch of as many operations as there may be, or wait. */
static void note(unsigned waiting, unsigned any_ms, unsigned each_ms)
{
    const unsigned n = waiting < pace.most ? waiting : pace.most;
    pace_note(&pace, n, (any_ms + (uint64_t)each_ms * n) * NS_PER_MS);
}

/* Such as is refused, or was made before: it writes nothing. */
static void note_quick(void)
{
    note(1, 1, 0);
}

Test(pace, is_no_bound_where_operations_are_quick)
{
    for (int i = 0; i < 20; i++)
        note(i % 2 == 0 ? 1000 : 1, 5, 0);
    cr_assert_eq(pace.most, LANE_BATCH_MOST);
}

Test(pace, slow_operations_go_a_few_at_a_time)
{
    static const unsigned each_ms[] = {80, 150, 3000};
    for (size_t i = 0; i < sizeof each_ms / sizeof *each_ms; i++) {
        pace_init(&pace);
        note(60, 1, each_ms[i]);
        note(60, 1, each_ms[i]);
        for (int j = 0; j < 100; j++) {
            cr_assert_leq(pace.most, 4, "%u ms, batch %d", each_ms[i], j);
            if (j % 3 == 0)
                note_quick();
            note(60, 1, each_ms[i]);
        }
    }
    for (int i = 0; i < 20; i++)
        note(60, 1, 10);
    cr_assert_leq(pace.most, 20);
}

/* One at a time tells of them before there are many. */
Test(pace, a_first_slow_one_is_followed_by_few)
{
    note(1, 0, 101);
    cr_assert_leq(pace.most, 2);
    note(60, 0, 101);
    cr_assert_eq(pace.most, 1);
}

/* Fewer would not be quicker, whatever writes nothing takes. */
Test(pace, what_any_batch_takes_is_no_reason_for_small_ones)
{
    for (int i = 0; i < 100; i++) {
        note(1000, 300, 0);
        if (i % 3 == 0)
            note_quick();
        cr_assert_geq(pace.most, LANE_BATCH_MOST / 2, "batch %d", i);
    }
}

Test(pace, it_is_as_before_once_operations_are_quick_again)
{
    for (int i = 0; i < 20; i++)
        note(60, 1, 80);
    for (int i = 0; i < 10; i++)
        note(1000, 1, 0);
    cr_assert_eq(pace.most, LANE_BATCH_MOST);
}

/* Such as a disk that begins to be slow: most is found again. */
Test(pace, one_slow_operation_at_a_time_is_not_for_ever)
{
    for (int i = 0; i < 20; i++)
        note(60, 1, 3000);
    for (int i = 0; i < 30; i++)
        note(1000, 150, 0);
    cr_assert_geq(pace.most, LANE_BATCH_MOST / 2);
}
