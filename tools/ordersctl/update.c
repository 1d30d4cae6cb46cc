/* update.c: the same fields are set in each order that was chosen. */
#include "base/message.h"
#include "command.h"
#include "confirm.h"
#include "order_changes.h"
#include "order_input.h"
#include "order_list.h"
#include "order_run.h"
#include "outcome.h"
#include "report.h"

#include <string.h>

struct arguments {
    struct selection_arguments selection;
    struct confirm_options confirm;
    struct order_input input;
    struct order_columns columns;
};

static const struct argp_option options[] = {
    {"customer-id", FIELD_OPTION + 3, "ID", 0, "Whose order it is"},
    {"order-date", FIELD_OPTION + 4, "TIME", 0, "When it was placed"},
    {"amount", FIELD_OPTION + ORDER_NUMBER_AMOUNT, "AMOUNT", 0,
     "The total, as an integer in the unit it is stored in: 25990 is 259.90 ISK; see --decimal"},
    {"currency", FIELD_OPTION + ORDER_NUMBER_CURRENCY, "CODE", 0, "Three letters, such as ISK"},
    {"status", FIELD_OPTION + 7, "STATUS", 0,
     "pending, confirmed, processing, shipped, delivered, completed or cancelled"},
    {"etag", FIELD_OPTION + ORDER_NUMBER_ETAG, "ETAG", 0,
     "Of one ORDER_ID: change nothing unless the order still has this etag"},
    {0},
};

static void check(const struct arguments *arguments, struct argp_state *state)
{
    const bool has_etag = arguments->input.fields.texts[ORDER_NUMBER_ETAG] != NULL;
    if (field_options_count(&arguments->input.fields) == has_etag)
        argp_error(state, "what is to change? Give at least one field as an option");
    if (has_etag && !selection_is_one(&arguments->selection))
        argp_error(state, "an --etag is of one order: give its ORDER_ID");
    if (arguments->confirm.dry_run && arguments->columns.n > 0)
        argp_error(state, "--columns are of an order that is printed; --dry-run prints what would change");
    confirm_check(&arguments->confirm, &arguments->selection, state);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->selection;
        state->child_inputs[1] = &arguments->columns;
        state->child_inputs[2] = &arguments->input.notation;
        state->child_inputs[3] = &arguments->confirm;
        return 0;
    case ARGP_KEY_SUCCESS:
        arguments->selection.filters.notation = arguments->input.notation;
        arguments->selection.filters.local = arguments->input.local = arguments->columns.local;
        check(arguments, state);
        return 0;
    default:
        return field_options_take(&arguments->input.fields, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{.argp = &selection_where_argp},
                                             {.argp = &order_columns_argp},
                                             {.argp = &amount_argp},
                                             {.argp = &confirm_argp},
                                             {0}};

static const struct argp update_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[ORDER_ID...]",
    .doc = "Sets the given fields in orders and prints them.\v"
           "  ordersctl update A-1 --status shipped\n"
           "  ordersctl update --where-status processing --status shipped --dry-run\n"
           "  ordersctl update --file ids.txt --status shipped --yes\n\n"
           "The filters of `list' choose orders here as --where-status and so on. What a filter chose is "
           "changed only while it is as it was then; else it fails with ABORTED. So does one ORDER_ID with "
           "--etag, as `ordersctl get' shows it.\n",
};

/* --- one order --- */

/* An update of all orders. */
struct updating {
    const struct arguments *arguments;
    unsigned fields;
    bool reads; /* each order, before it is changed */
    struct order_look look;
    struct order_list list;
    struct outcome_writer outcomes;
};

/* An update of one. */
struct update {
    Orders__V1__Order order;
    struct order_changes changes; /* in a dry run */
};

static struct updating *updating_of(const struct order_job *job)
{
    return order_run_of(job)->arg;
}

/* Reads what the options say, of an order in this currency; NULL: it is not known. */
static void read_input(const struct arguments *arguments, const char *currency, Orders__V1__Order *order,
                       struct arena *arena, struct status *status)
{
    json_t *json = json_object();
    orders__v1__order__init(order);
    if (currency != NULL)
        json_object_set_new(json, "currency", json_string(currency));
    order_input_read(&arguments->input, json, order, arena, status);
    json_decref(json);
}

static void send(struct order_job *job, struct update *update)
{
    const struct updating *updating = updating_of(job);
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    order_mask_fill(&mask, updating->fields, &job->arena);
    request.order = &update->order;
    request.update_mask = &mask;
    job->state = update;
    const struct order_job_call call = {.method = "UpdateOrder",
                                        .input = &request.base,
                                        .validate_only = updating->arguments->confirm.dry_run};
    order_job_call(job, &call, order_job_end);
}

/* `now` is the order as it was read, or NULL: it was not. */
static void update(struct order_job *job, const Orders__V1__Order *now)
{
    const struct updating *updating = updating_of(job);
    const struct selected *selected = order_run_order(job);
    struct update *update = arena_calloc(&job->arena, 1, sizeof *update);
    struct status status = STATUS_INIT;
    read_input(updating->arguments, now != NULL ? now->currency : NULL, &update->order, &job->arena, &status);
    if (now != NULL)
        order_changes_check(now, &update->order, updating->fields, &job->arena, &status);
    update->order.order_id = message_text(selected->order_id);
    if (selected->etag != NULL)
        update->order.etag = message_text(selected->etag);
    if (now != NULL && *update->order.etag == '\0')
        update->order.etag = now->etag;
    if (status.code != STATUS_OK) {
        order_job_end_as(job, &status);
    } else if (now != NULL && strcmp(now->etag, update->order.etag) != 0) {
        order_job_fail(job, STATUS_ABORTED, "The order was changed: it has another etag");
    } else {
        if (now != NULL)
            update->changes = order_changes_find(now, &update->order, updating->fields, &job->arena);
        send(job, update);
    }
}

