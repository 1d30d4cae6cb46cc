/* ordersd.c: the order service as a process: starts each layer on the one below, serves until SIGTERM or
 * SIGINT, answers what is in hand, and ends with 0. SIGHUP reads the files of TLS again. */
#include "auth/bootstrap_keys.h"
#include "auth/certificate_roles.h"
#include "auth/jwt_verifier.h"
#include "base/budget.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/notify.h"
#include "base/process.h"
#include "base/process_metrics.h"
#include "base/time.h"
#include "base/watchdog.h"
#include "call/local_channel.h"
#include "call/surface.h"
#include "config/arguments.h"
#include "config/build_info.h"
#include "config/config.h"
#include "config/secret_files.h"
#include "http/shim.h"
#include "rpc/server.h"
#include "service/auth_service.h"
#include "service/health.h"
#include "service/keys_service.h"
#include "service/metrics_service.h"
#include "service/order_service.h"
#include "service/roles.h"
#include "store/postgres.h"
#include "tls/upkeep.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    DRAIN_MS = 30000,
    MS_PER_S = 1000,

    /* Of the address for metrics and probes, which few ask for little. */
    PROBE_CONNECTIONS = 64,
    PROBE_TIMEOUT_S = 10,
    PROBE_BODY_BYTES = 1024,
};

/* Everything that runs, in the order it is started. */
struct daemon {
    struct config config;
    struct notify notify;
    struct log *log;
    struct metrics *metrics;
    struct process_metrics process;
    struct keys *keys;    /* that callers present, besides those of the settings */
    struct budget memory; /* that requests and answers take, over RPC and HTTP */
    struct store *store;
    struct order_service service;
    struct health health;
    struct health_check checks[3]; /* what readiness depends on, and the end of that list */
    struct metrics_service metrics_service;
    Rpc__V1__Auth_Service auth_service;
    struct keys_service keys_service;
    struct jwt_verifier *tokens; /* NULL: ORDERS_JWT_ISSUERS is not set */
    struct authenticator authenticator;
    struct tls_server *tls; /* NULL: ORDERS_TLS_CERT is not set */
    struct tls_upkeep tls_upkeep;
    struct certificate_roles *certificate_roles; /* NULL: clients show no certificates */
    struct methods *methods;
    struct surface *surface;
    struct rpc_server *server;
    struct channel *channel;         /* by which HTTP calls; NULL: it is not served */
    struct http_shim *shim;          /* NULL: ORDERS_HTTP is not set */
    struct http_shim *probes;        /* NULL: ORDERS_METRICS is not set */
    _Atomic(struct prober *) prober; /* of the addresses; NULL: not yet */
};

/* RPC and HTTP share the open files, whether or not both are served. */
static unsigned fit_connections(const struct daemon *daemon, const char *protocol, unsigned wanted)
{
    const unsigned fit = process_connections(wanted, 2);
    if (fit < wanted)
        log_line(daemon->log, LOG_LEVEL_WARN, "fewer connections than set: too few files may be open",
                 LOG_STR("protocol", protocol), LOG_INT("connections", fit));
    return fit;
}

static bool addresses_answer(void *arg, char *why, size_t why_size)
{
    const struct daemon *daemon = arg;
    struct prober *prober = daemon->prober;
    if (prober != NULL)
        return prober_ready(prober, why, why_size);
    snprintf(why, why_size, "starting");
    return false;
}

static bool trusts_authority(void *tls, uint32_t authority)
{
    return tls_server_trusts(tls, authority);
}

/* Who may call. */
static bool make_authenticator(struct daemon *daemon, char *error, size_t error_size)
{
    const struct jwt_verifier_options options = {
        .path = daemon->config.jwt_issuers,
        .log = daemon->log,
        .metrics = daemon->metrics,
    };
    authenticator_add(&daemon->authenticator, bootstrap_keys_source(daemon->config.api_keys));
    authenticator_add(&daemon->authenticator, keys_source(daemon->keys));
    if (daemon->certificate_roles != NULL) {
        daemon->authenticator.subjects = certificate_roles_source(daemon->certificate_roles);
        daemon->authenticator.subjects.trusts = trusts_authority;
        daemon->authenticator.subjects.authorities = daemon->tls;
    }
    if (options.path == NULL)
        return true;
    daemon->tokens = jwt_verifier_start(&options, error, error_size);
    if (daemon->tokens == NULL) {
        config_name_setting("ORDERS_JWT_ISSUERS", error, error_size);
        return false;
    }
    authenticator_add(&daemon->authenticator, jwt_verifier_source(daemon->tokens));
    return true;
}

