/* metric_value.c: all of them are gathered, as for a scrape. */
#include "metric_value.h"

#include "base/arena.h"

#include <string.h>

double metric_value(struct metrics *metrics, const char *name, size_t label, const char *value)
{
    struct arena arena;
    size_t n;
    double found = -1;
    arena_init(&arena);
    const struct metrics_group *groups = metrics_gather(metrics, &arena, &n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < groups[i].n_samples; j++) {
            const struct metrics_sample *sample = &groups[i].samples[j];
            if (strcmp(sample->name, name) == 0 &&
                (value == NULL || strcmp(sample->labels[label].value, value) == 0))
                found = sample->value;
        }
    }
    arena_free(&arena);
    return found;
}
