/* call.h: one call under way: its memory, its deadline, and how it ended.
 *
 * The listener that received the request makes the call and passes it down by pointer; it gets it back when
 * the closure is called, once, from any thread. The current owner may write the call and nobody else touches
 * it, so it needs no lock. The closure data of every service method is its struct call. The message that it
 * is answered with lives until call_forget.
 */
#ifndef BASE_CALL_H
#define BASE_CALL_H

#include "base/arena.h"
#include "base/shared_arena.h"
#include "base/status.h"
#include "base/time.h"
#include "base/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CALL_DEFAULT_TIMEOUT_MS = 30000, /* of a call whose caller names none */
    CALL_REQUEST_ID_MAX_BYTES = 128,
    CALL_KNOWN_MS = 1000, /* how long the check of who calls, and of its role, counts */
};

struct call {
    struct arena arena;          /* request, answer and all between */
    struct shared_arena *shared; /* held: what the answer shares with those of other calls; NULL: nothing */
    const char *method;          /* "package.Service/Method" */
    const char *request_id;      /* never NULL; names the call in logs */
    struct trace trace;          /* the caller's, if it has one */
    const char *principal;       /* who calls, by name; never NULL; "": nobody in particular */
    const char *role;            /* and its role, likewise: "reader" */
    uint32_t principal_hash;     /* of its name: for fair queueing between principals */
    uint32_t caller;  /* which connection it came from: for fair queueing between those of one principal */
    const char *peer; /* where from, for logs; never NULL; "": not known */
    const char *order_id; /* which order it is about, for logs; never NULL; "": none, or not one */
    uint64_t fingerprint; /* of method and payload: a request_id names one request only */
    uint64_t start_ns;    /* CLOCK_MONOTONIC */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; after it nobody waits for the answer */
    bool is_local;  /* it came from this process, and not over RPC: replies are coalesced with others of the
                       same kind alone */
    bool is_packed; /* its answer is only packed, never read here: parts of it may be packed already, as
                       unknown fields */
    bool more; /* set when it ends: others end right after it, so its reply may be coalesced with theirs */
    bool replayed;      /* set when it ends: the answer is the one that this request_id was given before */
    bool validate_only; /* check the request and answer an empty message; change nothing (AIP-163) */
    struct status status;

    /* Set by the listener: whether there is memory for an answer of so many bytes. NULL: there is no limit.
     */
    bool (*reserve)(struct call *call, size_t bytes);

    /* Set by the listener: STATUS_OK while what the caller presented still gives it the right to this call;
     * else the code, and in *why a static reason. Called from several threads at once. NULL: there is nothing
     * to check. */
    enum status_code (*recheck)(const struct call *call, const char **why);
};

/* Asks for the memory of an answer that may be large, before it is made. Only for calls that change nothing:
 * one whose answer gets larger than that may yet be refused. False: there is none, and the call was failed.
 */
static inline bool call_reserve(struct call *call, size_t bytes)
{
    return call->reserve == NULL || call->reserve(call, bytes);
}

/* Checks the caller's right to the call again: to be called before work begins for a call that may have
 * waited. Costs nothing in the call's first CALL_KNOWN_MS. STATUS_OK: the right still holds; else the code,
 * and in *why a static reason. Any thread, while the call is not answered. */
static inline enum status_code call_recheck(const struct call *call, uint64_t now_ns, const char **why)
{
    if (call->recheck == NULL || now_ns < call->start_ns + (uint64_t)CALL_KNOWN_MS * NS_PER_MS)
        return STATUS_OK;
    return call->recheck(call, why);
}

/* Frees the memory of the call and of its answer, which nobody reads any more. */
static inline void call_forget(struct call *call)
{
    arena_reset(&call->arena);
    shared_arena_release(call->shared);
    call->shared = NULL;
}

/* Ends the call in an error; the closure is then to be called with NULL. */
#define call_fail(call, code, ...) status_set(&(call)->status, &(call)->arena, (code), __VA_ARGS__)

/* Adds a field that was refused, as status_add_violation and status_add_violation_of. */
#define call_violation(call, field, type, ...) \
    status_add_violation(&(call)->status, &(call)->arena, (field), (type), __VA_ARGS__)
#define call_violation_of(call, field, type, parameter, ...) \
    status_add_violation_of(&(call)->status, &(call)->arena, (field), (type), (parameter), __VA_ARGS__)

#endif
