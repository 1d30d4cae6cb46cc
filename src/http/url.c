/* url.c: percent-decoding (RFC 3986), and in queries "+" for a blank as forms have it. */
#include "http/url.h"

#include "base/hex.h"
#include "base/utf8.h"

#include <string.h>

/* Takes the next character off an escaped text. A "%" without two digits behind it stays as it is, and makes
 * *whole false. */
static char next_character(const char **from, const char *end, bool plus_is_blank, bool *whole)
{
    const char c = *(*from)++;
    if (c == '+' && plus_is_blank)
        return ' ';
    if (c != '%')
        return c;
    const int high = end - *from >= 2 ? hex_digit((*from)[0]) : -1;
    const int low = end - *from >= 2 ? hex_digit((*from)[1]) : -1;
    if (high < 0 || low < 0) {
        *whole = false;
        return c;
    }
    *from += 2;
    return (char)(high << 4 | low);
}

static struct url_part decode(const char *from, size_t length, bool plus_is_blank, struct arena *arena)
{
    const char *const end = from + length;
    char *bytes = arena_alloc(arena, length + 1);
    size_t n = 0;
    bool whole = true;
    while (from < end)
        bytes[n++] = next_character(&from, end, plus_is_blank, &whole);
    bytes[n] = '\0';
    bool is_text = whole && memchr(bytes, '\0', n) == NULL && utf8_valid(bytes, n);
    return (struct url_part){.bytes = bytes, .length = n, .is_text = is_text};
}

/* Where the path begins: proxies send the whole URL (RFC 9112, 3.2.2). */
static const char *path_of(const char *target)
{
    const char *authority = strstr(target, "://");
    if (*target == '/' || authority == NULL)
        return target;
    authority += strlen("://");
    return authority + strcspn(authority, "/?");
}

void url_parse(const char *target, struct arena *arena, struct url *url)
{
    const char *path = path_of(target);
    const char *end = path + strcspn(path, "?");
    *url = (struct url){.query = *end == '?' ? end + 1 : ""};
    while (path < end) {
        if (*path != '/' || url->n_segments == URL_MAX_SEGMENTS) {
            url->n_segments = 0;
            return;
        }
        path++;
        size_t length = strcspn(path, "/?");
        url->segments[url->n_segments++] = decode(path, length, false, arena);
        path += length;
    }
}

const char *url_without_slash(const char *target, struct arena *arena)
{
    static const char hex[] = "0123456789ABCDEF";
    const char *path = path_of(target), *query = path + strcspn(path, "?"), *end = query;
    while (end > path && end[-1] == '/')
        end--;
    char *text = arena_alloc(arena, 3 * strlen(path) + 1), *out = text;
    for (const char *at = path; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        if (at >= end && at < query)
            continue;
        if (c > ' ' && c < 0x7f) {
            *out++ = *at;
        } else {
            *out++ = '%';
            *out++ = hex[c >> 4];
            *out++ = hex[c & 0xf];
        }
    }
    *out = '\0';
    return text;
}

/* Whether an escaped name is this one. Compared as it is decoded: a query may have thousands of names. */
static bool is_name(const char *escaped, size_t length, const char *name)
{
    const char *const end = escaped + length;
    bool whole = true;
    while (escaped < end) {
        const char c = next_character(&escaped, end, true, &whole);
        if (c == '\0' || c != *name) /* an escaped NUL is not the name's end */
            return false;
        name++;
    }
    return *name == '\0';
}

bool url_query_find(const char *query, const char *name, struct arena *arena, struct url_part *value)
{
    const char *found = NULL; /* the last one's value */
    size_t found_length = 0;
    while (*query != '\0') {
        const size_t length = strcspn(query, "&");
        const size_t name_length = strcspn(query, "=&");
        if (is_name(query, name_length, name)) {
            const size_t skipped = name_length < length ? name_length + 1 : name_length;
            found = query + skipped;
            found_length = length - skipped;
        }
        query += length;
        query += *query == '&';
    }
    if (found != NULL)
        *value = decode(found, found_length, true, arena);
    return found != NULL;
}
