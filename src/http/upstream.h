/* upstream.h: the call that an HTTP request becomes, and the answer that its reply becomes.
 *
 * While the call is under way the connection is suspended, and what it was called with belongs to the reply's
 * callback, or to the writer (writer.h).
 */
#ifndef HTTP_UPSTREAM_H
#define HTTP_UPSTREAM_H

#include "http/delivery.h"
#include "http/request_head.h"
#include "http/routes.h"
#include "http/shim_host.h"
#include "http/transcode.h"
#include "http/writer.h"

/* What of a request a call is made of. */
struct upstream_request {
    const struct route *route;
    const struct url_part *variable;
    const char *query;
    const struct request_head *head;
    const struct auth_presented *presented;
    const struct auth_result *auth;
    bool is_read;
    const char *if_match_etag; /* that the call is to find; "" for any */
    struct json_slice body;
};

struct upstream {
    const char *error; /* that only the log tells; in the exchange's arena. NULL: none */
    struct shim_host *host;
    struct delivery *delivery; /* where the answer is made */
    struct upstream_request request;

    struct transcode_body json; /* owned */
    struct transcode_source source;
    struct transcode_result transcoded;
    struct answer
        bad_body; /* of a body that is none, once the service knows who calls; of status 0: it is one */
    struct channel_reply *reply; /* owned; NULL while none came */
    struct shim_call call;       /* counts it, and resumes its connection */
    struct writing writing;      /* of a large answer, on a thread of its own */
};

/* Calls the route's method, with upstream_begin_calls. The host, the delivery, and all that the request names
 * must outlive it. False: none is called, and the answer is there. Else the connection is suspended until
 * there is a reply for upstream_answer, or the answer of a large one. */
bool upstream_call(struct upstream *upstream, struct shim_host *host, struct delivery *delivery,
                   const struct upstream_request *request);

/* At the end of a round of a thread of libmicrohttpd's: begins the calls of the host that wait for it, one
 * right after another, so that the store has them in few batches, and a lone one as soon as there is nothing
 * else to do. */
void upstream_begin_calls(void *host);

/* Whether a reply came that is not yet answered. */
bool upstream_has_reply(const struct upstream *upstream);

/* Makes the answer of the reply, and frees that. */
void upstream_answer(struct upstream *upstream);

/* When no call is under way. One that is all zero, or was freed, is left as it is. */
void upstream_free(struct upstream *upstream);

#endif
