/* fuzz_jwt.c: tokens, the claims of tokens that a trusted key has signed, JWK Sets, and files of issuers.
 *
 * The first byte says which of them the rest is: a token as it comes; a header and claims, which are signed
 * by the key of the set (up to a blank line, and behind it); a set; a file.
 */
#include "fuzz.h"

#include "auth/jwks.h"
#include "auth/jwt_claims.h"
#include "auth/jwt_issuers.h"

#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NOW_S = 1000000 };

static const char *const audiences[] = {"orders", NULL};
static const char *const readers[] = {"r", NULL};
static const char *const writers[] = {"w", NULL};
static const struct jwt_issuer issuer = {
    .name = "a",
    .issuer = "i",
    .audiences = audiences,
    .role_claim = "/scope",
    .roles = {[ROLE_READER] = readers, [ROLE_WRITER] = writers},
};

/* A key of each start of the process: nobody could write its tokens down. */
static cjose_jwk_t *private_key;
static struct jwks *set;

static void make_key(void)
{
    static const char form[] = "{\"keys\":[%s]}";
    const char *why;
    char text[1024];
    private_key = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, NULL);
    char *public = cjose_jwk_to_json(private_key, false, NULL);
    snprintf(text, sizeof text, form, public);
    set = jwks_read(text, strlen(text), &why);
    must(set != NULL && jwks_count(set) == 1);
    free(public);
}

/* Checks a token step by step, as jwt_verifier does. Whether its signature held. */
static bool check_token(const char *text, size_t length)
{
    struct jwt jwt;
    bool holds = false;
    if (jwt_read(&jwt, text, length) != AUTH_KNOWN)
        return false;
    const struct jwk *jwk = jwks_find(set, jwt.kid);
    if (jwk != NULL && jwk_algorithm(jwk) == jwt.algorithm)
        holds = jwk_verify(jwk, &jwt);
    json_t *claims = jwt_read_claims(&jwt);
    struct principal principal;
    int64_t end_s;
    if (claims != NULL && jwt_claims_check_issuer(&issuer, claims) == AUTH_KNOWN &&
        jwt_claims_check(&issuer, claims, jwt.is_access_token, NOW_S, &principal, &end_s) == AUTH_KNOWN) {
        must(end_s > NOW_S);
        must(strncmp(principal.name, "a:", 2) == 0 && strlen(principal.name) > 2);
        must(strlen(principal.name) < sizeof principal.name);
        must(principal.role <= ROLE_WRITER);
    }
    json_decref(claims);
    jwt_free(&jwt);
    return holds;
}

/* What cjose signs, as far as it signs it. */
static void check_signed(const char *text)
{
    const char *blank = strstr(text, "\n\n");
    char *head = strndup(text, blank != NULL ? (size_t)(blank - text) : strlen(text));
    const char *claims = blank != NULL ? blank + 2 : "";
    json_t *header = json_loads(head, 0, NULL);
    const char *token;
    free(head);
    if (json_is_object(header)) {
        json_object_set_new(header, "alg", json_string("ES256"));
        cjose_jws_t *jws = cjose_jws_sign(private_key, (cjose_header_t *)header, (const uint8_t *)claims,
                                          strlen(claims), NULL);
        if (jws != NULL && cjose_jws_export(jws, &token, NULL))
            must(check_token(token, strlen(token)) || strlen(token) > JWT_MAX_BYTES ||
                 json_object_size(header) > 1);
        cjose_jws_release(jws);
    }
    json_decref(header);
}

static void check_set(const char *text, size_t length)
{
    const char *why = NULL;
    struct jwks *jwks = jwks_read(text, length, &why);
    must(jwks != NULL || why != NULL);
    if (jwks == NULL)
        return;
    must(jwks_count(jwks) <= JWKS_MAX_KEYS);
    must(jwks_has_all(jwks, jwks));
    jwks_release(jwks);
}

static void check_file(const char *text, size_t length)
{
    struct jwt_issuers issuers;
    struct arena arena;
    char path[64], error[512] = "";
    const int fd = memfd_create("issuers", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, text, length) == (ssize_t)length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    arena_init(&arena);
    if (jwt_issuers_read(&issuers, path, &arena, error, sizeof error)) {
        must(issuers.n > 0);
        for (size_t i = 0; i < issuers.n; i++)
            must(issuers.list[i].issuer != NULL && issuers.list[i].audiences[0] != NULL &&
                 issuers.list[i].role_claim != NULL);
    } else {
        must(strstr(error, ": line ") != NULL);
    }
    arena_free(&arena);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { TOKEN, SIGNED, SET, FILE_OF_ISSUERS, WAYS };
    struct fuzz_input input = {.at = bytes, .left = size};
    if (set == NULL)
        make_key();
    const size_t way = fuzz_choice(&input, WAYS);
    char *text = malloc(input.left + 1);
    must(text != NULL);
    if (input.left > 0)
        memcpy(text, input.at, input.left);
    text[input.left] = '\0';
    switch (way) {
    case TOKEN:
        must(!check_token(text, input.left));
        break;
    case SIGNED:
        check_signed(text);
        break;
    case SET:
        check_set(text, input.left);
        break;
    default:
        check_file(text, input.left);
    }
    free(text);
    return 0;
}
