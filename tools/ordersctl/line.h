/* line.h: a command line as a whole: which command it is for, and what is wrong with it that argp would not
 * say, or not so that it helps.
 */
#ifndef ORDERSCTL_LINE_H
#define ORDERSCTL_LINE_H

#include "base/arena.h"
#include "command.h"

struct line {
    const struct command *command; /* NULL: none was named */
    int ends;            /* the key of an option of words_argp that stands somewhere in it; 0: none */
    const char *problem; /* in words; NULL: none */

    /* The line without the command, for argp: "ordersctl list" in front, then options and arguments. */
    int argc;
    char **argv;
};

/* All that it points to is in the arena or in argv. With a command that there is none of, `ends` is 0; else
 * an option that ends the line counts more than what is wrong with it. */
void line_read(struct line *line, int argc, char **argv, struct arena *arena);

#endif
