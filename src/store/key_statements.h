/* key_statements.h: the SQL of keys, and rows as keys. Times go both ways as microseconds since 1970. */
#ifndef STORE_KEY_STATEMENTS_H
#define STORE_KEY_STATEMENTS_H

#include "base/arena.h"
#include "base/status.h"
#include "store/key_store.h"

#include <libpq-fe.h>
#include <stdbool.h>

enum { KEY_PARAMS_MOST = 5 };

/* How long a revoked key is kept, so that it is told from an unknown one, in days. */
#define KEY_REVOKED_DAYS 30

struct key_statement {
    const char *sql; /* of text parameters; its rows are keys */
    int n_params;
    bool changes;
    int name_param; /* the number, from 1, of the parameter that is a name, for which key_lock_sql runs first;
                       0: none */
    enum status_code none_code; /* of no row */
    const char *none;           /* what is said of it; NULL: it is an answer as any */
};

/* $1: id, $2: hash, $3: name, $4: role, $5: expires. */
extern const struct key_statement key_create;
extern const struct key_statement key_list;
/* $1: name. */
extern const struct key_statement key_revoke;
/* $1: id, $2: hash, $3: name, $4: grace in seconds, $5: expires, or null. */
extern const struct key_statement key_rotate;

/* Serializes changes of the keys of a name, $1, in the transaction of the change. */
extern const char key_lock_sql[];

/* Has the session told of changes, or no more. */
extern const char key_listen_sql[], key_unlisten_sql[];

/* Stores uses. $1: ids, $2: times, as arrays. */
extern const char key_use_sql[];

/* The rows of a result, in the arena. */
struct stored_key *key_rows_read(const PGresult *result, struct arena *arena, size_t *n);

/* As a parameter: its digits, or NULL for a time that is never. */
const char *key_time_param(int64_t time_us, struct arena *arena);
const char *key_hash_param(const unsigned char hash[static STORED_KEY_HASH_BYTES], struct arena *arena);

/* The parameters of key_use_sql. */
void key_use_params(const struct stored_key_use *uses, size_t n, struct arena *arena, const char *params[2]);

#endif
