/* upsert.h: an order is created, or the one that is there by its order_id gets the fields that were given.
 *
 * The service creates; where the order is there already, it is read and compared, and updated under the etag
 * it was read with, so that a change of somebody else's in between is not overwritten: it is then read again,
 * a few times. All of it is a job (order_jobs.h), and changes nothing of an order whose fields are so
 * already.
 *
 * In a run that may go on after it was cut short, each write has a request_id that follows from the run and
 * the order's place in it. One that was made by an earlier run under that id is not made again, also not when
 * somebody has changed the order since: the service then has the id for another request, as its etag is
 * another (FAILED_PRECONDITION), and the order is left as it is, with ABORTED. So it is where somebody was
 * quicker than that run, and it was cut short before it tried again: which of the two, the service does not
 * say.
 */
#ifndef ORDERSCTL_UPSERT_H
#define ORDERSCTL_UPSERT_H

#include "order_changes.h"
#include "order_jobs.h"
#include "orders/v1/orders.pb-c.h"
#include "outcome.h"

struct upsert {
    const Orders__V1__Order *order; /* behind upsert_take_id */
    unsigned fields;        /* that it says, as bits of enum order_fields; all others stay as they are */
    bool validate_only;     /* nothing is written; the service checks what would be */
    bool only_creates;      /* an order that is there already is ALREADY_EXISTS */
    const char *run;        /* NULL: every write has a new request_id */
    size_t place;           /* in the run */
    bool again;             /* an earlier run may have come to it */
    struct status creation; /* how it was answered by the service when it was to be created; its strings live
                               as long as the job */

    /* Out, when the job's status is OK. */
    enum outcome_kind kind;
    struct order_changes changes; /* of one that was there */
    Orders__V1__Order *stored;    /* the reply's; NULL in a dry run */

    /* Its own. */
    unsigned attempt;
};

/* Brings an order's id into the form that it is stored in, by which it is read. */
void upsert_take_id(Orders__V1__Order *order, struct arena *arena);

/* Whether an answer to the order's creation leaves something to do: it is there already, or so few fields
 * were given that it can only be one that is. */
bool upsert_is_to_go_on(const struct upsert *upsert, enum status_code created);

/* Begins with the creation; or behind it, as upsert->creation says it went. The job's state is the upsert. */
void upsert_begin(struct order_job *job);
void upsert_go_on(struct order_job *job);

#endif
