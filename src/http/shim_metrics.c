/* shim_metrics.c: tables of series, a row a route and one more for requests that have none. */
#include "http/shim_metrics.h"

#include <stdio.h>
#include <stdlib.h>

static const struct metric_family requests = {
    "orders_http_requests_total",
    "HTTP requests, by method and path of the route and by status; 0: broken off before an answer",
    METRIC_COUNTER, .labels = {"method", "route", "code"}};
static const struct metric_family durations = {
    "orders_http_request_duration_seconds",
    "Time from an HTTP request's line to the end of its answer, by method and path of the route",
    METRIC_HISTOGRAM,
    .labels = {"method", "route"},
    .scale = METRIC_NANOSECONDS,
    .bounds = {METRIC_DURATION_BOUNDS}};
static const struct metric_family connections = {"orders_http_connections", "HTTP connections at this moment",
                                                 METRIC_GAUGE};
static const struct metric_family ended = {"orders_http_connections_ended_total",
                                           "HTTP connections that the shim ended, by why", METRIC_COUNTER,
                                           .labels = {"reason"}};

/* What there is an answer with; the last stands for any other. */
static const unsigned statuses[] = {0,   200, 201, 204, 304, 307, 400, 401, 403, 404, 405, 408, 409,
                                    412, 413, 414, 415, 422, 429, 431, 500, 501, 503, 504, 505, 999};

enum { STATUSES = sizeof statuses / sizeof statuses[0] };

static size_t index_of(unsigned status)
{
    size_t i = 0;
    while (i < STATUSES - 1 && statuses[i] != status)
        i++;
    return i;
}

static void add_route(struct shim_metrics *shim, struct metrics *metrics, size_t row, const char *method,
                      const char *path)
{
    shim->durations[row] = metrics_add(metrics, &durations, (const char *const[]){method, path});
    for (size_t i = 0; i < STATUSES; i++) {
        char code[16] = "other";
        if (i < STATUSES - 1)
            snprintf(code, sizeof code, "%u", statuses[i]);
        shim->requests[row * STATUSES + i] =
            metrics_add(metrics, &requests, (const char *const[]){method, path, code});
    }
}

bool shim_metrics_init(struct shim_metrics *shim, struct metrics *metrics)
{
    size_t n;
    const struct route *routes = routes_all(&n);
    *shim = (struct shim_metrics){
        .requests = calloc((n + 1) * STATUSES, sizeof(struct metric *)),
        .durations = calloc(n + 1, sizeof(struct metric *)),
    };
    if (shim->requests == NULL || shim->durations == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        add_route(shim, metrics, i, routes[i].method, routes[i].path);
    add_route(shim, metrics, n, "other", "none");
    shim->connections = metrics_add(metrics, &connections, NULL);
    shim->late = metrics_add(metrics, &ended, (const char *const[]){"late"});
    shim->evicted = metrics_add(metrics, &ended, (const char *const[]){"over_limit"});
    return true;
}

void shim_metrics_free(struct shim_metrics *shim)
{
    free(shim->requests);
    free(shim->durations);
}

void shim_metrics_record(const struct shim_metrics *shim, const struct route *route, unsigned status,
                         uint64_t duration_ns)
{
    size_t n;
    const struct route *routes = routes_all(&n);
    const size_t row = route != NULL ? (size_t)(route - routes) : n;
    metric_add(shim->requests[row * STATUSES + index_of(status)], 1);
    metric_observe(shim->durations[row], duration_ns);
}
