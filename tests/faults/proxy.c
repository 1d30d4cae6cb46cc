/* proxy.c: a thread for each direction of each connection. SP over TCP: a greeting of eight bytes each way,
 * then frames behind their length of eight bytes, big-endian. */
#include "proxy.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GREETING = 8,
    LENGTH = 8,
    FRAME_MOST = 64 << 20,
};

/* A frame with its length in front. */
struct frame {
    uint8_t *bytes; /* owned */
    size_t size;
};

/* One connection of a client, to be freed by the last of its two threads. */
struct link {
    struct proxy *proxy;
    int client, server;
    atomic_uint threads;
};

/* The copy of a request that is to be delivered twice, until some connection takes it along. */
static struct {
    pthread_mutex_t lock;
    struct frame frame;
} stray = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool read_all(int from, uint8_t *bytes, size_t size)
{
    return size == 0 || recv(from, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

static bool write_all(int to, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(to, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static bool pass_greeting(int from, int to)
{
    uint8_t greeting[GREETING];
    return read_all(from, greeting, sizeof greeting) && write_all(to, greeting, sizeof greeting);
}

static bool read_frame(int from, struct frame *frame)
{
    uint64_t length;
    if (!read_all(from, (uint8_t *)&length, sizeof length) || be64toh(length) > FRAME_MOST)
        return false;
    frame->size = LENGTH + be64toh(length);
    frame->bytes = malloc(frame->size);
    if (frame->bytes == NULL)
        return false;
    memcpy(frame->bytes, &length, LENGTH);
    if (read_all(from, frame->bytes + LENGTH, frame->size - LENGTH))
        return true;
    free(frame->bytes);
    return false;
}

/* Whether this frame is to suffer a fault. */
static bool suffers(struct proxy *proxy, enum proxy_fault fault)
{
    unsigned pending = atomic_load(&proxy->pending[fault]);
    while (pending > 0 && !atomic_compare_exchange_weak(&proxy->pending[fault], &pending, pending - 1))
        ;
    if (pending > 0)
        atomic_fetch_add(&proxy->done, 1);
    return pending > 0;
}

static void leave_stray(const struct frame *frame)
{
    struct frame copy = {.bytes = malloc(frame->size), .size = frame->size};
    if (copy.bytes == NULL)
        return;
    memcpy(copy.bytes, frame->bytes, frame->size);
    pthread_mutex_lock(&stray.lock);
    free(stray.frame.bytes);
    stray.frame = copy;
    pthread_mutex_unlock(&stray.lock);
}

static struct frame take_stray(void)
{
    pthread_mutex_lock(&stray.lock);
    struct frame frame = stray.frame;
    stray.frame = (struct frame){0};
    pthread_mutex_unlock(&stray.lock);
    return frame;
}

/* Each returns whether the connection goes on. */

static bool pass_request(struct link *link, const struct frame *frame)
{
    if (suffers(link->proxy, PROXY_CUT_REQUEST)) {
        write_all(link->server, frame->bytes, frame->size / 2);
        return false;
    }
    struct frame again = take_stray();
    bool well = write_all(link->server, frame->bytes, frame->size) &&
                (again.bytes == NULL || write_all(link->server, again.bytes, again.size));
    free(again.bytes);
    if (suffers(link->proxy, PROXY_DOUBLE_REQUEST))
        leave_stray(frame);
    return well;
}

static bool pass_reply(struct link *link, const struct frame *frame)
{
    if (suffers(link->proxy, PROXY_DROP_REPLY))
        return true;
    if (suffers(link->proxy, PROXY_CUT_REPLY)) {
        write_all(link->client, frame->bytes, frame->size / 2);
        return false;
    }
    return write_all(link->client, frame->bytes, frame->size);
}

static void pass_frames(struct link *link, int from, int to,
                        bool (*pass)(struct link *link, const struct frame *frame))
{
    struct frame frame;
    bool well = pass_greeting(from, to);
    while (well && read_frame(from, &frame)) {
        well = pass(link, &frame);
        free(frame.bytes);
    }
    shutdown(link->client, SHUT_RDWR);
    shutdown(link->server, SHUT_RDWR);
    if (atomic_fetch_sub(&link->threads, 1) == 1) {
        close(link->client);
        close(link->server);
        free(link);
    }
}

static void *pass_requests(void *arg)
{
    struct link *link = arg;
    pass_frames(link, link->client, link->server, pass_request);
    return NULL;
}

static void *pass_replies(void *arg)
{
    struct link *link = arg;
    pass_frames(link, link->server, link->client, pass_reply);
    return NULL;
}

static int connect_to(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(server, (const struct sockaddr *)&address, sizeof address) == 0)
        return server;
    close(server);
    return -1;
}

/* A client whose server is not there is turned away. */
static void serve(struct proxy *proxy, int client)
{
    const int one = 1;
    int server = connect_to(proxy->server_port);
    struct link *link = server >= 0 ? malloc(sizeof *link) : NULL;
    pthread_t requests, replies;
    if (link == NULL) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    link->proxy = proxy;
    link->client = client;
    link->server = server;
    atomic_init(&link->threads, 2);
    if (pthread_create(&requests, NULL, pass_requests, link) != 0 ||
        pthread_create(&replies, NULL, pass_replies, link) != 0) {
        fprintf(stderr, "torture: no thread for a connection\n");
        exit(EXIT_FAILURE);
    }
    pthread_detach(requests);
    pthread_detach(replies);
}

static void *accept_clients(void *arg)
{
    struct proxy *proxy = arg;
    for (;;) {
        struct sockaddr_in address;
        socklen_t length = sizeof address;
        int client = accept4(proxy->listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC);
        if (client >= 0)
            serve(proxy, client);
    }
    return NULL;
}

void proxy_start(struct proxy *proxy)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(proxy->listener, (struct sockaddr *)&address, length) != 0 || listen(proxy->listener, 64) != 0 ||
        getsockname(proxy->listener, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&proxy->thread, NULL, accept_clients, proxy) != 0) {
        perror("torture: proxy");
        exit(EXIT_FAILURE);
    }
    pthread_detach(proxy->thread);
    proxy->port = ntohs(address.sin_port);
}
