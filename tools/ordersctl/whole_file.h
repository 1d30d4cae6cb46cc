/* whole_file.h: a file that has its name only once it is whole.
 *
 * Until then it is FILE.UUID.part, beside the one that is there: that stays as it is when the new one comes
 * to nothing. What is no regular file, such as a device or a pipe, is written as it is.
 */
#ifndef ORDERSCTL_WHOLE_FILE_H
#define ORDERSCTL_WHOLE_FILE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>

struct whole_file {
    FILE *file; /* to write to */
    const char *path;
    const char *part; /* its name until it is whole; NULL: it is no regular file */
    struct arena arena;
};

/* The file that is there is not touched; the new one may be read by whoever may read that. False: errno says
 * why. */
bool whole_file_open(struct whole_file *whole, const char *path);

/* Has it take its name, on the disk; or removes it. False: it has not got its name, and errno says why. */
bool whole_file_close(struct whole_file *whole, bool keep);

#endif
