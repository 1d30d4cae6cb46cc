/* row.c: big-endian numbers, and text that is not NUL-terminated on the wire but is in a PGresult. */
#include "store/row.h"

#include "base/time.h"

#include <endian.h>
#include <string.h>

enum { US_PER_S = 1000000 };
#define SECONDS_TO_2000 INT64_C(946684800)

bool row_bool(const PGresult *result, int row, int column)
{
    return *PQgetvalue(result, row, column) != 0;
}

int64_t row_int8(const PGresult *result, int row, int column)
{
    uint64_t big;
    memcpy(&big, PQgetvalue(result, row, column), sizeof big);
    return (int64_t)be64toh(big);
}

int32_t row_int4(const PGresult *result, int row, int column)
{
    uint32_t big;
    memcpy(&big, PQgetvalue(result, row, column), sizeof big);
    return (int32_t)be32toh(big);
}

void row_timestamp(const PGresult *result, int row, int column, Google__Protobuf__Timestamp *out)
{
    int64_t micros = row_int8(result, row, column);
    int64_t seconds = micros / US_PER_S, rest = micros % US_PER_S;
    if (rest < 0) {
        seconds--;
        rest += US_PER_S;
    }
    google__protobuf__timestamp__init(out);
    out->seconds = seconds + SECONDS_TO_2000;
    out->nanos = (int32_t)rest * NS_PER_US;
}

int64_t row_micros_from_timestamp(const Google__Protobuf__Timestamp *timestamp)
{
    return (timestamp->seconds - SECONDS_TO_2000) * US_PER_S + timestamp->nanos / NS_PER_US;
}
