/* test_config_tls.c: who may listen without TLS, and what TLS wants. */
#include "config/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ORDERSD = CONFIG_DATABASE | CONFIG_LISTEN, IN_FRONT = CONFIG_HTTP | CONFIG_LISTEN };

static const char *const names[] = {
    "DATABASE_URL",    "ORDERS_LISTEN",  "ORDERS_HTTP",          "ORDERS_METRICS", "ORDERS_PLAINTEXT",
    "ORDERS_TLS_CERT", "ORDERS_TLS_KEY", "ORDERS_TLS_CLIENT_CA", "ORDERS_TLS_CA",  "ORDERS_TLS_ROLES"};

static void set_up(void)
{
    cr_assert_eq(chdir("/"), 0); /* where no .env is */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    setenv("DATABASE_URL", "postgresql:///orders", 1);
}

TestSuite(config_tls, .init = set_up);

/* NULL: it loads; else what it is refused with begins with this. */
static void expect(unsigned needs, const char *told)
{
    struct config config;
    char error[512] = "";
    const bool loaded = config_load(&config, needs, error, sizeof error);
    if (told == NULL)
        cr_expect(loaded, "%s", error);
    else
        cr_expect(!loaded && strncmp(error, told, strlen(told)) == 0, "%s: \"%s\"", told, error);
    config_free(&config);
}

Test(config_tls, without_it_only_this_machine_may_connect)
{
    static const struct {
        const char *host;
        bool is_loopback;
    } cases[] = {
        {"127.0.0.1", true},          {"127.8.9.1", true},      {"localhost", true},  {"[::1]", true},
        {"0.0.0.0", false},           {"10.0.0.1", false},      {"[::]", false},      {"*", false},
        {"orders-1", false},          {"[2001:db8::1]", false}, {"128.0.0.1", false}, {"127.1", false},
        {"localhost.example", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[128], address[128];
        snprintf(url, sizeof url, "ipc:///tmp/a,tcp://%s:6600", cases[i].host);
        snprintf(address, sizeof address, "%s:5000", cases[i].host);
        setenv("ORDERS_LISTEN", url, 1);
        expect(ORDERSD, cases[i].is_loopback ? NULL : "ORDERS_LISTEN: \"tcp://");
        expect(IN_FRONT, NULL); /* it does not listen there */
        expect(0, NULL);
        unsetenv("ORDERS_LISTEN");
        setenv("ORDERS_HTTP", address, 1);
        expect(ORDERSD, cases[i].is_loopback ? NULL : "ORDERS_HTTP: \"");
        expect(IN_FRONT, cases[i].is_loopback ? NULL : "ORDERS_HTTP: \"");
        expect(0, NULL);
        setenv("ORDERS_PLAINTEXT", "1", 1);
        expect(ORDERSD, NULL);
        unsetenv("ORDERS_PLAINTEXT");
        unsetenv("ORDERS_HTTP");
        setenv("ORDERS_METRICS", address, 1);
        expect(ORDERSD, NULL);
        unsetenv("ORDERS_METRICS");
    }
    setenv("ORDERS_LISTEN", "tcp://0.0.0.0:1", 1);
    setenv("ORDERS_PLAINTEXT", "0", 1);
    expect(ORDERSD, "ORDERS_LISTEN: ");
    setenv("ORDERS_PLAINTEXT", "yes", 1);
    expect(ORDERSD, "ORDERS_PLAINTEXT: ");
}

Test(config_tls, it_wants_its_files)
{
    setenv("ORDERS_LISTEN", "tls+tcp://0.0.0.0:6600", 1);
    expect(ORDERSD, "ORDERS_TLS_CERT: is not set");
    setenv("ORDERS_TLS_CERT", "cert.pem", 1);
    expect(ORDERSD, "ORDERS_TLS_CERT: goes with ORDERS_TLS_KEY");
    setenv("ORDERS_TLS_KEY", "key.pem", 1);
    expect(ORDERSD, NULL);
    setenv("ORDERS_TLS_ROLES", "roles", 1);
    expect(ORDERSD, "ORDERS_TLS_ROLES: ");
    setenv("ORDERS_TLS_CLIENT_CA", "ca.pem", 1);
    expect(ORDERSD, NULL);
    setenv("ORDERS_LISTEN", "tcp://127.0.0.1:6600", 1);
    expect(ORDERSD, "ORDERS_TLS_CLIENT_CA: is set, but nothing listens by TLS");
    setenv("ORDERS_HTTP", "https://0.0.0.0:5443", 1);
    expect(ORDERSD, NULL);
    expect(IN_FRONT, NULL);
    unsetenv("ORDERS_TLS_CERT");
    unsetenv("ORDERS_TLS_KEY");
    expect(IN_FRONT, "ORDERS_TLS_CERT: is not set");
}

Test(config_tls, http_says_by_its_scheme_whether_it_has_it)
{
    static const struct {
        const char *value;
        bool tls;
    } cases[] = {{"127.0.0.1:5000", false}, {"http://127.0.0.1:5000", false}, {"https://[::1]:5443", true}};
    setenv("ORDERS_TLS_CERT", "cert.pem", 1);
    setenv("ORDERS_TLS_KEY", "key.pem", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config;
        char error[512];
        setenv("ORDERS_HTTP", cases[i].value, 1);
        cr_assert(config_load(&config, IN_FRONT, error, sizeof error), "%s", error);
        cr_expect_eq(config.http_tls, cases[i].tls);
        cr_expect_str_eq(config.http_host, cases[i].tls ? "::1" : "127.0.0.1");
        config_free(&config);
    }
    setenv("ORDERS_HTTP", "https://", 1);
    expect(IN_FRONT, "ORDERS_HTTP: ");
}
