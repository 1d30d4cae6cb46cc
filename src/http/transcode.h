/* transcode.h: an HTTP request as the request message of its route, and the violations of that message as
 * those of the HTTP request. Driven by descriptors and routes: it has no rules of its own about any method.
 * No sockets. */
#ifndef HTTP_TRANSCODE_H
#define HTTP_TRANSCODE_H

#include "base/status.h"
#include "http/answer.h"
#include "http/routes.h"
#include "json/parse.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* A JSON body: what it says, and the text that says it. */
struct transcode_body {
    json_t *json; /* an object; owned */
    struct json_slice text;
    struct json_slice fields[ROUTE_MAX_BODY_FIELDS]; /* the values of the route's body_fields */
};

/* Where a request message comes from. */
struct transcode_source {
    const struct route *route;
    const struct url_part *variable; /* text; ignored by a route without one */
    const char *etag;                /* of the route's etag_field; "" for one without */
    const char *query;
    const struct transcode_body *body; /* NULL for a route without one */
};

struct transcode_result {
    ProtobufCMessage *input; /* in the arena */
    struct status refused;   /* the fields that could not be taken, which input lacks */
    bool wants_none;         /* whatever the RPC answers, the caller wants an empty list of it */
};

void transcode_request(const struct transcode_source *source, struct arena *arena,
                       struct transcode_result *result);

/* Answers 422 with every violation: those found here, and those the service found in the fields that could be
 * taken. In the order of the route's parameters, then of its body's fields. */
void transcode_violations(const struct transcode_source *source, const struct status *refused,
                          const struct status *service, struct arena *arena, struct answer *answer);

/* Reads a route's JSON body, whose text must last as long as it. False: the answer says what is wrong with
 * it. */
bool transcode_body(const struct route *route, struct json_slice text, struct arena *arena,
                    struct transcode_body *body, struct answer *answer);

#endif
