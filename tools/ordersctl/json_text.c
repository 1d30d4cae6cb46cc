/* json_text.c: jansson reads and writes; what it would write raw and a terminal would obey is escaped on the
 * way. */
#include "json_text.h"

#include "printable.h"

#include <string.h>

enum { STDIN_MAX_BYTES = 16 << 20 }; /* a request itself is bounded to 1 MiB */

static char *read_stdin(struct arena *arena, size_t *length)
{
    char chunk[16 * 1024];
    char *text = arena_strdup(arena, "");
    size_t capacity = 0, n;
    *length = 0;
    while (*length < STDIN_MAX_BYTES && (n = fread(chunk, 1, sizeof chunk, stdin)) > 0) {
        if (*length + n > capacity) {
            capacity = 2 * (*length + n);
            text = memcpy(arena_alloc(arena, capacity), text, *length);
        }
        memcpy(text + *length, chunk, n);
        *length += n;
    }
    return text;
}

json_t *json_text_read(const char *argument, struct arena *arena, struct status *status)
{
    json_error_t error;
    size_t length = strlen(argument);
    const char *text = strcmp(argument, "-") == 0 ? read_stdin(arena, &length) : argument;
    json_t *json = json_loadb(text, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        status_set(status, arena, STATUS_INVALID_ARGUMENT, "Not JSON: line %d column %d: %s", error.line,
                   error.column, error.text);
    return json;
}

/* The length of what stands before the first byte that may be harmful. A line break is jansson's own, since
 * it escapes those in strings. */
static size_t harmless(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && ((text[n] >= ' ' && text[n] <= '~') || text[n] == '\n'))
        n++;
    return n;
}

/* jansson hands out whole characters. */
static int write_printable(const char *text, size_t length, void *file)
{
    while (length > 0) {
        char character[PRINTABLE_CHARACTER];
        size_t taken = harmless(text, length);
        if (taken > 0) {
            fwrite(text, 1, taken, file);
        } else {
            taken = printable_character(text, length, character);
            fputs(character, file);
        }
        text += taken;
        length -= taken;
    }
    return ferror(file) ? -1 : 0;
}

void json_text_write(FILE *file, json_t *json, size_t flags)
{
    json_dump_callback(json, write_printable, file, flags | JSON_ENCODE_ANY);
    json_decref(json);
}
