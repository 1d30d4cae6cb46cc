/* test_utf8.c: the boundaries of RFC 3629. */
#include "base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct sample {
    const char *bytes;
    bool valid;
} samples[] = {
    {"", true},
    {"plain", true},
    {"\xc2\x80", true},          /* U+0080 */
    {"\xdf\xbf", true},          /* U+07FF */
    {"\xe0\xa0\x80", true},      /* U+0800 */
    {"\xed\x9f\xbf", true},      /* U+D7FF */
    {"\xee\x80\x80", true},      /* U+E000 */
    {"\xf0\x90\x80\x80", true},  /* U+10000 */
    {"\xf4\x8f\xbf\xbf", true},  /* U+10FFFF */
    {"\xc0\x80", false},         /* overlong NUL */
    {"\xc1\xbf", false},         /* overlong */
    {"\xe0\x9f\xbf", false},     /* overlong */
    {"\xf0\x8f\xbf\xbf", false}, /* overlong */
    {"\xed\xa0\x80", false},     /* a surrogate */
    {"\xf4\x90\x80\x80", false}, /* beyond U+10FFFF */
    {"\xff", false},
    {"\x80", false},      /* continues nothing */
    {"a\xe2\x82", false}, /* cut short */
    {"\xe2(\xa1", false},
};

Test(utf8, boundaries)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        cr_assert_eq(utf8_valid(samples[i].bytes, strlen(samples[i].bytes)), samples[i].valid, "sample %zu",
                     i);
}

Test(utf8, decodes)
{
    uint32_t c;
    cr_assert_eq(utf8_decode("\xc3\x9ex", 3, &c), 2);
    cr_assert_eq(c, 0xde);
    cr_assert_eq(utf8_decode("\xf0\x9f\x98\x80", 4, &c), 4);
    cr_assert_eq(c, 0x1f600);
    cr_assert_eq(utf8_decode("", 0, &c), 0);
}

Test(utf8, cuts_between_characters)
{
    static const char text[] = "a\xc3\x9e\xf0\x9f\x98\x80";
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 3, 7, 7};
    for (size_t most = 0; most < sizeof cuts / sizeof cuts[0]; most++)
        cr_assert_eq(utf8_cut(text, most), cuts[most], "at most %zu", most);
}
