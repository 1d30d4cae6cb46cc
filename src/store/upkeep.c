/* upkeep.c: one step under way at a time, and a pause between two. */
#include "store/upkeep.h"

#include "base/time.h"
#include "store/row.h"
#include "store/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAUSE_S = 1,
    PAUSE_FAILED_S = 60, /* after a step that failed: the next one may, too */
    STEP_PAGES_LEAST = 64,
    STEPS_A_WALK = 1800,
    STEP_TIMEOUT_S = 10,
};

static int64_t step_pages(const struct upkeep *upkeep)
{
    int64_t pages = upkeep->pages / STEPS_A_WALK;
    return pages > STEP_PAGES_LEAST ? pages : STEP_PAGES_LEAST;
}

void upkeep_encode_fold(struct params *params, struct operation *const operations[], size_t n)
{
    const struct upkeep *upkeep = operations[0]->closure_data;
    (void)n;
    params_int8(params, upkeep->page);
    params_int8(params, step_pages(upkeep));
}

void upkeep_encode_purge(struct params *params, struct operation *const operations[], size_t n)
{
    const struct upkeep *upkeep = operations[0]->closure_data;
    upkeep_encode_fold(params, operations, n);
    params_int8(params, upkeep->options.ttl_s);
}

static void rest(struct upkeep *upkeep, uint32_t rest_s)
{
    upkeep->rest_until_ns = time_monotonic_ns() + (uint64_t)rest_s * NS_PER_S;
}

void upkeep_take_result(struct operation *operation, const PGresult *result, struct arena *arena)
{
    struct upkeep *upkeep = operation->closure_data;
    (void)arena;
    if (upkeep == NULL)
        return; /* the step took too long and was given up */
    if (PQgetisnull(result, 0, 0))
        return; /* another server is at it */
    upkeep->page += step_pages(upkeep);
    upkeep->pages = row_int8(result, 0, 0);
    metric_add(upkeep->options.counts, row_int8(result, 0, 1));
    if (upkeep->page >= upkeep->pages) {
        upkeep->page = 0;
        rest(upkeep, upkeep->options.rest_s);
    }
}

/* Whatever came of the step: the next begins where this one did, if it failed. */
static void end_step(struct operation *operation)
{
    struct upkeep *upkeep = operation->closure_data;
    pthread_mutex_lock(&upkeep->lock);
    if (operation->code != STATUS_OK)
        rest(upkeep, PAUSE_FAILED_S);
    upkeep->under_way = false;
    pthread_mutex_unlock(&upkeep->lock);
}

static void begin_step(struct upkeep *upkeep)
{
    arena_reset(&upkeep->call.arena);
    upkeep->call.status = STATUS_INIT;
    upkeep->call.request_id = "";
    upkeep->call.start_ns = time_monotonic_ns();
    upkeep->call.deadline_ns = upkeep->call.start_ns + (uint64_t)STEP_TIMEOUT_S * NS_PER_S;
    upkeep->operation = (struct operation){
        .statement = upkeep->options.step,
        .call = &upkeep->call,
        .finish = end_step,
        .closure_data = upkeep,
    };
    queue_push(upkeep->options.queue, &upkeep->operation);
}

static bool pause_is_over(struct upkeep *upkeep)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)PAUSE_S * NS_PER_S;
    while (!upkeep->stop && time_wait_until(&upkeep->changed, &upkeep->lock, limit_ns))
        continue;
    return !upkeep->stop;
}

static void *walk(void *arg)
{
    struct upkeep *upkeep = arg;
    pthread_mutex_lock(&upkeep->lock);
    while (pause_is_over(upkeep)) {
        if (upkeep->under_way || time_monotonic_ns() < upkeep->rest_until_ns)
            continue;
        upkeep->under_way = true;
        pthread_mutex_unlock(&upkeep->lock);
        begin_step(upkeep);
        pthread_mutex_lock(&upkeep->lock);
    }
    pthread_mutex_unlock(&upkeep->lock);
    return NULL;
}

bool upkeep_start(struct upkeep *upkeep, const struct upkeep_options *options)
{
    *upkeep = (struct upkeep){.options = *options};
    arena_init(&upkeep->call.arena);
    pthread_mutex_init(&upkeep->lock, NULL);
    time_cond_init(&upkeep->changed);
    errno = pthread_create(&upkeep->thread, NULL, walk, upkeep);
    if (errno == 0)
        return true;
    upkeep_free(upkeep);
    return false;
}

void upkeep_stop(struct upkeep *upkeep)
{
    pthread_mutex_lock(&upkeep->lock);
    upkeep->stop = true;
    pthread_cond_signal(&upkeep->changed);
    pthread_mutex_unlock(&upkeep->lock);
    pthread_join(upkeep->thread, NULL);
}

void upkeep_free(struct upkeep *upkeep)
{
    pthread_cond_destroy(&upkeep->changed);
    pthread_mutex_destroy(&upkeep->lock);
    arena_free(&upkeep->call.arena);
}
