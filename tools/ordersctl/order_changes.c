/* order_changes.c: compares orders as JSON, where one field is like another, once what is wanted has the form
 * in which the service would store it. */
#include "order_changes.h"

#include "amount.h"
#include "base/message.h"
#include "orders/currency.h"
#include "orders/rules.h"
#include "json/mapping.h"
#include "json/member_name.h"

#include <stdlib.h>
#include <string.h>

static const ProtobufCMessageDescriptor *const type = &orders__v1__order__descriptor;

enum { FIELDS = 6 };

/* The rules' first rows are in the order of the bits. */
static unsigned bit_named(const char *name)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        if (strcmp(field_rules[i].name, name) == 0)
            return 1U << i;
    }
    return 0;
}

unsigned order_field_bit(unsigned number)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, number);
    return field != NULL ? bit_named(field->name) : 0;
}

unsigned order_fields_of(const json_t *object)
{
    unsigned fields = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const ProtobufCFieldDescriptor *field = member_name_find(type, name);
        if (field != NULL && !json_is_null(value))
            fields |= bit_named(field->name);
    }
    return fields;
}

void order_mask_fill(Google__Protobuf__FieldMask *mask, unsigned fields, struct arena *arena)
{
    mask->paths = arena_calloc(arena, FIELDS, sizeof *mask->paths);
    mask->n_paths = 0;
    for (unsigned i = 0; i < FIELDS; i++) {
        if ((fields & ORDER_UPDATE_FIELDS & 1U << i) != 0)
            mask->paths[mask->n_paths++] = message_text(field_rules[i].name);
    }
}

/* What is no money is shown as in JSON, without the quotes. */
static const char *show(const json_t *order, const char *name, const char *currency, struct arena *arena)
{
    const json_t *value = json_object_get(order, name);
    if (json_is_integer(value))
        return amount_show(json_integer_value(value), currency, arena);
    return json_is_string(value) ? json_string_value(value) : "";
}

static const char *currency_of(const json_t *order)
{
    const char *currency = json_string_value(json_object_get(order, "currency"));
    return currency != NULL ? currency : "";
}

/* Takes the reference. */
static const char *text_of(json_t *json, struct arena *arena)
{
    char *text = json_dumps(json, JSON_COMPACT);
    const char *copy = text != NULL ? arena_strdup(arena, text) : "[]";
    free(text);
    json_decref(json);
    return copy;
}

struct order_changes order_changes_find(const Orders__V1__Order *before, const Orders__V1__Order *wanted,
                                        unsigned fields, struct arena *arena)
{
    struct order_changes changes = {.text = ""};
    Orders__V1__Order stored = *wanted;
    struct status status = STATUS_INIT;
    order_check(&stored, fields & ORDER_UPDATE_FIELDS, arena, &status); /* the service says what is wrong */
    json_t *from = json_from_message(&before->base), *to = json_from_message(&stored.base);
    const char *const currency = currency_of((fields & ORDER_CURRENCY) != 0 ? to : from);
    json_t *list = json_array();
    for (unsigned i = 0; i < FIELDS; i++) {
        const char *name = field_rules[i].name;
        json_t *old = json_object_get(from, name), *new = json_object_get(to, name);
        if ((fields & ORDER_UPDATE_FIELDS & 1U << i) == 0 ||
            (old != NULL && new != NULL &&json_equal(old, new)))
            continue;
        changes.text =
            arena_printf(arena, "%s%s%s: %s -> %s", changes.text, changes.n == 0 ? "" : "; ", name,
                         show(from, name, currency_of(from), arena), show(to, name, currency, arena));
        json_array_append_new(list, json_pack("{ss sO? sO?}", "field", name, "from", old, "to", new));
        changes.n++;
    }
    json_decref(from);
    json_decref(to);
    changes.json = text_of(list, arena);
    return changes;
}

void order_changes_check(const Orders__V1__Order *before, const Orders__V1__Order *wanted, unsigned fields,
                         struct arena *arena, struct status *status)
{
    char was[CURRENCY_AMOUNT_TEXT], would_be[CURRENCY_AMOUNT_TEXT];
    const char *code = currency_find(wanted->currency);
    if ((fields & ORDER_CURRENCY) == 0 || (fields & ORDER_TOTAL_AMOUNT) != 0 || code == NULL ||
        currency_decimals(code) == currency_decimals(before->currency))
        return;
    currency_format(before->total_amount, before->currency, was);
    currency_format(before->total_amount, code, would_be);
    status_add_violation(status, arena, "currency", "amount_missing",
                         "%s %s would become %s %s: give the amount, too", was, before->currency, would_be,
                         code);
}
