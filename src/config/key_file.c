/* key_file.c: no more than the first line is looked at. */
#include "config/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Without O_NONBLOCK the open of a FIFO waits for a writer. With it, a read would not wait for one that is
 * there, as of bash's <(...). */
static FILE *open_at_once(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file = fd >= 0 && fcntl(fd, F_SETFL, O_RDONLY) == 0 ? fdopen(fd, "r") : NULL;
    if (fd >= 0 && file == NULL)
        (void)close(fd);
    return file;
}

bool key_file_read(const char *path, char line[static KEY_FILE_BYTES])
{
    FILE *file = open_at_once(path);
    if (file == NULL)
        return false;
    line[0] = '\0';
    errno = 0;
    const bool is_read = fgets(line, KEY_FILE_BYTES, file) != NULL || !ferror(file);
    const bool is_whole = strchr(line, '\n') != NULL || feof(file);
    const int error = !is_read ? errno : is_whole ? 0 : EFBIG;
    (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    errno = error;
    return error == 0;
}
