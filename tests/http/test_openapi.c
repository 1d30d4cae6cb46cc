/* test_openapi.c: that the description of the API leaves out no route, no parameter and no field, and has
 * each rule as the table of rules has it. That it is true is tests/web's to find out. */
#include "http/openapi.h"
#include "http/resource.h"
#include "http/routes.h"
#include "orders/currency.h"
#include "orders/fields.h"
#include "service/roles.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

static struct resources resources;
static json_t *document;

static void setup(void)
{
    resources_init(&resources);
    const struct resource *base = resources_find(&resources, OPENAPI_NAME);
    cr_assert_not_null(base);
    document = openapi_make(base->plain.bytes, base->plain.length, ROUTES_ALL, roles_find);
    cr_assert_not_null(document);
}

static void teardown(void)
{
    json_decref(document);
    resources_free(&resources);
}

TestSuite(openapi, .init = setup, .fini = teardown);

/* What a path of members leads to, "/" between them; NULL where one is missing. */
static const json_t *at(const json_t *value, const char *path)
{
    while (value != NULL && *path != '\0') {
        size_t length = strcspn(path, "/");
        value = json_object_getn(value, path, length);
        path += length + (path[length] == '/');
    }
    return value;
}

/* What is referred to, where a value is a reference. */
static const json_t *resolve(const json_t *value)
{
    const char *reference = json_string_value(json_object_get(value, "$ref"));
    if (reference == NULL)
        return value;
    cr_assert_eq(strncmp(reference, "#/", 2), 0, "%s", reference);
    const json_t *found = at(document, reference + 2);
    cr_assert_not_null(found, "%s leads nowhere", reference);
    return found;
}

static const json_t *operation_of(const struct route *route)
{
    char path[128], method[16] = "";
    snprintf(path, sizeof path, "%s", route->path);
    if (strlen(path) > 1 && path[strlen(path) - 1] == '/')
        path[strlen(path) - 1] = '\0';
    for (size_t i = 0; route->method[i] != '\0'; i++)
        method[i] = (char)tolower((unsigned char)route->method[i]);
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
}

/* The parameter of a name in a place; NULL when the operation has none. */
static const json_t *parameter_of(const json_t *operation, const char *where, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(operation, "parameters"), i, one)
    {
        const json_t *parameter = resolve(one);
        if (strcmp(json_string_value(json_object_get(parameter, "name")), name) == 0 &&
            strcmp(json_string_value(json_object_get(parameter, "in")), where) == 0)
            return parameter;
    }
    return NULL;
}

/* --- rules --- */

static void check_integer(const json_t *schema, const char *keyword, int64_t expected, bool there)
{
    const json_t *value = json_object_get(schema, keyword);
    cr_expect_eq(value != NULL, there, "%s", keyword);
    if (there)
        cr_expect_eq(json_integer_value(value), expected, "%s", keyword);
}

static void check_text(const json_t *schema, const char *keyword, const char *expected)
{
    const char *text = json_string_value(json_object_get(schema, keyword));
    cr_assert_not_null(text, "%s", keyword);
    cr_expect_str_eq(text, expected);
}

/* That a schema has all of a rule; whether with what holds when it is left out, as a parameter's has. */
static void check_rule(const json_t *schema, const struct field_rule *rule, bool presets)
{
    const bool has_limits = rule->least != 0 || rule->most != 0;
    check_integer(schema, "minLength", rule->least_characters, rule->least_characters > 0);
    check_integer(schema, "maxLength", rule->most_characters, rule->most_characters > 0);
    check_integer(schema, "minimum", rule->least, has_limits);
    check_integer(schema, "maximum", rule->most, has_limits && rule->most != INT64_MAX);
    if (rule->pattern != NULL)
        check_text(schema, "pattern", rule->pattern);
    if (rule->format != NULL)
        check_text(schema, "format", rule->format);
    if (rule->reserved != NULL)
        check_text(json_object_get(schema, "not"), "const", rule->reserved);
    if (presets && rule->preset_word != NULL)
        check_text(schema, "default", rule->preset_word);
    else
        check_integer(schema, "default", rule->preset, presets && rule->preset != 0);
    for (size_t i = 0; rule->word != NULL && rule->word(i) != NULL; i++)
        cr_expect_str_eq(json_string_value(json_array_get(json_object_get(schema, "enum"), i)),
                         rule->word(i));
    cr_expect_eq(json_is_true(json_object_get(schema, "readOnly")), rule->read_only);
}

