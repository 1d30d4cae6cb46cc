/* export.c: orders to a file that import takes. */
#include "command.h"
#include "order_pages.h"
#include "order_writer.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "whole_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { KEY_FORMAT = 0x300, PROGRESS_TEXT = 80 };

struct arguments {
    struct field_options filter; /* of ListOrdersRequest */
    struct order_columns columns;
    enum output_format format; /* OUTPUT_TABLE: not given */
    const char *path;          /* NULL or "-": stdout */
};

/* By --format and by the file's extension. */
static const struct {
    const char *name;
    enum output_format format;
} formats[] = {
    {"json", OUTPUT_JSON},
    {"ndjson", OUTPUT_NDJSON},
    {"jsonl", OUTPUT_NDJSON},
    {"csv", OUTPUT_CSV},
};

/* OUTPUT_TABLE: none has this name. */
static enum output_format find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcasecmp(formats[i].name, name) == 0)
            return formats[i].format;
    }
    return OUTPUT_TABLE;
}

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "json|ndjson|csv", 0, "Default: by the extension of FILE, else json"},
    {0},
};

static void choose_format(struct arguments *arguments)
{
    const char *dot = arguments->path != NULL ? strrchr(arguments->path, '.') : NULL;
    if (arguments->format == OUTPUT_TABLE && dot != NULL)
        arguments->format = find_format(dot + 1);
    if (arguments->format == OUTPUT_TABLE)
        arguments->format = OUTPUT_JSON;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->filter;
        state->child_inputs[1] = &arguments->columns;
        return 0;
    case KEY_FORMAT:
        arguments->format = find_format(argument);
        if (arguments->format == OUTPUT_TABLE)
            argp_error(state, "--format: \"%s\" is not json, ndjson or csv", argument);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        arguments->path = strcmp(argument, "-") == 0 ? NULL : argument;
        return 0;
    case ARGP_KEY_END:
        choose_format(arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {.argp = &order_filter_argp}, {.argp = &order_columns_argp}, {0}};

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
    FILE *file;
    const char *name;
    size_t n_unreachable; /* orders that are not in it, as they cannot be read */
};

static bool write_page(const Orders__V1__ListOrdersResponse *page, void *arg)
{
    struct sink *sink = arg;
    char text[PROGRESS_TEXT];
    order_writer_add(&sink->writer, page->n_orders, page->orders);
    snprintf(text, sizeof text, "%zu orders", sink->writer.n);
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
    };
    uint64_t n = 0;
    if (field_options_count(&arguments->filter) > 0)
        return 0;
    struct rpc_reply *reply = rpc_client_call_wait(session->client, &call);
    if (reply->status.code == STATUS_OK)
        n = (uint64_t)((const Orders__V1__OrderSummary *)reply->message)->total_orders;
    rpc_reply_free(reply);
    return n;
}

static enum exit_code write_orders(struct session *session, const struct arguments *arguments,
                                   struct sink *sink)
{
    const struct order_look look = {.format = arguments->format,
                                    .columns = arguments->columns,
                                    .to_terminal = isatty(fileno(sink->file)) != 0};
    struct order_pages pages = {
        .filter = &arguments->filter, .limit = INT64_MAX, .take = write_page, .arg = sink};
    progress_init(&sink->progress, fileno(sink->file), 0);
    if (sink->progress.enabled)
        sink->progress.total = count_orders(session, arguments);
    order_writer_begin(&sink->writer, sink->file, &look);
    const enum exit_code code = order_pages_read(session, &pages);
    order_writer_end(&sink->writer, code == EXIT_OK);
    sink->n_unreachable = pages.n_unreachable;
    progress_clear(&sink->progress);
    return code == EXIT_OK && !output_flush(sink->file, sink->name) ? EXIT_OTHER : code;
}

/* Signals end it, too, before its file is whole. */
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

static enum exit_code write_file(struct session *session, const struct arguments *arguments,
                                 struct sink *sink)
{
    struct whole_file whole;
    enum exit_code code = EXIT_OTHER;
    bool written = whole_file_open(&whole, sink->name);
    if (written) {
        sink->file = whole.file;
        code = whole.part != NULL ? write_until_interrupt(session, arguments, sink)
                                  : write_orders(session, arguments, sink);
        written = whole_file_close(&whole, code == EXIT_OK);
    }
    if (written)
        return code;
    report("cannot write %s: %s", sink->name, strerror(errno));
    return EXIT_OTHER;
}

/* What cannot be read is missing in the file, which is whole otherwise. */
static enum exit_code run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct sink sink = {.file = stdout, .name = "standard output"};
    enum exit_code code;
    if (arguments->path == NULL) {
        code = write_orders(session, arguments, &sink);
    } else {
        sink.name = arguments->path;
        code = write_file(session, arguments, &sink);
    }
    return code == EXIT_OK && sink.n_unreachable > 0 ? EXIT_ORDERS_UNREADABLE : code;
}

const struct command export_command = {
    "export", "Write orders to a file", &export_argp, sizeof(struct arguments), SESSION_NEEDS_KEY, run};
