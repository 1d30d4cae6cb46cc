/* operation.c: what can be done to an operation whatever it is. */
#include "store/operation.h"

#include "base/hash.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "store/order_row.h"

#include <assert.h>

void operation_list_append(struct operation_list *list, struct operation *first, struct operation *last)
{
    *(list->first != NULL ? &list->last->next : &list->first) = first;
    list->last = last;
}

void operation_finish(struct operation *operation)
{
    void (*finish)(struct operation *) = operation->finish;
    assert(finish != NULL); /* neither finished nor abandoned */
    operation->finish = NULL;
    finish(operation);
}

void operation_fail(struct operation *operation, enum status_code code, const char *message)
{
    operation->code = code;
    operation->message = message;
    operation->more = false; /* whatever was to end after it in a batch that it was in */
    operation_finish(operation);
}

void operation_refuse(struct operation *operation, enum status_code code, const char *why)
{
    operation->code = code;
    operation->message = why;
    operation->more = false;
}

void operation_expire(struct operation *operation)
{
    operation_fail(operation, STATUS_DEADLINE_EXCEEDED,
                   operation->locked ? "The deadline passed while it waited for a lock that another session "
                                       "held, or behind a write that did"
                                     : "The deadline passed");
}

uint32_t operation_hash(const char *order_id)
{
    return hash_text(order_id);
}

uint32_t operation_request_hash(const struct operation *operation)
{
    if (*operation->call->request_id == '\0')
        return 0;
    const struct call *call = operation->call;
    const uint32_t hash = hash_mix(hash_text(call->request_id), call->principal_hash) +
                          (uint32_t)operation->index * UINT32_C(2654435769);
    return hash != 0 ? hash : 1;
}

bool operation_abandoned(const struct operation *operation)
{
    return operation->finish == NULL;
}

struct operation *operation_abandon(const struct operation *operation, struct call *nobody)
{
    struct arena *arena = &nobody->arena;
    struct operation *copy = arena_alloc(arena, sizeof *copy);
    *copy = (struct operation){
        .statement = operation->statement,
        .call = nobody,
        .hash = operation->hash,
        .sequence = operation->sequence,
        .summary = operation->summary,
    };
    if (operation->order_id != NULL)
        copy->order_id = arena_strdup(arena, operation->order_id);
    copy->order = arena_alloc(arena, sizeof *copy->order);
    orders__v1__order__init(copy->order);
    copy->order->order_date = arena_calloc(arena, 1, sizeof *copy->order->order_date);
    order_row_make_room(copy->order, arena);
    return copy;
}
