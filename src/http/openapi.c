/* openapi.c: an operation for each route, a schema for each message that an answer or a body has.
 *
 * What an operation can be answered with follows from what its route is: see traits_of and the table below
 * it.
 */
#include "http/openapi.h"

#include "http/paging.h"
#include "http/routes.h"
#include "http/unreachable.h"
#include "orders/currency.h"
#include "orders/fields.h"
#include "json/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SCHEMAS    "#/components/schemas/"
#define PARAMETERS "#/components/parameters/"
#define HEADERS    "#/components/headers/"
#define RESPONSES  "#/components/responses/"

static json_t *reference(const char *to, const char *name)
{
    return json_pack("{s:s+}", "$ref", to, name);
}

/* --- fields --- */

/* An example is text; that of a number is JSON. */
static json_t *example_of(const struct field_rule *rule, const char *type)
{
    if (strcmp(type, "integer") == 0)
        return json_loads(rule->example, JSON_DECODE_ANY, NULL);
    return json_string(rule->example);
}

/* Of money, what an integer stands for in each currency: callers who take ISO 4217's decimals for ours are
 * wrong by a hundred for ISK. */
static json_t *amount_description(const struct field_rule *rule)
{
    enum { SAMPLE = 25990 };
    struct arena arena;
    arena_init(&arena);
    const char *amounts = "", *code;
    for (size_t i = 0; (code = currency_code(i)) != NULL; i++) {
        char text[CURRENCY_AMOUNT_TEXT];
        currency_format(SAMPLE, code, text);
        amounts = arena_printf(&arena, "%s%s%s %s", amounts, i > 0 ? ", " : "", text, code);
    }
    json_t *made = json_sprintf("%s In the unit that the service keeps its currency in, whatever decimals "
                                "ISO 4217 gives it: %d is %s.",
                                rule->description, SAMPLE, amounts);
    arena_free(&arena);
    return made;
}

static void add_string_rules(json_t *schema, const struct field_rule *rule)
{
    if (rule->least_characters > 0)
        json_object_set_new(schema, "minLength", json_integer(rule->least_characters));
    if (rule->most_characters > 0)
        json_object_set_new(schema, "maxLength", json_integer(rule->most_characters));
    if (rule->format != NULL)
        json_object_set_new(schema, "format", json_string(rule->format));
    if (rule->pattern != NULL)
        json_object_set_new(schema, "pattern", json_string(rule->pattern));
    if (rule->reserved != NULL)
        json_object_set_new(schema, "not", json_pack("{s:s}", "const", rule->reserved));
    if (rule->word == NULL)
        return;
    json_t *words = json_array();
    for (size_t i = 0; rule->word(i) != NULL; i++)
        json_array_append_new(words, json_string(rule->word(i)));
    json_object_set_new(schema, "enum", words);
}

static void add_number_rules(json_t *schema, const struct field_rule *rule)
{
    if (rule->least != 0 || rule->most != 0)
        json_object_set_new(schema, "minimum", json_integer(rule->least));
    if (rule->most != 0 && rule->most != INT64_MAX)
        json_object_set_new(schema, "maximum", json_integer(rule->most));
}

/* A field's schema; an unknown rule adds nothing to what the type says. */
static json_t *field_schema(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field)
{
    json_t *schema = json_schema_of_field(field, SCHEMAS);
    const struct field_rule *rule = field_rule_find(message, field->name);
    const char *type = json_string_value(json_object_get(schema, "type"));
    if (rule == NULL || type == NULL)
        return schema;
    json_object_set_new(schema, "description",
                        rule->amount ? amount_description(rule) : json_string(rule->description));
    if (strcmp(type, "string") == 0)
        add_string_rules(schema, rule);
    else
        add_number_rules(schema, rule);
    if (rule->read_only)
        json_object_set_new(schema, "readOnly", json_true());
    if (rule->example != NULL)
        json_object_set_new(schema, "examples", json_pack("[o]", example_of(rule, type)));
    return schema;
}

/* --- messages --- */

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message, name);
}

/* HTTP has a header for an etag. */
static bool is_in_body(const ProtobufCFieldDescriptor *field)
{
    return strcmp(field->name, "etag") != 0;
}

