/* test_authenticator.c: what is presented, and who that is. */
#include "auth/authenticator.h"
#include "auth/bootstrap_keys.h"

#include <criterion/criterion.h>
#include <string.h>

static struct authenticator authenticator;

/* Knows secrets of the form "t:NAME" alone, of which "t:old" has expired. */
static enum auth_outcome check(void *arg, const char *secret, struct principal *principal)
{
    (void)arg;
    if (strncmp(secret, "t:", 2) != 0)
        return AUTH_MISSING;
    if (strcmp(secret, "t:old") == 0)
        return AUTH_EXPIRED;
    *principal = (struct principal){.role = ROLE_READER};
    strcpy(principal->name, secret);
    return AUTH_KNOWN;
}

static void set_up(void)
{
    static const char *const keys[] = {"right", "rightest", NULL};
    authenticator = (struct authenticator){0};
    authenticator_add(&authenticator, bootstrap_keys_source(keys));
    authenticator_add(&authenticator, (struct auth_source){check, NULL});
}

TestSuite(authenticator, .init = set_up);

Test(authenticator, what_is_presented)
{
    static const struct {
        const char *api_key, *authorization;
        enum auth_outcome outcome;
        const char *name;
    } cases[] = {
        {NULL, NULL, AUTH_MISSING, ""},
        {"", NULL, AUTH_MISSING, ""},
        {"", "Bearer ", AUTH_MISSING, ""},
        {"righ", NULL, AUTH_UNKNOWN, ""},
        {"rightrigh", NULL, AUTH_UNKNOWN, ""},
        {"right", NULL, AUTH_KNOWN, "bootstrap"},
        {"rightest", NULL, AUTH_KNOWN, "bootstrap"},
        {NULL, "right", AUTH_MISSING, ""},
        {NULL, "Basic right", AUTH_MISSING, ""},
        {NULL, "Bearer right", AUTH_KNOWN, "bootstrap"},
        {NULL, "bearer   right", AUTH_KNOWN, "bootstrap"},
        {NULL, "Bearerright", AUTH_MISSING, ""},
        {"right", "Basic wrong", AUTH_KNOWN, "bootstrap"},
        {"right", "Bearer rightest", AUTH_KNOWN, "bootstrap"},
        {"right", "Bearer wrong", AUTH_UNKNOWN, ""},
        {"wrong", "Bearer right", AUTH_UNKNOWN, ""},
        {NULL, "Bearer t:alice", AUTH_KNOWN, "t:alice"},
        {"right", "Bearer t:alice", AUTH_UNKNOWN, ""},
        {"t:alice", "Bearer t:alice", AUTH_KNOWN, "t:alice"},
        {NULL, "Bearer t:old", AUTH_EXPIRED, ""},
        {"right", "Bearer t:old", AUTH_EXPIRED, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct auth_presented presented = {.api_key = cases[i].api_key,
                                                 .authorization = cases[i].authorization};
        struct auth_result result;
        authenticator_check(&authenticator, &presented, &result);
        cr_expect_eq(result.outcome, cases[i].outcome, "%zu", i);
        cr_expect_str_eq(result.principal.name, cases[i].name, "%zu", i);
        cr_expect_eq(result.principal.role != ROLE_NONE, result.outcome == AUTH_KNOWN, "%zu", i);
    }
}

static enum auth_outcome find_subject(void *arg, const char *subject, int64_t not_after,
                                      struct principal *principal)
{
    (void)arg;
    if (not_after != 0)
        return AUTH_CERTIFICATE_EXPIRED;
    if (strcmp(subject, "CN=erp") != 0)
        return AUTH_MISSING;
    *principal = (struct principal){.name = "tls:erp", .role = ROLE_WRITER};
    return AUTH_KNOWN;
}

static bool trusts(void *authorities, uint32_t authority)
{
    return authorities == NULL && authority == 7;
}

/* A certificate is that of the connection, which may carry calls of others. */
Test(authenticator, a_secret_goes_before_a_certificate)
{
    struct auth_result result;
    authenticator_check(&authenticator, &(struct auth_presented){.subject = "CN=erp"}, &result);
    cr_assert_eq(result.outcome, AUTH_MISSING);
    authenticator.subjects = (struct auth_subject_source){.check = find_subject};
    authenticator_check(&authenticator, &(struct auth_presented){.subject = ""}, &result);
    cr_assert_eq(result.outcome, AUTH_MISSING);
    authenticator_check(&authenticator, &(struct auth_presented){.subject = "CN=erp"}, &result);
    cr_assert_eq(result.outcome, AUTH_KNOWN);
    cr_assert_str_eq(result.principal.name, "tls:erp");
    authenticator_check(&authenticator, &(struct auth_presented){.subject = "CN=erp", .not_after = 1},
                        &result);
    cr_assert_eq(result.outcome, AUTH_CERTIFICATE_EXPIRED);
    cr_assert_str_eq(result.principal.name, "");
    authenticator.subjects.trusts = trusts;
    authenticator_check(&authenticator, &(struct auth_presented){.subject = "CN=erp", .authority = 7},
                        &result);
    cr_assert_eq(result.outcome, AUTH_KNOWN);
    authenticator_check(&authenticator, &(struct auth_presented){.subject = "CN=erp", .authority = 8},
                        &result);
    cr_assert_eq(result.outcome, AUTH_CERTIFICATE_UNTRUSTED);
    cr_assert_str_eq(result.principal.name, "");
    authenticator_check(&authenticator, &(struct auth_presented){.api_key = "right", .subject = "CN=erp"},
                        &result);
    cr_assert_str_eq(result.principal.name, "bootstrap");
    authenticator_check(&authenticator, &(struct auth_presented){.api_key = "wrong", .subject = "CN=erp"},
                        &result);
    cr_assert_eq(result.outcome, AUTH_UNKNOWN);
}

Test(authenticator, roles_by_name)
{
    enum role role = ROLE_NONE;
    cr_assert(role_read("writer", &role));
    cr_assert_eq(role, ROLE_WRITER);
    cr_assert_not(role_read("none", &role));
    cr_assert_not(role_read("root", &role));
    cr_assert_str_eq(role_name(ROLE_ADMIN), "admin");
}

Test(authenticator, why_a_caller_is_refused)
{
    static const struct {
        enum auth_outcome outcome;
        enum status_code code;
        const char *message;
    } cases[] = {
        {AUTH_TOKEN_MALFORMED, STATUS_UNAUTHENTICATED, "The token is malformed"},
        {AUTH_TOKEN_EXPIRED, STATUS_UNAUTHENTICATED, "The token has expired"},
        {AUTH_TOKEN_AUDIENCE, STATUS_UNAUTHENTICATED, "The token is for another audience"},
        {AUTH_TOKEN_KEYS_DUE, STATUS_UNAVAILABLE,
         "The keys of the token's issuer are not known yet; try again later"},
    };
    struct arena arena;
    arena_init(&arena);
    for (enum auth_outcome each = AUTH_TOKEN_MALFORMED; each <= AUTH_TOKEN_CLAIMS; each++)
        cr_expect_not_null(auth_reason(each), "%d", each);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct status status = STATUS_INIT;
        auth_refuse(cases[i].outcome, &arena, &status);
        cr_expect_eq(status.code, cases[i].code);
        cr_expect_str_eq(status.message, cases[i].message);
    }
    arena_free(&arena);
}
