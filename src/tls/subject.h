/* subject.h: who a certificate is of, as text, and until when.
 */
#ifndef TLS_SUBJECT_H
#define TLS_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_SUBJECT_BYTES = 256 }; /* with its end */

/* Who is at the other end of a connection, by a certificate that was verified. */
struct tls_holder {
    char subject[TLS_SUBJECT_BYTES]; /* as tls_subject has it; "": there is none that fits, or it is this
                                        process */
    int64_t not_after; /* when the certificate, or one of those that vouch for it, ends: seconds since 1970 */
};

/* One certificate in DER. */
struct tls_der {
    const uint8_t *bytes;
    size_t size;
};

/* The subject of a certificate as RFC 4514 has it, the most specific name first: "CN=billing,O=Example". All
 * of it is printable ASCII: what else a name has is escaped ("\C3\A4"), so that two subjects that differ have
 * two texts, and no name can be mistaken for a separator. As `openssl x509 -noout -subject -nameopt RFC2253`
 * prints it. False: it is no certificate, has no subject, or the text has no room; then the text is "". Any
 * thread. */
bool tls_subject(struct tls_der certificate, char text[TLS_SUBJECT_BYTES]);

#endif
