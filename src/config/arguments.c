/* arguments.c: argp, without options of our own. */
#include "config/arguments.h"

#include <argp.h>
#include <sysexits.h>

void arguments_read(int argc, char *argv[], const char *version, const char *does)
{
    const struct argp none = {.doc = does};
    argp_program_version = version;
    argp_err_exit_status = EX_USAGE;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet */
    argp_parse(&none, argc, argv, 0, NULL, NULL);
}