/* A field's schema: it has a description, as every field is to have, with what it means to leave the field
 * out (NULL: nothing is said), and its rule. */
static void check_field(const json_t *schema, const ProtobufCMessageDescriptor *message, const char *name,
                        const char *left_out)
{
    const struct field_rule *rule = field_rule_find(message, name);
    cr_assert_not_null(schema, "%s.%s is not described", message->short_name, name);
    cr_assert_not_null(rule, "%s.%s has no row in orders/fields.c", message->short_name, name);
    const char *description = json_string_value(json_object_get(schema, "description"));
    cr_assert_not_null(description, "%s.%s", message->short_name, name);
    const char *end =
        left_out != NULL ? arena_printf(&resources.arena, " When it is left out: %s.", left_out) : "";
    const size_t length = strlen(rule->description);
    cr_expect_eq(strncmp(description, rule->description, length), 0, "%s", description);
    if (rule->amount)
        cr_expect(strlen(description) > length + strlen(end) &&
                      strcmp(description + strlen(description) - strlen(end), end) == 0,
                  "%s", description);
    else
        cr_expect_str_eq(description + length, end, "%s", description);
    cr_expect_eq(strstr(description, "left out") != NULL, left_out != NULL, "%s", description);
    check_rule(schema, rule, false);
}

/* --- messages --- */

static void check_message(const ProtobufCMessageDescriptor *message)
{
    const json_t *schema =
        at(document, arena_printf(&resources.arena, "components/schemas/%s", message->short_name));
    cr_assert_not_null(schema, "no schema %s", message->short_name);
    size_t n = 0;
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        if (strcmp(field->name, "etag") == 0)
            continue;
        const json_t *property = at(schema, arena_printf(&resources.arena, "properties/%s", field->name));
        check_field(property, message, field->name, NULL);
        cr_expect_str_eq(json_string_value(json_array_get(json_object_get(schema, "required"), n++)),
                         field->name);
        const json_t *items = json_object_get(property, "items");
        if (items != NULL && json_object_get(items, "$ref") != NULL)
            check_message(field->descriptor);
    }
    cr_expect_eq(json_object_size(json_object_get(schema, "properties")), n);
}

Test(openapi, describes_every_message_that_is_answered)
{
    size_t n;
    const struct route *routes = routes_all(&n);
    for (size_t i = 0; i < n; i++) {
        if (routes[i].service == NULL || routes[i].text != NULL || routes[i].status == 204)
            continue;
        const ProtobufCMessageDescriptor *message = route_method(&routes[i])->output;
        if (routes[i].result != NULL)
            message = protobuf_c_message_descriptor_get_field_by_name(message, routes[i].result)->descriptor;
        check_message(message);
    }
}

/* Every integer beside a currency is money, but for counts and the database's number. */
static bool is_money(const char *name, const json_t *property, const json_t *properties)
{
    const char *type = json_string_value(json_object_get(property, "type"));
    return json_object_get(properties, "currency") != NULL && type != NULL && strcmp(type, "integer") == 0 &&
           strcmp(name, "order_count") != 0 && strcmp(name, "cancelled_count") != 0 &&
           strcmp(name, "id") != 0;
}

Test(openapi, begins_with_the_unit_of_money)
{
    static const char begin[] = "**Money is an integer in hundredths, of ISK too: 25990 is 259.90 ISK";
    const char *description = json_string_value(at(document, "info/description"));
    char amount[CURRENCY_AMOUNT_TEXT];
    currency_format(25990, "ISK", amount);
    cr_expect_eq(strncmp(description, begin, strlen(begin)), 0, "%s", description);
    cr_expect_str_eq(amount, "259.90");
}

Test(openapi, says_of_all_money_what_it_is_in_each_currency)
{
    const char *schema_name, *name;
    json_t *schema, *property;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)at(document, "components/schemas"), schema_name, schema)
    {
        json_t *properties = json_object_get(schema, "properties");
        json_object_foreach(properties, name, property)
        {
            if (!is_money(name, property, properties))
                continue;
            n++;
            for (size_t i = 0; currency_code(i) != NULL; i++) {
                char amount[CURRENCY_AMOUNT_TEXT];
                currency_format(25990, currency_code(i), amount);
                const char *said = arena_printf(&resources.arena, "%s %s", amount, currency_code(i));
                const char *description = json_string_value(json_object_get(property, "description"));
                cr_expect_not_null(strstr(description, said), "%s.%s: %s", schema_name, name, description);
            }
        }
    }
    cr_expect_geq(n, 6);
}

