/* import.c: a file's rows become orders, in batches. Nothing of the file is kept but the row being read and
 * the batches under way. What is no order as JSON sees it is refused here (import_rows.c), what breaks a rule
 * by the service (import_results.c); each refusal names the row's line, and the rest goes in. A journal
 * beside the file lets an import that was cut short go on. */
#include "command.h"
#include "import_state.h"
#include "output.h"
#include "plural.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK_BYTES = 64 * 1024,
    PROGRESS_TEXT = 80,
};

/* --- reading --- */

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
        import_stop(import, EXIT_OTHER);
    }
    if (n <= 0)
        return false;
    import->bytes_read += (uint64_t)n;
    if (import->rows < import->journal.counts.rows) /* these were taken before, and count for no pace */
        progress_restart(&import->progress, import->bytes_read,
                         import_counts_done(&import->counts) + import_counts_refused(&import->counts));
    if (!row_reader_feed(import->reader, chunk, (size_t)n))
        import_stop(import, EXIT_INVALID_ARGUMENT);
    show_progress(import);
    return import->code == EXIT_OK && import->interrupt.signal_number == 0;
}

static void read_file(struct import *import)
{
    while (read_chunk(import))
        ;
    const bool to_its_end = import->code == EXIT_OK && import->interrupt.signal_number == 0;
    if (to_its_end && !row_reader_finish(import->reader))
        import_stop(import, EXIT_INVALID_ARGUMENT);
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
    if (import->told > IMPORT_TOLD_ON_SCREEN && import_tells_few(import))
        report("%zu further %s refused%s", import->told - IMPORT_TOLD_ON_SCREEN,
               import->told - IMPORT_TOLD_ON_SCREEN == 1 ? "row was" : "rows were",
               kept ? "" : "; --rejects FILE would write all of them to FILE");
    if (kept)
        report("refused rows are in %s, to be corrected and imported", import->rejects.path);
}

static enum exit_code import_finish(struct import *import)
{
    const bool interrupted = import->interrupt.signal_number != 0;
    tell_rejects(import);
    if (!rejects_close(&import->rejects))
        import_stop(import, EXIT_OTHER);
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

static bool import_begin(struct import *import)
{
    if (!interrupt_open(&import->interrupt, NULL, NULL)) {
        report("cannot wait for signals: %s", strerror(errno));
        return false;
    }
    import->reader = row_reader_new(import->arguments->format, &import->subject, import_take_row, import);
    import->batches =
        batches_new(import->session, &import->interrupt, &import->terms, import_take_result, import);
    if (import->reader == NULL || import->batches == NULL) {
        report("cannot start: %s", strerror(errno));
        return false;
    }
    return true;
}

/* Whatever of it there is. */
static void import_end(struct import *import)
{
    row_reader_free(import->reader);
    if (import->batches != NULL)
        batches_free(import->batches);
    if (import->interrupt.fd >= 0)
        interrupt_close(&import->interrupt);
    journal_close(&import->journal, true);
    rejects_close(&import->rejects);
    id_set_free(&import->ids);
    left_out_free(&import->left_out);
    arena_free(&import->arena);
    arena_free(&import->file_arena);
    if (import->fd > STDIN_FILENO)
        close(import->fd);
}

static enum exit_code import_run(struct session *session, void *input)
{
    const struct import_arguments *arguments = input;
    struct import import = {.session = session,
                            .arguments = arguments,
                            .subject = {.type = &orders__v1__order__descriptor,
                                        .unknown = arguments->terms.unknown,
                                        .remark = REJECT_REASON,
                                        .is_whole = import_row_is_whole},
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
    if (open_file(&import) && import_begin(&import)) {
        read_file(&import);
        code = import_finish(&import);
    }
    import_end(&import);
    return code;
}

const struct command import_command = {"import",          "Create orders from a file",
                                       &import_argp,      sizeof(struct import_arguments),
                                       SESSION_NEEDS_KEY, import_run};
