/* main.c: orders-load, the load client of tools/bench: keeps requests in flight and prints one line of JSON.
 */
#include "load.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum {
    IN_FLIGHT_MAX = 8192,
    CLIENTS_MAX = 10000,
    BATCH_MAX = 1000,
    PAYLOAD_MAX = 1 << 20,
    SECONDS_MAX = 3600
};

enum option_key {
    KEY_URL = 'u',
    KEY_CASE = 'c',
    KEY_IN_FLIGHT = 'n',
    KEY_SECONDS = 's',
    KEY_KEYS = 0x100,
    KEY_FIRST_KEY,
    KEY_ONE_DAY,
    KEY_DEPTH,
    KEY_BATCH,
    KEY_PAYLOAD,
    KEY_CLIENTS,
    KEY_BACK_OFF,
    KEY_MAY_FAIL
};

static const struct argp_option options[] = {
    {"url", KEY_URL, "URL", 0, "nng URL of the service; of the echo's own server", 0},
    {"case", KEY_CASE, "CASE", 0,
     "create, get, update, mix, list, summary, summary-after-create, batch, echo or idle", 0},
    {"in-flight", KEY_IN_FLIGHT, "N", 0, "requests under way at once (1)", 0},
    {"seconds", KEY_SECONDS, "S", 0, "how long, after warming up (1)", 0},
    {"keys", KEY_KEYS, "N", 0, "orders bench-1 to bench-N are there (1)", 0},
    {"first-key", KEY_FIRST_KEY, "N", 0, "those orders are bench-N and on (1)", 0},
    {"one-day", KEY_ONE_DAY, NULL, 0, "new orders are all of one day and currency", 0},
    {"depth", KEY_DEPTH, "N", 0, "list: the page behind the first N orders (0)", 0},
    {"batch", KEY_BATCH, "N", 0, "batch: orders in a request (500)", 0},
    {"payload", KEY_PAYLOAD, "BYTES", 0, "echo: what goes there and back (1)", 0},
    {"clients", KEY_CLIENTS, "N", 0, "idle: connections (1)", 0},
    {"back-off", KEY_BACK_OFF, NULL, 0,
     "a request that is refused with RESOURCE_EXHAUSTED is no failure, "
     "but made again after about a second",
     0},
    {"may-fail", KEY_MAY_FAIL, NULL, 0,
     "a request that fails is counted, and another made after about a second; without it, the first failure "
     "ends the run",
     0},
    {0},
};

static uint64_t read_number(const char *text, uint64_t min, uint64_t max, struct argp_state *state)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number < min || number > max)
        argp_error(state, "\"%s\" is no number from %ju to %ju", text, (uintmax_t)min, (uintmax_t)max);
    return number;
}

static double read_seconds(const char *text, struct argp_state *state)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0 && seconds <= SECONDS_MAX))
        argp_error(state, "\"%s\" is no number of seconds up to %d", text, SECONDS_MAX);
    return seconds;
}

static error_t take_option(int key, char *argument, struct argp_state *state)
{
    struct load_options *load = state->input;
    switch (key) {
    case KEY_URL:
        load->url = argument;
        return 0;
    case KEY_CASE:
        load->case_name = argument;
        return 0;
    case KEY_IN_FLIGHT:
        load->in_flight = read_number(argument, 1, IN_FLIGHT_MAX, state);
        return 0;
    case KEY_SECONDS:
        load->seconds = read_seconds(argument, state);
        return 0;
    case KEY_KEYS:
        load->keys = read_number(argument, 1, UINT32_MAX, state);
        return 0;
    case KEY_FIRST_KEY:
        load->first_key = read_number(argument, 1, UINT32_MAX, state);
        return 0;
    case KEY_ONE_DAY:
        load->one_day = true;
        return 0;
    case KEY_DEPTH:
        load->depth = read_number(argument, 0, UINT32_MAX, state);
        return 0;
    case KEY_BATCH:
        load->batch = read_number(argument, 1, BATCH_MAX, state);
        return 0;
    case KEY_PAYLOAD:
        load->payload_bytes = read_number(argument, 1, PAYLOAD_MAX, state);
        return 0;
    case KEY_CLIENTS:
        load->clients = read_number(argument, 1, CLIENTS_MAX, state);
        return 0;
    case KEY_BACK_OFF:
        load->back_off = true;
        return 0;
    case KEY_MAY_FAIL:
        load->may_fail = true;
        return 0;
    case ARGP_KEY_END:
        if (load->url == NULL || load->case_name == NULL)
            argp_error(state, "--url and --case are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .doc = "Puts load on the order service. API_KEY is its key, and AUTHORIZATION "
               "what is presented in its place, like \"Bearer TOKEN\"."};
    struct load_options load = {
        .api_key = getenv("API_KEY"),
        .authorization = getenv("AUTHORIZATION"),
        .in_flight = 1,
        .seconds = 1,
        .first_key = 1,
        .keys = 1,
        .batch = 500,
        .payload_bytes = 1,
        .clients = 1,
    };
    argp_parse(&argp, argc, argv, 0, NULL, &load);

    if (strcmp(load.case_name, "echo") == 0)
        return load_echo(&load);
    if (strcmp(load.case_name, "idle") == 0)
        return load_idle(&load);
    if (load_orders_has(load.case_name))
        return load_orders(&load);
    argp_help(&argp, stderr, ARGP_HELP_STD_USAGE, argv[0]);
    return EXIT_FAILURE;
}
