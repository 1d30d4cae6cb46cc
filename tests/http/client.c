/* client.c: reads to the blank line, and then what Content-Length says. */
#include "client.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 64 * 1024, TIMEOUT_S = 10 };

/* -1: errno says why not. */
static int try_dial(uint16_t port, bool narrow)
{
    const int segment = 536, buffer = 4096;
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (narrow) { /* the other end's buffer is some segments */
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static int dial(uint16_t port, bool narrow)
{
    const int fd = try_dial(port, narrow);
    cr_assert_geq(fd, 0, "connect: %s", strerror(errno));
    return fd;
}

int http_connect(uint16_t port)
{
    return dial(port, false);
}

int http_connect_narrow(uint16_t port)
{
    return dial(port, true);
}

/* A peer that closes early is the test's to find out by reading. */
void http_send(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        at += n;
        length -= (size_t)n;
    }
}

void http_send_text(int fd, const char *text)
{
    http_send(fd, text, strlen(text));
}

/* Reads to the blank line, byte by byte, so that nothing of a next answer is taken. */
static char *read_head(int fd)
{
    char *head = malloc(HEAD_MAX);
    size_t length = 0;
    while (length < HEAD_MAX - 1 && recv(fd, head + length, 1, 0) == 1) {
        length++;
        if (length >= 4 && memcmp(head + length - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    head[length] = '\0';
    return head;
}

struct http_reply http_read(int fd, bool is_head)
{
    struct http_reply reply = {.head = read_head(fd)};
    if (sscanf(reply.head, "HTTP/1.%*d %d", &reply.status) != 1)
        reply.status = 0;
    char *length = http_header(&reply, "Content-Length");
    size_t expected = length == NULL || is_head || reply.status == 204 ? 0 : strtoul(length, NULL, 10);
    reply.body = malloc(expected + 1);
    while (reply.length < expected) {
        ssize_t n = recv(fd, reply.body + reply.length, expected - reply.length, 0);
        if (n <= 0)
            break;
        reply.length += (size_t)n;
    }
    reply.body[reply.length] = '\0';
    reply.json = json_loadb(reply.body, reply.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    free(length);
    return reply;
}

bool http_is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) == 0;
}

/* Over a connection that is closed then. */
static struct http_reply request_over(int fd, const char *method, const char *target, const char *headers,
                                      const char *body)
{
    char *head;
    cr_assert_gt(asprintf(&head, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, target,
                          headers != NULL ? headers : ""),
                 0);
    http_send_text(fd, head);
    free(head);
    if (body != NULL) {
        char length[64];
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
        http_send_text(fd, length);
    }
    http_send_text(fd, "\r\n");
    http_send_text(fd, body != NULL ? body : "");
    struct http_reply reply = http_read(fd, strcmp(method, "HEAD") == 0);
    close(fd);
    return reply;
}

struct http_reply http_request(uint16_t port, const char *method, const char *target, const char *headers,
                               const char *body)
{
    return request_over(http_connect(port), method, target, headers, body);
}

char *http_header(const struct http_reply *reply, const char *name)
{
    for (const char *line = strstr(reply->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        const size_t length = strlen(name);
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1 + strspn(line + length + 1, " ");
            return strndup(value, strcspn(value, "\r"));
        }
    }
    return NULL;
}

void http_free(struct http_reply *reply)
{
    free(reply->head);
    free(reply->body);
    json_decref(reply->json);
}

void must(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "teardown: %s\n", what);
    abort();
}

struct http_reply must_get(uint16_t port, const char *target, const char *headers)
{
    const int fd = try_dial(port, false);
    must(fd >= 0, "nobody listens");
    struct http_reply reply = request_over(fd, "GET", target, headers, NULL);
    must(reply.status == 200, "a GET is no success");
    return reply;
}

void must_count_by_status(uint16_t port)
{
    static const char other[] = ",code=\"other\"} ";
    struct http_reply reply = must_get(port, "/metrics", NULL);
    const char *at = strstr(reply.body, other);
    must(at != NULL, "there is no series for other statuses");
    for (; at != NULL; at = strstr(at, other)) {
        at += strlen(other);
        must(strncmp(at, "0\n", 2) == 0, "an answer was counted as one of another status");
    }
    http_free(&reply);
}
