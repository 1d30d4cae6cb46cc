/* lane.c: names. */
#include "store/lane.h"

const char *lane_name(enum lane lane)
{
    static const char *const names[LANES] = {
        [LANE_GET] = "get",
        [LANE_SCAN] = "scan",
        [LANE_WRITE] = "write",
        [LANE_PURGE] = "purge",
    };
    return names[lane];
}
