/* keys.c: the keys that callers present: create, list, revoke, rotate. */
#include "base/time.h"
#include "command.h"
#include "field_options.h"
#include "output.h"
#include "report.h"
#include "rpc/v1/keys.pb-c.h"
#include "table.h"
#include "json/mapping.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Numbers of the fields of CreateKeyRequest and RotateKeyRequest. */
enum { FIELD_NAME = 1, FIELD_ROLE = 2, FIELD_EXPIRES = 3, FIELD_GRACE = 4 };

enum { KEY_DRY_RUN = 0x300 };

struct verb;

struct arguments {
    const struct verb *verb; /* NULL: not given */
    struct field_options fields;
    bool dry_run;
};

/* What is to be done. */
struct verb {
    const char *name;
    const char *method;
    const ProtobufCMessageDescriptor *request;
    unsigned takes; /* fields that it takes, as bits */
    unsigned needs;
    void (*write)(const struct session *session, const ProtobufCMessage *answer);
    const char *done; /* what becomes of the key; NULL: it changes nothing */
};

/* --- what is answered --- */

/* All fields of these messages are text in JSON; one that is absent is empty. */
static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static void write_csv_titles(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        printf("%s%s", i == 0 ? "" : ",", type->fields[i].name);
    puts("");
}

static void write_csv_row(const ProtobufCMessageDescriptor *type, const json_t *object)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        fputs(i == 0 ? "" : ",", stdout);
        output_csv_cell(stdout, text_of(object, type->fields[i].name));
    }
    puts("");
}

/* A line a field. */
static void write_lines(const struct session *session, const ProtobufCMessageDescriptor *type,
                        const json_t *object)
{
    static const struct table_column untitled[] = {{"", false}, {"", false}};
    struct table table;
    table_init(&table, untitled, 2);
    table.colored = session->screen.colored;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const char *const cells[] = {type->fields[i].name, text_of(object, type->fields[i].name)};
        if (*cells[1] == '\0')
            continue;
        table_add(&table, cells);
        table_style(&table, 0, STYLE_BOLD);
    }
    table_write(&table, stdout);
    table_free(&table);
}

static void write_object(const struct session *session, const ProtobufCMessage *answer)
{
    const ProtobufCMessageDescriptor *type = answer->descriptor;
    json_t *object = json_from_message(answer);
    if (session->output == OUTPUT_TABLE) {
        write_lines(session, type, object);
    } else if (session->output == OUTPUT_CSV) {
        write_csv_titles(type);
        write_csv_row(type, object);
    } else {
        output_json(stdout, session->output, json_incref(object));
    }
    json_decref(object);
}

static void write_issued(const struct session *session, const ProtobufCMessage *answer)
{
    write_object(session, answer);
    if (session->output == OUTPUT_TABLE)
        fputs("Keep the key: it is not shown again.\n", stderr);
}

static void write_table(const struct session *session, const json_t *keys)
{
    static const struct table_column columns[] = {
        {"NAME", false},    {"ROLE", false},      {"ID", false},      {"CREATED", false},
        {"EXPIRES", false}, {"LAST USED", false}, {"REVOKED", false},
    };
    static const char *const fields[] = {"name",       "role",         "id",        "created_at",
                                         "expires_at", "last_used_at", "revoked_at"};
    enum { COLUMNS = sizeof fields / sizeof *fields };
    struct table table;
    size_t i;
    json_t *key;
    table_init(&table, columns, COLUMNS);
    table.colored = session->screen.colored;
    json_array_foreach(keys, i, key)
    {
        const char *cells[COLUMNS];
        for (size_t column = 0; column < COLUMNS; column++)
            cells[column] = text_of(key, fields[column]);
        table_add(&table, cells);
    }
    table_write(&table, stdout);
    table_free(&table);
}

static void write_list(const struct session *session, const ProtobufCMessage *answer)
{
    json_t *list = json_from_message(answer), *keys = json_object_get(list, "keys"), *key;
    size_t i;
    if (session->output == OUTPUT_TABLE) {
        write_table(session, keys);
    } else if (session->output == OUTPUT_JSON) {
        output_json(stdout, OUTPUT_JSON, json_incref(keys));
    } else {
        if (session->output == OUTPUT_CSV)
            write_csv_titles(&rpc__v1__key__descriptor);
        json_array_foreach(keys, i, key)
        {
            if (session->output == OUTPUT_CSV)
                write_csv_row(&rpc__v1__key__descriptor, key);
            else
                output_json(stdout, OUTPUT_NDJSON, json_incref(key));
        }
    }
    json_decref(list);
}

