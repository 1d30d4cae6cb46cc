/* test_prober.c: what is known of addresses that answer, do not, and do again. */
#include "base/prober.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { LONG_MS = 60000 };

struct address {
    pthread_mutex_t lock;
    pthread_cond_t asked, aborted;
    bool answers; /* guarded by lock, as is all below */
    const char *why;
    bool blocks; /* until it is aborted */
    bool is_aborted;
    unsigned times; /* it was asked */
};

static struct address first, second;
static struct prober *prober;

static bool answer(void *arg, unsigned timeout_ms, char *why, size_t why_size)
{
    struct address *address = arg;
    cr_assert_eq(timeout_ms, 5);
    pthread_mutex_lock(&address->lock);
    const bool answers = address->answers;
    const char *const what = address->why != NULL ? address->why : answers ? "" : "no answer";
    address->times++;
    pthread_cond_broadcast(&address->asked);
    while (address->blocks && !address->is_aborted)
        pthread_cond_wait(&address->aborted, &address->lock);
    pthread_mutex_unlock(&address->lock);
    snprintf(why, why_size, "%s", what);
    return answers;
}

static void abort_answer(void *arg)
{
    struct address *address = arg;
    pthread_mutex_lock(&address->lock);
    address->is_aborted = true;
    pthread_cond_signal(&address->aborted);
    pthread_mutex_unlock(&address->lock);
}

/* Until what it answers now is known: it was asked, and again. */
static void set_answers(struct address *address, bool answers)
{
    pthread_mutex_lock(&address->lock);
    address->answers = answers;
    const unsigned then = address->times;
    while (address->times < then + 2)
        pthread_cond_wait(&address->asked, &address->lock);
    pthread_mutex_unlock(&address->lock);
}

static void set_why(struct address *address, const char *why)
{
    pthread_mutex_lock(&address->lock);
    address->why = why;
    pthread_mutex_unlock(&address->lock);
    set_answers(address, true);
}

static void set_up(void)
{
    const struct prober_target targets[] = {{"tcp://a", answer, abort_answer, &first},
                                            {"tcp://b", answer, abort_answer, &second}};
    first = second = (struct address){.lock = PTHREAD_MUTEX_INITIALIZER,
                                      .asked = PTHREAD_COND_INITIALIZER,
                                      .aborted = PTHREAD_COND_INITIALIZER,
                                      .answers = true};
    prober = prober_start(targets, 2, 1, 5);
    cr_assert_not_null(prober);
}

static void tear_down(void)
{
    prober_stop(prober);
    prober_free(prober);
}

TestSuite(prober, .init = set_up, .fini = tear_down, .timeout = 60);

static void expect(const char *reasons)
{
    char why[128] = "";
    cr_expect_eq(prober_ready(prober, why, sizeof why), *reasons == '\0');
    cr_expect_str_eq(why, reasons);
}

Test(prober, tells_who_does_not_answer)
{
    set_answers(&first, true);
    expect("");
    set_answers(&second, false);
    expect("tcp://b: no answer");
    set_answers(&first, false);
    expect("tcp://a: no answer; tcp://b: no answer");
    set_answers(&second, true);
    expect("tcp://a: no answer");
    set_answers(&first, true);
    expect("");
}

Test(prober, knows_how_long_ago_each_answered)
{
    set_answers(&second, true);
    cr_expect(prober_answered(prober, LONG_MS));
    set_answers(&second, false);
    cr_expect(prober_answered(prober, LONG_MS), "it has answered lately");
    cr_expect_not(prober_answered(prober, 0));
}

/* Nobody is to be told that it does not live, but nobody is to be sent there. */
Test(prober, knows_one_that_lives_and_is_not_ready)
{
    set_why(&second, "accepts nobody: Too many open files");
    expect("tcp://b: accepts nobody: Too many open files");
    cr_expect(prober_answered(prober, LONG_MS));
    set_why(&second, NULL);
    expect("");
}

/* A reason is cut where there is no room for it. */
Test(prober, tells_as_much_as_there_is_room_for)
{
    char why[12];
    set_answers(&first, false);
    cr_expect_not(prober_ready(prober, why, sizeof why));
    cr_expect_str_eq(why, "tcp://a: no");
}

/* Asks go on: the suite ends in time only if neither waits for the other, nor the end for one that blocks. */
static void block(struct address *address)
{
    pthread_mutex_lock(&address->lock);
    address->blocks = true;
    const unsigned then = address->times;
    while (address->times == then)
        pthread_cond_wait(&address->asked, &address->lock);
    pthread_mutex_unlock(&address->lock);
}

Test(prober, asks_others_while_one_blocks)
{
    block(&first);
    set_answers(&second, false);
    expect("tcp://b: no answer");
    set_answers(&second, true);
    expect("");
}

Test(prober, stops_while_one_blocks)
{
    set_answers(&second, false);
    block(&first);
    prober_stop(prober);
    expect("tcp://b: no answer");
    prober_free(prober);
    set_up(); /* for tear_down */
}
