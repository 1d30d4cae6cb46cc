/* params.c: big-endian numbers in one growing buffer. */
#include "store/params.h"

#include "store/row.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 4096,
    KEPT_CAPACITY = 1 << 20, /* a larger buffer, after a large batch, is given back */
};

void params_reset(struct params *params)
{
    if (params->capacity > KEPT_CAPACITY)
        params_free(params);
    params->length = 0;
    params->count = 0;
    params->has_sql = false;
}

void params_free(struct params *params)
{
    free(params->bytes);
    params->bytes = NULL;
    params->capacity = 0;
}

static void put(struct params *params, const void *bytes, size_t size)
{
    /* Also for no bytes: an empty value must not be NULL, which is null. */
    if (params->bytes == NULL || params->capacity - params->length < size) {
        size_t capacity = params->capacity == 0 ? FIRST_CAPACITY : params->capacity;
        while (capacity - params->length < size)
            capacity *= 2;
        char *larger = realloc(params->bytes, capacity);
        if (larger == NULL) {
            fprintf(stderr, "out of memory: %zu bytes\n", capacity);
            abort(); /* as the arena does */
        }
        params->bytes = larger;
        params->capacity = capacity;
    }
    memcpy(params->bytes + params->length, bytes, size);
    params->length += size;
}

static void put_int4(struct params *params, int32_t value)
{
    uint32_t big = htobe32((uint32_t)value);
    put(params, &big, sizeof big);
}

static void put_int8(struct params *params, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    put(params, &big, sizeof big);
}

static void begin(struct params *params)
{
    params->starts[params->count++] = params->length;
}

void params_sql(struct params *params, const char *sql)
{
    assert(params->length == 0);
    put(params, sql, strlen(sql) + 1);
    params->has_sql = true;
}

void params_int8(struct params *params, int64_t value)
{
    begin(params);
    put_int8(params, value);
}

void params_text(struct params *params, const char *value)
{
    begin(params);
    put(params, value, strlen(value));
}

void params_array(struct params *params, enum pg_type element, size_t n)
{
    begin(params);
    put_int4(params, 1); /* dimensions */
    put_int4(params, 1); /* there may be nulls */
    put_int4(params, (int32_t)element);
    put_int4(params, (int32_t)n);
    put_int4(params, 1); /* lower bound */
}

void params_add_int8(struct params *params, int64_t value)
{
    put_int4(params, sizeof value);
    put_int8(params, value);
}

void params_add_text(struct params *params, const char *value)
{
    size_t length = strlen(value);
    put_int4(params, (int32_t)length);
    put(params, value, length);
}

void params_add_timestamp(struct params *params, const Google__Protobuf__Timestamp *value)
{
    params_add_int8(params, row_micros_from_timestamp(value));
}

void params_add_text_or_null(struct params *params, const char *value)
{
    if (value != NULL)
        params_add_text(params, value);
    else
        params_add_null(params);
}

void params_add_null(struct params *params)
{
    put_int4(params, -1);
}

void params_add_int8_or_null(struct params *params, bool is_set, int64_t value)
{
    if (is_set)
        params_add_int8(params, value);
    else
        params_add_null(params);
}

void params_finish(struct params *params)
{
    params->sql = params->has_sql ? params->bytes : NULL;
    for (int i = 0; i < params->count; i++) {
        size_t end = i + 1 < params->count ? params->starts[i + 1] : params->length;
        /* An empty text still needs a pointer: NULL would be SQL's NULL. */
        params->values[i] = params->bytes != NULL ? params->bytes + params->starts[i] : "";
        params->lengths[i] = (int)(end - params->starts[i]);
        params->formats[i] = 1;
    }
}
