/* chart.h: numbers as bars, one below the other. */
#ifndef ORDERSCTL_CHART_H
#define ORDERSCTL_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct chart_bar {
    const char *label;
    const char *text; /* the value, as it is to be read */
    int64_t value;    /* as it is to be drawn; none, when it is not above 0 */
};

/* Writes a line a bar: label, text, bar. The longest bar ends in the last of so many columns, and the others
 * are in proportion to it, to an eighth of a column in a locale with UTF-8, else to a whole one; one of a
 * value above 0 is never without any length. Labels and texts are made printable; a line without room for a
 * bar has none. */
void chart_write(FILE *file, const struct chart_bar bars[], size_t n, size_t columns, bool utf8);

#endif
