/* listen.c: the first of the host's addresses that can be listened on. */
#include "http/listen.h"

#include "tls/own_stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = SOMAXCONN, /* clients that come all at once are not to wait for one another */
    /* What the kernel takes of answers beyond what is on its way to a client, of megabytes else: so who sends
     * requests and reads nothing is not served thousands of them. */
    SEND_AHEAD = 64 << 10,
};

static int listen_on(const struct addrinfo *address)
{
    const int on = 1, ahead = SEND_AHEAD;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &ahead, sizeof ahead) != 0 || /* of its connections */
        bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    union own_peer_name address = {0};
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

int listen_open(const char *host, uint16_t *port, char *error, size_t error_size)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *addresses;
    char service[8];
    snprintf(service, sizeof service, "%u", *port);
    int failed = getaddrinfo(host, service, &hints, &addresses);
    if (failed != 0) {
        snprintf(error, error_size, "cannot listen on %s:%u: %s", host, *port, gai_strerror(failed));
        errno = EINVAL;
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *at = addresses; at != NULL && fd < 0; at = at->ai_next)
        fd = listen_on(at);
    const int why = errno;
    if (fd < 0)
        snprintf(error, error_size, "cannot listen on %s:%u: %m", host, *port);
    else
        *port = port_of(fd);
    freeaddrinfo(addresses);
    errno = why;
    return fd;
}

static bool talk(struct own_stream *stream, const char *request, char *why, size_t why_size)
{
    static const char expected[] = "HTTP/1.";
    char answer[sizeof expected - 1];
    if (!own_stream_send(stream, request, strlen(request)))
        return own_peer_failed(why, why_size);
    const ssize_t n = own_stream_receive(stream, answer, sizeof answer);
    if (n < 0)
        return own_peer_failed(why, why_size);
    if (n == 0)
        return own_peer_refuse(why, why_size, "closed without an answer");
    return (n == sizeof answer && memcmp(answer, expected, sizeof answer) == 0) ||
           own_peer_refuse(why, why_size, "answers otherwise");
}

static bool ask(const struct sockaddr_storage *address, socklen_t length, const char *request,
                struct own_peer *self, struct tls_server *tls, char *why, size_t why_size)
{
    struct own_stream stream;
    if (own_peer_connect(self, address, length) != 0)
        return own_peer_failed(why, why_size);
    const bool answers = own_stream_open(&stream, self, tls) ? talk(&stream, request, why, why_size)
                                                             : own_peer_failed(why, why_size);
    own_stream_close(&stream);
    return answers;
}

bool listen_answers(int fd, const char *request, struct own_peer *self, struct tls_server *tls,
                    unsigned timeout_ms, char *why, size_t why_size)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return own_peer_failed(why, why_size);
    if (own_peer_open(self, address.ss_family, timeout_ms) < 0)
        return own_peer_failed(why, why_size);
    const bool answers = ask(&address, length, request, self, tls, why, why_size);
    own_peer_close(self);
    return answers;
}
