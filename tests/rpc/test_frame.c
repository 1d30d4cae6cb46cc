/* test_frame.c: frames as any protobuf would make them, and what is refused. */
#include "rpc/frame.h"

#include "base/message.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/frame.pb-c.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

TestSuite(frame, .init = set_up, .fini = tear_down);

/* A frame packed in place must be the bytes that packing the payload by itself gives. */
static void expect_same_bytes(const ProtobufCMessage *payload)
{
    Rpc__V1__Request head = RPC__V1__REQUEST__INIT;
    head.method = "orders.v1.OrderService/CreateOrder";
    head.request_id = "r";
    head.timeout_ms = 300;
    struct frame frame = frame_measure(&head.base, payload);
    uint8_t *bytes = malloc(frame.size);
    frame_pack(&frame, bytes);

    head.payload.len = protobuf_c_message_get_packed_size(payload);
    head.payload.data = arena_alloc(&arena, head.payload.len);
    protobuf_c_message_pack(payload, head.payload.data);
    size_t size = rpc__v1__request__get_packed_size(&head);
    uint8_t *wanted = malloc(size);
    rpc__v1__request__pack(&head, wanted);
    cr_assert_eq(frame.size, size);
    cr_assert_eq(memcmp(bytes, wanted, size), 0);
    free(bytes);
    free(wanted);
}

Test(frame, payload_in_place_equals_payload_apart)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    expect_same_bytes(&request.base); /* empty */
    request.order = &order;
    /* Lengths around where the varint grows: 127/128 and 16383/16384. */
    for (size_t length = 100; length < 16500; length = length < 140 ? length + 1 : length + 997) {
        char *id = arena_calloc(&arena, length + 1, 1);
        memset(id, 'x', length);
        order.order_id = id;
        expect_same_bytes(&request.base);
    }
}

static void *unpack(const void *bytes, size_t size, const char **why)
{
    return frame_unpack_request(&arena, bytes, size, why);
}

Test(frame, reads_what_it_wrote)
{
    Rpc__V1__Request__MetadataEntry entry = RPC__V1__REQUEST__METADATA_ENTRY__INIT;
    Rpc__V1__Request__MetadataEntry *entries[] = {&entry};
    Rpc__V1__Request head = RPC__V1__REQUEST__INIT;
    Orders__V1__GetOrderRequest get = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    uint8_t bytes[256];
    const char *why;
    entry.key = "x-api-key";
    entry.value = "k";
    head.method = "m";
    head.n_metadata = 1;
    head.metadata = entries;
    get.order_id = "\u00deing";
    struct frame frame = frame_measure(&head.base, &get.base);
    frame_pack(&frame, bytes);
    const Rpc__V1__Request *read = unpack(bytes, frame.size, &why);
    cr_assert_not_null(read);
    cr_assert_str_eq(read->method, "m");
    cr_assert_str_eq(read->metadata[0]->value, "k");
    cr_assert_eq(read->payload.len, frame.payload_size);
}

Test(frame, an_empty_frame_is_an_empty_request)
{
    const char *why;
    const Rpc__V1__Request *read = unpack("", 0, &why);
    cr_assert_not_null(read);
    cr_assert_str_eq(read->method, "");
}

Test(frame, skips_unknown_fields_and_bytes_that_are_no_text)
{
    const char *why;
    /* field 14, then the payload with bytes that are not UTF-8 */
    const Rpc__V1__Request *read = unpack("\x72\x01\xff\x7a\x02\xff\x00", 7, &why);
    cr_assert_not_null(read);
    cr_assert_eq(read->payload.len, 2);
}

/* So many empty metadata entries. */
static uint8_t *make_entries(size_t n)
{
    uint8_t *bytes = malloc(2 * n);
    for (size_t i = 0; i < n; i++) {
        bytes[2 * i] = 0x22;
        bytes[2 * i + 1] = 0;
    }
    return bytes;
}

/* Anybody can send one, without a key: it takes no memory beyond the block that a call has anyway. */
Test(frame, a_request_of_many_fields_is_refused_before_it_takes_memory)
{
    const char *why;
    const size_t n = MESSAGE_MAX_FIELDS;
    uint8_t *bytes = make_entries(n);
    cr_assert_null(unpack(bytes, 2 * n, &why));
    cr_assert_str_eq(why, "it has too many fields; at most 64 are taken");
    cr_assert_eq(arena_excess(&arena), 0);
    cr_assert_null(unpack(bytes, 2 * (FRAME_MAX_REQUEST_FIELDS + 1), &why));
    cr_assert_not_null(unpack(bytes, 2 * FRAME_MAX_REQUEST_FIELDS, &why));
    cr_assert_lt(arena_excess(&arena), 16 << 10);
    free(bytes);
}

/* The payload is one field of it, however many it has itself. */
Test(frame, a_request_of_a_large_payload_is_taken)
{
    const char *why;
    enum { PAYLOAD = 1000 };
    uint8_t bytes[3 + PAYLOAD] = {0x7a, 0x80 | (PAYLOAD & 0x7f), PAYLOAD >> 7};
    const Rpc__V1__Request *read = unpack(bytes, sizeof bytes, &why);
    cr_assert_not_null(read);
    cr_assert_eq(read->payload.len, PAYLOAD);
}

/* protobuf keeps the last value of a map's key, and the last of a field within an entry. */
Test(frame, of_metadata_that_comes_again_the_last_counts)
{
    static const char frame[] = "\x22\x06\x0a\x01k\x12\x01"
                                "1"
                                "\x22\x06\x0a\x01j\x12\x01"
                                "2"
                                "\x22\x09\x0a\x01k\x12\x01"
                                "3\x12\x01"
                                "4";
    const char *why;
    const Rpc__V1__Request *read = unpack(frame, sizeof frame - 1, &why);
    cr_assert_not_null(read);
    cr_assert_str_eq(frame_metadata(read, "k"), "4");
    cr_assert_str_eq(frame_metadata(read, "j"), "2");
    cr_assert_null(frame_metadata(read, "l"));
}

Test(frame, random_bytes_never_harm)
{
    unsigned seed = 20250116;
    uint8_t bytes[300];
    for (int round = 0; round < 200000; round++) {
        size_t size = (size_t)rand_r(&seed) % sizeof bytes;
        const char *why = NULL;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)rand_r(&seed);
        cr_assert(unpack(bytes, size, &why) != NULL || why != NULL);
        arena_reset(&arena);
    }
}