/* All that may be called, and what each call goes through. */
static bool make_surface(struct daemon *daemon, char *error, size_t error_size)
{
    static const char *const names[] = {
        "orders.v1.OrderService", "rpc.v1.Auth", "rpc.v1.Health", "rpc.v1.Keys", "rpc.v1.Metrics", NULL};
    order_service_init(&daemon->service, daemon->store);
    daemon->checks[0] = (struct health_check){postgres_ready, daemon->store};
    daemon->checks[1] = (struct health_check){addresses_answer, daemon};
    health_init(&daemon->health, names, daemon->checks);
    auth_service_init(&daemon->auth_service);
    metrics_service_init(&daemon->metrics_service, daemon->metrics);
    keys_service_init(&daemon->keys_service, postgres_key_store(daemon->store));
    ProtobufCService *const services[] = {&daemon->service.base.base, &daemon->health.service.base,
                                          &daemon->metrics_service.service.base, &daemon->auth_service.base,
                                          &daemon->keys_service.service.base};
    const struct surface_options options = {
        .methods = daemon->methods = methods_new(),
        .authenticator = &daemon->authenticator,
        .log = daemon->log,
        .metrics = daemon->metrics,
        .memory = &daemon->memory,
        .max_calls = daemon->config.max_calls,
        .max_calls_each = daemon->config.max_calls_each,
        .rate_each = daemon->config.rate_each,
        .burst_each = daemon->config.burst_each,
        .log_sample = daemon->config.log_sample,
        .slow_ms = daemon->config.slow_statement_ms,
    };
    snprintf(error, error_size, "out of memory");
    errno = ENOMEM;
    if (daemon->methods == NULL)
        return false;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        if (!methods_add(daemon->methods, services[i], roles_find, error, error_size))
            return false;
    }
    daemon->surface = surface_new(&options);
    return daemon->surface != NULL;
}

static bool start_rpc(struct daemon *daemon, char *error, size_t error_size)
{
    const struct rpc_server_options options = {
        .urls = daemon->config.listen,
        .surface = daemon->surface,
        .log = daemon->log,
        .metrics = daemon->metrics,
        .tls = daemon->tls,
        .max_connections = fit_connections(daemon, "rpc", daemon->config.max_connections),
        .idle_timeout_ms = daemon->config.idle_timeout_s * MS_PER_S,
        .send_timeout_ms = daemon->config.send_timeout_s * MS_PER_S,
    };
    daemon->server = rpc_server_start(&options, error, error_size);
    if (daemon->server == NULL)
        config_name_setting("ORDERS_LISTEN", error, error_size);
    return daemon->server != NULL;
}

static bool make_channel(struct daemon *daemon, char *error, size_t error_size)
{
    daemon->channel = local_channel_new(daemon->surface);
    if (daemon->channel != NULL)
        return true;
    snprintf(error, error_size, "out of memory");
    errno = ENOMEM;
    return false;
}

static bool start_probes(struct daemon *daemon, char *error, size_t error_size)
{
    const struct http_shim_options options = {
        .host = daemon->config.metrics_host,
        .port = daemon->config.metrics_port,
        .cors_origins = daemon->config.cors_origins,
        .channel = daemon->channel,
        .log = daemon->log,
        .metrics = daemon->metrics,
        .probes_only = true,
        .max_connections = PROBE_CONNECTIONS,
        .request_timeout_s = PROBE_TIMEOUT_S,
        .send_timeout_s = PROBE_TIMEOUT_S,
        .idle_timeout_s = daemon->config.http_idle_timeout_s,
        .max_body_bytes = PROBE_BODY_BYTES,
        .memory = &daemon->memory,
    };
    daemon->probes = http_shim_start(&options, error, error_size);
    if (daemon->probes == NULL)
        config_name_setting("ORDERS_METRICS", error, error_size);
    return daemon->probes != NULL;
}

static struct dashboard_sign_in sign_in_of(const struct daemon *daemon)
{
    if (daemon->config.oidc_client == NULL)
        return (struct dashboard_sign_in){0};
    return (struct dashboard_sign_in){
        .issuer = jwt_verifier_first_issuer(daemon->tokens),
        .client = daemon->config.oidc_client,
        .scope = daemon->config.oidc_scope,
    };
}

