/* test_upkeep.c: when the next step of a walk is begun. No database: the test is the worker. */
#include "store/upkeep.h"

#include "base/time.h"
#include "store/statement.h"

#include <criterion/criterion.h>
#include <poll.h>

static struct queue queue;
static struct upkeep upkeep;

static void set_up(void)
{
    const struct upkeep_options options = {.step = &statements[STATEMENT_FOLD], .queue = &queue, .rest_s = 1};
    cr_assert(queue_init(&queue, 1));
    queue_open(&queue, 0);
    cr_assert(upkeep_start(&upkeep, &options));
}

static void tear_down(void)
{
    upkeep_stop(&upkeep);
    upkeep_free(&upkeep);
    queue_destroy(&queue);
}

TestSuite(upkeep, .init = set_up, .fini = tear_down, .timeout = 60);

static struct operation *take_step(void)
{
    struct operation *step;
    while (queue_take(&queue, &step, lane_batch(LANE_PURGE)) == 0) {
        struct pollfd event = {.fd = queue_event(&queue, 0), .events = POLLIN};
        poll(&event, 1, queue_begin_wait(&queue, 0));
        queue_end_wait(&queue, 0);
    }
    return step;
}

static uint64_t rest_until_ns(void)
{
    pthread_mutex_lock(&upkeep.lock);
    const uint64_t until_ns = upkeep.rest_until_ns;
    pthread_mutex_unlock(&upkeep.lock);
    return until_ns;
}

Test(upkeep, a_step_that_failed_is_not_tried_again_for_a_minute)
{
    struct operation *step = take_step();
    const uint64_t now_ns = time_monotonic_ns();
    operation_fail(step, STATUS_INTERNAL, "");
    cr_assert_geq(rest_until_ns(), now_ns + UINT64_C(60) * NS_PER_S);
}
