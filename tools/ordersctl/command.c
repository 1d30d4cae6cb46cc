/* command.c: a new command is a row here. */
#include "command.h"

#include <string.h>

const struct command *const commands[] = {
    &create_command,  &get_command,    &list_command,   &update_command,   &delete_command,
    &summary_command, &import_command, &export_command, &call_command,     &methods_command,
    &health_command,  &stats_command,  &keys_command,   &complete_command, NULL,
};

const struct command *command_find(const char *name)
{
    size_t i = 0;
    while (commands[i] != NULL && strcmp(commands[i]->name, name) != 0)
        i++;
    return commands[i];
}
