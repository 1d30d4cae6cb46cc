/* call.h: one call under way: its memory, its deadline, and how it ended.
 *
 * A call is made by whoever received the request, handed down by pointer, and handed back by calling the
 * closure it came with, once, from any thread. Whoever holds the call may write it; nobody else touches
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
    CALL_KNOWN_MS = 1000, /* for so long who calls, and what he may, is known */
};

struct call {
    struct arena arena;          /* request, answer and all between */
    struct shared_arena *shared; /* held: of the answer, what other calls have too; NULL: nothing */
    const char *method;          /* "package.Service/Method" */
    const char *request_id;      /* never NULL; names the call in logs */
    struct trace trace;          /* the caller's, if it has one */
    const char *principal;       /* who calls, by name; never NULL; "": nobody in particular */
    const char *role;            /* and what he may, likewise: "reader" */
    uint32_t principal_hash;     /* of that: principals are queued fairly */
    uint32_t caller;             /* which connection it came from: so are those of one principal */
    const char *peer;            /* where from, for logs; never NULL; "": not known */
    const char *order_id;        /* which order it is about, for logs; never NULL; "": none, or not one */
    uint64_t fingerprint;        /* of method and payload: a request_id names one request only */
    uint64_t start_ns;           /* CLOCK_MONOTONIC */
    uint64_t deadline_ns;        /* CLOCK_MONOTONIC; after it nobody waits for the answer */
    bool is_local; /* it came from this process, and not over RPC: replies of each kind wait for their like */
    bool is_packed; /* its answer is packed, and by nobody read: it may have fields that are packed already,
                       as unknown ones */
    bool more;      /* set when it ends: others end right after it, so its reply may wait for theirs */
    bool replayed;  /* set when it ends: the answer is the one that this request_id was given before */
    bool validate_only; /* check the request and answer an empty message; change nothing (AIP-163) */
    struct status status;

    /* Of who received the call: whether there is memory for an answer of so many bytes. NULL: nobody counts.
     */
    bool (*reserve)(struct call *call, size_t bytes);

    /* Of who received the call: whether who calls still may, by what he presented. Else the code, and why,
     * which is static. Several threads may ask at once. NULL: nobody in particular calls. */
    enum status_code (*recheck)(const struct call *call, const char **why);
};

/* Asks for the memory of an answer that may be large, before it is made. Only for calls that change nothing:
 * one whose answer gets larger than that may yet be refused. False: there is none, and the call was failed.
 */
static inline bool call_reserve(struct call *call, size_t bytes)
{
    return call->reserve == NULL || call->reserve(call, bytes);
}

/* Whether who calls still may, as when the call came in: to be asked whenever something is begun for one that
 * may have waited. Which takes nothing until it has for CALL_KNOWN_MS. STATUS_OK: he may; else the code, and
 * why, which is static. Several threads may ask at once, while the call is not answered. */
static inline enum status_code call_recheck(const struct call *call, uint64_t now_ns, const char **why)
{
    if (call->recheck == NULL || now_ns < call->start_ns + (uint64_t)CALL_KNOWN_MS * NS_PER_MS)
        return STATUS_OK;
    return call->recheck(call, why);
}

/* Gives back the memory of the call, and of its answer, which was read. */
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
