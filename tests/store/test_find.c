/* test_find.c: lists by every filter and order, against the same orders filtered and sorted here; page by
 * page, with few orders to look at for each. */
#include "store/find.h"
#include "store_calls.h"
#include "support/database.h"

#include "orders/status.h"
#include "store/row.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(find, .timeout = 120);

enum {
    LONG_MS = 60000,
    LOOK = 7, /* orders that a call looks at */
    ROWS = 60,
    ROWS_MOST = 400,
    SEED = 66,
    US_PER_S = 1000000,
};

static char *url;
static PGconn *database;
static struct store *store;

static void open_with(unsigned look_rows)
{
    static char service_url[1024];
    char error[1024] = "", *service = NULL;
    url = database_create();
    database = database_connect(url);
    service = database_service_url(url);
    snprintf(service_url, sizeof service_url, "%s", service);
    free(service);
    const struct postgres_options options = {
        .database_url = service_url, .workers = 1, .look_rows = look_rows};
    store = postgres_open(&options, error, sizeof error);
    cr_assert_not_null(store, "%s", error);
}

static void close_all(void)
{
    postgres_close(store);
    PQfinish(database);
    database_drop(url);
}

/* --- the orders --- */

#define IS_NULL INT64_MAX /* nulls are last */

struct row {
    int64_t id, micros, amount; /* micros: since 2000; these two may be null */
    char order_id[32], customer_id[24];
    const char *currency;
    Orders__V1__OrderStatus status;
};

static struct row rows[ROWS_MOST];
static size_t n_rows;
static unsigned seed = SEED;

static unsigned pick(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

/* With few values of each, so that there are ties, and with what patterns would take for their own. */
static struct row make_row(int64_t id)
{
    static const char *const names[] = {"ORD-", "ord_", "o%d", "o\\r'", "Ö-"};
    static const char *const customers[] = {"CUST-A", "cust-b", "100%", "c_d"};
    static const char *const currencies[] = {"EUR", "ISK", "USD"};
    struct row row = {
        .id = id,
        .micros = (int64_t)pick(12) * 40 * US_PER_S * 60 * 60 + (int64_t)pick(3),
        .amount = 1 + (int64_t)pick(9),
        .currency = currencies[pick(3)],
        .status = (Orders__V1__OrderStatus)(1 + pick(7)),
    };
    snprintf(row.order_id, sizeof row.order_id, "%s%" PRId64, names[pick(5)], id);
    snprintf(row.customer_id, sizeof row.customer_id, "%s", customers[pick(4)]);
    return row;
}

static void insert_row(const struct row *row)
{
    char sql[512];
    char *order_id = PQescapeLiteral(database, row->order_id, strlen(row->order_id));
    snprintf(sql, sizeof sql,
             "INSERT INTO orders (id, order_id, customer_id, order_date, total_amount, currency, status) "
             "OVERRIDING SYSTEM VALUE VALUES (%" PRId64 ", %s, '%s', timestamptz '2000-01-01 00:00:00+00' + "
             "%" PRId64 " * interval '1 microsecond', %" PRId64 ", '%s', '%s')",
             row->id, order_id, row->customer_id, row->micros, row->amount, row->currency,
             order_status_word(row->status));
    PQfreemem(order_id);
    free(database_query(database, sql));
}

static void insert_rows(size_t n)
{
    free(database_query(database, "BEGIN"));
    for (size_t i = 0; i < n; i++) {
        rows[n_rows] = make_row((int64_t)n_rows + 1);
        insert_row(&rows[n_rows++]);
    }
    free(database_query(database, "COMMIT"));
}

/* What no sequence makes, and a COPY may bring. */
static void insert_odd_rows(void)
{
    static const int64_t ids[] = {INT64_MIN, -5, 0, INT64_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        rows[n_rows] = make_row(ids[i]);
        insert_row(&rows[n_rows++]);
    }
}

/* What there is once somebody has dropped NOT NULL and disabled the triggers that would refuse it. */
static void insert_null_rows(void)
{
    static const struct {
        int64_t id;
        bool has_date, has_amount;
    } nulls[] = {{-7, false, false},  {1000, false, true}, {1001, true, false},  {1002, false, false},
                 {1003, false, true}, {1004, true, false}, {1005, false, false}, {1006, false, true},
                 {1007, true, false}, {1008, false, true}, {1009, true, false}};
    free(database_query(database, "ALTER TABLE orders ALTER order_date DROP NOT NULL, "
                                  "ALTER total_amount DROP NOT NULL, DISABLE TRIGGER USER"));
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        char sql[160];
        struct row *row = &rows[n_rows++];
        *row = make_row(nulls[i].id);
        insert_row(row);
        row->micros = nulls[i].has_date ? row->micros : IS_NULL;
        row->amount = nulls[i].has_amount ? row->amount : IS_NULL;
        snprintf(sql, sizeof sql, "UPDATE orders SET order_date = %s, total_amount = %s WHERE id = %" PRId64,
                 nulls[i].has_date ? "order_date" : "NULL", nulls[i].has_amount ? "total_amount" : "NULL",
                 nulls[i].id);
        free(database_query(database, sql));
    }
}

