/* process.c: stdout and stderr go to memory files, so that no amount of either can block the run. */
#include "process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char *format(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    cr_assert_geq(vasprintf(&text, format, args), 0);
    va_end(args);
    return text;
}

/* Somewhere without a .env; removed by nobody but the system, as /tmp is. */
static const char *directory(void)
{
    static char path[] = "/tmp/ordersctl-test.XXXXXX";
    static const char *made;
    if (made == NULL)
        made = mkdtemp(path);
    cr_assert_not_null(made);
    return made;
}

const char *temporary_file(const char *name, const char *content)
{
    const char *path = format("%s/%s", directory(), name);
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file);
    fputs(content, file);
    fclose(file);
    return path;
}

static char *read_all(int fd)
{
    struct stat about;
    cr_assert_eq(fstat(fd, &about), 0);
    char *text = calloc(1, (size_t)about.st_size + 1);
    cr_assert_eq(pread(fd, text, (size_t)about.st_size, 0), about.st_size);
    return text;
}

char *read_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
    char *text = read_all(fd);
    close(fd);
    return text;
}

static void set_environment(const struct service *service)
{
    unsetenv("API_KEY");
    unsetenv("API_KEY_FILE");
    unsetenv("ORDERS_CONNECT");
    if (service != NULL) {
        setenv("API_KEY", service->api_key, 1);
        setenv("ORDERS_CONNECT", service->rpc_url, 1);
    }
}

static void exec_ordersctl(const struct run *run, int in, int out, int err)
{
    char *argv[ARGUMENTS_MAX + 2] = {"ordersctl"};
    for (size_t i = 0; i < ARGUMENTS_MAX && run->arguments[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)run->arguments[i];
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    set_environment(run->service);
    if (chdir(directory()) == 0)
        execv(getenv("ORDERSCTL"), argv);
    _exit(127);
}

struct running run_start(const struct run *run)
{
    int in[2];
    struct running running = {.out = memfd_create("out", MFD_CLOEXEC),
                              .err = memfd_create("err", MFD_CLOEXEC)};
    cr_assert_not_null(getenv("ORDERSCTL"), "ORDERSCTL must name the ordersctl to test");
    cr_assert(pipe2(in, O_CLOEXEC) == 0 && running.out >= 0 && running.err >= 0);
    directory(); /* made here, once, not in each child */
    running.pid = fork();
    cr_assert_geq(running.pid, 0);
    if (running.pid == 0)
        exec_ordersctl(run, in[0], run->output != 0 ? run->output : running.out, running.err);
    close(in[0]);
    running.input = in[1];
    return running;
}

struct outcome run_wait(struct running *running)
{
    int status;
    close(running->input);
    while (waitpid(running->pid, &status, 0) < 0)
        cr_assert_eq(errno, EINTR);
    struct outcome outcome = {
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
        .out = read_all(running->out),
        .err = read_all(running->err),
    };
    close(running->out);
    close(running->err);
    return outcome;
}

struct outcome run(const struct run *run)
{
    struct running running = run_start(run);
    signal(SIGPIPE, SIG_IGN); /* it may not read its input */
    for (const char *rest = run->input; rest != NULL && *rest != '\0';) {
        const ssize_t n = write(running.input, rest, strlen(rest));
        if (n < 0)
            break;
        rest += n;
    }
    return run_wait(&running);
}
