/* admission.h: admission control: bounds the calls in flight, and the memory of them and their answers, of
 * all listeners together.
 *
 * A caller is a principal, on one or several connections. Past the bound a call is refused only if its
 * connection has more than its share: the bound is divided equally among the principals that have calls, and
 * a principal's part equally among its connections. So neither a thousand connections of one principal nor a
 * thousand calls of one connection keep out a caller with a single call. Each principal may have bounds of
 * its own in addition. Safe from any thread.
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
    /* Calls beyond that bound: so many for connections within their share, and as many again for connections
     * of principals within theirs. */
    unsigned further;
    struct budget
        *memory; /* which calls and answers take, shared with others; a single call, alone, may exceed it */

    /* Of one principal. */
    unsigned calls_each;   /* in hand at once; 0: no bound */
    struct rate rate_each; /* of calls */
};

/* Gauges that are kept up to date; each may be NULL. */
struct admission_gauges {
    struct metric *calls, *bytes;
};

/* A connection, for a listener. Its listener keeps it for as long as it has calls in flight or answers to
 * take. */
struct caller {
    uint32_t id;         /* by which it is told from others */
    bool is_probe;       /* a probe of this process itself: its calls are neither counted nor logged */
    const char *address; /* its peer's, for the log; NULL: not known */
    const char *subject; /* of its certificate; "", or NULL: it has none */
    int64_t not_after;   /* when that certificate ends, in seconds since 1970 */
    uint32_t authority;  /* who vouched for it (auth/authenticator.h) */

    size_t bytes; /* the admission's: of its calls and answers */
};

/* What a call has of the admission, from admission_enter to admission_leave. */
struct admission_entry {
    struct caller *caller; /* NULL: gone */
    struct account *account;
    struct flow *flow; /* the principal's calls by this connection; NULL: the caller is gone */
    bool counts;       /* it is one of the calls that its principal is admitted */
};

enum admission_outcome {
    ADMISSION_OK,
    ADMISSION_NO_ROOM,        /* the bound is reached, and the connection has its share */
    ADMISSION_TOO_MANY_CALLS, /* the principal has as many in flight as it may */
    ADMISSION_TOO_FAST,       /* for its rate */
};

struct admission_request {
    struct caller *caller; /* NULL: its connection is gone */
    const struct principal *principal;
    uint32_t principal_hash;
    size_t bytes;
    uint64_t now_ns;
    bool is_free; /* exempt from the bounds of one principal, as health checks are */
};

/* NULL: out of memory. The metrics, by principal, may be NULL. */
struct admission *admission_new(const struct admission_limits *limits, struct admission_gauges gauges,
                                struct metrics *metrics);
void admission_free(struct admission *admission);

/* A call came in; it is in flight until admission_answer, also when it is refused. So calls take at most
 * twice the bound of bytes, and answers for which nothing was reserved come on top. A call whose caller is
 * gone is counted and refused. With ADMISSION_TOO_FAST *wait_ns is how long to wait. */
enum admission_outcome admission_enter(struct admission *admission, const struct admission_request *request,
                                       struct admission_entry *entry, uint64_t *wait_ns);

/* A call in hand takes more bytes than it entered with. False: that is more than it may, and it is to end. */
bool admission_grow(struct admission *admission, const struct admission_entry *entry, size_t more);

/* A call was answered: now its answer is to be taken, until admission_leave. */
void admission_answer(struct admission *admission, struct admission_entry *entry, size_t call_bytes,
                      size_t answer_bytes);

/* The answer was taken, or given up. */
void admission_leave(struct admission *admission, struct admission_entry *entry, size_t answer_bytes);

/* Whether there is a heavy hitter: a caller that has many calls in flight while another has some, which
 * should not wait for all of them. */
bool admission_has_heavy_hitter(const struct admission *admission);

/* What its calls and answers take. */
size_t admission_bytes(struct admission *admission, const struct caller *caller);

#endif
