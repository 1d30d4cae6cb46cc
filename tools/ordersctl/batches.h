/* batches.h: orders on their way to BatchCreateOrders, several batches at once.
 *
 * Orders are gathered into a batch; a full one is sent while the next is filled. Batches are taken back in
 * the order in which they were sent. One thread uses them.
 */
#ifndef ORDERSCTL_BATCHES_H
#define ORDERSCTL_BATCHES_H

#include "interrupt.h"
#include "orders/v1/orders.pb-c.h"
#include "session.h"

#include <stdbool.h>
#include <stddef.h>

struct batches;

/* A row of a file. */
struct batch_source {
    size_t line;      /* from 1 */
    const char *text; /* as it stands there; NULL, where it is not asked for */
    size_t length;
    unsigned fields; /* that its order says, as bits of enum order_fields (orders/rules.h) */
};

/* Where a file stands behind the row of an order. */
struct batch_place {
    struct batch_source source;
    size_t row;     /* its number, from 1 */
    size_t refused; /* rows up to it that came into no batch */
    size_t sum;     /* of the text of the rows up to it */
};

/* How batches go out. */
struct batch_terms {
    const char *run; /* a UUID. A batch of one run that begins with the same row has the same request_id, so
                        that it can be sent again. NULL: every batch has a new one */
    bool validate_only; /* nothing is stored */
    bool keeps_text;    /* the result has the rows' text. What is in a batch does not depend on it */
};

/* One batch's end: its orders' lines, and the reply. response is NULL when the call failed as a whole: then
 * its orders may be stored all the same, if it was sent and the answer was lost on the way. */
struct batch_result {
    size_t n;
    const struct batch_source *sources;
    Orders__V1__Order *const *orders; /* as they were sent */
    struct batch_place end;           /* of its last order */
    const struct status *status;
    bool unsent;                                           /* no server had it */
    bool resent;                                           /* it was sent more than once */
    bool replayed;                                         /* an earlier run had been answered so */
    bool unreachable;                                      /* none was connected */
    const Orders__V1__BatchCreateOrdersResponse *response; /* with n results */
};

typedef void batch_done_fn(const struct batch_result *result, void *arg);

/* on_done is called by batches_add and batches_finish. The terms must outlive it. NULL: errno says why. */
struct batches *batches_new(struct session *session, struct interrupt *interrupt,
                            const struct batch_terms *terms, batch_done_fn *on_done, void *arg);
void batches_free(struct batches *batches);

/* Adds a copy of an order, and sends the batch when it is full. False: the order is too large for any batch.
 */
bool batches_add(struct batches *batches, const Orders__V1__Order *order, const struct batch_place *place);

/* Sends what is gathered, if asked to, and waits for all that is under way. */
void batches_finish(struct batches *batches, bool send_gathered);

#endif
