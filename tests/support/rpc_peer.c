/* rpc_peer.c: the SP TCP mapping: eight bytes of greeting, then messages behind their 64-bit length. */
#include "support/rpc_peer.h"
#include "base/message.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <endian.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMEOUT_S = 20, MESSAGE_MAX = 1 << 20 };

void rpc_peer_reserve(struct rpc_peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    peer->fd = -1;
    peer->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(peer->listen_fd, (struct sockaddr *)&address, length), 0);
    cr_assert_eq(getsockname(peer->listen_fd, (struct sockaddr *)&address, &length), 0);
    snprintf(peer->url, sizeof peer->url, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
}

void rpc_peer_listen(struct rpc_peer *peer)
{
    cr_assert_eq(listen(peer->listen_fd, 1), 0);
}

void rpc_peer_open(struct rpc_peer *peer)
{
    rpc_peer_reserve(peer);
    rpc_peer_listen(peer);
}

static void read_all(int fd, void *bytes, size_t length)
{
    cr_assert_eq(recv(fd, bytes, length, MSG_WAITALL), (ssize_t)length, "the client sent no request");
}

bool rpc_peer_asked(const struct rpc_peer *peer, int timeout_ms)
{
    struct pollfd asked = {.fd = peer->fd >= 0 ? peer->fd : peer->listen_fd, .events = POLLIN};
    return poll(&asked, 1, timeout_ms) == 1;
}

void rpc_peer_accept(struct rpc_peer *peer)
{
    static const uint8_t rep_greeting[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    uint8_t greeting[8];
    setsockopt(peer->listen_fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    peer->fd = accept(peer->listen_fd, NULL, NULL);
    cr_assert_geq(peer->fd, 0, "no client connected");
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    send(peer->fd, rep_greeting, sizeof rep_greeting, MSG_NOSIGNAL);
    read_all(peer->fd, greeting, sizeof greeting);
}

static Rpc__V1__Request *take_any(struct rpc_peer *peer)
{
    uint64_t length;
    if (peer->fd < 0)
        rpc_peer_accept(peer);
    read_all(peer->fd, &length, sizeof length);
    length = be64toh(length) - sizeof peer->request_header;
    cr_assert_leq(length, MESSAGE_MAX);
    read_all(peer->fd, peer->request_header, sizeof peer->request_header);
    uint8_t *frame = malloc(length + 1);
    read_all(peer->fd, frame, length);
    Rpc__V1__Request *request = rpc__v1__request__unpack(NULL, length, frame);
    cr_assert_not_null(request);
    free(frame);
    return request;
}

Rpc__V1__Request *rpc_peer_take(struct rpc_peer *peer)
{
    Rpc__V1__Request *request = take_any(peer);
    while (strcmp(request->method, "rpc.v1.Auth/WhoAmI") == 0) {
        rpc__v1__request__free_unpacked(request, NULL);
        rpc_peer_answer(peer, RPC__V1__CODE__OK, "");
        request = take_any(peer);
    }
    return request;
}

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
    for (ssize_t n = 1; size > 0 && n > 0; bytes += n, size -= (size_t)n)
        n = send(fd, bytes, size, MSG_NOSIGNAL);
}

void rpc_peer_answer_bytes(struct rpc_peer *peer, const void *frame, size_t size)
{
    const uint64_t length = htobe64(size + sizeof peer->request_header);
    send_all(peer->fd, (const uint8_t *)&length, sizeof length);
    send_all(peer->fd, peer->request_header, sizeof peer->request_header);
    send_all(peer->fd, frame, size);
}

static void send_response(struct rpc_peer *peer, const Rpc__V1__Response *response)
{
    const size_t size = rpc__v1__response__get_packed_size(response);
    uint8_t *frame = malloc(size);
    rpc__v1__response__pack(response, frame);
    rpc_peer_answer_bytes(peer, frame, size);
    free(frame);
}

void rpc_peer_answer(struct rpc_peer *peer, Rpc__V1__Code code, const char *message)
{
    Rpc__V1__Response response = RPC__V1__RESPONSE__INIT;
    response.code = code;
    response.message = message_text(message);
    send_response(peer, &response);
}

void rpc_peer_answer_message(struct rpc_peer *peer, const ProtobufCMessage *message)
{
    Rpc__V1__Response response = RPC__V1__RESPONSE__INIT;
    response.payload.len = protobuf_c_message_get_packed_size(message);
    response.payload.data = malloc(response.payload.len);
    protobuf_c_message_pack(message, response.payload.data);
    send_response(peer, &response);
    free(response.payload.data);
}

void rpc_peer_hang_up(struct rpc_peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
}

void rpc_peer_close(struct rpc_peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    close(peer->listen_fd);
}
