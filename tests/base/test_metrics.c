/* test_metrics.c: what is recorded is what is read, and the text is what Prometheus takes. */
#include "base/metrics_text.h"
#include "base/process_metrics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct metrics *metrics;
static struct arena arena;

static const struct metric_family requests = {"requests_total", "Requests", METRIC_COUNTER,
                                              .labels = {"method", "code"}};
static const struct metric_family depth = {"depth", "How deep\nit \\ is", METRIC_GAUGE};
static const struct metric_family wait = {"wait_seconds",   "Waits",
                                          METRIC_HISTOGRAM, .labels = {"lane"},
                                          .scale = 1e9,     .bounds = {250000, 1000000, 10000000}};

static void set_up(void)
{
    metrics = metrics_new();
    arena_init(&arena);
}

static void tear_down(void)
{
    metrics_free(metrics);
    arena_free(&arena);
}

TestSuite(metrics, .init = set_up, .fini = tear_down);

static char *text(void)
{
    size_t length;
    const char *bytes = metrics_text(metrics, &arena, &length);
    return arena_copy(&arena, bytes, length);
}

Test(metrics, nothing_gives_no_text)
{
    cr_expect_str_eq(text(), "");
}

Test(metrics, a_series_is_there_from_the_first_and_its_family_stands_together)
{
    struct metric *ok = metrics_add(metrics, &requests, (const char *const[]){"Get", "OK"});
    struct metric *level = metrics_add(metrics, &depth, NULL);
    metrics_add(metrics, &requests, (const char *const[]){"Get", "NOT_FOUND"});
    metric_add(ok, 1);
    metric_add(ok, 2);
    metric_set(level, 7);
    metric_add(level, -9);
    cr_expect_str_eq(text(), "# HELP requests_total Requests\n"
                             "# TYPE requests_total counter\n"
                             "requests_total{method=\"Get\",code=\"OK\"} 3\n"
                             "requests_total{method=\"Get\",code=\"NOT_FOUND\"} 0\n"
                             "# HELP depth How deep\\nit \\\\ is\n"
                             "# TYPE depth gauge\n"
                             "depth -2\n");
}

Test(metrics, a_histogram_counts_up_to_each_bound)
{
    struct metric *get = metrics_add(metrics, &wait, (const char *const[]){"get"});
    metric_observe(get, 0);
    metric_observe(get, 250000); /* a bound is part of its bucket */
    metric_observe(get, 250001);
    metric_observe(get, 3000000000);
    cr_expect_str_eq(text(), "# HELP wait_seconds Waits\n"
                             "# TYPE wait_seconds histogram\n"
                             "wait_seconds_bucket{lane=\"get\",le=\"0.00025\"} 2\n"
                             "wait_seconds_bucket{lane=\"get\",le=\"0.001\"} 3\n"
                             "wait_seconds_bucket{lane=\"get\",le=\"0.01\"} 3\n"
                             "wait_seconds_bucket{lane=\"get\",le=\"+Inf\"} 4\n"
                             "wait_seconds_sum{lane=\"get\"} 3.000500001\n"
                             "wait_seconds_count{lane=\"get\"} 4\n");
}

Test(metrics, labels_are_escaped_and_copied)
{
    char method[] = "a\"b\\c\nd";
    metrics_add(metrics, &requests, (const char *const[]){method, "þ"});
    method[0] = 'x';
    cr_expect_not_null(strstr(text(), "requests_total{method=\"a\\\"b\\\\c\\nd\",code=\"þ\"} 0\n"));
}

Test(metrics, numbers_are_as_short_as_they_can_be)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {1e20, "1e+20"},
        {1764000000, "1764000000"},
        {9007199254740991, "9007199254740991"},
        {NAN, "NaN"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char number[METRICS_NUMBER_TEXT];
        metrics_number(cases[i].value, number);
        cr_expect_str_eq(number, cases[i].text);
    }
}

