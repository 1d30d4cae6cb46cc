/* main.c: finds the command and runs it. What it can do is the table of command.c; how it ends, that of exit
 * codes. */
#include "command.h"
#include "exit_code.h"
#include "frame.h"
#include "line.h"
#include "output.h"
#include "words.h"

#include <signal.h>

static enum exit_code run_command(const struct line *line, struct session *session, struct arena *arena)
{
    const struct command *command = line->command;
    void *arguments = frame_parse(line, session, arena);
    const enum exit_code code = session_open(session, command->need);
    return code == EXIT_OK ? command->run(session, arguments) : code;
}

static enum exit_code run_line(const struct line *line, struct session *session, struct arena *arena)
{
    if (line->ends == 0)
        return line->problem != NULL ? frame_refuse(line) : run_command(line, session, arena);
    if (line->ends == WORDS_VERSION)
        frame_version();
    else
        frame_help(line->command, line->ends == WORDS_USAGE ? ARGP_HELP_USAGE : ARGP_HELP_STD_HELP);
    return output_end(EXIT_OK);
}

int main(int argc, char **argv)
{
    struct session session = {0};
    struct line line;
    struct arena arena;

    signal(SIGPIPE, SIG_IGN); /* output.c obeys it where it counts */
    screen_init(&session.screen);
    arena_init(&arena);
    line_read(&line, argc, argv, &arena);
    const enum exit_code code = run_line(&line, &session, &arena);
    session_close(&session);
    arena_free(&arena);
    return (int)code;
}
