/* config.h: the settings of every program here, from the environment and from `.env`.
 *
 * A `.env` file in the working directory is read first; the environment wins over it. An empty value counts
 * as unset. The file must belong to this user or root, and must not be writable by everybody, as it decides
 * where keys are sent. Otherwise, or when it cannot be read, it is an error.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of a program that cannot start, of sysexits.h. */
enum {
    EXIT_CONFIG = 78,    /* it was set up wrongly: EX_CONFIG */
    EXIT_TRY_AGAIN = 75, /* something is short, for now: memory, or an address that another process has */
};

/* Which of them, when errno was this. */
int config_exit_code(int error);

/* Has an error begin with the variable that sets what failed, "ORDERS_HTTP: cannot listen on ...", unless it
 * begins with one. Leaves errno alone. */
void config_name_setting(const char *variable, char *error, size_t error_size);

/* What a program cannot do without. */
enum config_need {
    CONFIG_DATABASE = 1 << 0,
    CONFIG_API_KEY = 1 << 1,
    CONFIG_HTTP = 1 << 2,   /* ORDERS_HTTP has its default instead of being NULL when unset */
    CONFIG_LISTEN = 1 << 3, /* it listens: on ORDERS_HTTP, if that is set, and with CONFIG_DATABASE on
                             * ORDERS_LISTEN: what TLS wants is there, or what is without has an address of
                             * this machine alone, or ORDERS_PLAINTEXT allows it */
};

struct config {
    struct arena arena; /* owns every string below */

    const char *database_url;        /* DATABASE_URL; NULL when unset and not needed */
    const char *const *api_keys;     /* API_KEY, or the first line of API_KEY_FILE, NULL-terminated */
    const char *api_key;             /* the first of them, which a client presents; NULL when unset */
    const char *api_key_file;        /* API_KEY_FILE; NULL when unset */
    const char *jwt_issuers;         /* ORDERS_JWT_ISSUERS, a path; NULL when unset */
    const char *oidc_client;         /* ORDERS_OIDC_CLIENT; NULL when unset */
    const char *oidc_scope;          /* ORDERS_OIDC_SCOPE */
    const char *const *listen;       /* ORDERS_LISTEN, NULL-terminated */
    const char *const *connect;      /* ORDERS_CONNECT, NULL-terminated */
    const char *http_host;           /* ORDERS_HTTP's host; NULL when unset and not needed */
    uint16_t http_port;              /* its port; 0 lets the system choose */
    const char *metrics_host;        /* ORDERS_METRICS's host; NULL when unset */
    uint16_t metrics_port;           /* its port; 0 lets the system choose */
    const char *const *cors_origins; /* ORDERS_CORS_ORIGINS, NULL-terminated */
    const char *rates;               /* ORDERS_RATES, as it is; NULL when unset */
    enum log_level log_level;        /* ORDERS_LOG */
    unsigned log_sample; /* ORDERS_LOG_SAMPLE: lines a second of calls that go well, and of those whose caller
                            is at fault; 0: all */
    unsigned idempotency_ttl_s; /* ORDERS_IDEMPOTENCY_TTL: how long an answer to a write is kept */
    unsigned workers;           /* ORDERS_WORKERS: connections that write, 1 to 64 */
    unsigned slow_statement_ms; /* ORDERS_SLOW_STATEMENT: from when on one, or a call, is logged at level
                                   warn; 0: never */
    unsigned max_calls;         /* ORDERS_MAX_CALLS: in hand at once */
    unsigned max_calls_each;    /* ORDERS_MAX_CALLS_PER_PRINCIPAL: of one key, say; 0: as many as all */
    unsigned rate_each;         /* ORDERS_RATE_PER_PRINCIPAL: calls a second of one; 0: no limit */
    unsigned burst_each;        /* ORDERS_BURST_PER_PRINCIPAL: that may come at once; 0: those of a second */
    unsigned max_call_bytes;    /* ORDERS_MAX_CALL_BYTES: of memory, for requests and answers */
    unsigned max_connections;   /* ORDERS_MAX_CONNECTIONS: of RPC clients */
    unsigned idle_timeout_s;    /* ORDERS_IDLE_TIMEOUT: of an RPC connection */
    unsigned send_timeout_s;    /* ORDERS_SEND_TIMEOUT: of an answer */

    unsigned http_max_connections;             /* ORDERS_HTTP_MAX_CONNECTIONS */
    unsigned http_max_connections_per_address; /* ORDERS_HTTP_MAX_CONNECTIONS_PER_ADDRESS; 0: as many */
    unsigned http_request_timeout_s;           /* ORDERS_HTTP_REQUEST_TIMEOUT: until a request is in */
    unsigned http_send_timeout_s;              /* ORDERS_HTTP_SEND_TIMEOUT: until an answer is taken */
    unsigned http_idle_timeout_s;              /* ORDERS_HTTP_IDLE_TIMEOUT: between two requests */
    unsigned http_max_body_bytes;              /* ORDERS_HTTP_MAX_BODY_BYTES: of one request */
    struct config_hidden {
        bool metrics, readyz, docs;
    } http_hidden; /* ORDERS_HTTP_HIDE: what is not served at ORDERS_HTTP */

    bool http_tls;             /* ORDERS_HTTP begins with https:// */
    const char *tls_cert;      /* ORDERS_TLS_CERT, a path; NULL when unset, as are those below */
    const char *tls_key;       /* ORDERS_TLS_KEY, a path */
    const char *tls_client_ca; /* ORDERS_TLS_CLIENT_CA, a path: what clients' certificates are checked by */
    const char *tls_ca;        /* ORDERS_TLS_CA, a path: what servers' certificates are checked by */
    const char *tls_roles;     /* ORDERS_TLS_ROLES, a path: what clients' certificates give */
    bool plaintext;            /* ORDERS_PLAINTEXT: 1, keys may cross a network in the clear */
};

/* Reads the settings. False: `error` is one line that names the variable, what it holds (never a secret) and
 * what it may hold. Free with config_free either way. */
bool config_load(struct config *config, unsigned needs, char *error, size_t error_size);

void config_free(struct config *config);

/* Where a variable above is set; an option that sets one in the environment counts as that. */
enum config_origin { CONFIG_UNSET, CONFIG_FROM_ENVIRONMENT, CONFIG_FROM_DOTENV };

/* Where the environment or `.env` has something for one of the variables above, and in the arena what that
 * is. */
enum config_origin config_find(const char *name, struct arena *arena, const char **value);
bool config_is_set(const char *name);

/* config_load for a main: prints "PROGRAM: ERROR" on stderr and exits with EXIT_CONFIG when it fails. */
void config_load_or_exit(struct config *config, unsigned needs, const char *program);

/* Takes SQLAlchemy's driver out of a database URL, which libpq does not know: postgresql+psycopg://host/
 * becomes postgresql://host/. Leaves anything else as it is. */
void config_strip_driver(char *url);

#endif
