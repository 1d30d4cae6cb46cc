/* request_head.h: the headers of a request that are read before anything else. */
#ifndef HTTP_REQUEST_HEAD_H
#define HTTP_REQUEST_HEAD_H

#include "auth/authenticator.h"
#include "base/arena.h"
#include "base/trace.h"
#include "http/precondition.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct request_head {
    const char *request_id;      /* the caller's if it is valid, or a new one; in the arena */
    bool request_id_is_new;      /* not the caller's */
    struct trace trace;          /* the caller's, or one that begins here */
    const char *idempotency_key; /* NULL: none */
    struct precondition precondition;
    const char *malformed; /* why the request's end or its host is ambiguous; NULL: it is not */
    uint64_t content_length;
    bool expects_continue; /* the client waits before it sends its body */
    bool is_coded;         /* the body is in a Content-Encoding other than identity */
};

/* Reads the headers that take no memory, since the caller is not authenticated yet. A version of NULL: the
 * request's headers are not available. */
void request_head_read(struct MHD_Connection *connection, const char *version, struct arena *arena,
                       struct request_head *head);

/* Reads If-Match and If-None-Match, however long, once the caller is authorized. */
void request_head_read_precondition(struct MHD_Connection *connection, struct arena *arena,
                                    struct precondition *precondition);

/* What the caller presents; it lives as long as the request. False: it is ambiguous, as a header came twice
 * with different values, or contains a NUL. */
bool request_head_read_secrets(struct MHD_Connection *connection, struct auth_presented *presented);

#endif
