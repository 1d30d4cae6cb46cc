/* admission.h: how many calls are in hand and what memory they and their answers take, of all listeners
 * together, and what of it is too much.
 *
 * A caller is who has calls in hand or answers to take: for a listener, one of its connections. Past the
 * bound it is refused only what is more than its share, so that one with a thousand calls never shuts out one
 * with a single call. Safe from any thread.
 */
#ifndef CALL_ADMISSION_H
#define CALL_ADMISSION_H

#include "base/budget.h"
#include "base/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admission;

struct admission_limits {
    unsigned calls;        /* in hand at once, of all callers */
    unsigned most_calls;   /* past it all are refused, whatever their shares */
    struct budget *memory; /* that calls and answers take, and others too; one call alone may take more */
};

/* Where it is shown what there is; each may be NULL. */
struct admission_gauges {
    struct metric *calls, *bytes;
};

/* Whoever made it keeps it for as long as it has calls in hand or answers to take. */
struct caller {
    uint32_t id;   /* by which the store queues callers fairly */
    bool is_probe; /* this process, which asks itself: its calls are neither shown nor logged */

    /* The admission's. */
    unsigned calls;   /* in hand */
    unsigned answers; /* that it has yet to take */
    size_t bytes;     /* of both */
};

/* NULL: out of memory. */
struct admission *admission_new(const struct admission_limits *limits, struct admission_gauges gauges);
void admission_free(struct admission *admission);

/* A call came in, and is in hand until admission_answer, also when it is refused (false): when the bound is
 * reached and its caller has more than the bound's share in hand that falls to each that has any, or
 * most_calls is. So calls take at most twice the bound of bytes; answers for which nothing was reserved come
 * on top. A caller of NULL, here and below, is gone: it is counted, and refused. */
bool admission_enter(struct admission *admission, struct caller *caller, size_t bytes);

/* A call in hand takes more bytes than it entered with. False: that is more than it may, and it is to end. */
bool admission_grow(struct admission *admission, struct caller *caller, size_t more);

/* A call was answered: now its answer is to be taken, until admission_leave. */
void admission_answer(struct admission *admission, struct caller *caller, size_t call_bytes,
                      size_t answer_bytes);

/* The answer was taken, or given up. */
void admission_leave(struct admission *admission, struct caller *caller, size_t answer_bytes);

/* Whether, just now, a caller had a lot of calls in hand and another some, who is not to wait for all of
 * them. */
bool admission_has_heavy_hitter(const struct admission *admission);

/* What its calls and answers take. */
size_t admission_bytes(struct admission *admission, const struct caller *caller);

#endif