/* Adds a message that answers have, and those within it: all their fields are always there. */
static void add_message(json_t *schemas, const ProtobufCMessageDescriptor *message)
{
    if (json_object_get(schemas, message->short_name) != NULL)
        return;
    json_t *properties = json_object(), *required = json_array();
    json_object_set_new(
        schemas, message->short_name,
        json_pack("{s:s, s:o, s:o}", "type", "object", "required", required, "properties", properties));
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        json_t *schema = is_in_body(field) ? field_schema(message, field) : NULL;
        if (schema == NULL)
            continue;
        json_object_set_new(properties, field->name, schema);
        json_array_append_new(required, json_string(field->name));
        if (json_schema_refers_to(field) != NULL)
            add_message(schemas, json_schema_refers_to(field));
    }
}

/* What a field holds in an example: a list has one element. */
static json_t *message_example(const ProtobufCMessageDescriptor *message);

static json_t *field_example(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *within = json_schema_refers_to(field);
    const struct field_rule *rule = field_rule_find(message, field->name);
    json_t *example = NULL;
    if (within != NULL) {
        example = message_example(within);
    } else if (rule != NULL && rule->example != NULL) {
        json_t *schema = json_schema_of_field(field, SCHEMAS);
        example = example_of(rule, json_string_value(json_object_get(schema, "type")));
        json_decref(schema);
    }
    return field->label == PROTOBUF_C_LABEL_REPEATED ? json_pack("[o*]", example) : example;
}

static json_t *message_example(const ProtobufCMessageDescriptor *message)
{
    json_t *example = json_object();
    for (unsigned i = 0; i < message->n_fields; i++) {
        if (is_in_body(&message->fields[i]))
            json_object_set_new(example, message->fields[i].name,
                                field_example(message, &message->fields[i]));
    }
    return example;
}

/* --- requests --- */

static const ProtobufCMessageDescriptor *body_message(const struct route *route)
{
    return field_of(route_method(route)->input, route->body)->descriptor;
}

/* What it means to leave a field out, in words. A `default` would say it to programs; but makers of code take
 * a field that has one for one that is always there, in what is sent, too. */
static void describe_left_out(json_t *schema, const char *meaning)
{
    const char *description = json_string_value(json_object_get(schema, "description"));
    if (description != NULL && meaning != NULL)
        json_object_set_new(schema, "description",
                            json_sprintf("%s When it is left out: %s.", description, meaning));
}

/* Adds the schema of a body and returns a reference to it. Where a mask says what is meant, no field is
 * required. */
static json_t *request_body(const struct route *route, json_t *schemas)
{
    char title[128];
    const ProtobufCMessageDescriptor *message = body_message(route);
    json_t *properties = json_object(), *required = json_array(), *example = json_object();
    for (const char *const *name = route->body_fields; *name != NULL; name++) {
        const struct field_rule *rule = field_rule_find(message, *name);
        json_t *schema = field_schema(message, field_of(message, *name));
        if (route->mask != NULL)
            describe_left_out(schema, "as it is");
        else if (rule != NULL && rule->required)
            json_array_append_new(required, json_string(*name));
        else if (rule != NULL)
            describe_left_out(schema, rule->preset_described);
        json_object_set_new(properties, *name, schema);
        json_object_set_new(example, *name, field_example(message, field_of(message, *name)));
    }
    snprintf(title, sizeof title, "%sBody", route->rpc);
    json_object_set_new(
        schemas, title,
        json_pack("{s:s, s:o, s:o}", "type", "object", "required", required, "properties", properties));
    return json_pack("{s:b, s:{s:{s:o, s:o}}}", "required", true, "content", "application/json", "schema",
                     reference(SCHEMAS, title), "example", example);
}

/* A schema's description is its parameter's. */
static json_t *parameter(const char *name, const char *where, bool required, json_t *schema, const char *more)
{
    json_t *made = json_pack("{s:s, s:s, s:b}", "name", name, "in", where, "required", required);
    const char *description = json_string_value(json_object_get(schema, "description"));
    if (description != NULL)
        json_object_set_new(made, "description", json_sprintf("%s%s", description, more));
    json_object_del(schema, "description");
    json_object_set_new(made, "schema", schema);
    return made;
}

