/* likeness.c: Levenshtein's distance between the letters and digits of two names, with two neighbours that
 * changed places as one mistake (optimal string alignment). */
#include "base/likeness.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    LETTERS_MAX = 48,
    WITHIN_LEAST = 3,        /* letters that say something when they stand in another name */
    LETTERS_PER_MISTAKE = 4, /* so many more letters allow for one more mistake */
};

/* Its letters and digits in lower case. False: there are none, or too many. */
static bool reduce(const char *name, char out[static LETTERS_MAX + 1])
{
    size_t n = 0;
    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name))
            continue;
        if (n == LETTERS_MAX)
            return false;
        out[n++] = (char)tolower((unsigned char)*name);
    }
    out[n] = '\0';
    return n > 0;
}

static int least(int a, int b, int c)
{
    const int less = a < b ? a : b;
    return less < c ? less : c;
}

/* The table of distances, row by row; of those above, two are looked at. */
static int distance(const char *a, const char *b)
{
    int rows[3][LETTERS_MAX + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    const int length = (int)strlen(b);
    for (int j = 0; j <= length; j++)
        row[j] = j;
    for (int i = 1; a[i - 1] != '\0'; i++) {
        int *const oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (int j = 1; j <= length; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1, row[j]);
        }
    }
    return row[length];
}

int name_likeness(const char *typed, const char *name)
{
    char a[LETTERS_MAX + 1], b[LETTERS_MAX + 1];
    if (!reduce(typed, a) || !reduce(name, b))
        return NAMES_UNLIKE;
    const int mistakes = distance(a, b);
    const bool within = strlen(a) >= WITHIN_LEAST && strstr(b, a) != NULL;
    const bool slip = mistakes <= 1 + (int)strlen(b) / LETTERS_PER_MISTAKE && 2 * mistakes < (int)strlen(b);
    return within || slip ? mistakes : NAMES_UNLIKE;
}
