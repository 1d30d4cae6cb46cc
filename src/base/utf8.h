/* utf8.h: reading UTF-8 (RFC 3629) from bytes that may be anything. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads one code point from the start of `length` bytes. Returns how many bytes it took; 0 when there are
 * none or they are not UTF-8 (overlong forms and surrogates are not). */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point);

/* Whether all of it is UTF-8. */
bool utf8_valid(const char *bytes, size_t length);

/* Whether a character must be shown as an escape where people read text that others wrote, because it
 * controls the terminal, changes the direction of text, breaks the line, or is invisible: controls (category
 * Cc), line and paragraph separators (Zl, Zp), and what Unicode lets be shown as nothing
 * (Default_Ignorable_Code_Point), such as the zero-width space, which would make two ids look the same. */
bool utf8_is_harmful(uint32_t code_point);

enum { UTF8_ESCAPE = 13 }; /* room for two \uXXXX and a NUL */

/* Writes a code point as JSON escapes it: \uXXXX, or a pair of them (UTF-16's surrogates) above U+FFFF.
 * Returns the length. */
size_t utf8_escape(uint32_t code_point, char out[static UTF8_ESCAPE]);

/* The length of a string, or where to cut it so that at most so many bytes of it stand and no character is
 * cut in two. */
size_t utf8_cut(const char *string, size_t most);

#endif
