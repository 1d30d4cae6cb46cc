/* pager.c: a child that reads a pipe, which stands where the terminal did. */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* git's own, too. A system without less shows all at once. */
static const char usual_pager[] = "if command -v less >/dev/null; then exec less; else exec cat; fi";

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* The one there is; a signal's handler looks at it. */
static struct {
    volatile sig_atomic_t is_open;
    pid_t pid;
    int terminals[STDERR_FILENO + 1]; /* what stdout and stderr were; -1: that still is */
} pager;

/* NULL: there is to be none. */
static const char *choose_pager(void)
{
    const char *command = getenv("ORDERSCTL_PAGER"), *terminal = getenv("TERM");
    if (command == NULL)
        command = getenv("PAGER");
    if (command == NULL)
        command = usual_pager;
    const bool is_none = *command == '\0' || strcmp(command, "cat") == 0;
    const bool is_dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;
    return is_none || is_dumb ? NULL : command;
}

/* --- the child --- */

/* It sees the terminal's own signals, as if it had been started by the shell. */
static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &usual);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static bool spawn_pager(const char *command, int input)
{
    char *const arguments[] = {"sh", "-c", (char *)(uintptr_t)command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    setenv("LESS", "FRX", 0);
    setenv("LV", "-c", 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawnattr_init(&attributes);
    set_signals(&attributes);
    const bool spawned = posix_spawn(&pager.pid, "/bin/sh", &actions, &attributes, arguments, environ) == 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return spawned;
}

static void wait_for_end(void)
{
    while (waitpid(pager.pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* --- this process --- */

/* What is buffered is lost, as is what was not read yet. */
static void end_after_pager(int signal_number)
{
    const int error = errno;
    if (pager.is_open) {
        pager.is_open = false;
        close(STDOUT_FILENO);
        if (pager.terminals[STDERR_FILENO] >= 0)
            close(STDERR_FILENO);
        wait_for_end();
    }
    errno = error;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void take_signals(void)
{
    const struct sigaction end = {.sa_handler = end_after_pager, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct sigaction before;
        if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(ends[i], &end, NULL);
    }
}

/* A pipe in a terminal's place. */
static void replace(int terminal, int end)
{
    pager.terminals[terminal] = isatty(terminal) ? fcntl(terminal, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
    if (pager.terminals[terminal] >= 0)
        dup2(end, terminal);
}

static void give_back(int terminal)
{
    if (pager.terminals[terminal] < 0)
        return;
    dup2(pager.terminals[terminal], terminal);
    close(pager.terminals[terminal]);
}

void pager_open(const struct screen *screen)
{
    const char *command = screen->is_terminal ? choose_pager() : NULL;
    char columns[16];
    int pipe_ends[2];
    if (command == NULL || pager.is_open || pipe2(pipe_ends, O_CLOEXEC) != 0)
        return;
    fflush(stdout);
    snprintf(columns, sizeof columns, "%zu", screen_columns(STDOUT_FILENO)); /* which no pipe can say */
    if (spawn_pager(command, pipe_ends[0])) {
        setenv("COLUMNS", columns, 1);
        replace(STDOUT_FILENO, pipe_ends[1]);
        replace(STDERR_FILENO, pipe_ends[1]);
        pager.is_open = true;
        take_signals();
        atexit(pager_close);
    }
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

void pager_close(void)
{
    if (!pager.is_open)
        return;
    if (fflush(stdout) != 0)
        __fpurge(stdout); /* nobody wanted it: the terminal does not get it now */
    give_back(STDOUT_FILENO);
    give_back(STDERR_FILENO);
    wait_for_end();
    pager.is_open = false;
}
