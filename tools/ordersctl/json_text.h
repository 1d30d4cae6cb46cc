/* json_text.h: JSON that comes from the command line, and JSON that goes to a program or a terminal. */
#ifndef ORDERSCTL_JSON_TEXT_H
#define ORDERSCTL_JSON_TEXT_H

#include "base/arena.h"
#include "base/status.h"

#include <jansson.h>
#include <stdio.h>

/* The key of the option --ignore-unknown, of commands that take JSON. */
enum { JSON_TEXT_IGNORE_UNKNOWN = 0x700 };

/* Parses an argument, or stdin when it is "-". A member that stands twice in an object is a mistake. A new
 * reference; NULL: the status says why. */
json_t *json_text_read(const char *argument, struct arena *arena, struct status *status);

/* Writes JSON with jansson's flags, which other programs read the same as jansson's own, but which holds no
 * control character. Takes the reference. Errors are left to output_end. */
void json_text_write(FILE *file, json_t *json, size_t flags);

#endif
