/* orders-http.c: the REST API as a process of its own, in front of ordersd's RPC.
 *
 * Prints "ready http=http://HOST:PORT" when it serves. SIGTERM and SIGINT answer what is in hand and exit 0.
 */
#include "base/config.h"
#include "base/log.h"
#include "http/shim.h"
#include "rpc/client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "orders-http";

/* Blocks the signals that end the program, in every thread started from here on. */
static sigset_t block_signals(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    signal(SIGPIPE, SIG_IGN);
    return ending;
}

static void print_ready(const char *host, uint16_t port)
{
    bool is_ipv6 = strchr(host, ':') != NULL;
    printf("ready http=http://%s%s%s:%u\n", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
    fflush(stdout);
}

static bool serve(const struct config *config, struct log *log, const sigset_t *ending)
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
    };
    struct http_shim *shim = client != NULL ? http_shim_start(&options, error, sizeof error) : NULL;
    if (shim == NULL) {
        fprintf(stderr, "%s: %s\n", program, error);
    } else {
        int signal_number;
        print_ready(config->http_host, http_shim_port(shim));
        sigwait(ending, &signal_number);
        log_line(log, LOG_LEVEL_INFO, "stopping", LOG_STR("signal", strsignal(signal_number)));
        http_shim_stop(shim);
    }
    rpc_client_close(client);
    return shim != NULL;
}

int main(void)
{
    struct config config;
    const sigset_t ending = block_signals();
    config_load_or_exit(&config, CONFIG_API_KEY | CONFIG_HTTP, program);
    struct log *log = log_open(STDERR_FILENO, config.log_level);
    bool served = serve(&config, log, &ending);
    log_close(log);
    config_free(&config);
    return served ? EXIT_SUCCESS : EXIT_FAILURE;
}
