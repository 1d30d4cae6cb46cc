/* sp.c: sockets and byte orders. */
#include "sp.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <endian.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MS = 10000, SMALL_SEGMENT = 536, SMALL_BUFFER = 4096 };

const uint8_t sp_greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

static int dial(const struct service *service, unsigned char host, bool small)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) | host)};
    address.sin_port = htons((uint16_t)atoi(strrchr(service->rpc_url, ':') + 1));
    const int at_once = 1; /* or the second part of a frame waits for the first to be acknowledged */
    const int segment = SMALL_SEGMENT, buffer = SMALL_BUFFER;
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (small) { /* the other end's buffer is some segments */
        setsockopt(peer, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
        setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    cr_assert_eq(bind(peer, (const struct sockaddr *)&from, sizeof from), 0);
    cr_assert_eq(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

int sp_dial(const struct service *service)
{
    return dial(service, 1, false);
}

int sp_dial_from(const struct service *service, unsigned char host)
{
    return dial(service, host, false);
}

int sp_dial_small(const struct service *service)
{
    return dial(service, 1, true);
}

int sp_dial_ipc(const struct service *service)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = service->ipc_url + strlen("ipc://");
    cr_assert_lt(strlen(path), sizeof address.sun_path);
    strcpy(address.sun_path, path);
    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

bool sp_read(int peer, void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        struct pollfd readable = {.fd = peer, .events = POLLIN};
        cr_assert_eq(poll(&readable, 1, ANSWER_MS), 1, "no answer");
        ssize_t n = read(peer, (char *)bytes + done, size - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

void sp_expect_greeting(int peer)
{
    static const uint8_t rep[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    uint8_t theirs[8];
    cr_assert(sp_read(peer, theirs, 8), "closed");
    cr_assert_eq(memcmp(theirs, rep, 8), 0);
}

static int greet(int peer)
{
    cr_assert_eq(write(peer, sp_greeting, 8), 8);
    sp_expect_greeting(peer);
    return peer;
}

int sp_connect(const struct service *service)
{
    return greet(sp_dial(service));
}

int sp_connect_ipc(const struct service *service)
{
    return greet(sp_dial_ipc(service));
}

void sp_send(int peer, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = send(peer, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the peer closed, which the reader finds */
        done += (size_t)n;
    }
}

size_t sp_put_head(uint8_t *out, uint32_t id, size_t size)
{
    const uint64_t length = htobe64(size + 4);
    const uint32_t header = htobe32(id | UINT32_C(0x80000000));
    memcpy(out, &length, 8);
    memcpy(out + 8, &header, 4);
    return SP_HEAD_BYTES;
}

size_t sp_put_ipc_head(uint8_t *out, uint32_t id, size_t size)
{
    *out = 1; /* a message */
    return 1 + sp_put_head(out + 1, id, size);
}

void sp_send_frame(int peer, uint32_t id, const void *frame, size_t size)
{
    uint8_t head[SP_HEAD_BYTES];
    sp_send(peer, head, sp_put_head(head, id, size));
    sp_send(peer, frame, size);
}

Rpc__V1__Response *sp_read_response(int peer, uint32_t id)
{
    uint64_t length;
    if (!sp_read(peer, &length, 8))
        return NULL;
    size_t size = be64toh(length);
    uint8_t *message = malloc(size);
    cr_assert(sp_read(peer, message, size));
    uint32_t header;
    memcpy(&header, message, 4);
    cr_assert_eq(be32toh(header), id | UINT32_C(0x80000000));
    Rpc__V1__Response *response = rpc__v1__response__unpack(NULL, size - 4, message + 4);
    cr_assert_not_null(response);
    free(message);
    return response;
}

void sp_expect_closed(int peer, int timeout_ms)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    char dropped[4096];
    ssize_t n = 1;
    while (n > 0) {
        const uint64_t now_ns = time_monotonic_ns();
        struct pollfd readable = {.fd = peer, .events = POLLIN};
        cr_assert_lt(now_ns, limit_ns, "still connected");
        cr_assert_geq(poll(&readable, 1, (int)((limit_ns - now_ns) / NS_PER_MS) + 1), 0);
        if (readable.revents != 0)
            n = read(peer, dropped, sizeof dropped);
    }
}
