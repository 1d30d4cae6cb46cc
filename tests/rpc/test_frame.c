/* test_frame.c: frames as any protobuf would make them, and what is refused. */
#include "rpc/frame.h"

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

static const struct bad {
    const char *bytes;
    size_t size;
    const char *why;
} bad[] = {
    {"\x0a", 1, "it does not parse"}, /* a tag alone */
    {"\x0a\x05"
     "ab",
     4, "it does not parse"},                                                      /* longer than the frame */
    {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "it does not parse"},     /* 2^64 - 1 bytes */
    {"\x0b\x0c", 2, "it does not parse"},                                          /* a group */
    {"\x80\x00\x00", 3, "it does not parse"},                                      /* field 0 */
    {"\x80\x80\x80\x80\x10\x00", 6, "it does not parse"},                          /* field 2^29 */
    {"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "it does not parse"}, /* an endless varint */
    {"\x09"
     "1234567",
     8, "it does not parse"}, /* seven bytes of eight */
    {"\x0a\x02\xc3\x28", 4, "a string in it is not UTF-8 or holds a NUL"},
    {"\x0a\x03"
     "a\0b",
     5, "a string in it is not UTF-8 or holds a NUL"},
    {"\x22\x04\x0a\x02\xff\xff", 6, "a string in it is not UTF-8 or holds a NUL"}, /* in metadata */
};

Test(frame, says_why_it_refuses)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *why = NULL;
        cr_assert_null(unpack(bad[i].bytes, bad[i].size, &why), "sample %zu was taken", i);
        cr_assert_str_eq(why, bad[i].why);
    }
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

Test(frame, counts_fields_so_that_small_frames_stay_small_in_memory)
{
    const char *why;
    const size_t n = FRAME_MAX_FIELDS + 1;
    uint8_t *bytes = make_entries(n);
    const ProtobufCMessageDescriptor *type = &rpc__v1__request__descriptor;
    cr_assert_null(frame_unpack(type, FRAME_MAX_FIELDS, &arena, bytes, 2 * n, &why));
    cr_assert_str_eq(why, "it has too many fields; at most 32768 are taken");
    cr_assert_not_null(frame_unpack(type, FRAME_MAX_FIELDS, &arena, bytes, 2 * (n - 1), &why));
    free(bytes);
}

