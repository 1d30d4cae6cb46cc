/* call.c: any method by its name, with JSON for its messages; and health, the one that needs no JSON to be
 * useful. */
#include "amount.h"
#include "command.h"
#include "json_text.h"
#include "orders/v1/orders.pb-c.h"
#include "output.h"
#include "report.h"
#include "rpc/v1/frame.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "services.h"
#include "json/mapping.h"
#include "json/member_name.h"

#include <stdio.h>
#include <string.h>

/* --- call --- */

struct arguments {
    struct service_method target;
    const char *json;
    enum json_unknown unknown; /* members of it */
    bool dry_run;
};

enum { KEY_DRY_RUN = 0x600 };

static const struct argp_option options[] = {
    {"ignore-unknown", JSON_TEXT_IGNORE_UNKNOWN, NULL, 0,
     "Take JSON with members that are no field, without them"},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "Have the service check the request, and do nothing"},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key == JSON_TEXT_IGNORE_UNKNOWN) {
        arguments->unknown = JSON_UNKNOWN_IGNORED;
        return 0;
    }
    if (key == KEY_DRY_RUN) {
        arguments->dry_run = true;
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
           "standard input. An update without an update_mask has one of the members that are given. When one "
           "of several results is not OK, the exit code is 8.\n\n"
           "  ordersctl call GetOrder '{\"order_id\":\"A-1\"}'\n"
           "  ordersctl call rpc.v1.Health/Check\n",
};

/* --- masks --- */

/* They say which order it is, or are the database's: no update changes them. */
static bool is_changeable(const ProtobufCFieldDescriptor *field)
{
    static const char *const others[] = {"id", "order_id", "created_at", "updated_at", "etag"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(field->name, others[i]) == 0)
            return false;
    }
    return true;
}

/* The paths of the fields that an object has. */
static const char *paths_of(const json_t *object, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    const char *paths = "", *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const ProtobufCFieldDescriptor *field = member_name_find(type, name);
        if (field != NULL && is_changeable(field))
            paths = arena_printf(arena, "%s%s%s", paths, *paths != '\0' ? "," : "", field->name);
    }
    return paths;
}

static const json_t *member_of(const json_t *object, const ProtobufCFieldDescriptor *field)
{
    char camel[MEMBER_NAME_BYTES];
    member_name_camel(field, camel);
    const json_t *member = json_object_get(object, field->name);
    return member != NULL ? member : json_object_get(object, camel);
}

static bool is_no_mask(const json_t *mask)
{
    return mask == NULL || json_is_null(mask) || (json_is_string(mask) && json_string_length(mask) == 0);
}

/* Gives an update that has no mask, or an empty one, one of what it gives. The service would take what is 0
 * or empty for what is not given (AIP-134), and leave that as it was without an error. */
static void give_mask(json_t *request, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    const ProtobufCFieldDescriptor *mask =
        protobuf_c_message_descriptor_get_field_by_name(type, "update_mask");
    const json_t *given = mask != NULL ? member_of(request, mask) : NULL;
    char camel[MEMBER_NAME_BYTES];
    if (mask == NULL || !is_no_mask(given))
        return;
    member_name_camel(mask, camel);
    json_object_del(request, camel);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field == mask)
            continue;
        const char *paths = paths_of(member_of(request, field), field->descriptor, arena);
        json_object_set_new_nocheck(request, mask->name, json_string_nocheck(paths));
    }
}

static bool has_path(const Google__Protobuf__FieldMask *mask, const char *name)
{
    size_t i = 0;
    while (i < mask->n_paths && strcmp(mask->paths[i], name) != 0)
        i++;
    return i < mask->n_paths;
}

/* A currency without an amount may make the integer that stays another amount: whether it does, only who
 * reads the order before can tell (order_changes_check), which no call by itself does. */
static void check_currency(const ProtobufCMessage *request, struct arena *arena, struct status *status)
{
    const Orders__V1__UpdateOrderRequest *update = (const Orders__V1__UpdateOrderRequest *)request;
    if (request->descriptor != &orders__v1__update_order_request__descriptor || status->code != STATUS_OK ||
        update->update_mask == NULL)
        return;
    if (has_path(update->update_mask, "currency") && !has_path(update->update_mask, "total_amount"))
        status_add_violation(status, arena, "order.currency", "amount_missing",
                             "the amount would be another one where the currencies have other decimals: give "
                             "total_amount, too, or use ordersctl update, which looks");
}

static ProtobufCMessage *read_request(const struct arguments *arguments, struct arena *arena,
                                      struct status *status)
{
    const ProtobufCMessageDescriptor *type = arguments->target.method->input;
    ProtobufCMessage *request = arena_alloc(arena, type->sizeof_message);
    protobuf_c_message_init(type, request);
    json_t *json = arguments->json != NULL ? json_text_read(arguments->json, arena, status) : json_object();
    amount_check_members(json, arena, status);
    give_mask(json, type, arena);
    if (json != NULL)
        json_to_message(json, request, arguments->unknown, arena, status);
    json_decref(json);
    check_currency(request, arena, status);
    return request;
}

/* --- results --- */

static bool is_failed(const ProtobufCMessage *result)
{
    const ProtobufCFieldDescriptor *code =
        protobuf_c_message_descriptor_get_field_by_name(result->descriptor, "code");
    return code != NULL && code->descriptor == &rpc__v1__code__descriptor &&
           *(const Rpc__V1__Code *)((const char *)result + code->offset) != RPC__V1__CODE__OK;
}

static bool some_failed(const ProtobufCMessage *const *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_failed(results[i]))
            return true;
    }
    return false;
}

/* Of a call that is OK: some of its results may not be, as of a batch, where each has a code. */
static enum exit_code code_of_results(const ProtobufCMessage *answer)
{
    const ProtobufCMessageDescriptor *type = answer->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *base = (const char *)answer;
        if (field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE &&
            some_failed(*(const ProtobufCMessage *const *const *)(base + field->offset),
                        *(const size_t *)(base + field->quantifier_offset)))
            return EXIT_ROWS_REFUSED;
    }
    return EXIT_OK;
}

/* As the answer to a request that was checked alone is, where there is nothing to say of parts of it. */
static bool is_empty(const ProtobufCMessage *answer)
{
    return answer == NULL || protobuf_c_message_get_packed_size(answer) == 0;
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
        reply = (arguments->dry_run ? session_validate : session_call)(session, arguments->target.service,
                                                                       arguments->target.method, request);
        status.code = reply->status.code;
    }
    enum exit_code code = exit_code_of(status.code);
    if (status.code == STATUS_OK && arguments->dry_run && is_empty(reply->message)) {
        fputs("checked: nothing is wrong with it, and nothing was done\n", stderr);
    } else if (status.code == STATUS_OK) {
        code = code_of_results(reply->message);
        output_json(stdout, session->output, json_from_message(reply->message));
    }
    rpc_reply_free(reply);
    arena_free(&arena);
    return output_end(code);
}

const struct command call_command = {
    "call",   "Call any method with JSON", &call_argp, sizeof(struct arguments), SESSION_NEEDS_SERVICE,
    run_call, .prints_orders = true};

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
