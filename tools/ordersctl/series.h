/* series.h: names in a row, for people: "get, list and update". */
#ifndef ORDERSCTL_SERIES_H
#define ORDERSCTL_SERIES_H

#include "base/arena.h"

#include <stddef.h>

/* Zeroed: there are none. */
struct series {
    const char *text; /* all but the last, comma-separated; NULL: there are none */
    const char *last;
    size_t n;
};

/* The name is not copied. */
void series_add(struct series *series, const char *name, struct arena *arena);

/* With "and" or "or" before the last of several; NULL when there are none. */
const char *series_text(const struct series *series, const char *word, struct arena *arena);

#endif
