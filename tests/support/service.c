/* service.c: spawns the ordersd that the build made ($ORDERSD) and reads its "ready" line. */
#include "support/service.h"

#include "base/time.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READY_MS = 20000, /* under a sanitizer, on a busy machine */
    ENVIRONMENT_MAX = 32,
    FILES_MS = 15000,
    POLL_MS = 20,
    COUNTS = 5,
};

static const char key[] = "test-key-0123456789";

static void exec_ordersd(const struct service *service, const struct service_options *options, int out,
                         const char *listen)
{
    int log = open(service->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves nothing running */
    dup2(out, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    setenv("DATABASE_URL",
           service->owns_database ? database_service_url(service->database_url) : service->database_url, 1);
    setenv("API_KEY", key, 1);
    unsetenv("API_KEY_FILE");
    setenv("ORDERS_LISTEN", listen, 1);
    if (options->without_http)
        unsetenv("ORDERS_HTTP");
    else
        setenv("ORDERS_HTTP", "127.0.0.1:0", 1);
    unsetenv("ORDERS_METRICS");
    for (size_t i = 0; options->environment != NULL && options->environment[i] != NULL; i++)
        putenv((char *)(uintptr_t)options->environment[i]);
    execl(getenv("ORDERSD"), "ordersd", (char *)NULL);
    _exit(127);
}

/* One line of its output. */
static void read_line(const struct service *service, char *line, size_t size)
{
    struct pollfd readable = {.fd = service->output, .events = POLLIN};
    size_t length = 0;
    while (length + 1 < size && (length == 0 || line[length - 1] != '\n')) {
        cr_assert_eq(poll(&readable, 1, READY_MS), 1, "ordersd is not ready: %s", service_log(service));
        ssize_t n = read(service->output, line + length, 1);
        cr_assert_eq(n, 1, "ordersd ended before it was ready: %s", service_log(service));
        length++;
    }
    line[length] = '\0';
}

static void parse_ready(struct service *service, const char *line)
{
    cr_assert_eq(strncmp(line, "ready ", 6), 0, "not a ready line: %s", line);
    const char *http = strstr(line, "http=http://127.0.0.1:");
    if (http != NULL)
        service->http_port = (uint16_t)atoi(http + strlen("http=http://127.0.0.1:"));
    const char *metrics = strstr(line, "metrics=http://127.0.0.1:");
    if (metrics != NULL)
        service->metrics_port = (uint16_t)atoi(metrics + strlen("metrics=http://127.0.0.1:"));
    const char *rpc = strstr(line, "rpc=");
    cr_assert_not_null(rpc);
    snprintf(service->rpc_url, sizeof service->rpc_url, "%.*s", (int)strcspn(rpc + 4, ", \n"), rpc + 4);
}

struct service *service_start(const struct service_options *options)
{
    static const struct service_options presets;
    static unsigned started;
    struct service *service = calloc(1, sizeof *service);
    int out[2];
    char listen[600], line[1024];

    if (options == NULL)
        options = &presets;
    cr_assert_not_null(getenv("ORDERSD"), "ORDERSD must name the ordersd to test");
    service->api_key = key;
    service->owns_database = options->database_url == NULL;
    service->database_url = service->owns_database ? database_create() : strdup(options->database_url);
    snprintf(service->log_path, sizeof service->log_path, "/tmp/ordersd-%d-%u.log", (int)getpid(), started);
    snprintf(service->ipc_url, sizeof service->ipc_url, "ipc:///tmp/ordersd-%d-%u.ipc", (int)getpid(),
             started++);
    snprintf(listen, sizeof listen, "tcp://127.0.0.1:0,%s", service->ipc_url);
    cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
    service->pid = fork();
    cr_assert_geq(service->pid, 0);
    if (service->pid == 0)
        exec_ordersd(service, options, out[1], listen);
    close(out[1]);
    service->output = out[0];
    read_line(service, line, sizeof line);
    parse_ready(service, line);
    return service;
}

int service_wait(struct service *service)
{
    int status;
    while (waitpid(service->pid, &status, 0) < 0)
        cr_assert_eq(errno, EINTR);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    close(service->output);
    unlink(service->log_path);
    unlink(service->ipc_url + strlen("ipc://"));
    if (service->owns_database)
        database_drop(service->database_url);
    else
        free(service->database_url);
    free(service);
    return code;
}

int service_stop(struct service *service)
{
    kill(service->pid, SIGTERM);
    return service_wait(service);
}

void service_stop_clean(struct service *service)
{
    int code = service_stop(service);
    if (code == 0)
        return;
    fprintf(stderr, "ordersd ended with %d\n", code);
    abort();
}

static size_t count_files(pid_t pid)
{
    char pattern[64];
    glob_t found;
    snprintf(pattern, sizeof pattern, "/proc/%d/fd/*", (int)pid);
    cr_assert_eq(glob(pattern, GLOB_NOSORT, NULL, &found), 0);
    const size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

/* The least of some counts: once a second it asks itself whether it serves. */
size_t service_files(const struct service *service)
{
    size_t least = count_files(service->pid);
    for (int i = 0; i < COUNTS; i++) {
        poll(NULL, 0, POLL_MS);
        const size_t n = count_files(service->pid);
        least = n < least ? n : least;
    }
    return least;
}

void service_await_files(const struct service *service, size_t most)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)FILES_MS * NS_PER_MS;
    for (size_t n; (n = service_files(service)) > most; poll(NULL, 0, POLL_MS))
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%zu files are open, not %zu", n, most);
}

char *service_log(const struct service *service)
{
    char *text = NULL;
    size_t size;
    FILE *log = fopen(service->log_path, "re"), *copy = open_memstream(&text, &size);
    for (int c; log != NULL && (c = fgetc(log)) != EOF;)
        fputc(c, copy);
    if (log != NULL)
        fclose(log);
    fclose(copy);
    return text;
}
