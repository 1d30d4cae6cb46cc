/* build_info.h: which build of the product a program is. */
#ifndef CONFIG_BUILD_INFO_H
#define CONFIG_BUILD_INFO_H

#include "base/metrics.h"

/* The commit that was built, "4ce1d0c2a5b7", with "-dirty" behind it when files were changed; "unknown": it
 * was not built from a checkout, or without git. */
const char *build_commit(void);

/* The metric, and its labels. */
#define BUILD_INFO_METRIC  "orders_build_info"
#define BUILD_INFO_VERSION "version"
#define BUILD_INFO_COMMIT  "revision" /* as Prometheus' own programs call it */

/* Adds orders_build_info{version="…",revision="…"} to a registry. */
void build_info_add(struct metrics *metrics, const char *version);

#endif
