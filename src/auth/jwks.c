/* jwks.c: what a key is for, as a table by its type. */
#include "auth/jwks.h"

#include <assert.h>
#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct jwk {
    char *kid;  /* owned; NULL: none */
    char *text; /* owned: all that it is, to compare */
    enum jwt_algorithm algorithm;
    size_t signature_bytes;
    cjose_jwk_t *key; /* owned */
};

struct jwks {
    atomic_uint holders;
    size_t n;
    struct jwk keys[];
};

/* --- one key --- */

static void clear_key(struct jwk *jwk)
{
    free(jwk->kid);
    free(jwk->text);
    cjose_jwk_release(jwk->key);
    *jwk = (struct jwk){0};
}

static const char *string_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

enum { BITS = 8, NUMBER_MOST_BYTES = 2048 /* as text too, beyond what an RSA modulus may have */ };

/* The bits of a number, which base64url writes in big endian; 0: it is none, or too large. */
static size_t count_bits(const char *text, uint8_t number[static NUMBER_MOST_BYTES], size_t *length)
{
    if (text == NULL || strlen(text) > NUMBER_MOST_BYTES ||
        !base64url_decode(text, strlen(text), number, length))
        return 0;
    size_t zeros = 0;
    while (zeros < *length && number[zeros] == 0)
        zeros++;
    if (zeros == *length)
        return 0;
    size_t bits = (*length - zeros) * BITS;
    for (unsigned top = number[zeros]; top < 1U << (BITS - 1); top <<= 1)
        bits--;
    return bits;
}

/* A public exponent that is even or 1 is no key's, and a long one costs whoever checks. */
static bool read_rsa(const json_t *object, struct jwk *jwk)
{
    enum { EXPONENT_MOST_BITS = 32 };
    uint8_t number[NUMBER_MOST_BYTES];
    size_t length;
    const size_t exponent_bits = count_bits(string_of(object, "e"), number, &length);
    const bool is_odd = exponent_bits > 1 && (number[length - 1] & 1) != 0;
    const size_t bits = count_bits(string_of(object, "n"), number, &length);
    jwk->signature_bytes = (bits + BITS - 1) / BITS;
    return is_odd && exponent_bits <= EXPONENT_MOST_BITS && bits >= JWKS_RSA_LEAST_BITS &&
           bits <= JWKS_RSA_MOST_BITS;
}

/* Whether it is a number of so many bytes, leading zeros and all. */
static bool has_bytes(const char *text, size_t bytes)
{
    uint8_t number[NUMBER_MOST_BYTES];
    size_t length;
    return text != NULL && strlen(text) <= sizeof number &&
           base64url_decode(text, strlen(text), number, &length) && length == bytes;
}

static bool read_ec(const json_t *object, struct jwk *jwk)
{
    enum { P256_BYTES = 32 }; /* RFC 7518, 6.2.1.2, and two of them in a signature, 3.4 */
    const char *curve = string_of(object, "crv");
    jwk->signature_bytes = (size_t)2 * P256_BYTES;
    return curve != NULL && strcmp(curve, "P-256") == 0 && has_bytes(string_of(object, "x"), P256_BYTES) &&
           has_bytes(string_of(object, "y"), P256_BYTES);
}

static const struct kind {
    const char *type; /* its `kty` */
    bool (*read)(const json_t *object, struct jwk *jwk);
    unsigned algorithms;         /* that it may have, as bits */
    enum jwt_algorithm preset;   /* of a key that names none */
    const char *const public[5]; /* the members that make it, NULL behind the last */
} kinds[] = {
    {"RSA", read_rsa, 1U << JWT_RS256 | 1U << JWT_PS256, JWT_RS256, {"kty", "n", "e"}},
    {"EC", read_ec, 1U << JWT_ES256, JWT_ES256, {"kty", "crv", "x", "y"}},
};

static const struct kind *find_kind(const json_t *object)
{
    const char *type = string_of(object, "kty");
    for (size_t i = 0; type != NULL && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].type, type) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* Of the members `use` and `key_ops` (RFC 7517, 4.2 and 4.3). */
