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

/* Answers an OPTIONS request that is a preflight; false when it is none. */
bool cors_answer_preflight(const char *const *origins, const struct cors_preflight *preflight,
                           struct arena *arena, struct answer *answer);

#endif
