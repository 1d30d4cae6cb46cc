/* precondition.h: If-Match and If-None-Match against a resource's entity tag (RFC 9110, sections 8.8.3 and
 * 13.1). No sockets. */
#ifndef HTTP_PRECONDITION_H
#define HTTP_PRECONDITION_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* The values of the headers, those of a repeated one joined by commas; NULL: not sent. */
struct precondition {
    const char *if_match;
    const char *if_none_match;
};

/* Joins the values of a repeated header: counted first, then put together. */
struct precondition_list {
    char *bytes; /* in the arena; NULL: none was counted, or not yet */
    size_t length;
    size_t size; /* that the whole takes */
};

void precondition_count(struct precondition_list *list, size_t length);
void precondition_make_room(struct precondition_list *list, struct arena *arena);
void precondition_add(struct precondition_list *list, const char *value, size_t length);

/* What a coding adds to a tag (coding.h) is left out of the tags of a list. */

/* Whether a list has an entity tag, whose quotes are left out: "*" has any. A weak comparison takes W/"x" for
 * "x", a strong one never takes a weak tag. */
bool precondition_names(const char *list, const char *etag, bool weak);

/* An etag for an RPC that matches no order. */
#define PRECONDITION_NO_ETAG "W/"

/* What an RPC is to compare for an If-Match: its tag without the quotes, in the arena; PRECONDITION_NO_ETAG
 * if that is weak or nothing that an etag could be; "" for "*". NULL: the list is malformed, or has several,
 * which an RPC cannot ask for. */
const char *precondition_etag(const char *if_match, struct arena *arena);

#endif
