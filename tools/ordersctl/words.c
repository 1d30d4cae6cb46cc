/* words.c: as getopt_long reads them, a word at a time. */
#include "words.h"
#include "session_settings.h"

#include <ctype.h>
#include <string.h>

static const struct argp_option options[] = {
    {"help", WORDS_HELP, NULL, 0, "Say how it is used", -1},
    {NULL, WORDS_HELP_OLD, NULL, OPTION_HIDDEN, NULL, -1},
    {"usage", WORDS_USAGE, NULL, OPTION_HIDDEN, NULL, -1},
    {"version", WORDS_VERSION, NULL, 0, "Say which version it is", -1},
    {0},
};

const struct argp words_argp = {.options = options};

static const struct argp *const globals[] = {&words_argp, &session_argp};

enum { GLOBALS = sizeof globals / sizeof globals[0] };

/* --- the tables --- */

void words_each_option(const struct argp *argp, void (*take)(const struct argp_option *option, void *arg),
                       void *arg)
{
    for (const struct argp_option *o = argp->options; o != NULL && (o->name != NULL || o->key != 0); o++)
        take(o, arg);
    for (const struct argp_child *child = argp->children; child != NULL && child->argp != NULL; child++)
        words_each_option(child->argp, take, arg);
}

void words_each_global(void (*take)(const struct argp_option *option, void *arg), void *arg)
{
    for (size_t i = 0; i < GLOBALS; i++)
        words_each_option(globals[i], take, arg);
}

bool words_wants_value(const struct argp_option *option)
{
    return option->arg != NULL && (option->flags & OPTION_ARG_OPTIONAL) == 0;
}

/* An option that is looked for: by a long name, or by a letter when `name` is NULL. */
struct search {
    const char *name;
    size_t length;
    char letter;
    const struct argp_option *exact, *begun; /* by a begin of its name */
    size_t n_begun;
};

static void look_at(const struct argp_option *option, void *arg)
{
    struct search *search = arg;
    if (search->name == NULL) {
        search->exact = option->key == search->letter ? option : search->exact;
        return;
    }
    if (option->name == NULL || strncmp(option->name, search->name, search->length) != 0)
        return;
    if (option->name[search->length] == '\0') {
        search->exact = option;
    } else {
        search->begun = option;
        search->n_begun++;
    }
}

/* Looks in the options of every command and in the command's own. */
static void look_everywhere(struct search *search, const struct command *command, bool *is_global)
{
    words_each_global(look_at, search);
    const struct argp_option *const global = search->exact != NULL ? search->exact : search->begun;
    if (command != NULL)
        words_each_option(command->argp, look_at, search);
    *is_global = global != NULL && global == (search->exact != NULL ? search->exact : search->begun);
}

static const struct argp_option *found(const struct search *search, bool *ambiguous)
{
    *ambiguous = search->exact == NULL && search->n_begun > 1;
    if (search->exact != NULL)
        return search->exact;
    return search->n_begun == 1 ? search->begun : NULL;
}

const struct argp_option *words_find_option(const struct argp *argp, const char *name, size_t length,
                                            bool *ambiguous)
{
    struct search search = {.name = name, .length = length};
    words_each_option(argp, look_at, &search);
    return found(&search, ambiguous);
}

size_t words_next_choice(const char **at)
{
    const char *from = *at;
    const size_t length = strcspn(from, "|] ");
    if (length == 0 || !islower((unsigned char)*from))
        return 0;
    *at = from + length + (from[length] == '|');
    return length;
}

/* --- words --- */

static int ends_by(const struct argp_option *option)
{
    const bool own =
        option != NULL && option >= options && option < options + sizeof options / sizeof *options;
    return own ? option->key : 0;
}

static struct word take_long(struct words *words, const char *text)
{
    const char *name = text + strlen("--"), *equals = strchr(name, '=');
    struct word word = {.kind = WORD_OPTION, .value = equals != NULL ? equals + 1 : NULL};
    struct search search = {.name = name, .length = strcspn(name, "=")};
    look_everywhere(&search, words->command, &word.is_global);
    word.option = found(&search, &word.is_ambiguous);
    word.ends = ends_by(word.option);
    if (word.option != NULL && word.value == NULL && words_wants_value(word.option))
        words->pending = word.option;
    words->pending_is_global = word.is_global;
    return word;
}

/* "-vo", of which the last letter may take the rest of the word, or the next word. */
static struct word take_letters(struct words *words, const char *text)
{
    struct word word = {.kind = WORD_OPTION};
    for (const char *at = text + 1; *at != '\0' && word.value == NULL; at++) {
        struct search search = {.letter = *at};
        look_everywhere(&search, words->command, &word.is_global);
        word.option = search.exact;
        if (word.option == NULL)
            return word;
        word.ends = word.ends != 0 ? word.ends : ends_by(word.option);
        if (words_wants_value(word.option) && at[1] != '\0')
            word.value = at + 1;
        else if (words_wants_value(word.option))
            words->pending = word.option;
    }
    words->pending_is_global = word.is_global;
    return word;
}

static struct word take_value(struct words *words, const char *text)
{
    const struct word word = {
        .kind = WORD_VALUE, .option = words->pending, .is_global = words->pending_is_global, .value = text};
    words->pending = NULL;
    return word;
}

struct word words_take(struct words *words, const char *text)
{
    if (words->pending != NULL)
        return take_value(words, text);
    if (!words->options_ended && strcmp(text, "--") == 0) {
        words->options_ended = true;
        return (struct word){.kind = WORD_END_OF_OPTIONS};
    }
    if (!words->options_ended && strncmp(text, "--", 2) == 0)
        return take_long(words, text);
    if (!words->options_ended && text[0] == '-' && text[1] != '\0')
        return take_letters(words, text);
    if (words->command != NULL) {
        words->n_arguments++;
        return (struct word){.kind = WORD_ARGUMENT, .value = text};
    }
    words->command = command_find(text);
    return (struct word){.kind = WORD_COMMAND, .value = text};
}
