/* regular_file.h: files of settings, of which most are read again while the service runs. To open one never
 * waits: a FIFO that nobody writes to would hold up its reader without end. Any thread.
 */
#ifndef BASE_REGULAR_FILE_H
#define BASE_REGULAR_FILE_H

#include <stdio.h>

/* A descriptor to read it by, the caller's to close. -1: `*why`, a constant, says what is wrong with it. */
int regular_file_open(const char *path, const char **why);

/* The same as a stream. NULL: as -1 above. */
FILE *regular_file_stream(const char *path, const char **why);

#endif
