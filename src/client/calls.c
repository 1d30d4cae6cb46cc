/* calls.c: a client, its errors, and calls of any method on rpc/client. Answers are unpacked for the
 * caller to own, with malloc, so that they are freed as protobuf-c's users are used to. */
#include "client/calls.h"

#include "base/status.h"
#include "rpc/client.h"
#include "rpc/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)RPC__V1__CODE__UNAUTHENTICATED == STATUS_UNAUTHENTICATED, "codes are those of the wire");

/* A client is two, on the same connections: the one that its user has opened, and behind it the one whose
 * calls only validate. */
enum { VALIDATING = 1, CLIENTS };

struct orders_client {
    struct rpc_client *rpc; /* the first one's */
    bool validate_only;
};

/* --- errors --- */

struct owned_error {
    struct orders_error error; /* what the caller has a pointer to */
    struct rpc_reply *reply;   /* owned, and owns what the error points to; NULL: that is text */
    char text[];
};

struct orders_error client_no_memory = {
    .code = RPC__V1__CODE__RESOURCE_EXHAUSTED,
    .message = "No memory for a further call",
    .request_id = "",
};

const char *orders_code_name(Rpc__V1__Code code)
{
    return status_code_name((enum status_code)code);
}

static struct orders_error *make_error(Rpc__V1__Code code, const char *why)
{
    const size_t size = strlen(why) + 1;
    struct owned_error *owned = calloc(1, sizeof *owned + size);
    if (owned == NULL)
        return &client_no_memory;
    memcpy(owned->text, why, size);
    owned->error = (struct orders_error){.code = code, .message = owned->text, .request_id = ""};
    return &owned->error;
}

/* Makes what was kept for it the error of a call that failed. */
static struct orders_error *fill_error(struct owned_error *owned, struct rpc_reply *reply)
{
    const struct status *status = &reply->status;
    owned->reply = reply;
    owned->error = (struct orders_error){
        .code = (Rpc__V1__Code)status->code,
        .message = status->message,
        .request_id = reply->request_id,
    };
    if (status->n_violations == 0)
        return &owned->error;
    owned->error.violations = frame_violations(&reply->status, &reply->arena);
    if (owned->error.violations != NULL) {
        owned->error.n_violations = status->n_violations;
    } else {
        owned->error.code = RPC__V1__CODE__RESOURCE_EXHAUSTED;
        owned->error.message = "No memory for the fields that were refused";
    }
    return &owned->error;
}

void orders_error_free(struct orders_error *error)
{
    struct owned_error *owned = (struct owned_error *)error; /* its first member */
    if (error == NULL || error == &client_no_memory)
        return;
    rpc_reply_free(owned->reply);
    free(owned);
}

/* --- opening and closing --- */

static Rpc__V1__Code code_of_errno(int failed)
{
    if (failed == EINVAL)
        return RPC__V1__CODE__INVALID_ARGUMENT;
    return failed == ENOTSUP ? RPC__V1__CODE__FAILED_PRECONDITION : RPC__V1__CODE__RESOURCE_EXHAUSTED;
}

struct orders_client *orders_client_open(const struct orders_client_options *options,
                                         struct orders_error **error)
{
    return orders_client_open_tls(options, &(struct orders_tls){0}, error);
}

struct orders_client *orders_client_open_tls(const struct orders_client_options *options,
                                             const struct orders_tls *tls, struct orders_error **error)
{
    char why[512] = "no memory for a client";
    const struct rpc_client_options rpc = {
        .urls = options->servers,
        .api_key = options->api_key,
        .timeout_ms = options->timeout_ms,
        .connect_timeout_ms = options->connect_timeout_ms != 0 ? options->connect_timeout_ms : UINT32_MAX,
        .retries = !options->no_retries,
        .tls = {tls->ca, tls->cert, tls->cert_key},
    };
    struct orders_client *client = calloc(CLIENTS, sizeof *client);
    if (client != NULL) /* else errno is ENOMEM, as it is then with rpc_client_open */
        client->rpc = rpc_client_open(&rpc, why, sizeof why);
    const int failed = errno;
    if (error != NULL)
        *error = NULL;
    if (client != NULL && client->rpc != NULL) {
        client[VALIDATING] = (struct orders_client){client->rpc, .validate_only = true};
        return client;
    }
    if (error != NULL)
        *error = make_error(code_of_errno(failed), why);
    free(client);
    return NULL;
}

struct orders_client *orders_client_validate_only(struct orders_client *client)
{
    return client->validate_only ? client : &client[VALIDATING];
}

bool orders_cancel(struct orders_client *client, const char *request_id)
{
    return request_id != NULL && *request_id != '\0' && rpc_client_cancel(client->rpc, request_id);
}

