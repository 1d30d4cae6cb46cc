/* create_many.c: the operations of one call, and what their outcomes make of the call's. */
#include "store/create_many.h"

#include "base/message.h"
#include "store/order_row.h"
#include "store/statement.h"

#include <stdatomic.h>

/* The request; its operations may be answered by several workers at once, which write a result each.
 *
 * They are made in transactions of their own, and one request_id is to be that of one request, whatever else
 * is sent under it at the same moment: a single write, which is recorded as part 0, or another batch. So a
 * request with an id goes through these states, and one without an id begins with the last:
 * 1. First: part 0 is the first order, which is being created. With OK or ALREADY_EXISTS it is recorded: on
 * to 3. Where the order itself was at fault there is no record: on to 2. Any other outcome is that of the
 * rest, too, which is not begun.
 * 2. Claim: part 0 is an operation that is recorded and makes no order. It is so from the start where the
 * first order was refused before it came here. On to 3, unless the request_id is another request's, or it is
 * not known whether it is: that is the outcome of the rest, which is not begun.
 * 3. Rest: all others are under way, each at the worker that its hash picks. */
struct create_many {
    const struct lane_queues *writers;
    struct call *call;
    Orders__V1__BatchCreateOrdersResponse *response;
    Orders__V1__BatchCreateOrdersResponse_Closure closure;
    void *closure_data;
    struct operation *rest; /* what is not begun */
    struct operation *claim;
    struct operation_list *queued; /* one for each of the writers' queues */
    atomic_bool replayed;
    atomic_size_t left; /* operations without an outcome, and one more while `rest` is not begun */
};

static bool is_of_right(enum status_code code)
{
    return code == STATUS_PERMISSION_DENIED || code == STATUS_UNAUTHENTICATED;
}

/* Who may not go on with the rest can send it again by a right that holds. */
static bool is_open(enum status_code code)
{
    return code == STATUS_UNAVAILABLE || code == STATUS_DEADLINE_EXCEEDED ||
           code == STATUS_RESOURCE_EXHAUSTED || is_of_right(code);
}

/* The outcome of one order of a batch that is the whole call's; NULL: each order has its own.
 *
 * A call that can be made again under its request_id is to be, when it is not known of an order whether it is
 * there, or it would be for a later time: those that are there are answered from their records then. Without
 * an id only a call of which nothing came is failed, as what became of the rest would be lost. */
static const Orders__V1__BatchCreateResult *outcome_of_all(const struct create_many *many)
{
    const Orders__V1__BatchCreateOrdersResponse *response = many->response;
    const Orders__V1__BatchCreateResult *first = response->results[0];
    bool alike =
        is_open((enum status_code)first->code) || (enum status_code)first->code == STATUS_FAILED_PRECONDITION;
    for (size_t i = 0; i < response->n_results; i++) {
        const Orders__V1__BatchCreateResult *result = response->results[i];
        if (is_open((enum status_code)result->code) && *many->call->request_id != '\0')
            return result;
        alike &= result->code == first->code;
    }
    return alike ? first : NULL;
}

static bool is_partly_made(const Orders__V1__BatchCreateOrdersResponse *response)
{
    size_t i = 0;
    while (i < response->n_results && response->results[i]->code != RPC__V1__CODE__OK)
        i++;
    return i < response->n_results;
}

static void finish_many(struct create_many *many)
{
    struct call *call = many->call;
    const Orders__V1__BatchCreateResult *outcome = outcome_of_all(many);
    call->replayed = atomic_load(&many->replayed);
    if (outcome != NULL && is_of_right((enum status_code)outcome->code) && is_partly_made(many->response)) {
        /* A call that is refused has left nothing behind. */
        call_fail(call, STATUS_UNAVAILABLE, "A part of it was made, the rest not: %s", outcome->message);
        many->closure(NULL, many->closure_data);
    } else if (outcome != NULL) {
        call_fail(call, (enum status_code)outcome->code, "%s", outcome->message);
        many->closure(NULL, many->closure_data);
    } else {
        many->closure(many->response, many->closure_data);
    }
}

static void release_many(struct create_many *many)
{
    if (atomic_fetch_sub(&many->left, 1) == 1)
        finish_many(many);
}

static void finish_one_of_many(struct operation *operation)
{
    struct create_many *many = operation->many;
    Orders__V1__BatchCreateResult *result = many->response->results[operation->index];
    result->code = (Rpc__V1__Code)operation->code;
    if (operation->replayed)
        atomic_store(&many->replayed, true);
    if (operation->code == STATUS_OK)
        result->order = operation->order;
    else
        result->message = message_text(operation->message);
    release_many(many);
}

