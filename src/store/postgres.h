/* postgres.h: a store in PostgreSQL: a few workers a lane (store/lane.h), each with a connection of its own.
 *
 * Changes to one order go to one worker, so that they keep the order they came in.
 */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include "base/log.h"
#include "base/metrics.h"
#include "store/key_store.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct postgres_options {
    const char *database_url;   /* libpq URL or keyword string; must outlive the store */
    unsigned workers;           /* for writes, and as many for short scans; 1 to 64 */
    uint32_t idempotency_ttl_s; /* how long an answer to a write is kept; 0: for ever */
    unsigned check_ms;          /* interval of the check whether a session can still serve; 0: a second */
    unsigned slow_statement_ms; /* a run of a statement that takes so long is logged at level warn; 0: none */
    unsigned look_rows;         /* orders that a list looks at, at most (store/find.h); 0: FIND_ROWS */
    struct log *log;
    struct metrics *metrics; /* NULL: nothing is counted */
    struct key_memory keys;  /* that is kept up to date; all NULL: there are no keys */
};

/* Starts the workers and waits for their first attempts to connect. A database that is out of reach is no
 * failure: the store answers UNAVAILABLE until it is there. NULL: `error` says what is wrong, such as another
 * schema, and errno is EINVAL, or what was short. */
struct store *postgres_open(const struct postgres_options *options, char *error, size_t error_size);

/* Where keys are kept, which is the store's; of one that was opened with a memory of them. */
struct key_store *postgres_key_store(struct store *store);

/* Whether every lane has a usable connection, the triggers count what is written, and the keys in memory are
 * up to date. If not, `why` is a few words without secrets: "database out of reach", "schema is at X, Y is
 * wanted". Any thread. The first argument is a struct store. */
bool postgres_ready(void *store, char *why, size_t why_size);

/* Ends the workers and frees the store. */
void postgres_close(struct store *store);

/* Whether a thread of a closed store is still inside libpq, connecting. It uses nothing of the store's any
 * more, but exit() would free OpenSSL's state under it: call _exit(). */
bool postgres_is_left(void);

#endif
