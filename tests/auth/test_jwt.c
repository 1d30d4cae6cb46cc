/* test_jwt.c: the compact form, and headers. */
#include "auth/jwt.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT 60

TestSuite(jwt, .timeout = TIMEOUT);

Test(jwt, what_is_read_as_a_token)
{
    cr_expect(jwt_has_form("a.b.c"));
    cr_expect(jwt_has_form("a.b."));
    cr_expect(jwt_has_form(".."));
    cr_expect_not(jwt_has_form("a.b"));
    cr_expect_not(jwt_has_form("a.b.c.d"));
    cr_expect_not(jwt_has_form("a.b.c.d.e")); /* one that is encrypted (RFC 7516) */
    cr_expect_not(jwt_has_form(""));
}

Test(jwt, base64url_of_one_spelling)
{
    static const struct {
        const char *text, *bytes; /* NULL: it is none */
    } cases[] = {
        {"", ""},           {"Zg", "f"},         {"Zm8", "fo"},   {"Zm9v", "foo"},
        {"Zm9vYg", "foob"}, {"_-8", "\xff\xef"}, {"Zg==", NULL},  {"Zh", NULL},
        {"Zm9", NULL},      {"Z", NULL},         {"Zm9vY", NULL}, {"/+8", NULL},
        {"Zm 8", NULL},     {"Zm8\n", NULL},     {"Zm.8", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[16];
        size_t n;
        const bool is_read = base64url_decode(cases[i].text, strlen(cases[i].text), out, &n);
        cr_expect_eq(is_read, cases[i].bytes != NULL, "%s", cases[i].text);
        if (cases[i].bytes != NULL) {
            cr_expect_eq(n, strlen(cases[i].bytes), "%s", cases[i].text);
            cr_expect_eq(memcmp(out, cases[i].bytes, n), 0, "%s", cases[i].text);
        }
    }
}

static enum auth_outcome read_text(const char *text)
{
    struct jwt jwt;
    const enum auth_outcome outcome = jwt_read(&jwt, text, strlen(text));
    if (outcome == AUTH_KNOWN)
        jwt_free(&jwt);
    return outcome;
}

/* {"alg":"RS256"} . {} . */
#define HEADER "eyJhbGciOiJSUzI1NiJ9"

Test(jwt, the_form)
{
    cr_expect_eq(read_text(HEADER ".e30."), AUTH_KNOWN);
    cr_expect_eq(read_text(HEADER ".e30.AAAA"), AUTH_KNOWN);
    cr_expect_eq(read_text(HEADER ".e30.AAA="), AUTH_TOKEN_MALFORMED);
    cr_expect_eq(read_text(HEADER ".e30.A.A"), AUTH_TOKEN_MALFORMED);
    cr_expect_eq(read_text(HEADER "=.e30."), AUTH_TOKEN_MALFORMED);
    cr_expect_eq(read_text(HEADER ".A=AA."), AUTH_TOKEN_MALFORMED); /* at which cjose ends the process */
    cr_expect_eq(read_text(HEADER ".!!."), AUTH_TOKEN_MALFORMED);
    cr_expect_eq(read_text(".e30."), AUTH_TOKEN_MALFORMED);
    cr_expect_eq(read_text("W10.e30."), AUTH_TOKEN_MALFORMED);          /* [] */
    cr_expect_eq(read_text("eyJ9.e30."), AUTH_TOKEN_MALFORMED);         /* {"} */
    cr_expect_eq(read_text("e30gMQ.e30."), AUTH_TOKEN_MALFORMED);       /* {} 1 */
    cr_expect_eq(read_text("e30.e30."), AUTH_TOKEN_MALFORMED);          /* no alg */
    cr_expect_eq(read_text("eyJhbGciOjF9.e30."), AUTH_TOKEN_MALFORMED); /* {"alg":1} */
}

/* Claims are read by whoever has seen that the signature holds, and not before. */
Test(jwt, claims_are_left_alone)
{
    struct jwt jwt;
    cr_assert_eq(jwt_read(&jwt, HEADER ".W10.", strlen(HEADER ".W10.")), AUTH_KNOWN); /* [] */
    cr_assert_null(jwt_read_claims(&jwt));
    jwt_free(&jwt);
}

static char *repeat(const char *before, const char *unit, size_t n, const char *after)
{
    char *text = malloc(strlen(before) + n * strlen(unit) + strlen(after) + 1);
    char *end = stpcpy(text, before);
    while (n-- > 0)
        end = stpcpy(end, unit);
    strcpy(end, after);
    return text;
}

Test(jwt, one_that_is_too_large)
{
    const size_t fixed = strlen(HEADER "..");
    char *fits = repeat(HEADER "..", "AAAA", (JWT_MAX_BYTES - fixed) / 4, "");
    char *large = repeat(HEADER "..", "AAAA", JWT_MAX_BYTES / 4, "");
    cr_expect_eq(read_text(fits), AUTH_KNOWN);
    cr_expect_eq(read_text(large), AUTH_TOKEN_MALFORMED);
    free(fits);
    free(large);
}

/* {"a":[[[…, which a parser goes down into before it finds that nothing closes. */
Test(jwt, one_that_nests_deep)
{
    char *deep = repeat("eyJhIjpb", "W1tb", 1000, ".e30.");
    cr_expect_eq(read_text(deep), AUTH_TOKEN_MALFORMED);
    free(deep);
}
