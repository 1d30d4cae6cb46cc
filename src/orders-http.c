/* orders-http.c: the REST API as a process of its own, in front of ordersd's RPC.
 *
 * Prints "ready http=http://HOST:PORT" when it serves. SIGTERM and SIGINT answer what is in hand and exit 0.
 */
#include "base/config.h"
#include "base/log.h"
#include "base/process.h"
#include "http/shim.h"
#include "rpc/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "orders-http";

static bool serve(const struct config *config, struct log *log)
{
    char error[512];
    const struct rpc_client_options client_options = {.urls = config->connect, .api_key = config->api_key};
    struct rpc_client *client = rpc_client_open(&client_options, error, sizeof error);
    const struct http_shim_options options = {
        .host = config->http_host,
        .port = config->http_port,
        .api_key = config->api_key,
        .cors_origins = config->cors_origins,
        .client = client,
        .log = log,
        .max_connections = config->http_max_connections,
        .max_connections_per_address = config->http_max_connections_per_address,
        .request_timeout_s = config->http_request_timeout_s,
        .send_timeout_s = config->http_send_timeout_s,
        .idle_timeout_s = config->http_idle_timeout_s,
        .max_body_bytes = config->http_max_body_bytes,
        .max_bodies_bytes = config->http_max_bodies_bytes,
    };
    struct http_shim *shim = client != NULL ? http_shim_start(&options, error, sizeof error) : NULL;
    if (shim == NULL) {
        fprintf(stderr, "%s: %s\n", program, error);
    } else {
        printf("ready http=%s\n", http_shim_url(shim));
        fflush(stdout);
        const char *signal_name = sigdescr_np(process_await_end());
        log_line(log, LOG_LEVEL_INFO, "stopping", LOG_STR("signal", signal_name));
        http_shim_stop(shim);
    }
    rpc_client_close(client);
    return shim != NULL;
}

int main(void)
{
    struct config config;
    config_load_or_exit(&config, CONFIG_API_KEY | CONFIG_HTTP, program);
    process_prepare();
    struct log *log = log_open(STDERR_FILENO, config.log_level);
    bool served = serve(&config, log);
    log_close(log);
    config_free(&config);
    return served ? EXIT_SUCCESS : EXIT_FAILURE;
}