static bool start_http(struct daemon *daemon, char *error, size_t error_size)
{
    const struct http_shim_options options = {
        .host = daemon->config.http_host,
        .port = daemon->config.http_port,
        .cors_origins = daemon->config.cors_origins,
        .rates = daemon->config.rates,
        .sign_in = sign_in_of(daemon),
        .role_of = roles_find,
        .channel = daemon->channel,
        .log = daemon->log,
        .metrics = daemon->metrics,
        .hides_metrics = daemon->config.http_hidden.metrics || daemon->config.metrics_host != NULL,
        .hides_readyz = daemon->config.http_hidden.readyz,
        .hides_docs = daemon->config.http_hidden.docs,
        .log_sample = daemon->config.log_sample,
        .slow_ms = daemon->config.slow_statement_ms,
        .tls = daemon->config.http_tls ? daemon->tls : NULL,
        .max_connections = fit_connections(daemon, "http", daemon->config.http_max_connections),
        .max_connections_per_address = daemon->config.http_max_connections_per_address,
        .request_timeout_s = daemon->config.http_request_timeout_s,
        .send_timeout_s = daemon->config.http_send_timeout_s,
        .idle_timeout_s = daemon->config.http_idle_timeout_s,
        .max_body_bytes = daemon->config.http_max_body_bytes,
        .memory = &daemon->memory,
    };
    daemon->shim = http_shim_start(&options, error, error_size);
    if (daemon->shim == NULL)
        config_name_setting("ORDERS_HTTP", error, error_size);
    return daemon->shim != NULL;
}

/* Of all that others connect to. */
static bool start_prober(struct daemon *daemon, char *error, size_t error_size)
{
    struct http_shim *const shims[] = {daemon->shim, daemon->probes};
    size_t n = 0;
    while (rpc_server_address(daemon->server, n) != NULL)
        n++;
    struct prober_target *targets = arena_calloc(&daemon->config.arena, n + 2, sizeof *targets);
    for (size_t i = 0; i < n; i++) {
        struct rpc_address *address = rpc_server_address(daemon->server, i);
        targets[i] = (struct prober_target){rpc_address_url(address), rpc_address_answers,
                                            rpc_address_abort_answers, address};
    }
    for (size_t i = 0; i < sizeof shims / sizeof *shims; i++) {
        if (shims[i] != NULL)
            targets[n++] = (struct prober_target){http_shim_url(shims[i]), http_shim_answers,
                                                  http_shim_abort_answers, shims[i]};
    }
    daemon->prober = watchdog_start_prober(&daemon->notify, targets, n, error, error_size);
    return daemon->prober != NULL;
}

static bool open_tls(struct daemon *daemon, char *error, size_t error_size)
{
    const struct config *config = &daemon->config;
    const struct tls_server_files files = {config->tls_cert, config->tls_key, config->tls_client_ca};
    if (config->tls_cert == NULL)
        return true;
    daemon->tls = tls_server_open(&files, error, error_size);
    if (daemon->tls == NULL)
        return false;
    tls_upkeep_show(&daemon->tls_upkeep, daemon->tls, daemon->metrics);
    if (config->tls_client_ca == NULL)
        return true;
    daemon->certificate_roles = certificate_roles_open(config->tls_roles, error, error_size);
    return daemon->certificate_roles != NULL;
}

/* What SIGHUP is for. */
static void load_again(void *arg)
{
    struct daemon *daemon = arg;
    char why[512];
    secret_files_check(&daemon->config, daemon->log);
    if (daemon->tls != NULL)
        tls_upkeep_load(daemon->tls, daemon->log);
    if (daemon->certificate_roles != NULL &&
        !certificate_roles_load(daemon->certificate_roles, why, sizeof why))
        log_line(daemon->log, LOG_LEVEL_ERROR, "roles not loaded: the last ones stay", LOG_STR("why", why));
}

