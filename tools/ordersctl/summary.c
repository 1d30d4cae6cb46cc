/* summary.c: how many orders there are, and what they brought in. */
#include "command.h"
#include "json_text.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"
#include "table.h"
#include "json/mapping.h"

#include <inttypes.h>

/* Below a blank line; nothing when it is empty. */
static void write_table(struct table *table)
{
    if (table->first != NULL) {
        puts("");
        table_write(table, stdout);
    }
    table_free(table);
}

static void write_totals(const Orders__V1__OrderSummary *summary)
{
    static const struct table_column columns[] = {{"CURRENCY", false}, {"TOTAL", true}};
    struct table table;
    table_init(&table, columns, 2);
    for (size_t i = 0; i < summary->n_total_revenue; i++) {
        const Orders__V1__CurrencyTotal *total = summary->total_revenue[i];
        const char *const cells[] = {total->currency, arena_printf(&table.arena, "%" PRId64, total->total)};
        table_add(&table, cells);
    }
    write_table(&table);
}

static void write_days(const Orders__V1__OrderSummary *summary)
{
    static const struct table_column columns[] = {{"DAY", false}, {"CURRENCY", false}, {"REVENUE", true}};
    struct table table;
    table_init(&table, columns, 3);
    for (size_t i = 0; i < summary->n_revenue_per_day; i++) {
        const Orders__V1__DailyRevenue *day = summary->revenue_per_day[i];
        const char *const cells[] = {day->date, day->currency,
                                     arena_printf(&table.arena, "%" PRId64, day->revenue)};
        table_add(&table, cells);
    }
    write_table(&table);
}

static enum exit_code run(struct session *session, void *arguments)
{
    Orders__V1__GetOrderSummaryRequest request = ORDERS__V1__GET_ORDER_SUMMARY_REQUEST__INIT;
    request.verify = *(const bool *)arguments;
    struct rpc_reply *reply = session_call_order(session, "GetOrderSummary", &request.base);
    const enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK && session->output == OUTPUT_JSON) {
        json_text_write(stdout, json_from_message(reply->message), JSON_INDENT(2));
        puts("");
    } else if (code == EXIT_OK) {
        const Orders__V1__OrderSummary *summary = (const Orders__V1__OrderSummary *)reply->message;
        printf("Orders: %" PRId64 "\n", summary->total_orders);
        write_totals(summary);
        write_days(summary);
    }
    rpc_reply_free(reply);
    return output_end(code);
}

static const struct argp_option options[] = {
    {"verify", 'v', NULL, 0, "Count all orders anew, too; fail with DATA_LOSS if the summary differs"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    if (key != 'v')
        return ARGP_ERR_UNKNOWN;
    *(bool *)state->input = true;
    return 0;
}

static const struct argp summary_argp = {
    .options = options,
    .parser = parse,
    .doc = "Prints how many orders there are, and their revenue by currency and by day.",
};

const struct command summary_command = {
    "summary", "Count orders and add up their revenue", &summary_argp, sizeof(bool), SESSION_NEEDS_KEY, run};
