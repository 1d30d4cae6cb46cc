/* interrupt.h: Ctrl-C, and what else ends a command, as something to wait for beside a file, instead of a
 * handler that runs at any moment. */
#ifndef ORDERSCTL_INTERRUPT_H
#define ORDERSCTL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* Called before the process stops for Ctrl-Z, and when it goes on. */
typedef void interrupt_stop_fn(bool stops, void *arg);

struct interrupt {
    int fd;                     /* signalfd of the signals below */
    int signal_number;          /* that is to end the command; 0 while there was none */
    interrupt_stop_fn *on_stop; /* NULL: Ctrl-Z stops it at once */
    void *arg;
};

/* The signals that a person or a system ends or stops a command with: SIGINT, SIGTERM, SIGHUP, SIGQUIT and
 * SIGTSTP, but for those that are ignored, as nohup has it. */
void interrupt_signals(sigset_t *signals);

/* From here on these signals are waited for, SIGTSTP only when on_stop is not NULL; no other thread may let
 * them in. False: errno says why. */
bool interrupt_open(struct interrupt *interrupt, interrupt_stop_fn *on_stop, void *arg);
void interrupt_close(struct interrupt *interrupt);

/* Waits until a file can be read, or the first signal comes: false. The second one ends the process, since
 * whoever sends it does not want to wait. */
bool interrupt_wait(struct interrupt *interrupt, int fd);

/* Waits until so many milliseconds have passed, or a signal came or comes: false. */
bool interrupt_pause(struct interrupt *interrupt, int ms);

#endif
