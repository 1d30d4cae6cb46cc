/* test_task_threads.c: rpc/task_threads.h. */
#include "rpc/task_threads.h"

#include <criterion/criterion.h>
#include <nng/nng.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

enum { CALLBACKS = 64 };

static sem_t done;
static atomic_int running, most;

/* Long enough for another thread, if there were one, to begin meanwhile. */
static void run(void *arg)
{
    (void)arg;
    int now = atomic_fetch_add(&running, 1) + 1;
    if (now > atomic_load(&most))
        atomic_store(&most, now);
    usleep(500);
    atomic_fetch_sub(&running, 1);
    sem_post(&done);
}

/* Runs the callbacks and returns how many of them ran at once. */
static int most_at_once(void)
{
    nng_aio *aios[CALLBACKS];
    sem_init(&done, 0, 0);
    atomic_store(&most, 0);
    for (int i = 0; i < CALLBACKS; i++) {
        cr_assert_eq(nng_aio_alloc(&aios[i], run, NULL), 0);
        cr_assert(nng_aio_begin(aios[i]));
        nng_aio_finish(aios[i], 0);
    }
    for (int i = 0; i < CALLBACKS; i++)
        sem_wait(&done);
    for (int i = 0; i < CALLBACKS; i++)
        nng_aio_free(aios[i]);
    return atomic_load(&most);
}

Test(task_threads, one_runs_all_callbacks)
{
    cr_assert_gt(most_at_once(), 1);
    cr_assert(task_threads_keep_one());
    cr_assert_eq(most_at_once(), 1);
}
