/* list_filters.c: texts by field number; those of times, amounts and statuses are read here, the others by
 * descriptor. */
#include "list_filters.h"

#include "base/message.h"
#include "local_time.h"
#include "orders/currency.h"
#include "stored_id.h"
#include "words.h"
#include "json/mapping.h"

#include <string.h>
#include <strings.h>

static const struct argp_option options[] = {
    {"status", FIELD_OPTION + LIST_STATUS, "STATUS", WORDS_REPEATABLE,
     "Only orders in this status, or one of these, comma-separated or given again"},
    {"customer-id", FIELD_OPTION + LIST_CUSTOMER_ID, "ID", 0, "Only this customer's orders"},
    {"search", FIELD_OPTION + LIST_SEARCH, "TEXT", 0,
     "Only orders with this in their order_id or customer_id, in capitals or not"},
    {"from", FIELD_OPTION + LIST_FROM, "TIME", 0,
     "Only orders placed then or later: a day, such as 2025-01-31, or a time, such as 2025-01-31T14:20:00Z"},
    {"to", FIELD_OPTION + LIST_TO, "TIME", 0,
     "Only orders placed up to the end of this day, or before this time"},
    {"currency", FIELD_OPTION + LIST_CURRENCY, "CODE", 0, "Only orders in this currency"},
    {"min-amount", FIELD_OPTION + LIST_MIN_AMOUNT, "AMOUNT", 0,
     "Only orders of at least this amount, an integer in the unit it is stored in; see --decimal"},
    {"max-amount", FIELD_OPTION + LIST_MAX_AMOUNT, "AMOUNT", 0, "Only orders of at most this amount"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct list_filters *filters = state->input;
    if (key != FIELD_OPTION + LIST_STATUS)
        return field_options_take(&filters->fields, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
    if (filters->n_statuses == LIST_STATUSES_MAX)
        argp_error(state, "--status: may be given %d times; statuses may be separated by commas",
                   LIST_STATUSES_MAX);
    filters->statuses[filters->n_statuses++] = argument;
    return 0;
}

const struct argp list_filters_argp = {.options = options, .parser = parse};

bool list_filters_are_given(const struct list_filters *filters)
{
    for (const struct argp_option *option = options; option->name != NULL; option++) {
        if (filters->fields.texts[option->key - FIELD_OPTION] != NULL)
            return true;
    }
    return filters->n_statuses > 0;
}

/* --- statuses --- */

static void add_status(Orders__V1__ListOrdersRequest *request, Orders__V1__OrderStatus status)
{
    for (size_t i = 0; i < request->n_statuses; i++) {
        if (request->statuses[i] == status)
            return;
    }
    request->statuses[request->n_statuses++] = status;
}

static void read_statuses(const char *text, Orders__V1__ListOrdersRequest *request, struct arena *arena,
                          struct status *status)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(request->base.descriptor, LIST_STATUS);
    for (size_t length;; text += length + 1) {
        const size_t n_violations = status->n_violations;
        length = strcspn(text, ",");
        json_field_from_text(text, length, field, &request->base, arena, status);
        if (status->n_violations == n_violations)
            add_status(request, request->status);
        if (text[length] == '\0')
            return;
    }
}

/* One alone goes into the field that every server knows. */
static void apply_statuses(const struct list_filters *filters, Orders__V1__ListOrdersRequest *request,
                           struct arena *arena, struct status *status)
{
    if (filters->n_statuses == 0)
        return;
    request->statuses =
        arena_calloc(arena, orders__v1__order_status__descriptor.n_values, sizeof *request->statuses);
    for (size_t i = 0; i < filters->n_statuses; i++)
        read_statuses(filters->statuses[i], request, arena, status);
    request->status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED;
    if (request->n_statuses != 1)
        return;
    request->status = request->statuses[0];
    request->n_statuses = 0;
}

/* --- times --- */

/* NULL for a text that was not given, or is a violation. A day has its end behind it. */
static Google__Protobuf__Timestamp *read_time(const struct list_filters *filters, unsigned number,
                                              const char *name, struct arena *arena, struct status *status)
{
    const char *text = filters->fields.texts[number];
    struct timestamp time;
    if (text == NULL)
        return NULL;
    const char *error = local_time_read(text, filters->local, number == LIST_TO, &time);
    if (error != NULL) {
        status_add_violation(status, arena, name, "datetime_parsing",
                             "must be a day or a time of RFC 3339, such as 2025-01-31: %s", error);
        return NULL;
    }
    Google__Protobuf__Timestamp *message = arena_alloc(arena, sizeof *message);
    google__protobuf__timestamp__init(message);
    message->seconds = time.seconds;
    message->nanos = time.nanos;
    return message;
}

static int compare_times(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    return (a->nanos > b->nanos) - (a->nanos < b->nanos);
}

static void apply_times(const struct list_filters *filters, Orders__V1__ListOrdersRequest *request,
                        struct arena *arena, struct status *status)
{
    request->placed_from = read_time(filters, LIST_FROM, "from", arena, status);
    request->placed_before = read_time(filters, LIST_TO, "to", arena, status);
    if (request->placed_from != NULL && request->placed_before != NULL &&
        compare_times(request->placed_from, request->placed_before) >= 0)
        status_add_violation(status, arena, "to", "greater_than", "must be later than from");
}

/* --- money --- */

/* The static code of a currency in capitals, which all servers have; NULL for one that was not given, or is a
 * violation. */
static const char *read_currency(const struct list_filters *filters, struct arena *arena,
                                 struct status *status)
{
    const char *text = filters->fields.texts[LIST_CURRENCY];
    const char *code = text != NULL ? currency_find(text) : NULL;
    if (text != NULL && code == NULL)
        status_add_violation(status, arena, "currency", "enum", "must be one of %s", currency_codes);
    return code;
}

/* The integer that an amount is stored as; 0 for one that was not given, or is a violation. */
static int64_t read_amount(const struct list_filters *filters, unsigned number, const char *currency,
                           struct arena *arena, struct status *status)
{
    const char *const text = filters->fields.texts[number], *digits;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&orders__v1__list_orders_request__descriptor, number);
    Orders__V1__ListOrdersRequest read = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    if (text == NULL)
        return 0;
    if (!amount_to_digits(&filters->notation, text, currency != NULL ? currency : "", arena, &digits)) {
        status_add_violation(status, arena, field->name, "int_parsing", "%s", digits);
        return 0;
    }
    const size_t n_violations = status->n_violations;
    json_field_from_text(digits, strlen(digits), field, &read.base, arena, status);
    const int64_t amount = number == LIST_MIN_AMOUNT ? read.min_amount : read.max_amount;
    if (status->n_violations == n_violations && amount < 1)
        status_add_violation(status, arena, field->name, "greater_than", "must be greater than 0");
    return amount;
}

