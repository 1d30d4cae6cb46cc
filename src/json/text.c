/* text.c: the buffer doubles, in place while the arena has room. */
#include "json/text.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 512 };

/* Room for `length` more bytes. */
static char *text_reserve(struct text *text, size_t length)
{
    if (text->capacity - text->length < length) {
        size_t capacity = text->capacity == 0 ? FIRST_CAPACITY : 2 * text->capacity;
        while (capacity - text->length < length)
            capacity *= 2;
        text->bytes = arena_grow(text->arena, text->bytes, text->capacity, capacity);
        text->capacity = capacity;
    }
    return text->bytes + text->length;
}

void text_append(struct text *text, const char *bytes, size_t length)
{
    if (length == 0)
        return; /* bytes, or the buffer, may be NULL */
    memcpy(text_reserve(text, length), bytes, length);
    text->length += length;
}

void text_char(struct text *text, char c)
{
    *text_reserve(text, 1) = c;
    text->length++;
}

void text_integer(struct text *text, int64_t value)
{
    char digits[24];
    char *end = digits + sizeof digits, *at = end;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        *--at = '-';
    text_append(text, at, (size_t)(end - at));
}

/* The letter behind the backslash, 'u' for a number, 0 for a character that needs no escape. */
static char escape_of(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return c < 0x20 ? 'u' : 0;
    }
}

void text_string(struct text *text, const char *bytes, size_t length)
{
    size_t plain = 0; /* where the characters that need no escape begin */
    text_char(text, '"');
    for (size_t i = 0; i < length; i++) {
        char letter = escape_of((unsigned char)bytes[i]);
        if (letter == 0)
            continue;
        char escape[8];
        int size = letter == 'u' ? snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)bytes[i])
                                 : snprintf(escape, sizeof escape, "\\%c", letter);
        text_append(text, bytes + plain, i - plain);
        text_append(text, escape, (size_t)size);
        plain = i + 1;
    }
    text_append(text, bytes + plain, length - plain);
    text_char(text, '"');
}

char *text_end(struct text *text)
{
    *text_reserve(text, 1) = '\0';
    return text->bytes;
}
