/* test_watchdog.c: what a service manager hears while addresses answer, do not, or never come back. */
#include "base/watchdog.h"

#include "base/process.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { WATCHDOG_MS = 400, WAIT_S = 20 };

static struct notify notify;
static int manager, log_end;
static struct log *log_;
static struct prober *prober;
static atomic_bool answers, blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t aborts = PTHREAD_COND_INITIALIZER;
static bool aborted; /* guarded by lock */

static bool ask(void *arg, unsigned timeout_ms, char *why, size_t why_size)
{
    (void)arg;
    (void)timeout_ms;
    pthread_mutex_lock(&lock);
    while (blocks && !aborted)
        pthread_cond_wait(&aborts, &lock);
    pthread_mutex_unlock(&lock);
    snprintf(why, why_size, "out of order");
    return answers;
}

static void abort_ask(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    aborted = true;
    pthread_cond_signal(&aborts);
    pthread_mutex_unlock(&lock);
}

static void set_up(void)
{
    const struct timeval timeout = {.tv_sec = WAIT_S};
    int told[2], logged[2];
    process_prepare();
    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, told), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, logged), 0);
    notify = (struct notify){.fd = told[0], .watchdog_ms = WATCHDOG_MS};
    manager = told[1];
    log_end = logged[1];
    setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(log_end, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    log_ = log_open(logged[0], LOG_LEVEL_INFO);
}

static void start(void)
{
    const struct prober_target target = {"tcp://a", ask, abort_ask, NULL};
    char error[64] = "";
    prober = watchdog_start_prober(&notify, &target, 1, error, sizeof error);
    cr_assert_not_null(prober, "%s", error);
}

static void tear_down(void)
{
    prober_stop(prober);
    prober_free(prober);
    log_close(log_);
}

TestSuite(watchdog, .init = set_up, .fini = tear_down, .timeout = 60);

static void expect_heard(const char *expected)
{
    char heard[64] = "";
    cr_expect_gt(recv(manager, heard, sizeof heard - 1, 0), 0);
    cr_expect_str_eq(heard, expected);
}

static void expect_logged(const char *expected)
{
    char line[256] = "";
    for (size_t n = 0; n + 1 < sizeof line && recv(log_end, line + n, 1, 0) == 1 && line[n] != '\n'; n++)
        continue;
    cr_expect_not_null(strstr(line, expected), "%s", line);
}

/* --- one that answers, and then does not --- */

static void drop_heard(void)
{
    char heard[64];
    while (recv(manager, heard, sizeof heard, MSG_DONTWAIT) > 0)
        continue;
}

static void *hear_of_life(void *arg)
{
    char heard[64];
    expect_heard("READY=1");
    expect_heard("WATCHDOG=1");
    expect_heard("WATCHDOG=1");
    answers = false;
    expect_logged("no answer at an address of its own\",\"why\":\"tcp://a: out of order");
    drop_heard(); /* what it had been told before */
    expect_logged("no answer at an address of its own");
    cr_expect_lt(recv(manager, heard, sizeof heard, MSG_DONTWAIT), 0, "it is pinged still");
    answers = true;
    expect_heard("WATCHDOG=1");
    kill(getpid(), SIGINT);
    return arg;
}

Test(watchdog, is_pinged_while_the_addresses_answer)
{
    pthread_t listener;
    answers = true;
    start();
    pthread_create(&listener, NULL, hear_of_life, NULL);
    cr_expect_eq(watchdog_await_end(&notify, prober, log_, NULL), SIGINT);
    pthread_join(listener, NULL);
}

/* --- one that neither answers nor fails --- */

static void *hear_of_the_end(void *arg)
{
    expect_heard("READY=1");
    expect_logged("not asked for too long");
    drop_heard();
    kill(getpid(), SIGTERM);
    expect_heard("STOPPING=1");
    return arg;
}

/* The test ends in time only if a signal, and then the prober's end, wait for no address. */
Test(watchdog, waits_for_no_address_to_hear_of_the_end)
{
    pthread_t listener;
    blocks = true;
    start();
    pthread_create(&listener, NULL, hear_of_the_end, NULL);
    cr_expect_eq(watchdog_await_end(&notify, prober, log_, NULL), SIGTERM);
    pthread_join(listener, NULL);
}

Test(watchdog, without_one_nothing_is_said_but_begin_and_end)
{
    notify.watchdog_ms = 0;
    start();
    kill(getpid(), SIGTERM);
    cr_expect_eq(watchdog_await_end(&notify, prober, log_, NULL), SIGTERM);
    expect_heard("READY=1");
    expect_heard("STOPPING=1");
}

/* --- SIGHUP --- */

static void end_after_the_second(void *arg)
{
    unsigned *loads = arg;
    kill(getpid(), ++*loads == 2 ? SIGTERM : SIGHUP);
}

Test(watchdog, a_hangup_loads_and_ends_nothing)
{
    unsigned loads = 0;
    const struct watchdog_reload reload = {end_after_the_second, &loads};
    answers = true;
    start();
    kill(getpid(), SIGHUP);
    cr_expect_eq(watchdog_await_end(&notify, prober, log_, &reload), SIGTERM);
    cr_expect_eq(loads, 2);
}

Test(watchdog, a_hangup_with_nothing_to_load_is_passed_over)
{
    notify.watchdog_ms = 0;
    start();
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGTERM); /* both wait, and the lower number is taken first */
    cr_expect_eq(watchdog_await_end(&notify, prober, log_, NULL), SIGTERM);
}
