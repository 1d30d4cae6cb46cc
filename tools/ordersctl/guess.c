/* guess.c: the least distance counts. */
#include "guess.h"

#include "base/likeness.h"

#include <stddef.h>

struct guess guess_begin(const char *typed)
{
    return (struct guess){.typed = typed, .mistakes = NAMES_UNLIKE};
}

void guess_try(struct guess *guess, const char *name)
{
    const int mistakes = name_likeness(guess->typed, name);
    if (mistakes >= guess->mistakes)
        return;
    guess->mistakes = mistakes;
    guess->best = name;
}

const char *guess_text(const struct guess *guess, struct arena *arena)
{
    return guess->best != NULL ? arena_printf(arena, "; did you mean \"%s\"?", guess->best) : "";
}
