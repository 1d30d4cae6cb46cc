/* statement_log.c: names of calls in lists of bounded length, and errors in a bounded number of lines. */
#include "store/statement_log.h"

#include "base/time.h"
#include "store/sqlstate.h"
#include "store/statement.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    CALLS_NAMED = 8,
    LIST_BYTES =
        1200, /* so many request_ids of the longest kind that are taken, and trace ids, fit in a line */
    SHORT_LIST_BYTES = 160, /* of what else there is to say of them, as far as there is room */
};

/* Names, separated by commas. */
struct list {
    size_t length, most;
    char bytes[LIST_BYTES];
};

static void list_begin(struct list *list, size_t most)
{
    list->length = 0;
    list->most = most;
    list->bytes[0] = '\0';
}

/* What has no name, or no room, is left out. */
static void list_add(struct list *list, const char *name)
{
    const size_t length = strlen(name);
    const size_t comma = list->length > 0;
    if (length == 0 || list->length + comma + length >= list->most)
        return;
    if (comma > 0)
        list->bytes[list->length++] = ',';
    memcpy(list->bytes + list->length, name, length + 1);
    list->length += length;
}

static void write_line(const struct statement_log *log, enum log_level level, const char *message,
                       struct operation *const operations[], size_t n, uint64_t duration_ns)
{
    struct list request_ids, trace_ids, principals, peers, order_ids;
    const struct call *named = NULL; /* the last: the operations of one call stand together, as a rule */
    unsigned calls = 0;
    list_begin(&request_ids, LIST_BYTES);
    list_begin(&trace_ids, LIST_BYTES);
    list_begin(&principals, SHORT_LIST_BYTES);
    list_begin(&peers, SHORT_LIST_BYTES);
    list_begin(&order_ids, SHORT_LIST_BYTES);
    for (size_t i = 0; i < n && calls < CALLS_NAMED; i++) {
        const struct call *call = operations[i]->call;
        if (call == named || operation_abandoned(operations[i]))
            continue;
        if (named == NULL || strcmp(named->principal, call->principal) != 0)
            list_add(&principals, call->principal);
        if (named == NULL || strcmp(named->peer, call->peer) != 0)
            list_add(&peers, call->peer);
        if (operations[i]->order_id != NULL)
            list_add(&order_ids, operations[i]->order_id);
        named = call;
        calls++;
        list_add(&request_ids, call->request_id);
        list_add(&trace_ids, call->trace.id);
    }
    log_line(log->log, level, message, LOG_STR("statement", operations[0]->statement->name),
             LOG_INT("operations", n), LOG_INT("duration_us", duration_ns / NS_PER_US),
             LOG_OPT("principals", principals.bytes), LOG_OPT("trace_ids", trace_ids.bytes),
             LOG_OPT("request_ids", request_ids.bytes), LOG_OPT("order_ids", order_ids.bytes),
             LOG_OPT("peers", peers.bytes));
}

void statement_log_run(const struct statement_log *log, struct operation *const operations[], size_t n,
                       uint64_t duration_ns)
{
    const bool is_slow = log->slow_ns != 0 && duration_ns >= log->slow_ns;
    const enum log_level level = is_slow ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;
    if (n > 0 && log_enabled(log->log, level))
        write_line(log, level, is_slow ? "slow statement" : "statement", operations, n, duration_ns);
}

/* Whether an error has a line of its own. */
static bool take_line(struct statement_log *log, const char *sqlstate)
{
    const uint64_t now_ns = time_monotonic_ns();
    if (now_ns - log->second_ns >= NS_PER_S) {
        log->second_ns = now_ns;
        log->n_logged = 0;
    }
    for (size_t i = 0; i < log->n_logged; i++) {
        if (strcmp(log->logged[i], sqlstate) == 0)
            return false;
    }
    if (log->n_logged == STATEMENT_LOG_ERRORS)
        return false;
    snprintf(log->logged[log->n_logged++], sizeof log->logged[0], "%s", sqlstate);
    return true;
}

void statement_log_error(struct statement_log *log, const struct operation *operation, const PGresult *result)
{
    const char *said = PQresultErrorField(result, PG_DIAG_SQLSTATE), *sqlstate = said != NULL ? said : "";
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const struct call *call = operation->call;
    const char *order_id = operation->order_id != NULL ? operation->order_id : "";
    if (!log_enabled(log->log, LOG_LEVEL_WARN))
        return;
    if (!take_line(log, sqlstate)) {
        log->left_out++;
        return;
    }
    const struct log_field left_out = {.name = log->left_out > 0 ? "left_out" : NULL,
                                       .number = (int64_t)log->left_out};
    log_line(log->log, LOG_LEVEL_WARN, "statement failed", LOG_STR("statement", operation->statement->name),
             LOG_STR("sqlstate", sqlstate),
             LOG_STR("error", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
             LOG_OPT("remedy", sqlstate_remedy(sqlstate, constraint)), LOG_OPT("principal", call->principal),
             LOG_STR("request_id", call->request_id), LOG_OPT("order_id", order_id),
             LOG_OPT("peer", call->peer), LOG_OPT("trace_id", call->trace.id), left_out);
    log->left_out = 0;
}
