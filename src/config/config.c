/* config.c: one row of a table for each variable: its name, its default, and how its text is read. */
#include "config/config.h"

#include "base/regular_file.h"
#include "base/text_list.h"
#include "config/config_tls.h"
#include "config/key_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    DOTENV_MAX_BYTES = 64 * 1024,
    LIST_MAX = 64,
};

/* A reading under way. */
struct reading {
    struct config *config;
    const char *name; /* of the variable being read */
    char *error;
    size_t error_size;
};

static bool config_fail(struct reading *reading, const char *holds, const char *may_hold)
{
    snprintf(reading->error, reading->error_size, "%s: \"%.200s\" is not %s", reading->name, holds, may_hold);
    return false;
}

/* --- how each kind of value is read --- */

static bool starts_with(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

static bool split(struct reading *reading, const char *text, const char *const **items, size_t *n)
{
    *items = text_list_split(&reading->config->arena, text, LIST_MAX, n);
    if (*items == NULL)
        snprintf(reading->error, reading->error_size, "%s: has more than %d items", reading->name, LIST_MAX);
    return *items != NULL;
}

static bool read_list(struct reading *reading, const char *text, const char *const *prefixes,
                      const char *may_hold, const char *const **out)
{
    size_t n;
    if (!split(reading, text, out, &n))
        return false;
    if (n == 0)
        return config_fail(reading, text, may_hold);
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t p = 0; prefixes[p] != NULL; p++)
            known |= starts_with((*out)[i], prefixes[p]) && strlen((*out)[i]) > strlen(prefixes[p]);
        if (!known)
            return config_fail(reading, (*out)[i], may_hold);
    }
    return true;
}

static bool read_number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < least || value > most)
        return false;
    *out = value;
    return true;
}

static const char *const rpc_schemes[] = {CONFIG_TCP, CONFIG_TLS_TCP, "ipc://", "abstract://", NULL};
static const char rpc_urls[] =
    "a comma-separated list of tcp://host:port, tls+tcp://host:port, ipc://path or abstract://name";

/* nng takes any port where none is said, and nobody would know which. */
static bool lacks_port(const char *url)
{
    unsigned long port;
    if (!starts_with(url, CONFIG_TCP) && !starts_with(url, CONFIG_TLS_TCP))
        return false;
    const char *host = strstr(url, "://") + strlen("://"), *colon = strrchr(url, ':');
    const bool is_bare_ipv6 =
        colon > host && *host != '[' && memchr(host, ':', (size_t)(colon - host)) != NULL;
    return is_bare_ipv6 || (*host == '[' && colon[-1] != ']') ||
           !read_number(colon + 1, 0, UINT16_MAX, &port);
}

/* Nobody can listen there. */
static bool is_path_too_long(const char *url)
{
    static const char scheme[] = "ipc://";
    enum { ROOM = sizeof((struct sockaddr_un *)NULL)->sun_path }; /* with a NUL */
    return starts_with(url, scheme) && strlen(url) - strlen(scheme) >= ROOM;
}

static bool read_urls(struct reading *reading, const char *text, const char *const **out)
{
    if (!read_list(reading, text, rpc_schemes, rpc_urls, out))
        return false;
    for (size_t i = 0; (*out)[i] != NULL; i++) {
        if (lacks_port((*out)[i]))
            return config_fail(reading, (*out)[i], rpc_urls);
        if (is_path_too_long((*out)[i]))
            return config_fail(reading, (*out)[i], "an ipc:// address with a path of at most 107 bytes");
    }
    return true;
}

static bool read_connect(struct reading *reading, const char *text)
{
    return read_urls(reading, text, &reading->config->connect);
}

/* Of which each is another, unless the system chooses the port. */
static bool read_listen(struct reading *reading, const char *text)
{
    const char *const **urls = &reading->config->listen;
    if (!read_urls(reading, text, urls))
        return false;
    for (size_t i = 1; (*urls)[i] != NULL; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp((*urls)[i], (*urls)[j]) == 0 && strcmp(strrchr((*urls)[i], ':'), ":0") != 0)
                return config_fail(reading, (*urls)[i], "another address than those before it");
        }
    }
    return true;
}

static bool read_plaintext(struct reading *reading, const char *text)
{
    unsigned long allowed;
    if (!read_number(text, 0, 1, &allowed))
        return config_fail(reading, text, "1, which allows it, or 0");
    reading->config->plaintext = allowed != 0;
    return true;
}

