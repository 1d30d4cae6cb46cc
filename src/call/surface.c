/* surface.c: the steps of a call, in the order in which they are taken. */
#include "call/surface.h"

#include "base/fingerprint.h"
#include "base/message.h"
#include "base/sampler.h"
#include "base/time.h"
#include "base/utf8.h"
#include "call/call_metrics.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* What a call takes to what its request does, unpacked: the service and the store make about as much of
     * it again. Small calls find room in the block that their arena keeps, and are counted by what they came
     * in as. So it covers the answer of a write, which has no more orders than its request. */
    CALL_TO_REQUEST = 2,
    NAME_BYTES_TOLD = 200, /* of an unknown method's, which may be of any length */
};

struct surface {
    const struct methods *methods;
    const struct authenticator *authenticator;
    struct log *log;
    struct budget *memory;
    unsigned max_calls;
    unsigned max_calls_each;
    struct admission *admission; /* owned */
    struct call_metrics counts;
    uint64_t slow_ns;
    struct sampler samples[2]; /* of calls that went well, and of those that did not */
    char calls_policy[64], rate_policy[64];
};

/* What a principal may, in the words of draft-ietf-httpapi-ratelimit-headers-11. */
static void write_policies(struct surface *surface, const struct surface_options *options, unsigned burst)
{
    const unsigned window_s =
        options->rate_each > 0 ? (burst + options->rate_each - 1) / options->rate_each : 0;
    snprintf(surface->calls_policy, sizeof surface->calls_policy, "\"calls\";q=%u;qu=\"concurrent-requests\"",
             options->max_calls_each);
    snprintf(surface->rate_policy, sizeof surface->rate_policy, "\"rate\";q=%u;w=%u", burst, window_s);
}

struct surface *surface_new(const struct surface_options *options)
{
    struct surface *surface = calloc(1, sizeof *surface);
    if (surface == NULL)
        return NULL;
    surface->methods = options->methods;
    surface->authenticator = options->authenticator;
    surface->log = options->log;
    surface->memory = options->memory;
    surface->max_calls = options->max_calls != 0 ? options->max_calls : SURFACE_DEFAULT_MAX_CALLS;
    surface->max_calls_each = options->max_calls_each;
    surface->slow_ns = (uint64_t)options->slow_ms * NS_PER_MS;
    for (int i = 0; i < 2; i++)
        sampler_init(&surface->samples[i], options->log_sample);
    const unsigned burst = options->burst_each != 0 ? options->burst_each : options->rate_each;
    write_policies(surface, options, burst);
    const struct admission_limits limits = {
        .calls = surface->max_calls,
        .further = SURFACE_FURTHER_CALLS,
        .memory = surface->memory,
        .calls_each = options->max_calls_each,
        .rate_each = rate_make(options->rate_each, burst),
    };
    if (call_metrics_init(&surface->counts, options->metrics, options->methods))
        surface->admission =
            admission_new(&limits, (struct admission_gauges){surface->counts.calls, surface->counts.bytes},
                          options->metrics);
    if (surface->admission != NULL)
        return surface;
    surface_free(surface);
    return NULL;
}

void surface_free(struct surface *surface)
{
    if (surface == NULL)
        return;
    admission_free(surface->admission);
    call_metrics_free(&surface->counts);
    free(surface);
}

const struct methods *surface_methods(const struct surface *surface)
{
    return surface->methods;
}

struct admission *surface_admission(const struct surface *surface)
{
    return surface->admission;
}

struct budget *surface_memory(const struct surface *surface)
{
    return surface->memory;
}

unsigned surface_max_calls(const struct surface *surface)
{
    return surface->max_calls;
}

/* --- one call --- */

static bool surface_reserve(struct call *base, size_t bytes);
static enum status_code surface_recheck(const struct call *base, const char **why);

void surface_call_init(struct surface_call *call, struct surface *surface, surface_answer *answer)
{
    *call = (struct surface_call){.surface = surface, .answer = answer, .is_done = true};
    arena_init(&call->call.arena);
    call->call.reserve = surface_reserve;
    call->call.recheck = surface_recheck;
}

void surface_call_free(struct surface_call *call)
{
    call_forget(&call->call);
    arena_free(&call->call.arena);
}

/* The closure of every method. */
static void surface_finish(const ProtobufCMessage *message, void *closure_data)
{
    struct surface_call *call = closure_data;
    assert(!call->is_done); /* a call is answered once */
    call->is_done = true;
    call->answer(call, call->call.status.code == STATUS_OK ? message : NULL);
}

/* --- room --- */

const char surface_no_room[] = "Too many calls are under way; try again later";

