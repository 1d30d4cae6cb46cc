/* admission.c: sums of all callers, and of each, under one lock. */
#include "call/admission.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    /* A heavy hitter has more calls in hand than this, while another caller has any. It is remembered for as
     * many calls as may come before one who asks for one thing at a time asks for the next. */
    HEAVY_CALLS = 64,
    HEAVY_MEMORY = 4096,
};

struct admission {
    struct admission_limits limits;
    struct admission_gauges gauges;
    pthread_mutex_t lock; /* guards all below, and what callers have */
    unsigned busy;        /* callers that have calls in hand, or answers to take */
    unsigned calls;
    unsigned answers;
    size_t bytes;      /* of both */
    atomic_uint heavy; /* calls to come for which a heavy hitter is remembered; read without the lock */
};

struct admission *admission_new(const struct admission_limits *limits, struct admission_gauges gauges)
{
    struct admission *admission = calloc(1, sizeof *admission);
    if (admission == NULL)
        return NULL;
    admission->limits = *limits;
    admission->gauges = gauges;
    pthread_mutex_init(&admission->lock, NULL);
    return admission;
}

void admission_free(struct admission *admission)
{
    if (admission == NULL)
        return;
    pthread_mutex_destroy(&admission->lock);
    free(admission);
}

static bool is_busy(const struct caller *caller)
{
    return caller->calls + caller->answers > 0;
}

/* Ends what was begun by locking. */
static void unlock(struct admission *admission)
{
    metric_set(admission->gauges.calls, admission->calls);
    metric_set(admission->gauges.bytes, (int64_t)admission->bytes);
    pthread_mutex_unlock(&admission->lock);
}

static void take_memory(struct admission *admission, struct caller *caller, size_t bytes)
{
    budget_add(admission->limits.memory, bytes);
    admission->bytes += bytes;
    if (caller != NULL)
        caller->bytes += bytes;
}

static void free_memory(struct admission *admission, struct caller *caller, size_t bytes)
{
    budget_give_back(admission->limits.memory, bytes);
    admission->bytes -= bytes;
    if (caller != NULL)
        caller->bytes -= bytes;
}

/* Asked once the call is counted. */
static bool is_within_bounds(const struct admission *admission, const struct caller *caller)
{
    const struct admission_limits *limits = &admission->limits;
    const bool has_call =
        admission->calls <= limits->calls ||
        (admission->calls <= limits->most_calls && caller->calls <= limits->calls / admission->busy);
    const bool has_memory =
        !budget_is_exceeded(limits->memory) || caller->bytes <= limits->memory->limit / admission->busy;
    if ((has_call && has_memory) || admission->calls + admission->answers == 1)
        return true;
    if (!has_memory)
        budget_want(limits->memory);
    return false;
}

static void note_heavy_hitter(struct admission *admission, const struct caller *caller)
{
    const unsigned heavy = atomic_load_explicit(&admission->heavy, memory_order_relaxed);
    unsigned left = heavy > 0 ? heavy - 1 : 0;
    if (admission->busy > 1 && caller->calls > HEAVY_CALLS)
        left = HEAVY_MEMORY;
    if (left != heavy)
        atomic_store_explicit(&admission->heavy, left, memory_order_relaxed);
}

bool admission_has_heavy_hitter(const struct admission *admission)
{
    return atomic_load_explicit(&admission->heavy, memory_order_relaxed) > 0;
}

bool admission_enter(struct admission *admission, struct caller *caller, size_t bytes)
{
    pthread_mutex_lock(&admission->lock);
    admission->calls++;
    if (caller != NULL) {
        admission->busy += !is_busy(caller);
        caller->calls++;
        note_heavy_hitter(admission, caller);
    }
    take_memory(admission, caller, bytes);
    const bool admitted = caller != NULL && is_within_bounds(admission, caller);
    unlock(admission);
    return admitted;
}

bool admission_grow(struct admission *admission, struct caller *caller, size_t more)
{
    pthread_mutex_lock(&admission->lock);
    take_memory(admission, caller, more);
    const bool admitted = caller != NULL && is_within_bounds(admission, caller);
    unlock(admission);
    return admitted;
}

void admission_answer(struct admission *admission, struct caller *caller, size_t call_bytes,
                      size_t answer_bytes)
{
    pthread_mutex_lock(&admission->lock);
    admission->calls--;
    admission->answers++;
    if (caller != NULL) {
        caller->calls--;
        caller->answers++;
    }
    take_memory(admission, caller, answer_bytes);
    free_memory(admission, caller, call_bytes);
    unlock(admission);
}

void admission_leave(struct admission *admission, struct caller *caller, size_t answer_bytes)
{
    pthread_mutex_lock(&admission->lock);
    admission->answers--;
    free_memory(admission, caller, answer_bytes);
    if (caller != NULL) {
        caller->answers--;
        admission->busy -= !is_busy(caller);
    }
    unlock(admission);
}

size_t admission_bytes(struct admission *admission, const struct caller *caller)
{
    pthread_mutex_lock(&admission->lock);
    const size_t bytes = caller->bytes;
    pthread_mutex_unlock(&admission->lock);
    return bytes;
}
