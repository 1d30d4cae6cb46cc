/* help.c: help as a command, as many tools have it. */
#include "command.h"
#include "frame.h"
#include "output.h"

struct arguments {
    const struct command *command; /* NULL: the program */
};

static void refuse(const char *name, struct argp_state *state)
{
    const struct guess guess = command_guess(name);
    struct arena arena;
    arena_init(&arena);
    argp_error(state, "there is no command \"%s\"%s", name, guess_text(&guess, &arena));
    arena_free(&arena);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    arguments->command = command_find(argument);
    if (arguments->command == NULL)
        refuse(argument, state);
    return 0;
}

static const struct argp help_argp = {
    .parser = parse,
    .args_doc = "[COMMAND]",
    .doc = "Says how a command is used, or without one which there are; as -h and --help do on any line.",
};

static enum exit_code help_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    (void)session;
    frame_help(arguments->command, ARGP_HELP_STD_HELP);
    return output_end(EXIT_OK);
}

const struct command help_command = {
    "help",  "Say how a command is used", &help_argp, sizeof(struct arguments), SESSION_NEEDS_NOTHING,
    help_run};
