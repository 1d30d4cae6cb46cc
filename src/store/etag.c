/* etag.c: two numbers as text and back. */
#include "store/etag.h"

#include "store/row.h"

#include <inttypes.h>
#include <stdio.h>
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
    char again[ETAG_TEXT];
    uint64_t id, updated_at;
    if (sscanf(text, "%16" SCNx64 "-%16" SCNx64, &id, &updated_at) != 2)
        return etag;
    snprintf(again, sizeof again, "%" PRIx64 "-%" PRIx64, id, updated_at);
    if (strcmp(again, text) == 0) {
        etag.id = (int64_t)id;
        etag.updated_at = (int64_t)updated_at;
    }
    return etag;
}
