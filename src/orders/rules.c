/* rules.c: one check for each field, with the limits that its row in fields.c has. */
#include "orders/rules.h"

#include "base/message.h"
#include "base/time.h"
#include "base/utf8.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "orders/currency.h"
#include "orders/status.h"

#include <inttypes.h>
#include <string.h>

/* A check under way. */
struct check {
    const struct field_rule *rule;
    struct arena *arena;
    struct status *status;
};

#define refuse(check, type, ...) \
    status_add_violation((check)->status, (check)->arena, (check)->rule->name, (type), __VA_ARGS__)

/* The message is the parameter, with something before and behind it. */
static void refuse_of(const struct check *check, const char *type, const char *parameter, const char *before,
                      const char *after)
{
    status_add_violation_of(check->status, check->arena, check->rule->name, type, parameter, "%s%s%s", before,
                            parameter, after);
}

static const char *check_number(const struct check *check, int64_t value)
{
    return arena_printf(check->arena, "%" PRId64, value);
}

/* --- strings --- */

/* Unicode's White_Space, and the four separators that Python's str.strip takes off too. */
static bool is_white_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

/* Unicode's category Cc. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* What a look through a string finds. */
struct trimmed {
    const char *start; /* behind leading white space */
    size_t length;     /* in bytes, before trailing white space */
    size_t characters; /* in those bytes */
    bool control;      /* whether one of them is a control character */
};

static struct trimmed look(const char *string)
{
    struct trimmed text = {.start = string};
    size_t left = strlen(string), characters = 0;
    bool control = false, started = false;

    while (left > 0) {
        uint32_t c = 0;
        size_t taken = utf8_decode(string, left, &c);
        if (taken == 0)
            taken = left; /* not UTF-8, which frames rule out: count the rest as one character */
        if (!started && is_white_space(c)) {
            text.start = string + taken;
        } else {
            started = true;
            characters++;
            control |= is_control(c);
            if (!is_white_space(c)) {
                text.length = (size_t)(string + taken - text.start);
                text.characters = characters;
                text.control = control;
            }
        }
        string += taken;
        left -= taken;
    }
    return text;
}

static void refuse_too_short(struct check *check, unsigned least)
{
    refuse_of(check, "string_too_short", check_number(check, least), "must have at least ",
              least == 1 ? " character" : " characters");
}

static void refuse_too_long(struct check *check)
{
    refuse_of(check, "string_too_long", check_number(check, check->rule->most_characters),
              "must have at most ", " characters");
}

static void check_string(struct check *check, char **string)
{
    struct trimmed text = look(*string);
    if (**string == '\0')
        refuse_too_short(check, 1);
    else if (text.length == 0)
        refuse(check, "blank", "must not be white space alone");
    else if (text.characters > check->rule->most_characters)
        refuse_too_long(check);
    else if (text.control)
        refuse(check, "control_character", "must have no control characters");
    else if (text.length != strlen(*string))
        *string = arena_copy(check->arena, text.start, text.length);
}

/* --- the fields --- */

static void check_order_id(struct check *check, Orders__V1__Order *order)
{
    size_t before = check->status->n_violations;
    check_string(check, &order->order_id);
    if (check->status->n_violations == before && strcmp(order->order_id, check->rule->reserved) == 0)
        refuse_of(check, "reserved", check->rule->reserved, "must not be ", "");
}

static void check_customer_id(struct check *check, Orders__V1__Order *order)
{
    check_string(check, &order->customer_id);
}

static void check_order_date(struct check *check, Orders__V1__Order *order)
{
    const Google__Protobuf__Timestamp *given = order->order_date;
    if (given == NULL) {
        refuse(check, "missing", "is required");
        return;
    }
    if (given->seconds < TIMESTAMP_MIN_SECONDS || given->seconds > TIMESTAMP_MAX_SECONDS ||
        given->nanos < 0 || given->nanos >= NS_PER_S) {
        refuse_of(check, "datetime_from_date_parsing", "a time between the years 0001 and 9999",
                  "must be a date and time: ", "");
        return;
    }
    Google__Protobuf__Timestamp *stored = arena_alloc(check->arena, sizeof *stored);
    google__protobuf__timestamp__init(stored);
    stored->seconds = given->seconds;
    stored->nanos = given->nanos - given->nanos % NS_PER_US; /* the database keeps microseconds */
    order->order_date = stored;
}