static bool read_cors_origins(struct reading *reading, const char *text)
{
    static const char *const schemes[] = {"http://", "https://", NULL};
    return read_list(reading, text, schemes, "a comma-separated list of http(s)://host[:port]",
                     &reading->config->cors_origins);
}

static bool read_hidden(struct reading *reading, const char *text)
{
    struct config_hidden *hidden = &reading->config->http_hidden;
    const struct {
        const char *name;
        bool *is_hidden;
    } words[] = {{"metrics", &hidden->metrics}, {"readyz", &hidden->readyz}, {"docs", &hidden->docs}};
    size_t n;
    const char *const *items;
    if (!split(reading, text, &items, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            if (strcmp(items[i], words[w].name) == 0)
                known = *words[w].is_hidden = true;
        }
        if (!known)
            return config_fail(reading, items[i],
                               "one of metrics, readyz and docs, or a comma-separated list of them");
    }
    return true;
}

static bool read_address(struct reading *reading, const char *text, const char **host, uint16_t *out)
{
    const char *colon = strrchr(text, ':');
    unsigned long port;
    if (colon == NULL || colon == text || !read_number(colon + 1, 0, UINT16_MAX, &port))
        return config_fail(reading, text, "host:port with a port of 0 to 65535");
    size_t host_length = (size_t)(colon - text);
    if (text[0] == '[' && text[host_length - 1] == ']') {
        text++; /* an IPv6 address */
        host_length -= 2;
    }
    *host = arena_copy(&reading->config->arena, text, host_length);
    *out = (uint16_t)port;
    return true;
}

static bool read_http(struct reading *reading, const char *text)
{
    static const char http[] = "http://", https[] = "https://";
    reading->config->http_tls = starts_with(text, https);
    if (reading->config->http_tls)
        text += strlen(https);
    else if (starts_with(text, http))
        text += strlen(http);
    return read_address(reading, text, &reading->config->http_host, &reading->config->http_port);
}

static bool read_metrics(struct reading *reading, const char *text)
{
    return read_address(reading, text, &reading->config->metrics_host, &reading->config->metrics_port);
}

static bool read_log(struct reading *reading, const char *text)
{
    for (enum log_level level = 0; level < LOG_LEVELS; level++) {
        if (strcmp(text, log_level_name(level)) == 0) {
            reading->config->log_level = level;
            return true;
        }
    }
    return config_fail(reading, text, "debug, info, warn or error");
}

void config_strip_driver(char *url)
{
    static const char *const schemes[] = {"postgresql", "postgres"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const size_t length = strlen(schemes[i]);
        if (strncmp(url, schemes[i], length) != 0 || url[length] != '+')
            continue;
        const char *rest = url + length + strcspn(url + length, ":/?@= ");
        if (strncmp(rest, "://", strlen("://")) == 0)
            memmove(url + length, rest, strlen(rest) + 1);
    }
}

static bool read_database_url(struct reading *reading, const char *text)
{
    char *url = arena_strdup(&reading->config->arena, text);
    config_strip_driver(url);
    reading->config->database_url = url;
    return true;
}

/* Keys, of which each is what a header can carry: printable ASCII, no blanks around it. */
static bool read_api_key(struct reading *reading, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!isgraph((unsigned char)*at)) {
            snprintf(reading->error, reading->error_size, "%s: holds a character that is not printable ASCII",
                     reading->name);
            return false;
        }
    }
    size_t n;
    if (!split(reading, text, &reading->config->api_keys, &n))
        return false;
    reading->config->api_key = reading->config->api_keys[0];
    return n > 0 || config_fail(reading, "no key", "keys, separated by commas");
}

static bool read_api_key_file(struct reading *reading, const char *path)
{
    reading->config->api_key_file = arena_strdup(&reading->config->arena, path);
    if (reading->config->api_key != NULL)
        return true; /* API_KEY itself is set */
    char line[KEY_FILE_BYTES];
    if (!key_file_read(path, line) || *line == '\0')
        return config_fail(reading, path, "a readable file whose first line is the key, of less than 8 KiB");
    return read_api_key(reading, line);
}

#define TEXT(name, preset, member) name, preset, .offset = offsetof(struct config, member)
#define NUMBER(name, preset, member, least_one, most_one, of) \
    TEXT(name, preset, member), .unit = "a number of " of, .least = (least_one), .most = (most_one)

