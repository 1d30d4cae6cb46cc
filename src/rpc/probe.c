/* probe.c: the SP protocol of one request, over TCP and over ipc. */
#include "rpc/probe.h"

#include "rpc/v1/frame.pb-c.h"
#include "tls/own_stream.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum {
    GREETING_BYTES = 8,
    REQUEST_MAX_BYTES = 64,
};

static const uint8_t greeting[GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};       /* REQ's */
static const uint8_t their_greeting[GREETING_BYTES] = {0, 'S', 'P', 0, 0, 0x31, 0, 0}; /* REP's */

/* What stands in front of a message: over ipc a byte that is 1; its length; and an id whose first bit is 1.
 */
struct __attribute__((packed)) head {
    uint8_t is_message;
    uint64_t length;
    uint32_t id;
};

static const uint32_t request_id = UINT32_C(0x80000001);

static bool receive_all(struct own_stream *stream, void *bytes, size_t size, char *why, size_t why_size)
{
    const ssize_t n = own_stream_receive(stream, bytes, size);
    if (n == (ssize_t)size)
        return true;
    if (n >= 0)
        errno = n == 0 ? ECONNRESET : EAGAIN;
    return own_peer_failed(why, why_size);
}

static bool exchange_greetings(struct own_stream *stream, char *why, size_t why_size)
{
    uint8_t theirs[GREETING_BYTES];
    if (!own_stream_send(stream, greeting, sizeof greeting))
        return own_peer_failed(why, why_size);
    return receive_all(stream, theirs, sizeof theirs, why, why_size) &&
           (memcmp(theirs, their_greeting, sizeof theirs) == 0 ||
            own_peer_refuse(why, why_size, "greets otherwise"));
}

/* What it is answered is not read: any will do. */
static bool ask_health(struct own_stream *stream, size_t head_from, unsigned timeout_ms, char *why,
                       size_t why_size)
{
    static char method[] = "rpc.v1.Health/Check";
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    struct __attribute__((packed)) {
        struct head head;
        uint8_t frame[REQUEST_MAX_BYTES];
    } message;
    struct head answer;
    request.method = method;
    request.timeout_ms = timeout_ms;
    const size_t size = rpc__v1__request__pack(&request, message.frame);
    message.head = (struct head){
        .is_message = 1, .length = htobe64(sizeof message.head.id + size), .id = htobe32(request_id)};
    if (!own_stream_send(stream, (uint8_t *)&message + head_from, sizeof message.head - head_from + size))
        return own_peer_failed(why, why_size);
    return receive_all(stream, (uint8_t *)&answer + head_from, sizeof answer - head_from, why, why_size) &&
           (be32toh(answer.id) == request_id || own_peer_refuse(why, why_size, "answers otherwise"));
}

/* Another process may have taken the path. */
static bool is_ours(int fd, char *why, size_t why_size)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid == getpid() ||
           own_peer_refuse(why, why_size, "another process listens there");
}

static bool talk(struct own_peer *self, struct tls_server *tls, bool is_ipc, unsigned timeout_ms, char *why,
                 size_t why_size)
{
    struct own_stream stream;
    const bool answers =
        own_stream_open(&stream, self, tls)
            ? exchange_greetings(&stream, why, why_size) &&
                  ask_health(&stream, is_ipc ? 0 : sizeof(uint8_t), timeout_ms, why, why_size)
            : own_peer_failed(why, why_size);
    own_stream_close(&stream);
    return answers;
}

static bool ask_as_client(int fd, const struct sockaddr_storage *address, socklen_t size,
                          struct own_peer *self, struct tls_server *tls, unsigned timeout_ms, char *why,
                          size_t why_size)
{
    const bool is_ipc = address->ss_family == AF_UNIX;
    if (own_peer_connect(self, address, size) != 0)
        return own_peer_failed(why, why_size);
    return (!is_ipc || is_ours(fd, why, why_size)) &&
           talk(self, is_ipc ? NULL : tls, is_ipc, timeout_ms, why, why_size);
}

bool probe_answers(const struct sockaddr_storage *address, socklen_t size, struct own_peer *self,
                   struct tls_server *tls, unsigned timeout_ms, char *why, size_t why_size)
{
    const int fd = own_peer_open(self, address->ss_family, timeout_ms);
    if (fd < 0)
        return own_peer_failed(why, why_size);
    const bool answers = ask_as_client(fd, address, size, self, tls, timeout_ms, why, why_size);
    own_peer_close(self);
    return answers;
}
