/* selection.c: whichever way they are named, it comes to a list of ids. */
#include "selection.h"

#include "id_set.h"
#include "order_ids.h"
#include "order_pages.h"
#include "plural.h"
#include "report.h"
#include "stored_id.h"
#include "words.h"

#include <stdint.h>
#include <string.h>

enum {
    KEY_FILE = 0x300,
    KEY_ALL,
    SELECTION_MAX = 1000000,
    FIRST_CAPACITY = 64,
    DESCRIBED = 5,
};

/* --- the command line --- */

static const struct argp_option options[] = {
    {"file", KEY_FILE, "FILE", 0,
     "Orders that this file names; - is standard input: an id a line, or what list and export write"},
    {"all", KEY_ALL, NULL, 0, "All orders there are"},
    {0},
};

static size_t ways(const struct selection_arguments *arguments)
{
    return (size_t)(arguments->n_ids > 0) + (arguments->file != NULL) + arguments->all +
           list_filters_are_given(&arguments->filters);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct selection_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->filters;
        return 0;
    case KEY_FILE:
        arguments->file = argument;
        return 0;
    case KEY_ALL:
        arguments->all = true;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->ids = state->argv + state->next;
        arguments->n_ids = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_END:
        if (ways(arguments) == 0)
            argp_error(state, "which orders? Give ORDER_ID, --file, a filter, or --all");
        if (ways(arguments) > 1)
            argp_error(state,
                       "ORDER_ID, --file, filters and --all are different ways to say which: give one");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_with_amounts(int key, char *argument, struct argp_state *state)
{
    struct selection_arguments *arguments = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[1] = &arguments->filters.notation;
    return parse(key, argument, state);
}

static const struct argp_child filters[] = {{.argp = &list_filters_argp}, {.argp = &amount_argp}, {0}};

const struct argp selection_argp = {.options = options, .parser = parse_with_amounts, .children = filters};

/* A row for each of list_filters_argp, with its key. */
static const struct argp_option where_options[] = {
    {"where-status", FIELD_OPTION + LIST_STATUS, "STATUS", WORDS_REPEATABLE,
     "Only orders in this status, or one of these"},
    {"where-customer-id", FIELD_OPTION + LIST_CUSTOMER_ID, "ID", 0, "Only this customer's orders"},
    {"where-search", FIELD_OPTION + LIST_SEARCH, "TEXT", 0,
     "Only orders with this in their order_id or customer_id"},
    {"where-from", FIELD_OPTION + LIST_FROM, "TIME", 0, "Only orders placed then or later"},
    {"where-to", FIELD_OPTION + LIST_TO, "TIME", 0,
     "Only orders placed up to the end of this day, or before this time"},
    {"where-currency", FIELD_OPTION + LIST_CURRENCY, "CODE", 0, "Only orders in this currency"},
    {"where-min-amount", FIELD_OPTION + LIST_MIN_AMOUNT, "AMOUNT", 0, "Only orders of at least this amount"},
    {"where-max-amount", FIELD_OPTION + LIST_MAX_AMOUNT, "AMOUNT", 0, "Only orders of at most this amount"},
    {0},
};

static error_t parse_where(int key, char *argument, struct argp_state *state)
{
    return list_filters_argp.parser(key, argument, state);
}

static const struct argp where_argp = {.options = where_options, .parser = parse_where};
static const struct argp_child where_filters[] = {{.argp = &where_argp}, {0}};

const struct argp selection_where_argp = {.options = options, .parser = parse, .children = where_filters};

bool selection_is_one(const struct selection_arguments *arguments)
{
    return arguments->n_ids == 1;
}

bool selection_is_filtered(const struct selection_arguments *arguments)
{
    return arguments->n_ids == 0 && arguments->file == NULL;
}

/* --- which they are --- */

/* A selection that is being made. */
struct choosing {
    struct selection *selection;
    struct id_set seen;
};

static bool choose(struct choosing *choosing, const char *order_id, const char *etag)
{
    struct selection *selection = choosing->selection;
    if (id_set_add(&choosing->seen, order_id, selection->n + 1) != 0)
        return true;
    if (selection->n == SELECTION_MAX) {
        report("more than %d orders at once; choose fewer of them", SELECTION_MAX);
        return false;
    }
    if (selection->n == selection->capacity) {
        const size_t capacity = selection->capacity == 0 ? FIRST_CAPACITY : 2 * selection->capacity;
        selection->orders =
            arena_grow(&selection->arena, selection->orders, selection->capacity * sizeof *selection->orders,
                       capacity * sizeof *selection->orders);
        selection->capacity = capacity;
    }
    selection->orders[selection->n++] =
        (struct selected){arena_strdup(&selection->arena, order_id),
                          etag != NULL ? arena_strdup(&selection->arena, etag) : NULL};
    return true;
}

static bool choose_id(const char *order_id, size_t line, void *arg)
{
    struct choosing *choosing = arg;
    (void)line;
    return choose(choosing, stored_order_id(order_id, &choosing->selection->arena), NULL);
}

static bool choose_page(const Orders__V1__ListOrdersResponse *page, void *arg)
{
    bool chosen = true;
    for (size_t i = 0; i < page->n_orders && chosen; i++)
        chosen = choose(arg, page->orders[i]->order_id, page->orders[i]->etag);
    return chosen;
}

static enum exit_code choose_filtered(struct session *session, const struct selection_arguments *arguments,
                                      struct choosing *choosing)
{
    struct order_pages pages = {
        .filters = &arguments->filters, .limit = INT64_MAX, .take = choose_page, .arg = choosing};
    const enum exit_code code = order_pages_read(session, &pages);
    choosing->selection->n_unreadable = pages.n_unreachable;
    return code;
}

enum exit_code selection_read(struct session *session, const struct selection_arguments *arguments,
                              struct selection *selection)
{
    struct choosing choosing = {.selection = selection};
    enum exit_code code = EXIT_OK;
    *selection = (struct selection){0};
    arena_init(&selection->arena);
    if (arguments->file != NULL)
        code = order_ids_read(arguments->file, choose_id, &choosing) ? EXIT_OK : EXIT_OTHER;
    else if (arguments->n_ids == 0)
        code = choose_filtered(session, arguments, &choosing);
    for (size_t i = 0; i < arguments->n_ids && code == EXIT_OK; i++)
        code = choose_id(arguments->ids[i], 0, &choosing) ? EXIT_OK : EXIT_OTHER;
    id_set_free(&choosing.seen);
    return code;
}

void selection_free(struct selection *selection)
{
    arena_free(&selection->arena);
}

const char *selection_describe(const struct selection *selection, struct arena *arena)
{
    const char *text = arena_printf(arena, "%zu order%s", selection->n, plural(selection->n));
    for (size_t i = 0; i < selection->n && i < DESCRIBED; i++)
        text = arena_printf(arena, "%s%s%s", text, i == 0 ? ": " : ", ", selection->orders[i].order_id);
    if (selection->n > DESCRIBED)
        text = arena_printf(arena, "%s and %zu more", text, selection->n - DESCRIBED);
    return text;
}
