/* text.c: the buffer doubles, in place while the arena has room. */
#include "json/text.h"

#include <stdbool.h>
#include <string.h>

enum { FIRST_CAPACITY = 512 };

static void grow(struct text *text, size_t capacity)
{
    text->bytes = arena_grow(text->arena, text->bytes, text->capacity, capacity);
    text->capacity = capacity;
}

/* Room for `length` more bytes. */
static char *text_reserve(struct text *text, size_t length)
{
    if (text->capacity - text->length < length) {
        size_t capacity = text->capacity == 0 ? FIRST_CAPACITY : 2 * text->capacity;
        while (capacity - text->length < length)
            capacity *= 2;
        grow(text, capacity);
    }
    return text->bytes + text->length;
}

void text_expect(struct text *text, size_t length)
{
    if (text->capacity - text->length < length)
        grow(text, text->length + length);
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

static void append_escape(struct text *text, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    const char letter = escape_of(c);
    const char number[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    const char name[] = {'\\', letter};
    if (letter == 'u')
        text_append(text, number, sizeof number);
    else
        text_append(text, name, sizeof name);
}

/* Whether one of eight characters needs an escape: of a byte that is less than what is subtracted from it the
 * uppermost bit is set. */
static bool has_escape(const char bytes[static 8])
{
    static const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    const uint64_t quote = eight ^ each * '"', backslash = eight ^ each * '\\';
    const uint64_t control = (eight - each * 0x20) & ~eight;
    return ((control | ((quote - each) & ~quote) | ((backslash - each) & ~backslash)) & each * 0x80) != 0;
}

/* How many characters at the start need no escape. */
static size_t plain_length(const char *bytes, size_t length)
{
    size_t n = 0;
    while (length - n >= 8 && !has_escape(bytes + n))
        n += 8;
    while (n < length && escape_of((unsigned char)bytes[n]) == 0)
        n++;
    return n;
}

void text_string(struct text *text, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    text_char(text, '"');
    for (;; bytes++) {
        const size_t plain = plain_length(bytes, (size_t)(end - bytes));
        text_append(text, bytes, plain);
        bytes += plain;
        if (bytes == end)
            break;
        append_escape(text, (unsigned char)*bytes);
    }
    text_char(text, '"');
}

void text_word(struct text *text, const char *word, size_t length)
{
    char *out = text_reserve(text, length + 2);
    out[0] = '"';
    memcpy(out + 1, word, length);
    out[length + 1] = '"';
    text->length += length + 2;
}

char *text_end(struct text *text)
{
    *text_reserve(text, 1) = '\0';
    return text->bytes;
}
