/* lane.c: what is known of each. */
#include "store/lane.h"

static const struct {
    const char *name;
    unsigned batch_most;
} lanes[LANES] = {
    [LANE_GET] = {"get", 64},
    [LANE_SCAN] = {"scan", 64},
    [LANE_WRITE] = {"write", LANE_BATCH_MOST},
    [LANE_PURGE] = {"purge", 1},
};

const char *lane_name(enum lane lane)
{
    return lanes[lane].name;
}

unsigned lane_batch_most(enum lane lane)
{
    return lanes[lane].batch_most;
}
