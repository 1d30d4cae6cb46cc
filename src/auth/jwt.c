/* jwt.c: the parts, and what the header may say. */
#include "auth/jwt.h"

#include <string.h>
#include <strings.h>

static const char *const algorithm_names[JWT_ALGORITHMS] = {
    [JWT_RS256] = "RS256", [JWT_PS256] = "PS256", [JWT_ES256] = "ES256"};

const char *jwt_algorithm_name(enum jwt_algorithm algorithm)
{
    return algorithm_names[algorithm];
}

bool jwt_algorithm_read(const char *name, enum jwt_algorithm *algorithm)
{
    for (enum jwt_algorithm each = 0; each < JWT_ALGORITHMS; each++) {
        if (strcmp(algorithm_names[each], name) == 0) {
            *algorithm = each;
            return true;
        }
    }
    return false;
}

bool jwt_has_form(const char *text)
{
    const char *first = strchr(text, '.');
    const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
    return second != NULL && strchr(second + 1, '.') == NULL;
}

/* --- base64url --- */

enum { BITS_PER_CHARACTER = 6, BITS_PER_BYTE = 8 };

/* -1: it is no such character. */
static int value_of(char c)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c != '\0' ? strchr(characters, c) : NULL;
    return at != NULL ? (int)(at - characters) : -1;
}

bool base64url_decode(const char *text, size_t length, uint8_t *out, size_t *out_length)
{
    unsigned bits = 0, n_bits = 0;
    *out_length = 0;
    for (size_t i = 0; i < length; i++) {
        const int value = value_of(text[i]);
        if (value < 0)
            return false;
        bits = bits << BITS_PER_CHARACTER | (unsigned)value;
        n_bits += BITS_PER_CHARACTER;
        if (n_bits < BITS_PER_BYTE)
            continue;
        n_bits -= BITS_PER_BYTE;
        out[(*out_length)++] = (uint8_t)(bits >> n_bits);
        bits &= (1U << n_bits) - 1;
    }
    return n_bits < BITS_PER_CHARACTER && bits == 0;
}

/* --- the parts --- */

/* An object within a part. NULL: it is none. */
static json_t *read_object(const char *text, size_t length)
{
    char json[JWT_MAX_BYTES];
    size_t n, nested = 0;
    if (length > sizeof json || !base64url_decode(text, length, (uint8_t *)json, &n))
        return NULL;
    for (size_t i = 0; i < n; i++)
        nested += json[i] == '{' || json[i] == '[';
    if (nested > JWT_MAX_NESTED)
        return NULL;
    json_t *object = json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

static bool find_parts(struct jwt *jwt)
{
    const char *first = memchr(jwt->text, '.', jwt->length);
    if (first == NULL)
        return false;
    jwt->payload = (size_t)(first - jwt->text) + 1;
    const char *second = memchr(first + 1, '.', jwt->length - jwt->payload);
    if (second == NULL)
        return false;
    jwt->signature = (size_t)(second - jwt->text) + 1;
    return memchr(second + 1, '.', jwt->length - jwt->signature) == NULL;
}

size_t jwt_signature_bytes(const struct jwt *jwt)
{
    return (jwt->length - jwt->signature) * BITS_PER_CHARACTER / BITS_PER_BYTE;
}

/* Claims and signature: cjose ends the process at some that are not (jwks.h). */
static bool is_encoded(const struct jwt *jwt)
{
    uint8_t bytes[JWT_MAX_BYTES];
    size_t n;
    return base64url_decode(jwt->text + jwt->payload, jwt->signature - 1 - jwt->payload, bytes, &n) &&
           base64url_decode(jwt->text + jwt->signature, jwt->length - jwt->signature, bytes, &n);
}

json_t *jwt_read_claims(const struct jwt *jwt)
{
    return read_object(jwt->text + jwt->payload, jwt->signature - 1 - jwt->payload);
}

/* --- the header --- */

/* A media type, whose "application/" may be left out (RFC 7515, 4.1.9). */
static bool is_type(const char *text, const char *type)
{
    static const char prefix[] = "application/";
    if (strncasecmp(text, prefix, strlen(prefix)) == 0)
        text += strlen(prefix);
    return strcasecmp(text, type) == 0;
}

static enum auth_outcome read_type(struct jwt *jwt)
{
    const json_t *type = json_object_get(jwt->header, "typ");
    if (type == NULL)
        return AUTH_KNOWN;
    if (!json_is_string(type))
        return AUTH_TOKEN_MALFORMED;
    jwt->is_access_token = is_type(json_string_value(type), "at+jwt");
    return jwt->is_access_token || is_type(json_string_value(type), "JWT") ? AUTH_KNOWN : AUTH_TOKEN_TYPE;
}

/* Extensions that must be understood (RFC 7515, 4.1.11), such as a payload that is not encoded (RFC 7797):
 * none is. */
static enum auth_outcome read_header(struct jwt *jwt)
{
    const json_t *algorithm = json_object_get(jwt->header, "alg");
    const json_t *kid = json_object_get(jwt->header, "kid");
    jwt->kid = json_string_value(kid);
    if (!json_is_string(algorithm) || (kid != NULL && jwt->kid == NULL) ||
        json_object_get(jwt->header, "crit") != NULL)
        return AUTH_TOKEN_MALFORMED;
    if (!jwt_algorithm_read(json_string_value(algorithm), &jwt->algorithm))
        return AUTH_TOKEN_ALGORITHM;
    return read_type(jwt);
}

enum auth_outcome jwt_read(struct jwt *jwt, const char *text, size_t length)
{
    *jwt = (struct jwt){.text = text, .length = length};
    if (length > JWT_MAX_BYTES || !find_parts(jwt) || !is_encoded(jwt))
        return AUTH_TOKEN_MALFORMED;
    jwt->header = read_object(text, jwt->payload - 1);
    if (jwt->header == NULL)
        return AUTH_TOKEN_MALFORMED;
    const enum auth_outcome outcome = read_header(jwt);
    if (outcome != AUTH_KNOWN)
        jwt_free(jwt);
    return outcome;
}

void jwt_free(struct jwt *jwt)
{
    json_decref(jwt->header);
    jwt->header = NULL;
}
