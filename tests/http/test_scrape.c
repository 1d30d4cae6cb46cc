/* test_scrape.c: how often the text of /metrics is made, and how long it lives. */
#include "http/scrape.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const struct metric_family asked = {"asked_total", "Asked", METRIC_COUNTER};

static struct metrics *metrics;
static struct metric *counter;
static struct scrapes scrapes;

static void set_up(void)
{
    metrics = metrics_new();
    counter = metrics_add(metrics, &asked, NULL);
    scrapes_init(&scrapes, metrics);
}

static void tear_down(void)
{
    scrapes_free(&scrapes);
    metrics_free(metrics);
}

TestSuite(scrape, .init = set_up, .fini = tear_down, .timeout = 60);

Test(scrape, one_is_shared_while_it_is_fresh_and_lives_while_it_is_held)
{
    const uint64_t began_ns = time_monotonic_ns();
    struct scrape *first = scrape_take(&scrapes), *second = scrape_take(&scrapes);
    const bool in_time = time_monotonic_ns() - began_ns < UINT64_C(100) * NS_PER_MS;
    cr_expect(first == second || !in_time);
    cr_expect_eq(first->length, strlen(first->text));
    cr_expect_not_null(strstr(first->text, "\nasked_total 0\n"));

    metric_add(counter, 1);
    struct scrape *later = scrape_take(&scrapes);
    while (later == first) { /* until it is old */
        scrape_release(&scrapes, later);
        usleep(1000);
        later = scrape_take(&scrapes);
    }
    cr_expect_not_null(strstr(later->text, "\nasked_total 1\n"));
    cr_expect_not_null(strstr(first->text, "\nasked_total 0\n"), "whoever is being sent it keeps it");
    scrape_release(&scrapes, later);
    scrape_release(&scrapes, first);
    scrape_release(&scrapes, second);
    scrape_release(&scrapes, NULL);
}

/* Who takes a text slowly keeps it, and there is one for each tenth of a second. */
Test(scrape, while_many_are_held_no_newer_one_is_made)
{
    enum { MOST = 64, OLD_MS = 101 };
    struct scrape *held = scrape_take(&scrapes);
    scrapes.held = MOST;
    usleep(OLD_MS * 1000);
    struct scrape *same = scrape_take(&scrapes);
    cr_expect_eq(same, held);
    scrapes.held = MOST - 1;
    struct scrape *newer = scrape_take(&scrapes);
    cr_expect_neq(newer, held);
    scrapes.held = 2;
    scrape_release(&scrapes, held);
    scrape_release(&scrapes, same);
    scrape_release(&scrapes, newer);
}

static void expect_gzip_of_text(const struct scrape *scrape, const char *gzip, size_t length)
{
    enum { GZIP_WINDOW = 15 + 16 };
    char *bytes = malloc(scrape->length + 1);
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)gzip,
        .avail_in = (uInt)length,
        .next_out = (Bytef *)bytes,
        .avail_out = (uInt)scrape->length + 1,
    };
    cr_assert_eq(inflateInit2(&stream, GZIP_WINDOW), Z_OK);
    cr_expect_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    cr_expect_eq(stream.total_out, scrape->length);
    cr_expect_eq(memcmp(bytes, scrape->text, scrape->length), 0);
    (void)inflateEnd(&stream);
    free(bytes);
}

enum { ASKERS = 4 };

/* All of one text, at once. */
static void *ask_for_gzip(void *arg)
{
    size_t length;
    return (void *)(uintptr_t)scrape_gzip(&scrapes, arg, &length);
}

Test(scrape, the_gzip_of_a_text_is_made_once_and_lives_as_long)
{
    struct scrape *scrape = scrape_take(&scrapes);
    pthread_t threads[ASKERS];
    size_t length;
    for (size_t i = 0; i < ASKERS; i++)
        pthread_create(&threads[i], NULL, ask_for_gzip, scrape);
    const char *gzip = scrape_gzip(&scrapes, scrape, &length);
    for (size_t i = 0; i < ASKERS; i++) {
        void *other;
        pthread_join(threads[i], &other);
        cr_expect_eq(other, gzip);
    }
    for (struct scrape *later = scrape; later == scrape; usleep(1000)) { /* until it is not the latest */
        later = scrape_take(&scrapes);
        scrape_release(&scrapes, later);
    }
    expect_gzip_of_text(scrape, gzip, length);
    scrape_release(&scrapes, scrape);
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

static void *ask_much(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        struct scrape *scrape = scrape_take(&scrapes);
        cr_assert_eq(scrape->text[scrape->length - 1], '\n');
        scrape_release(&scrapes, scrape);
    }
    return NULL;
}

Test(scrape, whoever_asks_without_end_makes_it_do_no_more_than_that)
{
    unsigned made = 0;
    pthread_t threads[ASKERS];
    metrics_refresh(metrics, count, &made);
    const uint64_t began_ns = time_monotonic_ns();
    for (size_t i = 0; i < ASKERS; i++)
        pthread_create(&threads[i], NULL, ask_much, NULL);
    for (size_t i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    const uint64_t took_ms = (time_monotonic_ns() - began_ns) / NS_PER_MS;
    cr_expect(made >= 1 && made <= 1 + took_ms / 100, "%u in %lu ms", made, (unsigned long)took_ms);
}
