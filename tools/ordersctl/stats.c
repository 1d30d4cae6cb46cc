/* stats.c: what a server is doing: rates between two readings of its metrics, and what is at this moment. */
#include "command.h"
#include "figures.h"
#include "output.h"
#include "report.h"
#include "table.h"
#include "watch.h"

#include "base/time.h"

#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXACT_MOST 9007199254740992.0 /* the whole numbers below are exact */

enum { ONCE_MS = 1000, READINGS_MOST = 5 };

/* What a server counted, at one moment. */
struct sample {
    struct rpc_reply *reply; /* owned; NULL: there is none */
    uint64_t taken_ns;
};

struct arguments {
    struct watch watch;
    struct sample last; /* what the next one is compared with */
};

/* --- what there is to tell --- */

/* Codes that say the service failed its caller; all others but OK say that the caller asked for the wrong
 * thing. */
static const char *const failures[] = {"UNKNOWN",  "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED",
                                       "INTERNAL", "UNAVAILABLE",       "DATA_LOSS"};

struct method_figures {
    const char *name;
    double requests, refused, failed; /* a second */
    double p50_s, p99_s;
};

struct lane_figures {
    const char *name;
    double batches, operations; /* a second */
    double batch;               /* operations in one */
    double wait_p50_s, wait_p99_s;
    double waiting, connected, busy;
};

static double per_second(const struct figures *figures, const char *name, const struct figures_label *labels)
{
    return figures_gain(figures, name, labels) / figures->seconds;
}

