/* call.c: any method by its name, with JSON for its messages; and health, the one that needs no JSON to be
 * useful. */
#include "amount.h"
#include "command.h"
#include "json_text.h"
#include "output.h"
#include "report.h"
#include "rpc/v1/health.pb-c.h"
#include "services.h"
#include "json/mapping.h"

#include <stdio.h>

/* --- call --- */

struct arguments {
    struct service_method target;
    const char *json;
    enum json_unknown unknown; /* members of it */
};

static const struct argp_option options[] = {
    {"ignore-unknown", JSON_TEXT_IGNORE_UNKNOWN, NULL, 0,
     "Take JSON with members that are no field, without them"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key == JSON_TEXT_IGNORE_UNKNOWN) {
        arguments->unknown = JSON_UNKNOWN_IGNORED;
        return 0;
    }
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "which method? `ordersctl methods' lists them");
    if (key != ARGP_KEY_ARG || state->arg_num > 1)
        return ARGP_ERR_UNKNOWN;
    if (state->arg_num == 1)
        arguments->json = argument;
    else if (!services_find(argument, &arguments->target))
        services_refuse(argument, state);
    return 0;
}

static const struct argp call_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "METHOD [JSON|-]",
    .doc = "Calls any method and prints its answer as JSON.\v"
           "METHOD is a full name or the end of one. JSON is the request (default {}); - reads it from "
           "standard input.\n\n"
           "  ordersctl call GetOrder '{\"order_id\":\"A-1\"}'\n"
           "  ordersctl call rpc.v1.Health/Check\n",
};

static ProtobufCMessage *read_request(const struct arguments *arguments, struct arena *arena,
                                      struct status *status)
{
    const ProtobufCMessageDescriptor *type = arguments->target.method->input;
    ProtobufCMessage *request = arena_alloc(arena, type->sizeof_message);
    protobuf_c_message_init(type, request);
    json_t *json = arguments->json != NULL ? json_text_read(arguments->json, arena, status) : json_object();
    amount_check_members(json, arena, status);
    if (json != NULL)
        json_to_message(json, request, arguments->unknown, arena, status);
    json_decref(json);
    return request;
}

static enum exit_code run_call(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    struct status status = STATUS_INIT;
    struct rpc_reply *reply = NULL;
    struct arena arena;

    arena_init(&arena);
    const ProtobufCMessage *request = read_request(arguments, &arena, &status);
    if (status.code != STATUS_OK) {
        report_status(&status);
    } else {
        reply = session_call(session, arguments->target.service, arguments->target.method, request);
        status.code = reply->status.code;
    }
    if (status.code == STATUS_OK)
        output_json(stdout, session->output, json_from_message(reply->message));
    rpc_reply_free(reply);
    arena_free(&arena);
    return output_end(exit_code_of(status.code));
}

const struct command call_command = {
    "call",  "Call any method with JSON", &call_argp, sizeof(struct arguments), SESSION_NEEDS_SERVICE,
    run_call};

/* --- health --- */

static const struct argp health_argp = {.doc = "Asks the service whether it can serve; needs no API "
                                               "key.\vThe exit code is 0 when it is serving, else 7."};

static void write_health(enum output_format format, json_t *answer)
{
    if (format == OUTPUT_JSON || format == OUTPUT_NDJSON)
        output_json(stdout, format, json_incref(answer));
    else
        printf("%s%s\n", format == OUTPUT_CSV ? "status\n" : "",
               json_string_value(json_object_get(answer, "status")));
    json_decref(answer);
}

static enum exit_code run_health(struct session *session, void *arguments)
{
    const ProtobufCServiceDescriptor *service = &rpc__v1__health__descriptor;
    const Rpc__V1__HealthCheckRequest request = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    (void)arguments;
    struct rpc_reply *reply = session_call(
        session, service, protobuf_c_service_descriptor_get_method_by_name(service, "Check"), &request.base);
    enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK) {
        const Rpc__V1__HealthCheckResponse *answer = (const Rpc__V1__HealthCheckResponse *)reply->message;
        if (answer->status != RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING)
            code = EXIT_UNAVAILABLE;
        if (*answer->reason != '\0')
            report("%s", answer->reason);
        write_health(session->output, json_from_message(&answer->base));
    }
    rpc_reply_free(reply);
    return output_end(code);
}

const struct command health_command = {
    "health", "Ask whether the service can serve", &health_argp, 0, SESSION_NEEDS_SERVICE, run_health};
