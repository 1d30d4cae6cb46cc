/* import_row.c: leaves out of a row what is not to be sent, and has JSON's mapping read the rest. */
#include "import_row.h"

#include "left_out.h"
#include "order_changes.h"
#include "orders/currency.h"
#include "orders/status.h"
#include "rejects.h"
#include "json/member_name.h"

#include <string.h>

enum { TOLD = 8, FIELD_BYTES = 80 };

static const ProtobufCMessageDescriptor *const type = &orders__v1__order__descriptor;

/* An export has it, and it is made anew. */
static bool is_output_only(const char *name)
{
    static const char *const names[] = {"id", "created_at", "updated_at", "etag"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

bool import_row_is_whole(const ProtobufCFieldDescriptor *field, const char *value)
{
    if (strcmp(field->name, "currency") == 0)
        return currency_find(value) != NULL;
    return strcmp(field->name, "status") == 0 &&
           order_status_from_word(value, strlen(value)) != ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED;
}

static bool is_empty(const json_t *value)
{
    return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

/* Fields that are not sent when they are empty, as the service would have a value of its own for them. */
static const struct {
    const char *name, *what, *option;
} defaults[] = {{"order_date", "date", "--default-date"}, {"status", "status", "--default-status"}};

enum { DEFAULTS = sizeof defaults / sizeof defaults[0] };

/* Of defaults[i]; NULL: a row needs none. */
static const char *default_of(const struct import_terms *terms, size_t i)
{
    return i == 0 ? terms->default_date : terms->default_status;
}

/* Whether a member is to be sent. An empty date or status is a violation, unless the terms say what it stands
 * for. */
static bool is_input(const char *name, const json_t *value, const struct import_terms *terms,
                     struct arena *arena, struct status *status)
{
    const ProtobufCFieldDescriptor *field = member_name_find(type, name);
    if (field == NULL)
        return strcmp(name, REJECT_REASON) != 0;
    if (is_output_only(field->name))
        return false;
    for (size_t i = 0; i < DEFAULTS; i++) {
        if (strcmp(field->name, defaults[i].name) != 0 || !is_empty(value))
            continue;
        if (default_of(terms, i) == NULL)
            status_add_violation(status, arena, field->name, "missing",
                                 "is empty; %s says which %s such a row has", defaults[i].option,
                                 defaults[i].what);
        return false;
    }
    return true;
}

/* Adds a member by the .proto's name of its field; by its own where the field has a member already, which
 * JSON's mapping refuses then. */
static void add_member(json_t *input, const char *name, json_t *value)
{
    const ProtobufCFieldDescriptor *field = member_name_find(type, name);
    char camel[MEMBER_NAME_BYTES];
    if (field != NULL) {
        member_name_camel(field, camel);
        name = json_object_get(input, field->name) == NULL ? field->name : camel;
    }
    json_object_set(input, name, value);
}

/* A new reference. What is no object is left for JSON's mapping to refuse. */
static json_t *input_of(const json_t *row, const struct import_terms *terms, struct arena *arena,
                        struct status *status)
{
    const char *name;
    json_t *input = json_object(), *value;
    if (!json_is_object(row)) {
        json_decref(input);
        return json_incref((json_t *)(uintptr_t)row);
    }
    json_object_foreach((json_t *)(uintptr_t)row, name, value)
    {
        if (is_input(name, value, terms, arena, status))
            add_member(input, name, value);
    }
    return input;
}

/* A default that is there is the remedy already. */
static void check_left_out(const json_t *row, const struct import_terms *terms, const char *ignored,
                           unsigned fields, struct arena *arena, struct status *status)
{
    const struct left_out_remedy remedy = {
        .date = terms->default_date == NULL ? "--default-date" : NULL,
        .status = terms->default_status == NULL ? "--default-status" : NULL,
        .whose = "such a row",
    };
    const char *names = "";
    if (terms->unknown == JSON_UNKNOWN_IGNORED)
        names = *ignored != '\0' ? ignored : left_out_names(row, arena);
    left_out_check(row, fields, names, &remedy, arena, status);
}

/* What an order has by the terms. */
static void set_defaults(Orders__V1__Order *order, const struct import_terms *terms, struct arena *arena,
                         struct status *status)
{
    const bool given[DEFAULTS] = {order->order_date != NULL, order->status != 0};
    for (size_t i = 0; i < DEFAULTS; i++) {
        const char *text = default_of(terms, i);
        if (!given[i] && text != NULL && strcmp(text, IMPORT_NOW) != 0)
            json_field_from_text(text, strlen(text),
                                 protobuf_c_message_descriptor_get_field_by_name(type, defaults[i].name),
                                 &order->base, arena, status);
    }
}

void import_row_read(const json_t *row, const struct import_terms *terms, const char *ignored,
                     Orders__V1__Order *order, unsigned *fields, struct arena *arena, struct status *status)
{
    json_t *input = input_of(row, terms, arena, status);
    *fields = order_fields_of(input);
    check_left_out(row, terms, ignored, *fields, arena, status);
    amount_read_member(&terms->notation, input, arena, status);
    json_to_message(input, &order->base, terms->unknown, arena, status);
    json_decref(input);
    if (status->code == STATUS_OK)
        set_defaults(order, terms, arena, status);
}

const char *import_row_describe(struct arena *arena, const struct status *status)
{
    const char *text = status_code_name(status->code);
    for (size_t i = 0; i < status->n_violations && i < TOLD; i++) {
        const struct violation *violation = &status->violations[i];
        text = arena_printf(arena, "%s%s%.*s%s%s", text, i == 0 ? ": " : "; ", FIELD_BYTES, violation->field,
                            *violation->field != '\0' ? ": " : "", violation->message);
    }
    if (status->n_violations > TOLD)
        text = arena_printf(arena, "%s; and %zu more", text, status->n_violations - TOLD);
    return text;
}
