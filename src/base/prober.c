/* prober.c: a thread for each address, so that none waits for another that does not answer. */
#include "base/prober.h"

#include "base/time.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { WHY_BYTES = 128 };

struct result {
    uint64_t answered_ns; /* the last time it did */
    char why[WHY_BYTES];  /* it is not ready; "": it is */
};

struct probe {
    struct prober *prober;
    struct prober_target target;
    pthread_t thread;
    struct result result; /* guarded by the prober's lock */
};

struct prober {
    unsigned interval_ms;
    unsigned timeout_ms;
    size_t n;             /* that have a thread */
    struct probe *probes; /* owned */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t stop;
    bool stopping;
};

static void probe_ask(struct probe *probe)
{
    struct prober *prober = probe->prober;
    const struct prober_target *target = &probe->target;
    struct result result = {0};
    const bool answers = target->ask(target->arg, prober->timeout_ms, result.why, sizeof result.why);
    pthread_mutex_lock(&prober->lock);
    result.answered_ns = answers ? time_monotonic_ns() : probe->result.answered_ns;
    if (!prober->stopping) /* or it was aborted, which says nothing of it */
        probe->result = result;
    pthread_mutex_unlock(&prober->lock);
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

static void *probe_run(void *arg)
{
    struct probe *probe = arg;
    do
        probe_ask(probe);
    while (await_round(probe->prober));
    return NULL;
}

bool prober_ready(void *arg, char *why, size_t why_size)
{
    struct prober *prober = arg;
    size_t length = 0;
    pthread_mutex_lock(&prober->lock);
    for (size_t i = 0; i < prober->n && length < why_size; i++) {
        if (*prober->probes[i].result.why != '\0')
            length += (size_t)snprintf(why + length, why_size - length, "%s%s: %s", length > 0 ? "; " : "",
                                       prober->probes[i].target.address, prober->probes[i].result.why);
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
        const uint64_t then_ns = prober->probes[i].result.answered_ns;
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
    free(prober->probes);
    free(prober);
}

static bool probe_start(struct probe *probe, struct prober *prober, const struct prober_target *target)
{
    *probe =
        (struct probe){.prober = prober, .target = *target, .result = {.answered_ns = time_monotonic_ns()}};
    return pthread_create(&probe->thread, NULL, probe_run, probe) == 0;
}

struct prober *prober_start(const struct prober_target *targets, size_t n, unsigned interval_ms,
                            unsigned timeout_ms)
{
    struct prober *prober = calloc(1, sizeof *prober);
    if (prober == NULL)
        return NULL;
    prober->interval_ms = interval_ms;
    prober->timeout_ms = timeout_ms;
    prober->probes = calloc(n + 1, sizeof *prober->probes);
    pthread_mutex_init(&prober->lock, NULL);
    time_cond_init(&prober->stop);
    while (prober->probes != NULL && prober->n < n &&
           probe_start(&prober->probes[prober->n], prober, &targets[prober->n]))
        prober->n++;
    if (prober->probes == NULL || prober->n < n) {
        prober_stop(prober);
        prober_free(prober);
        return NULL;
    }
    return prober;
}

void prober_stop(struct prober *prober)
{
    pthread_mutex_lock(&prober->lock);
    prober->stopping = true;
    pthread_cond_broadcast(&prober->stop);
    pthread_mutex_unlock(&prober->lock);
    for (size_t i = 0; i < prober->n; i++)
        prober->probes[i].target.abort(prober->probes[i].target.arg);
    for (size_t i = 0; i < prober->n; i++)
        pthread_join(prober->probes[i].thread, NULL);
}
