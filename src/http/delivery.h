/* delivery.h: an answer being sent: its content coding, and the memory that it takes until the client, which
 * may be slow, has read it.
 *
 * Belongs to an exchange, and is used on its thread.
 */
#ifndef HTTP_DELIVERY_H
#define HTTP_DELIVERY_H

#include "base/budget.h"
#include "http/answer.h"
#include "http/precondition.h"

#include <microhttpd.h>
#include <stdint.h>

struct delivery {
    struct MHD_Connection *connection;
    struct budget_shares *memory;
    uint32_t principal; /* a hash of who asked, whose share of the memory it takes; set before there is an
                           answer */
    const char *accept_encoding; /* the request's; NULL: none */
    struct arena *arena;         /* the exchange's, which owns what is not large */
    struct arena draft;          /* what the answer is made in, until it is complete */
    struct answer answer;

    bool is_complete;   /* the answer's body has its coding, and the draft is empty */
    bool coding_chosen; /* for the answer's body */
    bool gzip;
    char *large;    /* owned; the answer's body, if it is that */
    size_t counted; /* what the answer takes of the memory */
};

/* What there is to say when there is no memory for a request or its answer. */
extern const struct status delivery_no_room;

void delivery_init(struct delivery *delivery);
void delivery_free(struct delivery *delivery);

/* Of one request, each time. The memory and the arena must last until its end. */
void delivery_begin(struct delivery *delivery, struct MHD_Connection *connection,
                    struct budget_shares *memory, struct arena *arena);
void delivery_end(struct delivery *delivery);

/* Gives an answer whose body is whole its entity tag, which is that of the bytes that are sent: so the coding
 * is decided with it. See entity_tag_add. */
void delivery_add_entity_tag(struct delivery *delivery, const char *etag, bool is_read,
                             const struct precondition *precondition);

/* The answer is made: codes its body as the client accepts it, and frees all else that it was made of. Does
 * nothing when called again. False: no memory. */
bool delivery_complete(struct delivery *delivery);

/* What libmicrohttpd is to send, once it is complete; the delivery must live until it was. NULL: no memory.
 */
struct MHD_Response *delivery_response(const struct delivery *delivery);

#endif
