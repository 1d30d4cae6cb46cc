/* build_info.h: which build of the product a program is, as a metric. */
#ifndef CONFIG_BUILD_INFO_H
#define CONFIG_BUILD_INFO_H

#include "base/metrics.h"

/* Adds orders_build_info{version="…"} to a registry. */
void build_info_add(struct metrics *metrics, const char *version);

#endif
