/* sqlstate.h: what PostgreSQL's error codes mean to a caller. */
#ifndef STORE_SQLSTATE_H
#define STORE_SQLSTATE_H

#include "base/status.h"

#include <libpq-fe.h>
#include <stdbool.h>

struct sqlstate_meaning {
    const char *prefix;     /* of the SQLSTATE: a class or one code */
    const char *constraint; /* that was broken; NULL: any, or none */
    enum status_code code;
    const char *message; /* for the caller: no SQL, no names of the database's */
};

/* The meaning of a failed statement's SQLSTATE, also where the server said none. Never NULL. */
const struct sqlstate_meaning *sqlstate_meaning(const PGresult *result);

/* Whether the transaction of a failed statement lost against another one and may be tried again at once. */
bool sqlstate_is_conflict(const PGresult *result);

/* Whether it was not begun, as somebody changed a table since it was prepared: it may be, once it is prepared
 * anew. */
bool sqlstate_is_outdated(const PGresult *result);

/* Whether another session held a lock for longer than this one waits. */
bool sqlstate_is_locked(const char *sqlstate);

/* Whether an optimistic write expected too much: a unique constraint has refused what is given, as it is
 * there already, or is not there itself. */
bool sqlstate_refutes(const PGresult *result);

/* Whether a statement was ended before it was done: it took longer than it may, or somebody ended it. */
bool sqlstate_is_canceled(const char *sqlstate);

/* Whether the database has no room for what was to be written. */
bool sqlstate_is_disk_full(const char *sqlstate);

/* Whether the database's tables, constraints, rules or rights are not what the statement needs, whatever it
 * is given: class 42, or that a view or a rule does not take it. Or that a column must not be null which the
 * statement does not name: somebody has added one. Or that the sequence of ids is behind its table, or at its
 * end. Not so what a trigger raises of its own accord. */
bool sqlstate_is_of_schema(const PGresult *result);

/* What the operator can do about an error of the database's data, for the log; "": nothing is known. */
const char *sqlstate_remedy(const char *sqlstate, const char *constraint);

#endif
