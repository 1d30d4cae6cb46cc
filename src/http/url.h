/* url.h: the request target, taken apart before it is decoded.
 *
 * Segments and query parameters are split first and percent-decoded then, by length, so that an escaped
 * slash is part of a name, and no escape can end a string early.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* A decoded piece of a URL. */
struct url_part {
    const char *bytes; /* in the arena, followed by a NUL */
    size_t length;
    bool is_text; /* its escapes were whole, and it is UTF-8 with no NUL in it */
};

enum { URL_MAX_SEGMENTS = 8 };

struct url {
    struct url_part segments[URL_MAX_SEGMENTS]; /* "/orders/" has two, "orders" and "" */
    size_t n_segments;                          /* 0: no path, or one of more segments than that */
    const char *query;                          /* as it came, behind the "?"; "" when there is none */
};

/* Takes apart a request target: "/path?query" or "http://host/path?query". */
void url_parse(const char *target, struct arena *arena, struct url *url);

/* A target's path without the slashes at its end, and its query: what a client is sent to, in printable
 * ASCII. */
const char *url_without_slash(const char *target, struct arena *arena);

/* The value of a query parameter, of its last one where it is repeated. Returns how often it is there. */
size_t url_query_find(const char *query, const char *name, struct arena *arena, struct url_part *value);

/* The values of a query parameter that may have several: repeated, or with commas between them; empty ones
 * are none, but commas alone are a value: it means a list, of nothing. Returns how many there are, of which
 * the first `most` are put into `values`. */
size_t url_query_values(const char *query, const char *name, struct arena *arena, struct url_part *values,
                        size_t most);

/* Percent-encoding of all but RFC 3986's unreserved characters. */
size_t url_escaped_length(const char *text);

/* Writes it at `out`, without a NUL, and returns where it ends. */
char *url_escape(char *out, const char *text);

#endif
