/* verdict.c: a walk over the journals with the stored orders beside, and SQL where the database can tell by
 * itself. */
#include "verdict.h"

#include "violations.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "orders/status.h"

/* --- orders --- */

static int compare(const void *key, const void *element)
{
    return strcmp(key, ((const struct stored *)element)->order_id);
}

static bool is_same(const struct state *a, const struct state *b)
{
    return a->present == b->present && (!a->present || (a->amount == b->amount && a->status == b->status));
}

/* To the etag: not even the same values were written again. */
static bool is_untouched(const struct state *found, const struct state *acknowledged)
{
    return is_same(found, acknowledged) && (!found->present || strcmp(found->etag, acknowledged->etag) == 0);
}

static void describe(const struct state *state, char text[128])
{
    if (state->present)
        snprintf(text, 128, "amount %" PRId64 ", status %d, etag %s", state->amount, (int)state->status,
                 state->etag);
    else
        snprintf(text, 128, "absent");
}

static void judge(const struct entry *entry, const struct state *found)
{
    char is[128], was[128], may[128];
    if (is_untouched(found, &entry->acknowledged) || (entry->in_doubt && is_same(found, &entry->doubtful)))
        return;
    describe(found, is);
    describe(&entry->acknowledged, was);
    describe(&entry->doubtful, may);
    violation("%s is stored as: %s; acknowledged: %s%s%s%s%s", entry->order_id, is, was,
              entry->in_doubt ? "; in doubt under " : "", entry->in_doubt ? entry->request_id : "",
              entry->in_doubt ? ": " : "", entry->in_doubt ? may : "");
}

void verdict_on_orders(const struct journal journals[], size_t n, const struct stored stored[],
                       size_t n_stored)
{
    static const struct state absent = {.present = false};
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < journals[i].n; j++) {
            const struct entry *entry = &journals[i].entries[j];
            const struct stored *found =
                n_stored == 0 ? NULL : bsearch(entry->order_id, stored, n_stored, sizeof *stored, compare);
            seen += found != NULL;
            judge(entry, found != NULL ? &found->state : &absent);
        }
    }
    if (seen != n_stored)
        violation("%zu orders are stored that nobody has written, or twice", n_stored - seen);
}

/* --- the database --- */

static PGresult *query(PGconn *database, const char *sql)
{
    PGresult *result = PQexec(database, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fprintf(stderr, "torture: %s", PQerrorMessage(database));
        exit(EXIT_FAILURE);
    }
    return result;
}

/* An etag is the row's id and updated_at, in microseconds since 2000 (store/etag.h). */
#define ETAG(row)                                                                                \
    "to_hex(" row ".id) || '-' || to_hex((extract(epoch FROM " row ".updated_at - '2000-01-01Z'" \
    "::timestamptz) * 1000000)::bigint)"

struct stored *verdict_read_orders(PGconn *database, size_t *n)
{
    PGresult *result = query(
        database, "SELECT order_id, total_amount, status, " ETAG("o") " FROM orders AS o "
                                                                      "ORDER BY order_id COLLATE \"C\"");
    *n = (size_t)PQntuples(result);
    struct stored *stored = calloc(*n + 1, sizeof *stored);
    if (stored == NULL)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < *n; i++) {
        const int row = (int)i;
        struct state *state = &stored[i].state;
        snprintf(stored[i].order_id, sizeof stored[i].order_id, "%s", PQgetvalue(result, row, 0));
        state->present = true;
        state->amount = strtoll(PQgetvalue(result, row, 1), NULL, 10);
        state->status =
            order_status_from_word(PQgetvalue(result, row, 2), (size_t)PQgetlength(result, row, 2));
        snprintf(state->etag, sizeof state->etag, "%s", PQgetvalue(result, row, 3));
    }
    PQclear(result);
    return stored;
}

/* Whether there is a row, for $1 a write's request_id, $2 its order_id and $3 the part that the order is of
 * it. */
static bool exists(PGconn *database, const char *sql, const struct entry *entry)
{
    char part[24];
    const char *const values[] = {entry->request_id, entry->order_id, part};
    snprintf(part, sizeof part, "%zu", entry->part);
    PGresult *result = PQexecParams(database, sql, 3, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fprintf(stderr, "torture: %s", PQerrorMessage(database));
        exit(EXIT_FAILURE);
    }
    const bool found = PQntuples(result) > 0;
    PQclear(result);
    return found;
}

static void judge_record(const struct entry *entry, PGconn *database)
{
    const bool recorded = exists(database,
                                 "SELECT FROM idempotency WHERE request_id = $1 AND part = $3 AND code = 0 "
                                 "AND $2 <> ''",
                                 entry);
    /* A create or an update that was made is the last word on its order: the record has the order's own time.
     */
    const bool stands = exists(database,
                               "SELECT FROM idempotency AS i JOIN orders AS o ON o.order_id = $2 "
                               "AND o.id = i.id AND o.updated_at = i.updated_at "
                               "WHERE i.request_id = $1 AND i.part = $3 AND i.code = 0",
                               entry);
    const bool present =
        exists(database, "SELECT FROM orders WHERE order_id = $2 AND $1 <> '' AND $3 <> ''", entry);
    if (recorded && (entry->doubtful.present ? !stands : present))
        violation("%s: %s was made and recorded, and the order is not what it made it", entry->order_id,
                  entry->request_id);
    if (!recorded && present != entry->acknowledged.present)
        violation("%s: %s was made and not recorded", entry->order_id, entry->request_id);
}

void verdict_on_records(const struct journal journals[], size_t n, PGconn *database)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < journals[i].n; j++) {
            if (journals[i].entries[j].in_doubt && journals[i].entries[j].request_id[0] != '\0')
                judge_record(&journals[i].entries[j], database);
        }
    }
}

void verdict_on_summary(PGconn *database)
{
    PGresult *result =
        query(database, "SELECT day, currency, r.orders, r.revenue, o.orders, o.revenue FROM "
                        "(SELECT day, currency, sum(orders) AS orders, sum(revenue) AS revenue FROM "
                        "order_rollup GROUP BY 1, 2 "
                        "HAVING sum(orders) <> 0 OR sum(revenue) <> 0) AS r FULL JOIN "
                        "(SELECT (order_date AT TIME ZONE 'UTC')::date AS day, currency, count(*) AS orders, "
                        "sum(total_amount) AS revenue FROM orders GROUP BY 1, 2) AS o USING (day, currency) "
                        "WHERE (r.orders, r.revenue) IS DISTINCT FROM (o.orders, o.revenue)");
    for (int row = 0; row < PQntuples(result); row++)
        violation("the summary of %s in %s is %s orders and %s, and should be %s and %s",
                  PQgetvalue(result, row, 0), PQgetvalue(result, row, 1), PQgetvalue(result, row, 2),
                  PQgetvalue(result, row, 3), PQgetvalue(result, row, 4), PQgetvalue(result, row, 5));
    PQclear(result);
}
