/* etag.c: two numbers as text and back. */
#include "store/etag.h"

#include "base/hex.h"
#include "store/row.h"

#include <stdlib.h>
#include <string.h>

/* By hand, since it is part of each answer. */
static char *write(uint64_t id, uint64_t updated_at, char out[static ETAG_TEXT])
{
    size_t length = hex_write(id, out);
    out[length++] = '-';
    length += hex_write(updated_at, out + length);
    out[length] = '\0';
    return out;
}

char *etag_write(const Orders__V1__Order *order, char out[ETAG_TEXT])
{
    return write((uint64_t)order->id, (uint64_t)row_micros_from_timestamp(order->updated_at), out);
}

/* Only what etag_write writes is an etag: one text for one state. */
struct etag etag_read(const char *text)
{
    struct etag etag = {.given = *text != '\0'};
    char again[ETAG_TEXT], *end;
    const uint64_t id = strtoull(text, &end, 16);
    const uint64_t updated_at = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
    if (strcmp(write(id, updated_at, again), text) == 0) {
        etag.id = (int64_t)id;
        etag.updated_at = (int64_t)updated_at;
    }
    return etag;
}
