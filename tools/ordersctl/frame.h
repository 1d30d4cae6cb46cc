/* frame.h: what is around each command: help, and the options that every command takes. */
#ifndef ORDERSCTL_FRAME_H
#define ORDERSCTL_FRAME_H

#include "base/arena.h"
#include "command.h"
#include "line.h"

/* Tells on stdout how a command is used, or with NULL the program; `flags` are of argp_help. */
void frame_help(const struct command *command, unsigned flags);

/* "ordersctl 0.1.0 (4ce1d0c2a5b7)" on stdout. */
void frame_version(void);

/* Tells on stderr what is wrong with a line that has a problem, and where there is help. Returns EXIT_USAGE.
 */
enum exit_code frame_refuse(const struct line *line);

/* Has argp read the line of a command: its own options and arguments into the struct that is returned, which
 * is in the arena, and those of every command into the session. Ends the process on wrong usage. */
void *frame_parse(const struct line *line, struct session *session, struct arena *arena);

#endif
