/* test_message.c: what is taken for a message, and what is refused. */
#include "base/message.h"

#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/frame.pb-c.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

TestSuite(message, .init = set_up, .fini = tear_down);

/* A message with strings, a map and bytes. */
static void *unpack(const void *bytes, size_t size, const char **why)
{
    return message_unpack(&rpc__v1__request__descriptor, MESSAGE_MAX_FIELDS, &arena, bytes, size, why);
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

Test(message, says_why_it_refuses)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *why = NULL;
        cr_assert_null(unpack(bad[i].bytes, bad[i].size, &why), "sample %zu was taken", i);
        cr_assert_str_eq(why, bad[i].why);
    }
}

Test(message, counts_fields_so_that_few_bytes_stay_small_in_memory)
{
    const char *why;
    const size_t n = MESSAGE_MAX_FIELDS + 1;
    uint8_t *bytes = calloc(n, 2);
    for (size_t i = 0; i < n; i++)
        bytes[2 * i] = 0x22; /* an empty entry of the map */
    cr_assert_null(unpack(bytes, 2 * n, &why));
    cr_assert_str_eq(why, "it has too many fields; at most 32768 are taken");
    cr_assert_not_null(unpack(bytes, 2 * (n - 1), &why));
    free(bytes);
}

/* --- a message field that comes again --- */

/* Refused by the field's name, into the arena and apart from it. */
static void expect_twice(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
                         const char *field)
{
    const char *why = NULL;
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%s comes twice", field);
    cr_assert_null(message_unpack(type, MESSAGE_MAX_FIELDS, &arena, bytes, size, &why), "%s", field);
    cr_assert_str_eq(why, wanted);
    cr_assert_null(message_unpack_apart(type, MESSAGE_MAX_FIELDS, &arena, bytes, size, &why));
    cr_assert_str_eq(why, wanted);
}

/* protobuf-c would make 0 of the amount that the first part has. */
Test(message, a_message_in_two_parts_is_refused_by_name)
{
    static const char parts[] = "\x0a\x04\x28\xb2\xcb\x01\x0a\x05\x12\x03"
                                "A-1";
    expect_twice(&orders__v1__create_order_request__descriptor, parts, sizeof parts - 1,
                 "orders.v1.CreateOrderRequest.order");
}

/* A Timestamp's seconds in one part, its nanos in another. */
Test(message, a_timestamp_in_two_parts_is_refused_at_any_depth)
{
    static const char order[] = "\x22\x02\x08\x01\x22\x02\x10\x05";
    static const char batch[] = "\x0a\x00\x0a\x08\x22\x02\x08\x01\x22\x02\x10\x05";
    expect_twice(&orders__v1__order__descriptor, order, sizeof order - 1, "orders.v1.Order.order_date");
    expect_twice(&orders__v1__batch_create_orders_request__descriptor, batch, sizeof batch - 1,
                 "orders.v1.Order.order_date");
}

Test(message, parts_are_noticed_whatever_lies_between)
{
    static const char parts[] = "\x12\x03\x0a\x01*" /* update_mask */
                                "\x0a\x00"          /* order */
                                "\x7a\x00"          /* a field that the type has not */
                                "\x12\x00";
    expect_twice(&orders__v1__update_order_request__descriptor, parts, sizeof parts - 1,
                 "orders.v1.UpdateOrderRequest.update_mask");
}

/* One that is repeated, in each element, and a number or string, of which the last wins. */
Test(message, what_may_come_again_does)
{
    static const char orders[] = "\x0a\x04\x22\x02\x08\x01\x0a\x04\x22\x02\x08\x02";
    static const char order[] = "\x12\x01\x41\x28\x01\x28\x02\x12\x01\x42";
    const char *why;
    const Orders__V1__BatchCreateOrdersRequest *batch =
        message_unpack(&orders__v1__batch_create_orders_request__descriptor, MESSAGE_MAX_FIELDS, &arena,
                       (const uint8_t *)orders, sizeof orders - 1, &why);
    cr_assert_not_null(batch);
    cr_assert_eq(batch->n_orders, 2);
    cr_assert_eq(batch->orders[1]->order_date->seconds, 2);
    const Orders__V1__Order *last = message_unpack(&orders__v1__order__descriptor, MESSAGE_MAX_FIELDS, &arena,
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
    return message_unpack(&choice_descriptor, MESSAGE_MAX_FIELDS, &arena, (const uint8_t *)bytes, size, &why);
}

Test(message, of_a_oneof_the_last_member_wins_and_none_comes_in_parts)
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
