/* test_routes.c: which path and method is which route, and that the table names what there is. */
#include "http/routes.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(routes, .init = setup, .fini = teardown);

struct match_case {
    char method[8];
    char target[40];
    char expected[64]; /* the RPC and the variable, or the methods the path has, or "404" */
};

ParameterizedTestParameters(routes, match)
{
    static struct match_case cases[] = {
        {"GET", "/", "- "},
        {"HEAD", "/", "- "},
        {"POST", "/", "405 GET, HEAD"},
        {"GET", "/healthz", "- "},
        {"GET", "/readyz", "Check "},
        {"GET", "/readyz/", "404"},
        {"GET", "/orders", "ListOrders "},
        {"GET", "/orders/", "ListOrders "},
        {"GET", "/orders?skip=1", "ListOrders "},
        {"HEAD", "/orders", "ListOrders "},
        {"POST", "/orders", "CreateOrder "},
        {"POST", "/orders/", "CreateOrder "},
        {"PUT", "/orders/", "405 GET, HEAD, POST"},
        {"DELETE", "/orders", "405 GET, HEAD, POST"},
        {"OPTIONS", "/orders", "405 GET, HEAD, POST"},
        {"get", "/orders", "405 GET, HEAD, POST"},
        {"GET", "/orders/summary", "GetOrderSummary "},
        {"DELETE", "/orders/summary", "405 GET, HEAD"},
        {"GET", "/orders/A-1", "GetOrder A-1"},
        {"HEAD", "/orders/A-1", "GetOrder A-1"},
        {"PATCH", "/orders/A-1", "UpdateOrder A-1"},
        {"DELETE", "/orders/a%2Fb", "DeleteOrder a/b"},
        {"POST", "/orders/A-1", "405 GET, HEAD, PATCH, DELETE"},
        {"GET", "/orders/A-1/", "307"},
        {"BREW", "/orders/A-1//", "307"},
        {"GET", "/orders/summary/", "307"},
        {"GET", "/statistics/", "307"},
        {"GET", "/orders/a/b/", "404"},
        {"GET", "/nope/", "404"},
        {"GET", "///", "404"},
        {"GET", "/orders/a/b", "404"},
        {"GET", "/orders//", "404"},
        {"GET", "//orders", "404"},
        {"GET", "/Orders", "404"},
        {"GET", "/order", "404"},
        {"GET", "/docs", "- "},
        {"HEAD", "/docs/", "- "},
        {"GET", "/docs/docs.js", "- docs.js"},
        {"GET", "/docs/a%2Fb", "- a/b"},
        {"GET", "/docs/a/b", "404"},
        {"POST", "/docs/docs.js", "405 GET, HEAD"},
        {"GET", "/openapi.json", "- "},
        {"GET", "/openapi.json/", "404"},
        {"GET", "*", "404"},
        {"GET", "", "404"},
    };
    return cr_make_param_array(struct match_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct match_case *c, routes, match, .init = setup, .fini = teardown)
{
    struct url url;
    struct route_match match = {0};
    const char *found = "404";
    url_parse(c->target, &arena, &url);
    switch (routes_find(ROUTES_ALL, c->method, &url, &arena, &match)) {
    case ROUTE_FOUND:
        found = arena_printf(&arena, "%s %s", match.route->rpc != NULL ? match.route->rpc : "-",
                             match.variable.bytes != NULL ? match.variable.bytes : "");
        break;
    case ROUTE_NO_METHOD:
        found = arena_printf(&arena, "405 %s", match.allow);
        break;
    case ROUTE_ENDS_IN_SLASH:
        found = "307";
        break;
    case ROUTE_NO_PATH:
        break;
    }
    cr_assert_str_eq(found, c->expected, "%s %s: %s", c->method, c->target, found);
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *type, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
    cr_assert_not_null(field, "%s has no field %s", type->name, name);
    return field;
}

static void check_request(const struct route *route, const ProtobufCMessageDescriptor *input,
                          const ProtobufCMessageDescriptor *output)
{
    const ProtobufCMessageDescriptor *body = NULL;
    for (const struct route_parameter *parameter = route->query; parameter->name != NULL; parameter++) {
        const ProtobufCFieldDescriptor *field = field_of(input, parameter->field);
        cr_assert(!parameter->zero_is_none || field->type == PROTOBUF_C_TYPE_INT32);
        if (parameter->several != NULL) {
            cr_assert_eq(field->type, PROTOBUF_C_TYPE_ENUM); /* whose readers refuse what is no text */
            cr_assert_eq(field_of(input, parameter->several)->descriptor, field->descriptor);
            cr_assert_eq(field_of(input, parameter->several)->label, PROTOBUF_C_LABEL_REPEATED);
        }
        if (parameter->next != NULL)
            cr_assert_eq(field_of(output, parameter->next)->type, PROTOBUF_C_TYPE_STRING);
        if (parameter->total != NULL) {
            cr_assert_eq(field->type, PROTOBUF_C_TYPE_BOOL);
            cr_assert_eq(field_of(output, parameter->total)->type, PROTOBUF_C_TYPE_INT64);
        }
    }
    if (route->body != NULL)
        body = field_of(input, route->body)->descriptor;
    for (const char *const *name = route->body_fields; *name != NULL; name++)
        field_of(body, *name);
    if (route->mask != NULL)
        cr_assert_str_eq(
            ((const ProtobufCMessageDescriptor *)field_of(input, route->mask)->descriptor)->short_name,
            "FieldMask");
    if (route->variable_field != NULL) {
        const char *dot = strchr(route->variable_field, '.');
        const ProtobufCFieldDescriptor *field =
            dot != NULL ? field_of(body, dot + 1) : field_of(input, route->variable_field);
        cr_assert_eq(field->type, PROTOBUF_C_TYPE_STRING);
        cr_assert_not_null(route->variable_error);
    }
}

Test(routes, name_methods_and_fields_that_exist)
{
    size_t count;
    const struct route *routes = routes_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (routes[i].service == NULL) {
            const int bodies = (routes[i].text != NULL) + (routes[i].file != NULL) + routes[i].metrics;
            cr_assert_eq(bodies, 1, "%s", routes[i].path);
            continue;
        }
        const ProtobufCMethodDescriptor *method = route_method(&routes[i]);
        cr_assert_not_null(method, "no method %s", routes[i].rpc);
        check_request(&routes[i], method->input, method->output);
        if (routes[i].result != NULL)
            cr_assert_eq(field_of(method->output, routes[i].result)->label, PROTOBUF_C_LABEL_REPEATED);
    }
}