static void apply_money(const struct list_filters *filters, Orders__V1__ListOrdersRequest *request,
                        struct arena *arena, struct status *status)
{
    const char *code = read_currency(filters, arena, status);
    const char *const *texts = filters->fields.texts;
    if (code != NULL)
        request->currency = message_text(code);
    const bool is_bounded = texts[LIST_MIN_AMOUNT] != NULL || texts[LIST_MAX_AMOUNT] != NULL;
    if (filters->notation.decimal && texts[LIST_CURRENCY] == NULL && is_bounded)
        status_add_violation(status, arena, "currency", "missing",
                             "must be given, as the decimals of an amount are those of its currency");
    if (filters->notation.decimal && code == NULL)
        return;
    request->min_amount = read_amount(filters, LIST_MIN_AMOUNT, code, arena, status);
    request->max_amount = read_amount(filters, LIST_MAX_AMOUNT, code, arena, status);
    if (request->max_amount > 0 && request->max_amount < request->min_amount)
        status_add_violation(status, arena, "max_amount", "greater_than_equal",
                             "must not be less than min_amount");
}

void list_filters_apply(const struct list_filters *filters, Orders__V1__ListOrdersRequest *request,
                        struct arena *arena, struct status *status)
{
    struct field_options plain = filters->fields;
    plain.texts[LIST_FROM] = plain.texts[LIST_TO] = NULL;
    plain.texts[LIST_CURRENCY] = plain.texts[LIST_MIN_AMOUNT] = plain.texts[LIST_MAX_AMOUNT] = NULL;
    if (plain.texts[LIST_CUSTOMER_ID] != NULL)
        plain.texts[LIST_CUSTOMER_ID] = stored_customer_id(plain.texts[LIST_CUSTOMER_ID], arena);
    apply_statuses(filters, request, arena, status);
    field_options_apply(&plain, &request->base, arena, status);
    apply_times(filters, request, arena, status);
    apply_money(filters, request, arena, status);
}

/* --- what is asked for --- */

static bool has_status(const Orders__V1__ListOrdersRequest *request, Orders__V1__OrderStatus status)
{
    bool found = request->n_statuses == 0 && request->status == 0;
    for (size_t i = 0; i < request->n_statuses; i++)
        found |= request->statuses[i] == status;
    return found || (request->status != 0 && request->status == status);
}

static bool was_placed_between(const Orders__V1__ListOrdersRequest *request, const Orders__V1__Order *order)
{
    if (order->order_date == NULL)
        return request->placed_from == NULL && request->placed_before == NULL;
    return (request->placed_from == NULL || compare_times(order->order_date, request->placed_from) >= 0) &&
           (request->placed_before == NULL || compare_times(order->order_date, request->placed_before) < 0);
}

/* By ASCII's letters alone, whatever the locale: the program's is C.UTF-8 (screen.h), in which strcasestr
 * works byte by byte. */
static bool holds(const Orders__V1__Order *order, const char *part)
{
    return strcasestr(order->order_id, part) != NULL || strcasestr(order->customer_id, part) != NULL;
}

bool list_filters_match(const Orders__V1__ListOrdersRequest *request, const Orders__V1__Order *order)
{
    return has_status(request, order->status) && was_placed_between(request, order) &&
           (*request->customer_id == '\0' || strcmp(request->customer_id, order->customer_id) == 0) &&
           (*request->currency == '\0' || strcasecmp(request->currency, order->currency) == 0) &&
           (request->min_amount == 0 || order->total_amount >= request->min_amount) &&
           (request->max_amount == 0 || order->total_amount <= request->max_amount) &&
           (*request->search == '\0' || holds(order, request->search));
}
