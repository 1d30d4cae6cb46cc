/* summary.c: how many orders there are, and what they brought in, day by day as a chart. */
#include "amount.h"
#include "chart.h"
#include "command.h"
#include "orders/currency.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"
#include "printable.h"
#include "table.h"
#include "undated.h"
#include "watch.h"
#include "json/mapping.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_DAYS = 0x300, KEY_CURRENCY, DAYS_SHOWN = 14 };

struct arguments {
    bool verify;
    size_t days;          /* 0: not given */
    const char *currency; /* NULL: all */
    struct watch watch;
};

static const struct argp_option options[] = {
    {"verify", 'v', NULL, 0, "Count all orders anew, too; fail with DATA_LOSS if the summary differs"},
    {"days", KEY_DAYS, "N", 0,
     "Only the newest N days that have orders, of each currency (default: 14 in a table, else all)"},
    {"currency", KEY_CURRENCY, "CODE", 0, "Only what was paid in this currency"},
    {0},
};

static const struct argp_child children[] = {{.argp = &watch_argp}, {0}};

static size_t read_days(const char *text, struct argp_state *state)
{
    char *end;
    errno = 0;
    const long long days = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || days < 1)
        argp_error(state, "--days: \"%s\" is not a number of days from 1", text);
    return (size_t)days;
}

