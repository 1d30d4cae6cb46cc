/* fields.c: the table. The constraints of the database say the same (migrations/deploy/orders.sql). */
#include "orders/fields.h"

#include "orders/currency.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/auth.pb-c.h"

#include <string.h>

/* Something to be seen, and no control character. */
#define PRINTABLE          "^(?=.*\\S)[^\\x00-\\x1f\\x7f-\\x9f]*$"

#define ORDER              &orders__v1__order__descriptor
#define LIST_REQUEST       &orders__v1__list_orders_request__descriptor
#define SUMMARY            &orders__v1__order_summary__descriptor
#define TOTAL              &orders__v1__currency_total__descriptor
#define DAILY_REVENUE      &orders__v1__daily_revenue__descriptor
#define STATISTICS_REQUEST &orders__v1__get_order_statistics_request__descriptor
#define STATISTICS         &orders__v1__order_statistics__descriptor
#define OF_CURRENCY        &orders__v1__currency_statistics__descriptor
#define OF_DAY             &orders__v1__day_statistics__descriptor
#define OF_STATUS          &orders__v1__status_count__descriptor
#define WHO_AM_I           &rpc__v1__who_am_iresponse__descriptor

/* An order_id is one of these in whichever message it is. */
#define ID_RULE                                                                               \
    .name = "order_id", .example = "ORD-2025-00001", .required = true, .least_characters = 1, \
    .most_characters = 255, .pattern = PRINTABLE, .reserved = "summary"

const char order_by_words[] = "id, id desc, order_date, order_date desc, total_amount, total_amount desc";

const char *order_by_word(size_t index)
{
    static const char *const words[] = {"id",           "id desc",          "order_date", "order_date desc",
                                        "total_amount", "total_amount desc"};
    return index < sizeof words / sizeof words[0] ? words[index] : NULL;
}

/* That a caller can have. */
static const char *role(size_t index)
{
    static const char *const roles[] = {"reader", "writer", "admin"};
    return index < sizeof roles / sizeof roles[0] ? roles[index] : NULL;
}

