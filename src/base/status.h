/* status.h: how a call ended: gRPC's codes, and what was wrong with which field.
 *
 * Numbers and names are those of google/rpc/code.proto.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum status_code {
    STATUS_OK,
    STATUS_CANCELLED,
    STATUS_UNKNOWN,
    STATUS_INVALID_ARGUMENT,
    STATUS_DEADLINE_EXCEEDED,
    STATUS_NOT_FOUND,
    STATUS_ALREADY_EXISTS,
    STATUS_PERMISSION_DENIED,
    STATUS_RESOURCE_EXHAUSTED,
    STATUS_FAILED_PRECONDITION,
    STATUS_ABORTED,
    STATUS_OUT_OF_RANGE,
    STATUS_UNIMPLEMENTED,
    STATUS_INTERNAL,
    STATUS_UNAVAILABLE,
    STATUS_DATA_LOSS,
    STATUS_UNAUTHENTICATED,
    STATUS_CODES, /* how many there are */
};

/* One field that was refused. The strings live as long as the status they are in. */
struct violation {
    const char *field;     /* its name in the resource or request: "total_amount" */
    const char *type;      /* a word a program can act on: "greater_than" */
    const char *parameter; /* what of the rule varies: "0", of greater_than; "": nothing */
    const char *message;   /* for people, to be read behind the field: "must be greater than 0" */
};

/* Of a call that was refused as its caller has had as much as it may: what HTTP's fields say of it, as of
 * draft-ietf-httpapi-ratelimit-headers-11. */
struct status_limit {
    const char *policy;     /* RateLimit-Policy: what it may */
    const char *state;      /* RateLimit: what is left of it */
    unsigned retry_after_s; /* Retry-After */
};

struct status {
    enum status_code code;
    const char *message; /* for people; "" while code is STATUS_OK */
    struct violation *violations;
    size_t n_violations;
    size_t violation_capacity;
    const struct status_limit
        *limit; /* of STATUS_RESOURCE_EXHAUSTED; NULL: it is the service that has no room */
};

/* STATUS_OK with nothing wrong. */
#define STATUS_INIT ((struct status){.message = ""})

/* "NOT_FOUND"; "UNKNOWN" for a number that is no code. */
const char *status_code_name(enum status_code code);

/* Whether a call that ended so is to be looked into by who runs the service, and not by who called. */
bool status_is_server_fault(const struct status *status);

/* Sets code and message; the message is copied into the arena. Without memory for that the message is the
 * code's name. */
void status_set(struct status *status, struct arena *arena, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a violation, whose strings are copied into the arena, which must not fail. A first violation sets the
 * status to STATUS_INVALID_ARGUMENT. */
void status_add_violation_of(struct status *status, struct arena *arena, const char *field, const char *type,
                             const char *parameter, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The same of a rule of which nothing varies. */
#define status_add_violation(status, arena, field, type, ...) \
    status_add_violation_of((status), (arena), (field), (type), "", __VA_ARGS__)

#endif