/* --- what is asked --- */

#define FIELD(number) (1U << (number))

static const struct verb verbs[] = {
    {"create", "CreateKey", &rpc__v1__create_key_request__descriptor,
     FIELD(FIELD_NAME) | FIELD(FIELD_ROLE) | FIELD(FIELD_EXPIRES), FIELD(FIELD_NAME) | FIELD(FIELD_ROLE),
     write_issued, "created"},
    {"list", "ListKeys", &rpc__v1__list_keys_request__descriptor, 0, 0, write_list, NULL},
    {"revoke", "RevokeKey", &rpc__v1__revoke_key_request__descriptor, FIELD(FIELD_NAME), FIELD(FIELD_NAME),
     write_object, "revoked"},
    {"rotate", "RotateKey", &rpc__v1__rotate_key_request__descriptor,
     FIELD(FIELD_NAME) | FIELD(FIELD_EXPIRES) | FIELD(FIELD_GRACE), FIELD(FIELD_NAME), write_issued,
     "rotated"},
};

static const struct argp_option options[] = {
    {"role", FIELD_OPTION + FIELD_ROLE, "reader|writer|admin", 0,
     "Of a new key: what it may. A reader's changes nothing, a writer's orders, an admin's keys as well"},
    {"expires", FIELD_OPTION + FIELD_EXPIRES, "TIME", 0,
     "Of a new key: from when on it is refused, such as 2027-01-31 (default: never; of a rotated one as of "
     "the "
     "old)"},
    {"grace", FIELD_OPTION + FIELD_GRACE, "SECONDS", 0,
     "Of a rotation: how long the old key holds besides the new one (default 0)"},
    {"dry-run", KEY_DRY_RUN, NULL, 0,
     "Change nothing: have the service check it, and say what would be done"},
    {0},
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

static error_t take_word(struct arguments *arguments, char *word, struct argp_state *state)
{
    if (state->arg_num == 0) {
        arguments->verb = find_verb(word); /* it is one of args_doc's: line.c has seen to that */
        return 0;
    }
    if (state->arg_num > 1)
        return ARGP_ERR_UNKNOWN;
    arguments->fields.texts[FIELD_NAME] = word;
    return 0;
}

static void check_fields(const struct arguments *arguments, struct argp_state *state)
{
    static const char *const names[] = {[FIELD_NAME] = "NAME",
                                        [FIELD_ROLE] = "--role",
                                        [FIELD_EXPIRES] = "--expires",
                                        [FIELD_GRACE] = "--grace"};
    const struct verb *verb = arguments->verb;
    if (arguments->dry_run && verb->done == NULL)
        argp_error(state, "%s takes no --dry-run", verb->name);
    for (unsigned field = FIELD_NAME; field <= FIELD_GRACE; field++) {
        const bool given = arguments->fields.texts[field] != NULL;
        if (given && (verb->takes & FIELD(field)) == 0)
            argp_error(state, "%s takes no %s", verb->name, names[field]);
        if (!given && (verb->needs & FIELD(field)) != 0)
            argp_error(state, "%s wants a %s", verb->name, names[field]);
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    if (key == ARGP_KEY_ARG)
        return take_word(arguments, argument, state);
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "what is to be done? create, list, revoke or rotate");
    if (key == ARGP_KEY_END && arguments->verb != NULL)
        check_fields(arguments, state);
    if (key == KEY_DRY_RUN)
        arguments->dry_run = true;
    return key == KEY_DRY_RUN || field_options_take(&arguments->fields, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp keys_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "create|list|revoke|rotate [NAME]",
    .doc =
        "Makes, lists, revokes and rotates the keys that callers present; for an admin's key.\v"
        "Each calling service has a key of its own, by its NAME. It is shown once, by create and rotate:\n\n"
        "  ordersctl keys create billing --role writer --output json\n"
        "  ordersctl keys rotate billing --grace 3600\n"
        "  ordersctl keys revoke billing\n",
};

/* --- the dry run --- */

static struct rpc_reply *call(struct session *session, const char *method, const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *service = &rpc__v1__keys__descriptor;
    return session_call(session, service, protobuf_c_service_descriptor_get_method_by_name(service, method),
                        input);
}

/* Has the service check a request, and change nothing. */
static enum exit_code validate(struct session *session, const char *method, const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *service = &rpc__v1__keys__descriptor;
    struct rpc_reply *reply = session_validate(
        session, service, protobuf_c_service_descriptor_get_method_by_name(service, method), input);
    const enum exit_code code = exit_code_of(reply->status.code);
    rpc_reply_free(reply);
    return code;
}

/* Whether a key is one that the service would do this to, or that is in the way of a new one. */
static bool is_meant(const Rpc__V1__Key *key, const struct arguments *arguments)
{
    const struct verb *verb = arguments->verb;
    const int64_t now_s = time_now().seconds;
    const bool ends_later = key->revoked_at != NULL && key->revoked_at->seconds > now_s; /* was rotated */
    const bool expired = key->expires_at != NULL && key->expires_at->seconds <= now_s;
    if (strcmp(key->name, arguments->fields.texts[FIELD_NAME]) != 0)
        return false;
    if (verb->request == &rpc__v1__revoke_key_request__descriptor)
        return key->revoked_at == NULL || ends_later;
    if (verb->request == &rpc__v1__rotate_key_request__descriptor)
        return key->revoked_at == NULL && (!expired || arguments->fields.texts[FIELD_EXPIRES] != NULL);
    return key->revoked_at == NULL;
}

static bool is_any_meant(const Rpc__V1__ListKeysResponse *list, const struct arguments *arguments)
{
    for (size_t i = 0; i < list->n_keys; i++) {
        if (is_meant(list->keys[i], arguments))
            return true;
    }
    return false;
}

static void write_would(const struct session *session, const struct verb *verb, const char *name)
{
    if (session->output == OUTPUT_TABLE)
        printf("%s: would be %s\n", name, verb->done);
    else if (session->output == OUTPUT_CSV)
        printf("name,outcome\n%s,%s\n", name, verb->done);
    else
        output_json(stdout, session->output,
                    json_pack("{ss ss sb}", "name", name, "outcome", verb->done, "dry_run", 1));
}

/* The service looks at the request alone; which keys there are, the list says. */
static enum exit_code look(struct session *session, const struct arguments *arguments)
{
    const Rpc__V1__ListKeysRequest request = RPC__V1__LIST_KEYS_REQUEST__INIT;
    struct status status = STATUS_INIT;
    struct rpc_reply *reply = call(session, "ListKeys", &request.base);
    enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK) {
        const bool creates = arguments->verb->request == &rpc__v1__create_key_request__descriptor;
        const bool there = is_any_meant((const Rpc__V1__ListKeysResponse *)reply->message, arguments);
        if (creates && there)
            status_set(&status, &reply->arena, STATUS_ALREADY_EXISTS,
                       "This name has a key already; rotate or revoke that");
        else if (!creates && !there)
            status_set(&status, &reply->arena, STATUS_NOT_FOUND, "No key of this name holds");
        code = status.code != STATUS_OK ? report_status(&status) : EXIT_OK;
    }
    rpc_reply_free(reply);
    if (code == EXIT_OK)
        write_would(session, arguments->verb, arguments->fields.texts[FIELD_NAME]);
    return output_end(code);
}

static enum exit_code look_only(struct session *session, const struct arguments *arguments,
                                const ProtobufCMessage *request)
{
    const enum exit_code code = validate(session, arguments->verb->method, request);
    return code == EXIT_OK ? look(session, arguments) : code;
}

/* --- all of it --- */

static enum exit_code make_call(struct session *session, const struct verb *verb,
                                const ProtobufCMessage *request)
{
    struct rpc_reply *reply = call(session, verb->method, request);
    const enum exit_code code = exit_code_of(reply->status.code);
    if (code == EXIT_OK)
        verb->write(session, reply->message);
    rpc_reply_free(reply);
    return output_end(code);
}

static enum exit_code keys_run(struct session *session, void *input)
{
    const struct arguments *arguments = input;
    const struct verb *verb = arguments->verb;
    struct status status = STATUS_INIT;
    struct arena arena;

    arena_init(&arena);
    ProtobufCMessage *request = arena_alloc(&arena, verb->request->sizeof_message);
    protobuf_c_message_init(verb->request, request);
    field_options_apply(&arguments->fields, request, &arena, &status);
    const enum exit_code code = status.code != STATUS_OK ? report_status(&status)
                                : arguments->dry_run     ? look_only(session, arguments, request)
                                                         : make_call(session, verb, request);
    arena_free(&arena);
    return code;
}

const struct command keys_command = {
    "keys",  "Make, list, revoke and rotate keys", &keys_argp, sizeof(struct arguments), SESSION_NEEDS_KEY,
    keys_run};
