/* find.c: a table of conditions, and what of them the index of an order serves. */
#include "store/find.h"

#include "base/time.h"
#include "orders/status.h"
#include "store/order_row.h"
#include "store/row.h"

#include <limits.h>
#include <string.h>

/* --- filters --- */

enum filter {
    BY_STATUS = 1 << 0,
    BY_CUSTOMER = 1 << 1,
    FROM = 1 << 2,
    BEFORE = 1 << 3,
    BY_CURRENCY = 1 << 4,
    AT_LEAST = 1 << 5,
    AT_MOST = 1 << 6,
    SEARCH = 1 << 7,
    ALL = (1 << 8) - 1,
};

/* In the order of the bits. Text is compared byte by byte (COLLATE "C"), and so lower() knows A to Z alone.
 */
static const char *const conditions[] = {
    "o.status = ANY ($7)",   "o.customer_id = $8",
    "o.order_date >= $9",    "o.order_date < $10",
    "o.currency = $11",      "o.total_amount >= $12",
    "o.total_amount <= $13", "(strpos(lower(o.order_id), $14) > 0 OR strpos(lower(o.customer_id), $14) > 0)",
};

enum { CONDITIONS = sizeof conditions / sizeof conditions[0] };

static bool is_given(const char *text)
{
    return text != NULL && *text != '\0';
}

static unsigned query_filters(const struct store_query *query)
{
    return (query->statuses != 0 ? BY_STATUS : 0u) | (is_given(query->customer_id) ? BY_CUSTOMER : 0u) |
           (query->placed_from != NULL ? FROM : 0u) | (query->placed_before != NULL ? BEFORE : 0u) |
           (is_given(query->currency) ? BY_CURRENCY : 0u) | (query->min_amount != 0 ? AT_LEAST : 0u) |
           (query->max_amount != 0 ? AT_MOST : 0u) | (is_given(query->search) ? SEARCH : 0u);
}

/* --- orders --- */

/* Which orders are behind another one: those of either condition, each of which an index serves by itself. */
struct behind {
    const char *first, *second; /* "": there is none */
};

/* Of an order with a key, and of one whose key is null: these are the last, as in the index. */
#define BEHIND(key, parameter) \
    {{"(" key ", o.id) > (" parameter ", $3)", key " IS NULL"}, {key " IS NULL AND o.id > $3", ""}}
#define BEHIND_DESC(key, parameter) \
    {{"(" key ", o.id) < (" parameter ", $3)", ""}, {key " IS NULL AND o.id < $3", key " IS NOT NULL"}}

/* What a list is ordered by. */
static const struct ordering {
    const char *by, *by_desc;                /* ties are broken by id */
    struct behind behind[2], behind_desc[2]; /* the latter: of one whose key is null */
    unsigned served; /* filters for which its index has the orders that match, in this order */
    unsigned few;    /* filters that another index serves, in an order of its own; 0: none */
    const char *few_by;
} orderings[] = {
    [STORE_BY_ID] = {"o.id",
                     "o.id DESC",
                     {{"o.id > $3", ""}, {"o.id > $3", ""}}, /* no id is null, whatever a token says */
                     {{"o.id < $3", ""}, {"o.id < $3", ""}},
                     BY_STATUS | BY_CUSTOMER,
                     FROM | BEFORE,
                     "o.order_date, o.id"},
    [STORE_BY_ORDER_DATE] = {"o.order_date, o.id", "o.order_date DESC, o.id DESC",
                             BEHIND("o.order_date", "$2"), BEHIND_DESC("o.order_date", "$2"), FROM | BEFORE,
                             BY_CUSTOMER, "o.id"},
    [STORE_BY_TOTAL_AMOUNT] = {"o.total_amount, o.id", "o.total_amount DESC, o.id DESC",
                               BEHIND("o.total_amount", "$1"), BEHIND_DESC("o.total_amount", "$1"), ALL, 0,
                               NULL},
};

/* A statement that is being made. */
struct find {
    const struct store_query *query;
    const struct ordering *ordering;
    struct arena *arena;
    const char *order_by;
    unsigned filters;
    unsigned served; /* those of them that the index of the order does */
    unsigned rest;   /* those by which orders are looked at */
    bool is_few;     /* there may be no more than can be looked at */
};

