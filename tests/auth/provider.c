/* provider.c: one connection at a time, one request each. */
#include "provider.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t receive(int fd, SSL *tls, char *bytes, size_t size)
{
    return tls != NULL ? SSL_read(tls, bytes, (int)size) : recv(fd, bytes, size, 0);
}

static bool read_head(int fd, SSL *tls, char *request, size_t size)
{
    size_t n = 0;
    while (n + 1 < size) {
        const ssize_t more = receive(fd, tls, request + n, size - 1 - n);
        if (more <= 0)
            return false;
        n += (size_t)more;
        request[n] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL)
            return true;
    }
    return false;
}

/* A copy of what is to be said, to free. */
static char *find_answer(struct provider *provider, const char *request)
{
    char *answer = NULL;
    for (size_t i = 0; i < PROVIDER_PATHS && provider->paths[i].path != NULL; i++) {
        const char *path = provider->paths[i].path;
        if (strncmp(request + strlen("GET "), path, strlen(path)) == 0 &&
            request[strlen("GET ") + strlen(path)] == ' ') {
            provider->paths[i].asked++;
            answer = provider->paths[i].answer != NULL ? strdup(provider->paths[i].answer) : NULL;
            break;
        }
    }
    return answer;
}

static void answer_request(struct provider *provider, int fd, SSL *tls)
{
    char request[4096];
    if (!read_head(fd, tls, request, sizeof request))
        return;
    pthread_mutex_lock(&provider->lock);
    char *answer = find_answer(provider, request);
    if (provider->is_silent)
        provider->kept = dup(fd);
    const bool says = answer != NULL && !provider->is_silent;
    pthread_mutex_unlock(&provider->lock);
    if (says && tls != NULL)
        (void)SSL_write(tls, answer, (int)strlen(answer));
    else if (says)
        (void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
    free(answer);
}

static void serve(struct provider *provider, int fd)
{
    SSL *tls = NULL;
    if (provider->tls != NULL) {
        tls = SSL_new(provider->tls);
        SSL_set_fd(tls, fd);
    }
    if (tls == NULL || SSL_accept(tls) == 1)
        answer_request(provider, fd, tls);
    if (tls != NULL)
        (void)SSL_shutdown(tls);
    SSL_free(tls);
    close(fd);
}

static void *run(void *arg)
{
    struct provider *provider = arg;
    int fd;
    while ((fd = accept(provider->fd, NULL, NULL)) >= 0)
        serve(provider, fd);
    return NULL;
}

/* --- its certificate --- */

static X509 *make_certificate(EVP_PKEY *key, const char *address)
{
    enum { DAY_S = 86400 };
    char alternative[64];
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    snprintf(alternative, sizeof alternative, "IP:%s", address);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), DAY_S);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"of a test", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    return certificate;
}

static SSL_CTX *make_tls(const char *address, const char *certificate_path)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *certificate = make_certificate(key, address);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    cr_assert_eq(SSL_CTX_use_certificate(tls, certificate), 1);
    cr_assert_eq(SSL_CTX_use_PrivateKey(tls, key), 1);
    FILE *file = fopen(certificate_path, "we");
    cr_assert_eq(PEM_write_X509(file, certificate), 1);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return tls;
}

/* --- start and end --- */

static void start(struct provider *provider, SSL_CTX *tls)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    (void)signal(SIGPIPE, SIG_IGN); /* a client that distrusts it is gone at once */
    *provider =
        (struct provider){.tls = tls, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .kept = -1};
    cr_assert_eq(bind(provider->fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(provider->fd, 16), 0);
    cr_assert_eq(getsockname(provider->fd, (struct sockaddr *)&address, &length), 0);
    provider->port = ntohs(address.sin_port);
    pthread_mutex_init(&provider->lock, NULL);
    cr_assert_eq(pthread_create(&provider->thread, NULL, run, provider), 0);
}

void provider_start(struct provider *provider)
{
    start(provider, NULL);
}

void provider_start_tls(struct provider *provider, const char *address, const char *certificate_path)
{
    start(provider, make_tls(address, certificate_path));
}

void provider_stop(struct provider *provider)
{
    shutdown(provider->fd, SHUT_RDWR);
    pthread_join(provider->thread, NULL);
    close(provider->fd);
    if (provider->kept >= 0)
        close(provider->kept);
    for (size_t i = 0; i < PROVIDER_PATHS; i++)
        free(provider->paths[i].answer);
    SSL_CTX_free(provider->tls);
    pthread_mutex_destroy(&provider->lock);
}

void provider_say(struct provider *provider, const char *path, const char *head, const char *body)
{
    char *answer = NULL;
    if (head != NULL)
        cr_assert_gt(asprintf(&answer, "%s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", head,
                              strlen(body), body),
                     0);
    pthread_mutex_lock(&provider->lock);
    size_t i = 0;
    while (provider->paths[i].path != NULL && strcmp(provider->paths[i].path, path) != 0)
        i++;
    provider->paths[i].path = path;
    free(provider->paths[i].answer);
    provider->paths[i].answer = answer;
    pthread_mutex_unlock(&provider->lock);
}

unsigned provider_asked(struct provider *provider, const char *path)
{
    unsigned asked = 0;
    pthread_mutex_lock(&provider->lock);
    for (size_t i = 0; i < PROVIDER_PATHS && provider->paths[i].path != NULL; i++) {
        if (strcmp(provider->paths[i].path, path) == 0)
            asked = provider->paths[i].asked;
    }
    pthread_mutex_unlock(&provider->lock);
    return asked;
}

void provider_await(struct provider *provider, const char *path, unsigned times)
{
    const uint64_t limit_ns = time_monotonic_ns() + 30 * (uint64_t)NS_PER_S;
    while (provider_asked(provider, path) < times && time_monotonic_ns() < limit_ns)
        usleep(2000);
    cr_assert_geq(provider_asked(provider, path), times, "%s", path);
}
