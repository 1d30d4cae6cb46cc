/* backend.h: a PostgreSQL backend process, and how opening a session with one ends. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <stdint.h>

enum {
    SESSION_ATTEMPT_MS = 3000, /* timeout of connecting, and again of preparing */
    SESSION_WHY = 512,         /* why a session is not ready, in one line */
    SESSION_SQLSTATE = 6,
};

enum session_result {
    SESSION_READY,
    SESSION_UNREACHABLE,
    SESSION_READ_ONLY,    /* it takes no writes: a standby, or set so */
    SESSION_WRONG_SCHEMA, /* or tables, functions or rights are missing */
    SESSION_SHARED,       /* a pooler gives the session to others between transactions */
    SESSION_CANCELED,     /* a statement of its set-up was ended: by a statement_timeout, or by hand */
    SESSION_REFUSED,      /* it lets nobody in: its login, or the database's name, is another */
    SESSION_FAILING,      /* it cannot for now: it starts, stops, or is short of something */
    SESSION_RESULTS,
};

/* A server process. */
struct backend {
    int pid;            /* 0: none */
    int64_t started_us; /* since 1970: tells it from a later process with the same pid */
};

/* The latter, of a row of pg_stat_get_activity. */
#define BACKEND_STARTED_US "(extract(epoch FROM backend_start) * 1000000)::bigint"

/* The processes of the pids in a column, each a row of pg_stat_get_activity: for a FROM, behind that column's
 * table. When they began is seen, and who may end them is, the role that logged in; that may have become
 * another (ALTER ROLE ... SET role), which is left for the rest of the transaction. */
#define BACKENDS_OF(id)                                                                       \
    "CROSS JOIN (SELECT pg_catalog.set_config('role', 'none', true) OFFSET 0) AS own (role) " \
    "CROSS JOIN LATERAL pg_catalog.pg_stat_get_activity(CASE own.role WHEN 'none' THEN " id " END) "

#endif