static const struct variable {
    const char *name;
    const char *preset;    /* NULL: none */
    unsigned preset_needs; /* the preset holds only where this is needed; 0: always */
    bool (*read)(struct reading *reading, const char *text); /* NULL: a text, or a number */

    size_t offset;        /* of those two: where it goes */
    const char *unit;     /* of a number; NULL: it is a text, taken as it is */
    unsigned least, most; /* what a number may be */
} variables[] = {
    {"DATABASE_URL", NULL, 0, read_database_url},
    {"API_KEY", NULL, 0, read_api_key},
    {"API_KEY_FILE", NULL, 0, read_api_key_file},
    {TEXT("ORDERS_JWT_ISSUERS", NULL, jwt_issuers)},
    {TEXT("ORDERS_OIDC_CLIENT", NULL, oidc_client)},
    {TEXT("ORDERS_OIDC_SCOPE", "openid", oidc_scope)},
    {"ORDERS_LISTEN", "tcp://127.0.0.1:6600", 0, read_listen},
    {"ORDERS_CONNECT", "tcp://127.0.0.1:6600", 0, read_connect},
    {"ORDERS_HTTP", "127.0.0.1:5000", CONFIG_HTTP, read_http},
    {"ORDERS_METRICS", NULL, 0, read_metrics},
    {"ORDERS_CORS_ORIGINS", "http://localhost:3000,http://localhost:3001", 0, read_cors_origins},
    {TEXT("ORDERS_RATES", NULL, rates)},
    {"ORDERS_HTTP_HIDE", NULL, 0, read_hidden},
    {"ORDERS_LOG", "info", 0, read_log},
    {NUMBER("ORDERS_LOG_SAMPLE", "100", log_sample, 0, 1000000, "lines a second")},
    {NUMBER("ORDERS_IDEMPOTENCY_TTL", "86400", idempotency_ttl_s, 1, 31536000, "seconds")},
    {NUMBER("ORDERS_WORKERS", "2", workers, 1, 64, "connections")},
    {NUMBER("ORDERS_SLOW_STATEMENT", "1000", slow_statement_ms, 0, 600000, "milliseconds")},
    {NUMBER("ORDERS_MAX_CALLS", "4096", max_calls, 1, 65536, "calls")},
    {NUMBER("ORDERS_MAX_CALLS_PER_PRINCIPAL", "0", max_calls_each, 0, 65536, "calls")},
    {NUMBER("ORDERS_RATE_PER_PRINCIPAL", "0", rate_each, 0, 1000000, "calls a second")},
    {NUMBER("ORDERS_BURST_PER_PRINCIPAL", "0", burst_each, 0, 1000000, "calls")},
    {NUMBER("ORDERS_MAX_CALL_BYTES", "33554432", max_call_bytes, 1048576, 1073741824, "bytes")},
    {NUMBER("ORDERS_MAX_CONNECTIONS", "10000", max_connections, 1, 1000000, "connections")},
    {NUMBER("ORDERS_IDLE_TIMEOUT", "900", idle_timeout_s, 1, 86400, "seconds")},
    {NUMBER("ORDERS_SEND_TIMEOUT", "10", send_timeout_s, 1, 3600, "seconds")},
    {NUMBER("ORDERS_HTTP_MAX_CONNECTIONS", "4096", http_max_connections, 1, 65536, "connections")},
    {NUMBER("ORDERS_HTTP_MAX_CONNECTIONS_PER_ADDRESS", "0", http_max_connections_per_address, 0, 65536,
            "connections")},
    {NUMBER("ORDERS_HTTP_REQUEST_TIMEOUT", "10", http_request_timeout_s, 1, 3600, "seconds")},
    {NUMBER("ORDERS_HTTP_SEND_TIMEOUT", "10", http_send_timeout_s, 1, 3600, "seconds")},
    {NUMBER("ORDERS_HTTP_IDLE_TIMEOUT", "75", http_idle_timeout_s, 1, 3600, "seconds")},
    {NUMBER("ORDERS_HTTP_MAX_BODY_BYTES", "1048576", http_max_body_bytes, 1024, 1048576, "bytes")},
    {TEXT("ORDERS_TLS_CERT", NULL, tls_cert)},
    {TEXT("ORDERS_TLS_KEY", NULL, tls_key)},
    {TEXT("ORDERS_TLS_CLIENT_CA", NULL, tls_client_ca)},
    {TEXT("ORDERS_TLS_CA", NULL, tls_ca)},
    {TEXT("ORDERS_TLS_ROLES", NULL, tls_roles)},
    {"ORDERS_PLAINTEXT", "0", 0, read_plaintext},
};