static void begin_rest(struct create_many *many)
{
    const struct lane_queues *writers = many->writers;
    for (struct operation *each = many->rest, *next; each != NULL; each = next) {
        next = each->next;
        each->next = NULL;
        operation_list_append(&many->queued[lane_queues_pick(writers, each->hash) - writers->queues], each,
                              each);
    }
    for (unsigned i = 0; i < writers->n; i++)
        queue_push(&writers->queues[i], many->queued[i].first);
    release_many(many);
}

static void fail_rest(struct create_many *many, enum status_code code, const char *message)
{
    for (struct operation *each = many->rest, *next; each != NULL; each = next) {
        next = each->next;
        operation_fail(each, code, message);
    }
    release_many(many);
}

static void push_write(struct create_many *many, struct operation *operation)
{
    operation->next = NULL;
    operation->request_hash = operation_request_hash(operation);
    queue_push(lane_queues_pick(many->writers, operation->hash), operation);
}

/* The request_id is another request's, or it cannot be known, or it is this one's. */
static void finish_claim(struct operation *claim)
{
    const enum status_code code = claim->code;
    if (is_open(code) || code == STATUS_FAILED_PRECONDITION || code == STATUS_INTERNAL)
        fail_rest(claim->many, code, claim->message);
    else
        begin_rest(claim->many);
}

/* Part 0 is no order's that can be made. */
static void claim(struct create_many *many)
{
    *many->claim = (struct operation){
        .statement = &statements[STATEMENT_CLAIM],
        .call = many->call,
        .hash = many->rest->hash,
        .order_id = many->rest->order_id,
        .finish = finish_claim,
        .many = many,
    };
    push_write(many, many->claim);
}

static void finish_first_of_many(struct operation *operation)
{
    struct create_many *many = operation->many;
    const enum status_code code = operation->code;
    const char *message = operation->message;
    finish_one_of_many(operation);
    if (code == STATUS_OK || code == STATUS_ALREADY_EXISTS)
        begin_rest(many);
    else if (many->rest != NULL && code == STATUS_INVALID_ARGUMENT)
        claim(many); /* nothing else is the order's own fault, and so the answer for as long as it is kept */
    else
        fail_rest(many, code, message);
}

/* One operation for each order that is not refused yet, in a list. */
static size_t make_operations(struct create_many *many, size_t n, Orders__V1__Order *const orders[])
{
    struct arena *arena = &many->call->arena;
    struct operation *operations = arena_calloc(arena, n, sizeof *operations), **link = &many->rest;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (many->response->results[i]->code != RPC__V1__CODE__OK)
            continue;
        struct operation *operation = &operations[count++];
        order_row_make_room(orders[i], arena);
        *operation = (struct operation){
            .statement = &statements[STATEMENT_CREATE],
            .call = many->call,
            .hash = operation_hash(orders[i]->order_id),
            .order_id = orders[i]->order_id,
            .order = orders[i],
            .finish = finish_one_of_many,
            .many = many,
            .index = i,
        };
        operation->request_hash = operation_request_hash(operation);
        *link = operation;
        link = &operation->next;
    }
    return count;
}

void create_many_begin(const struct lane_queues *writers, struct call *call, size_t n,
                       Orders__V1__Order *const orders[], Orders__V1__BatchCreateOrdersResponse *response,
                       Orders__V1__BatchCreateOrdersResponse_Closure done, void *closure_data)
{
    struct create_many *many = arena_alloc(&call->arena, sizeof *many);
    *many = (struct create_many){.writers = writers,
                                 .call = call,
                                 .response = response,
                                 .closure = done,
                                 .closure_data = closure_data};
    const size_t count = make_operations(many, n, orders);
    if (count == 0) {
        done(response, closure_data);
        return;
    }
    many->queued = arena_calloc(&call->arena, writers->n, sizeof *many->queued);
    many->claim = arena_alloc(&call->arena, sizeof *many->claim);
    atomic_init(&many->left, count + 1);
    struct operation *first = many->rest;
    if (*call->request_id == '\0') {
        begin_rest(many);
    } else if (first->index > 0) {
        claim(many);
    } else {
        many->rest = first->next;
        first->finish = finish_first_of_many;
        push_write(many, first);
    }
}
