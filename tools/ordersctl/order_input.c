/* order_input.c: an option wins over the member of that name. */
#include "order_input.h"

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
    amount_read_member(&input->notation, json, arena, status);
    json_to_message(json, &order->base, input->unknown, arena, status);
    field_options_apply(&fields, &order->base, arena, status);
}
