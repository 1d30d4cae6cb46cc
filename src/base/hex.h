/* hex.h: hexadecimal digits. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* What a digit stands for, in either case; -1: it is none. */
int hex_digit(char c);

enum { HEX_WORD_DIGITS = 16 };

/* Writes a number in lower case, without leading zeros and without a NUL. Returns how many digits it has. */
size_t hex_write(uint64_t number, char out[static HEX_WORD_DIGITS]);

#endif
