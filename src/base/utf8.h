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

/* The length of a string, or where to cut it so that at most so many bytes of it stand and no character is
 * cut in two. */
size_t utf8_cut(const char *string, size_t most);

#endif
