/* jwt_claims.c: claim by claim; each is looked at for its JSON type before its value. */
#include "auth/jwt_claims.h"

#include "auth/digest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LAST_S 1e11 /* a time beyond it is as good as never */

static bool has_word(const char *const *list, const char *word, size_t length)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strlen(*list) == length && memcmp(*list, word, length) == 0)
            return true;
    }
    return false;
}

static bool has_string(const char *const *list, const json_t *string)
{
    return json_is_string(string) && has_word(list, json_string_value(string), json_string_length(string));
}

/* --- who issued it, for whom, when --- */

enum auth_outcome jwt_claims_check_issuer(const struct jwt_issuer *issuer, const json_t *claims)
{
    const json_t *iss = json_object_get(claims, "iss");
    if (!json_is_string(iss))
        return AUTH_TOKEN_CLAIMS;
    return strcmp(json_string_value(iss), issuer->issuer) == 0 ? AUTH_KNOWN : AUTH_TOKEN_ISSUER;
}

static enum auth_outcome check_audience(const struct jwt_issuer *issuer, const json_t *claims)
{
    const json_t *audience = json_object_get(claims, "aud");
    bool is_ours = has_string(issuer->audiences, audience);
    const json_t *each;
    size_t i;
    if (!json_is_string(audience) && !json_is_array(audience))
        return AUTH_TOKEN_CLAIMS;
    json_array_foreach(audience, i, each)
    {
        if (!json_is_string(each))
            return AUTH_TOKEN_CLAIMS;
        is_ours |= has_string(issuer->audiences, each);
    }
    return is_ours ? AUTH_KNOWN : AUTH_TOKEN_AUDIENCE;
}

/* A NumericDate, which may have a fraction (RFC 7519, 2); absent ones are NULL. */
static bool is_time(const json_t *time)
{
    return time == NULL || json_is_number(time);
}

static enum auth_outcome check_times(const json_t *claims, int64_t now_s, int64_t *end_s)
{
    const json_t *expires = json_object_get(claims, "exp");
    const json_t *begins = json_object_get(claims, "nbf");
    const json_t *issued = json_object_get(claims, "iat");
    if (expires == NULL || !is_time(expires) || !is_time(begins) || !is_time(issued))
        return AUTH_TOKEN_CLAIMS;
    const double end = json_number_value(expires) + JWT_LEEWAY_S;
    if ((double)now_s >= end)
        return AUTH_TOKEN_EXPIRED;
    if (begins != NULL && (double)now_s < json_number_value(begins) - JWT_LEEWAY_S)
        return AUTH_TOKEN_EARLY;
    *end_s = (int64_t)(end < LAST_S ? end : LAST_S);
    return AUTH_KNOWN;
}

/* --- what it is for --- */

/* An ID token tells a client who signed in; whoever has it is not to act for him by it. Where its audience is
 * ours too (a client that is registered as both), and its header has no type of its own, it still has claims
 * that only ID tokens have (OpenID Connect Core, 2 and 3.3.2.11), and a security event or a logout token
 * `events` (RFC 8417, 2.2). A type of `at+jwt` is the issuer's word that it is none of those.
 *
 * One with `cnf` (RFC 7800) is for who has a key besides, by DPoP (RFC 9449) or a certificate (RFC 8705): its
 * issuer means that it is worth nothing to a thief. */
static enum auth_outcome check_use(const struct jwt_issuer *issuer, const json_t *claims, bool says_access)
{
    static const char *const foreign[] = {"nonce", "at_hash", "c_hash", "s_hash", "events"};
    if (json_object_get(claims, "cnf") != NULL)
        return AUTH_TOKEN_BOUND;
    if (says_access)
        return AUTH_KNOWN;
    if (issuer->wants_access_token_type)
        return AUTH_TOKEN_TYPE;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (json_object_get(claims, foreign[i]) != NULL)
            return AUTH_TOKEN_TYPE;
    }
    return AUTH_KNOWN;
}

/* --- whom it names --- */

static const char hashed[] = "sha256:";

