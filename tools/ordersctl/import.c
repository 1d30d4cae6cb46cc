/* import.c: a file's rows become orders, in batches. Nothing of the file is kept but the row being read and
 * the batches under way. What is no order as JSON sees it is refused here, what breaks a rule by the service;
 * each refusal names the row's line, and the rest goes in. */
#include "batches.h"
#include "command.h"
#include "interrupt.h"
#include "json_text.h"
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

enum { KEY_FORMAT = 0x300, CHUNK_BYTES = 64 * 1024, PROGRESS_TEXT = 80 };

/* --- what to import --- */

struct arguments {
    const char *path;
    enum row_format format;
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
    {"format", KEY_FORMAT, "FORMAT", 0,
     "json, ndjson or csv (default: by the extension of FILE, else by its content)"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case KEY_FORMAT:
        arguments->format = find_format(argument);
        if (arguments->format == ROWS_BY_CONTENT)
            argp_error(state, "--format: \"%s\" is not json, ndjson or csv", argument);
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
        if (arguments->format == ROWS_BY_CONTENT && strrchr(arguments->path, '.') != NULL)
            arguments->format = find_format(strrchr(arguments->path, '.') + 1);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp import_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "FILE|-",
    .doc =
        "Creates an order of each row of FILE, or of standard input.\v"
        "A file is a JSON array of orders, one JSON order a line (NDJSON), or CSV whose first row names the "
        "fields, in "
        "any order; other columns are ignored, and so are id, created_at and updated_at, which an export "
        "has. A row that is refused is told on standard error with its line, and the others go in; the exit "
        "code is then 8. Ctrl-C stops reading, waits for what is under way and says how many went in.",
};

/* --- importing --- */

struct import {
    struct session *session;
    int fd;
    const char *name; /* of the file, for people */
    struct row_reader *reader;
    struct batches *batches;
    struct interrupt interrupt;
    struct progress progress;
    struct arena arena; /* of the row being read */
    uint64_t bytes_read;
    size_t imported;
    size_t refused;
    enum exit_code code; /* not EXIT_OK: something failed, and no more is read */
};

static void refuse(struct import *import, size_t line, const char *why)
{
    progress_clear(&import->progress);
    report("line %zu: %s", line, why);
    import->refused++;
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

static void take_row(const struct row *row, void *arg)
{
    struct import *import = arg;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    struct status status = STATUS_INIT;

    if (import->code != EXIT_OK)
        return;
    if (row->json == NULL) {
        refuse(import, row->line, row->error);
        return;
    }
    json_t *input = input_of(row->json);
    json_to_message(input, &order.base, &import->arena, &status);
    if (status.code != STATUS_OK)
        refuse(import, row->line, describe(&import->arena, &status));
    else if (!batches_add(import->batches, &order, row->line))
        refuse(import, row->line, "INVALID_ARGUMENT: too large for an order");
    json_decref(input);
    arena_reset(&import->arena);
}

/* Whether a call that failed so surely changed nothing. */
static bool changed_nothing(enum status_code code)
{
    return code == STATUS_UNAUTHENTICATED || code == STATUS_PERMISSION_DENIED ||
           code == STATUS_INVALID_ARGUMENT || code == STATUS_UNIMPLEMENTED;
}

static void take_failure(struct import *import, const struct batch_result *result)
{
    progress_clear(&import->progress);
    stop(import, report_status(result->status));
    fprintf(stderr, "  lines %zu to %zu: %s\n", result->lines[0], result->lines[result->n - 1],
            changed_nothing(result->status->code) ? "not imported" : "may have been imported or not");
}

static void take_result(const struct batch_result *result, void *arg)
{
    struct import *import = arg;
    struct arena arena;
    if (result->response == NULL) {
        take_failure(import, result);
        return;
    }
    arena_init(&arena);
    for (size_t i = 0; i < result->n; i++) {
        const Orders__V1__BatchCreateResult *order = result->response->results[i];
        if (order->code == RPC__V1__CODE__OK)
            import->imported++;
        else
            refuse(import, result->lines[i],
                   arena_printf(&arena, "%s: %s", status_code_name((enum status_code)order->code),
                                order->message));
    }
    arena_free(&arena);
}

static void show_progress(struct import *import)
{
    char text[PROGRESS_TEXT];
    if (import->refused > 0)
        snprintf(text, sizeof text, "%zu orders, %zu rows refused", import->imported, import->refused);
    else
        snprintf(text, sizeof text, "%zu orders", import->imported);
    progress_show(&import->progress, import->bytes_read, text);
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

static void write_counts(const struct import *import, FILE *file)
{
    fprintf(file, "%zu %s imported, %zu %s refused\n", import->imported,
            import->imported == 1 ? "order" : "orders", import->refused,
            import->refused == 1 ? "row" : "rows");
}

static enum exit_code finish(struct import *import)
{
    const bool interrupted = import->interrupt.signal_number != 0;
    if (import->session->output == OUTPUT_JSON) {
        json_text_write(stdout,
                        json_pack("{sI sI}", "imported", (json_int_t)import->imported, "refused",
                                  (json_int_t)import->refused),
                        JSON_INDENT(2));
        puts("");
    }
    if (interrupted || import->code != EXIT_OK) {
        fprintf(stderr, "ordersctl: %s: ", interrupted ? "interrupted" : "stopped");
        write_counts(import, stderr);
    } else if (import->session->output != OUTPUT_JSON) {
        write_counts(import, stdout);
    }
    if (import->code == EXIT_OK && interrupted)
        import->code = EXIT_SIGNAL + (enum exit_code)import->interrupt.signal_number;
    if (import->code == EXIT_OK && import->refused > 0)
        import->code = EXIT_ROWS_REFUSED;
    return output_end(import->code);
}

static bool open_file(struct import *import, const char *path)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    struct stat about;
    import->name = is_stdin ? "standard input" : path;
    import->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (import->fd < 0 || fstat(import->fd, &about) != 0) {
        report("cannot read %s: %s", import->name, strerror(errno));
        return false;
    }
    progress_init(&import->progress, import->fd, S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0);
    return true;
}

static enum exit_code run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct import import = {.session = session};
    if (!open_file(&import, arguments->path))
        return EXIT_OTHER;
    arena_init(&import.arena);
    if (!interrupt_open(&import.interrupt)) {
        report("cannot wait for signals: %s", strerror(errno));
        return EXIT_OTHER;
    }
    import.reader = row_reader_new(arguments->format, &orders__v1__order__descriptor, take_row, &import);
    import.batches = batches_new(session, &import.interrupt, take_result, &import);
    if (import.reader == NULL || import.batches == NULL) {
        report("cannot start: %s", strerror(errno));
        return EXIT_OTHER;
    }
    read_file(&import);
    const enum exit_code code = finish(&import);

    row_reader_free(import.reader);
    batches_free(import.batches);
    interrupt_close(&import.interrupt);
    arena_free(&import.arena);
    if (import.fd != STDIN_FILENO)
        close(import.fd);
    return code;
}

const struct command import_command = {
    "import", "Create orders from a file", &import_argp, sizeof(struct arguments), SESSION_NEEDS_KEY, run};
