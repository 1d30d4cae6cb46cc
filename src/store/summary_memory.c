/* summary_memory.c: what has changed is put into the place of what was known. */
#include "store/summary_memory.h"

#include "store/row.h"

#include <stdlib.h>
#include <string.h>

/* Kinds of rows, in the column behind those of a summary. */
enum { SLOT_CHANGED, SLOT_ANEW, DAY_SUMS, DAY_OF_NOTHING };

/* The slot that is known of a memory that knows nothing: there is none of that number, so that all is read.
 */
enum { NO_SLOT = -1 };

static void answer_forget(struct summary_answer *answer)
{
    shared_arena_release(answer->arena);
    *answer = (struct summary_answer){0};
}

void summary_memory_forget(void *arg)
{
    struct summary_memory *memory = arg;
    memory->is_known = false;
    memory->n_versions = 0;
    memory->packed = (struct summary_packed){0};
    answer_forget(&memory->to_pack);
    answer_forget(&memory->to_read);
    summary_rows_free(&memory->rows);
}

void summary_memory_free(struct summary_memory *memory)
{
    summary_memory_forget(memory);
    free(memory->versions);
    memory->versions = NULL;
}

/* --- asking --- */

void summary_memory_encode(struct params *params, struct operation *const operations[], size_t n)
{
    static const struct summary_version nothing = {.slot = NO_SLOT, .version = 0};
    const struct summary_memory *memory = operations[0]->summary;
    const struct summary_version *known = memory->is_known ? memory->versions : &nothing;
    const size_t n_known = memory->is_known ? memory->n_versions : 1;
    (void)n;
    params_array(params, PG_INT8, n_known);
    for (size_t i = 0; i < n_known; i++)
        params_add_int8(params, known[i].slot);
    params_array(params, PG_INT8, n_known);
    for (size_t i = 0; i < n_known; i++)
        params_add_int8(params, known[i].version);
}

/* --- taking what has changed --- */

static int kind_of(const PGresult *result, int row)
{
    return row_int4(result, row, SUMMARY_KIND);
}

static struct summary_version *find_version(struct summary_memory *memory, int64_t slot)
{
    for (size_t i = 0; i < memory->n_versions; i++) {
        if (memory->versions[i].slot == slot)
            return &memory->versions[i];
    }
    return NULL;
}

/* False: there are too many slots to keep them. */
static bool take_version(struct summary_memory *memory, const PGresult *result, int row)
{
    const int64_t slot = row_int8(result, row, SUMMARY_REVENUE);
    struct summary_version *version = find_version(memory, slot);
    if (PQgetisnull(result, row, SUMMARY_ORDERS)) {
        if (version != NULL)
            *version = memory->versions[--memory->n_versions];
        return true;
    }
    if (version == NULL) {
        if (memory->n_versions == SUMMARY_MEMORY_SLOTS)
            return false;
        if (memory->versions == NULL)
            memory->versions = calloc(SUMMARY_MEMORY_SLOTS, sizeof *memory->versions);
        if (memory->versions == NULL)
            abort(); /* as the arena does */
        version = &memory->versions[memory->n_versions++];
    }
    *version = (struct summary_version){.slot = slot, .version = row_int8(result, row, SUMMARY_ORDERS)};
    return true;
}

static bool take_versions(struct summary_memory *memory, const PGresult *result)
{
    bool fits = true;
    for (int row = 0; row < PQntuples(result); row++) {
        if (kind_of(result, row) == SLOT_CHANGED || kind_of(result, row) == SLOT_ANEW)
            fits &= take_version(memory, result, row);
    }
    return fits;
}

/* Whether the sums are those of all days. */
static bool is_anew(const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        if (kind_of(result, row) == SLOT_ANEW)
            return true;
    }
    return false;
}

/* Adds the sums of each day to `by`, whose currencies are those of the memory. False: the operation has
 * failed. */
static bool take_days(struct summary_memory *memory, struct operation *operation, const PGresult *result,
                      struct summary_rows *by)
{
    for (int row = 0; row < PQntuples(result); row++) {
        const int kind = kind_of(result, row);
        if (kind == DAY_SUMS && !summary_add_row(operation, result, row, by, &memory->rows))
            return false;
        if (kind == DAY_OF_NOTHING)
            summary_rows_add(by, (struct summary_row){.day = row_int4(result, row, SUMMARY_DAY),
                                                      .currency = SUMMARY_NOTHING});
    }
    summary_rows_sort(by, &memory->rows);
    return true;
}

/* Too many rows to be kept: the answers are made in the arena of this batch alone. */
static void answer_once(struct summary_memory *memory, const struct summary_rows *by, struct arena *arena)
{
    summary_rows_replace(&memory->rows, by, &memory->packed, arena);
    const struct summary_answer to_pack = {.message =
                                               summary_rows_message(&memory->rows, &memory->packed, arena)};
    const struct summary_answer to_read = {.message = summary_rows_message(&memory->rows, NULL, arena)};
    summary_memory_forget(memory);
    memory->to_pack = to_pack;
    memory->to_read = to_read;
}

static void answer_anew(struct summary_memory *memory, const struct summary_rows *by)
{
    struct shared_arena *arena = shared_arena_new();
    summary_rows_replace(&memory->rows, by, &memory->packed, &arena->arena);
    answer_forget(&memory->to_pack);
    answer_forget(&memory->to_read);
    memory->to_pack = (struct summary_answer){
        .arena = arena, .message = summary_rows_message(&memory->rows, &memory->packed, &arena->arena)};
}

static void take_changes(struct summary_memory *memory, struct operation *operation, const PGresult *result,
                         struct arena *arena)
{
    struct summary_rows by = {0};
    if (is_anew(result)) {
        memory->rows.n = 0;
        memory->packed.size = 0;
    }
    if (!take_days(memory, operation, result, &by)) {
        summary_memory_forget(memory);
    } else if (memory->rows.n + by.n > SUMMARY_MEMORY_ROWS) {
        answer_once(memory, &by, arena);
    } else {
        answer_anew(memory, &by);
        memory->is_known = take_versions(memory, result);
    }
    free(by.rows);
}

void summary_memory_take_result(struct operation *operation, const PGresult *result, struct arena *arena)
{
    struct summary_memory *memory = operation->summary;
    if (PQntuples(result) > 0)
        take_changes(memory, operation, result, arena);
    if (operation->code == STATUS_OK && memory->to_pack.message == NULL)
        summary_overflow(operation);
}

/* --- answering --- */

void summary_memory_give(struct operation *operation)
{
    struct summary_memory *memory = operation->summary;
    struct summary_answer *answer = operation->call->is_packed ? &memory->to_pack : &memory->to_read;
    if (answer->message == NULL) {
        answer->arena = shared_arena_new();
        answer->message = summary_rows_message(&memory->rows, NULL, &answer->arena->arena);
    }
    operation->answer = &answer->message->base;
    operation->shared = answer->arena;
}
