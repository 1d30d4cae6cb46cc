/* test_tokens.c: JSON Web Tokens over HTTP, of ordersd itself and of an orders-http in front of it. */
#include "client.h"
#include "process.h"
#include "signer.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT 120

static const char order[] =
    "{\"order_id\":\"A\",\"customer_id\":\"c\",\"total_amount\":1,\"currency\":\"ISK\"}";

static char folder[] = "/tmp/tokens-XXXXXX";
static char issuers_path[64], keys_path[64], setting[128];
static EVP_PKEY *key;
static struct service *service;
static struct process front;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    fputs(text, file);
    fclose(file);
}

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(issuers_path, sizeof issuers_path, "%s/issuers", folder);
    snprintf(keys_path, sizeof keys_path, "%s/keys", folder);
    snprintf(setting, sizeof setting, "ORDERS_JWT_ISSUERS=%s", issuers_path);
    key = signer_ec("P-256");
    char *jwk = signer_jwk(key, "\"kid\":\"a\"");
    char *set = signer_set(1, &jwk);
    write_file(keys_path, set);
    free(set);
    write_file(issuers_path, "[issuer example]\n"
                             "issuer = https://id.example.com\n"
                             "audience = orders\n"
                             "jwks = keys\n"
                             "role-claim = scope\n"
                             "reader = read\n"
                             "writer = write\n");
}

static void tear_down(void)
{
    EVP_PKEY_free(key);
    unlink(issuers_path);
    unlink(keys_path);
    rmdir(folder);
}

TestSuite(tokens, .init = set_up, .fini = tear_down, .timeout = TIMEOUT);

static void start(void)
{
    char connect[300], log[] = "ORDERS_LOG=debug";
    const char *const environment[] = {setting, log, NULL};
    service = service_start(&(struct service_options){.environment = environment});
    snprintf(connect, sizeof connect, "ORDERS_CONNECT=%s", service->rpc_url);
    char api_key[64];
    snprintf(api_key, sizeof api_key, "API_KEY=%s", service->api_key);
    char *const front_environment[] = {api_key, "ORDERS_HTTP=127.0.0.1:0", connect, NULL};
    front = process_spawn(front_environment);
    process_await_ready(&front);
}

static void stop(void)
{
    kill(front.pid, SIGTERM);
    cr_expect_eq(process_wait(&front), 0);
    cr_expect_eq(service_stop(service), 0);
}

static char *make_token(const char *scope, int expires_in_s)
{
    char claims[512];
    snprintf(claims, sizeof claims,
             "{\"iss\":\"https://id.example.com\",\"aud\":\"orders\",\"sub\":\"alice-of-the-test\","
             "\"scope\":\"%s\",\"exp\":%lld}",
             scope, (long long)time(NULL) + expires_in_s);
    return signer_sign(key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"a\"}", claims);
}

struct expected {
    const char *method, *target, *body;
    int status;
    const char *detail;    /* NULL: not looked at */
    const char *challenge; /* NULL: none */
};

static void expect(const char *scheme, const char *token, const struct expected *expected)
{
    const uint16_t ports[] = {service->http_port, front.port};
    for (size_t i = 0; i < 2; i++) {
        char headers[2048];
        snprintf(headers, sizeof headers, "%s%s\r\nContent-Type: application/json\r\n", scheme, token);
        struct http_reply reply =
            http_request(ports[i], expected->method, expected->target, headers, expected->body);
        cr_expect_eq(reply.status, expected->status, "%zu: %d %s", i, reply.status, reply.body);
        if (expected->detail != NULL)
            cr_expect_str_eq(json_string_value(json_object_get(reply.json, "detail")), expected->detail);
        char *challenge = http_header(&reply, "WWW-Authenticate");
        cr_expect_eq(challenge == NULL, expected->challenge == NULL, "%s", reply.head);
        if (challenge != NULL && expected->challenge != NULL)
            cr_expect_str_eq(challenge, expected->challenge);
        free(challenge);
        http_free(&reply);
    }
}

