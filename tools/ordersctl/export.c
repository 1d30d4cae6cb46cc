/* export.c: orders to a file that import takes. */
#include "command.h"
#include "file_format.h"
#include "gzip_stream.h"
#include "order_pages.h"
#include "order_writer.h"
#include "output.h"
#include "plural.h"
#include "progress.h"
#include "report.h"
#include "whole_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { KEY_FORMAT = 0x300, KEY_QUOTE_FORMULAS, PROGRESS_TEXT = 80, COUNT_MS = 1000 };

struct arguments {
    struct list_filters filters;
    struct order_columns columns;
    enum output_format format; /* OUTPUT_TABLE: not given */
    bool quote_formulas;
    const char *path; /* NULL: stdout */
};

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "json|ndjson|csv", 0,
     "Default: by the extension of FILE, behind which .gz may stand, else by --output, else json"},
    {"quote-formulas", KEY_QUOTE_FORMULAS, NULL, 0,
     "Put a ' before cells of CSV that a spreadsheet would run; such a file is not for import"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->filters;
        state->child_inputs[1] = &arguments->filters.notation;
        state->child_inputs[2] = &arguments->columns;
        return 0;
    case KEY_FORMAT:
        arguments->format = file_format_named(argument);
        if (arguments->format == OUTPUT_TABLE)
            argp_error(state, "--format: \"%s\" is not json, ndjson or csv", argument);
        return 0;
    case KEY_QUOTE_FORMULAS:
        arguments->quote_formulas = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        arguments->path = strcmp(argument, "-") == 0 ? NULL : argument;
        return 0;
    case ARGP_KEY_SUCCESS:
        arguments->filters.local = arguments->columns.local;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {.argp = &list_filters_argp}, {.argp = &amount_argp}, {.argp = &order_columns_argp}, {0}};

static const struct argp export_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[FILE|-]",
    .doc = "Writes all orders, or those that the options choose, to FILE or standard output.\v"
           "Import takes the file back; it leaves id, created_at, updated_at and etag to the database.",
};

/* Where orders go. */
struct sink {
    struct order_writer writer;
    struct progress progress;
    enum output_format format;
    FILE *file;
    const char *name;
    size_t n_unreachable; /* orders that are not in it, as they cannot be read */
};

static bool write_page(const Orders__V1__ListOrdersResponse *page, void *arg)
{
    struct sink *sink = arg;
    char text[PROGRESS_TEXT];
    order_writer_add(&sink->writer, page->n_orders, page->orders);
    snprintf(text, sizeof text, "%zu order%s", sink->writer.n, plural(sink->writer.n));
    progress_show(&sink->progress, sink->writer.n, sink->writer.n, text);
    return output_flush(sink->file, sink->name);
}

/* How many orders there are to write; 0: that is not known, as the service counts none but all. Asked only
 * for somebody who sees the answer, and who is told of a failure by the export itself. */
static uint64_t count_orders(struct session *session, const struct arguments *arguments)
{
    const Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    const struct rpc_request call = {
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, "GetOrderSummary"),
        .input = &request.base,
        .timeout_ms = COUNT_MS, /* Ctrl-C waits for it */
    };
    uint64_t n = 0;
    if (list_filters_are_given(&arguments->filters))
        return 0;
    struct rpc_reply *reply = session_try(session, &call);
    if (reply->status.code == STATUS_OK)
        n = (uint64_t)((const Orders__V1__OrderSummary *)reply->message)->total_orders;
    rpc_reply_free(reply);
    return n;
}

static enum exit_code write_orders(struct session *session, const struct arguments *arguments,
                                   struct sink *sink)
{
    const struct order_look look = {.format = sink->format,
                                    .columns = arguments->columns,
                                    .quote_formulas = arguments->quote_formulas,
                                    .to_terminal = isatty(fileno(sink->file)) != 0};
    struct order_pages pages = {
        .filters = &arguments->filters, .limit = INT64_MAX, .take = write_page, .arg = sink};
    if (sink->progress.enabled)
        sink->progress.total = count_orders(session, arguments);
    order_writer_begin(&sink->writer, sink->file, &look);
    const enum exit_code code = order_pages_read(session, &pages);
    order_writer_end(&sink->writer, code == EXIT_OK);
    sink->n_unreachable = pages.n_unreachable;
    progress_clear(&sink->progress);
    return code == EXIT_OK && !output_flush(sink->file, sink->name) ? EXIT_OTHER : code;
}

