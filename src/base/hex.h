/* hex.h: hexadecimal digits. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

/* What a digit stands for, in either case; -1: it is none. */
int hex_digit(char c);

#endif
