/* utf8.c: one row of a table for each length of a sequence. */
#include "base/utf8.h"

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
