/* backend.c: call surface, services and store are made once; each call has its own arena, as in the server.
 */
#include "backend.h"

#include "counted_arena.h"
#include "fake_store.h"
#include "fuzz.h"

#include "auth/bootstrap_keys.h"
#include "base/call.h"
#include "base/message.h"
#include "call/surface.h"
#include "rpc/frame.h"
#include "rpc/response.h"
#include "rpc/v1/frame.pb-c.h"
#include "service/health.h"
#include "service/order_service.h"
#include "service/roles.h"

static const char api_key[] = "key";

static struct health health;
static struct fake_store store;
static struct order_service order_service;

static ProtobufCService *const services[] = {&order_service.base.base, &health.service.base};

enum { SERVICES = sizeof services / sizeof services[0] };

static bool always(void *arg, char *why, size_t why_size)
{
    (void)arg;
    (void)why;
    (void)why_size;
    return true;
}

static struct surface *surface(void)
{
    static const char *const names[] = {"orders.v1.OrderService", "rpc.v1.Health", NULL};
    static const struct health_check checks[] = {{always, NULL}, {NULL, NULL}};
    static struct budget memory = {.limit = 64 << 20};
    static const char *const keys[] = {api_key, NULL};
    static struct authenticator authenticator;
    static struct surface *made;
    char error[128];
    if (made != NULL)
        return made;
    fake_store_init(&store);
    order_service_init(&order_service, &store.base);
    health_init(&health, names, checks);
    struct methods *methods = methods_new();
    for (size_t i = 0; i < SERVICES; i++)
        must(methods_add(methods, services[i], roles_find, error, sizeof error));
    authenticator_add(&authenticator, bootstrap_keys_source(keys));
    const struct surface_options options = {
        .methods = methods, .authenticator = &authenticator, .memory = &memory};
    made = surface_new(&options);
    must(made != NULL);
    return made;
}

size_t backend_methods(void)
{
    size_t n = 0;
    surface();
    for (size_t i = 0; i < SERVICES; i++)
        n += services[i]->descriptor->n_methods;
    return n;
}

const ProtobufCMethodDescriptor *backend_method(size_t index, const ProtobufCServiceDescriptor **service)
{
    surface();
    for (size_t i = 0; i < SERVICES; i++) {
        *service = services[i]->descriptor;
        if (index < (*service)->n_methods)
            return &(*service)->methods[index];
        index -= (*service)->n_methods;
    }
    abort();
}

/* --- one call --- */

/* The call, which is the closure data, and what came of it. */
struct under_way {
    struct surface_call call; /* the first member */
    unsigned ended;
    uint8_t *frame; /* owned; the answer as it goes over the wire */
    size_t frame_size;
};

static void check_status(const struct status *status)
{
    must((unsigned)status->code < STATUS_CODES);
    must((status->code == STATUS_OK) == (*status->message == '\0'));
    must(status->n_violations == 0 || status->code == STATUS_INVALID_ARGUMENT);
    for (size_t i = 0; i < status->n_violations; i++) {
        must(*status->violations[i].field != '\0');
        must(*status->violations[i].type != '\0');
        must(*status->violations[i].message != '\0');
    }
}

/* Packs the answer, and resets the arena as the server does: who uses the call behind its end is found out.
 */
static void done(struct surface_call *surface_call, const ProtobufCMessage *message)
{
    struct under_way *under_way = (struct under_way *)surface_call;
    struct call *call = &surface_call->call;
    Rpc__V1__Response head;
    must(++under_way->ended == 1);
    check_status(&call->status);
    must(call->status.code == STATUS_OK || message == NULL);
    response_init(&head, call);
    const struct frame frame = frame_measure(&head.base, message);
    under_way->frame = malloc(frame.size > 0 ? frame.size : 1);
    must(under_way->frame != NULL);
    under_way->frame_size = frame.size;
    frame_pack(&frame, under_way->frame);
    surface_answered(surface_call, frame.size);
    call_forget(call);
    surface_leave(surface_call);
}

static void invoke(struct under_way *under_way, const struct backend_request *request)
{
    struct counted_arena counted;
    struct auth_result auth;
    struct caller caller = {.id = 1};
    struct surface_call *call = &under_way->call;
    surface_call_init(call, surface(), done);
    counted_arena_begin(&counted, &call->call.arena);
    surface_enter(call, &caller, request->payload_size);
    surface_check(surface(), &(struct auth_presented){.api_key = request->with_key ? api_key : NULL}, &auth);
    const struct surface_request surface_request = {
        .method = arena_printf(&call->call.arena, "%s/%s", request->service->name, request->method->name),
        .auth = &auth,
        .request_id = "",
        .validate_only = request->validate_only ? "true" : NULL,
        .payload = {request->payload_size, (uint8_t *)(uintptr_t)request->payload},
    };
    store.outcome = request->outcome;
    store.asked = 0;
    surface_look_up(call, &surface_request);
    surface_run(call, &surface_request);
    must(under_way->ended == 1);
    must(store.asked == 0 || (store.asked == 1 && request->with_key && !request->validate_only));
    must(counted_arena_is_bounded(&counted, request->payload_size));
}

/* Reads the answer, as the client does. */
static const ProtobufCMessage *read_answer(const struct under_way *under_way,
                                           const struct backend_request *request, struct arena *arena,
                                           struct status *status)
{
    const char *why;
    const Rpc__V1__Response *response = message_unpack(&rpc__v1__response__descriptor, SIZE_MAX, arena,
                                                       under_way->frame, under_way->frame_size, &why);
    must(response != NULL);
    for (size_t i = 0; i < response->n_violations; i++)
        status_add_violation_of(status, arena, response->violations[i]->field, response->violations[i]->type,
                                response->violations[i]->parameter, "%s", response->violations[i]->message);
    must(response->code == (Rpc__V1__Code)under_way->call.call.status.code);
    status->code = (enum status_code)response->code;
    status->message = response->message;
    if (status->code != STATUS_OK)
        return NULL;
    const ProtobufCMessage *message = message_unpack(request->method->output, SIZE_MAX, arena,
                                                     response->payload.data, response->payload.len, &why);
    must(message != NULL);
    must(message->n_unknown_fields == 0); /* it is of that type */
    return message;
}

const ProtobufCMessage *backend_call(const struct backend_request *request, struct arena *arena,
                                     struct status *status)
{
    struct under_way under_way = {0};
    *status = STATUS_INIT;
    invoke(&under_way, request);
    const ProtobufCMessage *message = read_answer(&under_way, request, arena, status);
    surface_call_free(&under_way.call);
    free(under_way.frame);
    return message;
}