Test(metrics, without_a_registry_nothing_is_recorded)
{
    struct metric *none = metrics_add(NULL, &wait, (const char *const[]){"get"});
    size_t n = 1;
    cr_expect_null(none);
    metric_add(none, 1);
    metric_set(none, 1);
    metric_observe(none, 1);
    metrics_gather(NULL, &arena, &n);
    cr_expect_eq(n, 0);
}

/* --- from many threads --- */

enum { THREADS = 8, ROUNDS = 20000 };

static struct metric *counter, *histogram;

static void *record(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        metric_add(counter, 1);
        metric_observe(histogram, i % 2 == 0 ? 1 : 20000000);
    }
    return NULL;
}

static double value_of(const struct metrics_group *groups, size_t n, const char *name, size_t index)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(groups[i].family->name, name) == 0)
            return groups[i].samples[index].value;
    }
    return -1;
}

Test(metrics, nothing_is_lost_between_threads_and_a_histogram_agrees_with_itself)
{
    pthread_t threads[THREADS];
    size_t n;
    counter = metrics_add(metrics, &requests, (const char *const[]){"Get", "OK"});
    histogram = metrics_add(metrics, &wait, (const char *const[]){"get"});
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, record, NULL);
    double last = 0;
    do { /* read while it is written */
        const struct metrics_group *groups = metrics_gather(metrics, &arena, &n);
        const double count = value_of(groups, n, "wait_seconds", 5);
        cr_assert_eq(value_of(groups, n, "wait_seconds", 3), count, "the last bucket holds all");
        cr_assert_geq(count, last, "a count never falls");
        last = count;
        arena_reset(&arena);
    } while (last < (double)THREADS * ROUNDS);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    const struct metrics_group *groups = metrics_gather(metrics, &arena, &n);
    cr_expect_eq(value_of(groups, n, "requests_total", 0), (double)THREADS * ROUNDS);
    cr_expect_eq(value_of(groups, n, "wait_seconds", 0), (double)THREADS * ROUNDS / 2);
    cr_expect_float_eq(value_of(groups, n, "wait_seconds", 4), (double)THREADS * ROUNDS / 2 * 20000001e-9,
                       1e-6);
}

/* --- of the process --- */

static double figure(const char *name)
{
    size_t n;
    const struct metrics_group *groups = metrics_gather(metrics, &arena, &n);
    return value_of(groups, n, name, 0);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *pass_gate(void *arg)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return arg;
}

Test(metrics, the_process_is_told_as_it_is)
{
    struct process_metrics process;
    process_metrics_add(&process, metrics);

    const double before = figure("process_open_fds");
    int fd = dup(STDERR_FILENO);
    cr_expect_eq(figure("process_open_fds"), before + 1);
    close(fd);
    cr_expect_eq(figure("process_open_fds"), before);
    cr_expect_geq(figure("process_max_fds"), before);

    const size_t size = 32 << 20;
    const double resident = figure("process_resident_memory_bytes");
    char *memory = malloc(size);
    memset(memory, 1, size);
    cr_expect_geq(figure("process_resident_memory_bytes"), resident + (double)size / 2, "%d", memory[7]);
    free(memory);

    const double started = figure("process_start_time_seconds"), now = (double)time(NULL);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(figure("process_start_time_seconds"), started, "it never changes");
    cr_expect(started <= now + 2 && started > now - 600, "%f at %f", started, now);
    cr_expect_gt(figure("process_cpu_seconds_total"), 0);
    cr_expect_lt(figure("process_cpu_seconds_total"), 600);

    pthread_t thread;
    const double threads = figure("process_threads");
    pthread_mutex_lock(&gate);
    pthread_create(&thread, NULL, pass_gate, NULL);
    cr_expect_eq(figure("process_threads"), threads + 1);
    pthread_mutex_unlock(&gate);
    pthread_join(thread, NULL);
}
