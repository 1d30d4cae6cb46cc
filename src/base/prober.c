/* prober.c: one address after the other. */
#include "base/prober.h"

#include "base/time.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { WHY_BYTES = 128 };

struct result {
    uint64_t answered_ns; /* the last time it did */
    bool answers;
    char why[WHY_BYTES]; /* not */
};

struct prober {
    unsigned interval_ms;
    unsigned timeout_ms;
    pthread_t thread;
    size_t n;
    struct prober_target *targets; /* owned, not changed */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t stop;
    bool stopping;
    struct result *results; /* owned; of each target */
};

static void ask(struct prober *prober, size_t i)
{
    const struct prober_target *target = &prober->targets[i];
    struct result result = {0};
    result.answers = target->ask(target->arg, prober->timeout_ms, result.why, sizeof result.why);
    pthread_mutex_lock(&prober->lock);
    result.answered_ns = result.answers ? time_monotonic_ns() : prober->results[i].answered_ns;
    if (!prober->stopping) /* or it was aborted, which says nothing of it */
        prober->results[i] = result;
    pthread_mutex_unlock(&prober->lock);
}

static bool is_stopping(struct prober *prober)
{
    pthread_mutex_lock(&prober->lock);
    const bool stopping = prober->stopping;
    pthread_mutex_unlock(&prober->lock);
    return stopping;
}

/* Waits for the next round. False: there is none. */
static bool await_round(struct prober *prober)
{
    const uint64_t next_ns = time_monotonic_ns() + (uint64_t)prober->interval_ms * NS_PER_MS;
    pthread_mutex_lock(&prober->lock);
    while (!prober->stopping && time_wait_until(&prober->stop, &prober->lock, next_ns))
        continue;
    const bool stopping = prober->stopping;
    pthread_mutex_unlock(&prober->lock);
    return !stopping;
}

static void *run(void *arg)
{
    struct prober *prober = arg;
    do {
        for (size_t i = 0; i < prober->n && !is_stopping(prober); i++)
            ask(prober, i);
    } while (await_round(prober));
    return NULL;
}

bool prober_ready(void *arg, char *why, size_t why_size)
{
    struct prober *prober = arg;
    size_t length = 0;
    pthread_mutex_lock(&prober->lock);
    for (size_t i = 0; i < prober->n && length < why_size; i++) {
        if (!prober->results[i].answers)
            length += (size_t)snprintf(why + length, why_size - length, "%s%s: %s", length > 0 ? "; " : "",
                                       prober->targets[i].address, prober->results[i].why);
    }
    pthread_mutex_unlock(&prober->lock);
    return length == 0;
}

bool prober_answered(struct prober *prober, unsigned within_ms)
{
    const uint64_t now_ns = time_monotonic_ns();
    bool answered = true;
    pthread_mutex_lock(&prober->lock);
    for (size_t i = 0; i < prober->n; i++) {
        const uint64_t then_ns = prober->results[i].answered_ns;
        if (now_ns > then_ns && now_ns - then_ns > (uint64_t)within_ms * NS_PER_MS)
            answered = false;
    }
    pthread_mutex_unlock(&prober->lock);
    return answered;
}

void prober_free(struct prober *prober)
{
    if (prober == NULL)
        return;
    pthread_cond_destroy(&prober->stop);
    pthread_mutex_destroy(&prober->lock);
    free(prober->targets);
    free(prober->results);
    free(prober);
}

struct prober *prober_start(const struct prober_target *targets, size_t n, unsigned interval_ms,
                            unsigned timeout_ms)
{
    struct prober *prober = calloc(1, sizeof *prober);
    if (prober == NULL)
        return NULL;
    prober->interval_ms = interval_ms;
    prober->timeout_ms = timeout_ms;
    prober->n = n;
    prober->targets = calloc(n + 1, sizeof *prober->targets);
    prober->results = calloc(n + 1, sizeof *prober->results);
    pthread_mutex_init(&prober->lock, NULL);
    time_cond_init(&prober->stop);
    for (size_t i = 0; prober->targets != NULL && prober->results != NULL && i < n; i++) {
        prober->targets[i] = targets[i];
        prober->results[i] = (struct result){.answers = true, .answered_ns = time_monotonic_ns()};
    }
    if (prober->targets == NULL || prober->results == NULL ||
        pthread_create(&prober->thread, NULL, run, prober) != 0) {
        prober_free(prober);
        return NULL;
    }
    return prober;
}

void prober_stop(struct prober *prober)
{
    pthread_mutex_lock(&prober->lock);
    prober->stopping = true;
    pthread_cond_signal(&prober->stop);
    pthread_mutex_unlock(&prober->lock);
    for (size_t i = 0; i < prober->n; i++)
        prober->targets[i].abort(prober->targets[i].arg);
    pthread_join(prober->thread, NULL);
}
