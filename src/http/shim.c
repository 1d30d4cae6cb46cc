/* shim.c: the libmicrohttpd daemon, and how it is stopped with nobody left waiting. */
#include "http/shim.h"

#include "base/process.h"
#include "base/time.h"
#include "http/dashboard.h"
#include "http/exchange.h"
#include "http/listen.h"
#include "http/openapi.h"
#include "http/peers.h"
#include "http/routes.h"
#include "http/shim_host.h"
#include "http/tls_sessions.h"
#include "http/upstream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS = 2,
    HEAD_BYTES = 16 << 10, /* of a request's line and headers */
    /* Half of it is for a request's head and a piece of its body, half for the answer's head, which may have
     * to repeat a header of the request. What nothing was written to takes no memory. */
    CONNECTION_BYTES = 2 * (HEAD_BYTES + (4 << 10)),
    STRICT = 1,    /* refuse what RFC 9112 lets servers refuse, but for an empty line before a request */
    OWN_SHARE = 4, /* of the memory, which there is for HTTP whatever others take; and as much for others */
    DRAIN_TIMEOUT_S = 10,
    CLOSING_CONNECTIONS = 256, /* that were ended, and that libmicrohttpd has yet to close */
    REAL_DIGITS = 15,          /* a decimal number of as many comes out as it went in */
};

struct http_shim {
    struct shim_host host;
    struct own_peer self; /* http_shim_answers' connection */
    struct peers *peers;
    struct MHD_Daemon *daemon;
    char url[256];
    struct tls_server *tls; /* NULL: it serves without */
    int listen_fd;          /* the daemon closes it */
    uint16_t port;
};

