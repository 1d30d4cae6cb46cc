/* orders-http.c: the REST API as a process of its own, in front of ordersd's RPC.
 *
 * Prints "ready http=http://HOST:PORT" when it serves. SIGTERM and SIGINT answer what is in hand and exit 0;
 * SIGHUP reads the files of TLS again. A client's certificate, where one is wanted, lets it in and gives
 * nothing: who has which role is for the service to say, to which a key is passed on.
 */
#include "base/log.h"
#include "base/metrics.h"
#include "base/notify.h"
#include "base/process.h"
#include "base/process_metrics.h"
#include "base/watchdog.h"
#include "config/arguments.h"
#include "config/build_info.h"
#include "config/config.h"
#include "config/secret_files.h"
#include "http/shim.h"
#include "rpc/remote_channel.h"
#include "service/roles.h"
#include "tls/upkeep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char program[] = "orders-http";

/* For the watchdog alone: who asks whether it is ready comes by the same address. */
static struct prober *start_prober(struct http_shim *shim, const struct notify *notify, char *error,
                                   size_t error_size)
{
    const struct prober_target target = {http_shim_url(shim), http_shim_answers, http_shim_abort_answers,
                                         shim};
    return watchdog_start_prober(notify, &target, notify->watchdog_ms != 0 ? 1 : 0, error, error_size);
}

struct reloading {
    struct tls_server *tls;    /* NULL: https is not served */
    struct tls_client *client; /* NULL: ordersd is not called by TLS */
    struct tls_client_files files;
    const struct config *config;
    struct log *log;
};

/* What SIGHUP is for. */
static void load_again(void *arg)
{
    const struct reloading *reloading = arg;
    char why[512];
    secret_files_check(reloading->config, reloading->log);
    if (reloading->tls != NULL)
        tls_upkeep_load(reloading->tls, reloading->log);
    if (reloading->client == NULL)
        return;
    if (tls_client_load(reloading->client, &reloading->files, why, sizeof why))
        log_line(reloading->log, LOG_LEVEL_INFO, "certificates of the client loaded");
    else
        log_line(reloading->log, LOG_LEVEL_ERROR, "certificates of the client not loaded: the last ones stay",
                 LOG_STR("why", why));
}

/* NULL: as tls_server_open, or there is none: then the error is "". */
static struct tls_server *open_tls(const struct config *config, struct metrics *metrics, char *error,
                                   size_t error_size)
{
    static struct tls_upkeep upkeep;
    const struct tls_server_files files = {config->tls_cert, config->tls_key, config->tls_client_ca};
    error[0] = '\0';
    if (!config->http_tls)
        return NULL;
    struct tls_server *tls = tls_server_open(&files, error, error_size);
    if (tls != NULL)
        tls_upkeep_show(&upkeep, tls, metrics);
    return tls;
}

/* Serves until it is to end. False: it cannot, and errno and `error` say why. */
static bool serve_shim(struct http_shim *shim, struct reloading *reloading, const struct notify *notify,
                       char *error, size_t error_size)
{
    const struct watchdog_reload reload = {load_again, reloading};
    struct prober *prober = start_prober(shim, notify, error, error_size);
    if (prober == NULL)
        return false;
    printf("ready http=%s\n", http_shim_url(shim));
    fflush(stdout);
    watchdog_await_end(notify, prober, reloading->log, &reload);
    prober_stop(prober);
    prober_free(prober);
    return true;
}

/* Its exit code. */
static int serve(const struct config *config, const struct notify *notify, struct log *log,
                 struct metrics *metrics)
{
    struct budget memory = {.limit = config->max_call_bytes};
    char error[512];
    const struct rpc_client_options client_options = {
        .urls = config->connect,
        .tls = {config->tls_ca, config->tls_cert, config->tls_key},
    };
    struct tls_server *tls = open_tls(config, metrics, error, sizeof error);
    struct rpc_client *client =
        tls != NULL || error[0] == '\0' ? rpc_client_open(&client_options, error, sizeof error) : NULL;
    struct own_key *own_key = client != NULL ? own_key_start(client, config->api_keys, log) : NULL;
    const struct remote_channel_options channel_options = {client, own_key, &memory};
    struct channel *channel = own_key != NULL ? remote_channel_new(&channel_options) : NULL;
    const struct http_shim_options options = {
        .host = config->http_host,
        .port = config->http_port,
        .cors_origins = config->cors_origins,
        .rates = config->rates,
        .role_of = roles_find,
        .channel = channel,
        .log = log,
        .metrics = metrics,
        .hides_metrics = config->http_hidden.metrics,
        .hides_readyz = config->http_hidden.readyz,
        .hides_docs = config->http_hidden.docs,
        .log_sample = config->log_sample,
        .slow_ms = config->slow_statement_ms,
        .tls = tls,
        .max_connections = config->http_max_connections,
        .max_connections_per_address = config->http_max_connections_per_address,
        .request_timeout_s = config->http_request_timeout_s,
        .send_timeout_s = config->http_send_timeout_s,
        .idle_timeout_s = config->http_idle_timeout_s,
        .max_body_bytes = config->http_max_body_bytes,
        .memory = &memory,
    };
    struct http_shim *shim = channel != NULL ? http_shim_start(&options, error, sizeof error) : NULL;
    if (channel != NULL && shim == NULL)
        config_name_setting("ORDERS_HTTP", error, sizeof error);
    const bool served =
        shim != NULL &&
        serve_shim(shim, &(struct reloading){tls, rpc_client_tls(client), client_options.tls, config, log},
                   notify, error, sizeof error);
    const int code = served ? EXIT_SUCCESS : config_exit_code(errno);
    if (!served)
        fprintf(stderr, "%s: %s\n", program, error);
    http_shim_stop(shim);
    own_key_stop(own_key);
    rpc_client_close(client);
    remote_channel_free(channel);
    own_key_free(own_key);
    tls_server_release(tls);
    return code;
}

int main(int argc, char *argv[])
{
    struct process_metrics process;
    struct config config;
    struct notify notify;
    arguments_read(argc, argv, "orders-http " PROJECT_VERSION,
                   "Serves HTTP for an order service that is another process.\v"
                   "Its settings come from the environment and from .env in the working directory, "
                   "API_KEY at least; ordersd(8) has them all.");
    config_load_or_exit(&config, CONFIG_API_KEY | CONFIG_HTTP | CONFIG_LISTEN, program);
    notify_open(&notify);
    process_prepare();
    struct metrics *metrics = metrics_new();
    process_metrics_add(&process, metrics);
    build_info_add(metrics, PROJECT_VERSION);
    struct log *log = log_open(STDERR_FILENO, config.log_level);
    secret_files_check(&config, log);
    const int code = serve(&config, &notify, log, metrics);
    log_close(log);
    metrics_free(metrics);
    notify_close(&notify);
    config_free(&config);
    return code;
}
