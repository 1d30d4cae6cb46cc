/* connection.h: one libpq connection in pipeline mode, with every statement of its lane prepared.
 *
 * Used by one thread at a time. Nothing here waits longer than it says.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include "store/lane.h"
#include "store/schema.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection {
    const char *database_url; /* outlives the connection */
    enum lane lane;
    PGconn *pg;                 /* owned; NULL: not connected */
    bool (*stopped)(void *arg); /* asked on each tick of a wait: end it as if the connection broke */
    void *arg;
    char schema[SCHEMA_NAME]; /* where the last database that was asked is; "" before */
};

enum {
    CONNECTION_TICK_MS = 20,
    CONNECTION_ATTEMPT_MS = 3000, /* how long connecting and preparing may take */
    /* A server that says nothing for so long is lost: it would have ended any statement of its own accord. */
    CONNECTION_SILENCE_MS = 12000,
};

enum connection_result {
    CONNECTION_READY,
    CONNECTION_UNREACHABLE,
    CONNECTION_WRONG_SCHEMA,
    CONNECTION_RESULTS,
};

/* Connects, checks the schema and prepares the statements. Unless it is CONNECTION_READY, `why` is one line
 * without secrets. */
enum connection_result connection_open(struct connection *connection, char *why, size_t why_size);

void connection_close(struct connection *connection);

/* The next result of the pipeline, the caller's to PQclear; NULL at the end of a statement's results. False:
 * the connection is broken, or nothing came within CONNECTION_SILENCE_MS. */
bool connection_next(struct connection *connection, PGresult **result);

/* Sends what is queued in libpq, as far as it goes without waiting. False: the connection is broken. */
bool connection_flush(struct connection *connection);

#endif
