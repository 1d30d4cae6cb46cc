/* provider.h: an HTTP server on loopback that answers what a test tells it, and counts. */
#ifndef AUTH_PROVIDER_H
#define AUTH_PROVIDER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROVIDER_PATHS = 4 };

struct provider {
    int fd;
    uint16_t port;
    SSL_CTX *tls; /* owned; NULL: plain */
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    struct {
        const char *path;
        char *answer; /* all of it, with its head; NULL: it hangs up */
        unsigned asked;
    } paths[PROVIDER_PATHS];
    bool is_silent; /* takes requests and says nothing */
    int kept;       /* such a connection; -1: none */
};

void provider_start(struct provider *provider);

/* By https, with a certificate of its own that is for this name, an IP address, and is written to a file. */
void provider_start_tls(struct provider *provider, const char *address, const char *certificate_path);

void provider_stop(struct provider *provider);

/* What is answered at a path, from now on: a head, and a body. */
void provider_say(struct provider *provider, const char *path, const char *head, const char *body);

unsigned provider_asked(struct provider *provider, const char *path);

/* Waits until it was asked so often at least, or fails the test. */
void provider_await(struct provider *provider, const char *path, unsigned times);

#endif
