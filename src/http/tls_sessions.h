/* tls_sessions.h: https: how libmicrohttpd's GnuTLS proves who serves, and asks who calls, of what
 * tls/server.h has. Handshakes are of TLS 1.2 and up, and each is a whole one: no session is resumed.
 */
#ifndef HTTP_TLS_SESSIONS_H
#define HTTP_TLS_SESSIONS_H

#include <microhttpd.h>

/* For MHD_OPTION_ARRAY, with MHD_USE_TLS; the server is that of the connection's peers. */
extern struct MHD_OptionItem tls_sessions_options[];

#endif
