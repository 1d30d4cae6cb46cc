/* authenticator.c: each secret to the source that knows its form. */
#include "auth/authenticator.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

void authenticator_add(struct authenticator *authenticator, struct auth_source source)
{
    assert(authenticator->n < AUTHENTICATOR_MAX_SOURCES);
    authenticator->sources[authenticator->n++] = source;
}

const char *auth_bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return NULL;
    return authorization + strlen(scheme) + strspn(authorization + strlen(scheme), " ");
}

static enum auth_outcome check_secret(const struct authenticator *authenticator, const char *secret,
                                      struct principal *principal)
{
    for (size_t i = 0; i < authenticator->n; i++) {
        const struct auth_source *source = &authenticator->sources[i];
        const enum auth_outcome outcome = source->check(source->arg, secret, principal);
        if (outcome != AUTH_MISSING)
            return outcome;
    }
    return AUTH_UNKNOWN;
}

/* A further secret, which may be NULL or empty. */
static void add_secret(const struct authenticator *authenticator, const char *secret,
                       struct auth_result *result)
{
    struct auth_result next = {0};
    if (secret == NULL || *secret == '\0')
        return;
    next.outcome = check_secret(authenticator, secret, &next.principal);
    if (result->outcome == AUTH_KNOWN && next.outcome == AUTH_KNOWN &&
        strcmp(result->principal.name, next.principal.name) != 0)
        next.outcome = AUTH_UNKNOWN;
    if (result->outcome == AUTH_MISSING || next.outcome != AUTH_KNOWN)
        *result = next;
}

static enum auth_outcome check_certificate(const struct auth_subject_source *subjects,
                                           const struct auth_presented *presented,
                                           struct principal *principal)
{
    if (subjects->check == NULL)
        return AUTH_MISSING;
    const enum auth_outcome outcome =
        subjects->check(subjects->arg, presented->subject, presented->not_after, principal);
    const bool is_trusted =
        subjects->trusts == NULL || subjects->trusts(subjects->authorities, presented->authority);
    return outcome == AUTH_KNOWN && !is_trusted ? AUTH_CERTIFICATE_UNTRUSTED : outcome;
}

void authenticator_check(const struct authenticator *authenticator, const struct auth_presented *presented,
                         struct auth_result *result)
{
    *result = (struct auth_result){.outcome = AUTH_MISSING};
    add_secret(authenticator, presented->api_key, result);
    if (presented->authorization != NULL)
        add_secret(authenticator, auth_bearer(presented->authorization), result);
    if (result->outcome == AUTH_MISSING && presented->subject != NULL)
        result->outcome = check_certificate(&authenticator->subjects, presented, &result->principal);
    if (result->outcome != AUTH_KNOWN)
        result->principal = (struct principal){0};
}

static const struct {
    enum status_code code;
    const char *message;
} refusals[AUTH_OUTCOMES] = {
    [AUTH_MISSING] = {STATUS_UNAUTHENTICATED, "API key is missing"},
    [AUTH_UNKNOWN] = {STATUS_PERMISSION_DENIED, "Invalid API key"},
    [AUTH_DAMAGED] = {STATUS_PERMISSION_DENIED, "Invalid API key: it was mistyped or cut"},
    [AUTH_EXPIRED] = {STATUS_PERMISSION_DENIED, "API key has expired"},
    [AUTH_REVOKED] = {STATUS_PERMISSION_DENIED, "API key was revoked"},
    [AUTH_UNAVAILABLE] = {STATUS_UNAVAILABLE, "API keys cannot be checked at present; try again"},
    [AUTH_UNCHECKED] = {STATUS_OK, NULL},
    [AUTH_CERTIFICATE_EXPIRED] = {STATUS_UNAUTHENTICATED, "The certificate has expired"},
    [AUTH_CERTIFICATE_UNTRUSTED] = {STATUS_UNAUTHENTICATED,
                                    "The certificate is of an authority that is trusted no longer"},
    [AUTH_TOKEN_MALFORMED] = {STATUS_UNAUTHENTICATED, "The token is malformed"},
    [AUTH_TOKEN_TYPE] = {STATUS_UNAUTHENTICATED, "The token is no access token"},
    [AUTH_TOKEN_KEY] = {STATUS_UNAUTHENTICATED, "The token's key is not known"},
    [AUTH_TOKEN_KEYS_DUE] = {STATUS_UNAVAILABLE,
                             "The keys of the token's issuer are not known yet; try again later"},
    [AUTH_TOKEN_ALGORITHM] = {STATUS_UNAUTHENTICATED, "The token's algorithm is not its key's"},
    [AUTH_TOKEN_SIGNATURE] = {STATUS_UNAUTHENTICATED, "The token's signature does not hold"},
    [AUTH_TOKEN_ISSUER] = {STATUS_UNAUTHENTICATED, "The token is of another issuer"},
    [AUTH_TOKEN_AUDIENCE] = {STATUS_UNAUTHENTICATED, "The token is for another audience"},
    [AUTH_TOKEN_EXPIRED] = {STATUS_UNAUTHENTICATED, "The token has expired"},
    [AUTH_TOKEN_EARLY] = {STATUS_UNAUTHENTICATED, "The token is not valid yet"},
    [AUTH_TOKEN_CLAIMS] = {STATUS_UNAUTHENTICATED, "The token lacks a claim, or one is of another type"},
    [AUTH_TOKEN_BOUND] = {STATUS_UNAUTHENTICATED,
                          "The token is bound to a key of its holder's, which cannot be proven here"},
    [AUTH_KNOWN] = {STATUS_OK, NULL},
};

const char *auth_reason(enum auth_outcome outcome)
{
    return refusals[outcome].message;
}

enum status_code auth_code(enum auth_outcome outcome)
{
    return refusals[outcome].code;
}

void auth_refuse(enum auth_outcome outcome, struct arena *arena, struct status *status)
{
    if (auth_code(outcome) != STATUS_OK)
        status_set(status, arena, auth_code(outcome), "%s", auth_reason(outcome));
}
