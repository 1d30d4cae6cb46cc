/* test_schema.c: the schema of each kind of field. */
#include "json/schema.h"

#include "orders/v1/orders.pb-c.h"
#include "sample.pb-c.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect(const ProtobufCMessageDescriptor *message, const char *name, const char *expected)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message, name);
    json_t *schema = json_schema_of_field(field, "#/");
    char *text = json_dumps(schema, JSON_COMPACT);
    cr_expect_str_eq(text != NULL ? text : "", expected, "%s: %s", name, text);
    free(text);
    json_decref(schema);
}

Test(schema, has_what_the_mapping_makes_of_each_type)
{
    static const struct {
        const char *name, *schema;
    } cases[] = {
        {"small", "{\"type\":\"integer\",\"format\":\"int32\"}"},
        {"count", "{\"type\":\"integer\",\"format\":\"int64\"}"},
        {"signed", "{\"type\":\"integer\",\"format\":\"int64\"}"},
        {"large", "{\"type\":\"integer\",\"format\":\"int64\"}"},
        {"ratio", "{\"type\":\"number\",\"format\":\"double\"}"},
        {"rough", "{\"type\":\"number\",\"format\":\"float\"}"},
        {"flag", "{\"type\":\"boolean\"}"},
        {"blob", ""},
        {"text", "{\"type\":\"string\"}"},
        {"words", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"},
        {"child", "{\"$ref\":\"#/Sample\"}"},
        {"children", "{\"type\":\"array\",\"items\":{\"$ref\":\"#/Sample\"}}"},
        {"colours", "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"red\",\"blue\"]}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(&sample__sample__descriptor, cases[i].name, cases[i].schema);
}

Test(schema, knows_messages_with_a_form_of_their_own)
{
    expect(&orders__v1__order__descriptor, "order_date", "{\"type\":\"string\",\"format\":\"date-time\"}");
    expect(&orders__v1__update_order_request__descriptor, "update_mask", "{\"type\":\"string\"}");
}

Test(schema, leaves_out_the_unspecified_value_of_an_enum)
{
    expect(
        &orders__v1__order__descriptor, "status",
        "{\"type\":\"string\",\"enum\":[\"pending\",\"confirmed\",\"processing\",\"shipped\",\"delivered\","
        "\"completed\",\"cancelled\"]}");
}

Test(schema, says_which_message_it_refers_to)
{
    static const struct {
        const char *name;
        const ProtobufCMessageDescriptor *message;
    } cases[] = {
        {"child", &sample__sample__descriptor},
        {"children", &sample__sample__descriptor},
        {"small", NULL},
        {"blob", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(json_schema_refers_to(protobuf_c_message_descriptor_get_field_by_name(
                         &sample__sample__descriptor, cases[i].name)),
                     cases[i].message, "%s", cases[i].name);
    cr_expect_null(json_schema_refers_to(
        protobuf_c_message_descriptor_get_field_by_name(&orders__v1__order__descriptor, "order_date")));
}
