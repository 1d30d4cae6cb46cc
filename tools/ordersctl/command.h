/* command.h: the subcommands. */
#ifndef ORDERSCTL_COMMAND_H
#define ORDERSCTL_COMMAND_H

#include "guess.h"
#include "session.h"

#include <argp.h>
#include <stddef.h>

struct command {
    const char *name;
    const char *summary;     /* what it does, for --help; NULL: for programs, and not told there */
    const struct argp *argp; /* its own options and arguments */
    size_t arguments_size;   /* of the struct, zeroed before, that is the parser's input */
    enum session_need need;
    enum exit_code (*run)(struct session *session, void *arguments);
    bool prints_orders; /* documents with an order_id, which --output name is for */
};

/* clang-format off */
extern const struct command
    create_command,
    get_command,
    list_command,
    update_command,
    delete_command,
    summary_command,
    statistics_command,
    import_command,
    export_command,
    call_command,
    methods_command,
    health_command,
    stats_command,
    keys_command,
    completion_command,
    config_command,
    version_command,
    help_command,
    complete_command;
/* clang-format on */

/* All of them, NULL-terminated, in the order in which --help lists them. */
extern const struct command *const commands[];

/* NULL: there is none of this name. */
const struct command *command_find(const char *name);

/* Of those that --help lists. */
struct guess command_guess(const char *name);

#endif
