/* test_mapping.c: messages to JSON and back, and how each wrong value is named. */
#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/frame.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "sample.pb-c.h"
#include "json/enum_name.h"
#include "json/mapping.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct status status;

static void setup(void)
{
    arena_init(&arena);
    status = STATUS_INIT;
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(json, .init = setup, .fini = teardown);

static void read_text(const char *text, ProtobufCMessage *message)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_ALLOW_NUL, &error);
    cr_assert_not_null(json, "%s: %s", text, error.text);
    json_to_message(json, message, JSON_UNKNOWN_REFUSED, &arena, &status);
    json_decref(json);
}

static void assert_written(const ProtobufCMessage *message, const char *expected)
{
    json_t *json = json_from_message(message);
    char *text = json_dumps(json, JSON_COMPACT);
    cr_assert_str_eq(text, expected);
    free(text);
    json_decref(json);
}

/* "field type message", one line a violation. */
static const char *violations(void)
{
    const char *text = "";
    for (size_t i = 0; i < status.n_violations; i++) {
        const struct violation *violation = &status.violations[i];
        text = arena_printf(&arena, "%s%s%s: %s: %s", text, i == 0 ? "" : "\n", violation->field,
                            violation->type, violation->message);
    }
    return text;
}

static const ProtobufCFieldDescriptor *order_field(const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(&orders__v1__order__descriptor, name);
}

Test(json, an_order_goes_both_ways)
{
    static const char text[] =
        "{\"id\":7,\"order_id\":\"ORD-\\u0000\",\"customer_id\":\"Þórr\","
        "\"order_date\":\"2025-01-16T14:20:00.123Z\",\"total_amount\":9007199254740991,"
        "\"currency\":\"ISK\",\"status\":\"delivered\",\"updated_at\":\"1969-12-31T23:59:59Z\",\"etag\":"
        "\"\"}";
    static const char written[] =
        "{\"id\":7,\"order_id\":\"\",\"customer_id\":\"Þórr\","
        "\"order_date\":\"2025-01-16T14:20:00.123Z\",\"total_amount\":9007199254740991,"
        "\"currency\":\"ISK\",\"status\":\"delivered\",\"updated_at\":\"1969-12-31T23:59:59Z\",\"etag\":"
        "\"\"}";
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    read_text(text, &order.base);
    cr_assert_str_eq(violations(), "order_id: control_character: must have no control characters");
    assert_written(&order.base, written);
}

Test(json, defaults_are_written_and_absent_ones_left_out)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    assert_written(&order.base, "{\"id\":0,\"order_id\":\"\",\"customer_id\":\"\",\"total_amount\":0,"
                                "\"currency\":\"\",\"etag\":\"\"}");
    order.status = 99; /* a newer server's */
    Google__Protobuf__Timestamp never = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    never.nanos = INT32_MIN;
    order.order_date = &never;
    assert_written(&order.base, "{\"id\":0,\"order_id\":\"\",\"customer_id\":\"\",\"total_amount\":0,"
                                "\"currency\":\"\",\"etag\":\"\"}");
    Orders__V1__OrderSummary summary = ORDERS__V1__ORDER_SUMMARY__INIT;
    assert_written(&summary.base, "{\"total_orders\":0,\"total_revenue\":[],\"revenue_per_day\":[]}");
}

Test(json, null_is_absent_for_messages_and_enums)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    read_text("{\"order_date\":null,\"status\":null}", &order.base);
    cr_assert_str_eq(violations(), "");
    cr_assert_null(order.order_date);
    cr_assert_eq(order.status, 0);
    read_text("{\"order_id\":null,\"total_amount\":null}", &order.base);
    cr_assert_str_eq(violations(), "order_id: string_type: must be a string\n"
                                   "total_amount: int_type: must be an integer");
}

/* --- one value of an order, and what becomes of it --- */

struct value_case {
    char field[16];
    char json[48];
    char type[32]; /* of the violation; empty: none */
    char message[160];
    char written[40]; /* the field in JSON when it was taken */
};

#define INT_PARSING  "int_parsing", "must be an integer"
#define INT_TYPE     "int_type", "must be an integer"
#define INT_FRACTION "int_from_float", "must be an integer, without a fraction"
#define INT_SIZE     "int_parsing_size", "must be an integer within the range of its type"
#define STRING_TYPE  "string_type", "must be a string"
#define ENUM         "enum", "must be one of pending, confirmed, processing, shipped, delivered, completed, cancelled"
#define DATE         "datetime_from_date_parsing", "must be a date and time: "
#define DATE_NUMBER  "datetime_parsing", "must be a date and time: "
#define DATE_TYPE    "datetime_type", "must be a date and time, as text or a number"