static bool is_to_verify(const json_t *object)
{
    const json_t *use = json_object_get(object, "use");
    const json_t *operations = json_object_get(object, "key_ops");
    const json_t *each;
    size_t i;
    if (use != NULL && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
        return false;
    if (operations == NULL)
        return true;
    json_array_foreach(operations, i, each)
    {
        if (json_is_string(each) && strcmp(json_string_value(each), "verify") == 0)
            return true;
    }
    return false;
}

static bool read_algorithm(const json_t *object, const struct kind *kind, struct jwk *jwk)
{
    const json_t *name = json_object_get(object, "alg");
    jwk->algorithm = kind->preset;
    if (name != NULL &&
        (!json_is_string(name) || !jwt_algorithm_read(json_string_value(name), &jwk->algorithm)))
        return false;
    return (kind->algorithms & 1U << jwk->algorithm) != 0;
}

/* Nobody but who signs knows the private half, or else anybody signs. */
static bool is_public(const json_t *object)
{
    return json_object_get(object, "d") == NULL && json_object_get(object, "k") == NULL;
}

/* The public half, and nothing else. */
static bool import(const json_t *object, const struct kind *kind, struct jwk *jwk)
{
    json_t *public = json_object();
    for (size_t i = 0; kind->public[i] != NULL; i++)
        json_object_set(public, kind->public[i], json_object_get(object, kind->public[i]));
    char *text = json_dumps(public, JSON_COMPACT);
    if (text != NULL)
        jwk->key = cjose_jwk_import(text, strlen(text), NULL);
    free(text);
    ERR_clear_error(); /* whoever speaks TLS on this thread is not to find cjose's */
    json_object_set_new(public, "alg", json_string(jwt_algorithm_name(jwk->algorithm)));
    if (jwk->kid != NULL)
        json_object_set_new(public, "kid", json_string(jwk->kid));
    jwk->text = json_dumps(public, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(public);
    return jwk->key != NULL && jwk->text != NULL;
}

/* False: it is no key that can prove anything here. */
static bool read_key(const json_t *object, struct jwk *jwk)
{
    const struct kind *kind = find_kind(object);
    const json_t *kid = json_object_get(object, "kid");
    if (kind == NULL || (kid != NULL && !json_is_string(kid)) || !is_public(object) ||
        !is_to_verify(object) || !read_algorithm(object, kind, jwk) || !kind->read(object, jwk))
        return false;
    jwk->kid = kid != NULL ? strdup(json_string_value(kid)) : NULL;
    if (import(object, kind, jwk) && (kid == NULL || jwk->kid != NULL))
        return true;
    clear_key(jwk);
    return false;
}

enum jwt_algorithm jwk_algorithm(const struct jwk *jwk)
{
    return jwk->algorithm;
}

bool jwk_verify(const struct jwk *jwk, const struct jwt *jwt)
{
    assert(jwt->algorithm == jwk->algorithm);
    if (jwt_signature_bytes(jwt) != jwk->signature_bytes)
        return false;
    cjose_jws_t *jws = cjose_jws_import(jwt->text, jwt->length, NULL);
    const bool holds = jws != NULL && cjose_jws_verify(jws, jwk->key, NULL);
    cjose_jws_release(jws);
    ERR_clear_error();
    return holds;
}

/* --- a set --- */

static bool is_same_name(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Takes out all that share their name with another. */
static void drop_shared(struct jwks *jwks)
{
    bool is_shared[JWKS_MAX_KEYS] = {false};
    size_t n = 0;
    for (size_t i = 0; i < jwks->n; i++) {
        for (size_t j = 0; j < jwks->n; j++)
            is_shared[i] |= i != j && is_same_name(jwks->keys[i].kid, jwks->keys[j].kid);
    }
    for (size_t i = 0; i < jwks->n; i++) {
        if (is_shared[i])
            clear_key(&jwks->keys[i]);
        else
            jwks->keys[n++] = jwks->keys[i];
    }
    jwks->n = n;
}

static struct jwks *read_keys(const json_t *list)
{
    struct jwks *jwks = calloc(1, sizeof *jwks + JWKS_MAX_KEYS * sizeof *jwks->keys);
    const json_t *each;
    size_t i;
    if (jwks == NULL)
        return NULL;
    atomic_init(&jwks->holders, 1);
    json_array_foreach(list, i, each)
    {
        struct jwk jwk = {0};
        if (read_key(each, &jwk))
            jwks->keys[jwks->n++] = jwk;
    }
    drop_shared(jwks);
    return jwks;
}

struct jwks *jwks_read(const char *text, size_t length, const char **why)
{
    json_t *set = length <= JWKS_MAX_BYTES ? json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *list = json_object_get(set, "keys");
    struct jwks *jwks = NULL;
    *why = "no JWK Set: a JSON object with a list `keys`";
    if (json_array_size(list) > JWKS_MAX_KEYS) {
        *why = "more than 64 keys";
    } else if (json_is_array(list)) {
        jwks = read_keys(list);
        *why = jwks == NULL ? "out of memory" : NULL;
    }
    json_decref(set);
    return jwks;
}

struct jwks *jwks_hold(struct jwks *jwks)
{
    if (jwks != NULL)
        atomic_fetch_add(&jwks->holders, 1);
    return jwks;
}

void jwks_release(struct jwks *jwks)
{
    if (jwks == NULL || atomic_fetch_sub(&jwks->holders, 1) > 1)
        return;
    for (size_t i = 0; i < jwks->n; i++)
        clear_key(&jwks->keys[i]);
    free(jwks);
}

size_t jwks_count(const struct jwks *jwks)
{
    return jwks->n;
}

static bool has_key(const struct jwks *jwks, const struct jwk *key)
{
    const struct jwk *found = jwks_find(jwks, key->kid);
    return found != NULL && strcmp(found->text, key->text) == 0;
}

bool jwks_has_all(const struct jwks *newer, const struct jwks *older)
{
    for (size_t i = 0; older != NULL && i < older->n; i++) {
        if (!has_key(newer, &older->keys[i]))
            return false;
    }
    return true;
}

const struct jwk *jwks_find(const struct jwks *jwks, const char *kid)
{
    for (size_t i = 0; i < jwks->n; i++) {
        if (is_same_name(jwks->keys[i].kid, kid))
            return &jwks->keys[i];
    }
    return NULL;
}
