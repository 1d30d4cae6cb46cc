/* terminal.c: tmux's control mode: a command a line on stdin; on stdout its answer between %begin and %end,
 * and %output when a program wrote something. */
#include "terminal.h"

#include "process.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct terminal {
    pid_t pid;
    FILE *to;
    FILE *from;
    char *line; /* owned; the last one read */
    size_t capacity;
    bool written;       /* something was, since the screen was looked at */
    const char *screen; /* as it was when it was looked at */
};

enum { PATIENCE_S = 20 };

static const char *folder_of(const char *path)
{
    return format("%.*s", (int)(strrchr(path, '/') - path), path);
}

static void exec_tmux(const struct service *service, const int to[2], const int from[2])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    set_environment(service);
    unsetenv("TMUX");
    setenv("PATH", format("%s:%s", folder_of(getenv("ORDERSCTL")), getenv("PATH")), 1);
    temporary_file("bashrc", "PS1='$ '\nHISTFILE=\n");
    if (chdir(temporary_directory()) == 0)
        execlp("tmux", "tmux", "-u", "-S", "tmux.socket", "-f", "/dev/null", "-C", "new-session",
               "bash --rcfile bashrc", (char *)NULL);
    _exit(127);
}

static volatile sig_atomic_t late; /* what is waited for took too long */

/* That it came ends a read, too. */
static void be_late(int signal_number)
{
    (void)signal_number;
    late = 1;
}

static const char *read_line(struct terminal *terminal)
{
    const ssize_t length = getline(&terminal->line, &terminal->capacity, terminal->from);
    cr_assert(length > 0 && !late, "it does not come. The screen:\n%s", terminal->screen);
    terminal->line[length - 1] = '\0';
    terminal->written |= strncmp(terminal->line, "%output ", strlen("%output ")) == 0;
    return terminal->line;
}

/* Whether a line is "%begin TIME NUMBER 1": the last says that the command came from here. */
static bool is_ours(const char *line, const char *word)
{
    const size_t length = strlen(line);
    return strncmp(line, word, strlen(word)) == 0 && strcmp(line + length - 2, " 1") == 0;
}

/* Has tmux do something, and returns what it says. */
static const char *command(struct terminal *terminal, const char *line)
{
    char *text;
    size_t size;
    FILE *answer = open_memstream(&text, &size);
    fprintf(terminal->to, "%s\n", line);
    fflush(terminal->to);
    while (!is_ours(read_line(terminal), "%begin "))
        ;
    while (!is_ours(read_line(terminal), "%end ")) {
        cr_assert_not(is_ours(terminal->line, "%error "), "tmux: %s: %s", line, text);
        fprintf(answer, "%s\n", terminal->line);
        fflush(answer);
    }
    return written(answer, &text);
}

struct terminal *terminal_open(const struct service *service, unsigned columns, unsigned rows)
{
    int to[2], from[2];
    const struct sigaction on_alarm = {.sa_handler = be_late};
    struct terminal *terminal = calloc(1, sizeof *terminal);
    terminal->screen = "";
    sigaction(SIGALRM, &on_alarm, NULL);
    temporary_directory(); /* before the fork, so that it is this process that removes it */
    cr_assert(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
    terminal->pid = fork();
    cr_assert_geq(terminal->pid, 0);
    if (terminal->pid == 0)
        exec_tmux(service, to, from);
    close(to[0]);
    close(from[1]);
    terminal->to = fdopen(to[1], "w");
    terminal->from = fdopen(from[0], "r");
    command(terminal, "set-option -g status off");
    command(terminal, "set-option -g destroy-unattached on"); /* nothing is left of a test that is killed */
    command(terminal, format("refresh-client -C %ux%u", columns, rows));
    terminal_wait_for(terminal, "$");
    return terminal;
}

void terminal_close(struct terminal *terminal)
{
    late = 0;
    clearerr(terminal->from);
    fputs("kill-server\n", terminal->to);
    fclose(terminal->to);
    while (getline(&terminal->line, &terminal->capacity, terminal->from) > 0)
        ;
    fclose(terminal->from);
    waitpid(terminal->pid, NULL, 0);
    free(terminal->line);
    free(terminal);
}

void terminal_type(struct terminal *terminal, const char *text)
{
    const char *keys = "send-keys -H";
    for (; *text != '\0'; text++)
        keys = format("%s %x", keys, (unsigned char)*text);
    command(terminal, keys);
}

void terminal_press(struct terminal *terminal, const char *key)
{
    command(terminal, format("send-keys %s", key));
}

/* Without blank lines at its end. */
static const char *capture(struct terminal *terminal, const char *how)
{
    terminal->written = false;
    char *text = format("%s", command(terminal, how));
    size_t length = strlen(text);
    while (length > 1 && text[length - 1] == '\n' && text[length - 2] == '\n')
        text[--length] = '\0';
    terminal->screen = text;
    return text;
}

const char *terminal_screen(struct terminal *terminal)
{
    return capture(terminal, "capture-pane -p");
}

const char *terminal_colors(struct terminal *terminal)
{
    return capture(terminal, "capture-pane -p -e");
}

static void wait_for(struct terminal *terminal, const char *expected, bool whole)
{
    const char *screen = terminal_screen(terminal);
    alarm(PATIENCE_S);
    while (whole ? strcmp(screen, expected) != 0 : strstr(screen, expected) == NULL) {
        while (!terminal->written)
            read_line(terminal);
        screen = terminal_screen(terminal);
    }
    alarm(0);
}

void terminal_wait_for(struct terminal *terminal, const char *text)
{
    wait_for(terminal, text, false);
}

void terminal_wait_for_screen(struct terminal *terminal, const char *lines)
{
    wait_for(terminal, lines, true);
}

const char *terminal_variable(struct terminal *terminal, const char *name)
{
    return up_to("\n", command(terminal, format("display-message -p '#{%s}'", name)));
}
