/* reader.c: places as paths, "orders.3.currency". */
#include "json/reader.h"

/* Bounds the memory that a document of nothing but mistakes can ask for. */
enum { MAX_VIOLATIONS = 1000 };

struct place place_member(const struct place *outer, const char *name)
{
    return (struct place){.outer = outer, .name = name, .depth = outer == NULL ? 1 : outer->depth + 1};
}

static const char *path_of(struct arena *arena, const struct place *place)
{
    if (place == NULL)
        return "";
    const char *outer = path_of(arena, place->outer);
    const char *dot = place->outer == NULL ? "" : ".";
    if (place->name != NULL)
        return arena_printf(arena, "%s%s%s", outer, dot, place->name);
    return arena_printf(arena, "%s%s%zu", outer, dot, place->index);
}

bool reader_is_full(const struct reader *reader)
{
    return reader->status->n_violations >= MAX_VIOLATIONS;
}

bool reader_refuse_of(struct reader *reader, const struct place *place, const char *type,
                      const char *parameter, const char *message)
{
    if (!reader_is_full(reader))
        status_add_violation_of(reader->status, reader->arena, path_of(reader->arena, place), type, parameter,
                                "%s%s", message, parameter);
    return false;
}

bool reader_refuse_words(struct reader *reader, const struct place *place, const char *type,
                         const char *words, const char *meant)
{
    if (!reader_is_full(reader))
        status_add_violation_of(reader->status, reader->arena, path_of(reader->arena, place), type, words,
                                "must be one of %s%s%s%s", words, meant != NULL ? "; did you mean " : "",
                                meant != NULL ? meant : "", meant != NULL ? "?" : "");
    return false;
}

bool reader_refuse(struct reader *reader, const struct place *place, const char *type, const char *message)
{
    return reader_refuse_of(reader, place, type, "", message);
}