static void refuse_for_room(struct surface_call *call)
{
    metric_add(call->surface->counts.refused, 1);
    call_fail(&call->call, STATUS_RESOURCE_EXHAUSTED, "%s", surface_no_room);
}

void surface_enter(struct surface_call *call, struct caller *caller, size_t bytes)
{
    struct call *base = &call->call;
    assert(call->is_done);
    call_forget(base);
    call->target = (struct surface_target){.method = methods_count(call->surface->methods)};
    call->principal = (struct principal){.role = ROLE_NONE};
    call->caller = caller;
    call->bytes = bytes;
    call->reserved = call->is_done = false;
    base->caller = caller != NULL ? caller->id : 0;
    base->peer = caller != NULL && caller->address != NULL ? caller->address : "";
    base->method = base->request_id = base->order_id = "";
    base->principal = call->principal.name;
    base->role = role_name(ROLE_NONE);
    base->start_ns = base->deadline_ns = time_monotonic_ns();
    base->trace = (struct trace){0};
    base->more = base->replayed = base->validate_only = false;
    base->status = STATUS_INIT;
}

/* Once it is known who calls, or that it never will be. */
static void admit(struct surface_call *call)
{
    call->call.principal_hash = principal_hash(&call->principal);
    const struct admission_request request = {
        .caller = call->caller,
        .principal = &call->principal,
        .principal_hash = call->call.principal_hash,
        .bytes = call->bytes,
        .now_ns = call->call.start_ns,
        .is_free = call->target.is_open || !call->target.is_known,
    };
    call->admitted = admission_enter(call->surface->admission, &request, &call->entry, &call->wait_ns);
}

/* What one principal may is no want of room: whoever calls is to wait, and is told for how long. */
static void refuse_for_limit(struct surface_call *call)
{
    const struct surface *surface = call->surface;
    struct arena *arena = &call->call.arena;
    struct status_limit *limit = arena_alloc(arena, sizeof *limit);
    if (call->admitted == ADMISSION_TOO_FAST) {
        const unsigned wait_s = (unsigned)((call->wait_ns + NS_PER_S - 1) / NS_PER_S);
        *limit = (struct status_limit){surface->rate_policy, arena_printf(arena, "\"rate\";r=0;t=%u", wait_s),
                                       wait_s};
        call_fail(&call->call, STATUS_RESOURCE_EXHAUSTED, "%s calls too often; try again later",
                  call->principal.name);
    } else {
        *limit = (struct status_limit){surface->calls_policy, "\"calls\";r=0", 1};
        call_fail(&call->call, STATUS_RESOURCE_EXHAUSTED, "%s has %u calls under way, and may have no more",
                  call->principal.name, surface->max_calls_each);
    }
    call->call.status.limit = limit;
}

void surface_refuse(struct surface_call *call)
{
    admit(call);
    surface_finish(NULL, call);
}

/* Counts the call as so many bytes at least. False: that is more than it may take. */
static bool count_bytes(struct surface_call *call, size_t bytes)
{
    if (bytes <= call->bytes)
        return true;
    const size_t more = bytes - call->bytes;
    call->bytes = bytes;
    return admission_grow(call->surface->admission, &call->entry, more);
}

/* The reserve of every call. */
static bool surface_reserve(struct call *base, size_t bytes)
{
    struct surface_call *call = (struct surface_call *)base; /* its first member */
    call->reserved = true;
    if (count_bytes(call, call->bytes + bytes))
        return true;
    refuse_for_room(call);
    return false;
}

/* What came in does not tell how much memory its messages take, which may be forty times as much. */
static bool admit_unpacked(struct surface_call *call, size_t input_bytes)
{
    const size_t unpacked = arena_excess(&call->call.arena) + input_bytes;
    const bool fits = count_bytes(call, CALL_TO_REQUEST * unpacked);
    if (fits || call->target.is_open)
        return true;
    refuse_for_room(call);
    return false;
}

bool surface_fits(struct surface_call *call, size_t bytes)
{
    if (!call->reserved || count_bytes(call, bytes))
        return true;
    refuse_for_room(call);
    return false;
}

/* --- what is asked for --- */

void surface_check(const struct surface *surface, const struct auth_presented *presented,
                   struct auth_result *result)
{
    authenticator_check(surface->authenticator, presented, result);
}

/* As surface_authorize, with a text that is static. */
static enum status_code authorize(const struct surface *surface, const struct auth_result *auth,
                                  size_t method, const char **why)
{
    const struct method *asked = methods_get(surface->methods, method);
    if (asked->role == ROLE_NONE)
        return STATUS_OK;
    if (auth->outcome != AUTH_KNOWN) {
        /* What another process is to check is nobody here. */
        const enum auth_outcome outcome = auth->outcome == AUTH_UNCHECKED ? AUTH_UNKNOWN : auth->outcome;
        *why = auth_reason(outcome);
        return auth_code(outcome);
    }
    if (auth->principal.role >= asked->role)
        return STATUS_OK;
    *why = asked->refusal;
    return STATUS_PERMISSION_DENIED;
}

