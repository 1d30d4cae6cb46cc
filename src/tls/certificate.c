/* certificate.c: OpenSSL's reader, its printer of names with the flags that leave nothing ambiguous, and a
 * key of P-256 with what says that it is its own. */
#include "tls/certificate.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

enum { DAYS = 3650, DAY_S = 24 * 60 * 60 };

bool certificate_print_subject(const X509 *certificate, char *text, size_t size)
{
    const X509_NAME *name = X509_get_subject_name(certificate);
    BIO *out = BIO_new(BIO_s_mem());
    char *printed = NULL;
    bool fits = false;
    text[0] = '\0';
    if (out != NULL && X509_NAME_entry_count(name) > 0 &&
        X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0) {
        const long n = BIO_get_mem_data(out, &printed);
        fits = n > 0 && (size_t)n < size && memchr(printed, '\0', (size_t)n) == NULL;
        if (fits) {
            memcpy(text, printed, (size_t)n);
            text[n] = '\0';
        }
    }
    BIO_free(out);
    return fits;
}

int64_t certificate_end(const X509 *certificate)
{
    struct tm utc = {0};
    return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) == 1 ? (int64_t)timegm(&utc) : 0;
}

void certificate_read_holder(const X509 *certificate, const STACK_OF(X509) * chain, struct tls_holder *holder)
{
    certificate_print_subject(certificate, holder->subject, sizeof holder->subject);
    holder->not_after = certificate_end(certificate);
    for (int i = 0; i < sk_X509_num(chain); i++) { /* of NULL it is -1 */
        const int64_t end = certificate_end(sk_X509_value(chain, i));
        if (end < holder->not_after)
            holder->not_after = end;
    }
}

X509 *certificate_read(const uint8_t *bytes, size_t size)
{
    const uint8_t *at = bytes;
    X509 *certificate = size <= LONG_MAX ? d2i_X509(NULL, &at, (long)size) : NULL;
    if (certificate != NULL && at == bytes + size)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* --- the own one --- */

static bool sign(X509 *certificate, EVP_PKEY *key)
{
    static const unsigned char name[] = "this process";
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)DAYS * DAY_S) != NULL &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool own_certificate_make(struct own_certificate *own)
{
    *own = (struct own_certificate){.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
    if (own->key != NULL && own->certificate != NULL && sign(own->certificate, own->key))
        return true;
    own_certificate_free(own);
    return false;
}

void own_certificate_free(struct own_certificate *own)
{
    X509_free(own->certificate);
    EVP_PKEY_free(own->key);
    *own = (struct own_certificate){0};
}
