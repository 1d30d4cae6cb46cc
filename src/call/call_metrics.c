/* call_metrics.c: tables of series, by the numbers that a call has anyway. */
#include "call/call_metrics.h"

#include <stdlib.h>

static const struct metric_family requests = {"orders_rpc_requests_total",
                                              "RPC calls answered, by method and status code", METRIC_COUNTER,
                                              .labels = {"method", "code"}};
static const struct metric_family durations = {"orders_rpc_request_duration_seconds",
                                               "Time from an RPC request's arrival to its answer, by method",
                                               METRIC_HISTOGRAM,
                                               .labels = {"method"},
                                               .scale = METRIC_NANOSECONDS,
                                               .bounds = {METRIC_DURATION_BOUNDS}};
static const struct metric_family refused = {
    "orders_rpc_requests_refused_total",
    "RPC calls refused since too many, or too many bytes of them, were in hand", METRIC_COUNTER};
static const struct metric_family calls = {"orders_rpc_requests_in_flight",
                                           "RPC calls in hand at this moment", METRIC_GAUGE};
static const struct metric_family bytes = {
    "orders_rpc_in_flight_request_bytes",
    "Bytes of memory that RPC calls in hand and replies not yet taken are counted as", METRIC_GAUGE};

static void add_method(struct call_metrics *counts, struct metrics *metrics, size_t method, const char *name)
{
    counts->durations[method] = metrics_add(metrics, &durations, (const char *const[]){name});
    for (enum status_code code = 0; code < STATUS_CODES; code++)
        counts->requests[method * STATUS_CODES + code] =
            metrics_add(metrics, &requests, (const char *const[]){name, status_code_name(code)});
}

bool call_metrics_init(struct call_metrics *counts, struct metrics *metrics, const struct methods *methods)
{
    const size_t n = methods_count(methods);
    counts->requests = calloc((n + 1) * STATUS_CODES, sizeof(struct metric *));
    counts->durations = calloc(n + 1, sizeof(struct metric *));
    if (counts->requests == NULL || counts->durations == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        add_method(counts, metrics, i, methods_get(methods, i)->name);
    add_method(counts, metrics, n, "unknown");
    counts->refused = metrics_add(metrics, &refused, NULL);
    counts->calls = metrics_add(metrics, &calls, NULL);
    counts->bytes = metrics_add(metrics, &bytes, NULL);
    return true;
}

void call_metrics_free(struct call_metrics *counts)
{
    free(counts->requests);
    free(counts->durations);
}

void call_metrics_record(const struct call_metrics *counts, size_t method, enum status_code code,
                         uint64_t duration_ns)
{
    metric_add(counts->requests[method * STATUS_CODES + code], 1);
    metric_observe(counts->durations[method], duration_ns);
}
