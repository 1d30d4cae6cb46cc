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

/* Each range by its ends, and what is beside it. */
Test(utf8, tells_what_steers_or_is_not_seen)
{
    static const uint32_t harmful[] = {0,      0x1b,    0x1f,    0x7f,    0x80,    0x9b,    0x9f,    0xad,
                                       0x34f,  0x61c,   0x115f,  0x1160,  0x180b,  0x180f,  0x200b,  0x200d,
                                       0x200e, 0x200f,  0x2028,  0x2029,  0x202a,  0x202e,  0x2060,  0x2064,
                                       0x2066, 0x2069,  0x206f,  0x3164,  0xfe0f,  0xfeff,  0xffa0,  0xfff9,
                                       0xfffb, 0x1bca0, 0x1d173, 0x1d17a, 0xe0001, 0xe007f, 0xe0100, 0xe0fff};
    static const uint32_t harmless[] = {' ',    '~',    0xa0,   0xac,   0xae,    0x34e,   0x350,   0x61b,
                                        0x61d,  0x115e, 0x1161, 0x200a, 0x2010,  0x2027,  0x202f,  0x205f,
                                        0x2070, 0x3163, 0x3165, 0xfdff, 0xfe10,  0xfefe,  0xff00,  0xffef,
                                        0xfffc, 0xfffd, 0xde,   0x6ce8, 0x1f600, 0xdffff, 0xe1000, 0x10ffff};
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
        cr_assert(utf8_is_harmful(harmful[i]), "U+%04X", harmful[i]);
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        cr_assert_not(utf8_is_harmful(harmless[i]), "U+%04X", harmless[i]);
}

Test(utf8, escapes_as_json_does)
{
    static const struct {
        uint32_t c;
        const char *escape;
    } escapes[] = {{0x1b, "\\u001b"},           {0x202e, "\\u202e"},         {0xffff, "\\uffff"},
                   {0x10000, "\\ud800\\udc00"}, {0xe0001, "\\udb40\\udc01"}, {0x10ffff, "\\udbff\\udfff"}};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        char escape[UTF8_ESCAPE];
        cr_assert_eq(utf8_escape(escapes[i].c, escape), strlen(escapes[i].escape));
        cr_assert_str_eq(escape, escapes[i].escape);
    }
}
