/* test_list_filters.c: what a request asks for by the options that were given, and what orders match it. */
#include "list_filters.h"

#include "json/mapping.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(list_filters, .timeout = 60);

enum { WORDS = 14 };

struct arguments {
    struct list_filters filters;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    (void)argument;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = &arguments->filters;
    state->child_inputs[1] = &arguments->filters.notation;
    return 0;
}

/* The request of a command line, as JSON; or each violation, a line each. In the arena. */
static const char *asked(const char *const words[], struct arena *arena)
{
    static const struct argp_child children[] = {{.argp = &list_filters_argp}, {.argp = &amount_argp}, {0}};
    const struct argp argp = {.parser = parse, .children = children};
    struct arguments arguments = {0};
    struct status status = STATUS_INIT;
    char *argv[WORDS + 2] = {"test"};
    int argc = 1;
    size_t length;
    Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    for (; argc <= WORDS && words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    cr_assert_eq(argp_parse(&argp, argc, argv, ARGP_SILENT, NULL, &arguments), 0);
    cr_expect_eq(list_filters_are_given(&arguments.filters), argc > 1);
    list_filters_apply(&arguments.filters, &request, arena, &status);
    if (status.code == STATUS_OK)
        return json_text_from_message(&request.base, NULL, arena, &length);
    const char *text = "";
    for (size_t i = 0; i < status.n_violations; i++)
        text =
            arena_printf(arena, "%s%s: %s\n", text, status.violations[i].field, status.violations[i].message);
    return text;
}

struct sample {
    const char *words[WORDS];
    const char *part; /* of what is asked */
};

static void assert_asked(const struct sample *samples, size_t n)
{
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < n; i++) {
        const char *text = asked(samples[i].words, &arena);
        cr_expect_not_null(strstr(text, samples[i].part), "%s is not in %s", samples[i].part, text);
    }
    arena_free(&arena);
}

Test(list_filters, are_fields_of_the_request)
{
    static const struct sample samples[] = {
        {{NULL}, "\"customer_id\":\"\""},
        {{"--status", "shipped"}, "\"status\":\"shipped\""}, /* which every server knows */
        {{"--status", "shipped"}, "\"statuses\":[]"},
        {{"--status", "shipped,pending"}, "\"statuses\":[\"shipped\",\"pending\"]"},
        {{"--status=shipped", "--status=pending,shipped"}, "\"statuses\":[\"shipped\",\"pending\"]"},
        {{"--status=shipped", "--status=shipped"}, "\"status\":\"shipped\""},
        {{"--customer-id", "C-1", "--search", "x"}, "\"customer_id\":\"C-1\""},
        {{"--customer-id", "C-1", "--search", "x"}, "\"search\":\"x\""},
        {{"--from", "2025-01-31"}, "\"placed_from\":\"2025-01-31T00:00:00Z\""},
        {{"--to", "2025-01-31"}, "\"placed_before\":\"2025-02-01T00:00:00Z\""},
        {{"--to", "2025-01-31T10:00:00+01:00"}, "\"placed_before\":\"2025-01-31T09:00:00Z\""},
        {{"--currency", "isk"}, "\"currency\":\"ISK\""},
        {{"--min-amount", "4500", "--max-amount", "4500"}, "\"min_amount\":4500,\"max_amount\":4500"},
        {{"--decimal", "--currency", "EUR", "--min-amount", "45.00"}, "\"min_amount\":4500"},
        {{"--decimal", "--thousands", "comma", "--currency", "ISK", "--max-amount", "1,299.80 ISK"},
         "\"max_amount\":129980"},
        {{"--decimal", "--currency", "JPY", "--max-amount", "1299"}, "\"max_amount\":1299"},
    };
    assert_asked(samples, sizeof samples / sizeof samples[0]);
}

