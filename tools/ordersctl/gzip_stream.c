/* gzip_stream.c: glibc's way of making a stream of functions, which are zlib's. */
#include "gzip_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

static ssize_t write_piece(void *cookie, const char *bytes, size_t length)
{
    const int written = gzwrite(cookie, bytes, (unsigned)length);
    if (written == 0 && length > 0 && errno == 0)
        errno = EIO;
    return written;
}

static int close_file(void *cookie)
{
    const int code = gzclose(cookie);
    if (code != Z_OK && code != Z_ERRNO)
        errno = EIO;
    return code == Z_OK ? 0 : -1;
}

FILE *gzip_stream_open(FILE *to)
{
    static const cookie_io_functions_t functions = {.write = write_piece, .close = close_file};
    const int copy = fflush(to) == 0 ? fcntl(fileno(to), F_DUPFD_CLOEXEC, 0) : -1;
    gzFile compressed = copy >= 0 ? gzdopen(copy, "wb") : NULL;
    FILE *stream = compressed != NULL ? fopencookie(compressed, "w", functions) : NULL;
    if (stream == NULL && compressed != NULL)
        gzclose(compressed);
    else if (stream == NULL && copy >= 0)
        close(copy);
    return stream;
}
