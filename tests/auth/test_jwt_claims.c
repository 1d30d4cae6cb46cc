/* test_jwt_claims.c: what claims must be, and whom they name. */
#include "auth/jwt_claims.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT 60

enum { TEXT = 2048, NOW_S = 1000000 };

TestSuite(jwt_claims, .timeout = TIMEOUT);

static const char *const audiences[] = {"orders", "orders-api", NULL};
static const char *const readers[] = {"orders.read", "Order Clerks", NULL};
static const char *const writers[] = {"orders.write", NULL};
static const char *const admins[] = {"orders.admin", NULL};

static struct jwt_issuer issuer = {
    .name = "example",
    .issuer = "https://id.example.com",
    .audiences = audiences,
    .role_claim = "scope",
    .roles = {[ROLE_READER] = readers, [ROLE_WRITER] = writers, [ROLE_ADMIN] = admins},
};

static enum auth_outcome check(const char *text, bool says_access, struct principal *principal,
                               int64_t *end_s)
{
    json_t *claims = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(claims, "%s", text);
    enum auth_outcome outcome = jwt_claims_check_issuer(&issuer, claims);
    if (outcome == AUTH_KNOWN)
        outcome = jwt_claims_check(&issuer, claims, says_access, NOW_S, principal, end_s);
    json_decref(claims);
    return outcome;
}

#define REST          "\"iss\":\"https://id.example.com\",\"sub\":\"alice\",\"scope\":\"orders.read\""
#define GOOD          "{" REST ",\"aud\":\"orders\",\"exp\":1000300}"
#define TIMED(claims) "{" REST ",\"aud\":\"orders\"," claims "}"
#define FOR(audience) "{" REST ",\"exp\":1000300" audience "}"
#define OF(claims)    "{\"aud\":\"orders\",\"exp\":1000300," claims "}"

