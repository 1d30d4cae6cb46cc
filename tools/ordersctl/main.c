/* main.c: finds the subcommand and runs it. What it can do is the table of command.c; how it ends, that of
 * exit codes. */
#include "command.h"
#include "exit_code.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "ordersctl " PROJECT_VERSION;

/* --- empty words --- */

/* "--customer-id=", as a shell makes of "--customer-id=$UNSET". */
static bool is_option_without_value(const char *word)
{
    const char *equals = strchr(word, '=');
    return strncmp(word, "--", 2) == 0 && equals != NULL && equals[1] == '\0';
}

/* No option and no argument may be empty: what comes of a variable that is not set would be a filter that is
 * off. Behind "--" there are only arguments. */
static void refuse_empty(struct argp_state *state)
{
    bool options_ended = false;
    state->name = program_invocation_short_name; /* argp has set none yet when it begins */
    for (int i = 1; i < state->argc; i++) {
        const char *word = state->argv[i], *before = i > 1 && !options_ended ? state->argv[i - 1] : "";
        if (*word == '\0' && *before == '-')
            argp_error(state, "what stands behind %s is empty", before);
        if (*word == '\0')
            argp_error(state, "an argument is empty");
        if (!options_ended && is_option_without_value(word))
            argp_error(state, "%.*s: its value is empty", (int)strcspn(word, "="), word);
        options_ended |= strcmp(word, "--") == 0;
    }
}

/* --- before the subcommand: global options and its name --- */

struct invocation {
    struct session *session;
    const struct command *command;
    int argc; /* of the command: its name and what follows */
    char **argv;
};

/* Of a shell, whose words are what a person has typed so far. */
static bool is_for_programs(const struct argp_state *state)
{
    const struct command *command = state->argc > 1 ? command_find(state->argv[1]) : NULL;
    return command != NULL && command->summary == NULL;
}

static error_t parse_line(int key, char *argument, struct argp_state *state)
{
    struct invocation *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = line->session;
        if (!is_for_programs(state))
            refuse_empty(state);
        return 0;
    case ARGP_KEY_ARG:
        line->command = command_find(argument);
        if (line->command == NULL)
            argp_error(state, "there is no command \"%s\"", argument);
        line->argc = state->argc - state->next + 1;
        line->argv = state->argv + state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which command?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *help(struct arena *arena)
{
    const char *text = "Works with the orders of an order service.\vCommands:\n";
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->summary != NULL)
            text = arena_printf(arena, "%s  %-8s  %s\n", text, commands[i]->name, commands[i]->summary);
    }
    return arena_printf(
        arena,
        "%s\n`ordersctl COMMAND --help' says more. Global options may stand before or behind the command.\n\n"
        "Environment (also read from .env):\n"
        "  ORDERS_CONNECT  where the service listens (default tcp://127.0.0.1:6600)\n"
        "  ORDERS_TLS_CA   whose certificates servers of tls+tcp:// have (default: the system's "
        "authorities)\n"
        "  API_KEY         the key to present, or API_KEY_FILE, the file that holds it\n"
        "  NO_COLOR        when it is set and not empty, no colours\n\n"
        "Config file: ~/.config/ordersctl/config, see ordersctl(1).\n\n"
        "Exit codes:\n%s",
        text, exit_code_help(arena));
}

static void read_line(struct invocation *line, int argc, char **argv, struct arena *arena)
{
    const struct argp_child children[] = {{.argp = &session_argp}, {0}};
    const struct argp argp = {
        .parser = parse_line, .children = children, .args_doc = "COMMAND [ARGUMENT...]", .doc = help(arena)};
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, line);
}

/* --- behind it: its own options, and global ones --- */

struct command_line {
    struct session *session;
    void *arguments;
};

static error_t parse_command(int key, char *argument, struct argp_state *state)
{
    const struct command_line *line = state->input;
    (void)argument;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = line->arguments;
    state->child_inputs[1] = line->session;
    return 0;
}

static enum exit_code run_command(const struct invocation *line, struct arena *arena)
{
    const struct command *command = line->command;
    const struct argp_child children[] = {
        {.argp = command->argp}, {.argp = &session_argp, .header = "Global options:", .group = 1}, {0}};
    const struct argp argp = {.parser = parse_command, .children = children};
    const struct command_line input = {.session = line->session,
                                       .arguments = arena_calloc(arena, 1, command->arguments_size)};

    line->argv[0] = arena_printf(arena, "ordersctl %s", command->name);
    argp_parse(&argp, line->argc, line->argv, 0, NULL, (void *)(uintptr_t)&input);
    enum exit_code code = session_open(line->session, command->need);
    return code == EXIT_OK ? command->run(line->session, input.arguments) : code;
}

int main(int argc, char **argv)
{
    struct session session = {0};
    struct invocation line = {.session = &session};
    struct arena arena;

    argp_err_exit_status = EXIT_USAGE;
    signal(SIGPIPE, SIG_IGN); /* output.c obeys it where it counts */
    screen_init(&session.screen);
    arena_init(&arena);
    read_line(&line, argc, argv, &arena);
    const enum exit_code code = run_command(&line, &arena);
    session_close(&session);
    arena_free(&arena);
    return (int)code;
}
