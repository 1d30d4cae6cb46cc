/* budget.h: how much memory all that is under way may take together. Whoever keeps some of it for longer than
 * a moment says so here first, and again when it is freed. Safe from any thread.
 */
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

/* False: there is no room for it, nothing was taken, and more is wanted. */
bool budget_take(struct budget *budget, size_t bytes);

/* Takes it, whatever there is. */
void budget_add(struct budget *budget, size_t bytes);

void budget_give_back(struct budget *budget, size_t bytes);

/* Whether more than the limit is taken. */
bool budget_is_exceeded(const struct budget *budget);

/* Something was refused for want of it: whoever keeps some for peers that do not take it is to free it. */
void budget_want(struct budget *budget);

/* Since budget_meet_want was last called. */
bool budget_is_wanted(const struct budget *budget);

/* Some of it is about to be freed. */
void budget_meet_want(struct budget *budget);

/* A budget as one of those who share it has it: there is always room for its own part, whatever the others
 * take, and it leaves them some. */
struct budget_part {
    struct budget *whole;
    size_t own;          /* in bytes; set before it is shared, as `whole` and `most` are */
    size_t most;         /* which it takes together; one thing alone may take the whole */
    atomic_size_t taken; /* of the whole */
};

/* As those of a budget. */
bool budget_part_take(struct budget_part *part, size_t bytes);
void budget_part_add(struct budget_part *part, size_t bytes);
void budget_part_give_back(struct budget_part *part, size_t bytes);

/* A part that several share, by a number of theirs. Whoever has taken less than an equal share of the part's
 * own, of those who have any, finds room for so much when there is none for others: more than the budget is
 * taken then. */
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