static const char bearer[] = "Authorization: Bearer ";
static const char invalid[] = "Bearer error=\"invalid_token\"";

#define GET_A               "GET", "/orders/A", NULL
#define NEEDS(method, role) "orders.v1.OrderService/" method " needs role " role

Test(tokens, what_each_role_may)
{
    start();
    char *reader = make_token("openid read", 300), *writer = make_token("write", 300),
         *nobody = make_token("openid", 300);
    expect(bearer, reader, &(struct expected){GET_A, 404, "Order not found", NULL});
    expect("X-API-Key: ", reader, &(struct expected){GET_A, 404, "Order not found", NULL});
    expect(bearer, reader,
           &(struct expected){"POST", "/orders/", order, 403, NEEDS("CreateOrder", "writer"), NULL});
    expect(bearer, nobody, &(struct expected){GET_A, 403, NEEDS("GetOrder", "reader"), NULL});
    struct http_reply reply;
    char headers[2048];
    snprintf(headers, sizeof headers, "%s%s\r\nContent-Type: application/json\r\n", bearer, writer);
    reply = http_request(service->http_port, "POST", "/orders/", headers, order);
    cr_expect_eq(reply.status, 201, "%s", reply.body);
    http_free(&reply);
    expect(bearer, reader, &(struct expected){GET_A, 200, NULL, NULL});
    free(reader);
    free(writer);
    free(nobody);
    stop();
}

/* As an OAuth client wants to be told (RFC 6750, 3). */
Test(tokens, what_does_not_hold)
{
    start();
    char *expired = make_token("write", -300);
    char *unsigned_one = signer_sign(key, "none", "{\"alg\":\"none\"}", "{}");
    char *unknown = signer_sign(key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"b\"}", "{}");
    expect(bearer, expired, &(struct expected){GET_A, 401, "The token has expired", invalid});
    expect(bearer, unsigned_one,
           &(struct expected){GET_A, 401, "The token's algorithm is not its key's", invalid});
    expect(bearer, unknown, &(struct expected){GET_A, 401, "The token's key is not known", invalid});
    expect(bearer, "a.b.c", &(struct expected){GET_A, 401, "The token is malformed", invalid});
    expect(bearer, "ab", &(struct expected){GET_A, 403, "Invalid API key", NULL});
    expect("X-Nothing: ", "", &(struct expected){GET_A, 401, "API key is missing", "Bearer"});
    expect("Authorization: Basic ", "eA==", &(struct expected){GET_A, 401, "API key is missing", "Bearer"});
    free(expired);
    free(unsigned_one);
    free(unknown);
    stop();
}

/* Neither the log, where all is logged, nor the figures have a token in them, or whose it is. */
Test(tokens, nobody_can_read_them_here)
{
    start();
    char *token = make_token("read", 300), *expired = make_token("read", -300);
    expect(bearer, token, &(struct expected){GET_A, 404, NULL, NULL});
    expect(bearer, expired, &(struct expected){GET_A, 401, NULL, invalid});
    struct http_reply metrics = http_request(service->http_port, "GET", "/metrics", NULL, NULL);
    cr_assert_eq(metrics.status, 200);
    cr_expect_not_null(strstr(metrics.body, "orders_jwt_keys{issuer=\"example\"} 1"));
    cr_expect_not_null(strstr(metrics.body, "orders_jwt_fetches_total{issuer=\"example\",outcome=\"ok\"} 1"));
    cr_expect_not_null(strstr(metrics.body, "orders_jwt_tokens_total{outcome=\"verified\"} 1"));
    cr_expect_null(strstr(metrics.body, "alice-of-the-test"));
    char *log = service_log(service);
    cr_expect_not_null(strstr(log, "\"token refused\",\"reason\":\"The token has expired\""), "%s", log);
    char *rest;
    for (char *part = strtok_r(token, ".", &rest); part != NULL; part = strtok_r(NULL, ".", &rest)) {
        cr_expect_null(strstr(log, part));
        cr_expect_null(strstr(metrics.body, part));
    }
    cr_expect_null(strstr(log, strrchr(expired, '.') + 1));
    http_free(&metrics);
    free(log);
    free(token);
    free(expired);
    stop();
}

