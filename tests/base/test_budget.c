/* test_budget.c: what is taken, by one thread and by many. */
#include "base/budget.h"

#include <criterion/criterion.h>
#include <pthread.h>

Test(budget, no_more_than_the_limit_is_taken)
{
    struct budget budget = {.limit = 10};
    cr_assert(budget_take(&budget, 6));
    cr_assert_not(budget_take(&budget, 5));
    cr_assert(budget_take(&budget, 4));
    cr_assert_not(budget_is_exceeded(&budget));
    cr_assert_not(budget_take(&budget, 1));
    cr_assert_not(budget_take(&budget, (size_t)-1));
    budget_give_back(&budget, 10);
    cr_assert(budget_take(&budget, 10));
}

Test(budget, what_cannot_be_refused_is_added_to_it)
{
    struct budget budget = {.limit = 10};
    budget_add(&budget, 12);
    cr_assert(budget_is_exceeded(&budget));
    cr_assert_not(budget_take(&budget, 0));
    budget_give_back(&budget, 3);
    cr_assert_not(budget_is_exceeded(&budget));
    cr_assert(budget_take(&budget, 1));
}

Test(budget, more_is_wanted_once_something_was_refused)
{
    struct budget budget = {.limit = 10};
    cr_assert(budget_take(&budget, 10));
    cr_assert_not(budget_is_wanted(&budget));
    cr_assert_not(budget_take(&budget, 1));
    cr_assert(budget_is_wanted(&budget));
    budget_give_back(&budget, 5);
    cr_assert(budget_is_wanted(&budget), "who was refused is not the one that comes again");
    budget_meet_want(&budget);
    cr_assert_not(budget_is_wanted(&budget));
}

/* What others took is no reason to refuse it that; nor is it a bound. */
Test(budget, a_part_of_it_is_there_whatever_others_take)
{
    struct budget budget = {.limit = 20};
    struct budget_part part = {.whole = &budget, .own = 5, .most = budget.limit};
    cr_assert(budget_part_take(&part, 8));
    budget_add(&budget, 15);
    cr_assert_not(budget_part_take(&part, 1), "it has more than its own");
    budget_part_give_back(&part, 8);
    cr_assert(budget_part_take(&part, 5));
    cr_assert_eq(atomic_load(&part.taken), 5);
    budget_add(&budget, 1);
    cr_assert_not(budget_part_take(&part, 1));
    cr_assert(budget_is_wanted(&budget));
    budget_part_give_back(&part, 2);
    cr_assert_not(budget_part_take(&part, 3));
    cr_assert(budget_part_take(&part, 2), "what was given back is its own again");
    budget_part_give_back(&part, 5);
    cr_assert_eq(atomic_load(&budget.taken), 16);
    cr_assert_eq(atomic_load(&part.taken), 0);
}

enum { THREADS = 4, TIMES = 100000 };

static void *take_and_give_back(void *arg)
{
    struct budget *budget = arg;
    for (int i = 0; i < TIMES; i++) {
        if (budget_take(budget, 2)) {
            cr_assert_leq(atomic_load(&budget->taken), budget->limit);
            budget_give_back(budget, 2);
        }
    }
    return NULL;
}

Test(budget, threads_share_it)
{
    struct budget budget = {.limit = 3};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, take_and_give_back, &budget);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(atomic_load(&budget.taken), 0);
}

/* What one has taken, of its own part and of all else, is no reason to refuse another a little. */
Test(budget, who_has_less_than_a_share_finds_room)
{
    struct budget whole = {.limit = 100};
    struct budget_part part = {.whole = &whole, .own = 20, .most = whole.limit};
    struct budget_shares shares = {.part = &part};
    budget_add(&whole, 100);
    cr_assert(budget_shares_take(&shares, 1, 20), "its own part");
    cr_assert_not(budget_shares_take(&shares, 1, 1));
    cr_assert(budget_shares_take(&shares, 2, 10), "half of the part");
    cr_assert_not(budget_shares_take(&shares, 2, 1));
    cr_assert(budget_shares_take(&shares, 3, 6), "a third");
    cr_assert_not(budget_shares_take(&shares, 3, 1));
    cr_assert_eq(atomic_load(&whole.taken), 136);
    budget_shares_give_back(&shares, 1, 20);
    budget_shares_give_back(&shares, 2, 10);
    budget_shares_give_back(&shares, 3, 6);
    cr_assert_eq(atomic_load(&whole.taken), 100);
    cr_assert_eq(atomic_load(&part.taken), 0);
}

/* Alone it may be larger. */
Test(budget, a_part_of_it_leaves_some_to_others)
{
    struct budget budget = {.limit = 20};
    struct budget_part part = {.whole = &budget, .own = 5, .most = 15};
    cr_assert(budget_part_take(&part, 10));
    cr_assert_not(budget_part_take(&part, 6));
    cr_assert(budget_is_wanted(&budget));
    cr_assert(budget_part_take(&part, 5));
    cr_assert(budget_take(&budget, 5));
    budget_give_back(&budget, 5);
    budget_part_give_back(&part, 15);
    cr_assert(budget_part_take(&part, 20));
    budget_part_give_back(&part, 20);
    cr_assert_eq(atomic_load(&part.taken), 0);
}
