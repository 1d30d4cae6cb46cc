/* words.h: what each word of a command line is, by the tables of argp: for completion, which reads a line
 * that is not finished, and for line.c, which says what is wrong with one before argp reads it.
 */
#ifndef ORDERSCTL_WORDS_H
#define ORDERSCTL_WORDS_H

#include "command.h"

#include <stdbool.h>
#include <stddef.h>

/* Options of every command that end it before it begins: --help, --usage, --version. For what --help shows:
 * line.c finds them. */
extern const struct argp words_argp;

/* A flag of an argp_option whose value may be given several times: each of them counts. argp knows none such.
 */
enum { WORDS_REPEATABLE = 0x1000 };

enum { WORDS_HELP = 'h', WORDS_HELP_OLD = '?', WORDS_VERSION = 'V', WORDS_USAGE = 0x600 };

/* A line, as far as its words were read. */
struct words {
    const struct command *command;     /* NULL: that comes next */
    const struct argp_option *pending; /* the option whose value comes next; NULL: none */
    bool pending_is_global;
    bool options_ended; /* by "--" */
    size_t n_arguments; /* of the command */
};

enum word_kind { WORD_OPTION, WORD_VALUE, WORD_COMMAND, WORD_ARGUMENT, WORD_END_OF_OPTIONS };

struct word {
    enum word_kind kind;
    const struct argp_option *option; /* it is, or whose value it is; NULL: none, or there is none such */
    bool is_global;                   /* the option is one of every command */
    bool is_ambiguous;                /* it abbreviates several options */
    const char *value;                /* of an option; NULL: it has none, or not in this word */
    int ends;                         /* the key of an option of words_argp that stands in it; 0: none */
};

/* Reads the next word. A command that there is none of leaves `command` NULL. */
struct word words_take(struct words *words, const char *text);

/* Whether its value has to come, perhaps as the next word. */
bool words_wants_value(const struct argp_option *option);

/* Calls for each option of a table and of its children. */
void words_each_option(const struct argp *argp, void (*take)(const struct argp_option *option, void *arg),
                       void *arg);

/* The options of every command. */
void words_each_global(void (*take)(const struct argp_option *option, void *arg), void *arg);

/* The option of this name in a table; a begin of it is enough when no other begins so, as getopt has it.
 * NULL: there is none, or *ambiguous. */
const struct argp_option *words_find_option(const struct argp *argp, const char *name, size_t length,
                                            bool *ambiguous);

/* A choice of the words that an option or argument takes, from what --help has for it: *at is "always|never"
 * and then "never". The word's length; 0: there are no more, or what it has is no list of choices. A choice
 * such as "template=TEXT" is what begins so. */
size_t words_next_choice(const char **at);

#endif
