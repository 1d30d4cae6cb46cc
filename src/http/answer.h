/* answer.h: an HTTP answer, and how an RPC's status becomes one. No sockets. */
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

/* Cache-Control of all answers but files: they depend on the key or on the moment, so that caches must
 * revalidate. */
#define ANSWER_CACHE_CONTROL "private, no-cache"

/* Strings are in the arena of the request, or static. */
struct answer {
    unsigned status;  /* 0: not known yet */
    const char *body; /* NULL: none */
    size_t length;
    const char *type; /* the body's Content-Type; NULL: JSON's */
    bool is_coded;    /* the body is sent as it is: its content coding was chosen when it was made */
    struct answer_header headers[ANSWER_MAX_HEADERS];
    size_t n_headers;
};

void answer_header(struct answer *answer, const char *name, const char *value);

bool answer_has_header(const struct answer *answer, const char *name);

/* Gives a header that is there another value; does nothing when it is not. */
void answer_change_header(struct answer *answer, const char *name, const char *value);

/* {"detail":"…"} */
void answer_detail(struct answer *answer, struct arena *arena, unsigned status, const char *detail);

/* Answers an RPC that failed; with 429, if its caller exceeded its limit. Violations are answered by
 * transcode_violations, which knows where the fields came from. */
void answer_failure(struct answer *answer, struct arena *arena, const struct status *failure);

#endif