/* Signals end it, too, before its file is whole, and take progress off the screen. */
static enum exit_code write_until_interrupt(struct session *session, const struct arguments *arguments,
                                            struct sink *sink)
{
    struct interrupt interrupt;
    if (!interrupt_open(&interrupt, NULL, NULL)) {
        report("cannot wait for signals: %s", strerror(errno));
        return EXIT_OTHER;
    }
    session->interrupt = &interrupt;
    enum exit_code code = write_orders(session, arguments, sink);
    session->interrupt = NULL;
    if (interrupt.signal_number != 0)
        code = EXIT_SIGNAL + (enum exit_code)interrupt.signal_number;
    interrupt_close(&interrupt);
    return code;
}

/* Where nothing has to be left tidy, a signal ends it at once, also while it waits for somebody to read. */
static enum exit_code write_sink(struct session *session, const struct arguments *arguments,
                                 struct sink *sink, bool has_part)
{
    progress_init(&sink->progress, fileno(sink->file), 0);
    return has_part || sink->progress.enabled ? write_until_interrupt(session, arguments, sink)
                                              : write_orders(session, arguments, sink);
}

/* By way of gzip, when the file's name says so. */
static enum exit_code write_into(const struct whole_file *whole, struct session *session,
                                 const struct arguments *arguments, struct sink *sink)
{
    const bool compresses = file_format_is_gzip(sink->name);
    sink->file = compresses ? gzip_stream_open(whole->file) : whole->file;
    if (sink->file == NULL) {
        report("cannot compress %s: %s", sink->name, strerror(errno));
        return EXIT_OTHER;
    }
    const enum exit_code code = write_sink(session, arguments, sink, whole->part != NULL);
    if (!compresses || fclose(sink->file) == 0 || code != EXIT_OK)
        return code;
    report("cannot write %s: %s", sink->name, strerror(errno));
    return EXIT_OTHER;
}

static enum exit_code write_file(struct session *session, const struct arguments *arguments,
                                 struct sink *sink)
{
    struct whole_file whole;
    enum exit_code code = EXIT_OTHER;
    bool written = whole_file_open(&whole, sink->name);
    if (written) {
        code = write_into(&whole, session, arguments, sink);
        written = whole_file_close(&whole, code == EXIT_OK);
    }
    if (written)
        return code;
    report("cannot write %s: %s", sink->name, strerror(errno));
    return EXIT_OTHER;
}

/* --format decides, else the ending of the file's name, else --output; else it is JSON, which is said where
 * somebody may have meant something else. False, and reported: they do not go together. */
static bool choose_format(const struct session *session, const struct arguments *arguments,
                          enum output_format *format)
{
    const enum output_format ending =
        arguments->path != NULL ? file_format_of(arguments->path) : OUTPUT_TABLE;
    const enum output_format output = session->output_given ? session->output : OUTPUT_TABLE;
    if (output_has_template()) {
        report("an export is no output by template; list is");
        return false;
    }
    *format = arguments->format != OUTPUT_TABLE ? arguments->format : ending;
    if (*format == OUTPUT_TABLE)
        *format = output;
    if (*format == OUTPUT_TABLE) {
        *format = OUTPUT_JSON;
        if (arguments->path != NULL || session->output_given)
            report("neither --format nor the file's name says which format to write: it is JSON");
    }
    if (arguments->format == OUTPUT_TABLE && output != OUTPUT_TABLE && output != *format) {
        report("--output and the name %s do not go together; --format says which format to write",
               arguments->path);
        return false;
    }
    if (arguments->quote_formulas && *format != OUTPUT_CSV)
        report("--quote-formulas is for CSV alone");
    return !arguments->quote_formulas || *format == OUTPUT_CSV;
}

/* What cannot be read is missing in the file, which is whole otherwise. */
static enum exit_code export_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct sink sink = {.file = stdout, .name = "standard output"};
    enum exit_code code;
    if (!choose_format(session, arguments, &sink.format))
        return EXIT_USAGE;
    if (arguments->path == NULL) {
        code = write_sink(session, arguments, &sink, false);
    } else {
        sink.name = arguments->path;
        code = write_file(session, arguments, &sink);
    }
    return code == EXIT_OK && sink.n_unreachable > 0 ? EXIT_ORDERS_UNREADABLE : code;
}

const struct command export_command = {"export",          "Write orders to a file",
                                       &export_argp,      sizeof(struct arguments),
                                       SESSION_NEEDS_KEY, export_run};
