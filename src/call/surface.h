/* surface.h: what every call goes through, whichever listener it came by: authentication, admission, method
 * lookup and authorization, deadline, trace; then the method; then metrics and log.
 *
 * A listener has a struct surface_call for each call in hand. It takes it through
 *
 *     surface_enter       a request came in
 *     surface_look_up     it was read: what it asks for is known
 *     surface_run         it is to be done; the listener's `answer` is called when it was
 *     surface_answered    the answer is made, and on its way
 *     surface_leave       its caller has taken the answer
 *
 * or, once it entered, ends it with surface_refuse, and once it was looked up with surface_abandon. One
 * thread at a time has a call; `answer` may be called on any.
 */
#ifndef CALL_SURFACE_H
#define CALL_SURFACE_H

#include "auth/authenticator.h"
#include "base/budget.h"
#include "base/call.h"
#include "base/log.h"
#include "base/metrics.h"
#include "call/admission.h"
#include "call/methods.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SURFACE_DEFAULT_MAX_CALLS = 4096,
    SURFACE_FURTHER_CALLS = 32, /* beyond the bound: see admission_limits.further */
    SURFACE_MOST_FURTHER_CALLS = 2 * SURFACE_FURTHER_CALLS,
};

struct surface;

/* All that is pointed to must outlive the surface. */
struct surface_options {
    const struct methods *methods;             /* filled */
    const struct authenticator *authenticator; /* filled */
    struct log *log;                           /* one line a call, at level info */
    struct metrics *metrics;                   /* NULL: nothing is counted */
    struct budget *memory;                     /* that calls and their answers take; may be shared */
    unsigned max_calls;                        /* in hand at once; 0: SURFACE_DEFAULT_MAX_CALLS */

    /* Of one principal; 0: as many as all. */
    unsigned max_calls_each;
    unsigned rate_each;  /* calls a second */
    unsigned burst_each; /* that may come at once, when none came for some time; 0: those of a second */

    /* Every failure that is the service's fault and every slow call is logged; of the others so many a second
     * (0: all), each line with the number of calls that it stands for. */
    unsigned log_sample;
    unsigned slow_ms; /* 0: none is */
};

/* NULL: out of memory. */
struct surface *surface_new(const struct surface_options *options);

/* The message of a call that is refused for want of room. */
extern const char surface_no_room[];

/* When no call is in hand. NULL does nothing. */
void surface_free(struct surface *surface);

/* What it was made with, and made. */
const struct methods *surface_methods(const struct surface *surface);
struct admission *surface_admission(const struct surface *surface);
struct budget *surface_memory(const struct surface *surface);
unsigned surface_max_calls(const struct surface *surface);

/* A request as a listener read it. NULL: the caller did not give it. All of it must live until the call is
 * answered. */
struct surface_request {
    const char *method;                          /* its full name */
    const ProtobufCMethodDescriptor *descriptor; /* or the method itself; NULL: it is named */
    const struct auth_presented *presented;      /* by the caller; NULL: nothing */
    const struct auth_result *auth;              /* that surface_check found in it */
    const char *request_id;                      /* not NULL */
    const char *traceparent;                     /* of the caller's span */
    const struct trace *trace;                   /* or the span itself */
    const char *validate_only;                   /* "true" or "false" */
    uint32_t timeout_ms;                         /* 0: CALL_DEFAULT_TIMEOUT_MS */
    ProtobufCBinaryData payload;                 /* the method's input, packed */
    const ProtobufCMessage *input;               /* or as it is; NULL: it is packed */
    size_t input_bytes;                          /* of memory that it takes beyond what any has */
    const struct status *refused;                /* the listener's reason to refuse it; NULL: none */
};

/* What a call asks for, and by what right. */
struct surface_target {
    size_t method; /* methods_count: there is none of that name */
    bool is_open;  /* it needs no role */
    bool is_known; /* the caller is known, whatever it asks for */
};

struct surface_call;

/* Tells the listener that a call was done, once. The message is NULL when the call's status is an error or
 * the answer is empty. It lives until call_forget, or until the call enters again. */
typedef void surface_answer(struct surface_call *call, const ProtobufCMessage *message);

struct surface_call {
    struct call call; /* the first member: the closure data of every method */
    struct surface_target target;
    struct principal principal; /* who calls; of no name: it is not known */

    /* The surface's. */
    struct surface *surface;
    struct caller *caller;
    struct auth_presented presented; /* to be looked at again */
    struct admission_entry entry;    /* once it was looked up, or refused before that */
    enum admission_outcome admitted;
    uint64_t wait_ns; /* of ADMISSION_TOO_FAST */
    surface_answer *answer;
    size_t bytes;  /* that it, or its answer, counts as */
    bool reserved; /* memory was reserved for its answer: a larger one may be refused */
    bool is_done;  /* or none is under way */
    bool has_long_id;
};

/* Makes one that is in no use yet, and frees it when it is in none. */
void surface_call_init(struct surface_call *call, struct surface *surface, surface_answer *answer);
void surface_call_free(struct surface_call *call);

/* A request of so many bytes came in, from a caller who is still there, or NULL. */
void surface_enter(struct surface_call *call, struct caller *caller, size_t bytes);

/* Finds out who presents this. */
void surface_check(const struct surface *surface, const struct auth_presented *presented,
                   struct auth_result *result);

/* Whether that caller may call a method, given by its index. If not, sets the status, with a text in the
 * arena. */
void surface_authorize(const struct surface *surface, const struct auth_result *auth, size_t method,
                       struct arena *arena, struct status *status);

/* Sets the target and the call's common fields. The call is in flight from now on. */
void surface_look_up(struct surface_call *call, const struct surface_request *request);

/* Refuses the call for want of room or of a right to the target; else unpacks the request and calls the
 * method. */
void surface_run(struct surface_call *call, const struct surface_request *request);

/* In place of surface_look_up, with the call's status set to why it is refused: calls `answer`. */
void surface_refuse(struct surface_call *call);

/* Whether there is memory for the answer of a call that was done, of so many bytes. False: the call was
 * refused instead, and its answer is to be made again, of the status alone. */
bool surface_fits(struct surface_call *call, size_t bytes);

/* The answer, which takes so many bytes, is to be taken. */
void surface_answered(struct surface_call *call, size_t bytes);

/* It was taken, or given up: nothing is in hand. */
void surface_leave(struct surface_call *call);

/* In place of surface_run: it gets no answer. Nothing is in hand. */
void surface_abandon(struct surface_call *call);

#endif
