/* test_manager.c: what a service manager hears of ordersd: that it is ready, that it lives, that it ends. */
#include "base/time.h"
#include "support/manager.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOGGED_MS = 20000, POLL_MS = 20 };

static struct manager manager;

static void set_up(void)
{
    manager_open(&manager);
}

static void tear_down(void)
{
    manager_close(&manager);
}

TestSuite(manager, .init = set_up, .fini = tear_down, .timeout = 120);

/* By then it has asked itself several times, as which it is no client. */
static void expect_no_calls(const struct service *service)
{
    char *log = service_log(service);
    cr_expect_null(strstr(log, "Health/Check"), "%s", log);
    cr_expect_null(strstr(log, "/healthz"), "%s", log);
    free(log);
}

static void live(const char *database_url, bool without_http)
{
    const char *const environment[] = {manager.setting, "WATCHDOG_USEC=900000", NULL};
    struct service *service = service_start(&(struct service_options){
        .environment = environment, .database_url = database_url, .without_http = without_http});
    manager_expect(&manager, "READY=1");
    manager_expect(&manager, "WATCHDOG=1");
    manager_expect(&manager, "WATCHDOG=1");
    expect_no_calls(service);
    kill(service->pid, SIGTERM);
    manager_await(&manager, "STOPPING=1");
    cr_expect_eq(service_wait(service), 0);
}

Test(manager, hears_that_it_is_ready_lives_and_ends)
{
    live(NULL, false);
}

Test(manager, hears_it_without_the_shim_too)
{
    live(NULL, true);
}

/* To start it anew would not bring the database back. */
Test(manager, is_told_that_it_lives_while_the_database_is_away)
{
    live("host=/tmp/no-such-directory-there dbname=orders", false);
}

Test(manager, without_a_watchdog_nothing_is_fed)
{
    const char *const environment[] = {manager.setting, NULL};
    struct service *service = service_start(&(struct service_options){.environment = environment});
    manager_expect(&manager, "READY=1");
    kill(service->pid, SIGTERM);
    manager_expect(&manager, "STOPPING=1");
    cr_expect_eq(service_wait(service), 0);
}

static void await_logged(const struct service *service, const char *expected)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)LOGGED_MS * NS_PER_MS;
    bool logged = false;
    while (!logged) {
        char *log = service_log(service);
        logged = strstr(log, expected) != NULL;
        cr_assert(logged || time_monotonic_ns() < limit_ns, "%s", log);
        free(log);
        poll(NULL, 0, POLL_MS);
    }
}

/* One of its addresses is gone, however well it does at the others. Once it has said so, all that it had sent
 * before is there to be heard. */
Test(manager, hears_no_more_of_one_that_clients_cannot_reach)
{
    const char *const environment[] = {manager.setting, "WATCHDOG_USEC=900000", NULL};
    char heard[64];
    struct service *service = service_start(&(struct service_options){.environment = environment});
    manager_expect(&manager, "READY=1");
    manager_expect(&manager, "WATCHDOG=1");
    cr_assert_eq(unlink(service->ipc_url + strlen("ipc://")), 0);
    await_logged(service, "no answer at an address of its own");
    while (recv(manager.fd, heard, sizeof heard, MSG_DONTWAIT) > 0)
        continue;
    kill(service->pid, SIGTERM);
    manager_expect(&manager, "STOPPING=1");
    cr_expect_eq(service_wait(service), 0);
}
