/* import.c: a file's rows become orders, in batches. Nothing of the file is kept but the row being read and
 * the batches under way. What is no order as JSON sees it is refused here, what breaks a rule by the service;
 * each refusal names the row's line, and the rest goes in. A journal beside the file lets an import that was
 * cut short go on. */
#include "batches.h"
#include "command.h"
#include "id_set.h"
#include "import_arguments.h"
#include "import_counts.h"
#include "import_upsert.h"
#include "interrupt.h"
#include "journal.h"
#include "output.h"
#include "plural.h"
#include "progress.h"
#include "rejects.h"
#include "report.h"
#include "row_reader.h"
#include "upsert.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    CHUNK_BYTES = 64 * 1024,
    PROGRESS_TEXT = 80,
    TOLD_ON_SCREEN = 10, /* refused rows */
};

/* --- importing --- */

struct import {
    struct session *session;
    const struct import_arguments *arguments;
    int fd;
    const char *name; /* of the file, for people */
    struct row_subject subject;
    struct rejects rejects;
    size_t told; /* refusals that are on the screen */
    struct row_reader *reader;
    struct batches *batches;
    struct batch_terms terms;
    struct journal journal;
    struct interrupt interrupt;
    struct progress progress;
    struct arena file_arena; /* of the journal's strings */
    struct arena arena;      /* of the row being read */
    uint64_t bytes_read;
    size_t rows; /* read */
    size_t sum;  /* of their text */
    struct import_counts counts;
    struct id_set ids;   /* with --upsert: of the orders that came, each by its line */
    bool in_doubt;       /* a batch may be stored or not */
    enum exit_code code; /* not EXIT_OK: something failed, and no more is read */
};

static void stop(struct import *import, enum exit_code code)
{
    if (import->code == EXIT_OK)
        import->code = code;
}

/* Whether there is a place where all refusals are but the screen. */
static bool tells_few(const struct import *import)
{
    return import->rejects.file != NULL || isatty(STDERR_FILENO);
}

static void tell_refusal(struct import *import, const struct reject *reject)
{
    rejects_add(&import->rejects, import->reader, reject);
    if (import->told++ >= TOLD_ON_SCREEN && tells_few(import))
        return;
    progress_clear(&import->progress);
    report("line %zu: %s", reject->line, reject->why);
}