/* URLs are decoded piece by piece, in url.c. */
static size_t leave_escaped(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

/* What libmicrohttpd has to say is about peers that broke off or spoke no HTTP. */
static void __attribute__((format(printf, 2, 0))) log_daemon(void *arg, const char *format, va_list args)
{
    struct http_shim *shim = arg;
    char line[512];
    if (!log_enabled(shim->host.log, LOG_LEVEL_DEBUG))
        return;
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    log_line(shim->host.log, LOG_LEVEL_DEBUG, "libmicrohttpd", LOG_STR("text", line));
}

static struct peers *open_peers(struct http_shim *shim, const struct http_shim_options *options,
                                unsigned max_connections)
{
    const struct peers_options peers = {
        .limit = max_connections,
        .self = &shim->self,
        .tls = options->tls,
        .request_timeout_s = options->request_timeout_s,
        .send_timeout_s = options->send_timeout_s,
        .idle_timeout_s = options->idle_timeout_s,
        .memory = options->memory,
        .log = options->log,
        .open = shim->host.counts.connections,
        .late = shim->host.counts.late,
        .evicted = shim->host.counts.evicted,
    };
    if (max_connections < options->max_connections)
        log_line(options->log, LOG_LEVEL_WARN, "fewer http connections than set: too few files may be open",
                 LOG_INT("connections", max_connections));
    return peers_open(&peers);
}

/* Each thread of the pool has its share of libmicrohttpd's limit of connections, however they fall: so that
 * is large enough for either to have all of ours. Timeouts, and who is to go, are the peers' business. */
static bool start_daemon(struct http_shim *shim, const struct http_shim_options *options)
{
    const unsigned max_connections = process_connections(options->max_connections, 1);
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    shim->peers = open_peers(shim, options, max_connections);
    if (shim->peers == NULL)
        return false;
    shim->daemon = MHD_start_daemon(
        options->tls != NULL ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, exchange_advance, &shim->host, //
        MHD_OPTION_EXTERNAL_LOGGER, log_daemon, shim,                                                     //
        MHD_OPTION_LISTEN_SOCKET, shim->listen_fd,                                                        //
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,                                                   //
        MHD_OPTION_CONNECTION_LIMIT, THREADS * (max_connections + CLOSING_CONNECTIONS),                   //
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->max_connections_per_address,                         //
        MHD_OPTION_NOTIFY_CONNECTION, peers_notify, shim->peers,                                          //
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,                                     //
        MHD_OPTION_HEAD_SIZE_LIMIT, (size_t)HEAD_BYTES,                                                   //
        MHD_OPTION_CLIENT_DISCIPLINE_LVL, (int)STRICT,                                                    //
        MHD_OPTION_REFUSAL_CALLBACK, exchange_refuse, &shim->host,                                        //
        MHD_OPTION_ROUND_CALLBACK, upstream_begin_calls, &shim->host,                                     //
        MHD_OPTION_URI_LOG_CALLBACK, exchange_open, &shim->host,                                          //
        MHD_OPTION_NOTIFY_COMPLETED, exchange_close, &shim->host,                                         //
        MHD_OPTION_ARRAY, options->tls != NULL ? tls_sessions_options : plain,                            //
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
    return shim->daemon != NULL;
}

/* Adds JSON, with its reference. */
static void make_json(struct resources *resources, const char *name, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    if (text != NULL)
        resources_make(resources, name, "application/json", text, strlen(text));
    free(text);
    json_decref(json);
}

/* Which routes are served, as ROUTES_OF has them. */
static unsigned served(const struct http_shim_options *options)
{
    const unsigned hidden = (options->hides_metrics ? ROUTES_OF(ROUTE_METRICS) : 0) |
                            (options->hides_readyz ? ROUTES_OF(ROUTE_READYZ) : 0) |
                            (options->hides_docs ? ROUTES_OF(ROUTE_DOCS) : 0);
    return options->probes_only ? ROUTES_PROBES : ROUTES_ALL & ~hidden;
}

/* What is answered as it is: the files that are built in, the description of the API, and what the dashboard
 * has to know. */
static bool make_resources(struct resources *resources, const struct http_shim_options *options, char *error,
                           size_t error_size)
{
    resources_init(resources);
    json_t *settings = dashboard_settings(options->rates, &options->sign_in, error, error_size);
    if (settings == NULL) {
        errno = EINVAL;
        return false;
    }
    make_json(resources, DASHBOARD_SETTINGS_NAME, settings);
    const struct resource *base = resources_find(resources, OPENAPI_NAME);
    make_json(resources, OPENAPI_NAME,
              openapi_make(base->plain.bytes, base->plain.length, served(options), options->role_of));
    return true;
}

/* False: errno says why. */
static bool init_host(struct shim_host *host, const struct http_shim_options *options, char *error,
                      size_t error_size)
{
    *host = (struct shim_host){
        .cors_origins = options->cors_origins,
        .sign_in = options->sign_in,
        .channel = options->channel,
        .log = options->log,
        .probes_only = options->probes_only,
        .served = served(options),
        .slow_ns = (uint64_t)options->slow_ms * NS_PER_MS,
        .memory = {.whole = options->memory,
                   .own = options->memory->limit / OWN_SHARE,
                   .most = options->memory->limit - options->memory->limit / OWN_SHARE},
        .answers = {.part = &host->memory},
        .bodies = {.max_bytes = options->max_body_bytes, .memory = &host->memory},
    };
    STAILQ_INIT(&host->gathered);
    STAILQ_INIT(&host->ended);
    for (int i = 0; i < 2; i++)
        sampler_init(&host->samples[i], options->log_sample);
    scrapes_init(&host->scrapes, options->metrics);
    pthread_mutex_init(&host->lock, NULL);
    time_cond_init(&host->idle);
    if (!shim_metrics_init(&host->counts, options->probes_only ? NULL : options->metrics)) {
        errno = ENOMEM;
        return false;
    }
    return make_resources(&host->resources, options, error, error_size) && writer_start(&host->writer);
}

static void free_shim(struct http_shim *shim)
{
    peers_close(shim->peers);
    writer_stop(&shim->host.writer);
    exchange_free_spares(&shim->host);
    resources_free(&shim->host.resources);
    scrapes_free(&shim->host.scrapes);
    shim_metrics_free(&shim->host.counts);
    pthread_cond_destroy(&shim->host.idle);
    pthread_mutex_destroy(&shim->host.lock);
    free(shim);
}

static void note_url(struct http_shim *shim, const char *host)
{
    bool is_ipv6 = strchr(host, ':') != NULL;
    snprintf(shim->url, sizeof shim->url, "http%s://%s%s%s:%u", shim->tls != NULL ? "s" : "",
             is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", shim->port);
}

struct http_shim *http_shim_start(const struct http_shim_options *options, char *error, size_t error_size)
{
    struct http_shim *shim = calloc(1, sizeof *shim);
    snprintf(error, error_size, "no memory");
    if (shim == NULL)
        return NULL;
    if (!init_host(&shim->host, options, error, error_size)) {
        const int why = errno;
        free_shim(shim);
        errno = why;
        return NULL;
    }
    own_peer_init(&shim->self);
    shim->tls = options->tls;
    shim->port = options->port;
    shim->listen_fd = listen_open(options->host, &shim->port, error, error_size);
    int why = errno;
    if (shim->listen_fd >= 0) {
        if (start_daemon(shim, options)) {
            note_url(shim, options->host);
            return shim;
        }
        snprintf(error, error_size, "cannot start libmicrohttpd on %s:%u", options->host, shim->port);
        close(shim->listen_fd);
        why = ENOMEM; /* or no thread; libmicrohttpd does not say */
    }
    free_shim(shim);
    errno = why;
    return NULL;
}

const char *http_shim_url(const struct http_shim *shim)
{
    return shim->url;
}

bool http_shim_answers(void *arg, unsigned timeout_ms, char *why, size_t why_size)
{
    struct http_shim *shim = arg;
    return listen_answers(shim->listen_fd,
                          "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                          &shim->self, shim->tls, timeout_ms, why, why_size);
}

void http_shim_abort_answers(void *arg)
{
    struct http_shim *shim = arg;
    own_peer_abort(&shim->self);
}

/* MHD_quiesce_daemon would stop the listening too, but it and each thread of the pool take the socket out of
 * that thread's epoll set, and it panics if it is second (1.0.1; only without a pool does it let that pass).
 */
void http_shim_stop(struct http_shim *shim)
{
    if (shim == NULL)
        return;
    process_close_held(shim->listen_fd);
    shim_host_drain(&shim->host, DRAIN_TIMEOUT_S);
    MHD_stop_daemon(shim->daemon);
    free_shim(shim);
}
