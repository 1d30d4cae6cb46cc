/* test_hex.c: every byte is one digit or none. */
#include "base/hex.h"

#include <criterion/criterion.h>
#include <string.h>

Test(hex, digits_of_either_case_and_nothing_else)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    for (int byte = 0; byte < 256; byte++) {
        const char c = (char)byte;
        const char *in_lower = memchr(lower, c, strlen(lower)), *in_upper = memchr(upper, c, strlen(upper));
        const int expected = in_lower != NULL   ? (int)(in_lower - lower)
                             : in_upper != NULL ? (int)(in_upper - upper)
                                                : -1;
        cr_expect_eq(hex_digit(c), expected, "0x%02x: %d", (unsigned)byte, hex_digit(c));
    }
}

Test(hex, numbers_without_leading_zeros)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {{0, "0"}, {9, "9"}, {16, "10"}, {0xabcdef, "abcdef"}, {UINT64_MAX, "ffffffffffffffff"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[HEX_WORD_DIGITS + 1] = "";
        text[hex_write(cases[i].number, text)] = '\0';
        cr_expect_str_eq(text, cases[i].text);
    }
}
