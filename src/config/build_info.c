/* build_info.c: a gauge of 1, as Prometheus' own programs have it. */
#include "config/build_info.h"

static const struct metric_family build_info = {"orders_build_info", "Which build this is; always 1",
                                                METRIC_GAUGE, .labels = {"version"}};

void build_info_add(struct metrics *metrics, const char *version)
{
    metric_set(metrics_add(metrics, &build_info, (const char *const[]){version}), 1);
}
