/* template.c: a list of texts and values, read once, written for each document. */
#include "template.h"

#include "json_text.h"
#include "printable.h"

#include <string.h>

enum { PARTS_MAX = 256, DEPTH_MAX = 16, SHOWN_BYTES = 40, REAL_DIGITS = 15 };

static const char opening[] = "{{", closing[] = "}}";
static const char blanks[] = " \t\r\n";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
static const char understood[] = "only {{.NAME}}, {{json .NAME}} and {{\"TEXT\"}} are understood";

/* A template being read. */
struct reading {
    struct arena *arena;
    const char *at;
    const char *error;           /* what is wrong; NULL: nothing so far */
    struct template_part **last; /* where the next part goes */
    size_t n_parts;
};

/* --- reading --- */

static void refuse(struct reading *reading, const char *where, const char *why)
{
    const size_t length = strnlen(where, SHOWN_BYTES);
    if (reading->error == NULL)
        reading->error = arena_printf(reading->arena, "\"%.*s\": %s", (int)length, where, why);
}

static struct template_part *add_part(struct reading *reading)
{
    struct template_part *part = arena_calloc(reading->arena, 1, sizeof *part);
    if (++reading->n_parts > PARTS_MAX)
        refuse(reading, reading->at, "there are too many actions before this");
    *reading->last = part;
    reading->last = &part->next;
    return part;
}

/* What stands behind a backslash; '\0': nothing that is known. */
static char escaped(char letter)
{
    static const char known[] = "nt\\\"", meant[] = "\n\t\\\"";
    const char *found = letter != '\0' ? strchr(known, letter) : NULL;
    if (found == NULL)
        return '\0';
    return meant[found - known];
}

/* Takes a text up to where it ends, which stays. */
static char *take_text(struct reading *reading, bool quoted)
{
    char *text = arena_strdup(reading->arena, reading->at), *out = text;
    while (*reading->at != '\0' && (quoted ? *reading->at != '"' : strncmp(reading->at, opening, 2) != 0)) {
        *out = *reading->at++;
        if (*out == '\\') {
            *out = escaped(*reading->at);
            if (*out == '\0' || (*reading->at == '"' && !quoted)) {
                refuse(reading, reading->at - 1, "\\n, \\t and \\\\ are understood behind a backslash");
                break;
            }
            reading->at++;
        }
        out++;
    }
    *out = '\0';
    return text;
}

static void skip_blanks(struct reading *reading)
{
    reading->at += strspn(reading->at, blanks);
}

/* ".a.b", or "." for the document. */
static const char *const *take_path(struct reading *reading, const char *action)
{
    const char **names = arena_calloc(reading->arena, DEPTH_MAX + 1, sizeof *names);
    size_t n = 0;
    while (*reading->at == '.' && reading->error == NULL) {
        const size_t length = strspn(++reading->at, letters);
        if (length == 0 && n == 0 && *reading->at != '.')
            return names;
        if (length == 0 || n == DEPTH_MAX) {
            refuse(reading, action, length == 0 ? understood : "that is too deep");
            break;
        }
        names[n++] = arena_copy(reading->arena, reading->at, length);
        reading->at += length;
    }
    return names;
}

static void take_value(struct reading *reading, const char *action)
{
    static const char json[] = "json";
    struct template_part *part = add_part(reading);
    const size_t length = sizeof json - 1;
    part->as_json = strncmp(reading->at, json, length) == 0 && strspn(reading->at + length, blanks) > 0;
    if (part->as_json)
        reading->at += length;
    skip_blanks(reading);
    if (*reading->at != '.')
        refuse(reading, action, understood);
    part->names = take_path(reading, action);
    if (part->names[0] == NULL && !part->as_json)
        refuse(reading, action, "{{json .}} writes the whole document");
}

/* What stands between braces. */
static void take_action(struct reading *reading)
{
    const char *action = reading->at;
    if (strstr(action, closing) == NULL)
        refuse(reading, action, "there is no }} behind this");
    reading->at += strlen(opening);
    skip_blanks(reading);
    if (*reading->at == '"') {
        reading->at++;
        add_part(reading)->text = take_text(reading, true);
        reading->at += *reading->at == '"';
    } else {
        take_value(reading, action);
    }
    skip_blanks(reading);
    if (strncmp(reading->at, closing, strlen(closing)) != 0)
        refuse(reading, action, understood);
    else
        reading->at += strlen(closing);
}

const char *template_read(const char *text, struct arena *arena, struct template *template)
{
    struct template_part *first = NULL;
    struct reading reading = {.arena = arena, .at = text, .last = &first};
    while (*reading.at != '\0' && reading.error == NULL) {
        if (strncmp(reading.at, opening, strlen(opening)) == 0)
            take_action(&reading);
        else
            add_part(&reading)->text = take_text(&reading, false);
    }
    template->first = first;
    return reading.error;
}

/* --- writing --- */

static const char *path_text(const char *const names[], struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; names[i] != NULL; i++)
        text = arena_printf(arena, "%s.%s", text, names[i]);
    return text;
}

static const char *member_names(const json_t *object, struct arena *arena)
{
    const char *names = "", *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        names = arena_printf(arena, "%s%s%s", names, *names == '\0' ? "" : ", ", name);
    }
    return names;
}

/* The value at a place; NULL: *error says why there is none. */
static json_t *template_find(json_t *document, const char *const names[], struct arena *arena,
                             const char **error)
{
    json_t *value = document;
    for (size_t i = 0; names[i] != NULL; i++) {
        json_t *inner = json_object_get(value, names[i]);
        if (inner == NULL && json_is_object(value))
            *error = arena_printf(arena, "%s: there is no \"%s\"; there are %s", path_text(names, arena),
                                  names[i], member_names(value, arena));
        else if (inner == NULL)
            *error = arena_printf(arena, "%s: \"%s\" is no member, as what it is of is no object",
                                  path_text(names, arena), names[i]);
        if (inner == NULL)
            return NULL;
        value = inner;
    }
    return value;
}

static void write_value(const struct template_part *part, json_t *value, FILE *file, struct arena *arena)
{
    if (part->as_json)
        json_text_write(file, json_incref(value), JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    else if (json_is_string(value))
        fputs(printable(arena, json_string_value(value)), file);
    else if (!json_is_null(value))
        json_text_write(file, json_incref(value), JSON_REAL_PRECISION(REAL_DIGITS));
}

const char *template_check(const struct template *template, json_t *document, struct arena *arena)
{
    const char *error = NULL;
    for (const struct template_part *part = template->first; part != NULL; part = part->next) {
        const json_t *value = part->text == NULL ? template_find(document, part->names, arena, &error) : NULL;
        if (error != NULL)
            return error;
        if (!part->as_json && (json_is_object(value) || json_is_array(value)))
            return arena_printf(arena, "%s is no single value: {{json %s}} writes it",
                                path_text(part->names, arena), path_text(part->names, arena));
    }
    return NULL;
}

const char *template_write(const struct template *template, json_t *document, FILE *file, struct arena *arena)
{
    const char *error = template_check(template, document, arena);
    if (error != NULL)
        return error;
    for (const struct template_part *part = template->first; part != NULL; part = part->next) {
        if (part->text != NULL)
            fputs(part->text, file);
        else
            write_value(part, template_find(document, part->names, arena, &error), file, arena);
    }
    fputs("\n", file);
    return NULL;
}
