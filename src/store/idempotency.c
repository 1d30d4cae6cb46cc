/* idempotency.c: records that come back. */
#include "store/idempotency.h"

const char *idempotency_key(const struct operation *operation)
{
    const char *request_id = operation->call->request_id;
    return *request_id != '\0' ? request_id : NULL;
}

const char *store_message(enum status_code code)
{
    switch (code) {
    case STATUS_NOT_FOUND:
        return "Order not found";
    case STATUS_ALREADY_EXISTS:
        return "Order ID already exists";
    case STATUS_FAILED_PRECONDITION:
        return "This request_id was used for another request";
    default:
        return "";
    }
}

bool idempotency_take(struct operation *operation, const PGresult *result, int row, int code_column)
{
    if (PQgetisnull(result, row, code_column))
        return true;
    operation->code = (enum status_code)row_int8(result, row, code_column);
    operation->message = store_message(operation->code);
    operation->replayed = operation->code != STATUS_FAILED_PRECONDITION;
    return operation->code == STATUS_OK;
}
