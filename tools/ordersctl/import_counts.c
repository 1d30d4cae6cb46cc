/* import_counts.c: as JSON updates are elements of a list that is open until the counts follow it. */
#include "import_counts.h"

#include "json_text.h"
#include "plural.h"
#include "printable.h"

#include <stdio.h>

size_t import_counts_done(const struct import_counts *counts)
{
    return counts->created + counts->updated + counts->unchanged;
}

size_t import_counts_refused(const struct import_counts *counts)
{
    return counts->refused_here + counts->refused_there;
}

/* --- updates --- */

static void begin_updates(const struct import_counts *counts)
{
    fputs(counts->updates_told == 0 ? "{\n  \"updates\": [\n    " : ",\n    ", stdout);
}

static void tell_update(struct import_counts *counts, const struct outcome *outcome)
{
    struct arena arena;
    const bool untold =
        counts->format == OUTPUT_CSV || (counts->format == OUTPUT_TABLE && !counts->tells_changes);
    if (untold || output_has_template()) /* which is for the counts */
        return;
    arena_init(&arena);
    if (counts->format == OUTPUT_TABLE) {
        puts(printable(&arena, outcome_describe(outcome, &arena)));
    } else {
        if (counts->format == OUTPUT_JSON)
            begin_updates(counts);
        json_text_write(stdout, outcome_to_json(outcome), JSON_COMPACT);
        if (counts->format == OUTPUT_NDJSON)
            puts("");
    }
    counts->updates_told++;
    arena_free(&arena);
}

void import_counts_add(struct import_counts *counts, const struct outcome *outcome)
{
    size_t *const of[OUTCOME_KINDS] = {[OUTCOME_CREATED] = &counts->created,
                                       [OUTCOME_UPDATED] = &counts->updated,
                                       [OUTCOME_UNCHANGED] = &counts->unchanged};
    if (of[outcome->kind] != NULL)
        ++*of[outcome->kind];
    if (outcome->kind == OUTCOME_UPDATED)
        tell_update(counts, outcome);
}

/* --- the end --- */

static const char *describe_orders(const struct import_counts *counts, struct arena *arena)
{
    const char *would = counts->dry_run ? "would be " : "";
    const char *made = arena_printf(arena, "%zu order%s %s", counts->created, plural(counts->created), would);
    return counts->upsert ? arena_printf(arena, "%screated, %zu updated, %zu unchanged", made,
                                         counts->updated, counts->unchanged)
                          : arena_printf(arena, "%simported", made);
}

const char *import_counts_describe(const struct import_counts *counts, struct arena *arena)
{
    const size_t refused = import_counts_refused(counts), skipped = counts->skipped;
    const char *text = arena_printf(arena, "%s, %zu row%s refused", describe_orders(counts, arena), refused,
                                    plural(refused));
    return skipped > 0 ? arena_printf(arena, "%s, %zu empty row%s skipped", text, skipped, plural(skipped))
                       : text;
}

enum { NUMBERS_MAX = 5 };

struct number {
    const char *name;
    size_t value;
};

static size_t list_numbers(const struct import_counts *counts, struct number numbers[static NUMBERS_MAX])
{
    size_t n = 0;
    const char *one = counts->dry_run ? "valid" : "imported";
    numbers[n++] = (struct number){counts->upsert ? "created" : one, counts->created};
    if (counts->upsert) {
        numbers[n++] = (struct number){"updated", counts->updated};
        numbers[n++] = (struct number){"unchanged", counts->unchanged};
    }
    numbers[n++] = (struct number){"refused", import_counts_refused(counts)};
    numbers[n++] = (struct number){"skipped", counts->skipped};
    return n;
}

static void write_csv(const struct number *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%s%s", i > 0 ? "," : "", numbers[i].name);
    puts("");
    for (size_t i = 0; i < n; i++)
        printf("%s%zu", i > 0 ? "," : "", numbers[i].value);
    puts("");
}

static json_t *numbers_to_json(const struct import_counts *counts, const struct number *numbers, size_t n)
{
    json_t *json = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(json, numbers[i].name, json_integer((json_int_t)numbers[i].value));
    if (counts->upsert && counts->dry_run)
        json_object_set_new(json, "dry_run", json_true());
    return json;
}

/* The members that follow a list of updates. */
static void end_updates(const struct number *numbers, size_t n, bool dry_run)
{
    fputs("\n  ]", stdout);
    for (size_t i = 0; i < n; i++)
        printf(",\n  \"%s\": %zu", numbers[i].name, numbers[i].value);
    puts(dry_run ? ",\n  \"dry_run\": true\n}" : "\n}");
}

void import_counts_write(const struct import_counts *counts, bool complete)
{
    struct number numbers[NUMBERS_MAX];
    const size_t n = list_numbers(counts, numbers);
    struct arena arena;
    arena_init(&arena);
    if (counts->format == OUTPUT_CSV)
        write_csv(numbers, n);
    else if (counts->format == OUTPUT_JSON && counts->updates_told > 0)
        end_updates(numbers, n, counts->dry_run);
    else if (counts->format != OUTPUT_TABLE)
        output_json(stdout, counts->format, numbers_to_json(counts, numbers, n));
    else if (complete)
        puts(import_counts_describe(counts, &arena));
    arena_free(&arena);
}