/* Whether a subject is itself the second half of a name: it fits, can be read in a log, and is not what a
 * hash of another one looks like. */
static bool is_plain(const char *subject, size_t length, size_t room)
{
    if (length >= room || strncmp(subject, hashed, strlen(hashed)) == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isgraph((unsigned char)subject[i]))
            return false;
    }
    return true;
}

static enum auth_outcome read_subject(const struct jwt_issuer *issuer, const json_t *claims,
                                      struct principal *principal)
{
    const json_t *sub = json_object_get(claims, "sub");
    const char *subject = json_string_value(sub);
    const size_t length = json_string_length(sub);
    const size_t size = sizeof principal->name;
    if (!json_is_string(sub) || length == 0)
        return AUTH_TOKEN_CLAIMS;
    if (is_plain(subject, length, size - strlen(issuer->name) - 1)) {
        snprintf(principal->name, size, "%s:%s", issuer->name, subject);
        return AUTH_KNOWN;
    }
    char hex[DIGEST_TEXT];
    struct digest digest;
    digest_of(subject, length, &digest);
    digest_format(&digest, hex);
    snprintf(principal->name, size, "%s:%s%s", issuer->name, hashed, hex);
    return AUTH_KNOWN;
}

/* --- his role --- */

/* The next step of a JSON Pointer (RFC 6901, 4) that begins with "/"; *pointer is then behind it. */
static const json_t *step(const json_t *value, const char **pointer)
{
    char name[256]; /* more than a line of the issuers' file has */
    size_t n = 0;
    const char *at = *pointer + 1;
    for (; *at != '\0' && *at != '/' && n + 1 < sizeof name; at++) {
        const bool is_escape = *at == '~';
        at += is_escape;
        name[n++] = *at;
        if (is_escape)
            name[n - 1] = *at == '1' ? '/' : '~';
    }
    name[n] = '\0';
    *pointer = at;
    return json_object_get(value, name);
}

static const json_t *find_claim(const json_t *claims, const char *path)
{
    if (*path != '/')
        return json_object_get(claims, path);
    while (claims != NULL && *path == '/')
        claims = step(claims, &path);
    return claims;
}

static void raise_role(const struct jwt_issuer *issuer, const char *word, size_t length, enum role *role)
{
    for (enum role each = ROLE_READER; each < ROLES; each++) {
        if (each > *role && has_word(issuer->roles[each], word, length))
            *role = each;
    }
}

/* A string as a whole, and by words, as a scope has them (RFC 6749, 3.3). */
static void read_role(const struct jwt_issuer *issuer, const json_t *string, enum role *role)
{
    const char *text = json_string_value(string);
    if (text == NULL)
        return;
    raise_role(issuer, text, strlen(text), role);
    while (*text != '\0') {
        text += strspn(text, " ");
        const size_t length = strcspn(text, " ");
        raise_role(issuer, text, length, role);
        text += length;
    }
}

static enum role find_role(const struct jwt_issuer *issuer, const json_t *claims)
{
    const json_t *claim = find_claim(claims, issuer->role_claim);
    const json_t *each;
    enum role role = ROLE_NONE;
    size_t i;
    read_role(issuer, claim, &role);
    json_array_foreach(claim, i, each)
    {
        if (json_is_string(each))
            raise_role(issuer, json_string_value(each), json_string_length(each), &role);
    }
    return role;
}

enum auth_outcome jwt_claims_check(const struct jwt_issuer *issuer, const json_t *claims, bool says_access,
                                   int64_t now_s, struct principal *principal, int64_t *end_s)
{
    enum auth_outcome outcome = check_use(issuer, claims, says_access);
    *principal = (struct principal){.role = ROLE_NONE};
    if (outcome == AUTH_KNOWN)
        outcome = check_audience(issuer, claims);
    if (outcome == AUTH_KNOWN)
        outcome = check_times(claims, now_s, end_s);
    if (outcome == AUTH_KNOWN)
        outcome = read_subject(issuer, claims, principal);
    if (outcome == AUTH_KNOWN)
        principal->role = find_role(issuer, claims);
    return outcome;
}
