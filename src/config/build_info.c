/* build_info.c: a gauge of 1, as Prometheus' own programs have it. */
#include "config/build_info.h"

#include "build_commit.h" /* made by meson, anew with each build */

static const struct metric_family build_info = {BUILD_INFO_METRIC, "Which build this is; always 1",
                                                METRIC_GAUGE,
                                                .labels = {BUILD_INFO_VERSION, BUILD_INFO_COMMIT}};

const char *build_commit(void)
{
    return BUILD_COMMIT;
}

void build_info_add(struct metrics *metrics, const char *version)
{
    metric_set(metrics_add(metrics, &build_info, (const char *const[]){version, build_commit()}), 1);
}
