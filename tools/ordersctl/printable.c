/* printable.c: copies what is harmless and writes out the number of what is not. */
#include "printable.h"

#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

size_t printable_character(const char *text, size_t length, char out[static PRINTABLE_CHARACTER])
{
    uint32_t c = 0;
    size_t taken = utf8_decode(text, length, &c);
    if (taken == 0) {
        snprintf(out, PRINTABLE_CHARACTER, "\\x%02x", (unsigned char)*text);
        return 1;
    }
    if (utf8_is_harmful(c))
        utf8_escape(c, out);
    else
        *(char *)mempcpy(out, text, taken) = '\0';
    return taken;
}

char *printable(struct arena *arena, const char *text)
{
    enum { LONGEST_ESCAPE = 6 };
    size_t left = strlen(text);
    char *copy = arena_alloc(arena, left * LONGEST_ESCAPE + PRINTABLE_CHARACTER), *out = copy;
    *out = '\0';
    while (left > 0) {
        size_t taken = printable_character(text, left, out);
        out += strlen(out);
        text += taken;
        left -= taken;
    }
    return copy;
}

/* How many bytes the first character has, and how many columns it takes; of a style (ECMA-48, "\033[1m")
 * none. */
static size_t measure(const char *text, size_t length, size_t *columns)
{
    uint32_t c = 0;
    *columns = 0;
    if (*text == '\033') {
        const char *end = memchr(text, 'm', length);
        return end != NULL ? (size_t)(end - text) + 1 : 1;
    }
    const size_t taken = utf8_decode(text, length, &c);
    const int width = wcwidth((wchar_t)c);
    *columns = width > 0 ? (size_t)width : 0;
    return taken > 0 ? taken : 1;
}

struct printable_part printable_part(const char *text, size_t length, size_t columns)
{
    struct printable_part all = {0}, cut = {0};
    while (all.length < length) {
        size_t width;
        all.length += measure(text + all.length, length - all.length, &width);
        all.width += width;
        if (all.width < columns)
            cut = all;
    }
    return all.width <= columns ? all : cut;
}

size_t printable_width(const char *text)
{
    return printable_part(text, strlen(text), SIZE_MAX).width;
}
