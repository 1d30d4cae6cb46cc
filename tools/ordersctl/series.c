/* series.c: the last one is kept apart, as what stands before it is not known until the end. */
#include "series.h"

void series_add(struct series *series, const char *name, struct arena *arena)
{
    if (series->n == 1)
        series->text = series->last;
    else if (series->n > 1)
        series->text = arena_printf(arena, "%s, %s", series->text, series->last);
    series->last = name;
    series->n++;
}

const char *series_text(const struct series *series, const char *word, struct arena *arena)
{
    return series->n < 2 ? series->last : arena_printf(arena, "%s %s %s", series->text, word, series->last);
}
