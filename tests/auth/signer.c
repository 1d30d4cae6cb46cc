/* signer.c: by OpenSSL alone, so that what cjose would not sign can be signed. */
#include "signer.h"

#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 1024, ES256_HALF = 32 };

EVP_PKEY *signer_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    cr_assert_not_null(key);
    return key;
}

EVP_PKEY *signer_ec(const char *curve)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
    cr_assert_not_null(key);
    return key;
}

static char *encode(const void *bytes, size_t size)
{
    char *text = malloc(size * 2 + 4);
    int length = EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
    while (length > 0 && text[length - 1] == '=')
        length--;
    text[length] = '\0';
    for (char *at = strpbrk(text, "+/"); at != NULL; at = strpbrk(at, "+/")) {
        if (*at == '+')
            *at = '-';
        else
            *at = '_';
    }
    return text;
}

/* --- keys --- */

static char *encode_number(EVP_PKEY *key, const char *name, int size)
{
    BIGNUM *number = NULL;
    uint8_t bytes[NUMBER_BYTES];
    cr_assert_eq(EVP_PKEY_get_bn_param(key, name, &number), 1);
    const int length = size != 0 ? size : BN_num_bytes(number);
    cr_assert_eq(BN_bn2binpad(number, bytes, length), length);
    BN_free(number);
    return encode(bytes, (size_t)length);
}

char *signer_jwk(EVP_PKEY *key, const char *members)
{
    char *jwk = NULL;
    const char *comma = *members != '\0' ? "," : "";
    const bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1;
    char curve[32] = "";
    if (!is_rsa)
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, NULL);
    const bool is_p256 = strcmp(curve, "prime256v1") == 0;
    const int size = (EVP_PKEY_get_bits(key) + 7) / 8;
    char *first = is_rsa ? encode_number(key, OSSL_PKEY_PARAM_RSA_N, 0)
                         : encode_number(key, OSSL_PKEY_PARAM_EC_PUB_X, size);
    char *second = is_rsa ? encode_number(key, OSSL_PKEY_PARAM_RSA_E, 0)
                          : encode_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
    int length;
    if (is_rsa)
        length =
            asprintf(&jwk, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s%s}", first, second, comma, members);
    else
        length = asprintf(&jwk, "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s%s}",
                          is_p256 ? "P-256" : "P-384", first, second, comma, members);
    cr_assert_gt(length, 0);
    free(first);
    free(second);
    return jwk;
}

char *signer_set(size_t n, char *jwks[])
{
    char *set = strdup("{\"keys\":[");
    for (size_t i = 0; i < n; i++) {
        char *longer = NULL;
        cr_assert_gt(asprintf(&longer, "%s%s%s", set, i > 0 ? "," : "", jwks[i]), 0);
        free(set);
        free(jwks[i]);
        set = longer;
    }
    char *whole = NULL;
    cr_assert_gt(asprintf(&whole, "%s]}", set), 0);
    free(set);
    return whole;
}

/* --- signatures --- */

static char *sign_by_key(EVP_PKEY *key, bool is_pss, const char *text)
{
    uint8_t signature[NUMBER_BYTES];
    size_t size = sizeof signature;
    EVP_PKEY_CTX *about;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert_eq(EVP_DigestSignInit(context, &about, EVP_sha256(), NULL, key), 1);
    if (is_pss) {
        EVP_PKEY_CTX_set_rsa_padding(about, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(about, RSA_PSS_SALTLEN_DIGEST);
    }
    cr_assert_eq(EVP_DigestSign(context, signature, &size, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    if (EVP_PKEY_is_a(key, "EC") == 1) { /* two numbers of one size, not DER */
        const unsigned char *at = signature;
        ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)size);
        uint8_t both[2 * ES256_HALF];
        BN_bn2binpad(ECDSA_SIG_get0_r(numbers), both, ES256_HALF);
        BN_bn2binpad(ECDSA_SIG_get0_s(numbers), both + ES256_HALF, ES256_HALF);
        ECDSA_SIG_free(numbers);
        return encode(both, sizeof both);
    }
    return encode(signature, size);
}

static char *sign_by_public_half(EVP_PKEY *key, const char *text)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *pem;
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    cr_assert_eq(PEM_write_bio_PUBKEY(memory, key), 1);
    const long length = BIO_get_mem_data(memory, &pem);
    HMAC(EVP_sha256(), pem, (int)length, (const unsigned char *)text, strlen(text), mac, &size);
    BIO_free(memory);
    return encode(mac, size);
}

char *signer_sign(EVP_PKEY *key, const char *algorithm, const char *header, const char *claims)
{
    char *first = encode(header, strlen(header));
    char *second = encode(claims, strlen(claims));
    char *text = NULL, *token = NULL, *signature;
    cr_assert_gt(asprintf(&text, "%s.%s", first, second), 0);
    if (strcmp(algorithm, "none") == 0)
        signature = strdup("");
    else if (strcmp(algorithm, "HS256") == 0)
        signature = sign_by_public_half(key, text);
    else
        signature = sign_by_key(key, strcmp(algorithm, "PS256") == 0, text);
    cr_assert_gt(asprintf(&token, "%s.%s", text, signature), 0);
    free(first);
    free(second);
    free(text);
    free(signature);
    return token;
}
