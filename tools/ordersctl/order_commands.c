/* order_commands.c: the commands about one order: create, get, update, delete. */
#include "amount.h"
#include "command.h"
#include "field_options.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "json_text.h"
#include "order_writer.h"
#include "output.h"
#include "report.h"
#include "json/mapping.h"

#include <stdio.h>

enum { ORDER_AMOUNT = 5, ORDER_CURRENCY = 6, ORDER_ETAG = 10 }; /* numbers of fields */

/* Of any of these commands. */
struct arguments {
    const char *word;            /* the order's id, or its JSON */
    struct field_options fields; /* of Order */
    struct order_columns columns;
    struct amount_notation notation; /* of create and update */
    enum json_unknown unknown;       /* members of the JSON */
};

static const struct argp_child columns_child[] = {{.argp = &order_columns_argp}, {0}};
static const struct argp_child writing_children[] = {
    {.argp = &order_columns_argp}, {.argp = &amount_argp}, {0}};

/* One word at most, and options. */
static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key == ARGP_KEY_INIT && state->child_inputs != NULL)
        state->child_inputs[0] = &arguments->columns;
    if (key == ARGP_KEY_ARG && state->arg_num == 0)
        arguments->word = argument;
    else if (key == JSON_TEXT_IGNORE_UNKNOWN)
        arguments->unknown = JSON_UNKNOWN_IGNORED;
    else if (!field_options_take(&arguments->fields, key, argument))
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static error_t parse_order_id(int key, char *argument, struct argp_state *state)
{
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "which order? Give its ORDER_ID");
    return parse(key, argument, state);
}

static enum exit_code write_answer(const struct session *session, const struct arguments *arguments,
                                   struct rpc_reply *reply)
{
    const struct order_look look = {.format = session->output,
                                    .columns = arguments->columns,
                                    .to_terminal = session->screen.is_terminal,
                                    .colored = session->screen.colored};
    enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK)
        order_write(stdout, &look, (Orders__V1__Order *)reply->message);
    rpc_reply_free(reply);
    return output_end(code);
}

/* --- amounts --- */

/* Takes the fields that are options into an order: what is an amount by the currency, which is one of them,
 * or the order's so far. `json` is that order, or an object of those fields. */
static void take_fields(const struct arguments *arguments, json_t *json, Orders__V1__Order *order,
                        struct arena *arena, struct status *status)
{
    struct field_options fields = arguments->fields;
    const char **amount = &fields.texts[ORDER_AMOUNT], *currency = fields.texts[ORDER_CURRENCY];
    if (currency != NULL)
        json_object_set_new_nocheck(json, "currency", json_string_nocheck(currency));
    if (*amount != NULL)
        json_object_del(json, "totalAmount"); /* the member's other name: the option wins */
    if (*amount != NULL)
        json_object_set_new_nocheck(json, "total_amount", json_string_nocheck(*amount));
    *amount = NULL;
    amount_read_member(&arguments->notation, json, arena, status);
    json_to_message(json, &order->base, arguments->unknown, arena, status);
    field_options_apply(&fields, &order->base, arena, status);
}

/* --- create --- */

static const struct argp_option create_options[] = {
    {"order-id", FIELD_OPTION + 2, "ID", 0, "The order's name, which no other order has"},
    {"customer-id", FIELD_OPTION + 3, "ID", 0, "Whose order it is"},
    {"order-date", FIELD_OPTION + 4, "TIME", 0,
     "When it was placed, such as 2025-01-16T14:20:00Z (default now)"},
    {"amount", FIELD_OPTION + ORDER_AMOUNT, "AMOUNT", 0,
     "The total, as an integer in the unit it is stored in: 25990 is 259.90 ISK; see --decimal"},
    {"currency", FIELD_OPTION + ORDER_CURRENCY, "CODE", 0, "Three letters, such as ISK"},
    {"status", FIELD_OPTION + 7, "STATUS", 0,
     "pending (default), confirmed, processing, shipped, delivered, completed or cancelled"},
    {"ignore-unknown", JSON_TEXT_IGNORE_UNKNOWN, NULL, 0,
     "Take JSON with members that are no field, without them"},
    {0},
};

