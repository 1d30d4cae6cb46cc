/* admission.h: how many calls are in hand and what memory they and their answers take, of all listeners
 * together, and what of it is too much.
 *
 * Who calls is a principal, by one or several connections. Past the bound a call is refused only if its
 * principal's connection has more than its share: of the bound each principal that is busy has an equal part,
 * and of that each of its connections. So neither a thousand connections of one principal nor a thousand
 * calls of one connection shut out another that has a single call. Besides, what one principal may have has
 * bounds of its own. Safe from any thread.
 */
#ifndef CALL_ADMISSION_H
#define CALL_ADMISSION_H

#include "auth/principal.h"
#include "base/budget.h"
#include "base/metrics.h"
#include "base/rate.h"
#include "call/accounts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admission;

struct admission_limits {
    unsigned calls; /* in hand at once, of all callers */
    /* Beyond it, for connections within their share; and as many again for those of principals that are
     * within theirs. */
    unsigned further;
    struct budget *memory; /* that calls and answers take, and others too; one call alone may take more */

    /* Of one principal. */
    unsigned calls_each;   /* in hand at once; 0: no bound */
    struct rate rate_each; /* of calls */
};

/* Where it is shown what there is; each may be NULL. */
struct admission_gauges {
    struct metric *calls, *bytes;
};

/* A connection, for a listener. Whoever made it keeps it for as long as it has calls in hand or answers to
 * take. */
struct caller {
    uint32_t id;         /* by which it is told from others */
    bool is_probe;       /* this process, which asks itself: its calls are neither shown nor logged */
    const char *address; /* its peer's, for the log; NULL: not known */
    const char *subject; /* of its certificate; "", or NULL: it has none */
    int64_t not_after;   /* when that certificate ends, in seconds since 1970 */

    size_t bytes; /* the admission's: of its calls and answers */
};

/* What a call has of the admission, from admission_enter to admission_leave. */
struct admission_entry {
    struct caller *caller; /* NULL: gone */
    struct account *account;
    struct flow *flow; /* the principal's calls by this connection; NULL: the caller is gone */
    bool counts;       /* among those that its principal is admitted */
};

enum admission_outcome {
    ADMISSION_OK,
    ADMISSION_NO_ROOM,        /* the bound is reached, and this is more than a share of it */
    ADMISSION_TOO_MANY_CALLS, /* the principal has as many in hand as it may */
    ADMISSION_TOO_FAST,       /* for its rate */
};

struct admission_request {
    struct caller *caller; /* NULL: its connection is gone */
    const struct principal *principal;
    uint32_t principal_hash;
    size_t bytes;
    uint64_t now_ns;
    bool is_free; /* of the bounds of one principal: as what is asked by health checks */
};

/* NULL: out of memory. The metrics, by principal, may be NULL. */
struct admission *admission_new(const struct admission_limits *limits, struct admission_gauges gauges,
                                struct metrics *metrics);
void admission_free(struct admission *admission);

/* A call came in, and is in hand until admission_answer, also when it is refused. So calls take at most twice
 * the bound of bytes; answers for which nothing was reserved come on top. One whose caller is gone is
 * counted, and refused. Of ADMISSION_TOO_FAST, `wait_ns` is for how long. */
enum admission_outcome admission_enter(struct admission *admission, const struct admission_request *request,
                                       struct admission_entry *entry, uint64_t *wait_ns);

/* A call in hand takes more bytes than it entered with. False: that is more than it may, and it is to end. */
bool admission_grow(struct admission *admission, const struct admission_entry *entry, size_t more);

/* A call was answered: now its answer is to be taken, until admission_leave. */
void admission_answer(struct admission *admission, struct admission_entry *entry, size_t call_bytes,
                      size_t answer_bytes);

/* The answer was taken, or given up. */
void admission_leave(struct admission *admission, struct admission_entry *entry, size_t answer_bytes);

/* Whether, just now, a caller had a lot of calls in hand and another some, who is not to wait for all of
 * them. */
bool admission_has_heavy_hitter(const struct admission *admission);

/* What its calls and answers take. */
size_t admission_bytes(struct admission *admission, const struct caller *caller);

#endif
