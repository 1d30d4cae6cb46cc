/* create.c: one order is created; with --upsert, or the one that is there is made what it is to be. */
#include "command.h"
#include "json_text.h"
#include "left_out.h"
#include "order_changes.h"
#include "order_input.h"
#include "order_list.h"
#include "order_run.h"
#include "orders/rules.h"
#include "outcome.h"
#include "report.h"
#include "upsert.h"

#include <string.h>

enum { KEY_UPSERT = 0x300, KEY_DRY_RUN };

struct arguments {
    const char *word; /* the order's JSON; NULL: not given */
    struct order_input input;
    struct order_columns columns;
    bool upsert;
    bool dry_run;
};

static const struct argp_option options[] = {
    {"order-id", FIELD_OPTION + 2, "ID", 0, "The order's name, which no other order has"},
    {"customer-id", FIELD_OPTION + 3, "ID", 0, "Whose order it is"},
    {"order-date", FIELD_OPTION + 4, "TIME", 0,
     "When it was placed, such as 2025-01-16T14:20:00Z (default now)"},
    {"amount", FIELD_OPTION + ORDER_NUMBER_AMOUNT, "AMOUNT", 0,
     "The total, as an integer in the unit it is stored in: 25990 is 259.90 ISK; see --decimal"},
    {"currency", FIELD_OPTION + ORDER_NUMBER_CURRENCY, "CODE", 0, "Three letters, such as ISK"},
    {"status", FIELD_OPTION + 7, "STATUS", 0,
     "pending (default), confirmed, processing, shipped, delivered, completed or cancelled"},
    {"ignore-unknown", JSON_TEXT_IGNORE_UNKNOWN, NULL, 0,
     "Take JSON with members that are no field, without them"},
    {"upsert", KEY_UPSERT, NULL, 0,
     "Update the order where it is there already: the fields that are given, and no other; says what it did"},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "Store nothing: have the service check it, and say what would be done"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->columns;
        state->child_inputs[1] = &arguments->input.notation;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            return ARGP_ERR_UNKNOWN;
        arguments->word = argument;
        return 0;
    case JSON_TEXT_IGNORE_UNKNOWN:
        arguments->input.unknown = JSON_UNKNOWN_IGNORED;
        return 0;
    case KEY_UPSERT:
        arguments->upsert = true;
        return 0;
    case KEY_DRY_RUN:
        arguments->dry_run = true;
        return 0;
    case ARGP_KEY_SUCCESS:
        arguments->input.local = arguments->columns.local;
        return 0;
    case ARGP_KEY_END:
        if (arguments->word == NULL && field_options_count(&arguments->input.fields) == 0)
            argp_error(state, "which order? Give its fields as options or as JSON");
        if (arguments->columns.n > 0 && (arguments->upsert || arguments->dry_run))
            argp_error(state, "--columns are of an order that is printed; --upsert and --dry-run print what "
                              "became of it");
        return 0;
    default:
        return field_options_take(&arguments->input.fields, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{.argp = &order_columns_argp}, {.argp = &amount_argp}, {0}};

static const struct argp create_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[JSON|-]",
    .doc = "Creates an order and prints it.\v"
           "The order is given by options, by a JSON object (- reads it from standard input), or by both: "
           "then an option wins over the member of that name.\n\n"
           "  ordersctl create --order-id A-1 --customer-id C-1 --amount 25990 \\\n"
           "    --currency ISK\n"
           "  ordersctl create --order-id A-1 --customer-id C-1 --decimal \\\n"
           "    --amount 259.90 --currency ISK\n"
           "  ordersctl create --upsert --order-id A-1 --status shipped\n"
           "  ordersctl create - < order.json\n",
};

/* An order to be created. */
struct creation {
    const struct arguments *arguments;
    Orders__V1__Order order;
    unsigned fields; /* that were given */
    struct selected selected;
    struct outcome_writer writer;
};

/* The order that is there has a currency, but may get another one before the amount is written. */
static bool lacks_currency(const struct creation *creation)
{
    const unsigned money = creation->fields & (ORDER_TOTAL_AMOUNT | ORDER_CURRENCY);
    return creation->arguments->upsert && creation->arguments->input.notation.decimal &&
           money == ORDER_TOTAL_AMOUNT;
}

