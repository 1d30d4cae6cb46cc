/* hex.c: by ranges of ASCII, whatever the locale. */
#include "base/hex.h"

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

size_t hex_write(uint64_t number, char out[static HEX_WORD_DIGITS])
{
    size_t digits = 1;
    for (uint64_t rest = number >> 4; rest > 0; rest >>= 4)
        digits++;
    for (size_t i = digits; i > 0; i--, number >>= 4)
        out[i - 1] = "0123456789abcdef"[number & 0xf];
    return digits;
}