/* Of a command that takes an amount. */
static void give_notation(int key, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[1] = &arguments->notation;
}

static error_t parse_create(int key, char *argument, struct argp_state *state)
{
    const struct arguments *arguments = state->input;
    give_notation(key, state);
    if (key == ARGP_KEY_END && arguments->word == NULL && field_options_count(&arguments->fields) == 0)
        argp_error(state, "which order? Give its fields as options or as JSON");
    return parse(key, argument, state);
}

static const struct argp create_argp = {
    .options = create_options,
    .parser = parse_create,
    .children = writing_children,
    .args_doc = "[JSON|-]",
    .doc = "Creates an order and prints it.\v"
           "The order is given by options, by a JSON object (- reads it from standard input), or by both: "
           "then an "
           "option wins over the member of that name.\n\n"
           "  ordersctl create --order-id A-1 --customer-id C-1 --amount 25990 --currency ISK\n"
           "  ordersctl create --order-id A-1 --customer-id C-1 --decimal --amount 259.90 --currency ISK\n"
           "  ordersctl create - < order.json\n",
};

static void read_order(const struct arguments *arguments, Orders__V1__Order *order, struct arena *arena,
                       struct status *status)
{
    json_t *json = arguments->word != NULL ? json_text_read(arguments->word, arena, status) : json_object();
    if (json != NULL)
        take_fields(arguments, json, order, arena, status);
    json_decref(json);
}

static enum exit_code run_create(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    struct status status = STATUS_INIT;
    struct arena arena;

    arena_init(&arena);
    read_order(arguments, &order, &arena, &status);
    request.order = &order;
    enum exit_code code =
        status.code != STATUS_OK
            ? report_status(&status)
            : write_answer(session, arguments, session_call_order(session, "CreateOrder", &request.base));
    arena_free(&arena);
    return code;
}

const struct command create_command = {
    "create", "Create an order", &create_argp, sizeof(struct arguments), SESSION_NEEDS_KEY, run_create};

/* --- get --- */

static const struct argp get_argp = {
    .parser = parse_order_id, .children = columns_child, .args_doc = "ORDER_ID", .doc = "Prints an order."};

static enum exit_code run_get(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = (char *)(uintptr_t)arguments->word;
    return write_answer(session, arguments, session_call_order(session, "GetOrder", &request.base));
}

const struct command get_command = {
    "get", "Print an order", &get_argp, sizeof(struct arguments), SESSION_NEEDS_KEY, run_get};

/* --- update --- */

static const struct argp_option update_options[] = {
    {"customer-id", FIELD_OPTION + 3, "ID", 0, "Whose order it is"},
    {"order-date", FIELD_OPTION + 4, "TIME", 0, "When it was placed"},
    {"amount", FIELD_OPTION + ORDER_AMOUNT, "AMOUNT", 0,
     "The total, as an integer in the unit it is stored in: 25990 is 259.90 ISK; see --decimal"},
    {"currency", FIELD_OPTION + ORDER_CURRENCY, "CODE", 0, "Three letters, such as ISK"},
    {"status", FIELD_OPTION + 7, "STATUS", 0,
     "pending, confirmed, processing, shipped, delivered, completed or cancelled"},
    {"etag", FIELD_OPTION + ORDER_ETAG, "ETAG", 0, "Change nothing unless the order still has this etag"},
    {0},
};

static error_t parse_update(int key, char *argument, struct argp_state *state)
{
    const struct arguments *arguments = state->input;
    give_notation(key, state);
    if (key == ARGP_KEY_END && arguments->word != NULL && field_options_count(&arguments->fields) == 0)
        argp_error(state, "what is to change? Give at least one field as an option");
    return parse_order_id(key, argument, state);
}

static const struct argp update_argp = {
    .options = update_options,
    .parser = parse_update,
    .children = writing_children,
    .args_doc = "ORDER_ID",
    .doc = "Changes the given fields of an order and prints it.\v"
           "  ordersctl update A-1 --status shipped\n\n"
           "With --etag, as `ordersctl get' shows it, it fails with ABORTED when somebody else has "
           "changed the order since.\n",
};