Test(list_filters, that_cannot_be_meant_are_refused_by_name)
{
    static const struct sample samples[] = {
        {{"--status", "sent"}, "status: must be one of pending, "},
        {{"--status", "pending,shiped"},
         "status: must be one of pending, confirmed, processing, shipped, delivered, completed, cancelled; "
         "did you "
         "mean shipped?"},
        {{"--status", "shipped,"}, "status: must be one of pending, "},
        {{"--from", "yesterday"}, "from: must be a day or a time of RFC 3339, such as 2025-01-31: "},
        {{"--to", "2025-02-30"}, "to: must be a day or a time of RFC 3339, such as 2025-01-31: "},
        {{"--from", "2025-02-01", "--to", "2025-01-31"}, "to: must be later than from"},
        {{"--from", "2025-02-01T10:00:00Z", "--to", "2025-02-01T10:00:00Z"}, "to: must be later than from"},
        {{"--currency", "XXX"}, "currency: must be one of AUD, "},
        {{"--min-amount", "45.00"}, "min_amount: \"45.00\" is no integer: "},
        {{"--max-amount", "many"}, "max_amount: "},
        {{"--max-amount", "0"}, "max_amount: must be greater than 0"}, /* to the service: without a bound */
        {{"--min-amount", "-1"}, "min_amount: must be greater than 0"},
        {{"--min-amount", "2", "--max-amount", "1"}, "max_amount: must not be less than min_amount"},
        {{"--decimal", "--min-amount", "45.00"}, "currency: must be given, "},
        {{"--decimal", "--currency", "EUR", "--min-amount", "45"},
         "min_amount: \"45\" is no amount in EUR: "},
    };
    assert_asked(samples, sizeof samples / sizeof samples[0]);
}

Test(list_filters, match_the_orders_that_are_asked_for)
{
    static const struct {
        const char *words[WORDS];
        bool matches;
    } samples[] = {
        {{NULL}, true},
        {{"--status", "shipped"}, true},
        {{"--status", "pending"}, false},
        {{"--status", "pending,shipped"}, true},
        {{"--status", "pending,delivered"}, false},
        {{"--customer-id", "Cust"}, true},
        {{"--customer-id", "cust"}, false},
        {{"--search", "a-1"}, true},
        {{"--search", "UST"}, true},
        {{"--search", "b"}, false},
        {{"--from", "2025-01-16T14:20:00Z"}, true},
        {{"--from", "2025-01-16T14:20:00.000001Z"}, false},
        {{"--from", "2025-01-16"}, true},
        {{"--to", "2025-01-16"}, true},
        {{"--to", "2025-01-15"}, false},
        {{"--to", "2025-01-16T14:20:00Z"}, false},
        {{"--currency", "isk"}, true},
        {{"--currency", "EUR"}, false},
        {{"--min-amount", "100"}, true},
        {{"--min-amount", "101"}, false},
        {{"--max-amount", "100"}, true},
        {{"--max-amount", "99"}, false},
    };
    struct arena arena;
    Google__Protobuf__Timestamp date = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    date.seconds = 1737037200; /* 2025-01-16T14:20:00Z */
    order.order_id = "A-1";
    order.customer_id = "Cust";
    order.order_date = &date;
    order.total_amount = 100;
    order.currency = "ISK";
    order.status = ORDERS__V1__ORDER_STATUS__ORDER_STATUS_SHIPPED;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct status status = STATUS_INIT;
        Orders__V1__ListOrdersRequest request = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        const char *text = asked(samples[i].words, &arena);
        json_t *json = json_loads(text, 0, NULL);
        cr_assert_not_null(json, "%s", text);
        json_to_message(json, &request.base, JSON_UNKNOWN_REFUSED, &arena, &status);
        cr_assert_eq(status.code, STATUS_OK, "%s", text);
        cr_expect_eq(list_filters_match(&request, &order), samples[i].matches, "%s", text);
        json_decref(json);
    }
    arena_free(&arena);
}
