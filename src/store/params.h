/* params.h: a statement's parameters in PostgreSQL's binary format (src/backend/utils/adt, *recv functions).
 *
 * A parameter is a scalar, or an array begun with params_array and filled with exactly its number of
 * elements.
 */
#ifndef STORE_PARAMS_H
#define STORE_PARAMS_H

#include "google/protobuf/timestamp.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PARAMS_MAX = 14 };

/* Type OIDs of PostgreSQL's catalogue, which never change (pg_type.dat). */
enum pg_type {
    PG_INT8 = 20,
    PG_TEXT = 25,
    PG_TIMESTAMPTZ = 1184,
    PG_TEXT_ARRAY = 1009,
    PG_INT8_ARRAY = 1016,
    PG_TIMESTAMPTZ_ARRAY = 1185,
};

struct params {
    char *bytes; /* owned; kept from statement to statement */
    size_t length;
    size_t capacity;
    bool has_sql;
    int count;
    size_t starts[PARAMS_MAX]; /* where each parameter begins in bytes */
    /* Filled by params_finish, for PQsendQueryPrepared and PQsendQueryParams. */
    const char *sql; /* of params_sql; NULL: there is none */
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
};

void params_reset(struct params *params);
void params_free(struct params *params);

/* Keeps the text of the statement with its parameters, to be called before the first of them: the call may
 * have ended when it is sent. */
void params_sql(struct params *params, const char *sql);

void params_int8(struct params *params, int64_t value);
void params_text(struct params *params, const char *value);

/* Begins a parameter that is an array of n elements of a type. */
void params_array(struct params *params, enum pg_type element, size_t n);
void params_add_int8(struct params *params, int64_t value);
void params_add_text(struct params *params, const char *value);
void params_add_timestamp(struct params *params, const Google__Protobuf__Timestamp *value);
/* A NULL pointer is SQL's null. */
void params_add_text_or_null(struct params *params, const char *value);
void params_add_int8_or_null(struct params *params, bool is_set, int64_t value);
void params_add_null(struct params *params);

/* Sets values, lengths and formats. */
void params_finish(struct params *params);

#endif
