/* store_metrics.c: the families, and a series of each for each lane or statement. */
#include "store/store_metrics.h"

static const struct metric_family batch_operations = {
    "orders_store_batch_operations", "Operations that went to the database together, by lane",
    METRIC_HISTOGRAM, .labels = {"lane"}, .bounds = {1, 2, 4, 8, 16, 32, 64, 128, LANE_BATCH_MOST}};
static const struct metric_family waiting = {"orders_store_queue_operations",
                                             "Operations that wait for a worker at this moment, by lane",
                                             METRIC_GAUGE, .labels = {"lane"}};
static const struct metric_family wait = {
    "orders_store_queue_wait_seconds",
    "Time from a call's arrival until a worker took what it asks, by lane",
    METRIC_HISTOGRAM,
    .labels = {"lane"},
    .scale = METRIC_NANOSECONDS,
    .bounds = {METRIC_DURATION_BOUNDS}};
static const struct metric_family connections = {
    "orders_store_connections", "Connections to the database at this moment, by lane and what they do",
    METRIC_GAUGE, .labels = {"lane", "state"}};
static const struct metric_family connects = {"orders_store_connects_total",
                                              "Attempts to connect to the database, by lane and result",
                                              METRIC_COUNTER, .labels = {"lane", "result"}};
static const struct metric_family lost = {"orders_store_connections_lost_total",
                                          "Connections to the database that broke, by lane", METRIC_COUNTER,
                                          .labels = {"lane"}};
static const struct metric_family retried = {
    "orders_store_operations_retried_total",
    "Operations run again since the transaction they were in was undone, by lane", METRIC_COUNTER,
    .labels = {"lane"}};
static const struct metric_family splits = {
    "orders_store_splits_total",
    "Failed runs of a statement whose operations were run again in halves, by lane", METRIC_COUNTER,
    .labels = {"lane"}};
static const struct metric_family duration = {
    "orders_store_statement_duration_seconds",
    "Time from the sending of a batch to the result of a statement in it, by statement",
    METRIC_HISTOGRAM,
    .labels = {"statement"},
    .scale = METRIC_NANOSECONDS,
    .bounds = {METRIC_DURATION_BOUNDS}};
static const struct metric_family failed = {
    "orders_store_statements_failed_total",
    "Runs of a statement that the database ended in an error, by statement", METRIC_COUNTER,
    .labels = {"statement"}};
static const struct metric_family replayed = {
    "orders_store_replays_total",
    "Writes answered with what their request_id was answered before, by statement", METRIC_COUNTER,
    .labels = {"statement"}};
static const struct metric_family purged = {"orders_store_purged_answers_total",
                                            "Recorded answers to writes that were forgotten, being too old",
                                            METRIC_COUNTER};

static const struct metric_family folded = {"orders_store_folded_rows_total",
                                            "Rows of the rollup that were folded into others, or removed",
                                            METRIC_COUNTER};

static const char *const states[WORKER_STATES] = {
    [WORKER_CONNECTING] = "connecting", [WORKER_IDLE] = "idle", [WORKER_BUSY] = "busy"};

static const char *const results[SESSION_RESULTS] = {
    [SESSION_READY] = "ready",         [SESSION_UNREACHABLE] = "unreachable",
    [SESSION_READ_ONLY] = "read_only", [SESSION_WRONG_SCHEMA] = "wrong_schema",
    [SESSION_SHARED] = "shared",       [SESSION_CANCELED] = "canceled",
    [SESSION_REFUSED] = "refused",     [SESSION_FAILING] = "failing"};

static void add_lane(struct lane_metrics *lane, struct metrics *metrics, const char *name)
{
    const char *const by_lane[] = {name};
    lane->batch_operations = metrics_add(metrics, &batch_operations, by_lane);
    lane->waiting = metrics_add(metrics, &waiting, by_lane);
    lane->wait = metrics_add(metrics, &wait, by_lane);
    for (int i = 0; i < WORKER_STATES; i++)
        lane->connections[i] = metrics_add(metrics, &connections, (const char *const[]){name, states[i]});
    for (int i = 0; i < SESSION_RESULTS; i++)
        lane->connects[i] = metrics_add(metrics, &connects, (const char *const[]){name, results[i]});
    lane->lost = metrics_add(metrics, &lost, by_lane);
    lane->retried = metrics_add(metrics, &retried, by_lane);
    lane->splits = metrics_add(metrics, &splits, by_lane);
}

static void add_statement(struct store_metrics *store, struct metrics *metrics, enum statement_id id)
{
    struct statement_metrics *statement = &store->statements[id];
    const char *const by_statement[] = {statements[id].name};
    statement->duration = metrics_add(metrics, &duration, by_statement);
    statement->failed = metrics_add(metrics, &failed, by_statement);
    if (statements[id].lane == LANE_WRITE) /* no other has a record to answer from */
        statement->replayed = metrics_add(metrics, &replayed, by_statement);
}

void store_metrics_init(struct store_metrics *store, struct metrics *metrics)
{
    *store = (struct store_metrics){0};
    for (enum lane lane = 0; lane < LANES; lane++)
        add_lane(&store->lanes[lane], metrics, lane_name(lane));
    for (enum statement_id id = 0; id < STATEMENTS; id++)
        add_statement(store, metrics, id);
    store->purged = metrics_add(metrics, &purged, NULL);
    store->folded = metrics_add(metrics, &folded, NULL);
}
