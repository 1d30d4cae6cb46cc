/* server.c: spawning, and waiting for lines and ends. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "torture: %s\n", what);
    exit(EXIT_FAILURE);
}

static int await(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            fail("waitpid");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- ordersd --- */

static void exec_ordersd(const struct server *server, const char *api_key, int output)
{
    char listen[64];
    int log = open(server->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a torture that is killed leaves nothing running */
    dup2(output, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    snprintf(listen, sizeof listen, "tcp://127.0.0.1:%u", server->port);
    setenv("ORDERS_LISTEN", listen, 1);
    setenv("ORDERS_LOG", "warn", 1);
    setenv("API_KEY", api_key, 1);
    unsetenv("API_KEY_FILE");
    unsetenv("ORDERS_HTTP");
    execl(getenv("ORDERSD"), "ordersd", (char *)NULL);
    _exit(127);
}

/* It says that it is ready whether its database is there or not. */
static void await_ready(struct server *server, int output)
{
    char line[256];
    FILE *lines = fdopen(output, "r");
    if (lines == NULL || fgets(line, sizeof line, lines) == NULL || strncmp(line, "ready", 5) != 0) {
        fprintf(stderr, "torture: ordersd did not start; its log is %s\n", server->log_path);
        exit(EXIT_FAILURE);
    }
    (void)fclose(lines);
    server->port = (uint16_t)strtoul(strrchr(line, ':') + 1, NULL, 10);
}

void server_start(struct server *server, const char *api_key)
{
    int output[2];
    if (pipe2(output, O_CLOEXEC) != 0)
        fail("pipe");
    server->pid = fork();
    if (server->pid < 0)
        fail("fork");
    if (server->pid == 0)
        exec_ordersd(server, api_key, output[1]);
    close(output[1]);
    await_ready(server, output[0]);
}

void server_kill(struct server *server)
{
    kill(server->pid, SIGKILL);
    await(server->pid);
}

void server_stop(struct server *server)
{
    kill(server->pid, SIGTERM);
    if (await(server->pid) != 0)
        fail("ordersd did not stop well");
}

/* --- PostgreSQL --- */

static int run_postgres_script(const char *command)
{
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid > 0)
        return await(pid);
    char text[4096];
    snprintf(text, sizeof text, "exec \"$TOOLS_POSTGRES\" %s >&2", command);
    execl("/bin/sh", "sh", "-c", text, (char *)NULL);
    _exit(127);
}

void cluster_stop(void)
{
    if (run_postgres_script("stop \"$CLUSTER\" immediate 2>/dev/null") != 0)
        fail("PostgreSQL did not stop");
}

void cluster_start(void)
{
    if (run_postgres_script("start \"$CLUSTER\" $SETTINGS") != 0)
        fail("PostgreSQL did not start");
}