static struct find find_of(const struct store_query *query)
{
    const struct ordering *ordering = &orderings[query->order];
    const unsigned filters = query_filters(query), served = filters & ordering->served;
    return (struct find){
        .query = query,
        .ordering = ordering,
        .order_by = query->descending ? ordering->by_desc : ordering->by,
        .filters = filters,
        .served = served,
        .rest = filters & ~served,
        .is_few = (filters & ordering->few) != 0 && (served & BY_CUSTOMER) == 0,
    };
}

bool find_is_needed(const struct store_query *query)
{
    const bool is_of_some = (query->statuses & (query->statuses - 1)) != 0;
    return query->order != STORE_BY_ID || query->count || is_of_some ||
           (query_filters(query) & ~(unsigned)(BY_STATUS | BY_CUSTOMER)) != 0;
}

uint64_t find_rows(const struct store_query *query, unsigned most)
{
    const uint64_t needed =
        (uint64_t)query->skip + (uint64_t)query->limit + 1; /* one more, for what is next */
    if (find_of(query).rest != 0)
        return most;
    return needed < INT64_MAX ? needed : INT64_MAX;
}

bool find_is_long(const struct store_query *query)
{
    const struct find find = find_of(query);
    return find.rest != 0 || query->order == STORE_BY_TOTAL_AMOUNT || (query->count && find.filters != 0);
}

/* --- the text --- */

/* Both conditions; "" is none. */
static const char *join_conditions(const struct find *find, const char *first, const char *second)
{
    if (*first == '\0' || *second == '\0')
        return *first == '\0' ? second : first;
    return arena_printf(find->arena, "%s AND %s", first, second);
}

/* A condition and those of some filters. */
static const char *find_conditions(const struct find *find, unsigned filters, const char *condition)
{
    for (size_t i = 0; i < CONDITIONS; i++) {
        if ((filters & 1u << i) != 0)
            condition = join_conditions(find, condition, conditions[i]);
    }
    return condition;
}

static const char *find_where(const struct find *find, unsigned filters, const char *condition)
{
    const char *all = find_conditions(find, filters, condition);
    return *all == '\0' ? "" : arena_printf(find->arena, " WHERE %s", all);
}

/* Behind which order the page begins, if not with the first. */
static struct behind find_behind(const struct find *find)
{
    const struct store_query *query = find->query;
    if (!query->is_after)
        return (struct behind){"", ""};
    return (query->descending ? find->ordering->behind_desc : find->ordering->behind)[query->is_after_null];
}

/* The same as one condition, for where no index is of use. */
static const char *find_all_behind(const struct find *find)
{
    const struct behind behind = find_behind(find);
    return *behind.second == '\0' ? behind.first
                                  : arena_printf(find->arena, "(%s OR %s)", behind.first, behind.second);
}

/* The filters for an index scan that begins behind an order. That is within the bound at which it would begin
 * without, so the bound is left out: a scan begins at one of the two, and PostgreSQL may choose that. */
static unsigned find_scanned(const struct find *find)
{
    unsigned filters = find->served;
    if (find->query->is_after && !find->query->is_after_null)
        filters &= ~(unsigned)(find->query->descending ? BEFORE : FROM);
    return filters;
}

/* What the index of the order serves, up to $4 rows. */
static const char *find_walk(const struct find *find, unsigned filters, const char *condition)
{
    return arena_printf(find->arena, "(SELECT o.* FROM ONLY orders o%s ORDER BY %s LIMIT $4)",
                        find_where(find, filters, condition), find->order_by);
}

/* Of several statuses, each of which the index has in this order, with what is to be merged. */
static const char *find_status_walks(const struct find *find, const char *condition)
{
    const char *text = "";
    for (int i = 1; i <= __builtin_popcount(find->query->statuses); i++) {
        const char *status = arena_printf(find->arena, "o.status = ($7)[%d]", i);
        text = arena_printf(
            find->arena, "%s%s%s", text, i == 1 ? "" : " UNION ALL ",
            find_walk(find, find->served & ~(unsigned)BY_STATUS, join_conditions(find, condition, status)));
    }
    return text;
}

/* Of both parts of what is behind an order, likewise. */
static const char *find_date_walks(const struct find *find, const char *condition)
{
    const struct behind behind = find_behind(find);
    const char *first = find_walk(find, find_scanned(find), join_conditions(find, condition, behind.first));
    if (*behind.second == '\0')
        return first;
    return arena_printf(find->arena, "%s UNION ALL %s", first,
                        find_walk(find, find->served, join_conditions(find, condition, behind.second)));
}

