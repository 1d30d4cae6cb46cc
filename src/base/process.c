/* process.c: signals, limits and descriptors. */
#include "base/process.h"

#include "base/time.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Of the process itself, and of connections that were closed and that a library has yet to let go. */
enum { OTHER_FILES = 512 };

static sigset_t awaited_signals(void)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGHUP);
    return awaited;
}

void process_prepare(void)
{
    const sigset_t awaited = awaited_signals();
    struct rlimit files;
    pthread_sigmask(SIG_BLOCK, &awaited, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log that may grow no more */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    /* NOLINTBEGIN(concurrency-mt-unsafe): there are no threads yet */
    mallopt(M_MMAP_THRESHOLD, PROCESS_MAPS_FROM);
    mallopt(M_TRIM_THRESHOLD, PROCESS_KEEPS);
    /* NOLINTEND(concurrency-mt-unsafe) */
}

int process_await_signal(unsigned timeout_ms)
{
    const sigset_t awaited = awaited_signals();
    const uint64_t until_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    int signal_number = -1;
    do {
        const uint64_t now_ns = time_monotonic_ns(), left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
        const struct timespec left = {.tv_sec = (time_t)(left_ns / NS_PER_S),
                                      .tv_nsec = (long)(left_ns % NS_PER_S)};
        signal_number = timeout_ms != 0 ? sigtimedwait(&awaited, NULL, &left) : sigwaitinfo(&awaited, NULL);
    } while (signal_number < 0 && errno == EINTR); /* stopped and continued, for one */
    return signal_number > 0 ? signal_number : 0;
}

unsigned process_connections(unsigned wanted, unsigned kinds)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
        return wanted;
    const rlim_t others = OTHER_FILES;
    const rlim_t all = files.rlim_cur > 2 * others ? files.rlim_cur - others : files.rlim_cur / 2;
    const rlim_t room = all / kinds;
    return room < wanted ? (unsigned)room : wanted;
}

bool process_close_held(int fd)
{
    int nothing = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (nothing < 0)
        return false;
    /* Closes what fd was, which also takes it out of every epoll set. */
    const bool closed = dup2(nothing, fd) == fd;
    close(nothing);
    return closed;
}
