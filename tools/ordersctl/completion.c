/* completion.c: prints the scripts by which shells ask `ordersctl complete'. */
#include "command.h"
#include "completion_scripts.h" /* made by completion/embed */
#include "output.h"

#include <stdio.h>
#include <string.h>

static const struct shell {
    const char *name, *script;
} shells[] = {
    {"bash", script_bash},
    {"zsh", script_zsh},
    {"fish", script_fish},
};

struct arguments {
    const struct shell *shell;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "for which shell? bash, zsh or fish");
    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, argument) == 0)
            arguments->shell = &shells[i];
    }
    return arguments->shell != NULL ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp completion_argp = {
    .parser = parse,
    .args_doc = "bash|zsh|fish",
    .doc = "Prints the script that has a shell complete ordersctl's lines, with the service's orders among "
           "what it "
           "offers.\v"
           "For the shell that is running, or in its ~/.bashrc or ~/.zshrc:\n\n"
           "  source <(ordersctl completion bash)\n"
           "  source <(ordersctl completion zsh)    # behind compinit\n"
           "  ordersctl completion fish | source    # ~/.config/fish/config.fish\n",
};

static enum exit_code completion_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    (void)session;
    fputs(arguments->shell->script, stdout);
    return output_end(EXIT_OK);
}

const struct command completion_command = {"completion",          "Print a shell's completion script",
                                           &completion_argp,      sizeof(struct arguments),
                                           SESSION_NEEDS_NOTHING, completion_run};
