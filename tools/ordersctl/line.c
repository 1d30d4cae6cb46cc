/* line.c: the first thing that is wrong is what is told. */
#include "line.h"

#include "guess.h"
#include "series.h"
#include "words.h"

#include <assert.h>
#include <string.h>

/* A reading under way. */
struct reading {
    struct line *line;
    struct arena *arena;
    struct words words;
    const char *word;    /* that is read, */
    const char *before;  /* and the one in front of it; "": it is the first */
    char *const *behind; /* the words behind it, NULL-terminated */
    bool no_such_command;
    const struct argp_option **valued; /* options that had a value so far */
    size_t n_valued;
};

#define tell(reading, ...)                                                          \
    do {                                                                            \
        if ((reading)->line->problem == NULL)                                       \
            (reading)->line->problem = arena_printf((reading)->arena, __VA_ARGS__); \
    } while (0)

/* --- commands --- */

/* Its arguments in front of the command is what many a tool takes, and this one does not. */
static void refuse_command(struct reading *reading)
{
    const struct guess guess = command_guess(reading->word);
    const char *later = NULL;
    for (char *const *at = reading->behind; *at != NULL && later == NULL; at++)
        later = command_find(*at) != NULL ? *at : NULL;
    if (guess.best == NULL && later != NULL)
        tell(reading, "there is no command \"%s\"; the command, %s perhaps, stands in front of its arguments",
             reading->word, later);
    tell(reading, "there is no command \"%s\"%s", reading->word, guess_text(&guess, reading->arena));
    reading->no_such_command = true;
}

/* --- options --- */

static bool has_option(const struct command *command, const char *name, size_t length)
{
    bool ambiguous;
    const struct argp_option *option = words_find_option(command->argp, name, length, &ambiguous);
    return option != NULL && strlen(option->name) == length;
}

/* The command that the words behind the present one name, if it has this option. */
static const struct command *owner_behind(const struct reading *reading, const char *name, size_t length)
{
    for (char *const *at = reading->behind; *at != NULL; at++) {
        const struct command *command = command_find(*at);
        if (command != NULL)
            return has_option(command, name, length) ? command : NULL;
    }
    return NULL;
}

/* "get, list and update"; NULL: none has it. */
static const char *owners(const char *name, size_t length, struct arena *arena)
{
    struct series names = {0};
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (has_option(commands[i], name, length))
            series_add(&names, commands[i]->name, arena);
    }
    return series_text(&names, "and", arena);
}

static void guess_option(const struct argp_option *option, void *arg)
{
    if (option->name != NULL && (option->flags & OPTION_HIDDEN) == 0)
        guess_try(arg, option->name);
}

static void refuse_unknown_option(struct reading *reading, const char *name, size_t length)
{
    const struct command *command = reading->words.command;
    struct guess guess = guess_begin(arena_copy(reading->arena, name, length));
    if (command != NULL)
        words_each_option(command->argp, guess_option, &guess);
    words_each_global(guess_option, &guess);
    if (guess.best != NULL)
        tell(reading, "there is no option --%s; did you mean --%s?", guess.typed, guess.best);
    tell(reading, "there is no option --%s", guess.typed);
}

static void refuse_option(struct reading *reading)
{
    if (strncmp(reading->word, "--", 2) != 0) {
        tell(reading, "there is no option \"%s\"", reading->word);
        return;
    }
    const struct command *command = reading->words.command;
    const char *const name = reading->word + strlen("--");
    const size_t length = strcspn(name, "=");
    const char *const others = length > 0 ? owners(name, length, reading->arena) : NULL;
    const struct command *later = command == NULL ? owner_behind(reading, name, length) : NULL;
    if (later != NULL)
        tell(reading, "--%.*s is an option of %s, and stands behind it: ordersctl %s --%.*s", (int)length,
             name, later->name, later->name, (int)length, name);
    else if (command == NULL && others != NULL)
        tell(reading, "--%.*s is an option of %s, and stands behind the command", (int)length, name, others);
    else if (others != NULL)
        tell(reading, "--%.*s is no option of %s, but of %s", (int)length, name, command->name, others);
    else
        refuse_unknown_option(reading, name, length);
}

/* --- values --- */

static bool is_choice(const char *value, const char *choice, size_t length)
{
    const char *equals = memchr(choice, '=', length);
    if (equals != NULL)
        return strncmp(value, choice, (size_t)(equals + 1 - choice)) == 0;
    return strlen(value) == length && memcmp(value, choice, length) == 0;
}

/* One of the words that it takes, if it takes such: "--output", "table|json". */
static void check_choice(struct reading *reading, const char *what, const char *choices, const char *value)
{
    struct guess guess = guess_begin(value);
    struct series names = {0};
    for (const char *at = choices, *choice = at; words_next_choice(&at) > 0; choice = at) {
        const size_t length = strcspn(choice, "|] ");
        if (is_choice(value, choice, length))
            return;
        const char *name = arena_copy(reading->arena, choice, length);
        series_add(&names, name, reading->arena);
        guess_try(&guess, name);
    }
    if (names.n > 1)
        tell(reading, "%s\"%s\" is not %s%s", what, value, series_text(&names, "or", reading->arena),
             guess_text(&guess, reading->arena));
}

