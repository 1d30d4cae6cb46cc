/* selection.h: which orders a command is about: those that are named as arguments, those that a file names,
 * those that a filter lets through, or, when that is said, all. */
#ifndef ORDERSCTL_SELECTION_H
#define ORDERSCTL_SELECTION_H

#include "base/arena.h"
#include "list_filters.h"
#include "session.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/* What the command line says. */
struct selection_arguments {
    char **ids;
    size_t n_ids;
    const char *file; /* NULL: not given */
    struct list_filters filters;
    bool all;
};

/* Arguments, --file, --all and the filters of `list', with the options that say how their amounts are
 * written; the input is a struct selection_arguments. Exactly one of the ways must be used. */
extern const struct argp selection_argp;

/* The same, of a command whose own options are called as the filters are: these are --where-status and so on
 * here, and how amounts are written is for the command to say. */
extern const struct argp selection_where_argp;

/* Whether it is one order, named as the argument: what is done to that needs no question. */
bool selection_is_one(const struct selection_arguments *arguments);

/* Whether it is a filter's, or all. */
bool selection_is_filtered(const struct selection_arguments *arguments);

struct selected {
    const char *order_id;
    const char *etag; /* as a filter's order had it when it was chosen; NULL: it was not looked at */
};

struct selection {
    struct selected *orders; /* each id once */
    size_t n;
    size_t n_unreadable; /* others that a filter let through, and that cannot be answered, nor are chosen */
    size_t capacity;
    struct arena arena;
};

/* Finds out which they are. A failure is reported; so are orders that cannot be read. To be freed in any
 * case. */
enum exit_code selection_read(struct session *session, const struct selection_arguments *arguments,
                              struct selection *selection);
void selection_free(struct selection *selection);

/* "3 orders, A-3", "12 orders: and 7 more". */
const char *selection_describe(const struct selection *selection, struct arena *arena);

#endif
