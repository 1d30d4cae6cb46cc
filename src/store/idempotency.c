/* idempotency.c: outcomes, and records that come back. */
#include "store/idempotency.h"

#include "store/row.h"

const char *idempotency_key(const struct operation *operation)
{
    const char *request_id = operation->call->request_id;
    return *request_id != '\0' ? request_id : NULL;
}

const char *store_message(enum status_code code)
{
    switch (code) {
    case STATUS_INVALID_ARGUMENT:
        return "The order was refused";
    case STATUS_NOT_FOUND:
        return "Order not found";
    case STATUS_ALREADY_EXISTS:
        return "Order ID already exists";
    case STATUS_FAILED_PRECONDITION:
        return "This request_id was used for another request";
    case STATUS_ABORTED:
        return "The order was changed: it has another etag";
    case STATUS_DATA_LOSS:
        return "What this request_id was answered is lost";
    default:
        return "";
    }
}

static bool is_to_be_tried_again(struct operation *operation, int64_t code)
{
    return code == IDEMPOTENT_LOCKED ||
           (code == IDEMPOTENT_SKIPPED && ++operation->attempts < IDEMPOTENT_SKIPS_MOST);
}

bool idempotency_take(struct operation *operation, const PGresult *result, int row)
{
    const bool is_kept = !PQgetisnull(result, row, IDEMPOTENT_CODE_COLUMN);
    const int64_t code = is_kept ? row_int8(result, row, IDEMPOTENT_CODE_COLUMN) : STATUS_DATA_LOSS;
    operation->replayed = row_bool(result, row, IDEMPOTENT_REPLAYED_COLUMN);
    operation->locked = is_to_be_tried_again(operation, code);
    if (operation->locked) {
        operation->code = STATUS_UNAVAILABLE;
        operation->message = "";
    } else if (code == IDEMPOTENT_SKIPPED) {
        operation->code = STATUS_INVALID_ARGUMENT;
        operation->message = "A trigger of the database refused it";
    } else {
        operation->code = (enum status_code)code;
        operation->message = store_message(operation->code);
    }
    return operation->code == STATUS_OK;
}
