/* run.c: slots and what they measured. */
#include "run.h"

#include "base/time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { WARM_UP_MS = 200 };

void run_begin(struct run *run, size_t n, double seconds)
{
    *run = (struct run){.first_failure = ATOMIC_FLAG_INIT};
    atomic_init(&run->running, n);
    sem_init(&run->finished, 0, 0);
    run->start_ns = time_monotonic_ns() + (uint64_t)WARM_UP_MS * NS_PER_MS;
    run->end_ns = run->start_ns + (uint64_t)(seconds * NS_PER_S);
}

static void finish(struct run *run)
{
    if (atomic_fetch_sub(&run->running, 1) == 1)
        sem_post(&run->finished);
}

bool slot_send(struct load_slot *slot)
{
    struct run *run = slot->run;
    uint64_t now_ns = time_monotonic_ns();
    /* A request that takes longer than the run is still measured once; who was refused or failed to the end
     * is not to make it longer, when nobody else asks any more. */
    bool over = now_ns >= run->end_ns && (slot->latencies.total > 0 || slot->refused > 0 || slot->errors > 0);
    if (over || atomic_load_explicit(&run->failed, memory_order_relaxed)) {
        finish(run);
        return false;
    }
    slot->sent_ns = now_ns;
    slot->sent++;
    return true;
}

void slot_answered(struct load_slot *slot)
{
    slot->last_answer_ns = time_monotonic_ns();
    if (slot->sent_ns >= slot->run->start_ns)
        histogram_record(&slot->latencies, slot->last_answer_ns - slot->sent_ns);
}

static void note_failure(struct run *run, const char *format, va_list args)
{
    if (!atomic_flag_test_and_set(&run->first_failure))
        vsnprintf(run->error, sizeof run->error, format, args);
}

void slot_error(struct load_slot *slot, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note_failure(slot->run, format, args);
    va_end(args);
    slot->errors++;
}

void slot_failed(struct load_slot *slot, const char *format, ...)
{
    struct run *run = slot->run;
    va_list args;
    va_start(args, format);
    note_failure(run, format, args);
    va_end(args);
    atomic_store(&run->failed, true);
    finish(run);
}

bool run_wait(struct run *run)
{
    while (sem_wait(&run->finished) != 0 && errno == EINTR)
        ;
    sem_destroy(&run->finished);
    return !atomic_load(&run->failed);
}

void run_print(const struct run *run, const struct load_slot *first, size_t n, size_t stride,
               size_t reply_bytes)
{
    static struct histogram all;
    uint64_t sent = 0, refused = 0, errors = 0, end_ns = run->start_ns;
    for (size_t i = 0; i < n; i++) {
        const struct load_slot *slot = (const void *)((const char *)first + i * stride);
        histogram_merge(&all, &slot->latencies);
        sent += slot->sent;
        refused += slot->refused;
        errors += slot->errors;
        if (slot->last_answer_ns > end_ns)
            end_ns = slot->last_answer_ns;
    }
    printf("{\"requests\": %" PRIu64 ", \"sent\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"errors\": %" PRIu64
           ", \"seconds\": %.6f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"reply_bytes\": %zu}\n",
           all.total, sent, refused, errors, (double)(end_ns - run->start_ns) / NS_PER_S,
           (double)histogram_percentile(&all, 0.50) / NS_PER_US,
           (double)histogram_percentile(&all, 0.99) / NS_PER_US, reply_bytes);
}