Test(openapi, says_that_keys_are_kept_as_long_as_the_operator_wants)
{
    const json_t *key = at(document, "components/parameters/IdempotencyKey");
    const char *description = json_string_value(json_object_get(key, "description"));
    cr_expect_not_null(strstr(description, "unless the service was given another `ORDERS_IDEMPOTENCY_TTL`"));
}

/* --- operations --- */

static void check_body(const struct route *route, const json_t *operation)
{
    if (route->body == NULL) {
        cr_expect_null(json_object_get(operation, "requestBody"), "%s", route->path);
        return;
    }
    const ProtobufCMessageDescriptor *message =
        protobuf_c_message_descriptor_get_field_by_name(route_method(route)->input, route->body)->descriptor;
    const json_t *content = json_object_get(at(operation, "requestBody/content"), "application/json");
    const json_t *schema = resolve(json_object_get(content, "schema"));
    size_t required = 0, fields = 0;
    for (; route->body_fields[fields] != NULL; fields++) {
        const char *name = route->body_fields[fields];
        const struct field_rule *rule = field_rule_find(message, name);
        const bool is_required = route->mask == NULL && rule->required;
        const char *preset = route->mask != NULL ? "as it is" : rule->preset_described;
        check_field(json_object_get(json_object_get(schema, "properties"), name), message, name,
                    is_required ? NULL : preset);
        if (is_required)
            cr_expect_str_eq(
                json_string_value(json_array_get(json_object_get(schema, "required"), required++)), name);
    }
    cr_expect_eq(json_array_size(json_object_get(schema, "required")), required);
    cr_expect_eq(json_object_size(json_object_get(schema, "properties")), fields);
}

static void check_parameters(const struct route *route, const json_t *operation)
{
    for (const struct route_parameter *given = route->query; given->name != NULL; given++) {
        const ProtobufCMessageDescriptor *message = route_method(route)->input;
        const json_t *parameter = parameter_of(operation, "query", given->name);
        cr_assert_not_null(parameter, "%s: no parameter %s", route->path, given->name);
        cr_expect_not_null(json_object_get(parameter, "description"), "%s", given->name);
        check_rule(json_object_get(parameter, "schema"), field_rule_find(message, given->field), true);
    }
    if (route->unreachable != NULL) {
        const json_t *headers = at(operation, "responses/200/headers");
        cr_expect_not_null(json_object_get(headers, "Link"));
        cr_expect_not_null(json_object_get(headers, "X-Total-Count"));
    }
    if (route->variable_field != NULL) {
        const json_t *parameter = parameter_of(operation, "path", "order_id");
        cr_assert_not_null(parameter, "%s", route->path);
        cr_expect(json_is_true(json_object_get(parameter, "required")));
        cr_expect_not_null(json_object_get(parameter, "description"));
    }
    const bool writes = strcmp(route->method, "GET") != 0;
    cr_expect_eq(parameter_of(operation, "header", "Idempotency-Key") != NULL, writes, "%s", route->path);
    cr_expect_not_null(parameter_of(operation, "header", "X-Request-ID"));
    if (route->etag_field != NULL)
        cr_expect_not_null(parameter_of(operation, "header", "If-Match"), "%s", route->path);
}

static void check_answers(const struct route *route, const json_t *operation)
{
    static const char *const with_key[] = {"401", "403"};
    const json_t *responses = json_object_get(operation, "responses");
    const char *name;
    json_t *one;
    cr_expect_not_null(json_object_get(responses, arena_printf(&resources.arena, "%u", route->status)), "%s",
                       route->path);
    for (size_t i = 0; i < sizeof with_key / sizeof with_key[0]; i++)
        cr_expect_eq(json_object_get(responses, with_key[i]) == NULL, route->open, "%s", route->path);
    cr_expect_eq(json_object_get(responses, "404") != NULL, route->variable_field != NULL);
    cr_expect_not_null(json_object_get(responses, "default"));
    json_object_foreach((json_t *)(uintptr_t)responses, name, one)
    {
        cr_expect_not_null(json_object_get(resolve(one), "description"), "%s %s", route->path, name);
        cr_expect_not_null(at(resolve(one), "headers/X-Request-ID"), "%s %s", route->path, name);
    }
}

