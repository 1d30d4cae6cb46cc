/* order_input.c: an option wins over the member of that name. */
#include "order_input.h"

#include "local_time.h"

#include <string.h>

static void read_local_date(const char *text, Orders__V1__Order *order, struct arena *arena,
                            struct status *status)
{
    struct timestamp date;
    const char *why = local_time_read(text, true, false, &date);
    if (why != NULL) {
        status_add_violation(status, arena, "order_date", "datetime_from_date_parsing",
                             "must be a date and time: %s", why);
        return;
    }
    order->order_date = arena_alloc(arena, sizeof *order->order_date);
    google__protobuf__timestamp__init(order->order_date);
    order->order_date->seconds = date.seconds;
    order->order_date->nanos = date.nanos;
}

/* Takes the date out of JSON's members, unless the mapping is to refuse it: it is given twice, or no text.
 * NULL: nothing was taken. */
static const char *take_date(json_t *json, struct arena *arena)
{
    const char *const names[] = {"order_date", "orderDate"};
    const bool is_camel = json_object_get(json, names[0]) == NULL;
    const json_t *value = json_object_get(json, names[is_camel]);
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value) ||
        (!is_camel && json_object_get(json, names[1]) != NULL))
        return NULL;
    text = arena_strdup(arena, text);
    json_object_del(json, names[is_camel]);
    return text;
}

void order_input_read(const struct order_input *input, json_t *json, Orders__V1__Order *order,
                      struct arena *arena, struct status *status)
{
    struct field_options fields = input->fields;
    const char **amount = &fields.texts[ORDER_NUMBER_AMOUNT], *currency = fields.texts[ORDER_NUMBER_CURRENCY];
    if (currency != NULL)
        json_object_set_new_nocheck(json, "currency", json_string_nocheck(currency));
    if (*amount != NULL)
        json_object_del(json, "totalAmount"); /* the member's other name */
    if (*amount != NULL)
        json_object_set_new_nocheck(json, "total_amount", json_string_nocheck(*amount));
    *amount = NULL;
    const char *date = fields.texts[ORDER_NUMBER_DATE];
    if (input->local)
        fields.texts[ORDER_NUMBER_DATE] = NULL;
    if (input->local && date == NULL)
        date = take_date(json, arena);
    amount_read_member(&input->notation, json, arena, status);
    json_to_message(json, &order->base, input->unknown, arena, status);
    field_options_apply(&fields, &order->base, arena, status);
    if (input->local && date != NULL)
        read_local_date(date, order, arena, status);
}
