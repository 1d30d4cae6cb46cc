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

bool idempotency_take(struct operation *operation, const PGresult *result, int row)
{
    const bool is_kept = !PQgetisnull(result, row, IDEMPOTENT_CODE_COLUMN);
    const int64_t code = is_kept ? row_int8(result, row, IDEMPOTENT_CODE_COLUMN) : STATUS_DATA_LOSS;
    operation->locked = code == IDEMPOTENT_LOCKED;
    operation->code = operation->locked ? STATUS_UNAVAILABLE : (enum status_code)code;
    operation->message = store_message(operation->code);
    operation->replayed = row_bool(result, row, IDEMPOTENT_REPLAYED_COLUMN);
    return operation->code == STATUS_OK;
}