/* "{order_id}", which may be a field of the body's message: "order.order_id". */
static json_t *path_parameter(const struct route *route)
{
    const char *dot = strchr(route->variable_field, '.');
    const ProtobufCMessageDescriptor *message =
        dot != NULL ? body_message(route) : route_method(route)->input;
    const char *field = dot != NULL ? dot + 1 : route->variable_field;
    const char *open = strchr(route->path, '{') + 1;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(open, "}"), open);
    return parameter(name, "path", true, field_schema(message, field_of(message, field)), "");
}

/* Of a parameter that may be repeated. One value alone stays what it is, to who makes code of it. */
static json_t *one_or_several(json_t *one)
{
    return json_pack("{s:[O, {s:s, s:i, s:O}]}", "anyOf", one, "type", "array", "maxItems", ROUTE_MAX_VALUES,
                     "items", one);
}

static json_t *query_parameter(const struct route *route, const struct route_parameter *given)
{
    const ProtobufCMessageDescriptor *message = route_method(route)->input;
    const struct field_rule *rule = field_rule_find(message, given->field);
    json_t *schema = field_schema(message, field_of(message, given->field));
    if (rule != NULL && rule->preset_word != NULL)
        json_object_set_new(schema, "default", json_string(rule->preset_word));
    else if (rule != NULL && rule->preset != 0)
        json_object_set_new(schema, "default", json_integer(rule->preset));
    json_t *made =
        parameter(given->name, "query", false, schema, given->zero_is_none ? " 0 asks for none." : "");
    if (given->several != NULL)
        json_object_set_new(made, "schema", one_or_several(schema));
    return made;
}

/* --- what a route is, and what follows --- */

enum trait {
    ANY = 1 << 0,
    WANTS_KEY = 1 << 1,
    HAS_VARIABLE = 1 << 2,
    HAS_QUERY = 1 << 3,
    HAS_BODY = 1 << 4,
    CREATES = 1 << 5,
    CALLS = 1 << 6,
    WRITES = 1 << 7,
    READS = 1 << 8,       /* something that has an entity tag */
    KEEPS = 1 << 9,       /* an entity tag is compared before a write */
    HAS_ETAG = 1 << 10,   /* the answer has one */
    LEAVES_OUT = 1 << 11, /* the answer is without what cannot be answered */
    PAGES = 1 << 12,      /* the answer is a page of a list */
    COUNTS = 1 << 13,     /* of which it says the length to who asks */
};

static unsigned traits_of(const struct route *route)
{
    const bool gets = strcmp(route->method, "GET") == 0;
    const bool answers_message = route->service != NULL && route->text == NULL;
    const bool has_etag =
        answers_message && field_of(route_method(route)->output, "etag") != NULL && route->status != 204;
    unsigned traits = ANY;
    traits |= route->open ? 0 : WANTS_KEY;
    traits |= route->variable_field != NULL ? HAS_VARIABLE : 0;
    traits |= route->query[0].name != NULL ? HAS_QUERY : 0;
    traits |= route->body != NULL ? HAS_BODY : 0;
    traits |= route->status == 201 ? CREATES : 0;
    traits |= route->service != NULL ? CALLS : 0;
    traits |= !gets ? WRITES : 0;
    traits |= gets && (answers_message || route->file != NULL) ? READS | HAS_ETAG : 0;
    traits |= route->etag_field != NULL ? KEEPS : 0;
    traits |= has_etag ? HAS_ETAG : 0;
    traits |= route->unreachable != NULL ? LEAVES_OUT : 0;
    for (const struct route_parameter *given = route->query; given->name != NULL; given++) {
        traits |= given->next != NULL ? PAGES : 0;
        traits |= given->total != NULL ? COUNTS : 0;
    }
    return traits;
}

static const struct {
    unsigned of; /* these traits, or any of them */
    const char *parameter;
} header_parameters[] = {
    {WRITES, "IdempotencyKey"}, {READS, "IfNoneMatch"}, {READS, "IfMatch"},
    {KEEPS, "IfUnchanged"},     {ANY, "RequestId"},
};

