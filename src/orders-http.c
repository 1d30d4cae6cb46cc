/* orders-http.c: the REST API as a process of its own, in front of ordersd's RPC.
 *
 * Prints "ready http=http://HOST:PORT" when it serves. SIGTERM and SIGINT answer what is in hand and exit 0.
 */
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/notify.h"
#include "base/process.h"
#include "base/process_metrics.h"
#include "http/shim.h"
#include "rpc/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "orders-http";

enum { FEEDINGS = 4 /* of the watchdog, in the time in which one is wanted */ };

static void await_end(struct http_shim *shim, const struct notify *notify, struct log *log)
{
    const unsigned feed_ms = (notify->watchdog_ms + FEEDINGS - 1) / FEEDINGS;
    char why[128];
    int ended;
    notify_send(notify, "READY=1");
    while ((ended = process_await_end(feed_ms)) == 0) {
        if (http_shim_answers(shim, feed_ms, why, sizeof why))
            notify_send(notify, "WATCHDOG=1");
        else
            log_line(log, LOG_LEVEL_ERROR, "no answer at its own address", LOG_STR("why", why));
    }
    notify_send(notify, "STOPPING=1");
    log_line(log, LOG_LEVEL_INFO, "stopping", LOG_STR("signal", sigdescr_np(ended)));
}

/* Its exit code. */
static int serve(const struct config *config, const struct notify *notify, struct log *log,
                 struct metrics *metrics)
{
    struct budget memory = {.limit = config->max_call_bytes};
    char error[512];
    const struct rpc_client_options client_options = {.urls = config->connect, .api_key = config->api_key};
    struct rpc_client *client = rpc_client_open(&client_options, error, sizeof error);
    const struct http_shim_options options = {
        .host = config->http_host,
        .port = config->http_port,
        .api_key = config->api_key,
        .cors_origins = config->cors_origins,
        .rates = config->rates,
        .client = client,
        .log = log,
        .metrics = metrics,
        .max_connections = config->http_max_connections,
        .max_connections_per_address = config->http_max_connections_per_address,
        .request_timeout_s = config->http_request_timeout_s,
        .send_timeout_s = config->http_send_timeout_s,
        .idle_timeout_s = config->http_idle_timeout_s,
        .max_body_bytes = config->http_max_body_bytes,
        .memory = &memory,
    };
    struct http_shim *shim = client != NULL ? http_shim_start(&options, error, sizeof error) : NULL;
    const int code = shim != NULL ? EXIT_SUCCESS : errno == EADDRINUSE ? EXIT_TRY_AGAIN : EXIT_CONFIG;
    if (shim == NULL) {
        fprintf(stderr, "%s: %s\n", program, error);
    } else {
        printf("ready http=%s\n", http_shim_url(shim));
        fflush(stdout);
        await_end(shim, notify, log);
        http_shim_stop(shim);
    }
    rpc_client_close(client);
    return code;
}

int main(void)
{
    struct process_metrics process;
    struct config config;
    struct notify notify;
    config_load_or_exit(&config, CONFIG_API_KEY | CONFIG_HTTP, program);
    notify_open(&notify);
    process_prepare();
    struct metrics *metrics = metrics_new();
    process_metrics_add(&process, metrics, PROJECT_VERSION);
    struct log *log = log_open(STDERR_FILENO, config.log_level);
    const int code = serve(&config, &notify, log, metrics);
    log_close(log);
    metrics_free(metrics);
    notify_close(&notify);
    config_free(&config);
    return code;
}
