/* import_rows.c: what is no order as JSON sees it is refused here, by its line; the rest goes into batches.
 */
#include "import_state.h"

#include "import_row.h"
#include "report.h"
#include "upsert.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* --- refusals --- */

void import_stop(struct import *import, enum exit_code code)
{
    if (import->code == EXIT_OK)
        import->code = code;
}

bool import_tells_few(const struct import *import)
{
    return import->rejects.file != NULL || isatty(STDERR_FILENO);
}

void import_tell_refusal(struct import *import, const struct reject *reject)
{
    rejects_add(&import->rejects, import->reader, reject);
    if (import->told++ >= IMPORT_TOLD_ON_SCREEN && import_tells_few(import))
        return;
    progress_clear(&import->progress);
    report("line %zu: %s", reject->line, reject->why);
}

static void refuse(struct import *import, const struct row *row, const char *why)
{
    const struct reject reject = {.line = row->line, .why = why, .text = row->text, .length = row->length};
    import_tell_refusal(import, &reject);
    import->counts.refused_here++;
}

/* Of two rows, whose order is stored as which is a matter of chance, as several batches are under way at
 * once: that an order comes twice is told in place of letting one of them win. */
static bool is_first(struct import *import, const struct row *row, const Orders__V1__Order *order,
                     const char **why)
{
    if (!import->arguments->upsert)
        return true;
    const size_t line = id_set_add(&import->ids, order->order_id, row->line);
    if (line != 0)
        *why =
            arena_printf(&import->arena,
                         "ALREADY_EXISTS: the order is in line %zu too; with --upsert each comes once", line);
    return line == 0;
}

/* What a row comes to: an order that is sent; or NULL, or why it is refused. */
static const char *take_order(struct import *import, const struct row *row, bool is_done)
{
    struct batch_place place = {.source = {row->line, row->text, row->length, 0},
                                .row = import->rows,
                                .refused = import->counts.refused_here,
                                .sum = import->sum};
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    struct status status = STATUS_INIT;
    const char *why = NULL;
    if (row->json == NULL)
        return row->error;
    if (import->arguments->terms.unknown == JSON_UNKNOWN_IGNORED && !is_done)
        left_out_tell(&import->left_out, row->json);
    import_row_read(row->json, &import->arguments->terms, row_reader_ignored(import->reader), &order,
                    &place.source.fields, &import->arena, &status);
    if (status.code != STATUS_OK)
        return import_row_describe(&import->arena, &status);
    if (import->arguments->upsert)
        upsert_take_id(&order, &import->arena);
    if (is_first(import, row, &order, &why) && !is_done && !batches_add(import->batches, &order, &place))
        why = "INVALID_ARGUMENT: too large for an order";
    return why;
}

static void tell_ignored(struct import *import)
{
    const char *names = row_reader_ignored(import->reader);
    if (*names == '\0')
        return;
    progress_clear(&import->progress);
    report("columns that no order has are left out: %s", names);
}

/* Counts a row. False: the last of those that were answered before, and they are not what they were: the file
 * was changed, though it has the same size and time. */
static bool count_row(struct import *import, const struct row *row)
{
    const struct journal_counts *before = &import->journal.counts;
    if (row->text != NULL)
        import->sum = crc32_z(import->sum, (const unsigned char *)row->text, row->length);
    if (++import->rows != before->rows || before->sum == 0 || before->sum == import->sum)
        return true;
    report("cannot resume: %s is of the file as it was before it was changed; to begin anew, remove it",
           import->journal.path);
    return false;
}

/* Of rows whose batches were answered in an earlier run nothing but the ids is looked at again. */
void import_take_row(const struct row *row, void *arg)
{
    struct import *import = arg;
    if (import->code == EXIT_OK &&
        !(rejects_begin(&import->rejects, import->reader) && count_row(import, row)))
        import_stop(import, EXIT_OTHER);
    if (import->code != EXIT_OK)
        return;
    const bool is_done = import->rows <= import->journal.counts.rows;
    if (import->rows == 1)
        tell_ignored(import);
    const char *why = is_done && !import->arguments->upsert ? NULL : take_order(import, row, is_done);
    if (why != NULL && !is_done)
        refuse(import, row, why);
    arena_reset(&import->arena);
}
