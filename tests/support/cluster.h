/* cluster.h: a PostgreSQL of a test's own, which it may stop, start and set as it likes; with the migrated
 * schema of the suite's template. */
#ifndef SUPPORT_CLUSTER_H
#define SUPPORT_CLUSTER_H

#include <libpq-fe.h>

struct cluster {
    char directory[64];
    char host[96]; /* of its socket */
    char database_url[256];
};

/* Makes it, and starts it. */
void cluster_create(struct cluster *cluster);

/* Makes a standby that streams from another, and starts it. The other is stopped for that. */
void cluster_create_standby(struct cluster *standby, struct cluster *primary);

/* Further settings, "name=value name=value"; "" for none. */
void cluster_start(const struct cluster *cluster, const char *settings);

/* "fast" or "immediate". */
void cluster_stop(const struct cluster *cluster, const char *mode);

/* Stops it and removes it. */
void cluster_destroy(const struct cluster *cluster);

/* Sets one setting for good, and has it read by all sessions. */
void cluster_set(const struct cluster *cluster, const char *setting);

#endif
