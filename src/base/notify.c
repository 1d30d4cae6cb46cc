/* notify.c: environment variables and one socket. */
#include "base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    US_PER_MS = 1000,
    WATCHDOG_MOST_MS = 24 * 60 * 60 * 1000,
    SEND_S = 1, /* for a manager that does not read: who asks this process to end is not to wait for it */
};

/* A path, or with an at sign first the name of an abstract socket. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(name);
    if (length < 2 || length >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@'))
        return -1;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct timeval limit = {.tv_sec = SEND_S};
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
                    connect(fd, (const struct sockaddr *)&address, size) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A number in the environment; 0: none. */
static unsigned long variable_number(const char *name)
{
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): there are no threads yet */
    return text != NULL ? strtoul(text, NULL, 10) : 0;
}

void notify_open(struct notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET"); /* NOLINT(concurrency-mt-unsafe) */
    *notify = (struct notify){.fd = name != NULL ? connect_to(name) : -1};
    const unsigned long pid = variable_number("WATCHDOG_PID"),
                        interval_ms = variable_number("WATCHDOG_USEC") / US_PER_MS;
    if (notify->fd >= 0 && (pid == 0 || pid == (unsigned long)getpid()))
        notify->watchdog_ms = (unsigned)(interval_ms < WATCHDOG_MOST_MS ? interval_ms : WATCHDOG_MOST_MS);
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *state)
{
    if (notify->fd >= 0)
        (void)!send(notify->fd, state, strlen(state), MSG_NOSIGNAL);
}
