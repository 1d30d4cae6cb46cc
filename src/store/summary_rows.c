/* summary_rows.c: two sorted lists are merged, and the bytes of what stays are copied. */
#include "store/summary_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAYS_TO_2000 = 10957,
    S_PER_DAY = 86400,
    DAYS_FIELD = 3, /* of OrderSummary: revenue_per_day */
    WIRE_LENGTH = 2,
    DAYS_TAG = DAYS_FIELD << 3 | WIRE_LENGTH,
    VARINT_MOST = 10,
};

static void *summary_rows_grow(void *memory, size_t n, size_t size)
{
    void *grown = reallocarray(memory, n, size);
    if (grown == NULL)
        abort(); /* as the arena does */
    return grown;
}

void summary_rows_free(struct summary_rows *rows)
{
    for (size_t i = 0; i < rows->n_currencies; i++)
        free(rows->currencies[i]);
    free(rows->currencies);
    free(rows->rows);
    *rows = (struct summary_rows){0};
}

/* --- rows --- */

/* Rows come by day and then by currency. */
uint16_t summary_rows_currency(struct summary_rows *rows, const char *currency, uint16_t last)
{
    const size_t n = rows->n_currencies;
    for (size_t i = 1; i <= n; i++) {
        const size_t index = (last + i) % n;
        if (strcmp(rows->currencies[index], currency) == 0)
            return (uint16_t)index;
    }
    if (n == SUMMARY_NOTHING)
        return SUMMARY_NOTHING;
    rows->currencies = summary_rows_grow(rows->currencies, n + 1, sizeof *rows->currencies);
    rows->currencies[n] = strdup(currency);
    if (rows->currencies[n] == NULL)
        abort();
    rows->n_currencies++;
    return (uint16_t)n;
}

void summary_rows_add(struct summary_rows *rows, struct summary_row row)
{
    if (rows->n == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 64 : 2 * rows->capacity;
        rows->rows = summary_rows_grow(rows->rows, rows->capacity, sizeof *rows->rows);
    }
    rows->rows[rows->n++] = row;
}

static int compare_rows(const void *a, const void *b, void *currencies_of)
{
    char **currencies = currencies_of;
    const struct summary_row *x = a, *y = b;
    if (x->day != y->day)
        return x->day > y->day ? -1 : 1;
    if (x->currency == y->currency || x->currency == SUMMARY_NOTHING || y->currency == SUMMARY_NOTHING)
        return 0;
    return strcmp(currencies[x->currency], currencies[y->currency]);
}

void summary_rows_sort(struct summary_rows *rows, const struct summary_rows *of)
{
    if (rows->n > 1)
        qsort_r(rows->rows, rows->n, sizeof *rows->rows, compare_rows, of->currencies);
}

/* --- days that are packed --- */

bool summary_rows_date(int32_t day, char date[static DATE_TEXT])
{
    const int64_t days = (int64_t)day + DAYS_TO_2000;
    if (day == SUMMARY_NO_DAY || days < TIMESTAMP_MIN_SECONDS / S_PER_DAY ||
        days > TIMESTAMP_MAX_SECONDS / S_PER_DAY)
        return false;
    date_format(days, date);
    return true;
}

static uint8_t *put_varint(uint8_t *out, size_t value)
{
    for (; value >= 0x80; value >>= 7)
        *out++ = (uint8_t)(value | 0x80);
    *out++ = (uint8_t)value;
    return out;
}

static Orders__V1__DailyRevenue daily_revenue(const struct summary_row *row, char *date, char *currency)
{
    Orders__V1__DailyRevenue daily = ORDERS__V1__DAILY_REVENUE__INIT;
    daily.date = date;
    daily.currency = currency;
    daily.revenue = row->revenue;
    return daily;
}

/* What rows take that are packed, at most. */
static size_t measure_days(const struct summary_rows *rows, char *const currencies[])
{
    char date[DATE_TEXT] = "9999-12-31";
    size_t size = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->rows[i].currency == SUMMARY_NOTHING)
            continue;
        const Orders__V1__DailyRevenue daily =
            daily_revenue(&rows->rows[i], date, currencies[rows->rows[i].currency]);
        size += 1 + VARINT_MOST + orders__v1__daily_revenue__get_packed_size(&daily);
    }
    return size;
}

/* What the rows become, and their bytes. */
struct summary_merge {
    struct summary_rows *rows; /* which come of it */
    struct summary_packed packed;
};

/* Adds a row, and packs it. */
static void merge_new(struct summary_merge *merge, struct summary_row row)
{
    char date[DATE_TEXT];
    row.start = (uint32_t)merge->packed.size;
    summary_rows_add(merge->rows, row);
    if (!summary_rows_date(row.day, date))
        return;
    const Orders__V1__DailyRevenue daily = daily_revenue(&row, date, merge->rows->currencies[row.currency]);
    uint8_t *out = merge->packed.bytes + merge->packed.size;
    *out++ = DAYS_TAG;
    out = put_varint(out, orders__v1__daily_revenue__get_packed_size(&daily));
    out += orders__v1__daily_revenue__pack(&daily, out);
    merge->packed.size = (size_t)(out - merge->packed.bytes);
}

/* Adds rows that stay as they are, up to one that does not, or the end. */
static void merge_old(struct summary_merge *merge, const struct summary_row *first,
                      const struct summary_row *end, const struct summary_packed *packed, size_t end_start)
{
    if (first == end)
        return;
    const size_t size = end_start - first->start;
    const uint32_t moved = (uint32_t)merge->packed.size - first->start;
    memcpy(merge->packed.bytes + merge->packed.size, packed->bytes + first->start, size);
    merge->packed.size += size;
    for (const struct summary_row *row = first; row < end; row++) {
        struct summary_row kept = *row;
        kept.start += moved;
        summary_rows_add(merge->rows, kept);
    }
}