void orders_client_close(struct orders_client *client)
{
    if (client == NULL || client->validate_only)
        return;
    rpc_client_close(client->rpc);
    free(client);
}

/* --- calls --- */

/* Whether the last answer that this thread was given was that of an earlier call. */
static _Thread_local bool replayed;

bool orders_replayed(void)
{
    return replayed;
}

/* A call that fails is always told why, and under which request_id: the memory for that is taken before it is
 * made. */

/* A call on its way to rpc/client, with what it points to. */
struct pending_call {
    struct rpc_request request;
    struct rpc_metadata metadata[2];
};

/* The request. Returns what is wrong with it, NULL: nothing. */
static const char *fill_call(struct pending_call *call, const struct orders_client *client,
                             const struct orders_call *options, const struct client_method *method,
                             const ProtobufCMessage *input)
{
    static const struct orders_call none;
    if (options == NULL)
        options = &none;
    /* On the wire "" is none, and a write that is sent again under none is made again. */
    const bool named = options->request_id != NULL && options->request_id[0] != '\0';
    call->request = (struct rpc_request){
        .service = method->service,
        .method = protobuf_c_service_descriptor_get_method_by_name(method->service, method->name),
        .input = input,
        .request_id = named ? options->request_id : NULL,
        .timeout_ms = options->timeout_ms,
        .metadata = call->metadata,
    };
    if (options->traceparent != NULL)
        call->metadata[call->request.n_metadata++] =
            (struct rpc_metadata){"traceparent", options->traceparent};
    if (client->validate_only)
        call->metadata[call->request.n_metadata++] = (struct rpc_metadata){"x-validate-only", "true"};
    if (call->request.method == NULL)
        return "The service has no such method";
    /* A program may have code of its own for the same message. */
    if (strcmp(input->descriptor->name, call->request.method->input->name) != 0)
        return "The method takes another message";
    return NULL;
}

/* Takes what a call ended with; `failure` was kept for its error. NULL: *error says why. */
static ProtobufCMessage *take_answer(struct rpc_reply *reply, struct owned_error *failure,
                                     struct orders_error **error)
{
    ProtobufCMessage *message = rpc_reply_take(reply);
    replayed = reply->replayed;
    *error = message == NULL ? fill_error(failure, reply) : NULL;
    if (message != NULL) {
        rpc_reply_free(reply);
        free(failure);
    }
    return message;
}

/* Makes a call and waits. NULL: *error says why. */
static ProtobufCMessage *make_call(struct orders_client *client, const struct orders_call *options,
                                   const struct client_method *method, const ProtobufCMessage *input,
                                   struct orders_error **error)
{
    struct pending_call call;
    const char *wrong = fill_call(&call, client, options, method, input);
    struct owned_error *failure = wrong == NULL ? calloc(1, sizeof *failure) : NULL;
    replayed = false;
    if (failure == NULL) {
        *error = wrong != NULL ? make_error(RPC__V1__CODE__INVALID_ARGUMENT, wrong) : &client_no_memory;
        return NULL;
    }
    return take_answer(rpc_client_call_wait_packed(client->rpc, &call.request), failure, error);
}

void *client_call(struct orders_client *client, const struct orders_call *options,
                  const struct client_method *method, const ProtobufCMessage *input,
                  struct orders_error **error)
{
    struct orders_error *why;
    ProtobufCMessage *message = make_call(client, options, method, input, &why);
    if (error != NULL)
        *error = why;
    else
        orders_error_free(why);
    return message;
}

/* A call under way, and whom its end is told. */
struct pending {
    struct owned_error *failure;
    struct client_end end;
};

static void end_call(struct rpc_reply *reply, void *arg)
{
    struct pending *pending = arg;
    const struct client_end end = pending->end;
    struct orders_error *error;
    ProtobufCMessage *message = take_answer(reply, pending->failure, &error);
    free(pending);
    end.deliver(&end, message, error);
}

void client_call_async(struct orders_client *client, const struct orders_call *options,
                       const struct client_method *method, const ProtobufCMessage *input,
                       const struct client_end *end)
{
    struct pending_call call;
    const char *wrong = fill_call(&call, client, options, method, input);
    struct owned_error *failure = wrong == NULL ? calloc(1, sizeof *failure) : NULL;
    struct pending *pending = failure != NULL ? malloc(sizeof *pending) : NULL;
    if (pending == NULL) {
        free(failure);
        replayed = false;
        end->deliver(end, NULL,
                     wrong != NULL ? make_error(RPC__V1__CODE__INVALID_ARGUMENT, wrong) : &client_no_memory);
        return;
    }
    *pending = (struct pending){failure, *end};
    rpc_client_call(client->rpc, &call.request, end_call, pending);
}
