/* lane.c: what is known of each. */
#include "store/lane.h"

static const struct {
    const char *name;
    struct lane_batch batch;
} lanes[LANES] = {
    [LANE_GET] = {"get", {.calls = 8, .operations = LANE_BATCH_MOST}},
    [LANE_SCAN] = {"scan", {.calls = 32, .operations = LANE_BATCH_MOST}},
    [LANE_WRITE] = {"write", {.calls = 16, .operations = LANE_BATCH_MOST}},
    [LANE_PURGE] = {"purge", {.calls = 1, .operations = 1}},
};

const char *lane_name(enum lane lane)
{
    return lanes[lane].name;
}

struct lane_batch lane_batch(enum lane lane)
{
    return lanes[lane].batch;
}