enum { VARIABLES = sizeof variables / sizeof variables[0] };

/* --- .env --- */

/* Cuts quotes, or a comment behind blanks, off a value in place. */
static char *unquote(char *value)
{
    if (*value == '"' || *value == '\'') {
        char *end = strchr(value + 1, *value);
        if (end != NULL) {
            *end = '\0';
            return value + 1;
        }
    }
    char *comment = strstr(value, " #");
    if (comment != NULL)
        *comment = '\0';
    size_t length = strlen(value);
    while (length > 0 && isspace((unsigned char)value[length - 1]))
        value[--length] = '\0';
    return value;
}

static void read_dotenv_line(char *line, struct arena *arena, const char *values[VARIABLES])
{
    line += strspn(line, " \t");
    if (starts_with(line, "export "))
        line += strlen("export ");
    char *equals = strchr(line, '=');
    if (*line == '#' || equals == NULL)
        return;
    const size_t length = strcspn(line, " \t=");
    if (line + length + strspn(line + length, " \t") != equals)
        return; /* more than a name */
    line[length] = '\0';
    const char *value = unquote(equals + 1 + strspn(equals + 1, " \t"));
    for (size_t i = 0; i < VARIABLES; i++) {
        if (strcmp(line, variables[i].name) == 0)
            values[i] = arena_strdup(arena, value);
    }
}

/* NULL, or why what it says is not to be done: another could have written it. */
static const char *dotenv_distrust(int fd)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return strerrordesc_np(errno);
    if (about.st_uid != geteuid() && about.st_uid != 0)
        return "belongs to another user, whose settings these would be";
    if ((about.st_mode & S_IWOTH) != 0)
        return "may be written by anybody: chmod o-w .env";
    return NULL;
}

/* The file's text in the arena; "" when there is none. NULL: `*why`, a constant, says what is wrong with it.
 */
static char *load_dotenv(struct arena *arena, const char **why)
{
    errno = 0;
    const int fd = regular_file_open(".env", why);
    if (fd < 0)
        return errno == ENOENT ? arena_strdup(arena, "") : NULL;
    char *text = arena_alloc(arena, DOTENV_MAX_BYTES + 1);
    size_t length = 0;
    ssize_t n = 1;
    *why = dotenv_distrust(fd);
    while (*why == NULL && n > 0 && length <= DOTENV_MAX_BYTES) {
        n = read(fd, text + length, DOTENV_MAX_BYTES + 1 - length);
        length += n > 0 ? (size_t)n : 0;
    }
    if (*why == NULL && (n < 0 || length > DOTENV_MAX_BYTES))
        *why = strerrordesc_np(n < 0 ? errno : EFBIG);
    (void)close(fd);
    text[*why == NULL ? length : 0] = '\0';
    return *why == NULL ? text : NULL;
}

/* Its lines of NAME=VALUE; of those, the variables above. False: it is there and is not read, and why. */
static bool read_dotenv(struct arena *arena, const char *values[VARIABLES], const char **why)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    char *text = load_dotenv(arena, why), *rest;
    if (text == NULL)
        return false;
    if (starts_with(text, byte_order_mark))
        text += strlen(byte_order_mark);
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest))
        read_dotenv_line(line, arena, values);
    return true;
}

static bool check_needs(struct reading *reading, unsigned needs)
{
    const char *missing = NULL;
    if ((needs & CONFIG_DATABASE) != 0 && reading->config->database_url == NULL)
        missing = "DATABASE_URL: is not set; it may hold a libpq URL such as postgresql:///orders?host=/run";
    else if ((needs & CONFIG_API_KEY) != 0 && reading->config->api_key == NULL)
        missing =
            "API_KEY: is not set; it, or the file that API_KEY_FILE names, holds the key callers present";
    else if (reading->config->oidc_client != NULL && reading->config->jwt_issuers == NULL)
        missing = "ORDERS_OIDC_CLIENT: is a client of the first issuer in the file that ORDERS_JWT_ISSUERS "
                  "names, which is not set";
    else if ((needs & CONFIG_DATABASE) != 0 && reading->config->metrics_host != NULL &&
             reading->config->http_host != NULL &&
             reading->config->metrics_port == reading->config->http_port && reading->config->http_port != 0 &&
             strcmp(reading->config->metrics_host, reading->config->http_host) == 0)
        missing = "ORDERS_METRICS: is to be another address than ORDERS_HTTP";
    if (missing != NULL)
        snprintf(reading->error, reading->error_size, "%s", missing);
    return missing == NULL;
}

