/* import.c: a file's rows become orders, in batches. Nothing of the file is kept but the row being read and
 * the batches under way. What is no order as JSON sees it is refused here, what breaks a rule by the service;
 * each refusal names the row's line, and the rest goes in. A journal beside the file lets an import that was
 * cut short go on. */
#include "amount.h"
#include "batches.h"
#include "command.h"
#include "interrupt.h"
#include "journal.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "row_reader.h"
#include "json/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FORMAT = 0x300, KEY_DRY_RUN, KEY_RESUME, CHUNK_BYTES = 64 * 1024, PROGRESS_TEXT = 80 };

/* --- what to import --- */

struct arguments {
    const char *path;
    enum row_format format;
    bool dry_run;
    bool resume;
    struct amount_notation notation;
};

static const struct {
    const char *name;
    enum row_format format;
} formats[] = {
    {"json", ROWS_JSON},
    {"ndjson", ROWS_NDJSON},
    {"jsonl", ROWS_NDJSON},
    {"csv", ROWS_CSV},
};

/* ROWS_BY_CONTENT: none has this name. */
static enum row_format find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcasecmp(formats[i].name, name) == 0)
            return formats[i].format;
    }
    return ROWS_BY_CONTENT;
}

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "json|ndjson|csv", 0, "Default: by the extension of FILE, else by its content"},
    {"dry-run", KEY_DRY_RUN, NULL, 0,
     "Have the service check every row and store none; whether an order is there already is not looked at"},
    {"resume", KEY_RESUME, NULL, 0, "Go on with an import of FILE that was cut short"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->notation;
        return 0;
    case KEY_FORMAT:
        arguments->format = find_format(argument);
        if (arguments->format == ROWS_BY_CONTENT)
            argp_error(state, "--format: \"%s\" is not json, ndjson or csv", argument);
        return 0;
    case KEY_DRY_RUN:
        arguments->dry_run = true;
        return 0;
    case KEY_RESUME:
        arguments->resume = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        arguments->path = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which file? Give FILE, or - for standard input");
        return 0;
    case ARGP_KEY_END:
        if (arguments->resume && arguments->dry_run)
            argp_error(state, "--dry-run stores nothing that could be resumed");
        if (arguments->resume && strcmp(arguments->path, "-") == 0)
            argp_error(state, "standard input cannot be resumed, only a FILE");
        if (arguments->format == ROWS_BY_CONTENT && strrchr(arguments->path, '.') != NULL)
            arguments->format = find_format(strrchr(arguments->path, '.') + 1);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{.argp = &amount_argp}, {0}};

static const struct argp import_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "FILE|-",
    .doc =
        "Creates an order of each row of FILE, or of standard input.\v"
        "A file is a JSON array of orders, one JSON order a line (NDJSON), or CSV whose first row names the "
        "fields, in any order; other columns are ignored, and so are id, created_at, updated_at and etag, "
        "which "
        "an export has. A row that is refused is told on standard error with its line, and the others go in; "
        "the "
        "exit code is then 8. Ctrl-C stops reading, waits for what is under way and says how many went "
        "in.\n\n"
        "While FILE is imported, FILE.ordersctl-resume says how far. It stays when the import is cut short, "
        "by "
        "whatever: --resume then goes on behind it, and no order is stored twice or refused for having been "
        "stored before, within the time for which the service keeps answers (24 hours).",
};

/* --- importing --- */

struct import {
    struct session *session;
    const struct arguments *arguments;
    int fd;
    const char *name; /* of the file, for people */
    struct row_reader *reader;
    struct batches *batches;
    struct batch_terms terms;
    struct journal journal;
    struct interrupt interrupt;
    struct progress progress;
    struct arena file_arena; /* of the journal's strings */
    struct arena arena;      /* of the row being read */
    uint64_t bytes_read;
    size_t rows;          /* read */
    size_t imported;      /* in a dry run: found good */
    size_t refused_here;  /* as what they are to the reader */
    size_t refused_there; /* by the service; with all those that the journal had */
    bool in_doubt;        /* a batch may be stored or not */
    enum exit_code code;  /* not EXIT_OK: something failed, and no more is read */
};

static size_t refused_of(const struct import *import)
{
    return import->refused_here + import->refused_there;
}