/* Each scheme wants the role that the table of roles has for the method; what is open wants none. */
static void check_role(const struct route *route, const json_t *operation)
{
    static const char *const schemes[] = {"ApiKey", "Bearer"};
    const json_t *security = json_object_get(operation, "security");
    enum role role = ROLE_NONE;
    cr_assert_eq(json_array_size(security), route->open ? 0 : 2, "%s", route->path);
    cr_expect_eq(json_object_get(operation, "x-role") == NULL, route->open, "%s", route->path);
    if (route->open)
        return;
    cr_assert(roles_find(arena_printf(&resources.arena, "%s/%s", route->service->name, route->rpc), &role));
    check_text(operation, "x-role", role_name(role));
    check_text(operation, "description",
               arena_printf(&resources.arena, "Needs the role `%s`.", role_name(role)));
    for (size_t i = 0; i < 2; i++) {
        const json_t *roles = json_object_get(json_array_get(security, i), schemes[i]);
        cr_expect_str_eq(json_string_value(json_array_get(roles, 0)), role_name(role), "%s", route->path);
        cr_expect_not_null(
            at(document, arena_printf(&resources.arena, "components/securitySchemes/%s", schemes[i])));
    }
}

Test(openapi, describes_every_route_that_is_no_page)
{
    size_t n;
    const struct route *routes = routes_all(&n);
    for (size_t i = 0; i < n; i++) {
        const struct route *route = &routes[i];
        cr_assert(route->summary != NULL || route->file != NULL, "%s has no summary", route->path);
        if (route->summary == NULL)
            continue;
        const json_t *operation = operation_of(route);
        cr_assert_not_null(operation, "%s %s is not described", route->method, route->path);
        check_text(operation, "summary", route->summary);
        check_role(route, operation);
        check_parameters(route, operation);
        check_body(route, operation);
        check_answers(route, operation);
    }
}

/* To who makes code of it, one status stays what it was, and several are a list. */
Test(openapi, a_parameter_of_several_values_is_one_or_a_list)
{
    const json_t *list = at(json_object_get(at(document, "paths"), "/orders"), "get");
    const json_t *either =
        json_object_get(json_object_get(parameter_of(list, "query", "status"), "schema"), "anyOf");
    const json_t *one = json_array_get(either, 0), *several = json_array_get(either, 1);
    check_text(one, "type", "string");
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(one, "enum"), 0)), "pending");
    check_text(several, "type", "array");
    cr_expect(json_equal(json_object_get(several, "items"), one));
}

Test(openapi, names_every_operation_once)
{
    json_t *ids = json_object(), *path, *operation;
    const char *name, *method;
    json_object_foreach(json_object_get(document, "paths"), name, path)
    {
        json_object_foreach(path, method, operation)
        {
            const char *id = json_string_value(json_object_get(operation, "operationId"));
            cr_assert_not_null(id, "%s %s", method, name);
            cr_expect_null(json_object_get(ids, id), "%s is there twice", id);
            json_object_set_new(ids, id, json_true());
        }
    }
    cr_expect_not_null(json_object_get(ids, "createOrder"));
    cr_expect_not_null(json_object_get(ids, "getHealthz"));
    json_decref(ids);
}

Test(openapi, nothing_else_is_made_of_what_is_no_json)
{
    cr_expect_null(openapi_make("{", 1, ROUTES_ALL, roles_find));
}

Test(openapi, what_is_not_served_is_not_described)
{
    const struct resource *base = resources_find(&resources, OPENAPI_NAME);
    json_t *without = openapi_make(base->plain.bytes, base->plain.length,
                                   ROUTES_ALL & ~ROUTES_OF(ROUTE_METRICS), roles_find);
    cr_expect_not_null(json_object_get(json_object_get(document, "paths"), "/metrics"));
    cr_expect_null(json_object_get(json_object_get(without, "paths"), "/metrics"));
    cr_expect_not_null(json_object_get(json_object_get(without, "paths"), "/readyz"));
    json_decref(without);
}
