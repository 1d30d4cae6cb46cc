/* etag.c: two numbers as text and back. */
#include "store/etag.h"

#include "store/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *etag_write(const Orders__V1__Order *order, char out[ETAG_TEXT])
{
    snprintf(out, ETAG_TEXT, "%" PRIx64 "-%" PRIx64, (uint64_t)order->id,
             (uint64_t)row_micros_from_timestamp(order->updated_at));
    return out;
}

/* Only what etag_write writes is an etag: one text for one state. */
struct etag etag_read(const char *text)
{
    struct etag etag = {.given = *text != '\0'};
    char again[ETAG_TEXT], *end;
    const uint64_t id = strtoull(text, &end, 16);
    const uint64_t updated_at = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
    snprintf(again, sizeof again, "%" PRIx64 "-%" PRIx64, id, updated_at);
    if (strcmp(again, text) == 0) {
        etag.id = (int64_t)id;
        etag.updated_at = (int64_t)updated_at;
    }
    return etag;
}
