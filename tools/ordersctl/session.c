/* session.c: options become settings, settings a client. */
#include "session.h"

#include "orders/v1/orders.pb-c.h"
#include "report.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_CONNECT = 0x400, KEY_API_KEY_FILE, KEY_TIMEOUT, KEY_OUTPUT, KEY_MAX_BYTES = 4096 };

enum { TIMEOUT_MAX_S = 24 * 60 * 60 };

static const struct argp_option options[] = {
    {"connect", KEY_CONNECT, "URL[,URL]", 0, "Where the service listens, instead of ORDERS_CONNECT"},
    {"api-key-file", KEY_API_KEY_FILE, "FILE", 0, "File that holds the API key, instead of API_KEY"},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "How long to wait for an answer (default 30)"},
    {"output", KEY_OUTPUT, "FORMAT", 0, "table, for people (default, also on a pipe); json, for programs"},
    {0},
};

/* The first line of a file, for config_load to check as it checks the variable. */
static void take_key_file(const char *path)
{
    char line[KEY_MAX_BYTES] = "";
    FILE *file = fopen(path, "re");
    if (file == NULL || (fgets(line, sizeof line, file) == NULL && ferror(file)))
        report("--api-key-file: cannot read %s: %s", path, strerror(errno));
    line[strcspn(line, "\r\n")] = '\0';
    if (file != NULL && line[0] == '\0')
        report("--api-key-file: the first line of %s is empty; it is to be the key", path);
    if (file != NULL)
        (void)fclose(file);
    if (line[0] == '\0')
        exit(EXIT_BAD_CONFIG);
    setenv("API_KEY", line, 1);
}

static void take_timeout(struct session *session, const char *text, struct argp_state *state)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= TIMEOUT_MAX_S))
        argp_error(state, "--timeout: \"%s\" is not a number of seconds from 0.001 to %d", text,
                   TIMEOUT_MAX_S);
    session->timeout_ms = (uint32_t)lround(seconds * 1000);
}

static void take_output(struct session *session, const char *text, struct argp_state *state)
{
    const bool json = strcmp(text, "json") == 0;
    if (!json && strcmp(text, "table") != 0)
        argp_error(state, "--output: \"%s\" is not table or json", text);
    session->output = json ? OUTPUT_JSON : OUTPUT_TABLE;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct session *session = state->input;
    switch (key) {
    case KEY_CONNECT:
        setenv("ORDERS_CONNECT", argument, 1);
        return 0;
    case KEY_API_KEY_FILE:
        take_key_file(argument);
        return 0;
    case KEY_TIMEOUT:
        take_timeout(session, argument, state);
        return 0;
    case KEY_OUTPUT:
        take_output(session, argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp session_argp = {.options = options, .parser = parse};

/* The client's threads inherit this mask: SIGINT and SIGTERM are for the main thread, which import waits for
 * them in. */
static struct rpc_client *open_client(const struct rpc_client_options *client, char *error, size_t error_size)
{
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
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
    if (!config_load(&session->config, need == SESSION_NEEDS_KEY ? CONFIG_API_KEY : 0, error, sizeof error)) {
        report("%s", error);
        return EXIT_BAD_CONFIG;
    }
    const struct rpc_client_options client = {
        .urls = session->config.connect,
        .api_key = session->config.api_key,
        .timeout_ms = session->timeout_ms,
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
    config_free(&session->config);
}

struct rpc_reply *session_call(struct session *session, const ProtobufCServiceDescriptor *service,
                               const ProtobufCMethodDescriptor *method, const ProtobufCMessage *input)
{
    const struct rpc_request request = {.service = service, .method = method, .input = input};
    struct rpc_reply *reply = rpc_client_call_wait(session->client, &request);
    if (reply->status.code != STATUS_OK)
        report_status(&reply->status);
    return reply;
}

struct rpc_reply *session_call_order(struct session *session, const char *method,
                                     const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    return session_call(session, service, protobuf_c_service_descriptor_get_method_by_name(service, method),
                        input);
}