Test(jwt_claims, each_of_them)
{
    static const struct {
        const char *claims;
        enum auth_outcome outcome;
    } cases[] = {
        {GOOD, AUTH_KNOWN},

        {OF("\"iss\":\"https://evil.example\",\"sub\":\"alice\""), AUTH_TOKEN_ISSUER},
        {OF("\"iss\":\"https://id.example.com/\",\"sub\":\"alice\""), AUTH_TOKEN_ISSUER},
        {OF("\"iss\":\"https://ID.example.com\",\"sub\":\"alice\""), AUTH_TOKEN_ISSUER},
        {OF("\"iss\":[\"https://id.example.com\"],\"sub\":\"alice\""), AUTH_TOKEN_CLAIMS},
        {OF("\"sub\":\"alice\""), AUTH_TOKEN_CLAIMS},

        {FOR(",\"aud\":\"orders-api\""), AUTH_KNOWN},
        {FOR(",\"aud\":[\"orders\"]"), AUTH_KNOWN},
        {FOR(",\"aud\":[\"x\",\"orders-api\"]"), AUTH_KNOWN},
        {FOR(",\"aud\":\"orders x\""), AUTH_TOKEN_AUDIENCE},
        {FOR(",\"aud\":\"Orders\""), AUTH_TOKEN_AUDIENCE},
        {FOR(",\"aud\":\"order\""), AUTH_TOKEN_AUDIENCE},
        {FOR(",\"aud\":\"\""), AUTH_TOKEN_AUDIENCE},
        {FOR(",\"aud\":[]"), AUTH_TOKEN_AUDIENCE},
        {FOR(",\"aud\":[[\"orders\"]]"), AUTH_TOKEN_CLAIMS},
        {FOR(",\"aud\":[\"orders\",1]"), AUTH_TOKEN_CLAIMS},
        {FOR(",\"aud\":{\"orders\":true}"), AUTH_TOKEN_CLAIMS},
        {FOR(",\"aud\":1"), AUTH_TOKEN_CLAIMS},
        {FOR(",\"aud\":null"), AUTH_TOKEN_CLAIMS},
        {FOR(""), AUTH_TOKEN_CLAIMS},

        {TIMED("\"exp\":999950"), AUTH_KNOWN}, /* with 60 s of leeway */
        {TIMED("\"exp\":999940"), AUTH_TOKEN_EXPIRED},
        {TIMED("\"exp\":1000300.5"), AUTH_KNOWN},
        {TIMED("\"exp\":999938.5"), AUTH_TOKEN_EXPIRED},
        {TIMED("\"exp\":0"), AUTH_TOKEN_EXPIRED},
        {TIMED("\"exp\":-1"), AUTH_TOKEN_EXPIRED},
        {TIMED("\"exp\":1e300"), AUTH_KNOWN},
        {TIMED("\"exp\":9223372036854775807"), AUTH_KNOWN},
        {TIMED("\"exp\":\"1000300\""), AUTH_TOKEN_CLAIMS},
        {TIMED("\"exp\":true"), AUTH_TOKEN_CLAIMS},
        {TIMED("\"exp\":null"), AUTH_TOKEN_CLAIMS},
        {TIMED("\"exp\":[1000300]"), AUTH_TOKEN_CLAIMS},
        {TIMED("\"iat\":999999"), AUTH_TOKEN_CLAIMS}, /* it has no end */
        {TIMED("\"exp\":1000300,\"nbf\":999999"), AUTH_KNOWN},
        {TIMED("\"exp\":1000300,\"nbf\":1000050"), AUTH_KNOWN},
        {TIMED("\"exp\":1000300,\"nbf\":1000070"), AUTH_TOKEN_EARLY},
        {TIMED("\"exp\":1000300,\"nbf\":1000070.5"), AUTH_TOKEN_EARLY},
        {TIMED("\"exp\":1000300,\"nbf\":\"999999\""), AUTH_TOKEN_CLAIMS},
        {TIMED("\"exp\":1000300,\"nbf\":null"), AUTH_TOKEN_CLAIMS},
        {TIMED("\"exp\":1000300,\"iat\":999999"), AUTH_KNOWN},
        {TIMED("\"exp\":1000300,\"iat\":\"999999\""), AUTH_TOKEN_CLAIMS},

        {OF("\"iss\":\"https://id.example.com\""), AUTH_TOKEN_CLAIMS},
        {OF("\"iss\":\"https://id.example.com\",\"sub\":\"\""), AUTH_TOKEN_CLAIMS},
        {OF("\"iss\":\"https://id.example.com\",\"sub\":7"), AUTH_TOKEN_CLAIMS},

        /* What an ID token has, and what logs somebody out. */
        {FOR(",\"aud\":\"orders\",\"nonce\":\"n\""), AUTH_TOKEN_TYPE},
        {FOR(",\"aud\":\"orders\",\"at_hash\":\"h\""), AUTH_TOKEN_TYPE},
        {FOR(",\"aud\":\"orders\",\"c_hash\":\"h\""), AUTH_TOKEN_TYPE},
        {FOR(",\"aud\":\"orders\",\"events\":{}"), AUTH_TOKEN_TYPE},

        /* What is for who has a key besides. */
        {FOR(",\"aud\":\"orders\",\"cnf\":{\"jkt\":\"k\"}"), AUTH_TOKEN_BOUND},
        {FOR(",\"aud\":\"orders\",\"cnf\":{\"x5t#S256\":\"k\"}"), AUTH_TOKEN_BOUND},
        {FOR(",\"aud\":\"orders\",\"cnf\":null"), AUTH_TOKEN_BOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct principal principal;
        int64_t end_s;
        const enum auth_outcome outcome = check(cases[i].claims, false, &principal, &end_s);
        cr_expect_eq(outcome, cases[i].outcome, "%s: %s", cases[i].claims, auth_reason(outcome));
    }
}

/* With leeway, as they are taken for so long. */
Test(jwt_claims, when_they_end)
{
    static const struct {
        const char *claims;
        int64_t end_s;
    } cases[] = {
        {TIMED("\"exp\":1000300"), 1000360},
        {TIMED("\"exp\":1000300.9"), 1000360},
        {TIMED("\"exp\":1e300"), 100000000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct principal principal;
        int64_t end_s;
        cr_expect_eq(check(cases[i].claims, false, &principal, &end_s), AUTH_KNOWN);
        cr_expect_eq(end_s, cases[i].end_s, "%s", cases[i].claims);
    }
}

Test(jwt_claims, a_type_of_its_own)
{
    static const char nonce[] = FOR(",\"aud\":\"orders\",\"nonce\":\"n\"");
    struct principal principal;
    int64_t end_s;
    cr_expect_eq(check(nonce, true, &principal, &end_s), AUTH_KNOWN);
    cr_expect_eq(check(nonce, false, &principal, &end_s), AUTH_TOKEN_TYPE);
    cr_expect_eq(check(FOR(",\"aud\":\"orders\",\"cnf\":{}"), true, &principal, &end_s), AUTH_TOKEN_BOUND);
    issuer.wants_access_token_type = true;
    cr_expect_eq(check(GOOD, true, &principal, &end_s), AUTH_KNOWN);
    cr_expect_eq(check(GOOD, false, &principal, &end_s), AUTH_TOKEN_TYPE);
}

static struct principal principal_of(const char *claims)
{
    char text[TEXT];
    struct principal principal;
    int64_t end_s;
    snprintf(text, sizeof text, "{\"iss\":\"https://id.example.com\",\"aud\":\"orders\",\"exp\":1000300,%s}",
             claims);
    const enum auth_outcome outcome = check(text, false, &principal, &end_s);
    cr_expect_eq(outcome, AUTH_KNOWN, "%s: %s", claims, auth_reason(outcome));
    return principal;
}

Test(jwt_claims, the_highest_role_of_a_claim)
{
    static const struct {
        const char *claim;
        enum role role;
    } cases[] = {
        {"\"scope\":\"orders.read\"", ROLE_READER},
        {"\"scope\":\"openid orders.write  orders.read\"", ROLE_WRITER},
        {"\"scope\":[\"orders.read\",\"orders.admin\"]", ROLE_ADMIN},
        {"\"scope\":[1,null,\"orders.write\"]", ROLE_WRITER},
        {"\"scope\":\"orders.readx xorders.read orders\"", ROLE_NONE},
        {"\"scope\":[\"orders.read orders.write\"]", ROLE_NONE}, /* a list has no words */
        {"\"scope\":\"ORDERS.READ\"", ROLE_NONE},
        {"\"scope\":\"\"", ROLE_NONE},
        {"\"scope\":{\"orders.read\":true}", ROLE_NONE},
        {"\"scope\":1", ROLE_NONE},
        {"\"scp\":\"orders.read\"", ROLE_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char claims[TEXT];
        snprintf(claims, sizeof claims, "\"sub\":\"alice\",%s", cases[i].claim);
        cr_expect_eq(principal_of(claims).role, cases[i].role, "%s", cases[i].claim);
    }
}

static enum role role_at(const char *path, const char *claim)
{
    char claims[TEXT];
    snprintf(claims, sizeof claims, "\"sub\":\"alice\",%s", claim);
    issuer.role_claim = path;
    return principal_of(claims).role;
}

Test(jwt_claims, where_a_role_is)
{
    cr_expect_eq(role_at("groups", "\"groups\":[\"Order Clerks\"]"), ROLE_READER);
    cr_expect_eq(role_at("groups", "\"groups\":\"Order Clerks\""), ROLE_READER);
    cr_expect_eq(role_at("https://a.example/roles", "\"https://a.example/roles\":[\"Order Clerks\"]"),
                 ROLE_READER);
    cr_expect_eq(role_at("/a/b", "\"a\":{\"b\":[\"Order Clerks\"]}"), ROLE_READER);
    cr_expect_eq(role_at("/a/b", "\"a\":{\"b\":{\"c\":[\"Order Clerks\"]}}"), ROLE_NONE);
    cr_expect_eq(role_at("/a/b", "\"a\":[\"Order Clerks\"]"), ROLE_NONE);
    cr_expect_eq(role_at("/a~1b/c~0d", "\"a/b\":{\"c~d\":\"Order Clerks\"}"), ROLE_READER);
    cr_expect_eq(role_at("/", "\"\":\"Order Clerks\""), ROLE_READER);
    cr_expect_eq(role_at("a.b", "\"a\":{\"b\":\"Order Clerks\"}"), ROLE_NONE);
}

/* Two subjects never share a name, nor does one have what another's hash looks like. */
Test(jwt_claims, names)
{
    char claims[TEXT], one[512], two[512];
    cr_expect_str_eq(principal_of("\"sub\":\"auth0|5f7c8ec7c33c6c004bbafe82\"").name,
                     "example:auth0|5f7c8ec7c33c6c004bbafe82");
    cr_expect_str_eq(principal_of("\"sub\":\"a:b\"").name, "example:a:b");
    const struct principal spaced = principal_of("\"sub\":\"a b\"");
    cr_expect_eq(strlen(spaced.name), strlen("example:sha256:") + 64);
    cr_expect_eq(strncmp(spaced.name, "example:sha256:c8687a08", 23), 0, "%s", spaced.name);
    snprintf(claims, sizeof claims, "\"sub\":\"%s\"", spaced.name + strlen("example:"));
    cr_expect_str_neq(principal_of(claims).name, spaced.name);
    cr_expect_eq(strncmp(principal_of("\"sub\":\"line\\nbreak\"").name, "example:sha256:", 15), 0);

    const size_t fits = PRINCIPAL_NAME_BYTES - 1 - strlen("example:");
    memset(one, 'x', sizeof one);
    memset(two, 'x', sizeof two);
    snprintf(claims, sizeof claims, "\"sub\":\"%.*s\"", (int)fits, one);
    cr_expect_eq(strlen(principal_of(claims).name), PRINCIPAL_NAME_BYTES - 1);
    two[fits] = 'y';
    snprintf(claims, sizeof claims, "\"sub\":\"%.*s\"", (int)fits + 1, one);
    const struct principal first = principal_of(claims);
    snprintf(claims, sizeof claims, "\"sub\":\"%.*s\"", (int)fits + 1, two);
    cr_expect_str_neq(principal_of(claims).name, first.name);
}
