/* upsert.c: create, read, compare, update; and again when somebody was quicker. */
#include "upsert.h"

#include "order_changes.h"
#include "orders/rules.h"
#include "run_id.h"

enum { ATTEMPTS = 5, NEEDED = ORDER_CUSTOMER_ID | ORDER_TOTAL_AMOUNT | ORDER_CURRENCY };

static void create(struct order_job *job);
static void read_order(struct order_job *job);

/* NULL: a new one. */
static const char *request_id(const struct order_job *job, const char *what, char out[static UUID_TEXT])
{
    const struct upsert *upsert = job->state;
    struct arena arena;
    if (upsert->run == NULL)
        return NULL;
    arena_init(&arena);
    run_id_make(upsert->run, arena_printf(&arena, "%zu/%s/%u", upsert->place, what, upsert->attempt), out);
    arena_free(&arena);
    return out;
}

/* Somebody else was quicker. */
static void try_again(struct order_job *job, order_job_fn *step)
{
    struct upsert *upsert = job->state;
    if (++upsert->attempt < ATTEMPTS)
        step(job);
    else
        order_job_fail(job, STATUS_ABORTED,
                       "The order was changed by somebody else, %d times while it was tried", ATTEMPTS);
}

/* --- update --- */

static void finish_update(struct order_job *job)
{
    struct upsert *upsert = job->state;
    const enum status_code code = job->reply->status.code;
    const bool changes = upsert->changes.n > 0;
    upsert->kind = changes ? OUTCOME_UPDATED : OUTCOME_UNCHANGED;
    upsert->stored = upsert->validate_only ? NULL : (Orders__V1__Order *)job->reply->message;
    if (code == STATUS_ABORTED || code == STATUS_NOT_FOUND) {
        try_again(job, read_order);
    } else if (code != STATUS_FAILED_PRECONDITION || upsert->run == NULL) {
        order_job_end(job);
    } else if (changes) {
        order_job_fail(job, STATUS_ABORTED,
                       "An earlier run may have updated the order, and somebody else has changed it since; a "
                       "fresh import applies the row");
    } else {
        upsert->kind = OUTCOME_UPDATED; /* by an earlier run */
        order_job_end_as(job, &STATUS_INIT);
    }
}

static void update(struct order_job *job, const Orders__V1__Order *now)
{
    struct upsert *upsert = job->state;
    char id[UUID_TEXT];
    Orders__V1__Order order = *upsert->order;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    Orders__V1__UpdateOrderRequest request = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    order.order_id = now->order_id;
    order.etag = now->etag;
    order_mask_fill(&mask, upsert->fields, &job->arena);
    request.order = &order;
    request.update_mask = &mask;
    const struct order_job_call call = {.method = "UpdateOrder",
                                        .input = &request.base,
                                        .request_id = request_id(job, "update", id),
                                        .validate_only = upsert->validate_only};
    order_job_call(job, &call, finish_update);
}

/* An update that changes nothing is made nevertheless where an earlier run may have made it: whether it has,
 * the service says. */
static void compare(struct order_job *job)
{
    struct upsert *upsert = job->state;
    const Orders__V1__Order *now = (const Orders__V1__Order *)job->reply->message;
    struct status status = STATUS_INIT;
    order_changes_check(now, upsert->order, upsert->fields, &job->arena, &status);
    if (status.code != STATUS_OK) {
        order_job_end_as(job, &status);
        return;
    }
    upsert->changes = order_changes_find(now, upsert->order, upsert->fields, &job->arena);
    if (upsert->changes.n > 0 || (upsert->again && upsert->run != NULL)) {
        update(job, now);
        return;
    }
    upsert->kind = OUTCOME_UNCHANGED;
    upsert->stored = upsert->validate_only ? NULL : (Orders__V1__Order *)job->reply->message;
    order_job_end(job);
}

/* --- read --- */

/* It is not there: was it to be created, it was deleted since. */
static void miss(struct order_job *job)
{
    struct upsert *upsert = job->state;
    upsert->kind = OUTCOME_CREATED;
    if (upsert->creation.code == STATUS_ALREADY_EXISTS)
        try_again(job, create);
    else
        order_job_end_as(job, &upsert->creation);
}

static void take_read(struct order_job *job)
{
    const struct upsert *upsert = job->state;
    if (job->reply->status.code == STATUS_OK && upsert->only_creates)
        order_job_fail(job, STATUS_ALREADY_EXISTS, "Order ID already exists");
    else if (job->reply->status.code == STATUS_OK)
        compare(job);
    else if (job->reply->status.code == STATUS_NOT_FOUND)
        miss(job);
    else
        order_job_end(job);
}

static void read_order(struct order_job *job)
{
    const struct upsert *upsert = job->state;
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = upsert->order->order_id;
    order_job_call(job, &(struct order_job_call){.method = "GetOrder", .input = &request.base}, take_read);
}

/* --- create --- */

bool upsert_is_to_go_on(const struct upsert *upsert, enum status_code created)
{
    return created == STATUS_ALREADY_EXISTS ||
           (created == STATUS_INVALID_ARGUMENT && (upsert->fields & NEEDED) != NEEDED &&
            (upsert->fields & ORDER_ORDER_ID) != 0) ||
           (created == STATUS_OK && upsert->validate_only); /* which does not look whether it is there */
}

/* The status outlives the reply that it is of. */
static void keep_creation(struct order_job *job)
{
    struct upsert *upsert = job->state;
    const struct status *status = &job->reply->status;
    upsert->creation = STATUS_INIT;
    for (size_t i = 0; i < status->n_violations; i++) {
        const struct violation *violation = &status->violations[i];
        status_add_violation_of(&upsert->creation, &job->arena, violation->field, violation->type,
                                violation->parameter, "%s", violation->message);
    }
    status_set(&upsert->creation, &job->arena, status->code, "%s", status->message);
}

static void finish_create(struct order_job *job)
{
    struct upsert *upsert = job->state;
    const enum status_code code = job->reply->status.code;
    upsert->kind = OUTCOME_CREATED;
    if (!upsert_is_to_go_on(upsert, code)) {
        upsert->stored = (Orders__V1__Order *)job->reply->message;
        order_job_end(job);
        return;
    }
    keep_creation(job);
    read_order(job);
}

static void create(struct order_job *job)
{
    const struct upsert *upsert = job->state;
    char id[UUID_TEXT];
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    request.order = (Orders__V1__Order *)(uintptr_t)upsert->order;
    const struct order_job_call call = {.method = "CreateOrder",
                                        .input = &request.base,
                                        .request_id = request_id(job, "create", id),
                                        .validate_only = upsert->validate_only};
    order_job_call(job, &call, finish_create);
}

void upsert_take_id(Orders__V1__Order *order, struct arena *arena)
{
    struct status ignored = STATUS_INIT; /* the service tells what is wrong with it */
    order_check(order, ORDER_ORDER_ID, arena, &ignored);
}

void upsert_begin(struct order_job *job)
{
    create(job);
}

void upsert_go_on(struct order_job *job)
{
    read_order(job);
}