static void tell_refusal(struct import *import, size_t line, const char *why)
{
    progress_clear(&import->progress);
    report("line %zu: %s", line, why);
}

static void refuse(struct import *import, size_t line, const char *why)
{
    tell_refusal(import, line, why);
    import->refused_here++;
}

static void stop(struct import *import, enum exit_code code)
{
    if (import->code == EXIT_OK)
        import->code = code;
}

/* A row without what the database makes: an export has it, and it is made anew. */
static json_t *input_of(const json_t *row)
{
    static const char *const output_only[] = {"id", "created_at", "updated_at", "etag"};
    json_t *input = json_copy((json_t *)(uintptr_t)row);
    for (size_t i = 0; i < sizeof output_only / sizeof output_only[0]; i++)
        json_object_del(input, output_only[i]);
    return input;
}

static const char *describe(struct arena *arena, const struct status *status)
{
    const char *text = status_code_name(status->code);
    for (size_t i = 0; i < status->n_violations; i++) {
        const struct violation *violation = &status->violations[i];
        text = arena_printf(arena, "%s%s%s%s%s", text, i == 0 ? ": " : "; ", violation->field,
                            *violation->field != '\0' ? ": " : "", violation->message);
    }
    return text;
}

static void take_order(struct import *import, const struct row *row)
{
    const struct batch_place place = {
        .line = row->line, .row = import->rows, .refused = import->refused_here};
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    struct status status = STATUS_INIT;
    json_t *input = input_of(row->json);
    amount_read_member(&import->arguments->notation, input, &import->arena, &status);
    json_to_message(input, &order.base, &import->arena, &status);
    if (status.code != STATUS_OK)
        refuse(import, row->line, describe(&import->arena, &status));
    else if (!batches_add(import->batches, &order, &place))
        refuse(import, row->line, "INVALID_ARGUMENT: too large for an order");
    json_decref(input);
    arena_reset(&import->arena);
}

static void take_row(const struct row *row, void *arg)
{
    struct import *import = arg;
    if (import->code != EXIT_OK || ++import->rows <= import->journal.rows)
        return; /* the batches of the latter were answered in an earlier run */
    if (row->json == NULL)
        refuse(import, row->line, row->error);
    else
        take_order(import, row);
}

/* Whether a call that failed so surely changed nothing. */
static bool changed_nothing(enum status_code code)
{
    return code == STATUS_UNAUTHENTICATED || code == STATUS_PERMISSION_DENIED ||
           code == STATUS_INVALID_ARGUMENT || code == STATUS_UNIMPLEMENTED;
}

static void take_failure(struct import *import, const struct batch_result *result)
{
    const bool unchanged =
        import->terms.validate_only || result->unsent || changed_nothing(result->status->code);
    struct arena arena;
    arena_init(&arena);
    const char **details = session_details(import->session, result->status, result->unreachable, &arena);
    size_t n = 0;
    while (details[n] != NULL)
        n++;
    details[n] = arena_printf(&arena, "lines %zu to %zu: %s", result->lines[0], result->lines[result->n - 1],
                              unchanged ? "not imported" : "may have been imported or not");
    stop(import, report_status_details(result->status, details));
    arena_free(&arena);
    import->in_doubt |= !unchanged;
}

static void count_result(struct import *import, size_t line, const Orders__V1__BatchCreateResult *order)
{
    struct arena arena;
    if (order->code == RPC__V1__CODE__OK) {
        import->imported++;
        return;
    }
    arena_init(&arena);
    tell_refusal(
        import, line,
        arena_printf(&arena, "%s: %s", status_code_name((enum status_code)order->code), order->message));
    import->refused_there++;
    arena_free(&arena);
}

/* Behind a batch that failed none is noted: the rows up to it are not all answered. */
static void take_result(const struct batch_result *result, void *arg)
{
    struct import *import = arg;
    if (result->response == NULL) {
        take_failure(import, result);
        return;
    }
    for (size_t i = 0; i < result->n; i++)
        count_result(import, result->lines[i], result->response->results[i]);
    if (import->code == EXIT_OK)
        journal_advance(&import->journal, result->end.row, import->imported,
                        import->refused_there + result->end.refused);
}

