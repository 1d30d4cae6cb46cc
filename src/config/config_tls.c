/* config_tls.c: who could connect without TLS, and what TLS wants. */
#include "config/config_tls.h"

#include "base/loopback.h"

#include <stdio.h>
#include <string.h>

struct check {
    const struct config_tls *settings;
    char *error;
    size_t error_size;
};

static bool starts_with(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

static bool refuse_plaintext(const struct check *check, const char *name, const char *address)
{
    snprintf(check->error, check->error_size,
             "%s: \"%.200s\" would take keys in the clear from other machines: it should have %s, or "
             "ORDERS_PLAINTEXT=1 to allow it",
             name, address, strcmp(name, "ORDERS_HTTP") == 0 ? "https://" : CONFIG_TLS_TCP);
    return false;
}

/* Of those that RPC listens on. */
static bool check_plaintext_urls(const struct check *check)
{
    for (const char *const *url = check->settings->listen; *url != NULL; url++) {
        if (!starts_with(*url, CONFIG_TCP))
            continue;
        const char *host = *url + strlen(CONFIG_TCP), *port = strrchr(host, ':');
        if (!loopback_is(host, port != NULL ? (size_t)(port - host) : strlen(host)))
            return refuse_plaintext(check, "ORDERS_LISTEN", *url);
    }
    return true;
}

/* ORDERS_METRICS is not looked at: nobody shows a key there. */
static bool check_plaintext(const struct check *check)
{
    const struct config_tls *settings = check->settings;
    if (settings->plaintext)
        return true;
    if (settings->http_host != NULL && !settings->http_tls &&
        !loopback_is(settings->http_host, strlen(settings->http_host)))
        return refuse_plaintext(check, "ORDERS_HTTP", settings->http_host);
    return check_plaintext_urls(check);
}

static bool serves_tls(const struct config_tls *settings)
{
    bool serves = settings->http_host != NULL && settings->http_tls;
    for (const char *const *url = settings->listen; *url != NULL; url++)
        serves |= starts_with(*url, CONFIG_TLS_TCP);
    return serves;
}

bool config_tls_check(const struct config_tls *settings, char *error, size_t error_size)
{
    const struct check check = {settings, error, error_size};
    const bool serves = serves_tls(settings);
    const char *wrong = NULL;
    if ((settings->cert != NULL) != (settings->key != NULL))
        wrong = "ORDERS_TLS_CERT: goes with ORDERS_TLS_KEY: only one of them is set";
    else if (!settings->listens)
        return true;
    else if (settings->cert == NULL && serves)
        wrong = "ORDERS_TLS_CERT: is not set; it, and ORDERS_TLS_KEY, name the files that tls+tcp:// and "
                "https:// want";
    else if (settings->client_ca != NULL && !serves)
        wrong =
            "ORDERS_TLS_CLIENT_CA: is set, but nothing listens by TLS: neither tls+tcp:// in ORDERS_LISTEN "
            "nor https:// in ORDERS_HTTP";
    else if (settings->roles != NULL && settings->client_ca == NULL)
        wrong = "ORDERS_TLS_ROLES: is for certificates that ORDERS_TLS_CLIENT_CA checks, which is not set";
    if (wrong == NULL)
        return check_plaintext(&check);
    snprintf(error, error_size, "%s", wrong);
    return false;
}