/* The orders that match a condition, sorted. */
static const char *find_walks(const struct find *find, const char *condition)
{
    if (find->query->order == STORE_BY_ORDER_DATE)
        return find_date_walks(find, condition);
    condition = join_conditions(find, condition, find_all_behind(find));
    return find->query->order == STORE_BY_ID && (find->served & BY_STATUS) != 0
               ? find_status_walks(find, condition)
               : find_walk(find, find->served, condition);
}

#define IS_FEW "(SELECT count(*) <= $4 FROM few)"

/* The orders to look at, sorted. */
static const char *find_source(const struct find *find)
{
    if (!find->is_few)
        return find_walks(find, "");
    return arena_printf(find->arena, "(SELECT o.* FROM few o%s ORDER BY %s LIMIT $4) UNION ALL %s",
                        find_where(find, find->served, join_conditions(find, IS_FEW, find_all_behind(find))),
                        find->order_by, find_walks(find, "NOT " IS_FEW));
}

static const char *find_few(const struct find *find)
{
    if (!find->is_few)
        return "";
    return arena_printf(
        find->arena, "WITH few AS MATERIALIZED (SELECT o.* FROM ONLY orders o%s ORDER BY %s LIMIT $4 + 1) ",
        find_where(find, find->filters & find->ordering->few, ""), find->ordering->few_by);
}

static const char *find_total(const struct find *find)
{
    if (!find->query->count)
        return "NULL::bigint";
    if (find->filters == 0)
        return "(SELECT coalesce(sum(orders), 0)::bigint FROM ONLY order_rollup)";
    return arena_printf(find->arena, "(SELECT count(*) FROM ONLY orders o%s)",
                        find_where(find, find->filters, ""));
}

/* The window is in the order of its rows, which it numbers as they come: once the page is full, nothing more
 * is read. */
const char *find_compose(const struct store_query *query, struct arena *arena)
{
    struct find find = find_of(query);
    find.arena = arena;
    return arena_printf(
        arena,
        "%sSELECT t.total, o.nth, o.matched, o.matches, " ORDER_ROW_COLUMNS " FROM (SELECT %s AS total) t "
        "LEFT JOIN (SELECT o.* FROM (SELECT o.*, row_number() OVER walk AS nth, "
        "count(*) FILTER (WHERE o.matches) OVER walk AS matched "
        "FROM (SELECT o.*, %s AS matches FROM (SELECT o.* FROM (%s) o ORDER BY %s LIMIT $4) o) o "
        "WINDOW walk AS (ORDER BY %s ROWS UNBOUNDED PRECEDING)) o "
        "WHERE o.matches AND o.matched > $6 OR o.nth = $4 ORDER BY %s LIMIT $5 + 1) o ON true ORDER BY o.nth",
        find_few(&find), find_total(&find), find.rest == 0 ? "true" : find_conditions(&find, find.rest, ""),
        find_source(&find), find.order_by, find.order_by, find.order_by);
}

/* --- parameters --- */

/* The first microsecond that is not before it: those between two compare as the later one does. */
static int64_t micros_not_before(const Google__Protobuf__Timestamp *timestamp)
{
    return timestamp == NULL ? 0 : row_micros_from_timestamp(timestamp) + (timestamp->nanos % NS_PER_US != 0);
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void add_statuses(struct params *params, unsigned statuses)
{
    params_array(params, PG_TEXT, (size_t)__builtin_popcount(statuses));
    for (unsigned status = 0; status < sizeof statuses * CHAR_BIT; status++) {
        if ((statuses & 1u << status) != 0)
            params_add_text(params, order_status_word((Orders__V1__OrderStatus)status));
    }
}

void find_encode(struct params *params, const struct store_query *query, uint64_t rows)
{
    params_int8(params, query->after_key); /* $1 as an amount, $2 as a time */
    params_int8(params, query->after_key);
    params_int8(params, query->after_id);
    params_int8(params, (int64_t)rows);
    params_int8(params, query->limit);
    params_int8(params, query->skip);
    add_statuses(params, query->statuses);
    params_text(params, text_or_empty(query->customer_id));
    params_int8(params, micros_not_before(query->placed_from));
    params_int8(params, micros_not_before(query->placed_before));
    params_text(params, text_or_empty(query->currency));
    params_int8(params, query->min_amount);
    params_int8(params, query->max_amount);
    params_text(params, text_or_empty(query->search));
}
