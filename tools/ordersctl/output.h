/* output.h: writing to stdout or a file so that no failure goes unseen. */
#ifndef ORDERSCTL_OUTPUT_H
#define ORDERSCTL_OUTPUT_H

#include "exit_code.h"

#include <stdbool.h>
#include <stdio.h>

/* Writes out what is buffered. False, and reported, when that or any write before failed (a full disk). When
 * nobody reads any more (`ordersctl list | head`) it ends the process as SIGPIPE does, without a word. */
bool output_flush(FILE *file, const char *name);

/* Flushes stdout at the end of a command that came to this exit code. */
enum exit_code output_end(enum exit_code code);

#endif
