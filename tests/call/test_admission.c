/* test_admission.c: who may have how much in hand. */
#include "call/admission.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

static struct admission *admission;
static struct budget memory;
static struct caller callers[41];

static void set_up(void)
{
    const struct admission_limits limits = {.calls = 8, .most_calls = 40, .memory = &memory};
    memory = (struct budget){.limit = 1000};
    admission = admission_new(&limits, (struct admission_gauges){NULL});
}

static void tear_down(void)
{
    admission_free(admission);
}

TestSuite(admission, .init = set_up, .fini = tear_down);

static unsigned enter(unsigned caller, unsigned calls, size_t bytes)
{
    unsigned admitted = 0;
    for (unsigned i = 0; i < calls; i++)
        admitted += admission_enter(admission, &callers[caller], bytes);
    return admitted;
}

/* It is answered, and the answer is taken at once. */
static void leave(unsigned caller, size_t bytes)
{
    admission_answer(admission, &callers[caller], bytes, bytes);
    admission_leave(admission, &callers[caller], bytes);
}

Test(admission, calls_are_bounded)
{
    cr_assert_eq(enter(1, 9, 1), 8);
    leave(1, 1);
    cr_assert_eq(enter(1, 1, 1), 0, "the refused one is in hand still");
    leave(1, 1);
    leave(1, 1);
    cr_assert_eq(enter(1, 1, 1), 1);
}

Test(admission, bytes_are_bounded)
{
    cr_assert_eq(enter(1, 3, 400), 2);
    cr_assert_eq(enter(1, 1, 1), 0);
    cr_assert_not(admission_grow(admission, &callers[1], 1));
    for (int i = 0; i < 3; i++)
        leave(1, 400);
    leave(1, 2);
    cr_assert_eq(enter(1, 1, 1000), 1);
    cr_assert(admission_grow(admission, &callers[1], 1000), "it is alone");
    cr_assert_eq(enter(1, 1, 1), 0);
}

/* What others have filled the bound with is no reason to refuse one who has less than a share of it. */
Test(admission, one_caller_shuts_no_other_out)
{
    cr_assert_eq(enter(1, 20, 1), 8);
    cr_assert_eq(enter(2, 6, 1), 4, "half of the bound");
    cr_assert_eq(enter(1, 1, 1), 0);
    cr_assert_eq(enter(3, 6, 1), 2, "a third");
    cr_assert_eq(enter(3, 1, 900), 0, "of the bytes too");
}

/* Shares end where there is nothing left to refuse with. */
Test(admission, not_all_of_them_together_have_more_than_the_most)
{
    cr_assert_eq(enter(1, 39, 1), 8);
    cr_assert_eq(enter(2, 4, 1), 1);
}

Test(admission, what_was_answered_is_not_in_hand)
{
    cr_assert_eq(enter(1, 6, 1), 6);
    for (int i = 0; i < 6; i++)
        admission_answer(admission, &callers[1], 1, 1);
    cr_assert_eq(enter(2, 8, 1), 8);
}

/* Who is within bounds in one of them needs no share of it because the other is short. */
Test(admission, a_share_is_of_what_is_short)
{
    cr_assert_eq(enter(1, 1, 900), 1);
    cr_assert_eq(enter(2, 6, 60), 6, "more than half of the calls, less than half of the memory");
    cr_assert_eq(enter(2, 1, 400), 0);
}

/* By whom does not matter. */
Test(admission, memory_is_shared_with_others)
{
    budget_add(&memory, 900);
    cr_assert_eq(enter(1, 1, 90), 1);
    cr_assert_eq(enter(1, 1, 950), 0);
    leave(1, 950);
    leave(1, 90);
    cr_assert_eq(atomic_load(&memory.taken), 900);
}

Test(admission, a_heavy_hitter_has_much_at_once_while_others_have_some)
{
    enter(1, 1000, 0);
    cr_assert_not(admission_has_heavy_hitter(admission), "nobody else waits");
    enter(2, 1, 0);
    enter(1, 1, 0);
    cr_assert(admission_has_heavy_hitter(admission));
    leave(2, 0);
    enter(1, 10, 0);
    cr_assert(admission_has_heavy_hitter(admission), "2 may ask again at any moment");
    enter(1, 10000, 0);
    cr_assert_not(admission_has_heavy_hitter(admission), "it did not");
}

Test(admission, many_who_ask_for_little_are_no_heavy_hitters)
{
    for (unsigned id = 1; id <= 40; id++)
        enter(id, 32, 0);
    cr_assert_not(admission_has_heavy_hitter(admission));
    enter(1, 1000, 0);
    cr_assert(admission_has_heavy_hitter(admission), "one is, however many there are");
}

/* As one is whose connection was closed behind the call. */
Test(admission, a_caller_who_is_gone_is_counted_and_refused)
{
    cr_assert_not(admission_enter(admission, NULL, 600));
    cr_assert_not(admission_grow(admission, NULL, 100));
    cr_assert_eq(atomic_load(&memory.taken), 700);
    admission_answer(admission, NULL, 700, 0);
    admission_leave(admission, NULL, 0);
    cr_assert_eq(atomic_load(&memory.taken), 0);
    cr_assert_eq(enter(1, 8, 1), 8);
}
