/* test_manager.c: what a service manager hears of ordersd: that it is ready, that it lives, that it ends. */
#include "support/service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_S = 20 };

static int manager;
static char notify_socket[64];

static void set_up(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval timeout = {.tv_sec = WAIT_S};
    const int length =
        snprintf(notify_socket, sizeof notify_socket, "NOTIFY_SOCKET=@orders-manager-%d", (int)getpid());
    const size_t name = strlen("NOTIFY_SOCKET=@");
    memcpy(address.sun_path + 1, notify_socket + name, (size_t)length - name);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length - name);
    cr_assert_eq(bind(manager, (struct sockaddr *)&address, size), 0);
    setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

static void tear_down(void)
{
    close(manager);
}

TestSuite(manager, .init = set_up, .fini = tear_down, .timeout = 120);

static void expect_heard(const char *expected)
{
    char heard[256];
    ssize_t n = recv(manager, heard, sizeof heard - 1, 0);
    cr_assert_geq(n, 0, "nothing was heard, where %s should be", expected);
    heard[n] = '\0';
    cr_expect_str_eq(heard, expected);
}

/* The next that is not about the watchdog. */
static void await_heard(const char *expected)
{
    char heard[256] = "";
    do {
        ssize_t n = recv(manager, heard, sizeof heard - 1, 0);
        cr_assert_geq(n, 0, "%s was not heard", expected);
        heard[n] = '\0';
    } while (strcmp(heard, "WATCHDOG=1") == 0);
    cr_expect_str_eq(heard, expected);
}

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
    const char *const environment[] = {notify_socket, "WATCHDOG_USEC=900000", NULL};
    struct service *service = service_start(&(struct service_options){
        .environment = environment, .database_url = database_url, .without_http = without_http});
    expect_heard("READY=1");
    expect_heard("WATCHDOG=1");
    expect_heard("WATCHDOG=1");
    expect_no_calls(service);
    kill(service->pid, SIGTERM);
    await_heard("STOPPING=1");
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
    const char *const environment[] = {notify_socket, NULL};
    struct service *service = service_start(&(struct service_options){.environment = environment});
    expect_heard("READY=1");
    kill(service->pid, SIGTERM);
    expect_heard("STOPPING=1");
    cr_expect_eq(service_wait(service), 0);
}

/* One of its addresses is gone, however well it does at the others. */
Test(manager, hears_no_more_of_one_that_clients_cannot_reach)
{
    const struct timeval silence = {.tv_sec = 3}; /* ten pings are missing */
    const char *const environment[] = {notify_socket, "WATCHDOG_USEC=900000", NULL};
    char heard[64];
    struct service *service = service_start(&(struct service_options){.environment = environment});
    expect_heard("READY=1");
    expect_heard("WATCHDOG=1");
    cr_assert_eq(unlink(service->ipc_url + strlen("ipc://")), 0);
    setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    for (int pings = 0; recv(manager, heard, sizeof heard, 0) > 0; pings++)
        cr_assert_lt(pings, 100, "it is still said to live");
    kill(service->pid, SIGTERM);
    expect_heard("STOPPING=1");
    cr_expect_eq(service_wait(service), 0);
}
