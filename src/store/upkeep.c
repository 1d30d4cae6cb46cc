/* upkeep.c: one step under way at a time, and a pause between two. */
#include "store/upkeep.h"

#include "base/time.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAUSE_S = 1,
    PAUSE_FAILED_S = 60, /* after a step that failed: the next one may, too */
    STEP_TIMEOUT_S = 10,
};

static void rest(struct upkeep *upkeep, uint32_t rest_s)
{
    upkeep->rest_until_ns = time_monotonic_ns() + (uint64_t)rest_s * NS_PER_S;
}

/* Whose step an operation is. */
static struct upkeep *owner_of(struct operation *step)
{
    return (struct upkeep *)((char *)step - offsetof(struct upkeep, operation));
}

/* Whatever came of the step: the next begins where this one did, if it failed. */
static void end_step(struct operation *operation)
{
    struct upkeep *upkeep = owner_of(operation);
    pthread_mutex_lock(&upkeep->lock);
    metric_add(upkeep->options.counts, upkeep->walk.rows);
    if (operation->code != STATUS_OK)
        rest(upkeep, PAUSE_FAILED_S);
    else if (upkeep->walk.is_over)
        rest(upkeep, upkeep->options.rest_s);
    upkeep->under_way = false;
    pthread_mutex_unlock(&upkeep->lock);
}

static void begin_step(struct upkeep *upkeep)
{
    arena_reset(&upkeep->call.arena);
    upkeep->walk.rows = 0;
    upkeep->walk.is_over = false;
    upkeep->call.status = STATUS_INIT;
    upkeep->call.method = upkeep->call.request_id = upkeep->call.principal = "";
    upkeep->call.peer = upkeep->call.order_id = "";
    upkeep->call.start_ns = time_monotonic_ns();
    upkeep->call.deadline_ns = upkeep->call.start_ns + (uint64_t)STEP_TIMEOUT_S * NS_PER_S;
    upkeep->operation = (struct operation){
        .statement = upkeep->options.step,
        .call = &upkeep->call,
        .finish = end_step,
        .closure_data = &upkeep->walk,
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
    *upkeep = (struct upkeep){.options = *options, .walk = {.ttl_s = options->ttl_s}};
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
