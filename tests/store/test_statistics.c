/* test_statistics.c: what was cancelled and how many orders have each status, of one moment with all other
 * figures. */
#include "fixture.h"

#include "store/statement.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000, STATUSES = 7 };

static void set_up(void)
{
    fixture_set_up(2);
}

TestSuite(statistics, .init = set_up, .fini = fixture_tear_down, .timeout = 120);

/* What an answer says, in one line: "3 orders, 1 cancelled; EUR 1 7 avg 7, 0 0; ...", with the statuses after
 * "|", if it has any. */
struct answer {
    struct pending *pending;
    char text[1024];
    bool fits_together; /* what one figure says, none of the others denies */
};

static void add(struct answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct answer *answer, const char *format, ...)
{
    const size_t length = strlen(answer->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(answer->text + length, sizeof answer->text - length, format, arguments);
    va_end(arguments);
}

static bool days_add_up(const Orders__V1__OrderStatistics *statistics)
{
    int64_t orders = 0, cancelled = 0;
    bool parts = true;
    for (size_t i = 0; i < statistics->n_days; i++) {
        const Orders__V1__DayStatistics *day = statistics->days[i];
        orders += day->order_count;
        cancelled += day->cancelled_count;
        parts &= day->cancelled_count <= day->order_count && day->cancelled_revenue <= day->revenue;
        parts &= (day->cancelled_count == day->order_count) == (day->cancelled_revenue == day->revenue);
    }
    return parts && orders == statistics->order_count && cancelled == statistics->cancelled_count;
}

static bool statuses_add_up(const Orders__V1__OrderStatistics *statistics)
{
    int64_t orders = 0;
    for (size_t i = 0; i < statistics->n_statuses; i++)
        orders += statistics->statuses[i]->order_count;
    return statistics->n_statuses == STATUSES && orders == statistics->order_count &&
           statistics->statuses[STATUSES - 1]->order_count == statistics->cancelled_count;
}

static void take(const Orders__V1__OrderStatistics *statistics, void *arg)
{
    struct answer *answer = arg;
    if (statistics != NULL) {
        add(answer, "%" PRId64 " %" PRId64, statistics->order_count, statistics->cancelled_count);
        for (size_t i = 0; i < statistics->n_currencies; i++) {
            const Orders__V1__CurrencyStatistics *sums = statistics->currencies[i];
            add(answer, "; %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, sums->currency,
                sums->order_count, sums->revenue, sums->cancelled_count, sums->cancelled_revenue);
        }
        for (size_t i = 0; i < statistics->n_days; i++) {
            const Orders__V1__DayStatistics *day = statistics->days[i];
            add(answer, "; %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, day->date, day->currency,
                day->order_count, day->revenue, day->cancelled_count, day->cancelled_revenue);
        }
        add(answer, statistics->n_statuses > 0 ? " |" : "");
        for (size_t i = 0; i < statistics->n_statuses; i++)
            add(answer, " %d:%" PRId64, statistics->statuses[i]->status,
                statistics->statuses[i]->order_count);
        answer->fits_together =
            days_add_up(statistics) && (statistics->n_statuses == 0 || statuses_add_up(statistics));
    }
    pending_done(statistics != NULL ? &statistics->base : NULL, answer->pending);
}

static struct answer count(const char *first_day, const char *last_day, bool by_status)
{
    const struct store_count what = {first_day, last_day, by_status};
    struct answer answer = {.pending = pending_new(LONG_MS)};
    store->count(store, &answer.pending->call, &what, take, &answer);
    cr_assert_eq(pending_wait(answer.pending), STATUS_OK, "%s", answer.pending->call.status.message);
    pending_free(answer.pending);
    return answer;
}

static void expect(const char *first_day, const char *last_day, bool by_status, const char *text)
{
    const struct answer answer = count(first_day, last_day, by_status);
    cr_expect_str_eq(answer.text, text);
}

#define INSERT "INSERT INTO orders (order_id, customer_id, order_date, total_amount, currency, status) "

/* The day of an order is that of UTC, to its last microsecond. */
Test(statistics, cancelled_orders_are_part_of_all_and_shown_apart)
{
    expect("", "", false, "0 0");
    expect("", "", true, "0 0 | 1:0 2:0 3:0 4:0 5:0 6:0 7:0");
    free(database_query(database, "SET timezone = 'Pacific/Auckland'; " INSERT "VALUES "
                                  "('a', 'C', '2025-01-15 23:59:59.999999+00', 10, 'ISK', 'cancelled'), "
                                  "('b', 'C', '2025-01-16 00:00:00+00', 20, 'ISK', 'pending'), "
                                  "('c', 'C', '2025-01-16 23:59:59.999999+00', 40, 'ISK', 'cancelled'), "
                                  "('d', 'C', '2025-01-17 00:00:00+00', 80, 'EUR', 'shipped'), "
                                  "('e', 'C', '9999-12-31 23:59:59+00', 160, 'EUR', 'cancelled')"));
    expect("", "", false,
           "5 3; EUR 2 240 1 160; ISK 3 70 2 50; 9999-12-31 EUR 1 160 1 160; 2025-01-17 EUR 1 80 0 0; "
           "2025-01-16 ISK 2 60 1 40; 2025-01-15 ISK 1 10 1 10");
    expect("2025-01-16", "2025-01-16", true,
           "2 1; ISK 2 60 1 40; 2025-01-16 ISK 2 60 1 40 | 1:1 2:0 3:0 4:0 5:0 6:0 7:1");
    expect("", "2025-01-15", true,
           "1 1; ISK 1 10 1 10; 2025-01-15 ISK 1 10 1 10 | 1:0 2:0 3:0 4:0 5:0 6:0 7:1");
    expect("2025-01-17", "9999-12-31", true,
           "2 1; EUR 2 240 1 160; 9999-12-31 EUR 1 160 1 160; 2025-01-17 EUR 1 80 0 0 "
           "| 1:0 2:0 3:0 4:1 5:0 6:0 7:1");
    free(database_query(database, "UPDATE orders SET status = 'completed' WHERE status = 'cancelled'"));
    expect("", "2025-01-16", true,
           "3 0; ISK 3 70 0 0; 2025-01-16 ISK 2 60 0 0; 2025-01-15 ISK 1 10 0 0 "
           "| 1:1 2:0 3:0 4:0 5:0 6:2 7:0");
}

/* As somebody's SQL may have it. */
Test(statistics, orders_of_another_status_are_in_the_count_alone)
{
    free(database_query(database, "ALTER TABLE orders DROP CONSTRAINT orders_status_check, ALTER status DROP "
                                  "NOT NULL; " INSERT "VALUES ('a', 'C', '2025-01-15', 10, 'ISK', 'lost'), "
                                  "('b', 'C', '2025-01-15', 10, 'ISK', NULL), "
                                  "('c', 'C', '2025-01-15', 10, 'ISK', 'pending')"));
    expect("", "", true, "3 0; ISK 3 30 0 0; 2025-01-15 ISK 3 30 0 0 | 1:1 2:0 3:0 4:0 5:0 6:0 7:0");
}

/* Each commit leaves other orders than the one before, of which either all are cancelled or none is. */
static void *replace_orders(void *stop)
{
    PGconn *session = database_connect(database_url);
    for (unsigned n = 0; !atomic_load((atomic_bool *)stop); n++) {
        char sql[512];
        snprintf(sql, sizeof sql,
                 "BEGIN; DELETE FROM orders; " INSERT "SELECT n::text, 'C', "
                 "'2025-01-15'::timestamptz + n * interval '6 hours', 1 + %u %% 7, 'ISK', '%s' "
                 "FROM generate_series(0, 5 + %u %% 11) AS n; COMMIT",
                 n, n % 2 == 0 ? "cancelled" : "pending", n);
        free(database_query(session, sql));
    }
    PQfinish(session);
    return NULL;
}

/* Of two moments' figures some would be of an odd commit, and others of an even one. */
Test(statistics, all_figures_are_of_one_moment)
{
    enum { LOOKS = 150 };
    atomic_bool stop = false;
    pthread_t writer;
    size_t without = 0, with = 0;
    pthread_create(&writer, NULL, replace_orders, &stop);
    for (int look = 0; look < LOOKS || without == 0 || with == 0; look++) {
        const struct answer answer = count("", "", look % 2 == 0);
        int64_t orders, cancelled;
        cr_assert_eq(sscanf(answer.text, "%" SCNd64 " %" SCNd64, &orders, &cancelled), 2);
        cr_assert(cancelled == 0 || cancelled == orders, "%s", answer.text);
        cr_assert(answer.fits_together, "%s", answer.text);
        without += orders > 0 && cancelled == 0;
        with += cancelled > 0;
    }
    atomic_store(&stop, true);
    pthread_join(writer, NULL);
}

/* How the planner runs a statement of days, as JSON. */
static char *plan_of(enum statement_id id, const char *first_day, const char *last_day)
{
    static const size_t room = 8192;
    char *sql = malloc(room);
    snprintf(sql, room, "PREPARE plan (text, text) AS %s", statements[id].sql);
    free(database_query(database, sql));
    snprintf(sql, room, "EXPLAIN (FORMAT json) EXECUTE plan ('%s', '%s')", first_day, last_day);
    char *plan = database_query(database, sql);
    free(database_query(database, "DEALLOCATE plan"));
    free(sql);
    return plan;
}

/* However many orders there are besides. */
Test(statistics, what_was_cancelled_is_read_from_its_index_alone)
{
    free(database_query(database, INSERT
                        "SELECT n::text, 'C', '2025-01-01'::timestamptz + n * interval '1 minute', 1, 'ISK', "
                        "CASE WHEN n % 20 = 0 THEN 'cancelled' ELSE 'pending' END "
                        "FROM generate_series(1, 5000) AS n"));
    free(database_query(database, "VACUUM ANALYZE orders"));
    free(database_query(database, "SET plan_cache_mode = force_custom_plan"));
    static const char *const days[][2] = {{"", ""}, {"2025-01-02", "2025-01-02"}};
    for (size_t i = 0; i < 2; i++) {
        char *plan = plan_of(STATEMENT_STATISTICS, days[i][0], days[i][1]);
        cr_expect_not_null(strstr(plan, "\"Index Name\": \"orders_cancelled_idx\""), "%s", plan);
        cr_expect_not_null(strstr(plan, "\"Index Only Scan\""), "%s", plan);
        cr_expect_null(strstr(plan, "\"Filter\": \"((order_date"), "%s", plan);
        cr_expect_eq(strstr(plan, "\"Index Cond\": \"((order_date") != NULL, i == 1, "%s", plan);
        free(plan);
    }
}