ParameterizedTestParameters(json, value)
{
    static struct value_case cases[] = {
        {"total_amount", "12", "", "", "12"},
        {"total_amount", "12.0", "", "", "12"},
        {"total_amount", "\"12\"", "", "", "12"},
        {"total_amount", "\" -12.00 \"", "", "", "-12"},
        {"total_amount", "9223372036854775807", "", "", "9223372036854775807"},
        {"total_amount", "\"-9223372036854775808\"", "", "", "-9223372036854775808"},
        {"total_amount", "\"9223372036854775808\"", INT_SIZE, ""},
        {"total_amount", "1e19", INT_SIZE, ""},
        {"total_amount", "9223372036854775808.0", INT_SIZE, ""},
        {"total_amount", "-1e300", INT_SIZE, ""},
        {"total_amount", "12.5", INT_FRACTION, ""},
        {"total_amount", "\"12.5\"", INT_PARSING, ""},
        {"total_amount", "\"abc\"", INT_PARSING, ""},
        {"total_amount", "\"\"", INT_PARSING, ""},
        {"total_amount", "\"-\"", INT_PARSING, ""},
        {"total_amount", "\"12.\"", INT_PARSING, ""},
        {"total_amount", "\"1\\u00002\"", INT_PARSING, ""},
        {"total_amount", "null", INT_TYPE, ""},
        {"total_amount", "true", INT_TYPE, ""},
        {"total_amount", "[]", INT_TYPE, ""},
        {"total_amount", "{}", INT_TYPE, ""},
        {"currency", "12", STRING_TYPE, ""},
        {"currency", "null", STRING_TYPE, ""},
        {"currency", "[\"ISK\"]", STRING_TYPE, ""},
        {"currency", "\"isk\"", "", "", "\"isk\""},
        {"status", "\"cancelled\"", "", "", "\"cancelled\""},
        {"status", "\"Cancelled\"", ENUM "; did you mean cancelled?", ""},
        {"status", "\"shiped\"", ENUM "; did you mean shipped?", ""},
        {"status", "\"unspecified\"", ENUM, ""},
        {"status", "\"\"", ENUM, ""},
        {"status", "1", ENUM, ""},
        {"status", "null", ENUM, ""},
        {"status", "\"pending\\u0000\"", ENUM "; did you mean pending?", ""},
        {"order_date", "\"2025-01-16\"", "", "", "\"2025-01-16T00:00:00Z\""},
        {"order_date", "\"2025-01-16T01:00:00.5+01:00\"", "", "", "\"2025-01-16T00:00:00.500Z\""},
        {"order_date", "\"2025-13-16\"", DATE "month value is outside expected range of 1-12", ""},
        {"order_date", "\"\"", DATE "input is too short", ""},
        {"order_date", "\"1737036000\"", DATE "invalid date separator, expected `-`", ""},
        {"order_date", "\"2025-01-16 00:00:00+00\"", "", "", "\"2025-01-16T00:00:00Z\""},
        {"order_date", "\"2025-01-16 01:00:00 +0100\"", "", "", "\"2025-01-16T00:00:00Z\""},
        {"order_date", "0", "", "", "\"1970-01-01T00:00:00Z\""},
        {"order_date", "1737036000", "", "", "\"2025-01-16T14:00:00Z\""},
        {"order_date", "1737036000.0", "", "", "\"2025-01-16T14:00:00Z\""},
        {"order_date", "1737036000.123456", "", "", "\"2025-01-16T14:00:00.123456Z\""},
        {"order_date", "1737036000.9999999", "", "", "\"2025-01-16T14:00:01Z\""},
        {"order_date", "1737036000123", "", "", "\"2025-01-16T14:00:00.123Z\""},
        {"order_date", "1737036000123.25", "", "", "\"2025-01-16T14:00:00.123250Z\""},
        {"order_date", "20000000000", "", "", "\"2603-10-11T11:33:20Z\""},
        {"order_date", "20000000001", "", "", "\"1970-08-20T11:33:20.001Z\""},
        {"order_date", "-20000000000", "", "", "\"1336-03-23T12:26:40Z\""},
        {"order_date", "-20000000001", "", "", "\"1969-05-14T12:26:39.999Z\""},
        {"order_date", "-6.25", "", "", "\"1969-12-31T23:59:53.750Z\""},
        {"order_date", "253402300799999", "", "", "\"9999-12-31T23:59:59.999Z\""},
        {"order_date", "253402300800000",
         DATE_NUMBER "dates after 9999 are not supported as unix timestamps"},
        {"order_date", "1e300", DATE_NUMBER "dates after 9999 are not supported as unix timestamps", ""},
        {"order_date", "-62135596800000", "", "", "\"0001-01-01T00:00:00Z\""},
        {"order_date", "-62135596800001", DATE_NUMBER "year 0 is out of range", ""},
        {"order_date", "-62167219200000", DATE_NUMBER "year 0 is out of range", ""},
        {"order_date", "-62167219200001",
         DATE_NUMBER "dates before 0000 are not supported as unix timestamps"},
        {"order_date", "-9223372036854775808",
         DATE_NUMBER "dates before 0000 are not supported as unix timestamps"},
        {"order_date", "\"0000-02-29T00:00:00Z\"", DATE_NUMBER "year 0 is out of range", ""},
        {"order_date", "\"0000-01-01\"", DATE_NUMBER "year 0 is out of range", ""},
        {"order_date", "\"0000-13-01\"", DATE "month value is outside expected range of 1-12", ""},
        {"order_date", "null", DATE_TYPE, ""},
        {"order_date", "true", DATE_TYPE, ""},
        {"order_date", "[0]", DATE_TYPE, ""},
        {"order_date", "{}", DATE_TYPE, ""},
    };
    return cr_make_param_array(struct value_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct value_case *c, json, value, .init = setup, .fini = teardown)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    json_t *value = json_loads(c->json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    cr_assert_not_null(value, "%s", c->json);
    json_field_from_json(value, order_field(c->field), &order.base, &arena, &status);
    json_decref(value);
    if (*c->type != '\0') {
        const char *expected = arena_printf(&arena, "%s: %s: %s", c->field, c->type, c->message);
        cr_assert_str_eq(violations(), expected);
        return;
    }
    cr_assert_str_eq(violations(), "");
    json_t *object = json_from_message(&order.base);
    char *written = json_dumps(json_object_get(object, c->field), JSON_ENCODE_ANY);
    cr_assert_str_eq(written, c->written);
    free(written);
    json_decref(object);
}

/* --- text --- */

struct text_case {
    char field[16];
    char text[24];
    size_t length;
    char expected[128]; /* the violation; empty: none */
};

#define TEXT(text) (text), sizeof(text) - 1

ParameterizedTestParameters(json, text)
{
    static struct text_case cases[] = {
        {"total_amount", TEXT("12"), ""},
        {"total_amount", TEXT("ten"), "total_amount: int_parsing: must be an integer"},
        {"status", TEXT("shipped"), ""},
        {"customer_id", TEXT("C-1"), ""},
        {"customer_id", TEXT("C\xff"), "customer_id: string_unicode: must be UTF-8"},
        {"customer_id", TEXT("C\0001"), "customer_id: control_character: must have no control characters"},
        {"order_date", TEXT("2025-02-30"),
         "order_date: datetime_from_date_parsing: must be a date and time: day value is outside expected "
         "range"},
    };
    return cr_make_param_array(struct text_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct text_case *c, json, text, .init = setup, .fini = teardown)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    json_field_from_text(c->text, c->length, order_field(c->field), &order.base, &arena, &status);
    cr_assert_str_eq(violations(), c->expected);
    if (*c->expected == '\0')
        cr_assert(order.total_amount == 12 ||
                  order.status == ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED ||
                  strcmp(order.customer_id, "C-1") == 0);
}

/* --- whole messages --- */

Test(json, violations_are_named_by_path_in_field_order)
{
    Orders__V1__BatchCreateOrdersRequest request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    read_text(
        "{\"orders\":[{\"currency\":\"ISK\",\"order_id\":\"a\"},7,{\"status\":\"lost\",\"order_id\":1}]}",
        &request.base);
    cr_assert_eq(status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_eq(status.n_violations, 3);
    cr_assert_str_eq(status.violations[0].field, "orders.1");
    cr_assert_str_eq(status.violations[0].type, "object_type");
    cr_assert_str_eq(status.violations[1].field, "orders.2.order_id");
    cr_assert_str_eq(status.violations[2].field, "orders.2.status");
    cr_assert_eq(request.n_orders, 2);
    cr_assert_str_eq(request.orders[0]->order_id, "a");
}

Test(json, a_field_mask_is_its_paths)
{
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    read_text("{\"update_mask\":\"status,currency\"}", &request.base);
    cr_assert_eq(request.update_mask->n_paths, 2);
    cr_assert_str_eq(request.update_mask->paths[1], "currency");
    assert_written(&request.base, "{\"update_mask\":\"status,currency\"}");
    read_text("{\"update_mask\":\"\"}", &request.base);
    assert_written(&request.base, "{\"update_mask\":\"\"}");
    read_text("{\"update_mask\":[]}", &request.base);
    cr_assert_str_eq(violations(), "update_mask: string_type: must be a string");
}

/* A day as digits, a spreadsheet's day and a second of 1970 would each be a time, of which two are not meant.
 */
Test(json, a_time_is_text_in_proto_json)
{
    static const char *const numbers[] = {"20250116", "45673.4375", "1737036000", "true"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
        status = STATUS_INIT;
        read_text(arena_printf(&arena, "{\"order_date\":%s}", numbers[i]), &order.base);
        cr_expect_str_eq(violations(), "order_date: datetime_type: must be a date and time, as text", "%s",
                         numbers[i]);
    }
}

/* --- names --- */

Test(json, unknown_members_are_refused_by_name_with_a_guess)
{
    Orders__V1__BatchCreateOrdersRequest request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    read_text("{\"orders\":[{\"order_id\":\"A\",\"total_amout\":5,\"note\":[1]},{\"Amount\":1}],\"x\":null}",
              &request.base);
    cr_assert_str_eq(violations(),
                     "orders.0.total_amout: unknown_field: is unknown; did you mean total_amount?\n"
                     "orders.0.note: unknown_field: is unknown\n"
                     "orders.1.Amount: unknown_field: is unknown; did you mean total_amount?\n"
                     "x: unknown_field: is unknown");
    cr_assert_eq(request.n_orders, 2);
    cr_assert_str_eq(request.orders[0]->order_id, "A");
}

Test(json, unknown_members_are_ignored_where_asked_for)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    json_t *json = json_loads("{\"order\":{\"order_id\":\"A\",\"note\":1},\"x\":null}", 0, NULL);
    json_to_message(json, &request.base, JSON_UNKNOWN_IGNORED, &arena, &status);
    json_decref(json);
    cr_assert_eq(status.code, STATUS_OK);
    cr_assert_str_eq(request.order->order_id, "A");
}

Test(json, a_member_that_may_be_meant_for_a_field_is_not_ignored)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    json_t *json = json_loads("{\"order\":{\"order_id\":\"A\",\"orderID\":\"B\",\"Status\":\"x\"}}", 0, NULL);
    json_to_message(json, &request.base, JSON_UNKNOWN_IGNORED, &arena, &status);
    json_decref(json);
    cr_assert_str_eq(violations(), "order.Status: unknown_field: is unknown; did you mean status?");
}