static void take_read(struct order_job *job)
{
    if (job->reply->status.code == STATUS_OK)
        update(job, (const Orders__V1__Order *)job->reply->message);
    else
        order_job_end(job);
}

static void update_begin(struct order_job *job)
{
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = message_text(order_run_order(job)->order_id);
    if (updating_of(job)->reads)
        order_job_call(job, &(struct order_job_call){.method = "GetOrder", .input = &request.base},
                       take_read);
    else
        update(job, NULL);
}

/* --- all of them --- */

static void take_outcome(struct order_job *job)
{
    const struct update *update = job->state;
    const struct outcome outcome = {.order_id = order_run_order(job)->order_id,
                                    .kind = update->changes.n > 0 ? OUTCOME_UPDATED : OUTCOME_UNCHANGED,
                                    .dry_run = true,
                                    .changes = update->changes};
    outcome_write(&updating_of(job)->outcomes, &outcome);
}

static void update_take(struct order_job *job)
{
    struct updating *updating = updating_of(job);
    Orders__V1__Order *order = (Orders__V1__Order *)job->reply->message;
    if (updating->arguments->confirm.dry_run)
        take_outcome(job);
    else if (order_run_of(job)->alone)
        order_write(stdout, &updating->look, order);
    else
        order_list_add(&updating->list, order);
}

static enum exit_code run_all(struct updating *updating, struct order_run *run)
{
    const bool dry_run = updating->arguments->confirm.dry_run, list = !run->alone && !dry_run;
    if (dry_run)
        outcome_write_begin(&updating->outcomes, run->session->output, run->alone);
    if (list)
        order_list_begin(&updating->list, &updating->look);
    const enum exit_code code = order_run(run);
    if (list)
        order_list_end(&updating->list);
    if (dry_run)
        outcome_write_end(&updating->outcomes);
    order_run_tell(run);
    return code;
}

/* "; status becomes shipped, total_amount becomes 100" */
static const char *describe(const struct arguments *arguments, struct arena *arena)
{
    const char *text = "";
    for (unsigned number = 1; number < FIELD_OPTIONS; number++) {
        const char *value = arguments->input.fields.texts[number];
        if (value != NULL)
            text = arena_printf(
                arena, "%s%s%s becomes %s", text, *text == '\0' ? "; " : ", ",
                protobuf_c_message_descriptor_get_field(&orders__v1__order__descriptor, number)->name, value);
    }
    return text;
}

/* A currency alone is compared with the order's. */
static bool is_currency_alone(const struct order_input *input)
{
    return input->fields.texts[ORDER_NUMBER_CURRENCY] != NULL &&
           input->fields.texts[ORDER_NUMBER_AMOUNT] == NULL;
}

/* How many decimals an amount has is up to the order's currency, which is read unless it is given; the change
 * is then made only while the order is as it was seen. */
static bool is_by_currency(const struct order_input *input)
{
    return input->notation.decimal && input->fields.texts[ORDER_NUMBER_AMOUNT] != NULL &&
           input->fields.texts[ORDER_NUMBER_CURRENCY] == NULL;
}

static enum exit_code update_selected(struct session *session, struct updating *updating, struct arena *arena)
{
    const struct arguments *arguments = updating->arguments;
    struct selection selection;
    struct order_run run = {.session = session,
                            .selection = &selection,
                            .alone = selection_is_one(&arguments->selection),
                            .done = arguments->confirm.dry_run ? "looked at" : "updated",
                            .begin = update_begin,
                            .take = update_take,
                            .arg = updating};
    enum exit_code code = selection_read(session, &arguments->selection, &selection);
    if (code == EXIT_OK && confirm(&arguments->confirm, &arguments->selection, &selection, "updates",
                                   describe(arguments, arena)))
        code = run_all(updating, &run);
    else if (code == EXIT_OK)
        code = EXIT_OTHER;
    selection_free(&selection);
    return output_end(code);
}

static enum exit_code run_update(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct updating updating = {.arguments = arguments,
                                .reads = arguments->confirm.dry_run || is_by_currency(&arguments->input) ||
                                         is_currency_alone(&arguments->input),
                                .look = order_look_of(session, &arguments->columns)};
    struct status status = STATUS_INIT;
    Orders__V1__Order unused;
    struct arena arena;

    arena_init(&arena);
    for (unsigned number = 1; number < FIELD_OPTIONS; number++)
        updating.fields |= arguments->input.fields.texts[number] != NULL ? order_field_bit(number) : 0;
    if (!is_by_currency(&arguments->input))
        read_input(arguments, NULL, &unused, &arena, &status); /* what is wrong with it, is so with all */
    const enum exit_code code =
        status.code != STATUS_OK ? report_status(&status) : update_selected(session, &updating, &arena);
    arena_free(&arena);
    return code;
}

const struct command update_command = {
    "update",   "Change fields of orders", &update_argp, sizeof(struct arguments), SESSION_NEEDS_KEY,
    run_update, .prints_orders = true};
