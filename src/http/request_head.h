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
    const char *request_id;      /* the caller's if it is a sane one, or a new one; in the arena */
    bool request_id_is_new;      /* not the caller's */
    struct trace trace;          /* the caller's, or one that begins here */
    const char *idempotency_key; /* NULL: none */
    struct precondition precondition;
    const char
        *malformed; /* why nobody can say where this request ends or whom it is for; NULL: all is well */
    uint64_t content_length;
    bool expects_continue; /* the client waits before it sends its body */
    bool is_coded;         /* the body is in a Content-Encoding other than identity */
};

/* Reads the headers, but for those that take memory: what is asked before the key is, is asked by anybody. A
 * version of NULL is that of a request whose headers are not to be had. */
void request_head_read(struct MHD_Connection *connection, const char *version, struct arena *arena,
                       struct request_head *head);

/* Reads If-Match and If-None-Match, however long, once it is known that the caller may ask. */
void request_head_read_precondition(struct MHD_Connection *connection, struct arena *arena,
                                    struct precondition *precondition);

/* What the caller presents, which lives as long as the request. False: nobody can say what, since a header
 * came twice with different values, or has a NUL. */
bool request_head_read_secrets(struct MHD_Connection *connection, struct auth_presented *presented);

#endif