Test(json, lower_camel_case_names_are_understood)
{
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    read_text("{\"order\":{\"orderId\":\"A\",\"totalAmount\":5,\"orderDate\":\"2025-01-16T00:00:00Z\"},"
              "\"updateMask\":\"totalAmount,status\"}",
              &request.base);
    cr_assert_eq(status.code, STATUS_OK, "%s", violations());
    cr_assert_str_eq(request.order->order_id, "A");
    cr_assert_eq(request.order->total_amount, 5);
    cr_assert_eq(request.order->order_date->seconds, 1736985600);
    cr_assert_str_eq(request.update_mask->paths[0], "total_amount");
    cr_assert_str_eq(request.update_mask->paths[1], "status");
}

Test(json, a_field_by_both_of_its_names_is_refused)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    read_text("{\"order_id\":\"A\",\"orderId\":\"B\",\"currency\":\"ISK\"}", &order.base);
    cr_assert_str_eq(violations(), "order_id: given_twice: is given twice, also as orderId");
    cr_assert_str_eq(order.order_id, "");
    cr_assert_str_eq(order.currency, "ISK");
}

/* REST's own names are those of the .proto alone. */
Test(json, a_field_by_itself_has_no_other_name_within)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    json_t *json = json_loads("{\"orderId\":\"A\",\"currency\":\"ISK\"}", 0, NULL);
    json_field_from_json(json,
                         protobuf_c_message_descriptor_get_field_by_name(request.base.descriptor, "order"),
                         &request.base, &arena, &status);
    json_decref(json);
    cr_assert_eq(status.code, STATUS_OK);
    cr_assert_str_eq(request.order->order_id, "");
    cr_assert_str_eq(request.order->currency, "ISK");
}