/* Anybody can send one, without a key: it takes no memory beyond the block that a call has anyway. */
Test(frame, a_request_of_many_fields_is_refused_before_it_takes_memory)
{
    const char *why;
    const size_t n = FRAME_MAX_FIELDS;
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

/* --- a message field that comes again --- */

/* Refused by the field's name, into the arena and apart from it. */
static void expect_twice(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
                         const char *field)
{
    const char *why = NULL;
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%s comes twice", field);
    cr_assert_null(frame_unpack(type, FRAME_MAX_FIELDS, &arena, bytes, size, &why), "%s", field);
    cr_assert_str_eq(why, wanted);
    cr_assert_null(frame_unpack_apart(type, FRAME_MAX_FIELDS, &arena, bytes, size, &why));
    cr_assert_str_eq(why, wanted);
}

/* protobuf-c would make 0 of the amount that the first part has. */
Test(frame, a_message_in_two_parts_is_refused_by_name)
{
    static const char parts[] = "\x0a\x04\x28\xb2\xcb\x01\x0a\x05\x12\x03"
                                "A-1";
    expect_twice(&orders__v1__create_order_request__descriptor, parts, sizeof parts - 1,
                 "orders.v1.CreateOrderRequest.order");
}

/* A Timestamp's seconds in one part, its nanos in another. */
Test(frame, a_timestamp_in_two_parts_is_refused_at_any_depth)
{
    static const char order[] = "\x22\x02\x08\x01\x22\x02\x10\x05";
    static const char batch[] = "\x0a\x00\x0a\x08\x22\x02\x08\x01\x22\x02\x10\x05";
    expect_twice(&orders__v1__order__descriptor, order, sizeof order - 1, "orders.v1.Order.order_date");
    expect_twice(&orders__v1__batch_create_orders_request__descriptor, batch, sizeof batch - 1,
                 "orders.v1.Order.order_date");
}

Test(frame, parts_are_noticed_whatever_lies_between)
{
    static const char parts[] = "\x12\x03\x0a\x01*" /* update_mask */
                                "\x0a\x00"          /* order */
                                "\x7a\x00"          /* a field that the type has not */
                                "\x12\x00";
    expect_twice(&orders__v1__update_order_request__descriptor, parts, sizeof parts - 1,
                 "orders.v1.UpdateOrderRequest.update_mask");
}

/* One that is repeated, in each element, and a number or string, of which the last wins. */
Test(frame, what_may_come_again_does)
{
    static const char orders[] = "\x0a\x04\x22\x02\x08\x01\x0a\x04\x22\x02\x08\x02";
    static const char order[] = "\x12\x01\x41\x28\x01\x28\x02\x12\x01\x42";
    const char *why;
    const Orders__V1__BatchCreateOrdersRequest *batch =
        frame_unpack(&orders__v1__batch_create_orders_request__descriptor, FRAME_MAX_FIELDS, &arena,
                     (const uint8_t *)orders, sizeof orders - 1, &why);
    cr_assert_not_null(batch);
    cr_assert_eq(batch->n_orders, 2);
    cr_assert_eq(batch->orders[1]->order_date->seconds, 2);
    const Orders__V1__Order *last = frame_unpack(&orders__v1__order__descriptor, FRAME_MAX_FIELDS, &arena,
                                                 (const uint8_t *)order, sizeof order - 1, &why);
    cr_assert_not_null(last);
    cr_assert_str_eq(last->order_id, "B");
    cr_assert_eq(last->total_amount, 2);
}

/* No message of ours has a oneof yet: as protoc-c describes one of two messages, Timestamp at = 1 and string
 * text = 2. */
struct choice {
    ProtobufCMessage base;
    uint32_t of; /* the field's number; 0: none */
    union {
        Google__Protobuf__Timestamp *at;
        char *text;
    };
};

static const ProtobufCFieldDescriptor choice_fields[] = {
    {.name = "at",
     .id = 1,
     .label = PROTOBUF_C_LABEL_NONE,
     .type = PROTOBUF_C_TYPE_MESSAGE,
     .quantifier_offset = offsetof(struct choice, of),
     .offset = offsetof(struct choice, at),
     .descriptor = &google__protobuf__timestamp__descriptor,
     .flags = PROTOBUF_C_FIELD_FLAG_ONEOF},
    {.name = "text",
     .id = 2,
     .label = PROTOBUF_C_LABEL_NONE,
     .type = PROTOBUF_C_TYPE_STRING,
     .quantifier_offset = offsetof(struct choice, of),
     .offset = offsetof(struct choice, text),
     .flags = PROTOBUF_C_FIELD_FLAG_ONEOF},
};
static const unsigned choice_by_name[] = {0, 1};
static const ProtobufCIntRange choice_ranges[] = {{1, 0}, {0, 2}};
static const ProtobufCMessageDescriptor choice_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "test.Choice",
    .sizeof_message = sizeof(struct choice),
    .n_fields = 2,
    .fields = choice_fields,
    .fields_sorted_by_name = choice_by_name,
    .n_field_ranges = 1,
    .field_ranges = choice_ranges,
};

static const struct choice *choose(const char *bytes, size_t size)
{
    const char *why;
    return frame_unpack(&choice_descriptor, FRAME_MAX_FIELDS, &arena, (const uint8_t *)bytes, size, &why);
}

Test(frame, of_a_oneof_the_last_member_wins_and_none_comes_in_parts)
{
    static const char parts[] = "\x0a\x02\x08\x01\x0a\x02\x10\x05";
    const struct choice *chosen = choose("\x0a\x02\x08\x01\x12\x01x", 7);
    cr_assert_not_null(chosen);
    cr_assert_eq(chosen->of, 2);
    cr_assert_str_eq(chosen->text, "x");
    chosen = choose("\x12\x01x\x0a\x02\x08\x07", 7);
    cr_assert_not_null(chosen);
    cr_assert_eq(chosen->of, 1);
    cr_assert_eq(chosen->at->seconds, 7);
    expect_twice(&choice_descriptor, parts, sizeof parts - 1, "test.Choice.at");
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