Test(tokens, without_issuers_no_token_holds)
{
    service = service_start(NULL);
    char *token = make_token("write", 300), headers[2048];
    snprintf(headers, sizeof headers, "%s%s\r\n", bearer, token);
    struct http_reply reply = http_request(service->http_port, "GET", "/orders/A", headers, NULL);
    cr_expect_eq(reply.status, 403);
    cr_expect_str_eq(reply.body, "{\"detail\":\"Invalid API key\"}");
    http_free(&reply);
    free(token);
    cr_expect_eq(service_stop(service), 0);
}

static void expect_refusal(const char *issuers, const char *wanted)
{
    char line[1024];
    char *const environment[] = {"API_KEY=k", "DATABASE_URL=postgresql:///nowhere?host=/nowhere", setting,
                                 "ORDERS_LISTEN=tcp://127.0.0.1:0", NULL};
    write_file(issuers_path, issuers);
    struct process process = process_spawn_ordersd(environment);
    process_read_line(process.errors, line, sizeof line);
    cr_expect_not_null(strstr(line, wanted), "%s", line);
    cr_expect_eq(strncmp(line, "ordersd: ORDERS_JWT_ISSUERS: ", strlen("ordersd: ORDERS_JWT_ISSUERS: ")), 0,
                 "%s", line);
    cr_expect_eq(process_wait(&process), 78);
}

Test(tokens, a_page_has_an_issuer_to_sign_in_at)
{
    char line[1024];
    char *const environment[] = {"API_KEY=k", "DATABASE_URL=postgresql:///nowhere?host=/nowhere",
                                 "ORDERS_OIDC_CLIENT=page", NULL};
    struct process process = process_spawn_ordersd(environment);
    process_read_line(process.errors, line, sizeof line);
    cr_expect_not_null(strstr(line, "ORDERS_OIDC_CLIENT: is a client of the first issuer"), "%s", line);
    cr_expect_eq(process_wait(&process), 78);
}

/* Who he is, of a key and of a token; and whoever may nothing learns that. */
Test(tokens, who_am_i)
{
    start();
    char *writer = make_token("write read", 300), *nobody = make_token("openid", 300), headers[2048];
    const struct {
        const char *scheme, *secret, *body;
    } cases[] = {
        {"X-API-Key: ", service->api_key, "{\"name\":\"bootstrap\",\"role\":\"admin\"}"},
        {bearer, writer, "{\"name\":\"example:alice-of-the-test\",\"role\":\"writer\"}"},
        {bearer, nobody, "{\"detail\":\"rpc.v1.Auth/WhoAmI needs role reader\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint16_t ports[] = {service->http_port, front.port};
        for (size_t j = 0; j < 2; j++) {
            snprintf(headers, sizeof headers, "%s%s\r\n", cases[i].scheme, cases[i].secret);
            struct http_reply reply = http_request(ports[j], "GET", "/whoami", headers, NULL);
            cr_expect_str_eq(reply.body, cases[i].body);
            http_free(&reply);
        }
    }
    free(writer);
    free(nobody);
    stop();
}

Test(tokens, a_broken_file_stops_ordersd)
{
    expect_refusal("[issuer a]\nissuer = https://a\ncolour = red\n", "issuers: line 3: colour: ");
    expect_refusal("[issuer a]\nissuer = https://a\naudience = o\nrole-claim = s\nreader = r\njwks = none\n",
                   "[issuer a]: jwks: ");
    expect_refusal("", "there is no [issuer NAME]");
}
