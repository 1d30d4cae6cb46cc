/* server_metrics.c: tables of series, by the numbers that a call has anyway. */
#include "rpc/server_metrics.h"

#include <nng/nng.h>
#include <stdlib.h>

static const struct metric_family requests = {"orders_rpc_requests_total",
                                              "RPC calls answered, by method and status code", METRIC_COUNTER,
                                              .labels = {"method", "code"}};
static const struct metric_family durations = {"orders_rpc_request_duration_seconds",
                                               "Time from an RPC request's arrival to its answer, by method",
                                               METRIC_HISTOGRAM,
                                               .labels = {"method"},
                                               .scale = METRIC_NANOSECONDS,
                                               .bounds = METRIC_DURATION_BOUNDS};
static const struct metric_family refused = {
    "orders_rpc_requests_refused_total",
    "RPC calls refused since too many, or too many bytes of them, were in hand", METRIC_COUNTER};
static const struct metric_family calls = {"orders_rpc_requests_in_flight",
                                           "RPC calls in hand at this moment", METRIC_GAUGE};
static const struct metric_family unsent = {"orders_rpc_unsent_replies",
                                            "RPC replies at this moment that their peers have yet to take",
                                            METRIC_GAUGE};
static const struct metric_family call_bytes = {
    "orders_rpc_in_flight_request_bytes",
    "Bytes of memory that RPC calls in hand and replies not yet taken are counted as", METRIC_GAUGE};
static const struct metric_family connections = {"orders_rpc_connections", "RPC connections at this moment",
                                                 METRIC_GAUGE};
static const struct metric_family closed = {"orders_rpc_connections_closed_total",
                                            "RPC connections that the server closed, by why", METRIC_COUNTER,
                                            .labels = {"reason"}};

static const char *const reasons[SERVER_CLOSES] = {[SERVER_CLOSES_OVER_LIMIT] = "over_limit",
                                                   [SERVER_CLOSES_IDLE] = "idle",
                                                   [SERVER_CLOSES_SLOW] = "slow",
                                                   [SERVER_CLOSES_UNREAD] = "unread",
                                                   [SERVER_CLOSES_IN_VAIN] = "in_vain"};

static void add_method(struct server_metrics *server, struct metrics *metrics, size_t method,
                       const char *name)
{
    server->durations[method] = metrics_add(metrics, &durations, (const char *const[]){name});
    for (enum status_code code = 0; code < STATUS_CODES; code++)
        server->requests[method * STATUS_CODES + code] =
            metrics_add(metrics, &requests, (const char *const[]){name, status_code_name(code)});
}

bool server_metrics_init(struct server_metrics *server, struct metrics *metrics,
                         const struct dispatcher *dispatcher)
{
    const size_t methods = dispatcher_count(dispatcher);
    server->requests = calloc((methods + 1) * STATUS_CODES, sizeof(struct metric *));
    server->durations = calloc(methods + 1, sizeof(struct metric *));
    if (server->requests == NULL || server->durations == NULL)
        return false;
    for (size_t i = 0; i < methods; i++)
        add_method(server, metrics, i, dispatcher_name(dispatcher, i));
    add_method(server, metrics, methods, "unknown");
    server->refused = metrics_add(metrics, &refused, NULL);
    server->calls = metrics_add(metrics, &calls, NULL);
    server->unsent = metrics_add(metrics, &unsent, NULL);
    server->call_bytes = metrics_add(metrics, &call_bytes, NULL);
    server->connections = metrics_add(metrics, &connections, NULL);
    for (int i = 0; i < SERVER_CLOSES; i++)
        server->closed[i] = metrics_add(metrics, &closed, (const char *const[]){reasons[i]});
    return true;
}

void server_metrics_free(struct server_metrics *server)
{
    free(server->requests);
    free(server->durations);
}

void server_metrics_record(const struct server_metrics *server, size_t method, enum status_code code,
                           uint64_t duration_ns)
{
    metric_add(server->requests[method * STATUS_CODES + code], 1);
    metric_observe(server->durations[method], duration_ns);
}

void server_metrics_close(const struct server_metrics *server, uint32_t pipe, enum server_closes why)
{
    metric_add(server->closed[why], 1);
    nng_pipe_close((nng_pipe){.id = pipe});
}
