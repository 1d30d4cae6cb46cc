/* list.c: orders on the screen, once or again and again, or for a program. */
#include "command.h"
#include "order_pages.h"
#include "order_writer.h"
#include "output.h"
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_ALL = 0x300, KEY_LIMIT, KEY_NEWEST, KEY_OLDEST, ORDER_BY = FIELD_OPTION + 6, DEFAULT_LIMIT = 100 };

/* ListOrdersRequest.order_by */
static const char newest_first[] = "id desc", oldest_first[] = "id";

struct arguments {
    struct field_options filter; /* of ListOrdersRequest */
    struct order_columns columns;
    struct watch watch;
    int64_t limit;
};

static const struct argp_option options[] = {
    {"limit", KEY_LIMIT, "N", 0, "At most so many orders (default 100)"},
    {"all", KEY_ALL, NULL, 0, "All of them, however many pages that takes"},
    {"newest", KEY_NEWEST, NULL, 0, "The newest first; so it is with --watch"},
    {"oldest", KEY_OLDEST, NULL, 0, "The oldest first; so it is without --watch"},
    {"skip", FIELD_OPTION + 3, "N", 0, "Pass over so many orders first"},
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

/* What is watched is what comes in. */
static void choose_ordering(struct arguments *arguments)
{
    if (arguments->filter.texts[ORDER_BY - FIELD_OPTION] == NULL && arguments->watch.interval_ms != 0)
        field_options_take(&arguments->filter, ORDER_BY, newest_first);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        arguments->limit = DEFAULT_LIMIT;
        state->child_inputs[0] = &arguments->filter;
        state->child_inputs[1] = &arguments->columns;
        state->child_inputs[2] = &arguments->watch;
        return 0;
    case KEY_ALL:
        arguments->limit = INT64_MAX;
        return 0;
    case KEY_LIMIT:
        arguments->limit = read_limit(argument, state);
        return 0;
    case KEY_NEWEST:
        field_options_take(&arguments->filter, ORDER_BY, newest_first);
        return 0;
    case KEY_OLDEST:
        field_options_take(&arguments->filter, ORDER_BY, oldest_first);
        return 0;
    case ARGP_KEY_SUCCESS:
        choose_ordering(arguments);
        return 0;
    default:
        return field_options_take(&arguments->filter, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {
    {.argp = &order_filter_argp}, {.argp = &order_columns_argp}, {.argp = &watch_argp}, {0}};

static const struct argp list_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Lists orders, in the order in which they were created; when watched, the newest first.\v"
           "A table has the columns order_id, customer_id, order_date, total_amount and status; the other "
           "formats all fields there are.",
};

static bool write_page(const Orders__V1__ListOrdersResponse *page, void *arg)
{
    struct order_writer *writer = arg;
    order_writer_add(writer, page->n_orders, page->orders);
    return output_flush(writer->file, "standard output");
}

static enum exit_code draw(struct session *session, FILE *file, void *input)
{
    const struct arguments *arguments = input;
    const struct order_look look = {.format = session->output,
                                    .columns = arguments->columns,
                                    .to_terminal = session->screen.is_terminal,
                                    .colored = session->screen.colored};
    struct order_writer writer;
    struct order_pages pages = {
        .filter = &arguments->filter, .limit = arguments->limit, .take = write_page, .arg = &writer};

    order_writer_begin(&writer, file, &look);
    enum exit_code code = order_pages_read(session, &pages);
    order_writer_end(&writer, code == EXIT_OK);
    if (code == EXIT_OK && !output_flush(file, "standard output"))
        code = EXIT_OTHER;
    if (code == EXIT_OK && pages.n_unreachable > 0 && arguments->watch.interval_ms == 0)
        code = EXIT_ORDERS_UNREADABLE;
    if (pages.more && look.format == OUTPUT_TABLE && (code == EXIT_OK || code == EXIT_ORDERS_UNREADABLE) &&
        arguments->watch.interval_ms == 0)
        fprintf(stderr, "There are more orders: see --all, --limit and --skip.\n");
    return code;
}

static enum exit_code run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    return watch_run(session, &arguments->watch, draw, input);
}

const struct command list_command = {
    "list", "List orders", &list_argp, sizeof(struct arguments), SESSION_NEEDS_KEY, run};
