/* likeness.h: how like a known name an unknown one is, for "did you mean". */
#ifndef BASE_LIKENESS_H
#define BASE_LIKENESS_H

#include <limits.h>

enum { NAMES_UNLIKE = INT_MAX };

/* How many letters have to be typed, left out, changed or swapped with the next to make one name of the
 * other; capitals, blanks and punctuation do not count. NAMES_UNLIKE: more than could be a slip. A name that
 * holds the typed one whole ("total_amount" of "amount") is like it. Time and memory are bounded, whatever
 * was typed. */
int name_likeness(const char *typed, const char *name);

#endif