Test(json, a_document_that_is_no_object)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    read_text("[]", &order.base);
    cr_assert_str_eq(violations(), ": object_type: must be an object");
}

Test(json, every_type_goes_both_ways)
{
    static const char text[] =
        "{\"small\":-1,\"count\":4294967295,\"signed\":-5,\"large\":9223372036854775807,\"ratio\":0.5,"
        "\"rough\":2.0,\"flag\":true,\"words\":[\"a\",\"b\"],\"numbers\":[1,2],"
        "\"children\":[],\"colours\":[\"red\",\"blue\"],\"number\":3}";
    Sample__Sample sample = SAMPLE__SAMPLE__INIT;
    read_text(text, &sample.base);
    cr_assert_str_eq(violations(), "");
    assert_written(&sample.base, text);
}

/* As pydantic takes them: in a query, and nowhere else. */
Test(json, a_boolean_of_a_query_may_be_a_word)
{
    static const char *const words[][2] = {{"true", "false"}, {"True", "FALSE"}, {"1", "0"},
                                           {"yes", "no"},     {"on", "Off"},     {"t", "N"}};
    const ProtobufCFieldDescriptor *flag =
        protobuf_c_message_descriptor_get_field_by_name(&sample__sample__descriptor, "flag");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t is_false = 0; is_false < 2; is_false++) {
            const char *word = words[i][is_false];
            Sample__Sample sample = SAMPLE__SAMPLE__INIT;
            sample.flag = (protobuf_c_boolean)is_false;
            status = STATUS_INIT;
            json_field_from_text(word, strlen(word), flag, &sample.base, &arena, &status);
            cr_expect_str_eq(violations(), "");
            cr_expect_eq(sample.flag, !is_false, "%s", word);

            json_t *json = json_string(word);
            read_text(arena_printf(&arena, "{\"flag\":\"%s\"}", word), &sample.base);
            json_field_from_json(json, flag, &sample.base, &arena, &status);
            json_decref(json);
            cr_expect_eq(status.n_violations, i == 0 ? 0 : 2, "%s", word);
            cr_expect_eq(sample.flag, !is_false, "%s", word);
        }
    }
    static const char *const others[] = {"", "truee", "2", "null"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        Sample__Sample sample = SAMPLE__SAMPLE__INIT;
        status = STATUS_INIT;
        json_field_from_text(others[i], strlen(others[i]), flag, &sample.base, &arena, &status);
        cr_expect_eq(status.n_violations, 1, "%s", others[i]);
    }
}

