/* outcome.c: every format is made of the same few facts. */
#include "outcome.h"

#include "base/arena.h"
#include "json_text.h"
#include "printable.h"
#include "json/mapping.h"

#include <stdio.h>
#include <unistd.h>

static const struct {
    const char *name, *would_be;
} kinds[OUTCOME_KINDS] = {
    [OUTCOME_CREATED] = {"created", "would be created"},
    [OUTCOME_UPDATED] = {"updated", "would be updated"},
    [OUTCOME_UNCHANGED] = {"unchanged", "would be unchanged"},
    [OUTCOME_DELETED] = {"deleted", "would be deleted"},
};

const char *outcome_name(enum outcome_kind kind)
{
    return kinds[kind].name;
}

static const char *changes_of(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_UPDATED && outcome->changes.n > 0 ? outcome->changes.text : "";
}

const char *outcome_describe(const struct outcome *outcome, struct arena *arena)
{
    const char *changes = changes_of(outcome);
    const char *name = outcome->dry_run ? kinds[outcome->kind].would_be : kinds[outcome->kind].name;
    return arena_printf(arena, "%s: %s%s%s", outcome->order_id, name, *changes != '\0' ? ": " : "", changes);
}

json_t *outcome_to_json(const struct outcome *outcome)
{
    json_t *json = json_pack("{ss ss}", "order_id", outcome->order_id, "outcome", kinds[outcome->kind].name);
    if (outcome->line != 0)
        json_object_set_new(json, "line", json_integer((json_int_t)outcome->line));
    if (outcome->dry_run)
        json_object_set_new(json, "dry_run", json_true());
    if (outcome->kind == OUTCOME_UPDATED && outcome->changes.json != NULL)
        json_object_set_new(json, "changes", json_loads(outcome->changes.json, 0, NULL));
    if (outcome->order != NULL)
        json_object_set_new(json, "order", json_from_message(&outcome->order->base));
    return json;
}

void outcome_write_begin(struct outcome_writer *writer, enum output_format format, bool alone)
{
    *writer = (struct outcome_writer){.format = format, .alone = alone};
    if (format == OUTPUT_CSV)
        puts("order_id,outcome,changes");
}

/* What is written must not steer a terminal. */
static void write_cell(const char *text, struct arena *arena)
{
    output_csv_cell(stdout, isatty(STDOUT_FILENO) ? printable(arena, text) : text);
}

static void write_csv(const struct outcome *outcome)
{
    struct arena arena;
    arena_init(&arena);
    write_cell(outcome->order_id, &arena);
    printf(",%s,", kinds[outcome->kind].name);
    write_cell(changes_of(outcome), &arena);
    puts("");
    output_end_line(stdout);
    arena_free(&arena);
}

static void write_line(const struct outcome *outcome)
{
    struct arena arena;
    arena_init(&arena);
    puts(printable(&arena, outcome_describe(outcome, &arena)));
    arena_free(&arena);
}

static void write_element(const struct outcome_writer *writer, const struct outcome *outcome)
{
    fputs(writer->n == 0 ? "[\n  " : ",\n  ", stdout);
    json_text_write(stdout, outcome_to_json(outcome), JSON_COMPACT);
}

void outcome_write(struct outcome_writer *writer, const struct outcome *outcome)
{
    if (writer->format == OUTPUT_TABLE)
        write_line(outcome);
    else if (writer->format == OUTPUT_CSV)
        write_csv(outcome);
    else if (writer->format == OUTPUT_JSON && !writer->alone)
        write_element(writer, outcome);
    else
        output_json(stdout, writer->format, outcome_to_json(outcome));
    writer->n++;
}

void outcome_write_end(struct outcome_writer *writer)
{
    if (writer->format == OUTPUT_JSON && !writer->alone)
        fputs(writer->n == 0 ? "[]\n" : "\n]\n", stdout);
}
