/* statistics.c: orders counted and their revenue, by currency, time or status, and what of it was cancelled.
 */
#include "amount.h"
#include "base/time.h"
#include "command.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"
#include "table.h"
#include "undated.h"
#include "watch.h"
#include "json/enum_name.h"
#include "json/mapping.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_FROM = 0x300, KEY_TO, KEY_BY, DAY_LENGTH = 10, S_PER_DAY = 86400, DAYS_PER_WEEK = 7 };

/* What the rows are of. */
enum rows { BY_CURRENCY, BY_DAY, BY_WEEK, BY_MONTH, BY_STATUS, ROWS };

struct arguments {
    char *from, *to; /* UTC days; NULL: no bound */
    enum rows by;
    struct watch watch;
};

static const struct argp_option options[] = {
    {"from", KEY_FROM, "DAY", 0, "Only orders placed on this day, in UTC, or later, as 2025-01-16"},
    {"to", KEY_TO, "DAY", 0, "Only orders placed on this day or before"},
    {"by", KEY_BY, "currency|day|week|month|status", 0,
     "What there is a row of (default: currency); weeks begin on Mondays"},
    {0},
};

static const struct argp_child children[] = {{.argp = &watch_argp}, {0}};

/* Days since 1970 of "2025-01-16"; false: it is no day. */
static bool read_day(const char *text, int64_t *days)
{
    struct timestamp midnight;
    if (strlen(text) != DAY_LENGTH || timestamp_parse(text, DAY_LENGTH, &midnight) != NULL)
        return false;
    *days = midnight.seconds / S_PER_DAY;
    return true;
}

static char *take_day(const char *option, char *text, struct argp_state *state)
{
    int64_t unused;
    if (!read_day(text, &unused))
        argp_error(state, "%s: \"%s\" is not a day, as 2025-01-16", option, text);
    return text;
}

static enum rows take_rows(const char *text, struct argp_state *state)
{
    static const char *const names[ROWS] = {"currency", "day", "week", "month", "status"};
    enum rows by = BY_CURRENCY;
    while (by < ROWS && strcmp(text, names[by]) != 0)
        by++;
    if (by == ROWS)
        argp_error(state, "--by: \"%s\" is not one of currency, day, week, month, status", text);
    return by;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->watch;
        return 0;
    case KEY_FROM:
        arguments->from = take_day("--from", argument, state);
        return 0;
    case KEY_TO:
        arguments->to = take_day("--to", argument, state);
        return 0;
    case KEY_BY:
        arguments->by = take_rows(argument, state);
        return 0;
    case ARGP_KEY_SUCCESS:
        if (arguments->from != NULL && arguments->to != NULL && strcmp(arguments->from, arguments->to) > 0)
            argp_error(state, "--from %s is after --to %s", arguments->from, arguments->to);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp statistics_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Counts the orders of some days, or of all, and adds up their revenue, by currency, time or "
           "status.\vEvery order counts, whatever its status; how many of them are cancelled, and their part "
           "of the revenue, stands in columns of its own. To count by status takes time with the number of "
           "orders. What the server itself is doing is `ordersctl stats'.",
};

/* --- weeks and months --- */

static bool is_of_periods(enum rows by)
{
    return by == BY_WEEK || by == BY_MONTH;
}

/* Makes a day the first of its week or month, or the first that was asked for where that one is later. */
static void begin_period(char day[static DAY_LENGTH + 1], const struct arguments *arguments)
{
    static const int64_t monday = 4; /* 1970-01-05 */
    int64_t days;
    char text[DATE_TEXT];
    if (!read_day(day, &days))
        return;
    if (arguments->by == BY_WEEK) {
        const int64_t into_week = ((days - monday) % DAYS_PER_WEEK + DAYS_PER_WEEK) % DAYS_PER_WEEK;
        date_format(days - into_week, text);
        memcpy(day, text, DAY_LENGTH);
    } else {
        day[DAY_LENGTH - 2] = '0';
        day[DAY_LENGTH - 1] = '1';
    }
    if (arguments->from != NULL && strcmp(day, arguments->from) < 0)
        memcpy(day, arguments->from, DAY_LENGTH);
}

/* The begin of the week or month that --to cuts; "": it cuts none. */
static void find_cut(const struct arguments *arguments, char begin[static DAY_LENGTH + 1])
{
    char next[DATE_TEXT];
    int64_t days;
    begin[0] = '\0';
    if (arguments->to == NULL || !read_day(arguments->to, &days))
        return;
    date_format(days + 1, next); /* behind the last day of 9999 that is a day long before */
    memcpy(begin, arguments->to, DAY_LENGTH + 1);
    begin_period(begin, arguments);
    begin_period(next, arguments);
    if (strcmp(begin, next) != 0)
        begin[0] = '\0';
}

static int compare_days(const void *a, const void *b)
{
    const Orders__V1__DayStatistics *one = *(Orders__V1__DayStatistics *const *)a;
    const Orders__V1__DayStatistics *other = *(Orders__V1__DayStatistics *const *)b;
    const int newest_first = strcmp(other->date, one->date);
    return newest_first != 0 ? newest_first : strcmp(one->currency, other->currency);
}

