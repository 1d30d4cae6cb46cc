/* gzip_stream.h: a stream that compresses what is written to it into another one, as a gzip file (RFC 1952).
 */
#ifndef ORDERSCTL_GZIP_STREAM_H
#define ORDERSCTL_GZIP_STREAM_H

#include <stdio.h>

/* Nothing else may be written to `to` until the stream is closed by fclose, which writes the file's end and
 * leaves `to` open. NULL: errno says why. */
FILE *gzip_stream_open(FILE *to);

#endif