/* --- what should be listed --- */

static const struct store_query *sorted_by;

static int64_t key_of(const struct store_query *query, const struct row *row)
{
    switch (query->order) {
    case STORE_BY_ORDER_DATE:
        return row->micros;
    case STORE_BY_TOTAL_AMOUNT:
        return row->amount;
    default:
        return row->id;
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
    const int64_t x_key = key_of(sorted_by, x), y_key = key_of(sorted_by, y);
    const int order = x_key != y_key ? (x_key > y_key) - (x_key < y_key) : (x->id > y->id) - (x->id < y->id);
    return sorted_by->descending ? -order : order;
}

static bool has_text(const char *text, const char *search)
{
    char lower[32] = "";
    for (size_t i = 0; text[i] != '\0'; i++)
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    return strstr(lower, search) != NULL;
}

static bool is_wanted(const struct store_query *query, const struct row *row)
{
    const struct timestamp_pair {
        const Google__Protobuf__Timestamp *from, *before;
    } dates = {query->placed_from, query->placed_before};
    return (query->statuses == 0 || (query->statuses & 1u << row->status) != 0) &&
           (query->customer_id == NULL || strcmp(query->customer_id, row->customer_id) == 0) &&
           ((dates.from == NULL && dates.before == NULL) || row->micros != IS_NULL) &&
           (dates.from == NULL || row->micros >= row_micros_from_timestamp(dates.from)) &&
           (dates.before == NULL || row->micros < row_micros_from_timestamp(dates.before)) &&
           (query->currency == NULL || strcmp(query->currency, row->currency) == 0) &&
           ((query->min_amount == 0 && query->max_amount == 0) || row->amount != IS_NULL) &&
           (query->min_amount == 0 || row->amount >= query->min_amount) &&
           (query->max_amount == 0 || row->amount <= query->max_amount) &&
           (query->search == NULL || has_text(row->order_id, query->search) ||
            has_text(row->customer_id, query->search));
}

static size_t expect_ids(const struct store_query *query, int64_t ids[static ROWS_MOST])
{
    const struct row *wanted[ROWS_MOST];
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        if (is_wanted(query, &rows[i]))
            wanted[n++] = &rows[i];
    }
    sorted_by = query;
    qsort(wanted, n, sizeof wanted[0], compare_rows);
    for (size_t i = 0; i < n; i++)
        ids[i] = wanted[i]->id;
    return n;
}

/* --- what is --- */

/* A page, of which nothing is left once its closure has returned. */
struct page {
    struct pending *pending;
    size_t n;
    int64_t ids[ROWS_MOST];
    int64_t total;
};

static void keep_page(const Orders__V1__ListOrdersResponse *found, void *arg)
{
    struct page *page = arg;
    for (size_t i = 0; found != NULL && i < found->n_orders; i++)
        page->ids[page->n++] = found->orders[i]->id;
    page->total = found != NULL ? found->total : -1;
    pending_done(found != NULL ? &found->base : NULL, page->pending);
}

/* Asks for a page, and moves the query on to the next. False: there is none. */
static bool read_page(struct store_query *query, struct page *page)
{
    static struct store_next next;
    *page = (struct page){.pending = pending_new(LONG_MS)};
    query->next = &next;
    store->list(store, &page->pending->call, query, keep_page, page);
    const enum status_code code = pending_wait(page->pending);
    cr_assert_eq(code, STATUS_OK, "%s", page->pending->call.status.message);
    cr_assert_leq(page->n, (size_t)query->limit);
    pending_free(page->pending);
    query->is_after = next.more;
    query->after_id = next.id;
    query->after_key = next.key;
    query->is_after_null = next.is_key_null;
    query->skip = next.skip;
    return next.more;
}