static void refuse(struct import *import, const struct row *row, const char *why)
{
    const struct reject reject = {.line = row->line, .why = why, .text = row->text, .length = row->length};
    tell_refusal(import, &reject);
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
    import_row_read(row->json, &import->arguments->terms, &order, &place.source.fields, &import->arena,
                    &status);
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
static void take_row(const struct row *row, void *arg)
{
    struct import *import = arg;
    if (import->code == EXIT_OK &&
        !(rejects_begin(&import->rejects, import->reader) && count_row(import, row)))
        stop(import, EXIT_OTHER);
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
    stop(import, report_status_details(status, details));
    arena_free(&arena);
    import->in_doubt |= !unchanged;
}

static void count_refused(struct import *import, const struct batch_source *source, const char *why)
{
    const struct reject reject = {
        .line = source->line, .why = why, .text = source->text, .length = source->length};
    tell_refusal(import, &reject);
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
        stop(import, EXIT_OTHER);
    if (import->code == EXIT_OK)
        journal_advance(&import->journal, &noted);
}

/* Behind a batch that failed none is noted: the rows up to it are not all answered. */
static void take_result(const struct batch_result *result, void *arg)
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

static void show_progress(struct import *import)
{
    char text[PROGRESS_TEXT];
    const size_t done = import_counts_done(&import->counts), refused = import_counts_refused(&import->counts);
    if (refused > 0)
        snprintf(text, sizeof text, "%zu order%s, %zu row%s refused", done, plural(done), refused,
                 plural(refused));
    else
        snprintf(text, sizeof text, "%zu order%s", done, plural(done));
    progress_show(&import->progress, import->bytes_read, done + refused, text);
}

/* Reads a part of the file. False: there is no more, or reading stops. */
static bool read_chunk(struct import *import)
{
    char chunk[CHUNK_BYTES];
    if (!interrupt_wait(&import->interrupt, import->fd))
        return false;
    const ssize_t n = read(import->fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
        return true;
    if (n < 0) {
        progress_clear(&import->progress);
        report("cannot read %s: %s", import->name, strerror(errno));
        stop(import, EXIT_OTHER);
    }
    if (n <= 0)
        return false;
    import->bytes_read += (uint64_t)n;
    if (import->rows < import->journal.counts.rows) /* these were taken before, and count for no pace */
        progress_restart(&import->progress, import->bytes_read,
                         import_counts_done(&import->counts) + import_counts_refused(&import->counts));
    if (!row_reader_feed(import->reader, chunk, (size_t)n))
        stop(import, EXIT_INVALID_ARGUMENT);
    show_progress(import);
    return import->code == EXIT_OK && import->interrupt.signal_number == 0;
}

static void read_file(struct import *import)
{
    while (read_chunk(import))
        ;
    const bool to_its_end = import->code == EXIT_OK && import->interrupt.signal_number == 0;
    if (to_its_end && !row_reader_finish(import->reader))
        stop(import, EXIT_INVALID_ARGUMENT);
    batches_finish(import->batches, to_its_end && import->code == EXIT_OK);
    progress_clear(&import->progress);
}

/* --- how it ended --- */

/* What an import that was cut short leaves to go on with: nothing, when nothing can be stored. */
static bool is_to_go_on(const struct import *import)
{
    const bool begun = import->arguments->resume || import->journal.counts.rows > 0 ||
                       import_counts_done(&import->counts) > 0;
    return import->journal.fd >= 0 && (begun || import->in_doubt);
}

static void tell_cut(const struct import *import, bool interrupted)
{
    struct arena arena;
    arena_init(&arena);
    const char *const details[] = {
        is_to_go_on(import) ? arena_printf(&arena, "to go on: ordersctl import --resume %s", import->name)
                            : NULL,
        NULL};
    report_details(arena_printf(&arena, "%s: %s", interrupted ? "interrupted" : "stopped",
                                import_counts_describe(&import->counts, &arena)),
                   details);
    arena_free(&arena);
}

/* Refusals that the screen has not, and where all of them are. */
static void tell_rejects(struct import *import)
{
    const bool kept = import->rejects.file != NULL && import->rejects.begun;
    if (import->told > TOLD_ON_SCREEN && tells_few(import))
        report("%zu further %s refused%s", import->told - TOLD_ON_SCREEN,
               import->told - TOLD_ON_SCREEN == 1 ? "row was" : "rows were",
               kept ? "" : "; --rejects FILE would write all of them to FILE");
    if (kept)
        report("refused rows are in %s, to be corrected and imported", import->rejects.path);
}

static enum exit_code finish(struct import *import)
{
    const bool interrupted = import->interrupt.signal_number != 0;
    tell_rejects(import);
    if (!rejects_close(&import->rejects))
        stop(import, EXIT_OTHER);
    const bool cut = interrupted || import->code != EXIT_OK;
    import->counts.skipped = row_reader_empty_rows(import->reader);
    import_counts_write(&import->counts, !cut);
    if (cut)
        tell_cut(import, interrupted);
    journal_close(&import->journal, cut && is_to_go_on(import));
    if (import->code == EXIT_OK && interrupted)
        import->code = EXIT_SIGNAL + (enum exit_code)import->interrupt.signal_number;
    if (import->code == EXIT_OK && import_counts_refused(&import->counts) > 0)
        import->code = EXIT_ROWS_REFUSED;
    return output_end(import->code);
}

/* --- before it begins --- */

/* The service by its addresses, as a setting has them. */
static const char *service_of(const struct session *session, struct arena *arena)
{
    const char *const *urls = session->config.connect;
    const char *text = urls[0];
    while (*++urls != NULL)
        text = arena_printf(arena, "%s,%s", text, *urls);
    return text;
}

/* Only a file has a place for a journal beside it. False: the import is not to be. */
static bool open_journal(struct import *import, const struct stat *about)
{
    struct journal *journal = &import->journal;
    const char *error = NULL;
    if (!S_ISREG(about->st_mode) && import->arguments->resume) {
        report("cannot resume: %s is no file", import->name);
        return false;
    }
    if (!S_ISREG(about->st_mode) || import->fd == STDIN_FILENO || import->arguments->dry_run)
        return true;
    const struct journal_subject subject = {
        .file = import->name,
        .about = about,
        .service = service_of(import->session, &import->file_arena),
        .options = import_arguments_terms(import->arguments, &import->file_arena)};
    const enum journal_opening opening =
        journal_open(journal, &subject, import->arguments->resume, &import->file_arena, &error);
    if (opening == JOURNAL_UNWRITABLE)
        report("%s: an import that is cut short could not be resumed", error);
    if (opening == JOURNAL_REFUSED)
        report("%s", error);
    if (opening == JOURNAL_OPEN)
        import->terms.run = journal->run;
    import->counts.created = journal->counts.imported;
    import->counts.updated = journal->counts.updated;
    import->counts.unchanged = journal->counts.unchanged;
    import->counts.refused_there = journal->counts.refused;
    return opening != JOURNAL_REFUSED;
}

static bool open_file(struct import *import)
{
    const char *path = import->arguments->path;
    const bool is_stdin = strcmp(path, "-") == 0;
    struct stat about;
    import->name = is_stdin ? "standard input" : path;
    import->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (import->fd < 0 || fstat(import->fd, &about) != 0) {
        report("cannot read %s: %s", import->name, strerror(errno));
        return false;
    }
    progress_init(&import->progress, import->fd, S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0);
    if (import->arguments->rejects != NULL &&
        !rejects_open(&import->rejects, import->arguments->rejects, import->arguments->resume, &about))
        return false;
    import->terms.keeps_text = import->rejects.file != NULL;
    return open_journal(import, &about);
}

static bool begin(struct import *import)
{
    if (!interrupt_open(&import->interrupt, NULL, NULL)) {
        report("cannot wait for signals: %s", strerror(errno));
        return false;
    }
    import->reader = row_reader_new(import->arguments->format, &import->subject, take_row, import);
    import->batches = batches_new(import->session, &import->interrupt, &import->terms, take_result, import);
    if (import->reader == NULL || import->batches == NULL) {
        report("cannot start: %s", strerror(errno));
        return false;
    }
    return true;
}

/* Whatever of it there is. */
static void end(struct import *import)
{
    row_reader_free(import->reader);
    if (import->batches != NULL)
        batches_free(import->batches);
    if (import->interrupt.fd >= 0)
        interrupt_close(&import->interrupt);
    journal_close(&import->journal, true);
    rejects_close(&import->rejects);
    id_set_free(&import->ids);
    arena_free(&import->arena);
    arena_free(&import->file_arena);
    if (import->fd > STDIN_FILENO)
        close(import->fd);
}

static enum exit_code run(struct session *session, void *input)
{
    const struct import_arguments *arguments = input;
    struct import import = {.session = session,
                            .arguments = arguments,
                            .subject = {.type = &orders__v1__order__descriptor,
                                        .unknown = arguments->terms.unknown,
                                        .remark = REJECT_REASON},
                            .terms = {.validate_only = arguments->dry_run},
                            .counts = {.format = session->output,
                                       .upsert = arguments->upsert,
                                       .dry_run = arguments->dry_run,
                                       .tells_changes = arguments->tells_changes},
                            .journal = {.fd = -1},
                            .interrupt = {.fd = -1}};
    enum exit_code code = EXIT_OTHER;
    if (arguments->tells_changes && (session->output == OUTPUT_CSV || output_has_template())) {
        report("--changes has table, json and ndjson for --output; the others are for the counts");
        return EXIT_USAGE;
    }
    arena_init(&import.arena);
    arena_init(&import.file_arena);
    if (open_file(&import) && begin(&import)) {
        read_file(&import);
        code = finish(&import);
    }
    end(&import);
    return code;
}

const struct command import_command = {"import",          "Create orders from a file",
                                       &import_argp,      sizeof(struct import_arguments),
                                       SESSION_NEEDS_KEY, run};
