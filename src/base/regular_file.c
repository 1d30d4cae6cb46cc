/* regular_file.c: O_NONBLOCK is what keeps the open of a FIFO or a device from waiting. */
#include "base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int regular_file_open(const char *path, const char **why)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    const bool is_there = fd >= 0 && fstat(fd, &about) == 0;
    *why = !is_there ? strerrordesc_np(errno) : S_ISREG(about.st_mode) ? NULL : "is no regular file";
    if (*why == NULL)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

FILE *regular_file_stream(const char *path, const char **why)
{
    const int fd = regular_file_open(path, why);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (fd >= 0 && file == NULL) {
        *why = strerrordesc_np(errno);
        (void)close(fd);
    }
    return file;
}
