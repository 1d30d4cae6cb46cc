/* printable.h: text that others wrote, made fit for a terminal.
 *
 * An order's fields and a server's messages are whatever somebody sent. A control character among them could
 * move the cursor, retitle the window or turn the text around, and one that is not seen make two ids look the
 * same; each is shown as its number instead (base/utf8.h): \u001b.
 */
#ifndef ORDERSCTL_PRINTABLE_H
#define ORDERSCTL_PRINTABLE_H

#include "base/arena.h"
#include "base/utf8.h"

#include <stddef.h>

enum { PRINTABLE_CHARACTER = UTF8_ESCAPE }; /* room for the longest character or escape, and a NUL */

/* Writes the printable form of the first character of `length` bytes, of which there is at least one: itself,
 * \uXXXX for a harmful one, \xXX for a byte that is not UTF-8. Returns how many bytes it took. */
size_t printable_character(const char *text, size_t length, char out[static PRINTABLE_CHARACTER]);

/* A printable copy of a string. */
char *printable(struct arena *arena, const char *text);

/* The begin of a line. */
struct printable_part {
    size_t length; /* in bytes */
    size_t width;  /* in columns */
};

/* What of a line of printable text and styles (screen.h) a terminal of so many columns, at least one, has
 * room for: all of it, or so much that there is a column left behind it. Wants the LC_CTYPE of a UTF-8
 * locale. */
struct printable_part printable_part(const char *text, size_t length, size_t columns);

/* How many columns of a terminal a printable text takes. Wants the LC_CTYPE of a UTF-8 locale. */
size_t printable_width(const char *text);

#endif
