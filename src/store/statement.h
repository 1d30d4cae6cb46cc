/* statement.h: the statements the store runs, one row of a table each: how operations become parameters, and
 * how rows become answers. */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include "store/lane.h"
#include "store/operation.h"
#include "store/params.h"

#include <libpq-fe.h>
#include <stdbool.h>

enum statement_id {
    STATEMENT_GET,
    STATEMENT_LIST,
    STATEMENT_LIST_BY_STATUS,
    STATEMENT_LIST_BY_CUSTOMER,
    STATEMENT_LIST_BY_BOTH,
    STATEMENT_NEWEST,
    STATEMENT_NEWEST_BY_STATUS,
    STATEMENT_NEWEST_BY_CUSTOMER,
    STATEMENT_NEWEST_BY_BOTH,
    STATEMENT_FIND,
    STATEMENT_SUMMARY,
    STATEMENT_SUMMARY_VERIFIED,
    STATEMENT_STATISTICS,
    STATEMENT_STATISTICS_BY_STATUS,
    STATEMENT_CREATE,
    STATEMENT_UPDATE,
    STATEMENT_REMOVE,
    STATEMENT_CLAIM,
    STATEMENT_PURGE,
    STATEMENT_FOLD,
    STATEMENTS,
};

struct statement {
    const char *name;
    const char *sql; /* prepared in each session; NULL: its operations each have their own */
    /* The same for operations that nothing is there of, neither order nor record: it takes less, and a unique
     * constraint undoes it where something is. Prepared likewise, under a name of its own; or NULL. */
    const char *optimistic_name, *optimistic_sql;
    int n_params;
    Oid types[PARAMS_MAX];
    enum lane lane;
    bool folds; /* one run serves many operations */
    bool keyed; /* its operations each name an order */

    /* What becomes of a keyed operation that no row came back for. */
    enum status_code absent;

    /* Adds the parameters for n operations. */
    void (*encode)(struct params *params, struct operation *const operations[], size_t n);

    /* Keyed statements: reads a row that belongs to the operation. */
    void (*take_row)(struct operation *operation, const PGresult *result, int row);
    int key_column; /* which column has the order_id */

    /* Other statements: reads the whole result, once for all operations, into an arena that outlives them. */
    void (*take_result)(struct operation *operation, const PGresult *result, struct arena *arena);

    /* Gives each operation that somebody waits for its answer; NULL: all have that of the first. */
    void (*give)(struct operation *operation);
};

extern const struct statement statements[STATEMENTS];

/* Puts operations into the order in which they are sent: by statement, and those of a keyed statement by
 * order_id, which is how statement_answer finds them, and in which every server creates orders, so that two
 * of them never deadlock. */
void statement_sort(struct operation *operations[], size_t n);

/* Gives each of n sorted operations its outcome from the statement's result. What they share is made in the
 * arena, which must outlive them. */
void statement_answer(const struct statement *statement, const PGresult *result,
                      struct operation *operations[], size_t n, struct arena *shared);

#endif
