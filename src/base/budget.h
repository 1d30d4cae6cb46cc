/* budget.h: a shared limit of memory, for requests and answers together. Who keeps memory for longer than a
 * moment takes it from the budget first, and gives it back when it is freed. Safe from any thread. */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
    size_t limit;        /* in bytes; set before it is shared */
    atomic_size_t taken; /* more than the limit, when something was added that could not be refused */
    atomic_bool wanted;
};

/* False: the limit would be exceeded. Nothing was taken, and the budget is wanted (budget_want). */
bool budget_take(struct budget *budget, size_t bytes);

/* Takes it, even beyond the limit. */
void budget_add(struct budget *budget, size_t bytes);

void budget_give_back(struct budget *budget, size_t bytes);

/* Whether more than the limit is taken. */
bool budget_is_exceeded(const struct budget *budget);

/* Something was refused for want of memory: who keeps answers for peers that do not read them is to free
 * some. */
void budget_want(struct budget *budget);

/* Whether budget_want was called since the last budget_meet_want. */
bool budget_is_wanted(const struct budget *budget);

/* Some of it is about to be freed. */
void budget_meet_want(struct budget *budget);

/* One user's part of a shared budget. `own` bytes are reserved for it, whatever the others take, and `most`
 * bounds it, so that something is left for the others. */
struct budget_part {
    struct budget *whole;
    size_t own;  /* reserved, in bytes; set before it is shared, as `whole` and `most` are */
    size_t most; /* bound of all it takes; a single request or answer, alone, may take the whole budget */
    atomic_size_t taken; /* of the whole */
};

/* As those of a budget. */
bool budget_part_take(struct budget_part *part, size_t bytes);
void budget_part_add(struct budget_part *part, size_t bytes);
void budget_part_give_back(struct budget_part *part, size_t bytes);

/* A part that several users share, each known by a number. When the part is full, a user that has taken less
 * than its share may still take up to it, beyond the budget. A share is the part's `own`, divided by the
 * number of users that have taken something. */
enum { BUDGET_SHARES = 64 };

struct budget_shares {
    struct budget_part *part; /* set before it is shared */
    atomic_size_t taken[BUDGET_SHARES];
};

/* `whose` is below BUDGET_SHARES. */
bool budget_shares_take(struct budget_shares *shares, unsigned whose, size_t bytes);
void budget_shares_add(struct budget_shares *shares, unsigned whose, size_t bytes);
void budget_shares_give_back(struct budget_shares *shares, unsigned whose, size_t bytes);

#endif
