/* tls_sessions.c: GnuTLS asks for the certificate in each handshake, so that each has the newest; it is read
 * from its text there, which costs little beside the handshake, and is freed with it. The client's
 * certificate is shown to tls_server_admits, as with RPC. */
#include "http/tls_sessions.h"

#include "http/peers.h"
#include "tls/server.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <string.h>

enum { CHAIN_MOST = 16 };

static const char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-CIPHER-ALL:"
                                 "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:%SERVER_PRECEDENCE";

/* libmicrohttpd has it so. */
static struct MHD_Connection *connection_of(gnutls_session_t session)
{
    return gnutls_session_get_ptr(session);
}

/* 0: it goes on. */
static int verify_client(gnutls_session_t session)
{
    unsigned n = 0;
    struct tls_der chain[CHAIN_MOST];
    struct tls_holder *holder = peer_holder_room(connection_of(session));
    const gnutls_datum_t *certificates = gnutls_certificate_get_peers(session, &n);
    if (holder == NULL || certificates == NULL || n > CHAIN_MOST)
        return -1;
    for (unsigned i = 0; i < n; i++)
        chain[i] = (struct tls_der){certificates[i].data, certificates[i].size};
    return tls_server_admits(peer_tls(connection_of(session)), chain, n, holder) ? 0 : -1;
}

static gnutls_datum_t datum(const char *bytes, size_t size)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)bytes, (unsigned)size};
}

static int read_chain(const struct tls_identity *identity, gnutls_pcert_st **chain, unsigned *n)
{
    size_t size;
    const char *text = tls_identity_cert(identity, &size);
    const gnutls_datum_t pem = datum(text, size);
    *n = CHAIN_MOST;
    *chain = gnutls_calloc(CHAIN_MOST, sizeof **chain);
    if (*chain == NULL)
        return GNUTLS_E_MEMORY_ERROR;
    const int failed = gnutls_pcert_list_import_x509_raw(*chain, n, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (failed < 0) {
        gnutls_free(*chain);
        *chain = NULL;
        *n = 0;
    }
    return failed;
}

static int read_key(const struct tls_identity *identity, gnutls_privkey_t *key)
{
    size_t size;
    const char *text = tls_identity_key(identity, &size);
    const gnutls_datum_t pem = datum(text, size);
    int failed = gnutls_privkey_init(key);
    if (failed < 0)
        return failed;
    failed = gnutls_privkey_import_x509_raw(*key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (failed < 0) {
        gnutls_privkey_deinit(*key);
        *key = NULL;
    }
    return failed;
}

/* GnuTLS's gnutls_certificate_retrieve_function3: what it is given here it frees. */
static int show_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *asked,
                            gnutls_pcert_st **chain, unsigned *n, gnutls_ocsp_data_st **ocsp,
                            unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags)
{
    struct tls_server *server = peer_tls(connection_of(session));
    (void)asked;
    *ocsp = NULL;
    *n_ocsp = 0;
    if (server == NULL)
        return -1; /* there was no memory for the peer */
    if (tls_server_wants_certificate(server)) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_function(session, verify_client);
    }
    struct tls_identity *identity = tls_server_identity(server);
    int failed = read_key(identity, key);
    if (failed >= 0 && (failed = read_chain(identity, chain, n)) < 0) {
        gnutls_privkey_deinit(*key);
        *key = NULL;
    }
    tls_identity_release(identity);
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    return failed < 0 ? -1 : 0;
}

struct MHD_OptionItem tls_sessions_options[] = {
    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities},
    {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)show_certificate},
    {MHD_OPTION_END, 0, NULL},
};
