/* key_queue.c: whoever takes an operation's call away under the lock is the one to answer it. */
#include "store/key_queue.h"

#include "base/time.h"
#include "store/sqlstate.h"

#include <stdlib.h>

static const char out_of_reach[] = "The database is out of reach";
static const char not_known[] = "Whether the change was made is not known; list the keys";
static const char too_many[] = "As many changes and lists of keys wait as may of one caller; try again later";

/* Of who has too many: what one principal may is no want of room. */
_Static_assert(KEY_QUEUE_EACH == 16, "as it says");
static const struct status_limit limit = {"\"keys\";q=16;qu=\"concurrent-requests\"", "\"keys\";r=0", 1};

void key_queue_init(struct key_queue *queue)
{
    *queue = (struct key_queue){.last = &queue->first, .why_closed = out_of_reach};
    pthread_mutex_init(&queue->lock, NULL);
}

void key_queue_destroy(struct key_queue *queue)
{
    pthread_mutex_destroy(&queue->lock);
}

/* --- answering --- */

static struct call *take_call(struct key_queue *queue, struct key_operation *operation)
{
    pthread_mutex_lock(&queue->lock);
    struct call *call = operation->call;
    operation->call = NULL;
    pthread_mutex_unlock(&queue->lock);
    return call;
}

static void fail(struct key_queue *queue, struct key_operation *operation, enum status_code code,
                 const char *message)
{
    struct call *call = take_call(queue, operation);
    if (call == NULL)
        return;
    call_fail(call, code, "%s", message);
    operation->done(NULL, 0, operation->closure_data);
}

static void answer(struct key_queue *queue, struct key_operation *operation, const PGresult *result)
{
    struct call *call = take_call(queue, operation);
    size_t n;
    if (call == NULL)
        return;
    const struct stored_key *rows = key_rows_read(result, &call->arena, &n);
    operation->done(rows, n, operation->closure_data);
}

static void finish(struct key_queue *queue, struct key_operation *operation, const PGresult *result)
{
    const struct key_statement *statement = operation->statement;
    if (result == NULL) {
        fail(queue, operation, STATUS_UNAVAILABLE, statement->changes ? not_known : out_of_reach);
    } else if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        const struct sqlstate_meaning *meaning = sqlstate_meaning(result);
        fail(queue, operation, meaning->code, meaning->message);
    } else if (PQntuples(result) == 0 && statement->none != NULL) {
        fail(queue, operation, statement->none_code, statement->none);
    } else {
        answer(queue, operation, result);
    }
}

static void free_operation(struct key_operation *operation)
{
    arena_free(&operation->arena);
    free(operation);
}

/* --- waiting --- */

static struct key_operation *copy(const struct key_operation *given)
{
    struct key_operation *operation = malloc(sizeof *operation);
    if (operation == NULL)
        abort(); /* as the arena does */
    *operation = *given;
    arena_init(&operation->arena);
    for (int i = 0; i < given->statement->n_params; i++) {
        if (given->params[i] != NULL)
            operation->params[i] = arena_strdup(&operation->arena, given->params[i]);
    }
    operation->deadline_ns = operation->call->deadline_ns;
    return operation;
}

/* With the lock. */
static void append(struct key_queue *queue, struct key_operation *operation)
{
    operation->next = NULL;
    *queue->last = operation;
    queue->last = &operation->next;
}

/* With the lock. Those that wait have their calls. */
static bool has_room(const struct key_queue *queue, const struct call *call)
{
    unsigned n = 0;
    for (const struct key_operation *each = queue->first; each != NULL; each = each->next)
        n += each->call->principal_hash == call->principal_hash;
    return n < KEY_QUEUE_EACH;
}

/* One that was not taken. */
static void refuse(struct key_queue *queue, struct key_operation *operation, const char *why_closed)
{
    if (why_closed == NULL) {
        operation->call->status.limit = &limit;
        fail(queue, operation, STATUS_RESOURCE_EXHAUSTED, too_many);
    } else {
        fail(queue, operation, STATUS_UNAVAILABLE, why_closed);
    }
    free_operation(operation);
}

