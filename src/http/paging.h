/* paging.h: the headers of a list's answer: the link to the next page, and the total. Driven by the table of
 * routes. No sockets. */
#ifndef HTTP_PAGING_H
#define HTTP_PAGING_H

#include "http/answer.h"
#include "http/routes.h"

#include <protobuf-c/protobuf-c.h>

#define PAGING_NEXT_HEADER  "Link"
#define PAGING_TOTAL_HEADER "X-Total-Count"

/* Adds the header that leads to the next page, when there is one and the client walks on (RFC 8288,
 * rel="next"): the route's path with all that was asked for, but from there on. It has no scheme and host:
 * behind a proxy only the client knows those that it used, and it is to send its key to no other. And the
 * header that says how many there are, when that was asked for.
 *
 * Returns the values of these headers, "" for none: the entity tag of a page depends on them, too. */
const char *paging_add(const struct route *route, const ProtobufCMessage *request,
                       const ProtobufCMessage *response, bool is_walked, struct arena *arena,
                       struct answer *answer);

#endif
