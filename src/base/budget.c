/* budget.c: a sum, and a note. */
#include "base/budget.h"

#include <assert.h>

bool budget_take(struct budget *budget, size_t bytes)
{
    size_t taken = atomic_load_explicit(&budget->taken, memory_order_relaxed);
    do {
        if (taken > budget->limit || bytes > budget->limit - taken) {
            budget_want(budget);
            return false;
        }
    } while (!atomic_compare_exchange_weak(&budget->taken, &taken, taken + bytes));
    return true;
}

void budget_add(struct budget *budget, size_t bytes)
{
    atomic_fetch_add(&budget->taken, bytes);
}

void budget_give_back(struct budget *budget, size_t bytes)
{
    const size_t taken = atomic_fetch_sub(&budget->taken, bytes);
    assert(taken >= bytes);
    (void)taken;
}

bool budget_is_exceeded(const struct budget *budget)
{
    return atomic_load_explicit(&budget->taken, memory_order_relaxed) > budget->limit;
}

void budget_want(struct budget *budget)
{
    atomic_store_explicit(&budget->wanted, true, memory_order_relaxed);
}

bool budget_is_wanted(const struct budget *budget)
{
    return atomic_load_explicit(&budget->wanted, memory_order_relaxed);
}

void budget_meet_want(struct budget *budget)
{
    atomic_store_explicit(&budget->wanted, false, memory_order_relaxed);
}

void budget_part_add(struct budget_part *part, size_t bytes)
{
    atomic_fetch_add(&part->taken, bytes);
    budget_add(part->whole, bytes);
}

bool budget_part_take(struct budget_part *part, size_t bytes)
{
    const size_t taken = atomic_fetch_add(&part->taken, bytes);
    const bool leaves_some = taken == 0 || (taken <= part->most && bytes <= part->most - taken);
    if (leaves_some && budget_take(part->whole, bytes))
        return true;
    if (!leaves_some)
        budget_want(part->whole);
    if (taken <= part->own && bytes <= part->own - taken) {
        budget_add(part->whole, bytes);
        return true;
    }
    atomic_fetch_sub(&part->taken, bytes);
    return false;
}

void budget_part_give_back(struct budget_part *part, size_t bytes)
{
    atomic_fetch_sub(&part->taken, bytes);
    budget_give_back(part->whole, bytes);
}

static unsigned count_sharers(const struct budget_shares *shares)
{
    unsigned n = 0;
    for (unsigned i = 0; i < BUDGET_SHARES; i++)
        n += atomic_load_explicit(&shares->taken[i], memory_order_relaxed) > 0;
    return n;
}

bool budget_shares_take(struct budget_shares *shares, unsigned whose, size_t bytes)
{
    const size_t taken = atomic_fetch_add(&shares->taken[whose], bytes) + bytes;
    if (budget_part_take(shares->part, bytes))
        return true;
    const unsigned sharers = count_sharers(shares);
    if (sharers > 0 && taken <= shares->part->own / sharers) {
        budget_part_add(shares->part, bytes);
        return true;
    }
    atomic_fetch_sub(&shares->taken[whose], bytes);
    return false;
}

void budget_shares_add(struct budget_shares *shares, unsigned whose, size_t bytes)
{
    atomic_fetch_add(&shares->taken[whose], bytes);
    budget_part_add(shares->part, bytes);
}

void budget_shares_give_back(struct budget_shares *shares, unsigned whose, size_t bytes)
{
    const size_t taken = atomic_fetch_sub(&shares->taken[whose], bytes);
    assert(taken >= bytes);
    (void)taken;
    budget_part_give_back(shares->part, bytes);
}
