/* list_query.c: one check for each field, in the order in which they are numbered. */
#include "service/list_query.h"

#include "base/time.h"
#include "orders/currency.h"
#include "orders/fields.h"
#include "orders/status.h"
#include "service/page_token.h"

#include <inttypes.h>
#include <string.h>

enum { SEARCH_MAX = 255 }; /* characters, as many as an id has */

/* What order_by_word says, one by one. */
static const struct {
    enum store_order order;
    bool descending;
} orderings[] = {
    {STORE_BY_ID, false},           {STORE_BY_ID, true},
    {STORE_BY_ORDER_DATE, false},   {STORE_BY_ORDER_DATE, true},
    {STORE_BY_TOTAL_AMOUNT, false}, {STORE_BY_TOTAL_AMOUNT, true},
};

static void read_order_by(struct call *call, const char *order_by, struct store_query *query)
{
    size_t i = 0;
    const char *word = order_by_word(0);
    while (*order_by != '\0' && word != NULL && strcmp(order_by, word) != 0)
        word = order_by_word(++i);
    if (word == NULL) {
        call_violation_of(call, "order_by", "enum", order_by_words, "must be one of %s", order_by_words);
        return;
    }
    query->order = orderings[i].order;
    query->descending = orderings[i].descending;
}

static bool is_within(struct call *call, const char *field, int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        call_violation_of(call, field, "greater_than_equal", arena_printf(&call->arena, "%" PRId64, least),
                          "must be at least %" PRId64, least);
    else if (value > most)
        call_violation_of(call, field, "less_than_equal", arena_printf(&call->arena, "%" PRId64, most),
                          "must be at most %" PRId64, most);
    return value >= least && value <= most;
}

static void read_page(struct call *call, const Orders__V1__ListOrdersRequest *request,
                      struct store_query *query)
{
    struct store_next from;
    is_within(call, "page_size", request->page_size, 0, ORDER_PAGE_MAX);
    query->limit = request->page_size == 0 ? ORDER_PAGE_DEFAULT : request->page_size;
    if (!page_token_read(request, &from))
        call_violation(call, "page_token", "unknown_page_token",
                       "must be the next_page_token of a list with the same filters and order");
    is_within(call, "skip", request->skip, 0, INT64_MAX);
    query->is_after = from.more;
    query->after_id = from.id;
    query->after_key = from.key;
    query->is_after_null = from.is_key_null;
    query->skip = request->skip <= INT64_MAX - from.skip ? request->skip + from.skip : INT64_MAX;
}

static void read_status(struct call *call, const char *field, Orders__V1__OrderStatus status,
                        struct store_query *query)
{
    if (order_status_word(status) != NULL)
        query->statuses |= 1u << status;
    else
        call_violation_of(call, field, "enum", order_status_words, "must be one of %s", order_status_words);
}

static void read_statuses(struct call *call, const Orders__V1__ListOrdersRequest *request,
                          struct store_query *query)
{
    const size_t before = call->status.n_violations;
    if (request->status != ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED)
        read_status(call, "status", request->status, query);
    for (size_t i = 0; i < request->n_statuses && call->status.n_violations == before; i++)
        read_status(call, "statuses", request->statuses[i], query);
}

static const Google__Protobuf__Timestamp *read_time(struct call *call, const char *field,
                                                    const Google__Protobuf__Timestamp *time)
{
    if (time == NULL || (time->seconds >= TIMESTAMP_MIN_SECONDS && time->seconds <= TIMESTAMP_MAX_SECONDS &&
                         time->nanos >= 0 && time->nanos < NS_PER_S))
        return time;
    call_violation_of(call, field, "datetime_from_date_parsing", "a time between the years 0001 and 9999",
                      "must be a date and time: a time between the years 0001 and 9999");
    return NULL;
}

static bool is_earlier(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
    return a->seconds != b->seconds ? a->seconds < b->seconds : a->nanos < b->nanos;
}

static void read_dates(struct call *call, const Orders__V1__ListOrdersRequest *request,
                       struct store_query *query)
{
    query->placed_from = read_time(call, "placed_from", request->placed_from);
    query->placed_before = read_time(call, "placed_before", request->placed_before);
    if (query->placed_from == NULL || query->placed_before == NULL ||
        is_earlier(query->placed_from, query->placed_before))
        return;
    char text[TIMESTAMP_TEXT];
    timestamp_format((struct timestamp){query->placed_from->seconds, query->placed_from->nanos}, text);
    call_violation_of(call, "placed_before", "greater_than", arena_strdup(&call->arena, text),
                      "must be later than placed_from, which is %s", text);
}

static void read_currency(struct call *call, const char *given, struct store_query *query)
{
    query->currency = *given != '\0' ? currency_find(given) : "";
    if (query->currency == NULL)
        call_violation_of(call, "currency", "unknown_currency", currency_codes, "must be one of %s",
                          currency_codes);
}

static void read_amounts(struct call *call, const Orders__V1__ListOrdersRequest *request,
                         struct store_query *query)
{
    query->min_amount = request->min_amount;
    query->max_amount = request->max_amount;
    if (is_within(call, "min_amount", request->min_amount, 0, ORDER_AMOUNT_MAX) && request->max_amount != 0)
        is_within(call, "max_amount", request->max_amount, request->min_amount, ORDER_AMOUNT_MAX);
}

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80; /* all but UTF-8's continuation bytes */
    return n;
}

/* A to Z in lower case: the rest of Unicode is as it is, as it is for the store. */
static void read_search(struct call *call, const char *given, struct store_query *query)
{
    if (count_characters(given) > SEARCH_MAX) {
        call_violation_of(call, "search", "string_too_long", arena_printf(&call->arena, "%d", SEARCH_MAX),
                          "must have at most %d characters", SEARCH_MAX);
        return;
    }
    char *search = arena_strdup(&call->arena, given);
    for (char *at = search; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
    query->search = search;
}

void list_query_read(struct call *call, const Orders__V1__ListOrdersRequest *request,
                     struct store_query *query)
{
    *query = (struct store_query){.customer_id = request->customer_id, .count = request->count};
    read_page(call, request, query);
    read_statuses(call, request, query);
    read_order_by(call, request->order_by, query);
    read_dates(call, request, query);
    read_currency(call, request->currency, query);
    read_amounts(call, request, query);
    read_search(call, request->search, query);
}
