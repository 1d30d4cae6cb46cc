/* shim.h: the REST API, served by calling the service. */
#ifndef HTTP_SHIM_H
#define HTTP_SHIM_H

#include "base/budget.h"
#include "base/log.h"
#include "base/metrics.h"
#include "call/channel.h"
#include "call/methods.h"
#include "http/dashboard.h"
#include "tls/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_shim;

/* Everything pointed to must outlive the shim. */
struct http_shim_options {
    const char *host;                 /* a name or an address */
    uint16_t port;                    /* 0 lets the system choose */
    const char *const *cors_origins;  /* NULL-terminated */
    const char *rates;                /* for the dashboard; see dashboard.h. NULL: none */
    struct dashboard_sign_in sign_in; /* how people sign in at the dashboard; see dashboard.h */
    struct channel *channel;          /* to the service */
    method_role *role_of;             /* for the description of the API; NULL: nobody says */
    struct log *log;                  /* one line a request, at level info */
    struct metrics *metrics; /* what /metrics shows, and, unless there are probes only, where it counts */
    bool probes_only;        /* serve nothing but /metrics, /healthz and /readyz: no key is needed then */
    bool hides_metrics;      /* do not serve /metrics, or /readyz, or /docs, /redoc and /openapi.json */
    bool hides_readyz;
    bool hides_docs;
    unsigned log_sample; /* lines a second of what goes well, and as many of what clients do wrong; 0: all */
    unsigned slow_ms;    /* from when on a request has a line always; 0: never */
    struct tls_server *tls; /* serve https by it; NULL: http */

    unsigned max_connections;             /* fewer, if the system lets this process open fewer files */
    unsigned max_connections_per_address; /* 0: as many */
    unsigned request_timeout_s;           /* for what each of these times, see peers.h */
    unsigned send_timeout_s;
    unsigned idle_timeout_s;
    size_t max_body_bytes;
    /* That bodies and answers take beyond a few KiB each. It may be shared: a quarter of it is there for
     * this one whatever others take. */
    struct budget *memory;
};

/* Listens and serves on threads of its own. NULL: `error` is one line that says why, and errno what
 * config_exit_code wants: EADDRINUSE if another process listens there. */
struct http_shim *http_shim_start(const struct http_shim_options *options, char *error, size_t error_size);

/* Where it serves: "http://127.0.0.1:5000", or "https://...". */
const char *http_shim_url(const struct http_shim *shim);

/* Whether its threads take a connection and answer over HTTP within the time: a prober_ask, whose
 * argument is the shim. An answer, and a refusal since there are too many, are as good; a connection that is
 * closed without one is not. The connection is no client's: it is neither counted nor logged. One at a time.
 */
bool http_shim_answers(void *shim, unsigned timeout_ms, char *why, size_t why_size);

/* Has http_shim_answers return at once, now and from then on: a prober_abort. */
void http_shim_abort_answers(void *shim);

/* Refuses new connections, answers the requests in hand, and frees the shim. A request whose client neither
 * sends the rest of it nor takes its answer is given up after ten seconds. NULL does nothing. */
void http_shim_stop(struct http_shim *shim);

#endif
