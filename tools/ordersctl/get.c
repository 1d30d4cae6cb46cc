/* get.c: orders are read one by one, but for those that a filter chooses, which come in pages. */
#include "base/message.h"
#include "command.h"
#include "order_list.h"
#include "order_pages.h"
#include "order_run.h"
#include "output.h"

struct arguments {
    struct selection_arguments selection;
    struct order_columns columns;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    (void)argument;
    if (key == ARGP_KEY_SUCCESS)
        arguments->selection.filters.local = arguments->columns.local;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = &arguments->selection;
    state->child_inputs[1] = &arguments->columns;
    return 0;
}

static const struct argp_child children[] = {{.argp = &selection_argp}, {.argp = &order_columns_argp}, {0}};

static const struct argp get_argp = {
    .parser = parse,
    .children = children,
    .args_doc = "[ORDER_ID...]",
    .doc = "Prints orders.\v"
           "One ORDER_ID prints that order by itself. Several ids, the orders that a file names, or those "
           "that a filter chooses are printed as `list' prints them, in that order.\n\n"
           "  ordersctl get A-1\n"
           "  ordersctl get A-1 A-2 A-3\n"
           "  ordersctl get --file ids.txt --output ndjson\n",
};

/* --- by id --- */

struct getting {
    bool alone;
    struct order_look look;
    struct order_list list;
};

static void get_begin(struct order_job *job)
{
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = message_text(order_run_order(job)->order_id);
    order_job_call(job, &(struct order_job_call){.method = "GetOrder", .input = &request.base},
                   order_job_end);
}

static void get_take(struct order_job *job)
{
    struct getting *getting = order_run_of(job)->arg;
    Orders__V1__Order *order = (Orders__V1__Order *)job->reply->message;
    if (getting->alone)
        order_write(stdout, &getting->look, order);
    else
        order_list_add(&getting->list, order);
}

static enum exit_code get_named(struct session *session, const struct arguments *arguments)
{
    struct getting getting = {.alone = selection_is_one(&arguments->selection),
                              .look = order_look_of(session, &arguments->columns)};
    struct selection selection;
    struct order_run run = {.session = session,
                            .selection = &selection,
                            .alone = getting.alone,
                            .done = "printed",
                            .begin = get_begin,
                            .take = get_take,
                            .arg = &getting};
    enum exit_code code = selection_read(session, &arguments->selection, &selection);
    if (code == EXIT_OK) {
        if (!getting.alone)
            order_list_begin(&getting.list, &getting.look);
        code = order_run(&run);
        if (!getting.alone)
            order_list_end(&getting.list);
        order_run_tell(&run);
    }
    selection_free(&selection);
    return output_end(code);
}

/* --- by filter --- */

static enum exit_code get_filtered(struct session *session, const struct arguments *arguments)
{
    const struct order_look look = order_look_of(session, &arguments->columns);
    struct order_writer writer;
    struct order_pages pages = {.filters = &arguments->selection.filters,
                                .limit = INT64_MAX,
                                .take = order_writer_take_page,
                                .arg = &writer};
    order_writer_begin(&writer, stdout, &look);
    enum exit_code code = order_pages_read(session, &pages);
    order_writer_end(&writer, code == EXIT_OK);
    if (code == EXIT_OK && pages.n_unreachable > 0)
        code = EXIT_ORDERS_UNREADABLE;
    return output_end(code);
}

static enum exit_code run_get(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    return selection_is_filtered(&arguments->selection) ? get_filtered(session, arguments)
                                                        : get_named(session, arguments);
}

const struct command get_command = {
    "get",   "Print orders",       &get_argp, sizeof(struct arguments), SESSION_NEEDS_KEY,
    run_get, .prints_orders = true};
