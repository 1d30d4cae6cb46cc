/* import_results.c: rows are counted as the service answers them, and noted in the journal. */
#include "import_state.h"

#include "import_upsert.h"
#include "report.h"
#include "session.h"

/* Whether a call that failed surely changed nothing. Its key may have held when it was sent first. */
static bool changed_nothing(const struct batch_result *result)
{
    const enum status_code code = result->status->code;
    const bool is_refused = code == STATUS_UNAUTHENTICATED || code == STATUS_PERMISSION_DENIED;
    return result->unsent || code == STATUS_INVALID_ARGUMENT || code == STATUS_UNIMPLEMENTED ||
           (is_refused && !result->resent);
}

static void take_failure(struct import *import, const struct batch_result *result,
                         const struct status *status, bool unchanged, bool unreachable)
{
    struct arena arena;
    arena_init(&arena);
    const char **details = session_details(import->session, status, unreachable, &arena);
    size_t n = 0;
    while (details[n] != NULL)
        n++;
    details[n] = arena_printf(&arena, "lines %zu to %zu: %s", result->sources[0].line,
                              result->sources[result->n - 1].line,
                              unchanged ? "not imported" : "may have been imported or not");
    import_stop(import, report_status_details(status, details));
    arena_free(&arena);
    import->in_doubt |= !unchanged;
}

static void count_refused(struct import *import, const struct batch_source *source, const char *why)
{
    const struct reject reject = {
        .line = source->line, .why = why, .text = source->text, .length = source->length};
    import_tell_refusal(import, &reject);
    import->counts.refused_there++;
}

static void count_result(struct import *import, const struct batch_source *source,
                         const Orders__V1__BatchCreateResult *order)
{
    struct arena arena;
    if (order->code == RPC__V1__CODE__OK) {
        import->counts.created++;
        return;
    }
    arena_init(&arena);
    count_refused(
        import, source,
        arena_printf(&arena, "%s: %s", status_code_name((enum status_code)order->code), order->message));
    arena_free(&arena);
}

static void count_outcome(struct import *import, const struct batch_result *result, size_t i,
                          const struct row_outcome *row)
{
    const struct outcome outcome = {.order_id = result->orders[i]->order_id,
                                    .kind = row->kind,
                                    .dry_run = import->terms.validate_only,
                                    .line = result->sources[i].line,
                                    .changes = row->changes};
    if (row->refusal != NULL) {
        count_refused(import, &result->sources[i], row->refusal);
        return;
    }
    if (outcome.kind == OUTCOME_UPDATED && import->counts.tells_changes)
        progress_clear(&import->progress);
    import_counts_add(&import->counts, &outcome);
}

/* False: it came to no end, which is reported. */
static bool upsert_rows(struct import *import, const struct batch_result *result)
{
    struct arena arena;
    arena_init(&arena);
    struct import_upsert upsert = {.session = import->session,
                                   .interrupt = &import->interrupt,
                                   .terms = &import->terms,
                                   .batch = result,
                                   .resumed = import->arguments->resume,
                                   .arena = &arena};
    import_upsert(&upsert);
    const bool ended = upsert.failure.code == STATUS_OK;
    if (!ended)
        take_failure(import, result, &upsert.failure, import->terms.validate_only, upsert.unreachable);
    for (size_t i = 0; i < result->n && ended; i++)
        count_outcome(import, result, i, &upsert.rows[i]);
    arena_free(&arena);
    return ended;
}

static void note_result(struct import *import, const struct batch_result *result)
{
    const struct import_counts *counts = &import->counts;
    const struct journal_counts noted = {.rows = result->end.row,
                                         .imported = counts->created,
                                         .refused = counts->refused_there + result->end.refused,
                                         .updated = counts->updated,
                                         .unchanged = counts->unchanged,
                                         .sum = result->end.sum};
    if (!rejects_flush(&import->rejects))
        import_stop(import, EXIT_OTHER);
    if (import->code == EXIT_OK)
        journal_advance(&import->journal, &noted);
}

/* Behind a batch that failed none is noted: the rows up to it are not all answered. */
void import_take_result(const struct batch_result *result, void *arg)
{
    struct import *import = arg;
    if (result->response == NULL) {
        take_failure(import, result, result->status, import->terms.validate_only || changed_nothing(result),
                     result->unreachable);
        return;
    }
    if (import->arguments->upsert && !upsert_rows(import, result))
        return;
    for (size_t i = 0; i < result->n && !import->arguments->upsert; i++)
        count_result(import, &result->sources[i], result->response->results[i]);
    note_result(import, result);
}
