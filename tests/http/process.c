/* process.c: fork, exec, and the "ready" line. */
#include "process.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS = 20000, ENVIRONMENT_MAX = 16 };

static void exec_with(const char *program, char *const environment[])
{
    char *all[ENVIRONMENT_MAX + 1] = {0};
    size_t n = 0;
    for (size_t i = 0; environment[i] != NULL && n < ENVIRONMENT_MAX; i++)
        all[n++] = environment[i];
    for (char **own = environ; *own != NULL && n < ENVIRONMENT_MAX; own++) {
        if (strstr(*own, "SAN_OPTIONS=") != NULL)
            all[n++] = *own;
    }
    execle(program, program, (char *)NULL, all);
}

static struct process spawn(const char *variable, char *const environment[])
{
    const char *program = getenv(variable);
    struct process process = {0};
    int out[2], err[2];
    cr_assert_not_null(program, "%s must name the program to test", variable);
    cr_assert(pipe(out) == 0 && pipe(err) == 0);
    process.pid = fork();
    if (process.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves nothing running */
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[0]);
        close(err[0]);
        if (chdir("/") == 0) /* where no .env is */
            exec_with(program, environment);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    process.output = out[0];
    process.errors = err[0];
    return process;
}

struct process process_spawn(char *const environment[])
{
    return spawn("ORDERS_HTTP_PROGRAM", environment);
}

struct process process_spawn_ordersd(char *const environment[])
{
    return spawn("ORDERSD", environment);
}

void process_read_line(int fd, char *line, size_t size)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    size_t length = 0;
    bool is_whole = false;
    while (!is_whole && length + 1 < size && poll(&readable, 1, READY_MS) == 1 &&
           read(fd, line + length, 1) == 1) {
        is_whole = line[length] == '\n';
        length++;
    }
    line[length] = '\0';
}

void process_await_ready(struct process *process)
{
    char line[256];
    unsigned port;
    process_read_line(process->output, line, sizeof line);
    cr_assert_eq(sscanf(line, "ready http=http://127.0.0.1:%u\n", &port), 1, "not a ready line: %s", line);
    process->port = (uint16_t)port;
}

int process_wait(struct process *process)
{
    int status;
    cr_assert_eq(waitpid(process->pid, &status, 0), process->pid);
    close(process->output);
    close(process->errors);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
