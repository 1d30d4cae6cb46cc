/* statement_log.c: names of calls in lists of bounded length. */
#include "store/statement_log.h"

#include "base/time.h"
#include "store/statement.h"

#include <stdbool.h>
#include <string.h>

enum {
    CALLS_NAMED = 8,
    LIST_BYTES =
        1200, /* so many request_ids of the longest kind that are taken, and trace ids, fit in a line */
};

/* Names, separated by commas. */
struct list {
    size_t length;
    char bytes[LIST_BYTES];
};

/* What has no name, or no room, is left out. */
static void add(struct list *list, const char *name)
{
    const size_t length = strlen(name);
    const size_t comma = list->length > 0;
    if (length == 0 || list->length + comma + length >= sizeof list->bytes)
        return;
    if (comma > 0)
        list->bytes[list->length++] = ',';
    memcpy(list->bytes + list->length, name, length + 1);
    list->length += length;
}

static void write_line(const struct statement_log *log, enum log_level level, const char *message,
                       struct operation *const operations[], size_t n, uint64_t duration_ns)
{
    struct list request_ids, trace_ids;
    const struct call *named = NULL; /* the last: the operations of one call stand together, as a rule */
    unsigned calls = 0;
    request_ids.length = trace_ids.length = 0;
    request_ids.bytes[0] = trace_ids.bytes[0] = '\0';
    for (size_t i = 0; i < n && calls < CALLS_NAMED; i++) {
        const struct call *call = operations[i]->call;
        if (call == named || operation_abandoned(operations[i]))
            continue;
        named = call;
        calls++;
        add(&request_ids, call->request_id);
        add(&trace_ids, call->trace.id);
    }
    log_line(log->log, level, message, LOG_STR("statement", operations[0]->statement->name),
             LOG_INT("operations", n), LOG_INT("duration_us", duration_ns / NS_PER_US),
             LOG_OPT("trace_ids", trace_ids.bytes), LOG_OPT("request_ids", request_ids.bytes));
}

void statement_log_run(const struct statement_log *log, struct operation *const operations[], size_t n,
                       uint64_t duration_ns)
{
    const bool is_slow = log->slow_ns != 0 && duration_ns >= log->slow_ns;
    const enum log_level level = is_slow ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;
    if (n > 0 && log_enabled(log->log, level))
        write_line(log, level, is_slow ? "slow statement" : "statement", operations, n, duration_ns);
}