static bool check_tls(struct reading *reading, unsigned needs)
{
    static const char *const nowhere[] = {NULL};
    const struct config *config = reading->config;
    const struct config_tls settings = {
        .listens = (needs & CONFIG_LISTEN) != 0,
        .listen = (needs & CONFIG_DATABASE) != 0 ? config->listen : nowhere,
        .http_host = config->http_host,
        .http_tls = config->http_tls,
        .cert = config->tls_cert,
        .key = config->tls_key,
        .client_ca = config->tls_client_ca,
        .roles = config->tls_roles,
        .plaintext = config->plaintext,
    };
    return config_tls_check(&settings, reading->error, reading->error_size);
}

static bool read_variable(struct reading *reading, const struct variable *variable, const char *text)
{
    char may_hold[64];
    unsigned long value;
    reading->name = variable->name;
    if (variable->read != NULL)
        return variable->read(reading, text);
    void *member = (char *)reading->config + variable->offset;
    if (variable->unit == NULL) {
        *(const char **)member = arena_strdup(&reading->config->arena, text);
        return true;
    }
    if (read_number(text, variable->least, variable->most, &value)) {
        *(unsigned *)member = (unsigned)value;
        return true;
    }
    snprintf(may_hold, sizeof may_hold, "%s from %u to %u", variable->unit, variable->least, variable->most);
    return config_fail(reading, text, may_hold);
}

bool config_load(struct config *config, unsigned needs, char *error, size_t error_size)
{
    const char *values[VARIABLES] = {NULL}, *why;
    struct reading reading = {.config = config, .error = error, .error_size = error_size};

    *config = (struct config){0};
    arena_init(&config->arena);
    if (!read_dotenv(&config->arena, values, &why)) {
        snprintf(error, error_size, ".env in this directory is not read: %s", why);
        return false;
    }
    for (size_t i = 0; i < VARIABLES; i++) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet */
        const char *text = getenv(variables[i].name);
        if (text == NULL || *text == '\0')
            text = values[i];
        if ((text == NULL || *text == '\0') && (variables[i].preset_needs & ~needs) == 0)
            text = variables[i].preset;
        if (text != NULL && *text != '\0' && !read_variable(&reading, &variables[i], text))
            return false;
    }
    return check_needs(&reading, needs) && check_tls(&reading, needs);
}

void config_free(struct config *config)
{
    arena_free(&config->arena);
}

enum config_origin config_find(const char *name, struct arena *arena, const char **value)
{
    const char *values[VARIABLES] = {NULL}, *why;
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): there are no threads yet */
    *value = text != NULL ? arena_strdup(arena, text) : "";
    if (**value != '\0')
        return CONFIG_FROM_ENVIRONMENT;
    (void)read_dotenv(arena, values, &why); /* what is wrong with it config_load says */
    for (size_t i = 0; i < VARIABLES; i++) {
        if (strcmp(variables[i].name, name) == 0 && values[i] != NULL)
            *value = values[i];
    }
    return **value != '\0' ? CONFIG_FROM_DOTENV : CONFIG_UNSET;
}

bool config_is_set(const char *name)
{
    const char *value;
    struct arena arena;
    arena_init(&arena);
    const enum config_origin origin = config_find(name, &arena, &value);
    arena_free(&arena);
    return origin != CONFIG_UNSET;
}

int config_exit_code(int error)
{
    static const int passing[] = {EADDRINUSE, EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (passing[i] == error)
            return EXIT_TRY_AGAIN;
    }
    return EXIT_CONFIG;
}

void config_name_setting(const char *variable, char *error, size_t error_size)
{
    static const char ours[] = "ORDERS_";
    const size_t length = strlen(variable) + strlen(": ");
    if (strncmp(error, ours, strlen(ours)) == 0 || length >= error_size)
        return;
    memmove(error + length, error, error_size - length);
    memcpy(error, variable, length - 2);
    memcpy(error + length - 2, ": ", 2);
    error[error_size - 1] = '\0';
}

void config_load_or_exit(struct config *config, unsigned needs, const char *program)
{
    char error[512];
    if (config_load(config, needs, error, sizeof error))
        return;
    fprintf(stderr, "%s: %s\n", program, error);
    exit(EXIT_CONFIG); /* NOLINT(concurrency-mt-unsafe): there are no threads yet */
}
