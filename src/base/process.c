/* process.c: signals and limits. */
#include "base/process.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

static sigset_t ending_signals(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    return ending;
}

void process_prepare(void)
{
    const sigset_t ending = ending_signals();
    struct rlimit files;
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int process_await_end(void)
{
    const sigset_t ending = ending_signals();
    int signal_number = 0;
    sigwait(&ending, &signal_number);
    return signal_number;
}
