/* page_token.c: the last id of the page before, its key and what is left to pass over, where they are not 0,
 * and a checksum of these and the filters. A key that is null is written as INT64_MAX, and one of INT64_MAX,
 * which the checks of the table rule out, is left out. */
#include "service/page_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    NUMBER = 16, /* digits of each, but for the checksum */
    SHORT = NUMBER + 8,
    WITHOUT_KEY = SHORT + NUMBER,
    LONG = WITHOUT_KEY + NUMBER,
};

_Static_assert(LONG == PAGE_TOKEN_TEXT - 1, "there is room for all");

/* FNV-1a. Not a secret: it catches mistakes, such as a token carried over to another list. A hash that bytes
 * are written into. */
struct checksum {
    ProtobufCBuffer base;
    uint32_t hash;
};

static void checksum_mix(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes)
{
    struct checksum *checksum = (struct checksum *)buffer; /* base is its first member */
    for (size_t i = 0; i < size; i++)
        checksum->hash = (checksum->hash ^ bytes[i]) * UINT32_C(16777619);
}

static void checksum_mix_text(struct checksum *checksum, const char *text)
{
    checksum_mix(&checksum->base, strlen(text), (const uint8_t *)text);
}

static void checksum_mix_number(struct checksum *checksum, int64_t number)
{
    checksum_mix(&checksum->base, sizeof number, (const uint8_t *)&number);
}

/* What a key is written as. */
static int64_t token_key(const struct store_next *next)
{
    return next->is_key_null ? INT64_MAX : next->key;
}

/* The filters that there were first, and others only where there are any: a token holds while servers of two
 * builds run. A build that does not know nulls writes INT64_MAX for one too, but reads it as the last of
 * keys: its pages have no more of the orders whose key is null, whoever began the list. It refuses a token
 * without a key. */
static uint32_t checksum_make(const Orders__V1__ListOrdersRequest *request, const struct store_next *next)
{
    struct checksum checksum = {.base.append = checksum_mix, .hash = UINT32_C(2166136261)};
    const int32_t status = (int32_t)request->status;
    Orders__V1__ListOrdersRequest others = *request;
    checksum_mix_number(&checksum, next->id);
    checksum_mix(&checksum.base, sizeof status, (const uint8_t *)&status);
    checksum_mix_text(&checksum, request->customer_id);
    checksum_mix_text(&checksum, request->order_by);
    others.page_size = 0;
    others.skip = 0;
    others.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED;
    others.page_token = others.customer_id = others.order_by = NULL;
    others.count = false;
    others.base.n_unknown_fields = 0;
    protobuf_c_message_pack_to_buffer(&others.base, &checksum.base);
    if (token_key(next) != 0 || next->skip != 0) {
        checksum_mix_number(&checksum, token_key(next));
        checksum_mix_number(&checksum, next->skip);
    }
    return checksum.hash;
}

void page_token_make(const Orders__V1__ListOrdersRequest *request, const struct store_next *next,
                     char out[static PAGE_TOKEN_TEXT])
{
    int length = snprintf(out, PAGE_TOKEN_TEXT, "%016" PRIx64, (uint64_t)next->id);
    if (!next->is_key_null && next->key == INT64_MAX)
        length +=
            snprintf(out + length, (size_t)(PAGE_TOKEN_TEXT - length), "%016" PRIx64, (uint64_t)next->skip);
    else if (token_key(next) != 0 || next->skip != 0)
        length += snprintf(out + length, (size_t)(PAGE_TOKEN_TEXT - length), "%016" PRIx64 "%016" PRIx64,
                           (uint64_t)token_key(next), (uint64_t)next->skip);
    snprintf(out + length, (size_t)(PAGE_TOKEN_TEXT - length), "%08" PRIx32, checksum_make(request, next));
}

/* Sixteen hexadecimal digits. */
static int64_t token_number(const char *token)
{
    uint64_t number = 0;
    /* NOLINTNEXTLINE(cert-err34-c): sixteen digits, looked at before, which cannot overflow */
    return sscanf(token, "%16" SCNx64, &number) == 1 ? (int64_t)number : 0;
}

bool page_token_read(const Orders__V1__ListOrdersRequest *request, struct store_next *next)
{
    const char *token = request->page_token;
    const size_t length = strlen(token);
    *next = (struct store_next){0};
    if (length == 0)
        return true;
    if ((length != SHORT && length != WITHOUT_KEY && length != LONG) ||
        strspn(token, "0123456789abcdef") != length)
        return false;
    next->id = token_number(token);
    if (length == LONG)
        next->key = token_number(token + NUMBER);
    next->is_key_null = next->key == INT64_MAX;
    if (next->is_key_null)
        next->key = 0;
    if (length == WITHOUT_KEY)
        next->key = INT64_MAX;
    if (length != SHORT)
        next->skip = token_number(token + length - SHORT);
    char again[PAGE_TOKEN_TEXT];
    page_token_make(request, next, again);
    next->more = next->skip >= 0 && strcmp(again, token) == 0;
    return next->more;
}
