/* config_tls.h: checks that the settings of TLS are consistent, and that no key crosses a network unencrypted
 * by accident. */
#ifndef CONFIG_CONFIG_TLS_H
#define CONFIG_CONFIG_TLS_H

#include <stdbool.h>
#include <stddef.h>

/* How addresses of RPC begin, without TLS and with it. */
#define CONFIG_TCP     "tcp://"
#define CONFIG_TLS_TCP "tls+tcp://"

/* Settings that were read. */
struct config_tls {
    bool listens;              /* the program does, at what is named next */
    const char *const *listen; /* by RPC; NULL-terminated, and never NULL */
    const char *http_host;     /* NULL: not by HTTP */
    bool http_tls;
    const char *cert, *key, *client_ca, *roles; /* paths; NULL: not set */
    bool plaintext;                             /* keys may cross a network in the clear */
};

/* False: `error` is one line, as config_load's. */
bool config_tls_check(const struct config_tls *settings, char *error, size_t error_size);

#endif
