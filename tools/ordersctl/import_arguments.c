/* import_arguments.c: options of import, and the format that a file's name says. */
#include "import_arguments.h"

#include "base/time.h"
#include "file_format.h"
#include "orders/status.h"

#include <string.h>

enum {
    KEY_FORMAT = 0x300,
    KEY_DRY_RUN,
    KEY_RESUME,
    KEY_IGNORE_UNKNOWN,
    KEY_DEFAULT_DATE,
    KEY_DEFAULT_STATUS,
    KEY_REJECTS,
    KEY_UPSERT,
    KEY_CHANGES
};

static const enum row_format row_formats[OUTPUT_FORMATS] = {
    [OUTPUT_TABLE] = ROWS_BY_CONTENT,
    [OUTPUT_JSON] = ROWS_JSON,
    [OUTPUT_NDJSON] = ROWS_NDJSON,
    [OUTPUT_CSV] = ROWS_CSV,
};

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "json|ndjson|csv", 0, "Default: by the extension of FILE, else by its content"},
    {"dry-run", KEY_DRY_RUN, NULL, 0,
     "Have the service check every row and store none; whether an order is there already is looked at with "
     "--upsert only"},
    {"upsert", KEY_UPSERT, NULL, 0,
     "Update the orders that are there already: the fields that a row has, and no other"},
    {"changes", KEY_CHANGES, NULL, 0,
     "With --upsert: say of each order that is updated which fields, from what to what"},
    {"resume", KEY_RESUME, NULL, 0, "Go on with an import of FILE that was cut short"},
    {"ignore-unknown", KEY_IGNORE_UNKNOWN, NULL, 0,
     "Take a file with columns or members that are no field, without them"},
    {"default-date", KEY_DEFAULT_DATE, "TIME|now", 0,
     "Which order_date a row without one has; else an empty one is refused"},
    {"default-status", KEY_DEFAULT_STATUS, "STATUS", 0,
     "Which status a row without one has; else an empty one is refused"},
    {"rejects", KEY_REJECTS, "FILE", 0,
     "Write refused rows to this file, each with the reason, to be corrected and imported again"},
    {0},
};

static void take_default_date(struct import_arguments *arguments, const char *text, struct argp_state *state)
{
    struct timestamp parsed;
    const char *why = strcmp(text, IMPORT_NOW) != 0 ? timestamp_parse(text, strlen(text), &parsed) : NULL;
    if (why != NULL)
        argp_error(state, "--default-date: \"%s\" is neither " IMPORT_NOW " nor a date and time: %s", text,
                   why);
    arguments->terms.default_date = text;
}

static void take_default_status(struct import_arguments *arguments, const char *text,
                                struct argp_state *state)
{
    if (order_status_from_word(text, strlen(text)) == ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED)
        argp_error(state, "--default-status: \"%s\" is none of %s", text, order_status_words);
    arguments->terms.default_status = text;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct import_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->terms.notation;
        return 0;
    case KEY_FORMAT:
        arguments->format = row_formats[file_format_named(argument)];
        if (arguments->format == ROWS_BY_CONTENT)
            argp_error(state, "--format: \"%s\" is not json, ndjson or csv", argument);
        return 0;
    case KEY_DRY_RUN:
        arguments->dry_run = true;
        return 0;
    case KEY_RESUME:
        arguments->resume = true;
        return 0;
    case KEY_UPSERT:
        arguments->upsert = true;
        return 0;
    case KEY_CHANGES:
        arguments->tells_changes = true;
        return 0;
    case KEY_IGNORE_UNKNOWN:
        arguments->terms.unknown = JSON_UNKNOWN_IGNORED;
        return 0;
    case KEY_DEFAULT_DATE:
        take_default_date(arguments, argument, state);
        return 0;
    case KEY_DEFAULT_STATUS:
        take_default_status(arguments, argument, state);
        return 0;
    case KEY_REJECTS:
        arguments->rejects = argument;
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
        if (arguments->tells_changes && !arguments->upsert)
            argp_error(state, "--changes are of orders that --upsert updates");
        if (arguments->resume && strcmp(arguments->path, "-") == 0)
            argp_error(state, "standard input cannot be resumed, only a FILE");
        if (arguments->format == ROWS_BY_CONTENT)
            arguments->format = row_formats[file_format_of(arguments->path)];
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{.argp = &amount_argp}, {0}};

const struct argp import_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "FILE|-",
    .doc =
        "Creates an order of each row of FILE, or of standard input.\v"
        "A file is a JSON array of orders, one JSON order a line (NDJSON), or CSV whose first row names the "
        "fields, in any order, and whose cells are separated by commas, semicolons or tabs; as UTF-8 or "
        "UTF-16, "
        "also compressed by gzip. Columns and members that no order has are an error, but for those of an "
        "export "
        "that the database makes: id, created_at, updated_at and etag are passed over; a row whose only date "
        "is created_at is refused. A row that is refused "
        "is "
        "told on standard error with its line, and the others go in; the exit code is then 8. Ctrl-C stops "
        "reading, waits for what is under way and says how many went in.\n\n"
        "While FILE is imported, FILE.ordersctl-resume says how far. It stays when the import is cut short, "
        "by whatever: --resume then goes on behind it, and no order is stored twice or refused for having "
        "been stored before, within the time for which the service keeps answers (24 hours).",
};

const char *import_arguments_terms(const struct import_arguments *arguments, struct arena *arena)
{
    static const char *const formats[] = {"content", "json", "ndjson", "csv"};
    const struct import_terms *terms = &arguments->terms;
    const struct amount_notation *notation = &terms->notation;
    const char *text = formats[arguments->format];
    if (arguments->upsert)
        text = arena_printf(arena, "%s,upsert", text);
    if (terms->unknown == JSON_UNKNOWN_IGNORED)
        text = arena_printf(arena, "%s,ignore-unknown", text);
    if (terms->default_date != NULL)
        text = arena_printf(arena, "%s,default-date=%s", text, terms->default_date);
    if (terms->default_status != NULL)
        text = arena_printf(arena, "%s,default-status=%s", text, terms->default_status);
    if (notation->decimal)
        text = arena_printf(arena, "%s,decimal=%d/%d", text, notation->mark, notation->separator);
    return text;
}
