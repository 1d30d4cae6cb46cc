/* test_jwks.c: which members of a JWK Set are keys. */
#include "auth/jwks.h"

#include "signer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT 60

TestSuite(jwks, .timeout = TIMEOUT);

static struct jwks *read_set(size_t n, char *members[])
{
    const char *why;
    char *text = signer_set(n, members);
    struct jwks *jwks = jwks_read(text, strlen(text), &why);
    cr_assert_not_null(jwks, "%s: %s", why, text);
    free(text);
    return jwks;
}

static size_t count(char *member)
{
    struct jwks *jwks = read_set(1, &member);
    const size_t n = jwks_count(jwks);
    jwks_release(jwks);
    return n;
}

Test(jwks, what_a_member_must_be)
{
    EVP_PKEY *rsa = signer_rsa(2048), *ec = signer_ec("P-256");
    const struct {
        EVP_PKEY *key;
        const char *members;
        size_t n;
    } cases[] = {
        {rsa, "", 1},
        {rsa, "\"use\":\"sig\"", 1},
        {rsa, "\"use\":\"enc\"", 0},
        {rsa, "\"use\":1", 0},
        {rsa, "\"key_ops\":[\"verify\"]", 1},
        {rsa, "\"key_ops\":[\"sign\",\"verify\"]", 1},
        {rsa, "\"key_ops\":[\"encrypt\"]", 0},
        {rsa, "\"key_ops\":\"verify\"", 0},
        {rsa, "\"alg\":\"RS256\"", 1},
        {rsa, "\"alg\":\"PS256\"", 1},
        {rsa, "\"alg\":\"RS512\"", 0},
        {rsa, "\"alg\":\"ES256\"", 0},
        {rsa, "\"alg\":\"HS256\"", 0},
        {rsa, "\"alg\":\"RSA-OAEP\"", 0},
        {rsa, "\"alg\":7", 0},
        {rsa, "\"kid\":7", 0},
        {rsa, "\"d\":\"AAAA\"", 0},
        {ec, "", 1},
        {ec, "\"alg\":\"ES256\"", 1},
        {ec, "\"alg\":\"RS256\"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(count(signer_jwk(cases[i].key, cases[i].members)), cases[i].n, "%s", cases[i].members);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

/* A set may have keys of which we know nothing (RFC 7517, 5), such as cjose reads as junk. */
Test(jwks, others_are_passed_over)
{
    EVP_PKEY *weak = signer_rsa(1024), *ec = signer_ec("P-256"), *large = signer_ec("P-384");
    char *members[] = {
        signer_jwk(weak, "\"kid\":\"weak\""),
        signer_jwk(large, "\"kid\":\"large\""),
        strdup("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
        strdup("{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"oct\"}"),
        strdup("{\"kty\":\"RSA\",\"kid\":\"bare\"}"),
        strdup("{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}"),
        strdup("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\",\"kid\":\"off\"}"),
        strdup("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg=vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
               "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"kid\":\"padded\"}"),
        strdup("{}"),
        strdup("[]"),
        strdup("7"),
        signer_jwk(ec, "\"kid\":\"good\""),
    };
    struct jwks *jwks = read_set(sizeof members / sizeof *members, members);
    cr_assert_eq(jwks_count(jwks), 1);
    cr_assert_not_null(jwks_find(jwks, "good"));
    cr_assert_eq(jwk_algorithm(jwks_find(jwks, "good")), JWT_ES256);
    cr_assert_null(jwks_find(jwks, NULL));
    jwks_release(jwks);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(large);
    EVP_PKEY_free(ec);
}

/* RSA whose public exponent is 1 or even signs nothing; one without end costs whoever checks. */
Test(jwks, exponents)
{
    static const struct {
        const char *exponent;
        size_t n;
    } cases[] = {{"AQAB", 1}, {"Aw", 1}, {"AQ", 0},     {"Ag", 0},
                 {"AA", 0},   {"", 0},   {"_____w", 1}, {"AQAAAAE", 0}};
    EVP_PKEY *rsa = signer_rsa(2048);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *jwk = signer_jwk(rsa, ""), *other = NULL;
        char *at = strstr(jwk, "\"e\":\"");
        *at = '\0';
        cr_assert_gt(asprintf(&other, "%s\"e\":\"%s\"}", jwk, cases[i].exponent), 0);
        free(jwk);
        cr_expect_eq(count(other), cases[i].n, "%s", cases[i].exponent);
    }
    EVP_PKEY_free(rsa);
}

Test(jwks, a_name_that_two_have_is_nobodys)
{
    EVP_PKEY *one = signer_ec("P-256"), *other = signer_ec("P-256");
    char *members[] = {
        signer_jwk(one, "\"kid\":\"a\""),
        signer_jwk(other, "\"kid\":\"a\""),
        signer_jwk(one, ""),
        signer_jwk(other, ""),
        signer_jwk(one, "\"kid\":\"b\""),
        signer_jwk(other, "\"kid\":\"b\",\"use\":\"enc\""),
    };
    struct jwks *jwks = read_set(sizeof members / sizeof *members, members);
    cr_expect_null(jwks_find(jwks, "a"));
    cr_expect_null(jwks_find(jwks, NULL));
    cr_expect_not_null(jwks_find(jwks, "b")); /* one of the two is for another use */
    jwks_release(jwks);
    EVP_PKEY_free(one);
    EVP_PKEY_free(other);
}

Test(jwks, what_is_no_set)
{
    static const char *const texts[] = {
        "", "7", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]", "{\"keys\":[],\"keys\":[]}",
    };
    const char *why;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_null(jwks_read(texts[i], strlen(texts[i]), &why), "%s", texts[i]);
    char *members[JWKS_MAX_KEYS + 1];
    for (size_t i = 0; i < JWKS_MAX_KEYS + 1; i++)
        members[i] = strdup("{}");
    char *text = signer_set(JWKS_MAX_KEYS + 1, members);
    cr_expect_null(jwks_read(text, strlen(text), &why));
    free(text);
    char *large = calloc(1, JWKS_MAX_BYTES + 1);
    memset(large, ' ', JWKS_MAX_BYTES + 1);
    memcpy(large, "{\"keys\":[]}", strlen("{\"keys\":[]}"));
    cr_expect_null(jwks_read(large, JWKS_MAX_BYTES + 1, &why));
    struct jwks *jwks = jwks_read(large, JWKS_MAX_BYTES, &why);
    cr_expect_not_null(jwks);
    jwks_release(jwks);
    free(large);
}

Test(jwks, whether_a_key_was_withdrawn)
{
    EVP_PKEY *one = signer_ec("P-256"), *other = signer_ec("P-256");
    char *a = signer_jwk(one, "\"kid\":\"a\""),
         *both[] = {signer_jwk(one, "\"kid\":\"a\""), signer_jwk(other, "\"kid\":\"b\"")};
    char *changed = signer_jwk(other, "\"kid\":\"a\"");
    struct jwks *first = read_set(1, &a), *more = read_set(2, both), *another = read_set(1, &changed);
    cr_expect(jwks_has_all(first, NULL));
    cr_expect(jwks_has_all(more, first));
    cr_expect_not(jwks_has_all(first, more));
    cr_expect_not(jwks_has_all(another, first));
    jwks_release(first);
    jwks_release(more);
    jwks_release(another);
    EVP_PKEY_free(one);
    EVP_PKEY_free(other);
}
