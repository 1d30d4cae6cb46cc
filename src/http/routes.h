/* routes.h: which HTTP request is which RPC, or which file. A method is put on HTTP by adding one row to the
 * table in routes.c, as google.api.http annotations do for grpc-gateway; so is a folder of files. No sockets.
 */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "http/url.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    ROUTE_MAX_PARAMETERS = 16, /* and a NULL behind the last */
    ROUTE_MAX_BODY_FIELDS = 8,
    ROUTE_MAX_VALUES = 32, /* of one parameter that may have several */
};

/* A query parameter. Of one that is repeated the last value counts, unless it may have several. */
struct route_parameter {
    const char *name;  /* in the query */
    const char *field; /* in the request message */
    bool zero_is_none; /* 0 asks for nothing, where the RPC's 0 asks for the default */
    bool last_counts;  /* repeated, its last value counts, as in the original; else that is a mistake */

    /* It may have several values, by repetition or between commas, which go into this field of the request
     * message; one alone goes into `field`. NULL: it has one. */
    const char *several;

    /* Of a list that comes in pages (paging.h). */
    bool first_page_only; /* it says where the first page begins */
    const char *next;  /* the response's field that has its value for the next page; NULL: it keeps its own */
    const char *total; /* the response's field that it asks for, when true, and a header then has; or NULL */
};

/* What can be served apart from the rest. */
enum route_kind {
    ROUTE_API,
    ROUTE_HEALTHZ,
    ROUTE_READYZ,
    ROUTE_METRICS,
    ROUTE_DOCS, /* the description of the API, and pages that show it */
    ROUTE_KINDS
};

#define ROUTES_OF(kind) (1U << (kind))
#define ROUTES_ALL      (ROUTES_OF(ROUTE_KINDS) - 1)
/* For who watches the service, on an address of its own. */
#define ROUTES_PROBES (ROUTES_OF(ROUTE_HEALTHZ) | ROUTES_OF(ROUTE_READYZ) | ROUTES_OF(ROUTE_METRICS))

struct route {
    const char *method;
    const char *path; /* "{…}" stands for any segment; a slash at the end may be left out */
    bool open;        /* wants no API key */
    enum route_kind kind;

    const char *summary; /* for the API's description: what it does, in a line; NULL: it is no part of it */
    const char *success; /* likewise: what it answers */

    const ProtobufCServiceDescriptor *service; /* NULL: answered without a call */
    const char *rpc;
    uint32_t timeout_ms; /* 0: the client's */

    const char *variable_field; /* what "{…}" fills: "order_id", or "order.order_id" within the body */
    const char *etag_field;     /* what If-Match fills, likewise; NULL: it is not for this route */
    const char *variable_error; /* of a 404 for text that no string of the RPC can hold */
    struct route_parameter query[ROUTE_MAX_PARAMETERS];
    const char *body;                               /* the message that the JSON body fills; NULL: none */
    const char *body_fields[ROUTE_MAX_BODY_FIELDS]; /* the fields of it that a caller may set */
    const char *mask;                               /* the FieldMask that names those the body had */

    unsigned status;    /* of success */
    const char *result; /* the field of the response that is the body, a list; NULL: the whole response */
    const char *unreachable; /* the field of it that names what the body is without; NULL: there is none */
    const char *text;        /* the body, instead of the response */
    const char *file; /* the resource that is the answer; "docs/" for the one of docs/ that the path names */
    const char *policy; /* its Content-Security-Policy; NULL: it may do nothing */
    bool signs_in;      /* it may ask an OpenID provider, too, where people sign in at one */
    bool metrics;       /* the body is what this process counts, as Prometheus reads it */
    const char *(*not_ready_reason)(const ProtobufCMessage *response); /* of a 503 after all; NULL: none */
};

enum route_found { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD, ROUTE_ENDS_IN_SLASH };

struct route_match {
    const struct route *route;
    struct url_part variable; /* what "{…}" stood for */
    const char *allow;        /* the path's methods, when the method is none of them: "GET, HEAD, POST" */
};

/* The first path in the table that matches is the path, also when it lacks the method. HEAD is GET. Of those
 * kinds that are not served (ROUTES_OF), no path is known. ROUTE_ENDS_IN_SLASH: the path is not known, but
 * without its slashes at the end it is, wants a key, and is no list. */
enum route_found routes_find(unsigned served, const char *method, const struct url *url, struct arena *arena,
                             struct route_match *match);

/* The table. */
const struct route *routes_all(size_t *count);

/* NULL when the route makes no call, or names a method that is not there. */
const ProtobufCMethodDescriptor *route_method(const struct route *route);

#endif