Test(json, every_type_refuses_what_it_cannot_take)
{
    Sample__Sample sample = SAMPLE__SAMPLE__INIT;
    read_text("{\"small\":2147483648,\"count\":-1,\"large\":-1,\"ratio\":\"x\",\"rough\":[],\"flag\":1,"
              "\"words\":\"a\",\"numbers\":[1,\"x\",3],\"children\":null,\"colours\":[\"green\"]}",
              &sample.base);
    static const char *const expected[] = {
        "small int_parsing_size", "count int_parsing_size", "large int_parsing_size", "ratio float_parsing",
        "rough float_parsing",    "flag bool_parsing",      "words list_type",        "numbers.1 int_parsing",
        "children list_type",     "colours.0 enum",
    };
    cr_assert_eq(status.n_violations, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < status.n_violations; i++)
        cr_assert_str_eq(arena_printf(&arena, "%s %s", status.violations[i].field, status.violations[i].type),
                         expected[i]);
    cr_assert_eq(sample.n_numbers, 2);
    cr_assert_eq(sample.numbers[1], 3);
    cr_assert_eq(sample.choice_case, SAMPLE__SAMPLE__CHOICE__NOT_SET);
}

static json_t *nested(unsigned depth)
{
    json_t *json = json_object();
    while (depth-- > 0)
        json = json_pack("{s:o}", "child", json);
    return json;
}

