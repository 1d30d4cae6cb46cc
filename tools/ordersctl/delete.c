/* delete.c: orders are deleted, each by a call of its own. */
#include "base/message.h"
#include "command.h"
#include "confirm.h"
#include "order_run.h"
#include "outcome.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

struct arguments {
    struct selection_arguments selection;
    struct confirm_options confirm;
    const char *etag; /* NULL: not given */
};

enum { KEY_ETAG = 0x300 };

static const struct argp_option options[] = {
    {"etag", KEY_ETAG, "ETAG", 0, "Of one ORDER_ID: delete nothing unless the order still has this etag"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->selection;
        state->child_inputs[1] = &arguments->confirm;
        return 0;
    case KEY_ETAG:
        arguments->etag = argument;
        return 0;
    case ARGP_KEY_SUCCESS:
        if (arguments->etag != NULL && !selection_is_one(&arguments->selection))
            argp_error(state, "an --etag is of one order: give its ORDER_ID");
        confirm_check(&arguments->confirm, &arguments->selection, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{.argp = &selection_argp}, {.argp = &confirm_argp}, {0}};

static const struct argp delete_argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .args_doc = "[ORDER_ID...]",
    .doc = "Deletes orders.\v"
           "  ordersctl delete A-1\n"
           "  ordersctl delete --status cancelled --dry-run\n"
           "  ordersctl delete --file ids.txt --yes\n\n"
           "What a filter chose is deleted only while it is as it was then; else it fails with ABORTED. So "
           "does one ORDER_ID with --etag.\n",
};

struct deleting {
    const struct arguments *arguments;
    struct outcome_writer outcomes;
};

static struct deleting *deleting_of(const struct order_job *job)
{
    return order_run_of(job)->arg;
}

/* --- one order --- */

/* The etag that the order is to have; "": any. */
static const char *etag_of(const struct order_job *job)
{
    const char *given = deleting_of(job)->arguments->etag, *read = order_run_order(job)->etag;
    return given != NULL ? given : read != NULL ? read : "";
}

static void delete_order(struct order_job *job)
{
    Orders__V1__DeleteOrderRequest request = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    request.order_id = message_text(order_run_order(job)->order_id);
    request.etag = message_text(etag_of(job));
    const struct order_job_call call = {.method = "DeleteOrder",
                                        .input = &request.base,
                                        .validate_only = deleting_of(job)->arguments->confirm.dry_run};
    order_job_call(job, &call, order_job_end);
}

/* In a dry run the service looks at the request alone: whether the order is there, and as it was, is seen
 * here. */
static void take_read(struct order_job *job)
{
    const Orders__V1__Order *now = (const Orders__V1__Order *)job->reply->message;
    if (job->reply->status.code != STATUS_OK)
        order_job_end(job);
    else if (*etag_of(job) != '\0' && strcmp(etag_of(job), now->etag) != 0)
        order_job_fail(job, STATUS_ABORTED, "The order was changed: it has another etag");
    else
        delete_order(job);
}

static void delete_begin(struct order_job *job)
{
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = message_text(order_run_order(job)->order_id);
    if (deleting_of(job)->arguments->confirm.dry_run)
        order_job_call(job, &(struct order_job_call){.method = "GetOrder", .input = &request.base},
                       take_read);
    else
        delete_order(job);
}

/* --- all of them --- */

/* Each is told by itself in a dry run, and where a template, or a name, is to be written of each. */
static bool tells_each(const struct arguments *arguments)
{
    return arguments->confirm.dry_run || output_has_template();
}

static void take_outcome(struct order_job *job)
{
    const struct outcome outcome = {.order_id = order_run_order(job)->order_id,
                                    .kind = OUTCOME_DELETED,
                                    .dry_run = deleting_of(job)->arguments->confirm.dry_run};
    outcome_write(&deleting_of(job)->outcomes, &outcome);
}

/* Of one order by itself nothing is said, as ever, but an empty object. */
static void write_counts(const struct order_run *run)
{
    const enum output_format format = run->session->output;
    const json_int_t deleted = (json_int_t)run->n_done, failed = (json_int_t)run->n_failed;
    struct arena arena;
    arena_init(&arena);
    if (run->alone && (format == OUTPUT_JSON || format == OUTPUT_NDJSON) && run->n_done > 0)
        puts("{}");
    else if (!run->alone && format == OUTPUT_CSV)
        printf("deleted,failed\n%" JSON_INTEGER_FORMAT ",%" JSON_INTEGER_FORMAT "\n", deleted, failed);
    else if (!run->alone && format != OUTPUT_TABLE)
        output_json(stdout, format, json_pack("{sI sI}", "deleted", deleted, "failed", failed));
    else if (!run->alone && !run->cut)
        puts(order_run_counts(run, &arena));
    arena_free(&arena);
}

static enum exit_code run_all(struct deleting *deleting, struct order_run *run)
{
    const bool each = tells_each(deleting->arguments);
    if (each)
        outcome_write_begin(&deleting->outcomes, run->session->output, run->alone);
    const enum exit_code code = order_run(run);
    if (each)
        outcome_write_end(&deleting->outcomes);
    else
        write_counts(run);
    order_run_tell(run);
    return code;
}

static enum exit_code run_delete(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    const bool dry_run = arguments->confirm.dry_run;
    struct deleting deleting = {.arguments = arguments};
    struct selection selection;
    struct order_run run = {.session = session,
                            .selection = &selection,
                            .alone = selection_is_one(&arguments->selection),
                            .is_counted = !tells_each(arguments),
                            .done = dry_run ? "would be deleted" : "deleted",
                            .begin = delete_begin,
                            .take = tells_each(arguments) ? take_outcome : NULL,
                            .arg = &deleting};
    enum exit_code code = selection_read(session, &arguments->selection, &selection);
    if (code == EXIT_OK && confirm(&arguments->confirm, &arguments->selection, &selection, "deletes", ""))
        code = run_all(&deleting, &run);
    else if (code == EXIT_OK)
        code = EXIT_OTHER;
    selection_free(&selection);
    return output_end(code);
}

const struct command delete_command = {
    "delete",          "Delete orders", &delete_argp,         sizeof(struct arguments),
    SESSION_NEEDS_KEY, run_delete,      .prints_orders = true};
