/* interrupt.c: signals come in through a signalfd. */
#include "interrupt.h"

#include "base/time.h"
#include "progress.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What is ignored would come all the same, once it is blocked. */
void interrupt_signals(sigset_t *signals)
{
    static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    struct sigaction action;
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (sigaction(taken[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(signals, taken[i]);
    }
}

bool interrupt_open(struct interrupt *interrupt, interrupt_stop_fn *on_stop, void *arg)
{
    sigset_t signals;
    interrupt_signals(&signals);
    if (on_stop == NULL)
        sigdelset(&signals, SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    *interrupt =
        (struct interrupt){.fd = signalfd(-1, &signals, SFD_CLOEXEC), .on_stop = on_stop, .arg = arg};
    return interrupt->fd >= 0;
}

void interrupt_close(struct interrupt *interrupt)
{
    close(interrupt->fd);
}

/* Stops as it would have without us, until somebody has it go on. */
static void stop(const struct interrupt *interrupt)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTSTP);
    interrupt->on_stop(true, interrupt->arg);
    raise(SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &stops, NULL); /* here it is stopped */
    pthread_sigmask(SIG_BLOCK, &stops, NULL);
    interrupt->on_stop(false, interrupt->arg);
}

static void take_signal(struct interrupt *interrupt)
{
    struct signalfd_siginfo info;
    sigset_t signals;
    if (read(interrupt->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGTSTP) {
        stop(interrupt);
        return;
    }
    progress_hide(); /* or the next signal would leave it there */
    interrupt->signal_number = (int)info.ssi_signo;
    interrupt_signals(&signals);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
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
            if (interrupt->signal_number != 0)
                return false;
            continue;
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
