/* deadlines.c: a tick on CLOCK_MONOTONIC. */
#include "store/deadlines.h"

#include "base/time.h"

#include <errno.h>

static void *keep(void *arg)
{
    struct deadlines *deadlines = arg;
    pthread_mutex_lock(&deadlines->lock);
    while (!deadlines->stop) {
        const uint64_t now_ns = time_monotonic_ns();
        pthread_mutex_unlock(&deadlines->lock);
        deadlines->expire(deadlines->arg, now_ns);
        pthread_mutex_lock(&deadlines->lock);
        while (!deadlines->stop && time_wait_until(&deadlines->changed, &deadlines->lock,
                                                   now_ns + (uint64_t)DEADLINES_TICK_MS * NS_PER_MS))
            continue;
    }
    pthread_mutex_unlock(&deadlines->lock);
    return NULL;
}

static void free_lock(struct deadlines *deadlines)
{
    pthread_cond_destroy(&deadlines->changed);
    pthread_mutex_destroy(&deadlines->lock);
}

bool deadlines_start(struct deadlines *deadlines, void (*expire)(void *arg, uint64_t now_ns), void *arg)
{
    *deadlines = (struct deadlines){.expire = expire, .arg = arg};
    pthread_mutex_init(&deadlines->lock, NULL);
    time_cond_init(&deadlines->changed);
    errno = pthread_create(&deadlines->thread, NULL, keep, deadlines);
    if (errno == 0)
        return true;
    free_lock(deadlines);
    return false;
}

void deadlines_stop(struct deadlines *deadlines)
{
    pthread_mutex_lock(&deadlines->lock);
    deadlines->stop = true;
    pthread_cond_signal(&deadlines->changed);
    pthread_mutex_unlock(&deadlines->lock);
    pthread_join(deadlines->thread, NULL);
    free_lock(deadlines);
}
