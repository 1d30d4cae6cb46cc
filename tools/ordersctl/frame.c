/* frame.c: one argp of the command's options and those of every command. */
#include "frame.h"

#include "config/build_info.h"
#include "exit_code.h"
#include "output.h"
#include "printable.h"
#include "series.h"
#include "session_settings.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

/* --- what there is to say of the program --- */

static const char *describe(struct arena *arena)
{
    const char *text = "Works with the orders of an order service.\vCommands:\n";
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->summary != NULL)
            text = arena_printf(arena, "%s  %-10s  %s\n", text, commands[i]->name, commands[i]->summary);
    }
    return arena_printf(
        arena,
        "%s\n`ordersctl help COMMAND' says more. Global options may stand before or behind the command.\n\n"
        "Environment (also read from .env):\n"
        "  ORDERS_CONNECT  where the service listens (default tcp://127.0.0.1:6600)\n"
        "  ORDERS_TLS_CA   who certifies servers of tls+tcp:// (default: the system's)\n"
        "  API_KEY         the key to present, or API_KEY_FILE, the file that holds it\n"
        "  NO_COLOR        when it is set and not empty, no colours\n\n"
        "Config file: ~/.config/ordersctl/config, see ordersctl(1).\n\n"
        "Exit codes:\n%s",
        text, exit_code_help(arena));
}

void frame_version(void)
{
    printf("ordersctl %s (%s)\n", PROJECT_VERSION, build_commit());
}

/* --- argp --- */

/* Of a command; NULL: of none. */
struct frame {
    struct argp_child children[4];
    struct argp argp;
};

/* What is parsed into. */
struct inputs {
    const struct command *command;
    struct session *session;
    void *arguments;
};

static void check_name(const struct command *command, struct argp_state *state)
{
    struct arena arena;
    struct series printers = {0};
    if (!output_is_name() || command->prints_orders)
        return;
    arena_init(&arena);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->prints_orders)
            series_add(&printers, commands[i]->name, &arena);
    }
    argp_error(state, "--output: name is the order_id of each order, and %s prints none; %s do",
               command->name, series_text(&printers, "and", &arena));
    arena_free(&arena);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const struct inputs *inputs = state->input;
    (void)argument;
    if (key == ARGP_KEY_SUCCESS)
        check_name(inputs->command, state);
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = inputs->session;
    state->child_inputs[2] = inputs->arguments;
    return 0;
}

static void build(struct frame *frame, const struct command *command, struct arena *arena)
{
    *frame = (struct frame){
        .children = {{.argp = &session_argp, .header = "Global options:", .group = 1},
                     {.argp = &words_argp, .group = 1},
                     {.argp = command != NULL ? command->argp : NULL}},
        .argp = {.parser = parse, .children = frame->children},
    };
    if (command == NULL) {
        frame->argp.args_doc = "COMMAND [ARGUMENT...]";
        frame->argp.doc = describe(arena);
    }
}

static void write_help(const struct command *command, const char *name, FILE *file, unsigned flags)
{
    struct frame frame;
    struct arena arena;
    arena_init(&arena);
    build(&frame, command, &arena);
    argp_help(&frame.argp, file, flags, arena_strdup(&arena, name));
    arena_free(&arena);
}

void frame_help(const struct command *command, unsigned flags)
{
    struct arena arena;
    arena_init(&arena);
    const char *name = command != NULL ? arena_printf(&arena, "ordersctl %s", command->name) : "ordersctl";
    write_help(command, name, stdout, flags);
    arena_free(&arena);
}

enum exit_code frame_refuse(const struct line *line)
{
    struct arena arena;
    arena_init(&arena);
    fprintf(stderr, "%s: %s\n", line->argv[0], printable(&arena, line->problem));
    write_help(line->command, line->argv[0], stderr, ARGP_HELP_SEE);
    arena_free(&arena);
    return EXIT_USAGE;
}

void *frame_parse(const struct line *line, struct session *session, struct arena *arena)
{
    struct frame frame;
    struct inputs inputs = {line->command, session, arena_calloc(arena, 1, line->command->arguments_size)};
    build(&frame, line->command, arena);
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&frame.argp, line->argc, line->argv, ARGP_NO_HELP, NULL, &inputs);
    return inputs.arguments;
}
