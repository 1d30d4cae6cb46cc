/* upkeep.c: a gauge that is looked up as it is asked for, and two lines of the log. */
#include "tls/upkeep.h"

static void tls_upkeep_refresh(void *arg)
{
    const struct tls_upkeep *upkeep = arg;
    metric_set(upkeep->not_after, tls_server_not_after(upkeep->server));
}

void tls_upkeep_show(struct tls_upkeep *upkeep, struct tls_server *server, struct metrics *metrics)
{
    static const struct metric_family family = {
        .name = "orders_tls_certificate_not_after_seconds",
        .help = "When the certificate that TLS is served by ends, in seconds since 1970",
        .type = METRIC_GAUGE,
    };
    *upkeep = (struct tls_upkeep){.server = server, .not_after = metrics_add(metrics, &family, NULL)};
    metrics_refresh(metrics, tls_upkeep_refresh, upkeep);
}

void tls_upkeep_load(struct tls_server *server, struct log *log)
{
    char why[512];
    if (tls_server_load(server, why, sizeof why))
        log_line(log, LOG_LEVEL_INFO, "certificate loaded",
                 LOG_INT("not_after", tls_server_not_after(server)));
    else
        log_line(log, LOG_LEVEL_ERROR, "certificate not loaded: the last one stays", LOG_STR("why", why));
}
