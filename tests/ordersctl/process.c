/* process.c: stdout and stderr go to memory files, so that no amount of either can block the run. */
#include "process.h"

#include "base/arena.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A test is a process of its own, so that these are the test's. */
static struct arena arena;
static json_t *documents;

static char directory[] = "/tmp/ordersctl-test.XXXXXX";
static bool directory_made;

char *format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(&arena, format, args);
    va_end(args);
    return text;
}

char *up_to(const char *ends, const char *text)
{
    return arena_copy(&arena, text, strcspn(text, ends));
}

char *written(FILE *stream, char **text)
{
    fclose(stream);
    char *copy = arena_strdup(&arena, *text);
    free(*text);
    return copy;
}

json_t *parse(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    cr_assert_not_null(json, "not JSON: %s", text);
    if (documents == NULL)
        documents = json_array();
    json_array_append_new(documents, json);
    return json;
}

const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value != NULL ? value : "";
}

const char *temporary_directory(void)
{
    directory_made = directory_made || mkdtemp(directory) != NULL;
    cr_assert(directory_made);
    return directory;
}

const char *temporary_file(const char *name, const char *content)
{
    const char *path = format("%s/%s", temporary_directory(), name);
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file);
    fputs(content, file);
    fclose(file);
    return path;
}

const char *bytes_file(const char *name, const char *bytes, size_t length)
{
    const char *path = temporary_file(name, "");
    FILE *file = fopen(path, "we");
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
    return path;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

void test_end(void)
{
    if (directory_made)
        nftw(directory, remove_one, 4, FTW_DEPTH | FTW_PHYS);
    json_decref(documents);
    arena_free(&arena);
}

static char *read_all(int fd)
{
    struct stat about;
    cr_assert_eq(fstat(fd, &about), 0);
    char *text = arena_calloc(&arena, (size_t)about.st_size + 1, 1);
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

void set_environment(const struct service *service)
{
    static const char *const others[] = {
        "API_KEY",  "API_KEY_FILE",    "ORDERS_CONNECT", "NO_COLOR", "COLUMNS", "XDG_CONFIG_HOME",
        "LC_CTYPE", "ORDERSCTL_PAGER", "PAGER",          "LESS",     "TZ"};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unsetenv(others[i]);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_DFL); /* a script ignores some for what it runs in the background */
    setenv("HOME", temporary_directory(), 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    if (service != NULL) {
        setenv("API_KEY", service->api_key, 1);
        setenv("ORDERS_CONNECT", service->rpc_url, 1);
    }
}

static void exec_ordersctl(const struct run *run, int in, const struct running *running)
{
    char *argv[ARGUMENTS_MAX + 2] = {"ordersctl"};
    for (size_t i = 0; i < ARGUMENTS_MAX && run->arguments[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)run->arguments[i];
    dup2(in, STDIN_FILENO);
    dup2(run->output != 0 ? run->output : running->out, STDOUT_FILENO);
    dup2(run->error != 0 ? run->error : running->err, STDERR_FILENO);
    set_environment(run->service);
    for (size_t i = 0; i < ENVIRONMENT_MAX && run->environment[i] != NULL; i++)
        putenv((char *)(uintptr_t)run->environment[i]);
    if (chdir(run->directory != NULL ? run->directory : "/") == 0)
        execv(getenv("ORDERSCTL"), argv);
    _exit(127);
}

struct running run_start(const struct run *run)
{
    int in[2];
    struct running running = {.out = memfd_create("out", MFD_CLOEXEC),
                              .err = memfd_create("err", MFD_CLOEXEC)};
    cr_assert_not_null(getenv("ORDERSCTL"), "ORDERSCTL must name the ordersctl to test");
    temporary_directory(); /* before the fork, so that it is this process that removes it */
    cr_assert(pipe2(in, O_CLOEXEC) == 0 && running.out >= 0 && running.err >= 0);
    running.pid = fork();
    cr_assert_geq(running.pid, 0);
    if (running.pid == 0)
        exec_ordersctl(run, in[0], &running);
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

const char *config_file(const char *content)
{
    static const char *const folders[] = {"", "/.config", "/.config/ordersctl"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        mkdir(format("%s%s", temporary_directory(), folders[i]), 0700);
    const char *path = temporary_file(".config/ordersctl/config", content);
    chmod(path, 0600);
    return path;
}