static const char *describe(const struct store_query *query)
{
    static char text[256];
    snprintf(text, sizeof text,
             "order %d%s, limit %" PRId64 ", skip %" PRId64 ", statuses %x, customer %s, dates %d %d, "
             "currency %s, amounts %" PRId64 " %" PRId64 ", search %s",
             query->order, query->descending ? " desc" : "", query->limit, query->skip, query->statuses,
             query->customer_id != NULL ? query->customer_id : "", query->placed_from != NULL,
             query->placed_before != NULL, query->currency != NULL ? query->currency : "", query->min_amount,
             query->max_amount, query->search != NULL ? query->search : "");
    return text;
}

/* Pages through a list: all that should be there is, once, in order, after what is to be passed over. */
static void expect_walk(const struct store_query *query)
{
    int64_t ids[ROWS_MOST];
    const size_t n = expect_ids(query, ids);
    struct store_query from = *query;
    struct page page;
    size_t at = (size_t)query->skip < n ? (size_t)query->skip : n, calls = 0;
    bool more = true;
    while (more) {
        more = read_page(&from, &page);
        for (size_t i = 0; i < page.n; i++, at++)
            cr_assert(at < n && page.ids[i] == ids[at], "%s: %" PRId64 " as the %zuth of %zu",
                      describe(query), page.ids[i], at, n);
        if (query->count)
            cr_assert_eq(page.total, (int64_t)n, "%s: %" PRId64 " of %zu", describe(query), page.total, n);
        cr_assert_leq(++calls, 2 * n_rows + 2, "%s: it does not end", describe(query));
    }
    cr_assert_eq(at, n, "%s: %zu of %zu", describe(query), at, n);
}

/* --- each alone, and together --- */

static Google__Protobuf__Timestamp time_of(int64_t micros)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = INT64_C(946684800) + micros / US_PER_S;
    time.nanos = (int32_t)(micros % US_PER_S) * 1000;
    return time;
}

enum { FILTERS = 8 };

/* Sets one of the filters to something. */
static void set_filter(struct store_query *query, unsigned filter,
                       Google__Protobuf__Timestamp times[static 2])
{
    static const char *const searches[] = {"ord", "%", "_", "\\", "cust",    "d-1",
                                           "1",   "ö", "Ö", "'",  "nobody's"};
    const struct row *row = &rows[pick(ROWS)]; /* which is whole */
    switch (filter) {
    case 0:
        query->statuses = pick(2) == 0 ? 1u << row->status : 0xfeu & (1 + pick(255)) & ~1u;
        break;
    case 1:
        query->customer_id = row->customer_id;
        break;
    case 2:
        times[0] = time_of(row->micros);
        query->placed_from = &times[0];
        break;
    case 3:
        times[1] = time_of(row->micros);
        query->placed_before = &times[1];
        break;
    case 4:
        query->currency = row->currency;
        break;
    case 5:
        query->min_amount = row->amount;
        break;
    case 6:
        query->max_amount = row->amount;
        break;
    default:
        query->search = searches[pick(sizeof searches / sizeof searches[0])];
    }
}

static struct store_query query_in_order(unsigned order)
{
    return (struct store_query){
        .order = (enum store_order)(order % 3),
        .descending = order >= 3,
        .limit = 1 + (int64_t)pick(pick(2) == 0 ? 5 : ROWS + 5),
    };
}

Test(find, every_filter_alone_in_every_order)
{
    Google__Protobuf__Timestamp times[2];
    open_with(LOOK);
    insert_rows(ROWS);
    insert_odd_rows();
    for (unsigned order = 0; order < 6; order++) {
        for (unsigned filter = 0; filter <= FILTERS; filter++) {
            struct store_query query = query_in_order(order);
            if (filter < FILTERS)
                set_filter(&query, filter, times);
            expect_walk(&query);
            query.count = true;
            query.limit = ROWS;
            expect_walk(&query);
        }
    }
    close_all();
}

