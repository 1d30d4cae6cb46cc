/* guess.h: "did you mean": of names that are tried one by one, the one that is most like what was typed. */
#ifndef ORDERSCTL_GUESS_H
#define ORDERSCTL_GUESS_H

#include "base/arena.h"

struct guess {
    const char *typed;
    const char *best; /* NULL: none is like it */
    int mistakes;     /* of the best */
};

struct guess guess_begin(const char *typed);

/* The first of those that are equally like it stays. The name is not copied. */
void guess_try(struct guess *guess, const char *name);

/* "; did you mean \"list\"?", or "" when there is none. */
const char *guess_text(const struct guess *guess, struct arena *arena);

#endif
