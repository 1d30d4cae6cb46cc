/* text_list.c: one item after another. */
#include "base/text_list.h"

#include <ctype.h>
#include <string.h>

const char *const *text_list_split(struct arena *arena, const char *text, size_t most, size_t *count)
{
    const char **items = arena_calloc(arena, most + 1, sizeof *items);
    size_t n = 0;
    while (*text != '\0') {
        text += strspn(text, ", \t");
        const size_t length = strcspn(text, ",");
        size_t trimmed = length;
        while (trimmed > 0 && isspace((unsigned char)text[trimmed - 1]))
            trimmed--;
        if (trimmed > 0 && n == most)
            return NULL;
        if (trimmed > 0)
            items[n++] = arena_copy(arena, text, trimmed);
        text += length;
    }
    *count = n;
    return items;
}
