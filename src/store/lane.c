/* lane.c: what is known of each. */
#include "store/lane.h"

static const struct {
    const char *name;
    enum lane statements;
    struct lane_batch batch;
    bool sets_aside;
} lanes[LANES] = {
    [LANE_GET] = {"get",
                  LANE_GET,
                  {.calls = 8, .calls_each = 32, .operations = LANE_BATCH_MOST, .is_paced = true}},
    [LANE_SCAN] =
        {"scan",
         LANE_SCAN,
         {.calls = 32, .calls_each = 2, .operations = LANE_BATCH_MOST, .rows = 2000, .is_paced = true}},
    [LANE_LONG] =
        {"long",
         LANE_SCAN,
         {.calls = 32, .calls_each = 32, .operations = LANE_BATCH_MOST, .is_timed = true, .is_paced = true}},
    [LANE_SUMMARY] = {"summary", /* all that wait have one answer */
                      LANE_SUMMARY,
                      {.calls = LANE_BATCH_MOST,
                       .calls_each = LANE_BATCH_MOST,
                       .operations = LANE_BATCH_MOST}},
    [LANE_WRITE] = {"write",
                    LANE_WRITE,
                    {.calls = 16, .calls_each = 64, .operations = LANE_BATCH_MOST, .is_paced = true},
                    .sets_aside = true},
    [LANE_LOCKED] = {"locked", /* paced, since each create there may wait for a lock again */
                     LANE_WRITE,
                     {.calls = LANE_BATCH_MOST,
                      .calls_each = LANE_BATCH_MOST,
                      .operations = LANE_BATCH_MOST,
                      .is_paced = true}},
    [LANE_PURGE] = {"purge", LANE_PURGE, {.calls = 1, .calls_each = 1, .operations = 1}},
    [LANE_KEYS] = {"keys", LANE_KEYS, {.calls = 1, .calls_each = 1, .operations = 1}},
};

const char *lane_name(enum lane lane)
{
    return lanes[lane].name;
}

bool lane_reads(enum lane lane)
{
    return lane == LANE_GET || lane == LANE_SCAN || lane == LANE_LONG || lane == LANE_SUMMARY ||
           lane == LANE_KEYS;
}

struct lane_batch lane_batch(enum lane lane)
{
    return lanes[lane].batch;
}

bool lane_sets_aside(enum lane lane)
{
    return lanes[lane].sets_aside;
}

enum lane lane_statements(enum lane lane)
{
    return lanes[lane].statements;
}
