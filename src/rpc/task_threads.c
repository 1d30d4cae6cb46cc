/* task_threads.c: nng 1.5 has no setting for it (1.6 has, down to two), but a callback that does not return
 * keeps its thread to itself. */
#include "rpc/task_threads.h"

#include <nng/nng.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS_A_CORE = 2, /* as in nng's src/core/taskq.c, and so is the next */
    THREADS_MOST = 16,
    PATIENCE_S = 1,
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int arrived; /* callbacks that were run */
    bool given_up;
} parking = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void arrive(void *arg)
{
    const bool *stays = arg;
    pthread_mutex_lock(&parking.lock);
    parking.arrived++;
    pthread_cond_broadcast(&parking.changed);
    while (*stays && !parking.given_up)
        pthread_cond_wait(&parking.changed, &parking.lock);
    pthread_mutex_unlock(&parking.lock);
}

/* Runs a callback on one of nng's threads, which it keeps if it stays. False: none has come to it. */
static bool occupy(const bool *stays)
{
    static int sent; /* callbacks */
    nng_aio *aio;
    struct timespec limit;
    if (nng_aio_alloc(&aio, arrive, (void *)(uintptr_t)stays) != 0)
        return false;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE_S;
    if (nng_aio_begin(aio))
        nng_aio_finish(aio, 0);
    sent++;

    int waited = 0;
    pthread_mutex_lock(&parking.lock);
    while (parking.arrived < sent && waited == 0)
        waited = pthread_cond_timedwait(&parking.changed, &parking.lock, &limit);
    bool arrived = parking.arrived == sent;
    pthread_mutex_unlock(&parking.lock);
    if (arrived && !*stays)
        nng_aio_free(aio);
    return arrived;
}

bool task_threads_keep_one(void)
{
    static const bool stays = true, passes = false;
    long threads = sysconf(_SC_NPROCESSORS_ONLN) * THREADS_A_CORE;
    if (threads > THREADS_MOST)
        threads = THREADS_MOST;
    bool kept = true;
    for (long i = 1; kept && i < threads; i++)
        kept = occupy(&stays);
    kept = kept && occupy(&passes); /* one is left */
    if (!kept) {
        pthread_mutex_lock(&parking.lock);
        parking.given_up = true;
        pthread_cond_broadcast(&parking.changed);
        pthread_mutex_unlock(&parking.lock);
    }
    return kept;
}