/* What a server says that is not ours may leave int64, where a sum of signed integers is undefined. */
static void add(int64_t *sum, int64_t more)
{
    *sum = (int64_t)((uint64_t)*sum + (uint64_t)more);
}

/* Adds up the days of each period and currency, under the first of them that was asked for. */
static void add_up_periods(Orders__V1__OrderStatistics *statistics, const struct arguments *arguments)
{
    Orders__V1__DayStatistics **days = statistics->days;
    size_t kept = 0;
    for (size_t i = 0; i < statistics->n_days; i++) {
        if (strlen(days[i]->date) == DAY_LENGTH)
            begin_period(days[i]->date, arguments);
    }
    if (statistics->n_days > 1)
        qsort(days, statistics->n_days, sizeof *days, compare_days);
    for (size_t i = 0; i < statistics->n_days; i++) {
        if (kept == 0 || compare_days(&days[kept - 1], &days[i]) != 0) {
            days[kept++] = days[i];
            continue;
        }
        Orders__V1__DayStatistics *sum = days[kept - 1];
        add(&sum->order_count, days[i]->order_count);
        add(&sum->revenue, days[i]->revenue);
        add(&sum->cancelled_count, days[i]->cancelled_count);
        add(&sum->cancelled_revenue, days[i]->cancelled_revenue);
    }
    statistics->n_days = kept;
}

/* --- rows --- */

/* What a row is of, and its figures. */
struct figures_row {
    const char *of, *currency;
    int64_t orders, revenue, average, cancelled, cancelled_revenue;
};

static struct figures_row row_of(const Orders__V1__OrderStatistics *statistics, enum rows by, size_t i,
                                 struct arena *arena)
{
    if (by == BY_STATUS) {
        const Orders__V1__StatusCount *count = statistics->statuses[i];
        const char *name = enum_name(&orders__v1__order_status__descriptor, (int)count->status, arena);
        return (struct figures_row){.of = name != NULL ? name : "", .orders = count->order_count};
    }
    if (by == BY_CURRENCY) {
        const Orders__V1__CurrencyStatistics *sums = statistics->currencies[i];
        return (struct figures_row){.of = sums->currency,
                                    .currency = sums->currency,
                                    .orders = sums->order_count,
                                    .revenue = sums->revenue,
                                    .average = sums->average_revenue,
                                    .cancelled = sums->cancelled_count,
                                    .cancelled_revenue = sums->cancelled_revenue};
    }
    const Orders__V1__DayStatistics *day = statistics->days[i];
    return (struct figures_row){.of = day->date,
                                .currency = day->currency,
                                .orders = day->order_count,
                                .revenue = day->revenue,
                                .cancelled = day->cancelled_count,
                                .cancelled_revenue = day->cancelled_revenue};
}

static size_t count_rows(const Orders__V1__OrderStatistics *statistics, enum rows by)
{
    if (by == BY_STATUS)
        return statistics->n_statuses;
    return by == BY_CURRENCY ? statistics->n_currencies : statistics->n_days;
}

#define OF(rows)   (1U << (rows))
#define OF_PERIODS (OF(BY_DAY) | OF(BY_WEEK) | OF(BY_MONTH))
#define OF_MONEY   (OF(BY_CURRENCY) | OF_PERIODS)

enum value { OF_TEXT, CURRENCY, ORDERS, REVENUE, AVERAGE, CANCELLED, CANCELLED_REVENUE };