Test(find, filters_together_as_they_come)
{
    enum { QUERIES = 80 };
    Google__Protobuf__Timestamp times[2];
    open_with(LOOK);
    insert_rows(ROWS);
    insert_odd_rows();
    for (int i = 0; i < QUERIES; i++) {
        struct store_query query = query_in_order(pick(6));
        for (unsigned filter = 0; filter < FILTERS; filter++) {
            if (pick(3) == 0)
                set_filter(&query, filter, times);
        }
        query.skip = pick(3) == 0 ? (int64_t)pick(ROWS) : 0;
        query.count = pick(4) == 0;
        expect_walk(&query);
    }
    close_all();
}

/* Orders without what a list is ordered by cannot be answered, and have their places all the same. */
Test(find, orders_whose_key_is_null_are_walked_too)
{
    enum { QUERIES = 80 };
    Google__Protobuf__Timestamp times[2];
    open_with(LOOK);
    insert_rows(ROWS);
    insert_odd_rows();
    insert_null_rows();
    for (unsigned order = 0; order < 6; order++) {
        struct store_query query = query_in_order(order);
        query.limit = 2;
        expect_walk(&query);
    }
    for (int i = 0; i < QUERIES; i++) {
        struct store_query query = query_in_order(pick(6));
        for (unsigned filter = 0; filter < FILTERS; filter++) {
            if (pick(5) == 0)
                set_filter(&query, filter, times);
        }
        query.skip = pick(3) == 0 ? (int64_t)pick(ROWS) : 0;
        expect_walk(&query);
    }
    close_all();
}

/* --- work --- */

/* Fifteen orders of one customer, of which a call looks at seven. */
Test(find, a_call_looks_at_so_many_orders_and_the_list_goes_on)
{
    struct store_query query = {.limit = 3, .search = "nobody's", .count = true};
    struct page page;
    open_with(LOOK);
    insert_rows(2 * LOOK + 1);
    for (int i = 1; i <= 2; i++) {
        cr_assert(read_page(&query, &page));
        cr_expect_eq(page.n, 0);
        cr_expect_eq(query.after_id, (int64_t)i * LOOK);
    }
    cr_assert_not(read_page(&query, &page));
    cr_expect_eq(page.n, 0);

    /* What was passed over on one page is not on the next. */
    query = (struct store_query){.limit = 3, .skip = 10, .min_amount = 1};
    cr_assert(read_page(&query, &page));
    cr_expect_eq(page.n, 0);
    cr_expect_eq(query.skip, 10 - LOOK);
    cr_assert(read_page(&query, &page));
    cr_expect(page.n == 3 && page.ids[0] == 11 && query.skip == 0);
    close_all();
}

/* A customer's or a day's few orders are found by their index, however many others there are before them. */
Test(find, few_orders_are_all_that_is_looked_at)
{
    Google__Protobuf__Timestamp from = time_of(INT64_C(500) * US_PER_S * 86400);
    struct row row;
    struct page page;
    open_with(LOOK);
    insert_rows(ROWS);
    row = make_row(ROWS + 1);
    snprintf(row.customer_id, sizeof row.customer_id, "rare");
    row.micros = INT64_C(501) * US_PER_S * 86400;
    insert_row(&row);
    rows[n_rows++] = row;
    for (int descending = 0; descending < 2; descending++) {
        struct store_query rare = {
            .order = STORE_BY_ORDER_DATE, .descending = descending, .limit = 5, .customer_id = "rare"};
        cr_assert_not(read_page(&rare, &page));
        cr_expect(page.n == 1 && page.ids[0] == ROWS + 1);
        struct store_query late = {.descending = descending, .limit = 5, .placed_from = &from};
        cr_assert_not(read_page(&late, &page));
        cr_expect(page.n == 1 && page.ids[0] == ROWS + 1);
    }
    close_all();
}