bool key_queue_push(struct key_queue *queue, const struct key_operation *given)
{
    struct key_operation *operation = copy(given);
    pthread_mutex_lock(&queue->lock);
    const char *why_closed = queue->is_open ? NULL : queue->why_closed;
    const bool is_taken = queue->is_open && has_room(queue, operation->call);
    if (is_taken)
        append(queue, operation);
    pthread_mutex_unlock(&queue->lock);
    if (!is_taken)
        refuse(queue, operation, why_closed);
    return is_taken;
}

/* Under way no more. */
static void drop(struct key_queue *queue, struct key_operation *operation)
{
    pthread_mutex_lock(&queue->lock);
    queue->current = NULL;
    pthread_mutex_unlock(&queue->lock);
    free_operation(operation);
}

/* The first one, and why its caller may not ask for it any more. */
static struct key_operation *take_first(struct key_queue *queue, enum status_code *code, const char **why)
{
    *code = STATUS_OK;
    pthread_mutex_lock(&queue->lock);
    struct key_operation *operation = queue->first;
    if (operation != NULL) {
        queue->first = operation->next;
        queue->last = queue->first != NULL ? queue->last : &queue->first;
        *code = call_recheck(operation->call, time_monotonic_ns(), why);
    }
    queue->current = operation;
    pthread_mutex_unlock(&queue->lock);
    return operation;
}

struct key_operation *key_queue_take(struct key_queue *queue)
{
    struct key_operation *operation;
    enum status_code code;
    const char *why;
    while ((operation = take_first(queue, &code, &why)) != NULL && code != STATUS_OK) {
        fail(queue, operation, code, why);
        drop(queue, operation);
    }
    return operation;
}

void key_queue_again(struct key_queue *queue, struct key_operation *operation)
{
    pthread_mutex_lock(&queue->lock);
    const bool is_answered = operation->call == NULL;
    queue->current = NULL;
    if (!is_answered)
        append(queue, operation);
    pthread_mutex_unlock(&queue->lock);
    if (is_answered)
        free_operation(operation);
}

void key_queue_end(struct key_queue *queue, struct key_operation *operation, const PGresult *result)
{
    finish(queue, operation, result);
    drop(queue, operation);
}

void key_queue_open(struct key_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_open = true;
    pthread_mutex_unlock(&queue->lock);
}

void key_queue_close(struct key_queue *queue, const char *why)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_open = false;
    queue->why_closed = why;
    pthread_mutex_unlock(&queue->lock);
    for (struct key_operation *each; (each = key_queue_take(queue)) != NULL; drop(queue, each))
        fail(queue, each, STATUS_UNAVAILABLE, why);
}

/* --- deadlines --- */

static bool is_late(const struct key_operation *operation, uint64_t now_ns)
{
    return operation->call != NULL && now_ns >= operation->deadline_ns;
}

/* With the lock: takes out those that wait. */
static struct key_operation *take_late(struct key_queue *queue, uint64_t now_ns)
{
    struct key_operation *late = NULL, **link = &queue->first;
    while (*link != NULL) {
        struct key_operation *each = *link;
        if (is_late(each, now_ns)) {
            *link = each->next;
            each->next = late;
            late = each;
        } else {
            link = &each->next;
        }
    }
    queue->last = link;
    return late;
}

/* Without the lock. */
static void expire(struct key_operation *operation)
{
    call_fail(operation->call, STATUS_DEADLINE_EXCEEDED, "The database took too long");
    operation->done(NULL, 0, operation->closure_data);
}

void key_queue_expire(struct key_queue *queue, uint64_t now_ns)
{
    struct key_operation current = {0};
    pthread_mutex_lock(&queue->lock);
    if (queue->current != NULL && is_late(queue->current, now_ns)) {
        current = *queue->current; /* it may be freed as soon as it can be locked */
        queue->current->call = NULL;
    }
    struct key_operation *late = take_late(queue, now_ns);
    pthread_mutex_unlock(&queue->lock);
    if (current.call != NULL)
        expire(&current);
    for (struct key_operation *next; late != NULL; late = next) {
        next = late->next;
        expire(late);
        free_operation(late);
    }
}