const struct field_rule field_rules[] = {
    {
        .message = ORDER,
        .description = "The caller's name for the order, which no other order has. Not `summary`, whose path "
                       "is the summary's.",
        ID_RULE,
    },
    {
        .message = ORDER,
        .name = "customer_id",
        .description = "The caller's name for the customer.",
        .example = "CUST-IS-001",
        .required = true,
        .least_characters = 1,
        .most_characters = 255,
        .pattern = PRINTABLE,
    },
    {
        .message = ORDER,
        .name = "order_date",
        .description =
            "When the order was placed. Answers have UTC, with 0, 3 or 6 digits of a second. Without an "
            "offset UTC is meant, and by a date alone its midnight.",
        .preset_described = "the present",
        .example = "2025-01-15T10:30:00Z",
    },
    {
        .message = ORDER,
        .name = "total_amount",
        .description = "At most 2^53 - 1, which every JSON reader has exactly.",
        .example = "89990",
        .amount = true,
        .required = true,
        .least = 1,
        .most = ORDER_AMOUNT_MAX,
    },
    {
        .message = ORDER,
        .name = "currency",
        .description = "The code of ISO 4217. Lower case is taken for upper case.",
        .example = "ISK",
        .required = true,
        .least_characters = 3,
        .most_characters = 3,
        .word = currency_code,
    },
    {
        .message = ORDER,
        .name = "status",
        .description = "Any may follow any.",
        .example = "pending",
        .preset_word = "pending",
        .preset_described = "`pending`",
    },
    {
        .message = ORDER,
        .name = "id",
        .description = "The database's number for the order; lists are in its order.",
        .example = "1",
        .read_only = true,
        .least = 1,
        .most = INT64_MAX,
    },
    {
        .message = ORDER,
        .name = "created_at",
        .description = "When the order was stored.",
        .example = "2025-01-15T10:30:00.123456Z",
        .read_only = true,
    },
    {
        .message = ORDER,
        .name = "updated_at",
        .description = "When the order was changed last.",
        .example = "2025-01-15T10:30:00.123456Z",
        .read_only = true,
    },

    {
        .message = &orders__v1__get_order_request__descriptor,
        .description = "The caller's name for the order.",
        ID_RULE,
    },
    {
        .message = &orders__v1__delete_order_request__descriptor,
        .description = "The caller's name for the order.",
        ID_RULE,
    },
    {
        .message = LIST_REQUEST,
        .name = "skip",
        .description = "How many matching orders to pass over first; none, when it is left out.",
        .example = "0",
        .most = INT64_MAX,
    },
    {
        .message = LIST_REQUEST,
        .name = "page_size",
        .description = "How many orders to answer at most.",
        .example = "100",
        .most = ORDER_PAGE_MAX,
        .preset = ORDER_PAGE_DEFAULT,
    },
    {
        .message = LIST_REQUEST,
        .name = "status",
        .description =
            "Only orders in this status, or in any of several: repeated, or with commas between them.",
        .example = "shipped",
    },
    {
        .message = LIST_REQUEST,
        .name = "customer_id",
        .description = "Only this customer's orders.",
        .example = "CUST-IS-001",
    },
    {
        .message = LIST_REQUEST,
        .name = "search",
        .description =
            "Only orders with this text in their `order_id` or `customer_id`. The case of the letters A "
            "to Z does not matter.",
        .example = "is-001",
        .most_characters = 255,
    },
    {
        .message = LIST_REQUEST,
        .name = "placed_from",
        .description =
            "Only orders whose `order_date` is this or later. A date alone is its midnight in UTC; the "
            "`+` of an offset is to be sent as `%2B`.",
        .example = "2025-01-15T00:00:00Z",
    },
    {
        .message = LIST_REQUEST,
        .name = "placed_before",
        .description = "Only orders whose `order_date` is earlier than this: of January with `2025-02-01`.",
        .example = "2025-02-01T00:00:00Z",
    },
    {
        .message = LIST_REQUEST,
        .name = "currency",
        .description = "Only orders in this currency. Lower case is taken for upper case.",
        .example = "ISK",
        .word = currency_code,
    },
    {
        .message = LIST_REQUEST,
        .name = "min_amount",
        .description =
            "Only orders whose `total_amount` is this or more, whatever their currency; 0 is no bound.",
        .example = "10000",
        .amount = true,
        .most = ORDER_AMOUNT_MAX,
    },
    {
        .message = LIST_REQUEST,
        .name = "max_amount",
        .description =
            "Only orders whose `total_amount` is this or less, whatever their currency; 0 is no bound.",
        .example = "500000",
        .amount = true,
        .most = ORDER_AMOUNT_MAX,
    },
    {
        .message = LIST_REQUEST,
        .name = "page_token",
        .description =
            "The page that begins there: from the `Link` of the page before. It belongs to its filters "
            "and its order, and keeps its place whatever is stored or deleted meanwhile, which `skip` "
            "does not.",
    },
    {
        .message = LIST_REQUEST,
        .name = "count",
        .description =
            "Say how many orders match, on all pages together, in `X-Total-Count`. It takes time with "
            "their number; `limit=0` asks for nothing else.",
    },
    {
        .message = LIST_REQUEST,
        .name = "order_by",
        .description =
            "`id`: in the order in which they were stored; `order_date`; or `total_amount`, by its "
            "number, whatever the currency. With ` desc`: the latest or the largest first. Equal ones are "
            "in the order of `id`.",
        .example = "id desc",
        .word = order_by_word,
        .preset_word = "id",
    },

    {
        .message = SUMMARY,
        .name = "total_orders",
        .description = "How many orders there are, whatever their status.",
        .example = "2",
        .most = INT64_MAX,
    },
    {
        .message = SUMMARY,
        .name = "total_revenue",
        .description = "One for each currency that an order has, A to Z.",
    },
    {
        .message = SUMMARY,
        .name = "revenue_per_day",
        .description = "One for each day and currency that an order has: the newest day first, then "
                       "currencies A to Z.",
    },
    {
        .message = TOTAL,
        .name = "currency",
        .description = "The code of ISO 4217.",
        .example = "ISK",
        .word = currency_code,
    },
    {
        .message = TOTAL,
        .name = "total",
        .description = "Of all orders in this currency.",
        .example = "219970",
        .amount = true,
        .least = 1,
        .most = INT64_MAX,
    },
    {
        .message = DAILY_REVENUE,
        .name = "date",
        .description = "The day of `order_date` in UTC.",
        .example = "2025-01-15",
        .format = "date",
    },
    {
        .message = DAILY_REVENUE,
        .name = "currency",
        .description = "The code of ISO 4217.",
        .example = "ISK",
        .word = currency_code,
    },
    {
        .message = DAILY_REVENUE,
        .name = "revenue",
        .description = "Of that day's orders in this currency.",
        .example = "89990",
        .amount = true,
        .least = 1,
        .most = INT64_MAX,
    },

    {
        .message = STATISTICS_REQUEST,
        .name = "first_day",
        .description = "Only orders from this day of `order_date` in UTC on.",
        .example = "2025-01-15",
        .format = "date",
    },
    {
        .message = STATISTICS_REQUEST,
        .name = "last_day",
        .description = "Only orders to this day, it included.",
        .example = "2025-01-16",
        .format = "date",
    },
    {
        .message = STATISTICS_REQUEST,
        .name = "by_status",
        .description =
            "Whether to count the orders of each status, too: takes time with the number of orders.",
        .example = "true",
    },
    {
        .message = STATISTICS,
        .name = "order_count",
        .description = "How many orders there are on these days, whatever their status.",
        .example = "2",
        .most = INT64_MAX,
    },
    {
        .message = STATISTICS,
        .name = "cancelled_count",
        .description = "How many of them are cancelled.",
        .example = "1",
        .most = INT64_MAX,
    },
    {
        .message = STATISTICS,
        .name = "statuses",
        .description =
            "One for each status, those that no order has as well; empty unless `by_status` asks for "
            "them.",
    },
    {
        .message = OF_STATUS,
        .name = "status",
        .description = "Which one.",
        .example = "pending",
    },
    {
        .message = OF_STATUS,
        .name = "order_count",
        .description = "How many orders have it.",
        .example = "1",
        .most = INT64_MAX,
    },
    {
        .message = STATISTICS,
        .name = "currencies",
        .description = "One for each currency that an order has, A to Z.",
    },
    {
        .message = STATISTICS,
        .name = "days",
        .description =
            "One for each day and currency that an order has: the newest day first, then currencies A to Z.",
    },
    {
        .message = OF_CURRENCY,
        .name = "currency",
        .description = "The code of ISO 4217.",
        .example = "ISK",
        .word = currency_code,
    },
    {
        .message = OF_CURRENCY,
        .name = "order_count",
        .description = "How many orders are in it.",
        .example = "2",
        .least = 1,
        .most = INT64_MAX,
    },
    {
        .message = OF_CURRENCY,
        .name = "revenue",
        .description = "Of these orders.",
        .example = "219970",
        .amount = true,
        .least = 1,
        .most = INT64_MAX,
    },
    {
        .message = OF_CURRENCY,
        .name = "average_revenue",
        .description = "Of one of these orders, rounded to the nearest, halves up.",
        .example = "109985",
        .amount = true,
        .least = 1,
        .most = INT64_MAX,
    },
    {
        .message = OF_CURRENCY,
        .name = "cancelled_count",
        .description = "How many of them are cancelled.",
        .example = "1",
        .most = INT64_MAX,
    },
    {
        .message = OF_CURRENCY,
        .name = "cancelled_revenue",
        .description = "How much of the revenue is that of cancelled orders.",
        .example = "89990",
        .amount = true,
        .most = INT64_MAX,
    },
    {
        .message = OF_DAY,
        .name = "date",
        .description = "The day of `order_date` in UTC.",
        .example = "2025-01-16",
        .format = "date",
    },
    {
        .message = OF_DAY,
        .name = "currency",
        .description = "The code of ISO 4217.",
        .example = "ISK",
        .word = currency_code,
    },
    {
        .message = OF_DAY,
        .name = "order_count",
        .description = "How many orders are of that day and currency.",
        .example = "1",
        .least = 1,
        .most = INT64_MAX,
    },
    {
        .message = OF_DAY,
        .name = "revenue",
        .description = "Of these orders.",
        .example = "129980",
        .amount = true,
        .least = 1,
        .most = INT64_MAX,
    },
    {
        .message = OF_DAY,
        .name = "cancelled_count",
        .description = "How many of them are cancelled.",
        .example = "1",
        .most = INT64_MAX,
    },
    {
        .message = OF_DAY,
        .name = "cancelled_revenue",
        .description = "How much of the revenue is that of cancelled orders.",
        .example = "0",
        .amount = true,
        .most = INT64_MAX,
    },
    {
        .message = WHO_AM_I,
        .name = "name",
        .description = "A key's name; of a token the issuer's, as the operator calls it, a colon, and the "
                       "subject.",
        .example = "bootstrap",
    },
    {
        .message = WHO_AM_I,
        .name = "role",
        .description = "What the caller may do: each may what the ones before may.",
        .example = "admin",
        .word = role,
    },
};

const size_t field_rules_count = sizeof field_rules / sizeof field_rules[0];

const struct field_rule *field_rule_find(const ProtobufCMessageDescriptor *message, const char *name)
{
    for (size_t i = 0; i < field_rules_count; i++) {
        if (field_rules[i].message == message && strcmp(field_rules[i].name, name) == 0)
            return &field_rules[i];
    }
    return NULL;
}