/* Names the fields that were given. */
static void fill_mask(Google__Protobuf__FieldMask *mask, const struct field_options *fields,
                      struct arena *arena)
{
    mask->paths = arena_calloc(arena, FIELD_OPTIONS, sizeof *mask->paths);
    for (unsigned number = 1; number < FIELD_OPTIONS; number++) {
        if (fields->texts[number] != NULL && number != ORDER_ETAG) /* a condition, no change */
            mask->paths[mask->n_paths++] = (char *)(uintptr_t)protobuf_c_message_descriptor_get_field(
                                               &orders__v1__order__descriptor, number)
                                               ->name;
    }
}

/* How many decimals an amount has is up to the order's currency, which is asked for unless it is given; the
 * change is then made only while the order is as it was seen, by its etag. */
static enum exit_code read_currency(struct session *session, struct arguments *arguments, json_t *json,
                                    struct arena *arena)
{
    const char *const *texts = arguments->fields.texts;
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    if (!arguments->notation.decimal || texts[ORDER_AMOUNT] == NULL || texts[ORDER_CURRENCY] != NULL)
        return EXIT_OK;
    request.order_id = (char *)(uintptr_t)arguments->word;
    struct rpc_reply *reply = session_call_order(session, "GetOrder", &request.base);
    const enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK) {
        const Orders__V1__Order *order = (const Orders__V1__Order *)reply->message;
        json_object_set_new(json, "currency", json_string(order->currency));
        if (texts[ORDER_ETAG] == NULL)
            field_options_take(&arguments->fields, FIELD_OPTION + ORDER_ETAG,
                               arena_strdup(arena, order->etag));
    }
    rpc_reply_free(reply);
    return code;
}

static enum exit_code update(struct session *session, const struct arguments *arguments, json_t *json,
                             struct arena *arena)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    struct status status = STATUS_INIT;

    take_fields(arguments, json, &order, arena, &status);
    fill_mask(&mask, &arguments->fields, arena);
    order.order_id = (char *)(uintptr_t)arguments->word;
    request.order = &order;
    request.update_mask = &mask;
    return status.code != STATUS_OK
               ? report_status(&status)
               : write_answer(session, arguments, session_call_order(session, "UpdateOrder", &request.base));
}

static enum exit_code run_update(struct session *session, void *input)
{
    struct arguments *arguments = input;
    json_t *json = json_object();
    struct arena arena;

    arena_init(&arena);
    enum exit_code code = read_currency(session, arguments, json, &arena);
    if (code == EXIT_OK)
        code = update(session, arguments, json, &arena);
    json_decref(json);
    arena_free(&arena);
    return code;
}

const struct command update_command = {"update",          "Change fields of an order",
                                       &update_argp,      sizeof(struct arguments),
                                       SESSION_NEEDS_KEY, run_update};

/* --- delete --- */

static const struct argp_option delete_options[] = {
    {"etag", FIELD_OPTION + 2, "ETAG", 0, "Delete nothing unless the order still has this etag"},
    {0},
};

static const struct argp delete_argp = {
    .options = delete_options, .parser = parse_order_id, .args_doc = "ORDER_ID", .doc = "Deletes an order."};

static enum exit_code write_deleted(const struct session *session, struct rpc_reply *reply)
{
    enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK && (session->output == OUTPUT_JSON || session->output == OUTPUT_NDJSON))
        puts("{}");
    rpc_reply_free(reply);
    return output_end(code);
}

static enum exit_code run_delete(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    Orders__V1__DeleteOrderRequest request = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    struct status status = STATUS_INIT;
    struct arena arena;

    arena_init(&arena);
    field_options_apply(&arguments->fields, &request.base, &arena, &status);
    request.order_id = (char *)(uintptr_t)arguments->word;
    enum exit_code code =
        status.code != STATUS_OK
            ? report_status(&status)
            : write_deleted(session, session_call_order(session, "DeleteOrder", &request.base));
    arena_free(&arena);
    return code;
}

const struct command delete_command = {
    "delete", "Delete an order", &delete_argp, sizeof(struct arguments), SESSION_NEEDS_KEY, run_delete};