static struct method_figures method_figures(const struct figures *figures, const char *method)
{
    static const char requests[] = "orders_rpc_requests_total",
                      duration[] = "orders_rpc_request_duration_seconds";
    const struct figures_label *labels = FIGURES_LABELS({"method", method});
    struct method_figures told = {
        .name = method,
        .requests = per_second(figures, requests, labels),
        .p50_s = figures_quantile(figures, duration, labels, 0.5),
        .p99_s = figures_quantile(figures, duration, labels, 0.99),
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        told.failed +=
            per_second(figures, requests, FIGURES_LABELS({"method", method}, {"code", failures[i]}));
    told.refused = told.requests - told.failed -
                   per_second(figures, requests, FIGURES_LABELS({"method", method}, {"code", "OK"}));
    return told;
}

static struct lane_figures lane_figures(const struct figures *figures, const char *lane)
{
    static const char connections[] = "orders_store_connections", wait[] = "orders_store_queue_wait_seconds";
    const struct figures_label *labels = FIGURES_LABELS({"lane", lane});
    struct lane_figures told = {
        .name = lane,
        .batches = per_second(figures, "orders_store_batch_operations_count", labels),
        .operations = per_second(figures, "orders_store_batch_operations_sum", labels),
        .wait_p50_s = figures_quantile(figures, wait, labels, 0.5),
        .wait_p99_s = figures_quantile(figures, wait, labels, 0.99),
        .waiting = figures_now(figures, "orders_store_queue_operations", labels),
        .busy = figures_now(figures, connections, FIGURES_LABELS({"lane", lane}, {"state", "busy"})),
    };
    told.batch = told.batches > 0 ? told.operations / told.batches : NAN;
    told.connected =
        told.busy + figures_now(figures, connections, FIGURES_LABELS({"lane", lane}, {"state", "idle"}));
    return told;
}

/* The next value of a label among a family's samples, which has them side by side. NULL: there is none. */
static const char *next_value(const struct figures *figures, const char *family, const char *label,
                              size_t *at)
{
    const Rpc__V1__MetricFamily *found = figures_family(figures->after, family);
    while (found != NULL && *at < found->n_samples) {
        const char *value = figures_label(found->samples[*at], label);
        const char *last = *at > 0 ? figures_label(found->samples[*at - 1], label) : "";
        ++*at;
        if (strcmp(value, last) != 0)
            return value;
    }
    return NULL;
}

static const char *next_method(const struct figures *figures, size_t *at)
{
    return next_value(figures, "orders_rpc_requests_total", "method", at);
}

static const char *next_lane(const struct figures *figures, size_t *at)
{
    return next_value(figures, "orders_store_queue_operations", "lane", at);
}

/* --- for programs --- */

/* A whole one as such; what is not a number is null. */
static json_t *number(double value)
{
    if (!isfinite(value))
        return json_null();
    return value == floor(value) && fabs(value) < EXACT_MOST ? json_integer((json_int_t)value)
                                                             : json_real(value);
}

static json_t *methods_to_json(const struct figures *figures)
{
    json_t *list = json_array();
    size_t at = 0;
    for (const char *name; (name = next_method(figures, &at)) != NULL;) {
        const struct method_figures told = method_figures(figures, name);
        json_array_append_new(list,
                              json_pack("{ss so so so so so}", "method", told.name, "requests_per_second",
                                        number(told.requests), "refused_per_second", number(told.refused),
                                        "failed_per_second", number(told.failed), "p50_seconds",
                                        number(told.p50_s), "p99_seconds", number(told.p99_s)));
    }
    return list;
}

static json_t *lanes_to_json(const struct figures *figures)
{
    json_t *list = json_array();
    size_t at = 0;
    for (const char *name; (name = next_lane(figures, &at)) != NULL;) {
        const struct lane_figures told = lane_figures(figures, name);
        json_array_append_new(
            list,
            json_pack("{ss so so so so so so so so}", "lane", told.name, "batches_per_second",
                      number(told.batches), "operations_per_second", number(told.operations),
                      "operations_per_batch", number(told.batch), "wait_p50_seconds", number(told.wait_p50_s),
                      "wait_p99_seconds", number(told.wait_p99_s), "operations_waiting", number(told.waiting),
                      "connections", number(told.connected), "connections_busy", number(told.busy)));
    }
    return list;
}

static json_t *process_to_json(const struct figures *figures)
{
    static const struct {
        const char *member, *sample;
    } members[] = {
        {"resident_memory_bytes", "process_resident_memory_bytes"},
        {"open_files", "process_open_fds"},
        {"start_time_seconds", "process_start_time_seconds"},
        {"rpc_connections", "orders_rpc_connections"},
        {"rpc_requests_in_flight", "orders_rpc_requests_in_flight"},
        {"http_connections", "orders_http_connections"},
    };
    json_t *process = json_pack("{so so}", "seconds", number(figures->seconds), "cpu_seconds_per_second",
                                number(per_second(figures, "process_cpu_seconds_total", FIGURES_ANY)));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        json_object_set_new(process, members[i].member,
                            number(figures_now(figures, members[i].sample, FIGURES_ANY)));
    return process;
}

static void write_json(FILE *file, enum output_format format, const struct figures *figures)
{
    json_t *all = process_to_json(figures);
    json_object_set_new(all, "methods", methods_to_json(figures));
    json_object_set_new(all, "lanes", lanes_to_json(figures));
    output_json(file, format, all);
}

/* --- for people --- */

/* Milliseconds, or a dash for nothing. */
static const char *milliseconds(double seconds, struct arena *arena)
{
    return isnan(seconds) ? "-" : arena_printf(arena, seconds < 0.01 ? "%.2f" : "%.0f", seconds * 1000);
}

static const char *amount(double value, struct arena *arena)
{
    return isnan(value) ? "-" : arena_printf(arena, value == 0 || value >= 10 ? "%.0f" : "%.1f", value);
}

static void write_process(FILE *file, const struct figures *figures)
{
    const double started_s = figures_now(figures, "process_start_time_seconds", FIGURES_ANY);
    const double up_s = difftime(time(NULL), (time_t)started_s), shown_s = up_s > 0 ? up_s : 0;
    fprintf(file, "up %.0f:%02d:%02d   CPU %.0f %%   memory %.1f MiB   files %.0f\n", floor(shown_s / 3600),
            (int)fmod(shown_s / 60, 60), (int)fmod(shown_s, 60),
            100 * per_second(figures, "process_cpu_seconds_total", FIGURES_ANY),
            figures_now(figures, "process_resident_memory_bytes", FIGURES_ANY) / (1 << 20),
            figures_now(figures, "process_open_fds", FIGURES_ANY));
    fprintf(file, "connections %.0f RPC, %.0f HTTP   calls in hand %.0f\n",
            figures_now(figures, "orders_rpc_connections", FIGURES_ANY),
            figures_now(figures, "orders_http_connections", FIGURES_ANY),
            figures_now(figures, "orders_rpc_requests_in_flight", FIGURES_ANY));
}

/* Only those that were ever called. */
static void write_methods(FILE *file, const struct figures *figures)
{
    static const struct table_column columns[] = {{"METHOD", false},   {"REQUESTS/S", true},
                                                  {"REFUSED/S", true}, {"FAILED/S", true},
                                                  {"P50 MS", true},    {"P99 MS", true}};
    struct table table;
    size_t at = 0;
    table_init(&table, columns, sizeof columns / sizeof columns[0]);
    for (const char *name; (name = next_method(figures, &at)) != NULL;) {
        if (figures_now(figures, "orders_rpc_requests_total", FIGURES_LABELS({"method", name})) == 0)
            continue;
        const struct method_figures told = method_figures(figures, name);
        const char *dot = strrchr(name, '.');
        const char *const cells[] = {
            dot != NULL ? dot + 1 : name,           amount(told.requests, &table.arena),
            amount(told.refused, &table.arena),     amount(told.failed, &table.arena),
            milliseconds(told.p50_s, &table.arena), milliseconds(told.p99_s, &table.arena)};
        table_add(&table, cells);
    }
    fputs("\n", file);
    table_write(&table, file);
    table_free(&table);
}

static void write_lanes(FILE *file, const struct figures *figures)
{
    static const struct table_column columns[] = {
        {"LANE", false},       {"BATCHES/S", true}, {"ORDERS/BATCH", true}, {"WAIT P50 MS", true},
        {"WAIT P99 MS", true}, {"WAITING", true},   {"CONNECTED", true}};
    struct table table;
    size_t at = 0;
    table_init(&table, columns, sizeof columns / sizeof columns[0]);
    for (const char *name; (name = next_lane(figures, &at)) != NULL;) {
        const struct lane_figures told = lane_figures(figures, name);
        const char *const cells[] = {name,
                                     amount(told.batches, &table.arena),
                                     amount(told.batch, &table.arena),
                                     milliseconds(told.wait_p50_s, &table.arena),
                                     milliseconds(told.wait_p99_s, &table.arena),
                                     arena_printf(&table.arena, "%.0f", told.waiting),
                                     arena_printf(&table.arena, "%.0f", told.connected)};
        table_add(&table, cells);
    }
    fputs("\n", file);
    table_write(&table, file);
    table_free(&table);
}

/* --- reading --- */

static bool read_metrics(struct session *session, struct sample *reading)
{
    const Rpc__V1__GetMetricsRequest all = RPC__V1__GET_METRICS_REQUEST__INIT;
    const ProtobufCServiceDescriptor *service = &rpc__v1__metrics__descriptor;
    reading->reply = session_call(
        session, service, protobuf_c_service_descriptor_get_method_by_name(service, "GetMetrics"), &all.base);
    reading->taken_ns = time_monotonic_ns();
    return reading->reply->status.code == STATUS_OK;
}

static void forget(struct sample *reading)
{
    rpc_reply_free(reading->reply);
    reading->reply = NULL;
}

/* False: Ctrl-C came. */
static bool pause_for(struct session *session, int ms)
{
    if (session->interrupt != NULL)
        return interrupt_pause(session->interrupt, ms);
    poll(NULL, 0, ms);
    return true;
}

static struct figures compare(const struct sample *before, const struct sample *after)
{
    return (struct figures){
        .before = (const Rpc__V1__GetMetricsResponse *)before->reply->message,
        .after = (const Rpc__V1__GetMetricsResponse *)after->reply->message,
        .seconds = (double)(after->taken_ns - before->taken_ns) / NS_PER_S,
    };
}

static void write_figures(FILE *file, enum output_format format, const struct figures *figures)
{
    if (format != OUTPUT_TABLE) {
        write_json(file, format, figures);
        return;
    }
    write_process(file, figures);
    write_methods(file, figures);
    write_lanes(file, figures);
}

/* Takes a reading, and tells what happened since the last one, which it takes the place of. False: that was
 * of another server, or of one that was started anew since, and nothing is told. */
static bool tell_since(struct session *session, FILE *file, struct sample *last, enum exit_code *code)
{
    struct sample now;
    bool told = false;
    *code = read_metrics(session, &now) ? EXIT_OK : exit_code_of(now.reply->status.code);
    if (*code == EXIT_OK && last->reply != NULL) {
        const struct figures figures = compare(last, &now);
        told = figures_agree(&figures);
        if (told)
            write_figures(file, session->output, &figures);
    }
    if (*code != EXIT_OK) { /* the next one is compared with the last that came */
        forget(&now);
        return false;
    }
    forget(last);
    *last = now;
    return told;
}

/* The first time there is no reading to compare with; later, the watch has let time pass since the last. */
static enum exit_code draw(struct session *session, FILE *file, void *input)
{
    struct arguments *arguments = input;
    const int interval_ms = arguments->watch.interval_ms != 0 ? arguments->watch.interval_ms : ONCE_MS;
    enum exit_code code;
    for (unsigned i = 0; i <= READINGS_MOST; i++) {
        if (tell_since(session, file, &arguments->last, &code) || code != EXIT_OK)
            return code;
        if (!pause_for(session, interval_ms))
            return EXIT_OK;
    }
    report("several servers answer in turn: name one with --connect");
    return EXIT_OTHER;
}

static enum exit_code stats_run(struct session *session, void *input)
{
    struct arguments *arguments = input;
    if (session->output == OUTPUT_CSV) {
        report("stats has table, json and ndjson for --output");
        return EXIT_USAGE;
    }
    const enum exit_code code = watch_run(session, &arguments->watch, draw, input);
    forget(&arguments->last);
    return code;
}

/* --- the command --- */

static const struct argp_child children[] = {{.argp = &watch_argp}, {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    (void)argument;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = &arguments->watch;
    return 0;
}

static const struct argp stats_argp = {
    .children = children,
    .parser = parse,
    .doc =
        "Shows what a server is doing: requests, errors and times by method, batches, queues and "
        "connections by lane of the store, and what the process takes. What orders there are is `ordersctl "
        "statistics'.\v"
        "Rates are those of a second, or of the time between two with --watch. REFUSED are calls that asked "
        "for what cannot be had, such as NOT_FOUND; FAILED those that the service failed, such as "
        "UNAVAILABLE. Times are estimated from the buckets of histograms. --output json prints the plain "
        "figures.",
};

const struct command stats_command = {"stats",           "Show what the server is doing",
                                      &stats_argp,       sizeof(struct arguments),
                                      SESSION_NEEDS_KEY, stats_run};
