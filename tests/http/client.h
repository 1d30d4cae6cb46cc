/* client.h: HTTP for tests, byte by byte, so that what no library would send can be sent. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_reply {
    int status;    /* 0: the connection was closed without an answer */
    char *head;    /* the status line and the headers */
    char *body;    /* followed by a NUL */
    size_t length; /* of the body */
    json_t *json;  /* the body, when it is JSON; NULL otherwise */
};

/* A connection to a port of 127.0.0.1, whose reads give up after ten seconds. */
int http_connect(uint16_t port);

/* One in which the kernel keeps no more than a few KB of what was not read. */
int http_connect_narrow(uint16_t port);

void http_send(int fd, const void *bytes, size_t length);
void http_send_text(int fd, const char *text);

/* Reads one answer. One to HEAD has no body. */
struct http_reply http_read(int fd, bool is_head);

/* Whether the peer closed the connection. */
bool http_is_closed(int fd);

/* Sends a request over a connection of its own and reads the answer. `headers` are whole lines, or NULL;
 * a body of NULL sends none. */
struct http_reply http_request(uint16_t port, const char *method, const char *target, const char *headers,
                               const char *body);

/* A header's value, to be freed; NULL when it is not there. */
char *http_header(const struct http_reply *reply, const char *name);

void http_free(struct http_reply *reply);

/* Assertions for a suite's teardown, where Criterion counts none of its own: they end the test as crashed. */
void must(bool truth, const char *what);

/* A GET there, with an answer of 200. */
struct http_reply must_get(uint16_t port, const char *target, const char *headers);

/* That each answer was counted under its own status. The last one may not be counted yet, as its
 * client has it a moment before. */
void must_count_by_status(uint16_t port);

#endif
