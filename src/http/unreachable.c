/* unreachable.c: percent-encoding (RFC 3986, 2.1), as names by SQL may hold anything. */
#include "http/unreachable.h"

#include "http/url.h"

#include <stdbool.h>
#include <string.h>

/* One without a name stands for those that could not be named. */
static const char nameless[] = "*";

static size_t encoded_length(const char *name)
{
    return *name == '\0' ? strlen(nameless) : url_escaped_length(name);
}

static char *encode(char *out, const char *name)
{
    return *name == '\0' ? mempcpy(out, nameless, strlen(nameless)) : url_escape(out, name);
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
