/* cors.h: what browsers ask before they let a page of another origin read an answer (the Fetch standard),
 * answered as Starlette's CORSMiddleware does with credentials and every header allowed. No sockets. */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include "http/answer.h"

#include <stdbool.h>

/* A preflight's headers; NULL where one is missing. */
struct cors_preflight {
    const char *origin;
    const char *method;  /* Access-Control-Request-Method */
    const char *headers; /* Access-Control-Request-Headers */
};

/* Adds what lets a page of this origin, NULL for none, read the answer. */
void cors_allow(const char *const *origins, const char *origin, struct answer *answer);

/* Whether a browser says that a page of an origin that is neither allowed nor the service's own sends this:
 * its Origin, Sec-Fetch-Site (W3C Fetch Metadata) and Host, each of which may be NULL. What says nothing is
 * no browser, or the page's user. */
bool cors_is_foreign(const char *const *origins, const char *origin, const char *fetch_site,
                     const char *host);

/* Answers an OPTIONS request that is a preflight; false when it is none. */
bool cors_answer_preflight(const char *const *origins, const struct cors_preflight *preflight,
                           struct arena *arena, struct answer *answer);

#endif
