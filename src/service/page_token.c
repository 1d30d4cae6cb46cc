/* page_token.c: the last id of the page before, and a checksum of it and the filters. */
#include "service/page_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a. Not a secret: it catches mistakes, such as a token carried over to another list. */
static uint32_t mix(uint32_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT32_C(16777619);
    return hash;
}

static uint32_t checksum(const Orders__V1__ListOrdersRequest *request, int64_t last_id)
{
    const int32_t status = (int32_t)request->status;
    uint32_t hash = mix(UINT32_C(2166136261), &last_id, sizeof last_id);
    hash = mix(hash, &status, sizeof status);
    hash = mix(hash, request->customer_id, strlen(request->customer_id));
    return mix(hash, request->order_by, strlen(request->order_by));
}

void page_token_make(const Orders__V1__ListOrdersRequest *request, int64_t last_id,
                     char out[static PAGE_TOKEN_TEXT])
{
    snprintf(out, PAGE_TOKEN_TEXT, "%016" PRIx64 "%08" PRIx32, (uint64_t)last_id, checksum(request, last_id));
}

bool page_token_read(const Orders__V1__ListOrdersRequest *request, int64_t *last_id)
{
    const char *token = request->page_token;
    uint64_t id;
    *last_id = 0;
    if (*token == '\0')
        return true;
    if (strlen(token) != PAGE_TOKEN_TEXT - 1 || strspn(token, "0123456789abcdef") != PAGE_TOKEN_TEXT - 1 ||
        /* NOLINTNEXTLINE(cert-err34-c): sixteen hexadecimal digits are read, which cannot overflow */
        sscanf(token, "%16" SCNx64, &id) != 1)
        return false;
    char again[PAGE_TOKEN_TEXT];
    page_token_make(request, (int64_t)id, again);
    *last_id = (int64_t)id;
    return *last_id >= 0 && strcmp(again, token) == 0;
}