static void check_total_amount(struct check *check, Orders__V1__Order *order)
{
    const struct field_rule *rule = check->rule;
    if (order->total_amount < rule->least)
        refuse_of(check, "greater_than", check_number(check, rule->least - 1), "must be greater than ", "");
    else if (order->total_amount > rule->most)
        refuse_of(check, "less_than_equal", check_number(check, rule->most), "must be at most ", "");
}

static void check_currency(struct check *check, Orders__V1__Order *order)
{
    const struct field_rule *rule = check->rule;
    const char *given = order->currency;
    size_t characters = 0;
    for (const char *at = given; *at != '\0'; at++)
        characters += ((unsigned char)*at & 0xc0) != 0x80; /* all but UTF-8's continuation bytes */

    const char *code = currency_find(given);
    if (characters < rule->least_characters)
        refuse_too_short(check, rule->least_characters);
    else if (characters > rule->most_characters)
        refuse_too_long(check);
    else if (code == NULL)
        refuse_of(check, "unknown_currency", currency_codes, "must be one of ", "");
    else
        order->currency = message_text(code);
}

static void check_status(struct check *check, Orders__V1__Order *order)
{
    if (order_status_word(order->status) == NULL)
        refuse_of(check, "enum", order_status_words, "must be one of ", "");
}

/* In the order of the bits, as the first rows of field_rules are. */
static void (*const checks[])(struct check *check, Orders__V1__Order *order) = {
    check_order_id, check_customer_id, check_order_date, check_total_amount, check_currency, check_status,
};

enum { FIELDS = sizeof checks / sizeof checks[0] };

void order_check(Orders__V1__Order *order, unsigned fields, struct arena *arena, struct status *status)
{
    struct check check = {.arena = arena, .status = status};
    for (size_t i = 0; i < FIELDS; i++) {
        check.rule = &field_rules[i];
        if ((fields & 1u << i) != 0)
            checks[i](&check, order);
    }
}

void order_set_defaults(Orders__V1__Order *order, struct arena *arena)
{
    if (order->order_date == NULL) {
        struct timestamp now = time_now();
        order->order_date = arena_alloc(arena, sizeof *order->order_date);
        google__protobuf__timestamp__init(order->order_date);
        order->order_date->seconds = now.seconds;
        order->order_date->nanos = now.nanos;
    }
    if (order->status == ORDERS__V1__ORDER_STATUS__ORDER_STATUS_UNSPECIFIED)
        order->status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_PENDING;
}

/* --- update masks --- */

static unsigned fields_set(const Orders__V1__Order *order)
{
    unsigned fields = 0;
    fields |= *order->customer_id != '\0' ? ORDER_CUSTOMER_ID : 0;
    fields |= order->order_date != NULL ? ORDER_ORDER_DATE : 0;
    fields |= order->total_amount != 0 ? ORDER_TOTAL_AMOUNT : 0;
    fields |= *order->currency != '\0' ? ORDER_CURRENCY : 0;
    fields |= order->status != 0 ? ORDER_STATUS : 0;
    return fields;
}

static unsigned field_of_path(const char *path)
{
    if (strcmp(path, "*") == 0)
        return ORDER_UPDATE_FIELDS;
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(path, field_rules[i].name) == 0)
            return 1u << i & ORDER_UPDATE_FIELDS;
    }
    return 0;
}

unsigned order_update_fields(const Orders__V1__UpdateOrderRequest *request, struct arena *arena,
                             struct status *status)
{
    const Google__Protobuf__FieldMask *mask = request->update_mask;
    enum { BAD_PATHS_TOLD = 16, PATH_BYTES_TOLD = 200 }; /* of any number that a request can hold */
    unsigned fields = 0;
    if (mask == NULL)
        return fields_set(request->order);
    for (size_t i = 0; i < mask->n_paths; i++) {
        unsigned field = field_of_path(mask->paths[i]);
        if (field == 0 && status->n_violations < BAD_PATHS_TOLD)
            status_add_violation(status, arena, "update_mask", "not_changeable",
                                 "\"%.*s\" cannot be changed; customer_id, order_date, total_amount, "
                                 "currency, status and * can",
                                 (int)utf8_cut(mask->paths[i], PATH_BYTES_TOLD), mask->paths[i]);
        fields |= field;
    }
    return fields;
}

bool order_id_possible(const char *order_id)
{
    const struct field_rule *rule = &field_rules[0]; /* order_id's */
    struct trimmed text = look(order_id);
    return text.length > 0 && text.length == strlen(order_id) && text.characters <= rule->most_characters &&
           !text.control;
}
