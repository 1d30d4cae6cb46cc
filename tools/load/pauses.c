/* pauses.c: a wheel of buckets, one for each tick to come. */
#include "pauses.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { TICK_MS = 5, BUCKETS = PAUSE_MOST_MS / TICK_MS + 2 };

struct waiting {
    struct waiting *next;
    void *caller;
};

struct pauses {
    pause_done *done;
    pthread_t thread;
    pthread_mutex_t lock;
    struct waiting *buckets[BUCKETS]; /* guarded by lock, as all below; owned */
    size_t now;                       /* the bucket of the present tick */
    bool ends;
};

/* Goes on to the next tick, and takes those whose pause ends with it. */
static struct waiting *take_due(struct pauses *pauses, bool *ends)
{
    pthread_mutex_lock(&pauses->lock);
    pauses->now = (pauses->now + 1) % BUCKETS;
    struct waiting *due = pauses->buckets[pauses->now];
    pauses->buckets[pauses->now] = NULL;
    *ends = pauses->ends;
    pthread_mutex_unlock(&pauses->lock);
    return due;
}

static void end_pauses(struct waiting *first, pause_done *done)
{
    for (struct waiting *next; first != NULL; first = next) {
        next = first->next;
        if (done != NULL)
            done(first->caller);
        free(first);
    }
}

static void *tick(void *arg)
{
    static const struct timespec pace = {.tv_nsec = TICK_MS * 1000000L};
    struct pauses *pauses = arg;
    bool ends;
    do {
        nanosleep(&pace, NULL);
        struct waiting *due = take_due(pauses, &ends);
        end_pauses(due, ends ? NULL : pauses->done);
    } while (!ends);
    return NULL;
}

struct pauses *pauses_open(pause_done *done)
{
    struct pauses *pauses = calloc(1, sizeof *pauses);
    if (pauses == NULL)
        return NULL;
    pauses->done = done;
    pthread_mutex_init(&pauses->lock, NULL);
    if (pthread_create(&pauses->thread, NULL, tick, pauses) == 0)
        return pauses;
    pthread_mutex_destroy(&pauses->lock);
    free(pauses);
    return NULL;
}

void pauses_close(struct pauses *pauses)
{
    if (pauses == NULL)
        return;
    pthread_mutex_lock(&pauses->lock);
    pauses->ends = true;
    pthread_mutex_unlock(&pauses->lock);
    pthread_join(pauses->thread, NULL);
    for (size_t i = 0; i < BUCKETS; i++)
        end_pauses(pauses->buckets[i], NULL);
    pthread_mutex_destroy(&pauses->lock);
    free(pauses);
}

void pauses_begin(struct pauses *pauses, unsigned ms, void *caller)
{
    struct waiting *waiting = malloc(sizeof *waiting);
    if (waiting == NULL)
        abort();
    pthread_mutex_lock(&pauses->lock);
    const size_t bucket = (pauses->now + 1 + ms / TICK_MS) % BUCKETS;
    *waiting = (struct waiting){.next = pauses->buckets[bucket], .caller = caller};
    pauses->buckets[bucket] = waiting;
    pthread_mutex_unlock(&pauses->lock);
}