static void show_progress(struct import *import)
{
    char text[PROGRESS_TEXT];
    const size_t refused = refused_of(import);
    if (refused > 0)
        snprintf(text, sizeof text, "%zu orders, %zu rows refused", import->imported, refused);
    else
        snprintf(text, sizeof text, "%zu orders", import->imported);
    progress_show(&import->progress, import->bytes_read, import->imported + refused, text);
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
    if (import->rows < import->journal.rows) /* these were taken before, and count for no pace */
        progress_restart(&import->progress, import->bytes_read, import->imported + refused_of(import));
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

static const char *counts(const struct import *import, struct arena *arena)
{
    const size_t refused = refused_of(import);
    return arena_printf(arena, "%zu %s %s, %zu %s refused", import->imported,
                        import->imported == 1 ? "order" : "orders",
                        import->terms.validate_only ? "would be imported" : "imported", refused,
                        refused == 1 ? "row" : "rows");
}

static void write_result(struct import *import)
{
    const char *counted = import->terms.validate_only ? "valid" : "imported";
    const enum output_format format = import->session->output;
    const json_int_t imported = (json_int_t)import->imported, refused = (json_int_t)refused_of(import);
    if (format == OUTPUT_CSV)
        printf("%s,refused\n%" JSON_INTEGER_FORMAT ",%" JSON_INTEGER_FORMAT "\n", counted, imported, refused);
    else if (format != OUTPUT_TABLE)
        output_json(stdout, format, json_pack("{sI sI}", counted, imported, "refused", refused));
    else if (import->code == EXIT_OK && import->interrupt.signal_number == 0)
        puts(counts(import, &import->file_arena));
}

/* What an import that was cut short leaves to go on with: nothing, when nothing can be stored. */
static bool is_to_go_on(const struct import *import)
{
    const bool begun = import->arguments->resume || import->journal.rows > 0 || import->imported > 0;
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
    report_details(
        arena_printf(&arena, "%s: %s", interrupted ? "interrupted" : "stopped", counts(import, &arena)),
        details);
    arena_free(&arena);
}

static enum exit_code finish(struct import *import)
{
    const bool interrupted = import->interrupt.signal_number != 0;
    const bool cut = interrupted || import->code != EXIT_OK;
    write_result(import);
    if (cut)
        tell_cut(import, interrupted);
    journal_close(&import->journal, cut && is_to_go_on(import));
    if (import->code == EXIT_OK && interrupted)
        import->code = EXIT_SIGNAL + (enum exit_code)import->interrupt.signal_number;
    if (import->code == EXIT_OK && refused_of(import) > 0)
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
        .file = import->name, .about = about, .service = service_of(import->session, &import->file_arena)};
    const enum journal_opening opening =
        journal_open(journal, &subject, import->arguments->resume, &import->file_arena, &error);
    if (opening == JOURNAL_UNWRITABLE)
        report("%s: an import that is cut short could not be resumed", error);
    if (opening == JOURNAL_REFUSED)
        report("%s", error);
    if (opening == JOURNAL_OPEN)
        import->terms.run = journal->run;
    import->imported = journal->imported;
    import->refused_there = journal->refused;
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
    return open_journal(import, &about);
}

static bool begin(struct import *import)
{
    if (!interrupt_open(&import->interrupt, NULL, NULL)) {
        report("cannot wait for signals: %s", strerror(errno));
        return false;
    }
    import->reader =
        row_reader_new(import->arguments->format, &orders__v1__order__descriptor, take_row, import);
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
    arena_free(&import->arena);
    arena_free(&import->file_arena);
    if (import->fd > STDIN_FILENO)
        close(import->fd);
}

static enum exit_code run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct import import = {.session = session,
                            .arguments = arguments,
                            .terms = {.validate_only = arguments->dry_run},
                            .journal = {.fd = -1},
                            .interrupt = {.fd = -1}};
    enum exit_code code = EXIT_OTHER;
    arena_init(&import.arena);
    arena_init(&import.file_arena);
    if (open_file(&import) && begin(&import)) {
        read_file(&import);
        code = finish(&import);
    }
    end(&import);
    return code;
}

const struct command import_command = {
    "import", "Create orders from a file", &import_argp, sizeof(struct arguments), SESSION_NEEDS_KEY, run};