/* What takes long goes where it is in front of nothing that does not. */
Test(find, it_is_known_what_takes_long)
{
    const Google__Protobuf__Timestamp from = time_of(0);
    const struct {
        struct store_query query;
        bool is_long;
    } cases[] = {
        {{.count = true}, false},
        {{.order = STORE_BY_ORDER_DATE, .descending = true}, false},
        {{.order = STORE_BY_ORDER_DATE, .placed_from = &from, .placed_before = &from}, false},
        {{.statuses = 6, .customer_id = "c"}, false},
        {{.statuses = 2, .count = true}, true},
        {{.order = STORE_BY_TOTAL_AMOUNT}, true},
        {{.placed_from = &from}, true},
        {{.currency = "EUR"}, true},
        {{.search = "x"}, true},
        {{.order = STORE_BY_ORDER_DATE, .statuses = 2}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(find_is_long(&cases[i].query), cases[i].is_long, "%zu", i);
}

/* What EXPLAIN says of a query's statement. */
static char *explain(struct store_query query, unsigned most)
{
    static const Oid types[] = {FIND_TYPES};
    struct arena arena;
    struct params params = {0};
    char *plan = strdup("");
    arena_init(&arena);
    query.limit = 100;
    find_encode(&params, &query, find_rows(&query, most));
    params_finish(&params);
    const char *sql = arena_printf(&arena, "EXPLAIN (COSTS off) %s", find_compose(&query, &arena));
    PGresult *result =
        PQexecParams(database, sql, FIND_PARAMS, types, params.values, params.lengths, params.formats, 0);
    cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s: %s", PQresultErrorMessage(result), sql);
    for (int row = 0; row < PQntuples(result); row++) {
        char *longer = NULL;
        cr_assert_gt(asprintf(&longer, "%s%s\n", plan, PQgetvalue(result, row, 0)), 0);
        free(plan);
        plan = longer;
    }
    PQclear(result);
    params_free(&params);
    arena_free(&arena);
    return plan;
}

/* In all of them the rows come out of an index in order: there is no sort but that of the page. */
Test(find, an_index_serves_what_is_said_to_be_served)
{
    const Google__Protobuf__Timestamp from = time_of(INT64_C(8000) * 86400 * US_PER_S),
                                      before = time_of(INT64_C(9000) * 86400 * US_PER_S);
    const struct {
        struct store_query query;
        const char *index;
    } cases[] = {
        {{.order = STORE_BY_ORDER_DATE}, "using orders_order_date_id_idx"},
        {{.order = STORE_BY_ORDER_DATE,
          .descending = true,
          .is_after = true,
          .after_id = 5,
          .after_key = 7,
          .currency = "EUR"},
         "Backward using orders_order_date_id_idx"},
        {{.order = STORE_BY_ORDER_DATE, .is_after = true, .after_id = 5, .after_key = 7}, "Merge Append"},
        {{.order = STORE_BY_ORDER_DATE, .is_after = true, .after_id = 5, .is_after_null = true},
         "using orders_order_date_id_idx"},
        {{.order = STORE_BY_ORDER_DATE,
          .descending = true,
          .is_after = true,
          .after_id = 5,
          .is_after_null = true},
         "Merge Append"},
        {{.order = STORE_BY_ORDER_DATE, .placed_from = &from, .placed_before = &before, .statuses = 6},
         "using orders_order_date_id_idx"},
        {{.statuses = 6, .is_after = true, .after_id = 9}, "Merge Append"},
        {{.statuses = 2, .customer_id = "CUST-7", .min_amount = 5}, "using orders_customer_id_status_id_idx"},
        {{.search = "x"}, "using orders_pkey"},
        {{.search = "x", .descending = true, .is_after = true, .after_id = 4000},
         "Backward using orders_pkey"},
    };
    open_with(0);
    free(database_query(
        database,
        "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "
        "SELECT 'ORD-' || n, 'CUST-' || n % 500, timestamptz '2020-01-01' + n * interval '10 minutes', n, "
        "'EUR', CASE WHEN n % 100 = 0 THEN 'pending' WHEN n % 100 = 1 THEN 'confirmed' ELSE 'completed' END "
        "FROM generate_series(1, 10000) n"));
    free(database_query(database, "ANALYZE orders"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *plan = explain(cases[i].query, FIND_ROWS);
        cr_expect(strstr(plan, cases[i].index) != NULL && strstr(plan, "Seq Scan") == NULL &&
                      strstr(plan, "Bitmap") == NULL && strstr(plan, "Sort Key: o.nth") != NULL,
                  "%zu: %s", i, plan);
        const char *sort = strstr(plan, "Sort\n");
        cr_expect(sort == NULL || strstr(sort + 1, "->  Sort") == NULL, "%zu: %s", i, plan);
        free(plan);
    }
    close_all();
}

/* --- edges --- */

static size_t count_between(const Google__Protobuf__Timestamp *from,
                            const Google__Protobuf__Timestamp *before)
{
    struct store_query query = {
        .order = STORE_BY_ORDER_DATE, .limit = 100, .placed_from = from, .placed_before = before};
    struct page page;
    cr_assert_not(read_page(&query, &page));
    return page.n;
}

Test(find, dates_are_exact_to_the_microsecond_and_beyond)
{
    open_with(0);
    struct row row = make_row(1);
    row.micros = INT64_C(86400) * US_PER_S + 5;
    insert_row(&row);
    Google__Protobuf__Timestamp at = time_of(row.micros), earlier = at, later = at;
    earlier.nanos -= 1; /* between two microseconds */
    later.nanos += 1;
    cr_expect_eq(count_between(&at, NULL), 1);
    cr_expect_eq(count_between(&earlier, NULL), 1);
    cr_expect_eq(count_between(&later, NULL), 0);
    cr_expect_eq(count_between(NULL, &at), 0);
    cr_expect_eq(count_between(NULL, &earlier), 0);
    cr_expect_eq(count_between(NULL, &later), 1);
    at.seconds = INT64_C(-62135596800); /* the years 1 to 9999 */
    at.nanos = 0;
    later.seconds = INT64_C(253402300799);
    later.nanos = 999999999;
    cr_expect_eq(count_between(&at, &later), 1);
    cr_expect_eq(count_between(&later, NULL), 0);
    close_all();
}

/* An order_date that no message can hold has its place among the others. */
Test(find, an_order_that_cannot_be_told_has_its_place)
{
    open_with(LOOK);
    insert_rows(12);
    free(database_query(database, "ALTER TABLE orders DROP CONSTRAINT orders_order_date_check"));
    free(database_query(database, "UPDATE orders SET order_date = 'infinity' WHERE id IN (3, 4)"));
    free(database_query(database, "UPDATE orders SET order_date = '-infinity' WHERE id IN (5, 6)"));
    rows[2].micros = rows[3].micros = INT64_MAX;
    rows[4].micros = rows[5].micros = INT64_MIN;
    for (int descending = 0; descending < 2; descending++) {
        struct store_query query = {.order = STORE_BY_ORDER_DATE, .descending = descending, .limit = 1};
        expect_walk(&query);
        query.min_amount = 1;
        expect_walk(&query);
    }
    close_all();
}

/* Orders that come while a list is read may be on it or not; those that were there are, once. */
Test(find, orders_that_are_made_meanwhile_move_no_others)
{
    open_with(LOOK);
    insert_rows(ROWS);
    for (unsigned order = 0; order < 6; order++) {
        struct store_query query = query_in_order(order);
        unsigned times_seen[ROWS + 1] = {0};
        struct page page;
        bool more = true;
        query.limit = 4;
        query.min_amount = 2;
        while (more) {
            more = read_page(&query, &page);
            for (size_t i = 0; i < page.n; i++) {
                if (page.ids[i] <= ROWS)
                    times_seen[page.ids[i]]++;
            }
            if (n_rows < ROWS_MOST) {
                rows[n_rows] = make_row((int64_t)n_rows + 1);
                insert_row(&rows[n_rows++]);
            }
        }
        for (size_t i = 0; i < ROWS; i++)
            cr_assert_eq(times_seen[rows[i].id], rows[i].amount >= 2, "order %u: %s %u times", order,
                         rows[i].order_id, times_seen[rows[i].id]);
    }
    close_all();
}

/* A list whose deadline passes while the database is at it leaves nothing behind that reads its query. */
Test(find, a_list_that_is_given_up_is_not_read_any_more)
{
    open_with(LOOK);
    insert_rows(3);
    free(database_query(database, "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"));
    struct pending *pending = pending_new(200);
    struct store_query *query = arena_calloc(&pending->call.arena, 1, sizeof *query);
    *query = (struct store_query){.limit = 1, .search = "x"};
    store->list(store, &pending->call, query, (Orders__V1__ListOrdersResponse_Closure)pending_done, pending);
    expect_end(pending, STATUS_DEADLINE_EXCEEDED);
    free(database_query(database, "COMMIT"));
    struct store_query again = {.limit = 5, .min_amount = 1};
    expect_walk(&again);
    close_all();
}
