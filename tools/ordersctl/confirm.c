/* confirm.c: whatever is not "y" or "yes" is no. */
#include "confirm.h"

#include "printable.h"
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { KEY_YES = 0x300, KEY_DRY_RUN, ANSWER_BYTES = 16 };

static const struct argp_option options[] = {
    {"yes", KEY_YES, NULL, 0, "Do not ask before several orders are changed"},
    {"dry-run", KEY_DRY_RUN, NULL, 0,
     "Change nothing: have the service check it, and say what would be done"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct confirm_options *confirm = state->input;
    (void)argument;
    if (key == KEY_YES)
        confirm->yes = true;
    else if (key == KEY_DRY_RUN)
        confirm->dry_run = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

const struct argp confirm_argp = {.options = options, .parser = parse};

static bool is_to_ask(const struct confirm_options *given, const struct selection_arguments *arguments)
{
    return !given->yes && !given->dry_run && !selection_is_one(arguments);
}

void confirm_check(const struct confirm_options *given, const struct selection_arguments *arguments,
                   const struct argp_state *state)
{
    if (is_to_ask(given, arguments) && !(isatty(STDIN_FILENO) && isatty(STDERR_FILENO)))
        argp_error(state, "there is no terminal to ask on: --yes goes on without, --dry-run only looks");
}

static bool ask(const char *question)
{
    char answer[ANSWER_BYTES] = "";
    struct arena arena;
    arena_init(&arena);
    fprintf(stderr, "%s Go on? [y/N] ", printable(&arena, question));
    arena_free(&arena);
    if (fgets(answer, sizeof answer, stdin) == NULL)
        fputs("\n", stderr); /* Ctrl-D leaves the cursor behind the question */
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

bool confirm(const struct confirm_options *given, const struct selection_arguments *arguments,
             const struct selection *selection, const char *verb, const char *how)
{
    struct arena arena;
    if (selection->n == 0 || !is_to_ask(given, arguments))
        return true;
    arena_init(&arena);
    const bool confirmed =
        ask(arena_printf(&arena, "This %s %s%s.", verb, selection_describe(selection, &arena), how));
    if (!confirmed)
        report("nothing was changed");
    arena_free(&arena);
    return confirmed;
}