void surface_authorize(const struct surface *surface, const struct auth_result *auth, size_t method,
                       struct arena *arena, struct status *status)
{
    const char *why;
    const enum status_code code = authorize(surface, auth, method, &why);
    if (code != STATUS_OK)
        status_set(status, arena, code, "%s", why);
}

/* The recheck of every call. */
static enum status_code surface_recheck(const struct call *base, const char **why)
{
    const struct surface_call *call = (const struct surface_call *)base; /* its first member */
    struct auth_result auth;
    surface_check(call->surface, &call->presented, &auth);
    return authorize(call->surface, &auth, call->target.method, why);
}

void surface_look_up(struct surface_call *call, const struct surface_request *request)
{
    const struct surface *surface = call->surface;
    struct call *base = &call->call;
    const size_t method = request->descriptor != NULL
                              ? methods_find_descriptor(surface->methods, request->descriptor)
                              : methods_find(surface->methods, request->method);
    const bool is_there = method < methods_count(surface->methods);
    call->target = (struct surface_target){
        .method = method,
        .is_open = is_there && methods_get(surface->methods, method)->role == ROLE_NONE,
        .is_known = request->auth->outcome == AUTH_KNOWN,
    };
    call->presented = request->presented != NULL ? *request->presented : (struct auth_presented){0};
    call->principal = request->auth->principal;
    base->role = role_name(call->principal.role);
    admit(call);
    /* A call that is in no trace gets none: its request_id names it as well. */
    if (request->trace != NULL)
        trace_below(&base->trace, request->trace);
    else if (request->traceparent != NULL)
        trace_join(&base->trace, request->traceparent, strlen(request->traceparent));
    const uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : CALL_DEFAULT_TIMEOUT_MS;
    base->method = is_there ? methods_get(surface->methods, method)->name : request->method;
    call->has_long_id = strlen(request->request_id) > CALL_REQUEST_ID_MAX_BYTES;
    if (!call->has_long_id)
        base->request_id = request->request_id;
    base->deadline_ns = base->start_ns + (uint64_t)timeout_ms * NS_PER_MS;
}

static bool find_method(struct surface_call *call, const struct surface_request *request)
{
    if (call->target.method < methods_count(call->surface->methods))
        return true;
    call_fail(&call->call, STATUS_UNIMPLEMENTED, "Unknown method \"%.*s\"",
              (int)utf8_cut(request->method, NAME_BYTES_TOLD), request->method);
    return false;
}

static bool check_right(struct surface_call *call, const struct surface_request *request)
{
    struct call *base = &call->call;
    surface_authorize(call->surface, request->auth, call->target.method, &base->arena, &base->status);
    return base->status.code == STATUS_OK;
}

/* A request in which a listener found something wrong is a call as any other until here. */
static bool is_wanted(struct surface_call *call, const struct surface_request *request)
{
    if (request->refused != NULL)
        call->call.status = *request->refused;
    return request->refused == NULL;
}

static bool check_request_id(struct surface_call *call)
{
    if (call->has_long_id)
        call_fail(&call->call, STATUS_INVALID_ARGUMENT, "request_id has more than %d bytes",
                  CALL_REQUEST_ID_MAX_BYTES);
    return !call->has_long_id;
}

/* Whoever asks that nothing is changed is not to find it done for a word's spelling. */
static bool read_validate_only(struct surface_call *call, const struct surface_request *request)
{
    const char *value = request->validate_only;
    call->call.validate_only = value != NULL && strcmp(value, "true") == 0;
    if (value == NULL || call->call.validate_only || strcmp(value, "false") == 0)
        return true;
    call_fail(&call->call, STATUS_INVALID_ARGUMENT, "x-validate-only should be \"true\" or \"false\"");
    return false;
}

/* The request's message. NULL: it is none, and the call was failed. */
static const ProtobufCMessage *get_input(struct surface_call *call, const struct surface_request *request,
                                         const ProtobufCMessageDescriptor *type)
{
    const char *why;
    if (request->input != NULL)
        return request->input;
    const ProtobufCMessage *input = message_unpack(type, MESSAGE_MAX_FIELDS, &call->call.arena,
                                                   request->payload.data, request->payload.len, &why);
    if (input == NULL)
        call_fail(&call->call, STATUS_INVALID_ARGUMENT, "The payload is no %s: %s", type->name, why);
    return input;
}