static const struct {
    unsigned of;
    const char *header;
    const char *component;
} answer_headers[] = {
    {HAS_ETAG, "ETag", "ETag"},
    {WRITES, "Idempotency-Replayed", "Replayed"},
    {PAGES, PAGING_NEXT_HEADER, "Next"},
    {COUNTS, PAGING_TOTAL_HEADER, "Total"},
    {LEAVES_OUT, UNREACHABLE_HEADER, "Unreachable"},
    {ANY, "X-Request-ID", "RequestId"},
};

/* Of several for one status the first is the operation's. */
static const struct {
    unsigned of;
    const char *status;
    const char *component;
} refusals[] = {
    {READS, "304", "NotModified"},     {CREATES, "400", "AlreadyExists"}, {ANY, "400", "Malformed"},
    {WANTS_KEY, "401", "KeyMissing"},  {WANTS_KEY, "403", "KeyWrong"},    {HAS_VARIABLE, "404", "NotFound"},
    {READS | KEEPS, "412", "Changed"}, {HAS_BODY, "413", "TooLarge"},     {HAS_BODY, "415", "Coded"},
    {HAS_BODY, "422", "BadBody"},      {HAS_QUERY, "422", "BadQuery"},    {WRITES, "422", "KeyReused"},
    {WANTS_KEY, "429", "Limited"},     {CALLS, "503", "Unavailable"},     {ANY, "default", "Refused"},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static json_t *parameters(const struct route *route)
{
    json_t *list = json_array();
    if (route->variable_field != NULL)
        json_array_append_new(list, path_parameter(route));
    for (const struct route_parameter *given = route->query; given->name != NULL; given++)
        json_array_append_new(list, query_parameter(route, given));
    for (size_t i = 0; i < COUNT(header_parameters); i++) {
        if ((traits_of(route) & header_parameters[i].of) != 0)
            json_array_append_new(list, reference(PARAMETERS, header_parameters[i].parameter));
    }
    return list;
}

/* --- answers --- */

/* Of a fixed text: an object of strings. */
static json_t *text_content(const char *text)
{
    json_t *example = json_loads(text, 0, NULL), *properties = json_object(), *required = json_array();
    const char *name;
    json_t *value;
    json_object_foreach(example, name, value)
    {
        json_object_set_new(properties, name, json_pack("{s:s, s:O}", "type", "string", "const", value));
        json_array_append_new(required, json_string(name));
    }
    return json_pack("{s:{s:s, s:o, s:o}, s:o}", "schema", "type", "object", "required", required,
                     "properties", properties, "example", example);
}

/* Of a response message, or of a list in it. */
static json_t *message_content(const struct route *route, json_t *schemas)
{
    const ProtobufCMessageDescriptor *message = route_method(route)->output;
    if (route->result == NULL) {
        add_message(schemas, message);
        return json_pack("{s:o, s:o}", "schema", reference(SCHEMAS, message->short_name), "example",
                         message_example(message));
    }
    const ProtobufCFieldDescriptor *list = field_of(message, route->result);
    add_message(schemas, json_schema_refers_to(list));
    return json_pack("{s:o, s:o}", "schema", json_schema_of_field(list, SCHEMAS), "example",
                     field_example(message, list));
}

static json_t *success(const struct route *route, json_t *schemas)
{
    json_t *headers = json_object();
    for (size_t i = 0; i < COUNT(answer_headers); i++) {
        if ((traits_of(route) & answer_headers[i].of) != 0)
            json_object_set_new(headers, answer_headers[i].header,
                                reference(HEADERS, answer_headers[i].component));
    }
    json_t *answer = json_pack("{s:s, s:o}", "description", route->success, "headers", headers);
    json_t *content = NULL;
    if (route->text != NULL)
        content = text_content(route->text);
    else if (route->file != NULL)
        content = json_pack("{s:{s:s}}", "schema", "type", "object");
    else if (route->metrics)
        content = json_pack("{s:{s:s}}", "schema", "type", "string");
    else if (route->status != 204)
        content = message_content(route, schemas);
    const char *type = route->metrics ? "text/plain" : "application/json";
    if (content != NULL)
        json_object_set_new(answer, "content", json_pack("{s:o}", type, content));
    return answer;
}

static json_t *responses(const struct route *route, json_t *schemas)
{
    json_t *list = json_object();
    char status[16];
    snprintf(status, sizeof status, "%u", route->status);
    json_object_set_new(list, status, success(route, schemas));
    for (size_t i = 0; i < COUNT(refusals); i++) {
        if ((traits_of(route) & refusals[i].of) != 0 && json_object_get(list, refusals[i].status) == NULL)
            json_object_set_new(list, refusals[i].status, reference(RESPONSES, refusals[i].component));
    }
    return list;
}

/* --- operations --- */

/* "createOrder" of the RPC, or "getOpenapiJson" of the path. */
static json_t *operation_id(const struct route *route)
{
    char id[128] = "get";
    size_t n = strlen(id);
    bool begins = true;
    if (route->rpc != NULL && route->text == NULL)
        return json_sprintf("%c%s", tolower((unsigned char)route->rpc[0]), route->rpc + 1);
    for (const char *at = strcmp(route->path, "/") == 0 ? "root" : route->path;
         n < sizeof id - 1 && *at != '\0'; at++) {
        if (isalnum((unsigned char)*at))
            id[n++] = (char)(begins ? toupper((unsigned char)*at) : *at);
        begins = !isalnum((unsigned char)*at);
    }
    return json_stringn(id, n);
}

/* "writer"; NULL: none, or nobody says. */
static const char *needed_role(const struct route *route, method_role *role_of)
{
    enum role role = ROLE_NONE;
    char name[128];
    if (role_of == NULL || route->rpc == NULL)
        return NULL;
    snprintf(name, sizeof name, "%s/%s", route->service->name, route->rpc);
    return role_of(name, &role) && role != ROLE_NONE ? role_name(role) : NULL;
}

/* Of either scheme, with the role that its key is to have (OpenAPI 3.1, Security Requirement Object). */
static json_t *security(const struct route *route, const char *role)
{
    static const char *const schemes[] = {"ApiKey", "Bearer"};
    json_t *made = json_array();
    for (size_t i = 0; !route->open && i < COUNT(schemes); i++)
        json_array_append_new(made, json_pack("{s:[s*]}", schemes[i], role));
    return made;
}

static json_t *operation(const struct route *route, json_t *schemas, method_role *role_of)
{
    const bool wants_key = (traits_of(route) & WANTS_KEY) != 0;
    const char *role = wants_key ? needed_role(route, role_of) : NULL;
    json_t *made = json_pack("{s:o, s:s, s:[s], s:o, s:o}", "operationId", operation_id(route), "summary",
                             route->summary, "tags", wants_key ? "orders" : "service", "security",
                             security(route, role), "parameters", parameters(route));
    if (role != NULL) {
        json_object_set_new(made, "description", json_sprintf("Needs the role `%s`.", role));
        json_object_set_new(made, "x-role", json_string(role));
    }
    if (route->body != NULL)
        json_object_set_new(made, "requestBody", request_body(route, schemas));
    json_object_set_new(made, "responses", responses(route, schemas));
    return made;
}

/* A path has its operations by method in lower case. The slash at its end may be left out, and is. */
static void add_operation(json_t *paths, const struct route *route, json_t *schemas, method_role *role_of)
{
    char method[16] = "", path[128];
    size_t length = strlen(route->path);
    length -= length > 1 && route->path[length - 1] == '/';
    snprintf(path, sizeof path, "%.*s", (int)length, route->path);
    for (size_t i = 0; i < sizeof method - 1 && route->method[i] != '\0'; i++)
        method[i] = (char)tolower((unsigned char)route->method[i]);
    if (json_object_get(paths, path) == NULL)
        json_object_set_new(paths, path, json_object());
    json_object_set_new(json_object_get(paths, path), method, operation(route, schemas, role_of));
}

json_t *openapi_make(const char *base, size_t length, unsigned served, method_role *role_of)
{
    json_t *document = json_loadb(base, length, 0, NULL);
    if (document == NULL)
        return NULL;
    json_t *paths = json_object_get(document, "paths");
    json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    size_t n;
    const struct route *routes = routes_all(&n);
    json_object_set_new(json_object_get(document, "info"), "version", json_string(PROJECT_VERSION));
    for (size_t i = 0; i < n; i++) {
        if (routes[i].summary != NULL && (served & ROUTES_OF(routes[i].kind)) != 0)
            add_operation(paths, &routes[i], schemas, role_of);
    }
    return document;
}
