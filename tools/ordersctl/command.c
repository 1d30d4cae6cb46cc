/* command.c: a new command is a row here. */
#include "command.h"

#include <string.h>

/* A line each, so that what is added is a line. */
/* clang-format off */
const struct command *const commands[] = {
    &create_command,
    &get_command,
    &list_command,
    &update_command,
    &delete_command,
    &summary_command,
    &statistics_command,
    &import_command,
    &export_command,
    &call_command,
    &methods_command,
    &health_command,
    &stats_command,
    &keys_command,
    &completion_command,
    &config_command,
    &version_command,
    &help_command,
    &complete_command,
    NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    size_t i = 0;
    while (commands[i] != NULL && strcmp(commands[i]->name, name) != 0)
        i++;
    return commands[i];
}

struct guess command_guess(const char *name)
{
    struct guess guess = guess_begin(name);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->summary != NULL)
            guess_try(&guess, commands[i]->name);
    }
    return guess;
}
