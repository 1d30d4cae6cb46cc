/* upkeep.h: a server's certificate while it serves: the metric of its expiry, and its reload. */
#ifndef TLS_UPKEEP_H
#define TLS_UPKEEP_H

#include "base/log.h"
#include "base/metrics.h"
#include "tls/server.h"

#include <stdbool.h>

/* One for a process; not to be freed while the metrics are. */
struct tls_upkeep {
    struct tls_server *server;
    struct metric *not_after;
};

/* Has the metrics show when the certificate ends: orders_tls_certificate_not_after_seconds. */
void tls_upkeep_show(struct tls_upkeep *upkeep, struct tls_server *server, struct metrics *metrics);

/* tls_server_load, and says in the log what came of it. */
void tls_upkeep_load(struct tls_server *server, struct log *log);

#endif
