/* interrupt.c: signals come in through a signalfd. */
#include "interrupt.h"

#include "base/time.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What is ignored would come all the same, once it is blocked. */
void interrupt_signals(sigset_t *signals)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action;
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(signals, ends[i]);
    }
}

static void set_mask(int how)
{
    sigset_t ends;
    interrupt_signals(&ends);
    pthread_sigmask(how, &ends, NULL);
}

bool interrupt_open(struct interrupt *interrupt)
{
    sigset_t ends;
    interrupt_signals(&ends);
    set_mask(SIG_BLOCK);
    *interrupt = (struct interrupt){.fd = signalfd(-1, &ends, SFD_CLOEXEC)};
    return interrupt->fd >= 0;
}

void interrupt_close(struct interrupt *interrupt)
{
    close(interrupt->fd);
}

static void take_signal(struct interrupt *interrupt)
{
    struct signalfd_siginfo info;
    if (read(interrupt->fd, &info, sizeof info) == (ssize_t)sizeof info)
        interrupt->signal_number = (int)info.ssi_signo;
    set_mask(SIG_UNBLOCK);
}

bool interrupt_wait(struct interrupt *interrupt, int fd)
{
    for (;;) {
        const bool may_come = interrupt->signal_number == 0;
        struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = interrupt->fd, .events = POLLIN}};
        if (poll(fds, may_come ? 2 : 1, -1) < 0 && errno != EINTR)
            return true; /* reading tells what is wrong with the file */
        if (may_come && fds[1].revents != 0) {
            take_signal(interrupt);
            return false;
        }
        if (fds[0].revents != 0)
            return true;
    }
}

bool interrupt_pause(struct interrupt *interrupt, int ms)
{
    const uint64_t end_ns = time_monotonic_ns() + (uint64_t)ms * NS_PER_MS;
    while (interrupt->signal_number == 0) {
        struct pollfd signals = {.fd = interrupt->fd, .events = POLLIN};
        const uint64_t now_ns = time_monotonic_ns();
        if (now_ns >= end_ns)
            return true;
        if (poll(&signals, 1, (int)((end_ns - now_ns) / NS_PER_MS) + 1) > 0)
            take_signal(interrupt);
    }
    return false;
}
