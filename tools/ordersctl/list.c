/* list.c: orders on the screen, once or again and again, or for a program. */
#include "command.h"
#include "order_pages.h"
#include "order_sort.h"
#include "order_writer.h"
#include "output.h"
#include "pager.h"
#include "plural.h"
#include "report.h"
#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_ALL = 0x300,
    KEY_LIMIT,
    KEY_NEWEST,
    KEY_OLDEST,
    KEY_SORT,
    KEY_COUNT,
    SKIP = FIELD_OPTION + 3,
    ORDER_BY = FIELD_OPTION + 6,
    DEFAULT_LIMIT = 100,
};

struct arguments {
    struct list_filters filters;
    struct order_columns columns;
    struct watch watch;
    int64_t limit;
    bool limit_given;
    bool counts;
};

static const struct argp_option options[] = {
    {"limit", KEY_LIMIT, "N", 0, "At most so many orders (default 100)"},
    {"all", KEY_ALL, NULL, 0, "All of them, however many pages that takes"},
    {"newest", KEY_NEWEST, NULL, 0, "As --sort id:desc: the newest first; so it is with --watch"},
    {"oldest", KEY_OLDEST, NULL, 0, "As --sort id: the oldest first; so it is without --watch"},
    {"sort", KEY_SORT, "FIELD", 0,
     "By id, order_date or total_amount, the lowest first, or with :desc behind it the highest"},
    {"skip", SKIP, "N", 0, "Pass over so many orders first"},
    {"count", KEY_COUNT, NULL, 0, "Only how many orders there are, however many a list would have"},
    {0},
};

static int64_t read_limit(const char *text, struct argp_state *state)
{
    char *end;
    errno = 0;
    const long long limit = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || limit < 0)
        argp_error(state, "--limit: \"%s\" is not a number of orders", text);
    return limit;
}

static void list_sort(struct arguments *arguments, const char *name)
{
    field_options_take(&arguments->filters.fields, ORDER_BY, order_sort_find(name));
}

static void list_take_sort(struct arguments *arguments, const char *name, struct argp_state *state)
{
    if (order_sort_find(name) == NULL) {
        const struct guess guess = order_sort_guess(name);
        struct arena arena;
        arena_init(&arena);
        argp_error(state,
                   "--sort: \"%s\" is not id, order_date or total_amount, alone or with :desc behind it%s",
                   name, guess_text(&guess, &arena));
        arena_free(&arena);
    }
    list_sort(arguments, name);
}

/* What is watched is what comes in. */
static void choose_order(struct arguments *arguments)
{
    if (arguments->filters.fields.texts[ORDER_BY - FIELD_OPTION] == NULL && arguments->watch.interval_ms != 0)
        list_sort(arguments, "id:desc");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        arguments->limit = DEFAULT_LIMIT;
        state->child_inputs[0] = &arguments->filters;
        state->child_inputs[1] = &arguments->filters.notation;
        state->child_inputs[2] = &arguments->columns;
        state->child_inputs[3] = &arguments->watch;
        return 0;
    case KEY_ALL:
        arguments->limit = INT64_MAX;
        return 0;
    case KEY_LIMIT:
        arguments->limit = read_limit(argument, state);
        arguments->limit_given = true;
        return 0;
    case KEY_NEWEST:
        list_sort(arguments, "id:desc");
        return 0;
    case KEY_OLDEST:
        list_sort(arguments, "id");
        return 0;
    case KEY_SORT:
        list_take_sort(arguments, argument, state);
        return 0;
    case KEY_COUNT:
        arguments->counts = true;
        return 0;
    case SKIP:
        field_options_take(&arguments->filters.fields, key, argument);
        return 0;
    case ARGP_KEY_SUCCESS:
        arguments->filters.local = arguments->columns.local;
        choose_order(arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{.argp = &list_filters_argp},
                                             {.argp = &amount_argp},
                                             {.argp = &order_columns_argp},
                                             {.argp = &watch_argp},
                                             {0}};

static const struct argp list_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Lists orders, in the order in which they were created; when watched, the newest first.\v"
           "A table has the columns order_id, customer_id, order_date, total_amount and status; the other "
           "formats all fields there are.",
};

/* As a number alone where there is no JSON: for $(ordersctl list --count). */
static enum exit_code draw_count(struct session *session, FILE *file, const struct arguments *arguments)
{
    int64_t total;
    const enum exit_code code = order_pages_count(session, &arguments->filters, &total);
    if (code != EXIT_OK)
        return code;
    if (session->output == OUTPUT_CSV)
        fputs("total\n", file);
    if (session->output == OUTPUT_TABLE || session->output == OUTPUT_CSV || output_has_template())
        fprintf(file, "%" PRId64 "\n", total);
    else
        output_json(file, session->output, json_pack("{sI}", "total", (json_int_t)total));
    return EXIT_OK;
}

/* A part is not to be taken for the whole: not by people, and not by a program that did not ask for a part.
 */
static void tell_of_others(const struct arguments *arguments, enum output_format format)
{
    static const char text[] = "There are more orders: see --all, --limit and --skip; --count says how many.";
    if (format == OUTPUT_TABLE)
        fprintf(stderr, "%s\n", text);
    else if (!arguments->limit_given)
        report_warning("%s", text);
}

static enum exit_code end_list(const struct arguments *arguments, const struct order_writer *writer,
                               const struct order_pages *pages, enum exit_code code)
{
    if (arguments->watch.interval_ms != 0)
        return code; /* which goes on */
    if (pages->broke_off && writer->n > 0)
        report("What stands above is not all: the list broke off after %zu order%s", writer->n,
               plural(writer->n));
    if (code == EXIT_OK && pages->more)
        tell_of_others(arguments, writer->look.format);
    return code == EXIT_OK && pages->n_unreachable > 0 ? EXIT_ORDERS_UNREADABLE : code;
}

static enum exit_code draw_list(struct session *session, FILE *file, const struct arguments *arguments)
{
    const struct order_look look = {.format = session->output,
                                    .columns = arguments->columns,
                                    .to_terminal = session->screen.is_terminal,
                                    .colored = session->screen.colored};
    struct order_writer writer;
    struct order_pages pages = {.filters = &arguments->filters,
                                .limit = arguments->limit,
                                .take = order_writer_take_page,
                                .arg = &writer};

    order_writer_begin(&writer, file, &look);
    enum exit_code code = order_pages_read(session, &pages);
    order_writer_end(&writer, code == EXIT_OK);
    if (code == EXIT_OK && !output_flush(file, "standard output")) /* before what is told of them */
        code = EXIT_OTHER;
    return end_list(arguments, &writer, &pages, code);
}

static enum exit_code draw(struct session *session, FILE *file, void *input)
{
    const struct arguments *arguments = input;
    return arguments->counts ? draw_count(session, file, arguments) : draw_list(session, file, arguments);
}

static enum exit_code list_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    if (arguments->watch.interval_ms == 0 && !arguments->counts && !session->no_pager)
        pager_open(&session->screen);
    return watch_run(session, &arguments->watch, draw, input);
}

const struct command list_command = {
    "list",   "List orders",        &list_argp, sizeof(struct arguments), SESSION_NEEDS_KEY,
    list_run, .prints_orders = true};
