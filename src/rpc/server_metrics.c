/* server_metrics.c: connections that there are, and that were closed. */
#include "rpc/server_metrics.h"

#include <nng/nng.h>

static const struct metric_family unsent = {"orders_rpc_unsent_replies",
                                            "RPC replies at this moment that their peers have yet to take",
                                            METRIC_GAUGE};
static const struct metric_family connections = {"orders_rpc_connections", "RPC connections at this moment",
                                                 METRIC_GAUGE};
static const struct metric_family closed = {"orders_rpc_connections_closed_total",
                                            "RPC connections that the server closed, by why", METRIC_COUNTER,
                                            .labels = {"reason"}};

static const char *const reasons[SERVER_CLOSES] = {[SERVER_CLOSES_OVER_LIMIT] = "over_limit",
                                                   [SERVER_CLOSES_IDLE] = "idle",
                                                   [SERVER_CLOSES_SLOW] = "slow",
                                                   [SERVER_CLOSES_UNREAD] = "unread",
                                                   [SERVER_CLOSES_UNAUTHORIZED] = "unauthorized"};

void server_metrics_init(struct server_metrics *server, struct metrics *metrics)
{
    server->unsent = metrics_add(metrics, &unsent, NULL);
    server->connections = metrics_add(metrics, &connections, NULL);
    for (int i = 0; i < SERVER_CLOSES; i++)
        server->closed[i] = metrics_add(metrics, &closed, (const char *const[]){reasons[i]});
}

void server_metrics_close(const struct server_metrics *server, uint32_t pipe, enum server_closes why)
{
    metric_add(server->closed[why], 1);
    nng_pipe_close((nng_pipe){.id = pipe});
}
