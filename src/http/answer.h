/* answer.h: what an HTTP request is answered with, and how an RPC's end becomes that. No sockets. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct answer_header {
    const char *name;
    const char *value;
};

enum { ANSWER_MAX_HEADERS = 16 };

/* Of all answers but files: what depends on a key, or on the moment, is to be kept by nobody without asking.
 */
#define ANSWER_CACHE_CONTROL "private, no-cache"

/* Strings are in the arena of the request, or static. */
struct answer {
    unsigned status;  /* 0: not known yet */
    const char *body; /* NULL: none */
    size_t length;
    const char *type; /* the body's Content-Type; NULL: JSON's */
    bool is_coded;    /* the body is sent as it is: its coding, or that it has none, was chosen with it */
    struct answer_header headers[ANSWER_MAX_HEADERS];
    size_t n_headers;
};

void answer_header(struct answer *answer, const char *name, const char *value);

bool answer_has_header(const struct answer *answer, const char *name);

/* Gives a header that is there another value; does nothing when it is not. */
void answer_change_header(struct answer *answer, const char *name, const char *value);

/* {"detail":"…"} */
void answer_detail(struct answer *answer, struct arena *arena, unsigned status, const char *detail);

/* An RPC that failed; 429, if its caller has had as much as it may. One with violations is answered by those
 * who know where its fields came from. */
void answer_failure(struct answer *answer, struct arena *arena, const struct status *failure);

#endif
