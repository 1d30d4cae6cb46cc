/* subject.h: who a certificate is of, as text.
 */
#ifndef TLS_SUBJECT_H
#define TLS_SUBJECT_H

#include "tls/holder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
