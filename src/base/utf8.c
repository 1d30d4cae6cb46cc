/* utf8.c: one row of a table for each length of a sequence. */
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct form {
    uint8_t mask, lead; /* byte & mask == lead opens a sequence of this form */
    uint32_t least;     /* a smaller code point has a shorter form */
} forms[] = {
    {0x80, 0x00, 0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};

size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point)
{
    if (length == 0)
        return 0;
    const uint8_t lead = (uint8_t)bytes[0];
    for (size_t more = 0; more < sizeof forms / sizeof forms[0]; more++) {
        const struct form *form = &forms[more];
        if ((lead & form->mask) != form->lead)
            continue;
        if (more >= length)
            return 0;
        uint32_t value = lead & (uint8_t)~form->mask;
        for (size_t i = 1; i <= more; i++) {
            if (((uint8_t)bytes[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | ((uint8_t)bytes[i] & 0x3f);
        }
        if (value < form->least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return 0;
        *code_point = value;
        return more + 1;
    }
    return 0;
}

bool utf8_valid(const char *bytes, size_t length)
{
    while (length > 0) {
        uint32_t code_point;
        size_t taken = (uint8_t)bytes[0] < 0x80 ? 1 : utf8_decode(bytes, length, &code_point);
        if (taken == 0)
            return false;
        bytes += taken;
        length -= taken;
    }
    return true;
}

/* In order. Of Default_Ignorable_Code_Point (Unicode 15.1, DerivedCoreProperties.txt) and the three of
 * interlinear annotations (FFF9 to FFFB). */
static const struct range {
    uint32_t first, last;
} harmful[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x061c, 0x061c},
    {0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool utf8_is_harmful(uint32_t code_point)
{
    size_t i = 0, n = sizeof harmful / sizeof harmful[0];
    while (i < n && code_point > harmful[i].last)
        i++;
    return i < n && code_point >= harmful[i].first;
}

size_t utf8_escape(uint32_t code_point, char out[static UTF8_ESCAPE])
{
    enum { PLANE_0_END = 0x10000, HIGH = 0xd800, LOW = 0xdc00, LOW_BITS = 10, LOW_MASK = 0x3ff };
    const uint32_t beyond = code_point - PLANE_0_END;
    const int length =
        code_point < PLANE_0_END
            ? snprintf(out, UTF8_ESCAPE, "\\u%04x", (unsigned)code_point & 0xffff)
            : snprintf(out, UTF8_ESCAPE, "\\u%04x\\u%04x", (HIGH + (beyond >> LOW_BITS)) & 0xffff,
                       (LOW + (beyond & LOW_MASK)) & 0xffff);
    return (size_t)length;
}

size_t utf8_cut(const char *string, size_t most)
{
    size_t length = strnlen(string, most + 1);
    if (length <= most)
        return length;
    do
        length--;
    while (length > 0 && ((uint8_t)string[length] & 0xc0) == 0x80);
    return length;
}