/* The same for a message as for what it is packed as. */
static uint64_t make_fingerprint(struct surface_call *call, const struct surface_request *request,
                                 const char *method)
{
    ProtobufCBinaryData payload = request->payload;
    if (request->input != NULL) {
        payload.data = arena_alloc(&call->call.arena, protobuf_c_message_get_packed_size(request->input));
        payload.len = protobuf_c_message_pack(request->input, payload.data);
    }
    return fingerprint_of(method, payload.data, payload.len);
}

static bool is_admitted(struct surface_call *call)
{
    if (call->admitted == ADMISSION_OK || call->target.is_open)
        return true;
    if (call->admitted == ADMISSION_NO_ROOM)
        refuse_for_room(call);
    else
        refuse_for_limit(call);
    return false;
}

void surface_run(struct surface_call *call, const struct surface_request *request)
{
    if (!is_admitted(call) || !find_method(call, request) || !check_right(call, request) ||
        !is_wanted(call, request) || !check_request_id(call) || !read_validate_only(call, request)) {
        surface_finish(NULL, call);
        return;
    }
    const struct method *method = methods_get(call->surface->methods, call->target.method);
    ProtobufCService *service = method->service;
    const ProtobufCMessage *input =
        get_input(call, request, service->descriptor->methods[method->index].input);
    if (input == NULL || !admit_unpacked(call, request->input_bytes)) {
        surface_finish(NULL, call);
        return;
    }
    call->call.fingerprint = make_fingerprint(call, request, method->name);
    service->invoke(service, method->index, input, surface_finish, call);
}

/* --- the end --- */

static enum account_outcome outcome_of(const struct status *status)
{
    if (status->code == STATUS_OK)
        return ACCOUNT_OK;
    if (status->limit != NULL)
        return ACCOUNT_LIMITED;
    return status_is_server_fault(status) ? ACCOUNT_SERVER_ERROR : ACCOUNT_CLIENT_ERROR;
}

/* What befell one call, which somebody is to look into. An outage and want of room befall all, and have
 * warnings of their own. */
static bool is_warning(const struct status *status)
{
    return status_is_server_fault(status) && status->code != STATUS_UNAVAILABLE &&
           status->code != STATUS_RESOURCE_EXHAUSTED;
}

static void log_call(struct surface *surface, const struct call *call, uint64_t now_ns)
{
    const uint64_t duration_ns = now_ns - call->start_ns;
    const bool is_slow = surface->slow_ns != 0 && duration_ns >= surface->slow_ns;
    const bool is_kept = is_slow || status_is_server_fault(&call->status);
    const enum log_level level = is_slow || is_warning(&call->status) ? LOG_LEVEL_WARN : LOG_LEVEL_INFO;
    if (!log_enabled(surface->log, level))
        return;
    struct sampler *sampler = &surface->samples[call->status.code != STATUS_OK];
    const uint64_t stands_for = is_kept ? 1 : sampler_take(sampler, now_ns);
    if (stands_for == 0)
        return;
    const struct log_field calls = {.name = stands_for > 1 ? "stands_for" : NULL,
                                    .number = (int64_t)stands_for};
    log_line(surface->log, level, "call", LOG_STR("method", call->method),
             LOG_STR("code", status_code_name(call->status.code)),
             LOG_INT("duration_us", duration_ns / NS_PER_US), LOG_STR("request_id", call->request_id),
             LOG_OPT("principal", call->principal), LOG_OPT("peer", call->peer),
             LOG_OPT("order_id", call->order_id), LOG_OPT("trace_id", call->trace.id),
             LOG_OPT("span_id", call->trace.span), LOG_OPT("parent_id", call->trace.parent), calls);
}

static void surface_note(const struct surface_call *call)
{
    struct surface *surface = call->surface;
    const struct call *base = &call->call;
    const uint64_t now_ns = time_monotonic_ns();
    if (call->caller != NULL && call->caller->is_probe)
        return;
    call_metrics_record(&surface->counts, call->target.method, base->status.code, now_ns - base->start_ns);
    metric_add(call->entry.account->series->requests[outcome_of(&base->status)], 1);
    log_call(surface, base, now_ns);
}

void surface_answered(struct surface_call *call, size_t bytes)
{
    surface_note(call);
    admission_answer(call->surface->admission, &call->entry, call->bytes, bytes);
    call->bytes = bytes;
}

void surface_leave(struct surface_call *call)
{
    admission_leave(call->surface->admission, &call->entry, call->bytes);
    call->bytes = 0;
}

void surface_abandon(struct surface_call *call)
{
    call->is_done = true;
    admission_answer(call->surface->admission, &call->entry, call->bytes, 0);
    admission_leave(call->surface->admission, &call->entry, 0);
    call->bytes = 0;
}
