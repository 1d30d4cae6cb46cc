/* session.c: settings become a client, which calls. */
#include "session.h"

#include "base/call.h"
#include "orders/v1/orders.pb-c.h"
#include "reach.h"
#include "report.h"
#include "session_settings.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { REACH_MS = 1000 };

/* --- the client --- */

/* The client's threads inherit this mask: the signals are for the main thread, which waits for them. */
static struct rpc_client *open_client(const struct rpc_client_options *client, char *error, size_t error_size)
{
    sigset_t ends, before;
    interrupt_signals(&ends);
    pthread_sigmask(SIG_BLOCK, &ends, &before);
    struct rpc_client *opened = rpc_client_open(client, error, error_size);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return opened;
}

enum exit_code session_open(struct session *session, enum session_need need)
{
    char error[1024];
    if (need == SESSION_NEEDS_NOTHING)
        return EXIT_OK;
    const enum exit_code code = session_settings_read(session, need);
    if (code != EXIT_OK || need == SESSION_NEEDS_OUTPUT)
        return code;
    const struct rpc_client_options client = {
        .urls = session->config.connect,
        .api_key = session->config.api_key,
        .timeout_ms = session->timeout_ms,
        .names_servers = session->verbose,
        .tls = {session->config.tls_ca, session->config.tls_cert, session->config.tls_key},
    };
    session->client = open_client(&client, error, sizeof error);
    if (session->client != NULL)
        return EXIT_OK;
    report("%s", error);
    return EXIT_BAD_CONFIG;
}

void session_close(struct session *session)
{
    rpc_client_close(session->client);
    if (session->answered > 0)
        close(session->answered);
    config_free(&session->config);
}

/* Somebody who waits for an answer, and for Ctrl-C. */
struct answer_wait {
    int answered; /* the session's */
    _Atomic(struct rpc_reply *) reply;
};

static void wake(struct rpc_reply *reply, void *arg)
{
    struct answer_wait *waiter = arg;
    const int answered = waiter->answered;
    atomic_store(&waiter->reply, reply); /* the waiter may be gone from here on */
    eventfd_write(answered, 1);
}

/* Closing the client ends the call: it is answered then, if it was not. */
static struct rpc_reply *call_until_interrupt(struct session *session, const struct rpc_request *request)
{
    if (session->answered <= 0)
        session->answered = eventfd(0, EFD_CLOEXEC);
    if (session->answered < 0)
        return rpc_client_call_wait(session->client, request);
    struct answer_wait waiter = {.answered = session->answered};
    eventfd_t answers;
    rpc_client_call(session->client, request, wake, &waiter);
    const bool interrupted = !interrupt_wait(session->interrupt, session->answered);
    if (interrupted) {
        rpc_client_close(session->client);
        session->client = NULL;
    }
    eventfd_read(session->answered, &answers);
    struct rpc_reply *reply = atomic_load(&waiter.reply);
    if (interrupted)
        status_set(&reply->status, &reply->arena, STATUS_CANCELLED, "Interrupted");
    rpc_reply_unpack(reply);
    return reply;
}

/* Whether the same call may go well later. */
static bool may_pass(enum status_code code)
{
    return code == STATUS_UNAVAILABLE || code == STATUS_DEADLINE_EXCEEDED ||
           code == STATUS_RESOURCE_EXHAUSTED;
}

const char **session_details(const struct session *session, const struct status *status, bool unreachable,
                             struct arena *arena)
{
    const char **details = arena_calloc(arena, SESSION_DETAILS + 1, sizeof *details);
    const char *const *urls = session->config.connect;
    const enum status_code code = status->code;
    size_t n = 0, listed = 0;
    while (listed < SESSION_DETAILS - 2 && urls[listed] != NULL)
        listed++;
    for (size_t i = 0; i < listed && unreachable; i++)
        details[n++] = reach_describe(urls[i], REACH_MS / (int)listed, arena);
    if ((code == STATUS_UNAUTHENTICATED || code == STATUS_PERMISSION_DENIED) &&
        session->key_origin[0] != '\0')
        details[n++] = arena_printf(arena, "the key is from %s", session->key_origin);
    return details;
}

static void tell_failure(struct session *session, const struct rpc_reply *reply)
{
    const struct status *status = &reply->status;
    struct arena arena;
    if (session->lasts && may_pass(status->code)) {
        snprintf(session->passing, sizeof session->passing, "%s: %s", status_code_name(status->code),
                 status->message);
        return;
    }
    arena_init(&arena);
    report_status_details(status, session_details(session, status, reply->unreachable, &arena));
    arena_free(&arena);
}

void session_log_call(const struct session *session, struct call_log *log, struct rpc_request *request)
{
    const struct call_log_route route = {
        .urls = session->config.connect,
        .key_origin = session->config.api_key != NULL ? session->key_origin : NULL,
        .timeout_ms = session->timeout_ms != 0 ? session->timeout_ms : CALL_DEFAULT_TIMEOUT_MS,
    };
    log->wanted = session->verbose;
    call_log_begin(log, &route, request);
}

struct rpc_reply *session_try(struct session *session, const struct rpc_request *made)
{
    struct rpc_request request = *made;
    struct call_log log;
    session_log_call(session, &log, &request);
    struct rpc_reply *reply = session->interrupt == NULL ? rpc_client_call_wait(session->client, &request)
                                                         : call_until_interrupt(session, &request);
    call_log_end(&log, reply);
    return reply;
}

static struct rpc_reply *call_and_tell(struct session *session, const struct rpc_request *request)
{
    struct rpc_reply *reply = session_try(session, request);
    if (reply->status.code != STATUS_OK && session->client != NULL)
        tell_failure(session, reply);
    return reply;
}

struct rpc_reply *session_call(struct session *session, const ProtobufCServiceDescriptor *service,
                               const ProtobufCMethodDescriptor *method, const ProtobufCMessage *input)
{
    const struct rpc_request request = {.service = service, .method = method, .input = input};
    return call_and_tell(session, &request);
}

const struct rpc_metadata session_validate_only = {"x-validate-only", "true"};

struct rpc_reply *session_validate(struct session *session, const ProtobufCServiceDescriptor *service,
                                   const ProtobufCMethodDescriptor *method, const ProtobufCMessage *input)
{
    const struct rpc_request request = {.service = service,
                                        .method = method,
                                        .input = input,
                                        .metadata = &session_validate_only,
                                        .n_metadata = 1};
    return call_and_tell(session, &request);
}

struct rpc_reply *session_call_order(struct session *session, const char *method,
                                     const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    return session_call(session, service, protobuf_c_service_descriptor_get_method_by_name(service, method),
                        input);
}
