/* url.c: percent-decoding (RFC 3986), and in queries "+" for a blank as forms have it. */
#include "http/url.h"

#include "base/hex.h"
#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

static char *escape_character(char *out, char c)
{
    static const char hex[] = "0123456789ABCDEF";
    *out++ = '%';
    *out++ = hex[(unsigned char)c >> 4];
    *out++ = hex[(unsigned char)c & 0xf];
    return out;
}

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
    const char *path = path_of(target), *query = path + strcspn(path, "?"), *end = query;
    while (end > path && end[-1] == '/')
        end--;
    char *text = arena_alloc(arena, 3 * strlen(path) + 1), *out = text;
    for (const char *at = path; *at != '\0'; at++) {
        const unsigned char c = (unsigned char)*at;
        if (at >= end && at < query)
            continue;
        if (c > ' ' && c < 0x7f)
            *out++ = *at;
        else
            out = escape_character(out, *at);
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

/* Takes the next parameter of this name off a query; its value is as it came. False: there is no further one.
 */
static bool next_of_name(const char **query, const char *name, const char **value, size_t *value_length)
{
    while (**query != '\0') {
        const char *at = *query;
        const size_t length = strcspn(at, "&"), name_length = strcspn(at, "=&");
        const size_t skipped = name_length < length ? name_length + 1 : name_length;
        *query += length;
        *query += **query == '&';
        if (is_name(at, name_length, name)) {
            *value = at + skipped;
            *value_length = length - skipped;
            return true;
        }
    }
    return false;
}

size_t url_query_find(const char *query, const char *name, struct arena *arena, struct url_part *value)
{
    const char *found = NULL; /* the last one's value */
    size_t length = 0, n = 0;
    while (next_of_name(&query, name, &found, &length))
        n++;
    if (n > 0)
        *value = decode(found, length, true, arena);
    return n;
}

size_t url_query_values(const char *query, const char *name, struct arena *arena, struct url_part *values,
                        size_t most)
{
    const char *found;
    size_t found_length, n = 0;
    while (next_of_name(&query, name, &found, &found_length)) {
        const struct url_part all = decode(found, found_length, true, arena);
        const size_t before = n;
        for (size_t at = 0, length; at < all.length; at += length + 1) {
            const char *comma = memchr(all.bytes + at, ',', all.length - at);
            length = comma != NULL ? (size_t)(comma - (all.bytes + at)) : all.length - at;
            if (length > 0 && n < most)
                values[n] = (struct url_part){.bytes = arena_copy(arena, all.bytes + at, length),
                                              .length = length,
                                              .is_text = all.is_text};
            n += length > 0;
        }
        if (all.length == 0 || n > before)
            continue;
        if (n < most)
            values[n] = all;
        n++;
    }
    return n;
}

static bool is_unreserved(char c)
{
    return isascii((unsigned char)c) &&
           (isalnum((unsigned char)c) || (c != '\0' && strchr("-._~", c) != NULL));
}

size_t url_escaped_length(const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; text++)
        length += is_unreserved(*text) ? 1 : 3;
    return length;
}

char *url_escape(char *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (is_unreserved(*text))
            *out++ = *text;
        else
            out = escape_character(out, *text);
    }
    return out;
}
