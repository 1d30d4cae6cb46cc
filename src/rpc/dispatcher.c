/* dispatcher.c: a sorted array of full method names. */
#include "rpc/dispatcher.h"

#include "base/fingerprint.h"
#include "base/message.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char key_name[] = "x-api-key"; /* in a request's metadata */

enum { NAME_BYTES_TOLD = 200 }; /* of an unknown method's, which may be of any length */

struct method {
    char *name; /* owned; "orders.v1.OrderService/GetOrder" */
    ProtobufCService *service;
    unsigned index; /* in the service's descriptor */
    enum dispatcher_access access;
};

struct dispatcher {
    const char *api_key;
    struct method *methods; /* owned; by name */
    size_t count;
};

struct dispatcher *dispatcher_new(const char *api_key)
{
    struct dispatcher *dispatcher = calloc(1, sizeof *dispatcher);
    if (dispatcher != NULL)
        dispatcher->api_key = api_key;
    return dispatcher;
}

void dispatcher_free(struct dispatcher *dispatcher)
{
    if (dispatcher == NULL)
        return;
    for (size_t i = 0; i < dispatcher->count; i++)
        free(dispatcher->methods[i].name);
    free(dispatcher->methods);
    free(dispatcher);
}

static int compare_methods(const void *a, const void *b)
{
    return strcmp(((const struct method *)a)->name, ((const struct method *)b)->name);
}

bool dispatcher_add(struct dispatcher *dispatcher, ProtobufCService *service, enum dispatcher_access access)
{
    const ProtobufCServiceDescriptor *descriptor = service->descriptor;
    struct method *methods =
        realloc(dispatcher->methods, (dispatcher->count + descriptor->n_methods) * sizeof *methods);
    if (methods == NULL)
        return false;
    dispatcher->methods = methods;
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        struct method *method = &methods[dispatcher->count];
        *method = (struct method){.service = service, .index = i, .access = access};
        if (asprintf(&method->name, "%s/%s", descriptor->name, descriptor->methods[i].name) < 0)
            return false;
        dispatcher->count++;
    }
    qsort(methods, dispatcher->count, sizeof *methods, compare_methods);
    return true;
}

size_t dispatcher_count(const struct dispatcher *dispatcher)
{
    return dispatcher->count;
}

const char *dispatcher_name(const struct dispatcher *dispatcher, size_t index)
{
    return dispatcher->methods[index].name;
}

static size_t find(const struct dispatcher *dispatcher, const char *name)
{
    const struct method key = {.name = (char *)(uintptr_t)name};
    const struct method *found =
        bsearch(&key, dispatcher->methods, dispatcher->count, sizeof key, compare_methods);
    return found != NULL ? (size_t)(found - dispatcher->methods) : dispatcher->count;
}

struct dispatcher_target dispatcher_look_up(const struct dispatcher *dispatcher,
                                            const Rpc__V1__Request *request)
{
    const size_t method = find(dispatcher, request->method);
    const char *key = frame_metadata(request, key_name);
    return (struct dispatcher_target){
        .method = method,
        .is_open = method < dispatcher->count && dispatcher->methods[method].access == DISPATCHER_OPEN,
        .has_key = key != NULL && secret_equal(key, dispatcher->api_key),
    };
}

static void refuse_without_key(struct call *call, const Rpc__V1__Request *request)
{
    const char *key = frame_metadata(request, key_name);
    if (key == NULL || *key == '\0')
        call_fail(call, STATUS_UNAUTHENTICATED, "API key is missing");
    else
        call_fail(call, STATUS_PERMISSION_DENIED, "Invalid API key");
}

/* Whoever asks that nothing is changed is not to find it done for a word's spelling. */
static bool read_validate_only(struct call *call, const Rpc__V1__Request *request)
{
    const char *value = frame_metadata(request, "x-validate-only");
    call->validate_only = value != NULL && strcmp(value, "true") == 0;
    if (value == NULL || call->validate_only || strcmp(value, "false") == 0)
        return true;
    call_fail(call, STATUS_INVALID_ARGUMENT, "x-validate-only should be \"true\" or \"false\"");
    return false;
}

void dispatcher_invoke(const struct dispatcher *dispatcher, const struct dispatcher_target *target,
                       struct call *call, const Rpc__V1__Request *request, dispatcher_admit *admit,
                       ProtobufCClosure done)
{
    if (target->method == dispatcher->count) {
        call_fail(call, STATUS_UNIMPLEMENTED, "Unknown method \"%.*s\"",
                  (int)utf8_cut(request->method, NAME_BYTES_TOLD), request->method);
        done(NULL, call);
        return;
    }
    const struct method *method = &dispatcher->methods[target->method];
    if (!target->is_open && !target->has_key) {
        refuse_without_key(call, request);
        done(NULL, call);
        return;
    }
    if (!read_validate_only(call, request)) {
        done(NULL, call);
        return;
    }

    const char *why;
    const ProtobufCMessageDescriptor *type = method->service->descriptor->methods[method->index].input;
    const ProtobufCMessage *input =
        message_unpack(type, MESSAGE_MAX_FIELDS, &call->arena, request->payload.data, request->payload.len, &why);
    if (input == NULL) {
        call_fail(call, STATUS_INVALID_ARGUMENT, "The payload is no %s: %s", type->name, why);
        done(NULL, call);
        return;
    }
    if (admit != NULL && !admit(call)) {
        done(NULL, call);
        return;
    }
    call->fingerprint = fingerprint_of(method->name, request->payload.data, request->payload.len);
    method->service->invoke(method->service, method->index, input, done, call);
}