Test(json, nesting_is_bounded)
{
    Sample__Sample sample = SAMPLE__SAMPLE__INIT;
    json_t *json = nested(32);
    json_to_message(json, &sample.base, JSON_UNKNOWN_REFUSED, &arena, &status);
    cr_assert_str_eq(violations(), "");
    json_decref(json);
    json = nested(1000);
    json_to_message(json, &sample.base, JSON_UNKNOWN_REFUSED, &arena, &status);
    cr_assert_eq(status.n_violations, 1);
    cr_assert_str_eq(status.violations[0].type, "nested_too_deeply");
    json_decref(json);
}

Test(json, violations_are_bounded)
{
    Sample__Sample sample = SAMPLE__SAMPLE__INIT;
    json_t *numbers = json_array();
    for (int i = 0; i < 5000; i++)
        json_array_append_new(numbers, json_null());
    json_t *json = json_pack("{s:o}", "numbers", numbers);
    json_to_message(json, &sample.base, JSON_UNKNOWN_REFUSED, &arena, &status);
    cr_assert_eq(status.n_violations, 1000);
    json_decref(json);
}

/* As RFC 8259, 7, has it, with the short escapes, and no other character escaped. */
static const char *escaped(unsigned char c)
{
    static const char *const short_ones[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                             ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
    if (c < sizeof short_ones / sizeof short_ones[0] && short_ones[c] != NULL)
        return short_ones[c];
    return arena_printf(&arena, c < 0x20 ? "\\u%04x" : "%c", c);
}

static void assert_string(const char *string, const char *expected)
{
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    size_t length;
    request.order_id = (char *)string;
    const char *text = json_text_from_message(&request.base, NULL, &arena, &length);
    cr_assert_str_eq(text, arena_printf(&arena, "{\"order_id\":\"%s\"}", expected));
    cr_assert_eq(length, strlen(text));
}

/* Strings are looked at in pieces: wherever in one a character stands, and whatever is around it. */
Test(json, characters_are_escaped_wherever_they_stand)
{
    static const char around[] = "abcdefg\xc3\x9ei ~\x7fmnopqrs";
    for (size_t length = 0; length < sizeof around; length++) {
        const char *before = arena_copy(&arena, around, length), *behind = around + length;
        assert_string(before, before);
        for (unsigned c = 1; c < 0x80; c++) {
            const char *escape = escaped((unsigned char)c);
            assert_string(arena_printf(&arena, "%s%c%s", before, c, behind),
                          arena_printf(&arena, "%s%s%s", before, escape, behind));
            assert_string(arena_printf(&arena, "%s%c%c", before, c, c),
                          arena_printf(&arena, "%s%s%s", before, escape, escape));
        }
        arena_reset(&arena);
    }
}

Test(json, a_field_is_left_out_of_every_message)
{
    Orders__V1__Order orders[] = {ORDERS__V1__ORDER__INIT, ORDERS__V1__ORDER__INIT};
    Orders__V1__Order *both[] = {&orders[0], &orders[1]};
    Orders__V1__ListOrdersResponse page = ORDERS__V1__LIST_ORDERS_RESPONSE__INIT;
    const ProtobufCFieldDescriptor *list =
        protobuf_c_message_descriptor_get_field_by_name(page.base.descriptor, "orders");
    size_t length;
    orders[0].etag = orders[1].etag = "2-3";
    page.orders = both;
    page.n_orders = 2;
    const char *order =
        "{\"id\":0,\"order_id\":\"\",\"customer_id\":\"\",\"total_amount\":0,\"currency\":\"\"}";
    cr_assert_str_eq(json_text_from_message(&orders[0].base, order_field("etag"), &arena, &length), order);
    cr_assert_str_eq(json_text_from_field(&page.base, list, order_field("etag"), &arena, &length),
                     arena_printf(&arena, "[%s,%s]", order, order));
}

Test(json, enum_names)
{
    cr_assert_str_eq(enum_name(&orders__v1__order_status__descriptor, 7, &arena), "cancelled");
    cr_assert_null(enum_name(&orders__v1__order_status__descriptor, 0, &arena));
    cr_assert_null(enum_name(&orders__v1__order_status__descriptor, 8, &arena));
    cr_assert_str_eq(enum_name(&rpc__v1__code__descriptor, 5, &arena), "not_found");
    cr_assert_str_eq(enum_name(&rpc__v1__health_check_response__serving_status__descriptor, 0, &arena),
                     "unknown");
}
