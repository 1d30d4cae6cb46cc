/* text.h: JSON text being written, in an arena. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

struct text {
    struct arena *arena;
    char *bytes; /* in the arena; followed by a NUL once text_end was called */
    size_t length;
    size_t capacity;
};

#define TEXT_INIT(in_arena) \
    (struct text)           \
    {                       \
        .arena = (in_arena) \
    }

/* Makes room for so many bytes to come, so that they are not copied while the text grows. */
void text_expect(struct text *text, size_t length);

/* Appends bytes as they are. */
void text_append(struct text *text, const char *bytes, size_t length);

/* Appends one character as it is. */
void text_char(struct text *text, char c);

void text_integer(struct text *text, int64_t value);

/* Appends UTF-8 as a JSON string, quotes and escapes included. */
void text_string(struct text *text, const char *bytes, size_t length);

/* The same of what has no character that needs an escape. */
void text_word(struct text *text, const char *word, size_t length);

/* Puts a NUL behind the text, which does not count, and returns it. */
char *text_end(struct text *text);

#endif
