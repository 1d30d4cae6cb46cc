/* holder.h: who has proven a certificate, and until when it holds.
 */
#ifndef TLS_HOLDER_H
#define TLS_HOLDER_H

#include <stdint.h>

enum { TLS_SUBJECT_BYTES = 256 }; /* with its end */

/* Who is at the other end of a connection, by a certificate that was verified. */
struct tls_holder {
    char subject[TLS_SUBJECT_BYTES]; /* as tls_subject has it; "": there is none that fits, or it is this
                                        process */
    int64_t not_after; /* when the certificate, or one of those that vouch for it, ends: seconds since 1970 */
    uint32_t authority; /* who vouches for it, for tls_server_trusts; 0: nobody */
};

#endif
