/* parse.h: parses JSON text (RFC 8259). Errors have the words and positions of Python's json module, with
 * which the Python order service read its bodies.
 *
 * jansson's own reader says where it stood when it noticed, in bytes; it loses the digits of integers that
 * int64 cannot hold, and refuses lone surrogates and a NUL in a member's name.
 */
#ifndef JSON_PARSE_H
#define JSON_PARSE_H

#include "base/arena.h"
#include "json/text.h"

#include <jansson.h>
#include <stddef.h>

/* A piece of the text that was parsed. */
struct json_slice {
    const char *bytes; /* NULL: there is none */
    size_t length;
};

/* Why a text is no JSON. */
struct json_mistake {
    const char *what; /* "Expecting value"; static */
    size_t position;  /* of the token, in characters from the start, a byte order mark not counted */
};

/* Members of the outermost object that are wanted, and their text. What is not wanted is read, and not kept:
 * nor is what lists and objects within them hold, as a value of three bytes takes a hundred of memory. */
struct json_members {
    const char *const *names;  /* NULL behind the last */
    struct json_slice *values; /* one for each name: of the last member of that name */
};

/* A new reference, the caller's. NULL: `mistake` says why. Without `members` all is kept. A byte order mark
 * before the text is passed over. Of several members with one name the last counts. An integer that int64
 * cannot hold is a real, and a real that double cannot hold the greatest of its sign. A string with a lone
 * surrogate is not UTF-8. The arena takes what is needed meanwhile: the text's length at most. `whole`
 * becomes the text without byte order mark and blanks around it. */
json_t *json_parse(struct json_slice text, struct arena *arena, const struct json_members *members,
                   struct json_slice *whole, struct json_mistake *mistake);

/* Appends a piece of JSON text without its blanks: every number and string as it came. */
void text_compact(struct text *text, struct json_slice json);

#endif