/* False: errno is what config_exit_code wants to know. */
static bool start(struct daemon *daemon, char *error, size_t error_size)
{
    snprintf(error, error_size, "out of memory");
    daemon->keys = keys_new();
    if (daemon->keys == NULL)
        return false;
    const struct postgres_options options = {
        .database_url = daemon->config.database_url,
        .workers = daemon->config.workers,
        .idempotency_ttl_s = daemon->config.idempotency_ttl_s,
        .slow_statement_ms = daemon->config.slow_statement_ms,
        .log = daemon->log,
        .metrics = daemon->metrics,
        .keys = keys_service_memory(daemon->keys),
    };
    const struct config *config = &daemon->config;
    const bool has_http = config->http_host != NULL || config->metrics_host != NULL;
    if (!open_tls(daemon, error, error_size) || !make_authenticator(daemon, error, error_size))
        return false;
    daemon->store = postgres_open(&options, error, error_size);
    return daemon->store != NULL && make_surface(daemon, error, error_size) &&
           start_rpc(daemon, error, error_size) && (!has_http || make_channel(daemon, error, error_size)) &&
           (config->metrics_host == NULL || start_probes(daemon, error, error_size)) &&
           (config->http_host == NULL || start_http(daemon, error, error_size)) &&
           start_prober(daemon, error, error_size);
}

/* "ready http=http://127.0.0.1:5000 rpc=tcp://127.0.0.1:6600 key=.local/api-key" */
static void print_ready(const struct daemon *daemon)
{
    printf("ready");
    if (daemon->shim != NULL)
        printf(" http=%s", http_shim_url(daemon->shim));
    printf(" rpc=%s", rpc_server_urls(daemon->server));
    if (daemon->probes != NULL)
        printf(" metrics=%s", http_shim_url(daemon->probes));
    if (daemon->config.api_key_file != NULL)
        printf(" key=%s", daemon->config.api_key_file);
    printf("\n");
    fflush(stdout);
}

static void *stop_http(void *shim)
{
    http_shim_stop(shim);
    return NULL;
}

/* From the listeners inward, which stop at once, as neither is to wait for the other's calls: each layer
 * answers what it has in hand while the layers below still serve. Calls that take longer than that are
 * answered by the store as it closes. What nng's threads may still touch, the server and the log, ends with
 * the process. */
static void stop(struct daemon *daemon)
{
    atomic_store(&daemon->health.stopping, true);
    if (daemon->prober != NULL)
        prober_stop(daemon->prober); /* the addresses are to be closed */
    pthread_t http;
    const bool apart = pthread_create(&http, NULL, stop_http, daemon->shim) == 0;
    if (daemon->server != NULL && !rpc_server_drain(daemon->server, DRAIN_MS))
        log_line(daemon->log, LOG_LEVEL_WARN, "calls cut short");
    if (apart)
        pthread_join(http, NULL);
    else
        http_shim_stop(daemon->shim);
    http_shim_stop(daemon->probes);
    jwt_verifier_stop(daemon->tokens);
    if (daemon->store != NULL)
        postgres_close(daemon->store);
}

static void serve(struct daemon *daemon)
{
    log_line(daemon->log, LOG_LEVEL_INFO, "listening", LOG_STR("rpc", rpc_server_urls(daemon->server)),
             LOG_STR("http", daemon->shim != NULL ? http_shim_url(daemon->shim) : ""));
    print_ready(daemon);
    const struct watchdog_reload reload = {load_again, daemon};
    watchdog_await_end(&daemon->notify, daemon->prober, daemon->log, &reload);
}

int main(int argc, char *argv[])
{
    static struct daemon daemon;
    char error[1024] = "";

    arguments_read(argc, argv, "ordersd " PROJECT_VERSION,
                   "Serves orders from PostgreSQL, over RPC and HTTP.\v"
                   "Its settings come from the environment and from .env in the working directory, "
                   "DATABASE_URL and API_KEY at least; ordersd(8) has them all.");
    config_load_or_exit(&daemon.config, CONFIG_DATABASE | CONFIG_API_KEY | CONFIG_LISTEN, "ordersd");
    notify_open(&daemon.notify);
    process_prepare();
    daemon.metrics = metrics_new();
    process_metrics_add(&daemon.process, daemon.metrics);
    build_info_add(daemon.metrics, PROJECT_VERSION);
    daemon.log = log_open(STDERR_FILENO, daemon.config.log_level);
    secret_files_check(&daemon.config, daemon.log);
    daemon.memory.limit = daemon.config.max_call_bytes;
    const bool started = start(&daemon, error, sizeof error);
    const int code = started ? EXIT_SUCCESS : config_exit_code(errno);
    if (started)
        serve(&daemon);
    stop(&daemon);
    if (started)
        log_line(daemon.log, LOG_LEVEL_INFO, "stopped");
    log_flush(daemon.log);
    if (!started)
        fprintf(stderr, "ordersd: %s\n", error);
    if (postgres_is_left())
        _exit(code);
    return code;
}
