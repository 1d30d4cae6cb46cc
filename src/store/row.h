/* row.h: columns in PostgreSQL's binary format, of whatever row. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "google/protobuf/timestamp.pb-c.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

bool row_bool(const PGresult *result, int row, int column);
int64_t row_int8(const PGresult *result, int row, int column);
int32_t row_int4(const PGresult *result, int row, int column);
void row_timestamp(const PGresult *result, int row, int column, Google__Protobuf__Timestamp *out);

/* timestamptz counts microseconds from 2000-01-01T00:00:00Z. */
int64_t row_micros_from_timestamp(const Google__Protobuf__Timestamp *timestamp);

#endif
