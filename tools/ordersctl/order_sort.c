/* order_sort.c: a table. */
#include "order_sort.h"

#include <string.h>

static const struct {
    const char *name, *order_by;
} sorts[] = {
    {"id", "id"},
    {"id:desc", "id desc"},
    {"order_date", "order_date"},
    {"order_date:desc", "order_date desc"},
    {"total_amount", "total_amount"},
    {"total_amount:desc", "total_amount desc"},
    {0},
};

const char *order_sort_name(size_t i)
{
    return sorts[i].name;
}

const char *order_sort_find(const char *name)
{
    size_t i = 0;
    while (sorts[i].name != NULL && strcmp(sorts[i].name, name) != 0)
        i++;
    return sorts[i].order_by;
}

struct guess order_sort_guess(const char *name)
{
    struct guess guess = guess_begin(name);
    for (size_t i = 0; sorts[i].name != NULL; i++)
        guess_try(&guess, sorts[i].name);
    return guess;
}
