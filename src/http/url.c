/* url.c: percent-decoding (RFC 3986), and in queries "+" for a blank as forms have it. */
#include "http/url.h"

#include "base/utf8.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* A "%" without two digits behind it stays as it is. */
static struct url_part decode(const char *from, size_t length, bool plus_is_blank, struct arena *arena)
{
    char *bytes = arena_alloc(arena, length + 1);
    size_t n = 0;
    bool whole = true;
    for (size_t i = 0; i < length; i++) {
        char c = from[i];
        if (c == '+' && plus_is_blank)
            c = ' ';
        if (c == '%') {
            int high = length - i > 2 ? hex_digit(from[i + 1]) : -1;
            int low = length - i > 2 ? hex_digit(from[i + 2]) : -1;
            if (high < 0 || low < 0) {
                whole = false;
            } else {
                c = (char)(high << 4 | low);
                i += 2;
            }
        }
        bytes[n++] = c;
    }
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

bool url_query_find(const char *query, const char *name, struct arena *arena, struct url_part *value)
{
    bool found = false;
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        size_t name_length = strcspn(query, "=&");
        struct url_part key = decode(query, name_length, true, arena);
        if (strcmp(key.bytes, name) == 0) {
            size_t skipped = name_length < length ? name_length + 1 : name_length;
            *value = decode(query + skipped, length - skipped, true, arena);
            found = true;
        }
        query += length;
        query += *query == '&';
    }
    return found;
}
