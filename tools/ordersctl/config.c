/* config.c: the config file as commands: what it says, and which target is the default. */
#include "command.h"
#include "output.h"
#include "printable.h"
#include "report.h"
#include "table.h"
#include "targets.h"

#include <stdio.h>
#include <string.h>

struct verb;

struct arguments {
    const struct verb *verb;
    const char *name; /* of a target; NULL: not given */
};

/* What is to be done. */
struct verb {
    const char *name;
    bool takes_name;
    enum exit_code (*run)(const struct session *session, const struct targets *targets, const char *name,
                          struct arena *arena);
};

/* --- what it says --- */

/* What a target has, but for a key itself. NULL: it has none. */
static const char *shown_setting(const struct target *target, enum target_setting setting)
{
    return target->settings[setting] != NULL && setting == TARGET_API_KEY ? "(not shown)"
                                                                          : target->settings[setting];
}

static bool is_default(const struct targets *targets, const struct target *target)
{
    return targets->preset != NULL && strcmp(targets->preset, target->name) == 0;
}

static json_t *target_to_json(const struct targets *targets, const struct target *target)
{
    json_t *json = json_pack("{ss sb}", "name", target->name, "default", is_default(targets, target));
    for (unsigned i = 0; i < TARGET_SETTINGS; i++) {
        const char *value = shown_setting(target, i);
        if (value != NULL)
            json_object_set_new(json, targets_setting_name(i), json_string(value));
    }
    return json;
}

/* With all that they have, for programs. */
static void write_targets(enum output_format format, const struct targets *targets)
{
    json_t *list = json_array();
    for (size_t i = 0; i < targets->n; i++) {
        json_t *target = target_to_json(targets, &targets->list[i]);
        if (format == OUTPUT_NDJSON)
            output_json(stdout, format, target);
        else
            json_array_append_new(list, target);
    }
    if (format == OUTPUT_JSON)
        output_json(stdout, format, list);
    else
        json_decref(list);
}

static void write_csv(const struct targets *targets)
{
    fputs("name,default", stdout);
    for (unsigned setting = 0; setting < TARGET_SETTINGS; setting++)
        printf(",%s", targets_setting_name(setting));
    for (size_t i = 0; i < targets->n; i++) {
        const struct target *target = &targets->list[i];
        fputs("\n", stdout);
        output_csv_cell(stdout, target->name);
        fputs(is_default(targets, target) ? ",true" : ",false", stdout);
        for (unsigned setting = 0; setting < TARGET_SETTINGS; setting++) {
            const char *value = shown_setting(target, setting);
            fputs(",", stdout);
            output_csv_cell(stdout, value != NULL ? value : "");
        }
    }
    fputs("\n", stdout);
}

static void write_for_programs(enum output_format format, const struct targets *targets)
{
    if (format == OUTPUT_CSV)
        write_csv(targets);
    else
        write_targets(format, targets);
}

/* --- view --- */

/* As a config file has it; with a file's full name, where that is a relative one there. */
static void write_file(const struct targets *targets, struct arena *arena)
{
    printf("# %s\n", printable(arena, targets->path));
    if (targets->preset != NULL)
        printf("default = %s\n", printable(arena, targets->preset));
    for (size_t i = 0; i < targets->n; i++) {
        printf("\n[target %s]\n", printable(arena, targets->list[i].name));
        for (unsigned setting = 0; setting < TARGET_SETTINGS; setting++) {
            const char *value = shown_setting(&targets->list[i], setting);
            if (value != NULL)
                printf("%s = %s\n", targets_setting_name(setting), printable(arena, value));
        }
    }
}

static enum exit_code view(const struct session *session, const struct targets *targets, const char *name,
                           struct arena *arena)
{
    (void)name;
    if (session->output == OUTPUT_TABLE)
        write_file(targets, arena);
    else
        write_for_programs(session->output, targets);
    return EXIT_OK;
}

/* --- list --- */

static enum exit_code list(const struct session *session, const struct targets *targets, const char *name,
                           struct arena *arena)
{
    static const struct table_column columns[] = {{"DEFAULT", false}, {"TARGET", false}, {"CONNECT", false}};
    struct table table;
    (void)name, (void)arena;
    if (session->output != OUTPUT_TABLE) {
        write_for_programs(session->output, targets);
        return EXIT_OK;
    }
    table_init(&table, columns, sizeof columns / sizeof *columns);
    table.colored = session->screen.colored;
    for (size_t i = 0; i < targets->n; i++) {
        const struct target *target = &targets->list[i];
        const char *connect = target->settings[TARGET_CONNECT];
        const char *const cells[] = {is_default(targets, target) ? "*" : "", target->name,
                                     connect != NULL ? connect : ""};
        table_add(&table, cells);
    }
    table_write(&table, stdout);
    table_free(&table);
    return EXIT_OK;
}

/* --- use --- */

static enum exit_code use(const struct session *session, const struct targets *targets, const char *name,
                          struct arena *arena)
{
    const char *error;
    (void)session;
    if (!targets_use(targets, name, arena, &error)) {
        report("%s", error);
        return EXIT_BAD_CONFIG;
    }
    fprintf(stderr, "\"%s\" is the default target now\n", printable(arena, name));
    return EXIT_OK;
}

/* --- the command --- */

static const struct verb verbs[] = {{"view", false, view}, {"use", true, use}, {"list", false, list}};

static error_t take_word(struct arguments *arguments, const char *word, struct argp_state *state)
{
    if (state->arg_num > 1 || (state->arg_num == 1 && !arguments->verb->takes_name))
        return ARGP_ERR_UNKNOWN;
    if (state->arg_num == 1)
        arguments->name = word;
    for (size_t i = 0; state->arg_num == 0 && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, word) == 0)
            arguments->verb = &verbs[i];
    }
    return arguments->verb != NULL ? 0 : ARGP_ERR_UNKNOWN;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        return take_word(arguments, argument, state);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "what is to be done? view, use or list");
        return 0;
    case ARGP_KEY_END:
        if (arguments->verb != NULL && arguments->verb->takes_name && arguments->name == NULL)
            argp_error(state, "which target? `ordersctl config list' lists them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp config_argp = {
    .parser = parse,
    .args_doc = "view|use|list [TARGET]",
    .doc = "Shows the config file without its keys, lists its targets with a * at the default one, or makes "
           "another "
           "the default.\v"
           "  ordersctl config list\n"
           "  ordersctl config use production\n",
};

/* The targets may name no default that there is: that is what `use' corrects. */
static enum exit_code config_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct targets targets;
    struct arena arena;
    const char *error = NULL;
    enum exit_code code = EXIT_BAD_CONFIG;
    arena_init(&arena);
    if (targets_read(&targets, &arena, &error) && targets.text == NULL)
        error = arena_printf(&arena, "there is no config file %s", targets.path != NULL ? targets.path : "");
    if (error != NULL)
        report("%s", error);
    else
        code = arguments->verb->run(session, &targets, arguments->name, &arena);
    arena_free(&arena);
    return output_end(code);
}

const struct command config_command = {"config",
                                       "Show the config file, or change its default",
                                       &config_argp,
                                       sizeof(struct arguments),
                                       SESSION_NEEDS_NOTHING,
                                       config_run};
