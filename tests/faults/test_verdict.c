/* test_verdict.c: that a broken promise is found, whichever it is. */
#include "verdict.h"
#include "violations.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct state present = {.present = true, .etag = "1-a", .amount = 5, .status = 1};
static const struct state absent = {.present = false};

/* Judges one order that was acknowledged as one state and is stored as another. */
static unsigned violations_of(const struct state *acknowledged, const struct state *doubtful,
                              const struct state *stored_state)
{
    struct entry entry = {.order_id = "A", .acknowledged = *acknowledged, .in_doubt = doubtful != NULL};
    struct stored stored = {.order_id = "A", .state = *stored_state};
    if (doubtful != NULL)
        entry.doubtful = *doubtful;
    const struct journal journal = {.entries = &entry, .n = 1};
    const unsigned before = violations_count();
    verdict_on_orders(&journal, 1, &stored, stored_state->present);
    return violations_count() - before;
}

static struct state with(struct state state, const char *etag, int64_t amount)
{
    strcpy(state.etag, etag);
    state.amount = amount;
    return state;
}

Test(verdict, what_was_acknowledged_is_there)
{
    const struct state other = with(present, "1-a", 6);
    cr_assert_eq(violations_of(&present, NULL, &present), 0);
    cr_assert_eq(violations_of(&present, NULL, &absent), 1, "a lost write");
    cr_assert_eq(violations_of(&present, NULL, &other), 1, "another write");
}

Test(verdict, it_is_there_once)
{
    const struct state again = with(present, "1-b", 5), anew = with(present, "2-a", 5);
    cr_assert_eq(violations_of(&present, NULL, &again), 1, "an update that was made twice");
    cr_assert_eq(violations_of(&present, NULL, &anew), 1, "an order that was deleted and created again");
}

Test(verdict, what_was_refused_or_deleted_is_absent)
{
    cr_assert_eq(violations_of(&absent, NULL, &absent), 0);
    cr_assert_eq(violations_of(&absent, NULL, &present), 1);
}

Test(verdict, what_was_not_answered_is_there_or_not)
{
    const struct state written = with(present, "", 6), found = with(present, "1-b", 6);
    const struct state neither = with(present, "1-c", 7), touched = with(present, "1-b", 5);
    cr_assert_eq(violations_of(&present, &written, &present), 0);
    cr_assert_eq(violations_of(&present, &written, &found), 0);
    cr_assert_eq(violations_of(&present, &written, &neither), 1);
    cr_assert_eq(violations_of(&present, &written, &touched), 1);
    cr_assert_eq(violations_of(&present, &written, &absent), 1);
    cr_assert_eq(violations_of(&present, &absent, &absent), 0);
    cr_assert_eq(violations_of(&absent, &written, &found), 0);
}

Test(verdict, there_is_nothing_else)
{
    const struct stored stored = {.order_id = "B", .state = present};
    const struct journal journal = {0};
    verdict_on_orders(&journal, 1, &stored, 1);
    cr_assert_eq(violations_count(), 1);
}
