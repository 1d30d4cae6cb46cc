/* test_notify.c: what a service manager hears. */
#include "base/notify.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/test-notify-XXXXXX";

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void tear_down(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/socket", directory);
    unlink(path);
    rmdir(directory);
}

TestSuite(notify, .init = set_up, .fini = tear_down);

/* Listens as the manager does, and says so in the environment. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void expect_heard(int fd, const char *expected)
{
    char heard[64] = "";
    cr_expect_eq(recv(fd, heard, sizeof heard - 1, MSG_DONTWAIT), (ssize_t)strlen(expected));
    cr_expect_str_eq(heard, expected);
}

static void expect_told(const char *name)
{
    struct notify notify;
    int fd = listen_at(name);
    notify_open(&notify);
    notify_send(&notify, "READY=1");
    expect_heard(fd, "READY=1");
    notify_send(&notify, "STOPPING=1");
    expect_heard(fd, "STOPPING=1");
    close(fd);
    notify_send(&notify, "nobody listens any more");
    notify_close(&notify);
    notify_send(&notify, "and this end is closed");
}

Test(notify, a_socket_with_a_path)
{
    char path[64];
    snprintf(path, sizeof path, "%s/socket", directory);
    expect_told(path);
}

/* The kernel keeps a few, and then whoever sends would wait. */
Test(notify, a_manager_that_does_not_read_holds_nobody_up, .timeout = 60)
{
    char path[64];
    struct notify notify;
    snprintf(path, sizeof path, "%s/socket", directory);
    int fd = listen_at(path);
    notify_open(&notify);
    for (int i = 0; send(notify.fd, "x", 1, MSG_DONTWAIT) == 1; i++)
        cr_assert_lt(i, 100000);
    notify_send(&notify, "WATCHDOG=1");
    notify_close(&notify);
    close(fd);
}

Test(notify, an_abstract_socket)
{
    char name[64];
    snprintf(name, sizeof name, "@%s", directory);
    expect_told(name);
}

Test(notify, without_a_manager_nothing_is_sent)
{
    static char long_name[300];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[0] = '/';
    const char *const names[] = {NULL, "", "/", "relative", "/tmp/no-such-socket-there", long_name};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct notify notify;
        if (names[i] != NULL)
            setenv("NOTIFY_SOCKET", names[i], 1);
        setenv("WATCHDOG_USEC", "1000000", 1);
        notify_open(&notify);
        cr_expect_eq(notify.fd, -1);
        cr_expect_eq(notify.watchdog_ms, 0);
        notify_send(&notify, "READY=1");
        notify_close(&notify);
    }
}

static unsigned watchdog(const char *usec, const char *pid)
{
    struct notify notify;
    setenv("WATCHDOG_USEC", usec, 1);
    if (pid != NULL)
        setenv("WATCHDOG_PID", pid, 1);
    notify_open(&notify);
    notify_close(&notify);
    return notify.watchdog_ms;
}

Test(notify, how_often_the_watchdog_is_to_be_fed)
{
    char name[64], pid[32];
    snprintf(name, sizeof name, "@%s", directory);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    int fd = listen_at(name);
    cr_expect_eq(watchdog("30000000", NULL), 30000);
    cr_expect_eq(watchdog("30000000", pid), 30000);
    cr_expect_eq(watchdog("30000000", "1"), 0, "it is another process's");
    cr_expect_eq(watchdog("nonsense", pid), 0);
    cr_expect_eq(watchdog("99999999999999999999", pid), 24 * 60 * 60 * 1000);
    close(fd);
}
