/* unreachable.c: percent-encoding (RFC 3986, 2.1), as names by SQL may hold anything. */
#include "http/unreachable.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_unreserved(char c)
{
    return isascii((unsigned char)c) && (isalnum((unsigned char)c) || strchr("-._~", c) != NULL);
}

static size_t encoded_length(const char *name)
{
    size_t length = *name == '\0';
    for (; *name != '\0'; name++)
        length += is_unreserved(*name) ? 1 : 3;
    return length;
}

static char *encode(char *out, const char *name)
{
    static const char hex[] = "0123456789ABCDEF";
    if (*name == '\0')
        *out++ = '*';
    for (; *name != '\0'; name++) {
        const unsigned char c = (unsigned char)*name;
        if (is_unreserved(*name)) {
            *out++ = *name;
            continue;
        }
        *out++ = '%';
        *out++ = hex[c >> 4];
        *out++ = hex[c & 0xf];
    }
    return out;
}

void unreachable_add(char *const names[], size_t n, struct arena *arena, struct answer *answer)
{
    static const char others[] = ",*";
    if (n == 0)
        return;
    char *const value = arena_alloc(arena, UNREACHABLE_MOST_BYTES + 1);
    const char *const end = value + UNREACHABLE_MOST_BYTES - strlen(others);
    char *out = value;
    for (size_t i = 0; i < n; i++) {
        const bool fits = encoded_length(names[i]) + 1 <= (size_t)(end - out);
        if (out > value)
            *out++ = ',';
        if (!fits) {
            *out++ = '*';
            break;
        }
        out = encode(out, names[i]);
    }
    *out = '\0';
    answer_header(answer, UNREACHABLE_HEADER, value);
}