void summary_rows_replace(struct summary_rows *rows, const struct summary_rows *by,
                          struct summary_packed *packed, struct arena *arena)
{
    const struct summary_rows old = *rows;
    const struct summary_row *end = old.rows + old.n, *next = old.rows;
    const size_t room = packed->size + measure_days(by, rows->currencies);
    struct summary_rows made = {.currencies = rows->currencies, .n_currencies = rows->n_currencies};
    struct summary_merge merge = {.rows = &made, .packed.bytes = arena_alloc(arena, room)};
    if (old.n + by->n > 0) {
        made.capacity = old.n + by->n;
        made.rows = summary_rows_grow(NULL, made.capacity, sizeof *made.rows);
    }
    for (size_t i = 0; i < by->n;) {
        const int32_t day = by->rows[i].day;
        const struct summary_row *first = next;
        while (next < end && next->day > day)
            next++;
        merge_old(&merge, first, next, packed, next < end ? next->start : packed->size);
        while (next < end && next->day == day)
            next++;
        for (; i < by->n && by->rows[i].day == day; i++) {
            if (by->rows[i].currency != SUMMARY_NOTHING)
                merge_new(&merge, by->rows[i]);
        }
    }
    merge_old(&merge, next, end, packed, packed->size);
    assert(merge.packed.size <= room);
    free(old.rows);
    *rows = made;
    *packed = merge.packed;
}

/* --- answers --- */

static int compare_totals(const void *a, const void *b)
{
    return strcmp((*(Orders__V1__CurrencyTotal *const *)a)->currency,
                  (*(Orders__V1__CurrencyTotal *const *)b)->currency);
}

/* Sums in 128 bits, of which no number of rows leaves. */
struct summary_total {
    __int128 revenue;
    char *currency; /* in the answer's arena; NULL: no row has it */
};

/* False: a sum leaves int64. */
static bool add_totals(Orders__V1__OrderSummary *summary, const struct summary_rows *rows,
                       struct summary_total *totals, struct arena *arena)
{
    __int128 orders = 0;
    bool fits = true;
    for (size_t i = 0; i < rows->n; i++) {
        struct summary_total *total = &totals[rows->rows[i].currency];
        total->revenue += rows->rows[i].revenue;
        orders += rows->rows[i].orders;
        if (total->currency == NULL)
            total->currency = arena_strdup(arena, rows->currencies[rows->rows[i].currency]);
    }
    summary->total_orders = (int64_t)orders;
    fits &= summary->total_orders == orders;
    summary->total_revenue = arena_calloc(arena, rows->n_currencies, sizeof *summary->total_revenue);
    for (size_t i = 0; i < rows->n_currencies; i++) {
        if (totals[i].currency == NULL)
            continue;
        Orders__V1__CurrencyTotal *total = arena_alloc(arena, sizeof *total);
        orders__v1__currency_total__init(total);
        total->currency = totals[i].currency;
        total->total = (int64_t)totals[i].revenue;
        fits &= total->total == totals[i].revenue;
        summary->total_revenue[summary->n_total_revenue++] = total;
    }
    if (summary->n_total_revenue > 1)
        qsort(summary->total_revenue, summary->n_total_revenue, sizeof *summary->total_revenue,
              compare_totals);
    return fits;
}

/* Those of one day share its date. */
static void add_days(Orders__V1__OrderSummary *summary, const struct summary_rows *rows,
                     const struct summary_total *totals, struct arena *arena)
{
    Orders__V1__DailyRevenue *days = arena_calloc(arena, rows->n, sizeof *days);
    char date[DATE_TEXT], *kept = NULL;
    summary->revenue_per_day = arena_calloc(arena, rows->n, sizeof *summary->revenue_per_day);
    for (size_t i = 0; i < rows->n; i++) {
        const struct summary_row *row = &rows->rows[i];
        if (i == 0 || row->day != row[-1].day)
            kept = summary_rows_date(row->day, date) ? arena_strdup(arena, date) : NULL;
        if (kept == NULL)
            continue;
        days[i] = daily_revenue(row, kept, totals[row->currency].currency);
        summary->revenue_per_day[summary->n_revenue_per_day++] = &days[i];
    }
}

static void add_packed(Orders__V1__OrderSummary *summary, const struct summary_packed *packed,
                       struct arena *arena)
{
    if (packed->size == 0)
        return;
    ProtobufCMessageUnknownField *days = arena_alloc(arena, sizeof *days);
    *days = (ProtobufCMessageUnknownField){
        .tag = DAYS_FIELD,
        .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
        .len = packed->size - 1, /* but for the first tag, which protobuf-c puts before it */
        .data = packed->bytes + 1,
    };
    summary->base.n_unknown_fields = 1;
    summary->base.unknown_fields = days;
}

Orders__V1__OrderSummary *summary_rows_message(const struct summary_rows *rows,
                                               const struct summary_packed *packed, struct arena *arena)
{
    Orders__V1__OrderSummary *summary = arena_alloc(arena, sizeof *summary);
    struct summary_total *totals = arena_calloc(arena, rows->n_currencies, sizeof *totals);
    orders__v1__order_summary__init(summary);
    if (!add_totals(summary, rows, totals, arena))
        return NULL;
    if (packed != NULL)
        add_packed(summary, packed, arena);
    else
        add_days(summary, rows, totals, arena);
    return summary;
}