static const struct column {
    enum value value;
    const char *field, *title; /* in CSV; in a table, where NULL is no column */
    unsigned rows;             /* that have it */
} columns[] = {
    {OF_TEXT, "currency", "CURRENCY", OF(BY_CURRENCY)},
    {OF_TEXT, "date", "DAY", OF(BY_DAY)},
    {OF_TEXT, "date", "WEEK FROM", OF(BY_WEEK)},
    {OF_TEXT, "date", "MONTH FROM", OF(BY_MONTH)},
    {OF_TEXT, "status", "STATUS", OF(BY_STATUS)},
    {CURRENCY, "currency", NULL, OF_PERIODS}, /* stands behind each amount */
    {ORDERS, "order_count", "ORDERS", OF_MONEY | OF(BY_STATUS)},
    {REVENUE, "revenue", "REVENUE", OF_MONEY},
    {AVERAGE, "average_revenue", "AVERAGE", OF(BY_CURRENCY)},
    {CANCELLED, "cancelled_count", "CANCELLED", OF_MONEY},
    {CANCELLED_REVENUE, "cancelled_revenue", "THEIR REVENUE", OF_MONEY},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Money has decimals and a currency for people, and is the integer it is stored as for programs. */
static const char *cell_of(const struct figures_row *row, enum value value, bool for_people,
                           struct arena *arena)
{
    const int64_t numbers[] = {[ORDERS] = row->orders,
                               [REVENUE] = row->revenue,
                               [AVERAGE] = row->average,
                               [CANCELLED] = row->cancelled,
                               [CANCELLED_REVENUE] = row->cancelled_revenue};
    if (value == OF_TEXT)
        return row->of;
    if (value == CURRENCY)
        return row->currency;
    if (for_people && value != ORDERS && value != CANCELLED)
        return amount_show(numbers[value], row->currency, arena);
    return arena_printf(arena, "%" PRId64, numbers[value]);
}

/* The newest row may be of a part of its week or month. */
static void write_cut(FILE *file, const Orders__V1__OrderStatistics *statistics,
                      const struct arguments *arguments)
{
    char begin[DAY_LENGTH + 1];
    find_cut(arguments, begin);
    if (statistics->n_days > 0 && strcmp(statistics->days[0]->date, begin) == 0)
        fprintf(file, "The %s from %s is counted until %s only.\n",
                arguments->by == BY_WEEK ? "week" : "month", begin, arguments->to);
}

static void write_table(const struct session *session, FILE *file,
                        const Orders__V1__OrderStatistics *statistics, const struct arguments *arguments)
{
    const enum rows by = arguments->by;
    struct table_column shown[COLUMNS];
    enum value values[COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        if ((columns[i].rows & OF(by)) == 0 || columns[i].title == NULL)
            continue;
        shown[n] = (struct table_column){columns[i].title, columns[i].value != OF_TEXT};
        values[n++] = columns[i].value;
    }
    struct table table;
    struct arena arena;
    arena_init(&arena);
    table_init(&table, shown, n);
    table.colored = session->screen.colored;
    fprintf(file, "Orders: %" PRId64 ", of which %" PRId64 " cancelled\n", statistics->order_count,
            statistics->cancelled_count);
    if (is_of_periods(by))
        write_cut(file, statistics, arguments);
    for (size_t i = 0; i < count_rows(statistics, by); i++) {
        const struct figures_row row = row_of(statistics, by, i, &arena);
        const char *cells[COLUMNS];
        for (size_t column = 0; column < n; column++)
            cells[column] = cell_of(&row, values[column], true, &arena);
        table_add(&table, cells);
    }
    if (count_rows(statistics, by) > 0) {
        fputc('\n', file);
        table_write(&table, file);
    }
    table_free(&table);
    arena_free(&arena);
}

static void write_csv(FILE *file, const Orders__V1__OrderStatistics *statistics, enum rows by)
{
    struct arena arena;
    const char *comma = "";
    arena_init(&arena);
    for (size_t i = 0; i < COLUMNS; i++) {
        if ((columns[i].rows & OF(by)) == 0)
            continue;
        fprintf(file, "%s%s", comma, columns[i].field);
        comma = ",";
    }
    fputc('\n', file);
    for (size_t i = 0; i < count_rows(statistics, by); i++) {
        const struct figures_row row = row_of(statistics, by, i, &arena);
        comma = "";
        for (size_t column = 0; column < COLUMNS; column++) {
            if ((columns[column].rows & OF(by)) == 0)
                continue;
            fputs(comma, file);
            output_csv_cell(file, cell_of(&row, columns[column].value, false, &arena));
            comma = ",";
        }
        fputc('\n', file);
    }
    arena_free(&arena);
}

/* As the service says it; weeks and months stand in the place of its days. */
static json_t *json_of(const Orders__V1__OrderStatistics *statistics, enum rows by)
{
    json_t *json = json_from_message(&statistics->base);
    if (is_of_periods(by)) {
        json_object_set(json, by == BY_WEEK ? "weeks" : "months", json_object_get(json, "days"));
        json_object_del(json, "days");
    }
    return json;
}

static void write_statistics(const struct session *session, FILE *file, const struct arguments *arguments,
                             Orders__V1__OrderStatistics *statistics)
{
    if (arguments->watch.interval_ms == 0)
        undated_tell_statistics(statistics);
    if (is_of_periods(arguments->by))
        add_up_periods(statistics, arguments);
    if (session->output == OUTPUT_TABLE)
        write_table(session, file, statistics, arguments);
    else if (session->output == OUTPUT_CSV)
        write_csv(file, statistics, arguments->by);
    else
        output_json(file, session->output, json_of(statistics, arguments->by));
}

static enum exit_code draw(struct session *session, FILE *file, void *input)
{
    const struct arguments *arguments = input;
    Orders__V1__GetOrderStatisticsRequest request = ORDERS__V1__GET_ORDER_STATISTICS_REQUEST__INIT;
    if (arguments->from != NULL)
        request.first_day = arguments->from;
    if (arguments->to != NULL)
        request.last_day = arguments->to;
    request.by_status = arguments->by == BY_STATUS;
    struct rpc_reply *reply = session_call_order(session, "GetOrderStatistics", &request.base);
    const enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK)
        write_statistics(session, file, arguments, (Orders__V1__OrderStatistics *)reply->message);
    rpc_reply_free(reply);
    return code;
}

static enum exit_code statistics_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    return watch_run(session, &arguments->watch, draw, input);
}

const struct command statistics_command = {
    "statistics",      "Count orders by currency, time or status, and what was cancelled",
    &statistics_argp,  sizeof(struct arguments),
    SESSION_NEEDS_KEY, statistics_run};