static const char *read_currency(const char *text, struct argp_state *state)
{
    const char *code = currency_find(text);
    if (code == NULL)
        argp_error(state, "--currency: \"%s\" is not one of %s", text, currency_codes);
    return code;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->watch;
        return 0;
    case 'v':
        arguments->verify = true;
        return 0;
    case KEY_DAYS:
        arguments->days = read_days(argument, state);
        return 0;
    case KEY_CURRENCY:
        arguments->currency = read_currency(argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp summary_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc =
        "Prints how many orders there are, their revenue by currency, and a chart of it by day.\v"
        "CSV has a row a day and currency. The number of orders is of all, whatever the options leave out.",
};

/* --- what of it is asked for --- */

static bool is_wanted(const struct arguments *arguments, const char *currency)
{
    return arguments->currency == NULL || strcmp(arguments->currency, currency) == 0;
}

/* The place of a currency among the totals; n_total_revenue: it has none. */
static size_t place_of(const Orders__V1__OrderSummary *summary, const char *currency)
{
    size_t i = 0;
    while (i < summary->n_total_revenue && strcmp(summary->total_revenue[i]->currency, currency) != 0)
        i++;
    return i;
}

/* Keeps of each currency the newest days, which come first. False: some were left out for that. */
static bool narrow_days(Orders__V1__OrderSummary *summary, const struct arguments *arguments, size_t days)
{
    struct arena arena;
    size_t kept = 0;
    bool all = true;
    arena_init(&arena);
    size_t *counts = arena_calloc(&arena, summary->n_total_revenue + 1, sizeof *counts);
    for (size_t i = 0; i < summary->n_revenue_per_day; i++) {
        Orders__V1__DailyRevenue *day = summary->revenue_per_day[i];
        if (!is_wanted(arguments, day->currency))
            continue;
        if (++counts[place_of(summary, day->currency)] <= days)
            summary->revenue_per_day[kept++] = day;
        else
            all = false;
    }
    summary->n_revenue_per_day = kept;
    arena_free(&arena);
    return all;
}

static void narrow_totals(Orders__V1__OrderSummary *summary, const struct arguments *arguments)
{
    size_t kept = 0;
    for (size_t i = 0; i < summary->n_total_revenue; i++) {
        if (is_wanted(arguments, summary->total_revenue[i]->currency))
            summary->total_revenue[kept++] = summary->total_revenue[i];
    }
    summary->n_total_revenue = kept;
}

/* --- for people --- */

/* A drawing under way. */
struct drawing {
    const struct session *session;
    FILE *file;
    struct arena arena;
};

static const char *money(struct drawing *drawing, int64_t amount, const char *currency)
{
    return amount_show(amount, currency, &drawing->arena);
}

static void write_title(struct drawing *drawing, const char *title)
{
    const bool colored = drawing->session->screen.colored;
    fprintf(drawing->file, "\n%s%s%s\n", colored ? STYLE_BOLD : "", printable(&drawing->arena, title),
            colored ? STYLE_END : "");
}

static void write_totals(struct drawing *drawing, const Orders__V1__OrderSummary *summary)
{
    static const struct table_column untitled[] = {{"", true}};
    struct table table;
    if (summary->n_total_revenue == 0)
        return;
    table_init(&table, untitled, 1);
    for (size_t i = 0; i < summary->n_total_revenue; i++) {
        const Orders__V1__CurrencyTotal *total = summary->total_revenue[i];
        const char *const cells[] = {money(drawing, total->total, total->currency)};
        table_add(&table, cells);
    }
    write_title(drawing, "REVENUE");
    table_write(&table, drawing->file);
    table_free(&table);
}

static void write_chart(struct drawing *drawing, const Orders__V1__OrderSummary *summary,
                        const char *currency)
{
    struct chart_bar *bars = arena_calloc(&drawing->arena, summary->n_revenue_per_day + 1, sizeof *bars);
    size_t n = 0;
    for (size_t i = 0; i < summary->n_revenue_per_day; i++) {
        const Orders__V1__DailyRevenue *day = summary->revenue_per_day[i];
        if (strcmp(day->currency, currency) == 0)
            bars[n++] = (struct chart_bar){day->date, money(drawing, day->revenue, currency), day->revenue};
    }
    if (n == 0)
        return;
    write_title(drawing, arena_printf(&drawing->arena, "%s PER DAY", currency));
    chart_write(drawing->file, bars, n, screen_columns(STDOUT_FILENO), drawing->session->screen.utf8);
}

static void write_for_people(const struct session *session, FILE *file,
                             const Orders__V1__OrderSummary *summary)
{
    struct drawing drawing = {.session = session, .file = file};
    arena_init(&drawing.arena);
    fprintf(file, "Orders: %" PRId64 "\n", summary->total_orders);
    write_totals(&drawing, summary);
    for (size_t i = 0; i < summary->n_total_revenue; i++)
        write_chart(&drawing, summary, summary->total_revenue[i]->currency);
    arena_free(&drawing.arena);
}

/* --- for programs, and for all --- */

static void write_csv(FILE *file, const Orders__V1__OrderSummary *summary)
{
    fputs("date,currency,revenue\n", file);
    for (size_t i = 0; i < summary->n_revenue_per_day; i++) {
        const Orders__V1__DailyRevenue *day = summary->revenue_per_day[i];
        output_csv_cell(file, day->date);
        fputc(',', file);
        output_csv_cell(file, day->currency);
        fprintf(file, ",%" PRId64 "\n", day->revenue);
    }
}

static void write_summary(const struct session *session, FILE *file, const struct arguments *arguments,
                          Orders__V1__OrderSummary *summary)
{
    const bool is_table = session->output == OUTPUT_TABLE;
    const size_t days = arguments->days != 0 ? arguments->days : is_table ? DAYS_SHOWN : SIZE_MAX;
    if (arguments->watch.interval_ms == 0)
        undated_tell_summary(summary);
    const bool all_days = narrow_days(summary, arguments, days);
    narrow_totals(summary, arguments);
    if (is_table)
        write_for_people(session, file, summary);
    else if (session->output == OUTPUT_CSV)
        write_csv(file, summary);
    else
        output_json(file, session->output, json_from_message(&summary->base));
    if (!all_days && arguments->days == 0 && arguments->watch.interval_ms == 0)
        fputs("There are more days: see --days.\n", stderr);
}

static enum exit_code draw(struct session *session, FILE *file, void *input)
{
    const struct arguments *arguments = input;
    Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    request.verify = arguments->verify;
    struct rpc_reply *reply = session_call_order(session, "GetOrderSummary", &request.base);
    const enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK)
        write_summary(session, file, arguments, (Orders__V1__OrderSummary *)reply->message);
    rpc_reply_free(reply);
    return code;
}

static enum exit_code summary_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    return watch_run(session, &arguments->watch, draw, input);
}

const struct command summary_command = {"summary",         "Count orders and add up their revenue",
                                        &summary_argp,     sizeof(struct arguments),
                                        SESSION_NEEDS_KEY, summary_run};
