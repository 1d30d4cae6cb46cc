/* test_writer.c: the thread that writes large answers. */
#include "http/writer.h"

#include <criterion/criterion.h>
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
