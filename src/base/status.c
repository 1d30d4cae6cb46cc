/* status.c: the names of the codes, and the list of violations. */
#include "base/status.h"

#include <string.h>

static const char *const code_names[STATUS_CODES] = {
    [STATUS_OK] = "OK",
    [STATUS_CANCELLED] = "CANCELLED",
    [STATUS_UNKNOWN] = "UNKNOWN",
    [STATUS_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [STATUS_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [STATUS_NOT_FOUND] = "NOT_FOUND",
    [STATUS_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [STATUS_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [STATUS_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [STATUS_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [STATUS_ABORTED] = "ABORTED",
    [STATUS_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [STATUS_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [STATUS_INTERNAL] = "INTERNAL",
    [STATUS_UNAVAILABLE] = "UNAVAILABLE",
    [STATUS_DATA_LOSS] = "DATA_LOSS",
    [STATUS_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *status_code_name(enum status_code code)
{
    return code < STATUS_CODES ? code_names[code] : code_names[STATUS_UNKNOWN];
}

bool status_is_server_fault(const struct status *status)
{
    switch (status->code) {
    case STATUS_UNKNOWN:
    case STATUS_DEADLINE_EXCEEDED:
    case STATUS_INTERNAL:
    case STATUS_UNAVAILABLE:
    case STATUS_DATA_LOSS:
        return true;
    case STATUS_RESOURCE_EXHAUSTED:
        return status->limit == NULL;
    default:
        return false;
    }
}

void status_set(struct status *status, struct arena *arena, enum status_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status->code = code;
    status->message = arena_vprintf(arena, format, args);
    va_end(args);
    if (status->message == NULL)
        status->message = status_code_name(code);
}

void status_add_violation_of(struct status *status, struct arena *arena, const char *field, const char *type,
                             const char *parameter, const char *format, ...)
{
    if (status->n_violations == status->violation_capacity) {
        size_t capacity = status->violation_capacity == 0 ? 8 : 2 * status->violation_capacity;
        struct violation *more = arena_calloc(arena, capacity, sizeof *more);
        if (status->n_violations > 0)
            memcpy(more, status->violations, status->n_violations * sizeof *more);
        status->violations = more;
        status->violation_capacity = capacity;
    }
    va_list args;
    va_start(args, format);
    status->violations[status->n_violations++] = (struct violation){
        .field = arena_strdup(arena, field),
        .type = arena_strdup(arena, type),
        .parameter = arena_strdup(arena, parameter),
        .message = arena_vprintf(arena, format, args),
    };
    va_end(args);
    if (status->code == STATUS_OK) {
        status->code = STATUS_INVALID_ARGUMENT;
        status->message = "Invalid argument";
    }
}
