/* test_writer.c: the thread that writes large answers. */
#include "http/writer.h"

#include <criterion/criterion.h>
#include <semaphore.h>
#include <stddef.h>

enum { N = 1000 };

struct job {
    struct writing writing;
    int number;
};

static int written[N], n_written;

static void note(struct writing *writing)
{
    written[n_written++] = ((struct job *)writing)->number;
}

Test(writer, writes_all_in_order_before_it_stops)
{
    static struct job jobs[N];
    struct writer writer;
    cr_assert(writer_start(&writer));
    for (int i = 0; i < N; i++) {
        jobs[i] = (struct job){.writing = {.write = note}, .number = i};
        writer_add(&writer, &jobs[i].writing);
    }
    writer_stop(&writer);
    cr_assert_eq(n_written, N);
    for (int i = 0; i < N; i++)
        cr_assert_eq(written[i], i);
}

Test(writer, that_was_not_started_is_stopped)
{
    struct writer writer = {0};
    writer_stop(&writer);
}

/* --- principals --- */

static sem_t begun, go_on;

static void wait_to_go_on(struct writing *writing)
{
    sem_post(&begun);
    sem_wait(&go_on);
    note(writing);
}

/* Four hundred lists of one principal wait when another's first comes, and so does each of its next. */
Test(writer, a_lone_answer_is_behind_few_of_another_principal)
{
    enum { MANY = 400, PRINCIPALS = 40 };
    static struct job first, jobs[MANY], lone[PRINCIPALS];
    struct writer writer;
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    cr_assert(writer_start(&writer));
    first = (struct job){.writing = {.write = wait_to_go_on, .principal = 1}, .number = -1};
    writer_add(&writer, &first.writing);
    sem_wait(&begun); /* it has the thread: all below waits */
    for (int i = 0; i < MANY; i++) {
        jobs[i] = (struct job){.writing = {.write = note, .principal = 1}, .number = i};
        writer_add(&writer, &jobs[i].writing);
    }
    for (int i = 0; i < PRINCIPALS; i++) {
        lone[i] = (struct job){.writing = {.write = note, .principal = 2 + (uint32_t)i}, .number = MANY + i};
        writer_add(&writer, &lone[i].writing);
    }
    sem_post(&go_on);
    writer_stop(&writer);
    cr_assert_eq(n_written, 1 + MANY + PRINCIPALS);
    int last = 0; /* of the lone ones */
    for (int i = 0, next = 0; i < n_written; i++) {
        if (written[i] >= MANY)
            last = i;
        else if (written[i] >= 0)
            cr_assert_eq(written[i], next++, "in its order");
    }
    cr_assert_lt(last, MANY / 2, "%d", last);
}