/* Of an order that is there, --upsert leaves what is not given. */
static void check_left_out(const struct creation *creation, const json_t *json, struct arena *arena,
                           struct status *status)
{
    static const struct left_out_remedy remedy = {
        .date = "--order-date", .status = "--status", .whose = "such an order"};
    const struct arguments *arguments = creation->arguments;
    const char *names = "";
    if (arguments->input.unknown == JSON_UNKNOWN_IGNORED)
        names = left_out_names(json, arena);
    if (!arguments->upsert)
        left_out_check(json, creation->fields, names, &remedy, arena, status);
    if (status->code == STATUS_OK && *names != '\0')
        report("members that no order has are left out: %s", names);
}

static void read_order(struct creation *creation, struct arena *arena, struct status *status)
{
    const struct arguments *arguments = creation->arguments;
    json_t *json = arguments->word != NULL ? json_text_read(arguments->word, arena, status) : json_object();
    creation->fields = order_fields_of(json);
    for (unsigned number = 1; number < FIELD_OPTIONS; number++)
        creation->fields |= arguments->input.fields.texts[number] != NULL ? order_field_bit(number) : 0;
    if (lacks_currency(creation))
        status_add_violation(status, arena, "currency", "missing",
                             "must be given, as the decimals of an amount are those of its currency");
    else if (json != NULL)
        order_input_read(&arguments->input, json, &creation->order, arena, status);
    check_left_out(creation, json, arena, status);
    json_decref(json);
}

static enum exit_code create(struct session *session, struct creation *creation)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    request.order = &creation->order;
    struct rpc_reply *reply = session_call_order(session, "CreateOrder", &request.base);
    const struct order_look look = order_look_of(session, &creation->arguments->columns);
    const enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK)
        order_write(stdout, &look, (Orders__V1__Order *)reply->message);
    rpc_reply_free(reply);
    return output_end(code);
}

/* --- told by its outcome --- */

static void create_begin(struct order_job *job)
{
    const struct creation *creation = order_run_of(job)->arg;
    struct upsert *upsert = arena_calloc(&job->arena, 1, sizeof *upsert);
    *upsert = (struct upsert){.order = &creation->order,
                              .fields = creation->arguments->upsert ? creation->fields : ~0U,
                              .only_creates = !creation->arguments->upsert,
                              .validate_only = creation->arguments->dry_run};
    job->state = upsert;
    upsert_begin(job);
}

static void create_take(struct order_job *job)
{
    struct creation *creation = order_run_of(job)->arg;
    const struct upsert *upsert = job->state;
    const struct outcome outcome = {.order_id = creation->order.order_id,
                                    .kind = upsert->kind,
                                    .dry_run = upsert->validate_only,
                                    .changes = upsert->changes,
                                    .order = upsert->stored};
    outcome_write(&creation->writer, &outcome);
}

static enum exit_code upsert(struct session *session, struct creation *creation)
{
    creation->selected = (struct selected){.order_id = creation->order.order_id};
    const struct selection selection = {.orders = &creation->selected, .n = 1};
    struct order_run run = {.session = session,
                            .selection = &selection,
                            .alone = true,
                            .begin = create_begin,
                            .take = create_take,
                            .arg = creation};
    outcome_write_begin(&creation->writer, session->output, true);
    const enum exit_code code = order_run(&run);
    outcome_write_end(&creation->writer);
    return output_end(code);
}

static enum exit_code run_create(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct creation creation = {.arguments = arguments, .order = ORDERS__V1__ORDER__INIT};
    struct status status = STATUS_INIT;
    struct arena arena;

    arena_init(&arena);
    read_order(&creation, &arena, &status);
    if (arguments->upsert || arguments->dry_run)
        upsert_take_id(&creation.order, &arena);
    const enum exit_code code = status.code != STATUS_OK                  ? report_status(&status)
                                : arguments->upsert || arguments->dry_run ? upsert(session, &creation)
                                                                          : create(session, &creation);
    arena_free(&arena);
    return code;
}

const struct command create_command = {
    "create",          "Create an order", &create_argp,         sizeof(struct arguments),
    SESSION_NEEDS_KEY, run_create,        .prints_orders = true};
