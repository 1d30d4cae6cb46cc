/* purge.c: one step under way at a time, and a pause between two. */
#include "store/purge.h"

#include "base/time.h"
#include "store/row.h"
#include "store/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAUSE_S = 1,
    STEP_PAGES_LEAST = 64,
    STEPS_A_WALK = 1800,
    STEP_TIMEOUT_S = 10,
};

static int64_t step_pages(const struct purge *purge)
{
    int64_t pages = purge->pages / STEPS_A_WALK;
    return pages > STEP_PAGES_LEAST ? pages : STEP_PAGES_LEAST;
}

void purge_encode(struct params *params, struct operation *const operations[], size_t n)
{
    const struct purge *purge = operations[0]->closure_data;
    (void)n;
    params_int8(params, purge->page);
    params_int8(params, step_pages(purge));
    params_int8(params, purge->ttl_s);
}

void purge_take_result(struct operation *operation, const PGresult *result, struct arena *arena)
{
    struct purge *purge = operation->closure_data;
    (void)arena;
    if (purge == NULL)
        return; /* the step took too long and was given up */
    purge->page += step_pages(purge);
    purge->pages = row_int8(result, 0, 0);
    metric_add(purge->purged, row_int8(result, 0, 1));
    if (purge->page >= purge->pages)
        purge->page = 0;
}

/* Whatever came of the step: the next begins where this one did, if it failed. */
static void end_step(struct operation *operation)
{
    struct purge *purge = operation->closure_data;
    pthread_mutex_lock(&purge->lock);
    purge->under_way = false;
    pthread_mutex_unlock(&purge->lock);
}

static void begin_step(struct purge *purge)
{
    arena_reset(&purge->call.arena);
    purge->call.status = STATUS_INIT;
    purge->call.request_id = "";
    purge->call.start_ns = time_monotonic_ns();
    purge->call.deadline_ns = purge->call.start_ns + (uint64_t)STEP_TIMEOUT_S * NS_PER_S;
    purge->operation = (struct operation){
        .statement = &statements[STATEMENT_PURGE],
        .call = &purge->call,
        .finish = end_step,
        .closure_data = purge,
    };
    queue_push(purge->queue, &purge->operation);
}

static bool pause_is_over(struct purge *purge)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)PAUSE_S * NS_PER_S;
    while (!purge->stop && time_wait_until(&purge->changed, &purge->lock, limit_ns))
        continue;
    return !purge->stop;
}

static void *walk(void *arg)
{
    struct purge *purge = arg;
    pthread_mutex_lock(&purge->lock);
    while (pause_is_over(purge)) {
        if (purge->under_way)
            continue;
        purge->under_way = true;
        pthread_mutex_unlock(&purge->lock);
        begin_step(purge);
        pthread_mutex_lock(&purge->lock);
    }
    pthread_mutex_unlock(&purge->lock);
    return NULL;
}

bool purge_start(struct purge *purge, struct queue *queue, uint32_t ttl_s, struct metric *purged)
{
    *purge = (struct purge){.queue = queue, .ttl_s = ttl_s, .purged = purged};
    arena_init(&purge->call.arena);
    pthread_mutex_init(&purge->lock, NULL);
    time_cond_init(&purge->changed);
    errno = pthread_create(&purge->thread, NULL, walk, purge);
    return errno == 0;
}

void purge_stop(struct purge *purge)
{
    pthread_mutex_lock(&purge->lock);
    purge->stop = true;
    pthread_cond_signal(&purge->changed);
    pthread_mutex_unlock(&purge->lock);
    pthread_join(purge->thread, NULL);
}

void purge_free(struct purge *purge)
{
    pthread_cond_destroy(&purge->changed);
    pthread_mutex_destroy(&purge->lock);
    arena_free(&purge->call.arena);
}
