/* output.c: SIGPIPE is ignored while the program runs, as its sockets might raise it too, and obeyed here. */
#include "output.h"

#include "report.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

bool output_flush(FILE *file, const char *name)
{
    /* What a failed write left in the buffer fails again here, so that errno says why. */
    errno = 0;
    if (fflush(file) == 0 && !ferror(file))
        return true;
    if (errno == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    report("cannot write %s: %s", name, strerror(errno != 0 ? errno : EIO));
    return false;
}

enum exit_code output_end(enum exit_code code)
{
    return output_flush(stdout, "standard output") || code != EXIT_OK ? code : EXIT_OTHER;
}