static const char *name_of(const struct argp_option *option, struct arena *arena)
{
    assert(option != NULL);
    return option->name != NULL ? arena_printf(arena, "--%s", option->name)
                                : arena_printf(arena, "-%c", option->key);
}

/* argp lets the last of two values win: right for global options, which an alias may set. Flags may stand
 * twice: they say the same. */
static void check_once(struct reading *reading, const struct argp_option *option, bool is_global)
{
    if (is_global || (option->flags & WORDS_REPEATABLE) != 0)
        return;
    for (size_t i = 0; i < reading->n_valued; i++) {
        if (reading->valued[i] == option)
            tell(reading, "%s is given twice", name_of(option, reading->arena));
    }
    reading->valued[reading->n_valued++] = option;
}

static bool is_option(const struct reading *reading, const char *value)
{
    struct words words = {.command = reading->words.command};
    const struct word word = words_take(&words, value);
    return word.kind == WORD_END_OF_OPTIONS ||
           (word.kind == WORD_OPTION && (word.option != NULL || strncmp(value, "--", 2) == 0));
}

/* getopt takes the next word for a value, whatever it is: of "--customer-id $UNSET --dry-run" a customer, and
 * what is not to be written is. */
static void check_separate_value(struct reading *reading, const struct argp_option *option, const char *value)
{
    const char *const name = name_of(option, reading->arena);
    if (is_option(reading, value))
        tell(reading, "what stands behind %s looks like an option: %s; %s=%s means that text",
             reading->before, value, name, value);
}

/* What comes of "--customer-id $UNSET" would be a filter that is off. */
static void check_value(struct reading *reading, const struct word *word)
{
    const char *const name = word->option != NULL ? name_of(word->option, reading->arena) : "";
    const char *const typed = arena_copy(reading->arena, reading->word, strcspn(reading->word, "="));
    if (word->kind == WORD_VALUE)
        check_separate_value(reading, word->option, word->value);
    if (*word->value == '\0')
        tell(reading, "%s: its value is empty", typed);
    else if (word->option != NULL && word->option->arg != NULL)
        check_choice(reading, arena_printf(reading->arena, "%s: ", name), word->option->arg, word->value);
    if (word->option != NULL)
        check_once(reading, word->option, word->is_global);
}

static void refuse_empty_word(struct reading *reading)
{
    if (*reading->before == '-' && !reading->words.options_ended)
        tell(reading, "what stands behind %s is empty", reading->before);
    else
        tell(reading, "an argument is empty");
}

static void check_argument(struct reading *reading, const char *value)
{
    const struct command *command = reading->words.command;
    if (reading->words.n_arguments == 1 && command->argp->args_doc != NULL)
        check_choice(reading, "", command->argp->args_doc, value);
}

/* --- the line --- */

static void read_word(struct reading *reading)
{
    struct line *line = reading->line;
    const struct word word = words_take(&reading->words, reading->word);
    if (word.ends != 0 && line->ends == 0)
        line->ends = word.ends;
    if (word.kind == WORD_OPTION && word.option == NULL && !word.is_ambiguous)
        refuse_option(reading);
    else if (*reading->word == '\0')
        refuse_empty_word(reading);
    else if (word.kind == WORD_COMMAND && reading->words.command == NULL)
        refuse_command(reading);
    else if (word.kind == WORD_ARGUMENT)
        check_argument(reading, word.value);
    else if (word.kind != WORD_COMMAND && word.value != NULL)
        check_value(reading, &word);
    if (word.kind != WORD_COMMAND)
        line->argv[line->argc++] = (char *)(uintptr_t)reading->word;
}

/* Of a shell, whose words are what a person has typed so far. */
static bool is_for_programs(const struct line *line)
{
    return line->command != NULL && line->command->summary == NULL;
}

void line_read(struct line *line, int argc, char **argv, struct arena *arena)
{
    struct reading reading = {.line = line,
                              .arena = arena,
                              .word = "",
                              .valued = arena_calloc(arena, (size_t)argc, sizeof(struct argp_option *))};
    *line = (struct line){.argc = 1, .argv = arena_calloc(arena, (size_t)argc + 2, sizeof *line->argv)};
    for (int i = 1; i < argc && !reading.no_such_command; i++) {
        reading.before = reading.word;
        reading.word = argv[i];
        reading.behind = argv + i + 1;
        read_word(&reading);
    }
    line->command = reading.words.command;
    if (reading.no_such_command)
        line->ends = 0;
    else if (line->command == NULL)
        tell(&reading, "which command? `ordersctl help' lists them");
    if (is_for_programs(line))
        line->problem = NULL;
    line->argv[0] = line->command != NULL ? arena_printf(arena, "ordersctl %s", line->command->name)
                                          : arena_strdup(arena, "ordersctl");
}
