/* subject.c: a certificate, read, printed and gone. */
#include "tls/subject.h"

#include "tls/certificate.h"
#include "tls/context.h"

bool tls_subject(struct tls_der der, char text[TLS_SUBJECT_BYTES])
{
    X509 *certificate = certificate_read(der.bytes, der.size);
    text[0] = '\0';
    const bool has_subject =
        certificate != NULL && certificate_print_subject(certificate, text, TLS_SUBJECT_BYTES);
    X509_free(certificate);
    tls_forget_errors();
    return has_subject;
}
