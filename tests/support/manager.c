/* manager.c: a datagram socket of an abstract name. */
#include "support/manager.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_S = 20, FILES_MOST = 1024, SAID_BYTES = 256 };

void manager_open(struct manager *manager)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval timeout = {.tv_sec = WAIT_S};
    const int length = snprintf(manager->setting, sizeof manager->setting, "NOTIFY_SOCKET=@orders-manager-%d",
                                (int)getpid());
    const size_t name = strlen("NOTIFY_SOCKET=@");
    memcpy(address.sun_path + 1, manager->setting + name, (size_t)length - name);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length - name);
    cr_assert_eq(bind(manager->fd, (struct sockaddr *)&address, size), 0);
    setsockopt(manager->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

void manager_close(struct manager *manager)
{
    close(manager->fd);
}

static void hear(const struct manager *manager, char said[SAID_BYTES], const char *expected)
{
    const ssize_t n = recv(manager->fd, said, SAID_BYTES - 1, 0);
    cr_assert_geq(n, 0, "nothing was heard, where %s should be", expected);
    said[n] = '\0';
}

void manager_expect(const struct manager *manager, const char *expected)
{
    char said[SAID_BYTES];
    hear(manager, said, expected);
    cr_expect_str_eq(said, expected);
}

void manager_await(const struct manager *manager, const char *expected)
{
    char said[SAID_BYTES];
    do
        hear(manager, said, expected);
    while (strcmp(said, "WATCHDOG=1") == 0);
    cr_expect_str_eq(said, expected);
}

static bool listens_at(int fd, uint16_t port)
{
    struct sockaddr_in name = {0};
    socklen_t size = sizeof name, flag_size = sizeof(int);
    int listens = 0;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &flag_size) == 0 && listens != 0 &&
           getsockname(fd, (struct sockaddr *)&name, &size) == 0 && name.sin_family == AF_INET &&
           ntohs(name.sin_port) == port;
}

/* Does something to the socket by which a process listens on a port. */
static bool reach_listener(pid_t pid, uint16_t port, int (*act)(int fd))
{
    const int process = (int)syscall(SYS_pidfd_open, pid, 0);
    bool done = false;
    cr_assert_geq(process, 0);
    for (int fd = 0; fd < FILES_MOST && !done; fd++) {
        const int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
        if (copy < 0 && errno == EPERM)
            break;
        if (copy < 0)
            continue;
        done = listens_at(copy, port) && act(copy) == 0;
        close(copy);
    }
    close(process);
    return done;
}

static int stop(int fd)
{
    return shutdown(fd, SHUT_RDWR);
}

bool manager_stop_listening(pid_t pid, uint16_t port)
{
    return reach_listener(pid, port, stop);
}

/* A filter that takes none of what arrives: the first packet of a connection is dropped. */
static int hang(int fd)
{
    struct sock_filter take_none = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog filter = {.len = 1, .filter = &take_none};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

bool manager_hang_listening(pid_t pid, uint16_t port)
{
    return reach_listener(pid, port, hang);
}
