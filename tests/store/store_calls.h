/* store_calls.h: a store's functions with a caller that can wait, or that can let several be under way. */
#ifndef STORE_CALLS_H
#define STORE_CALLS_H

#include "base/call.h"
#include "store/postgres.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* One call under way, and how it ended. */
struct pending {
    struct call call;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool over; /* guarded by lock */
    const ProtobufCMessage *answer;
    atomic_uint asked, asked_most; /* whether its caller still may */
};

/* A call that may take timeout_ms. Free with pending_free once it is over. */
struct pending *pending_new(unsigned timeout_ms);
void pending_free(struct pending *pending);

/* The closure to pass with the pending call as its data. */
void pending_done(const ProtobufCMessage *message, void *pending);

/* Waits until it is over; its code. */
enum status_code pending_wait(struct pending *pending);
bool pending_is_over(struct pending *pending);

/* An order with the fields a service would have filled in, in the call's arena. */
Orders__V1__Order *pending_order(struct pending *pending, const char *order_id);

/* Room for what becomes of n orders that are created in one call, in the call's arena. */
void pending_results(struct pending *pending, Orders__V1__BatchCreateOrdersResponse *response, size_t n);

/* Begins a call and returns it. */
struct pending *begin_create(struct store *store, const char *order_id, unsigned timeout_ms);
struct pending *begin_get(struct store *store, const char *order_id, unsigned timeout_ms);
struct pending *begin_set_amount(struct store *store, const char *order_id, int64_t amount,
                                 unsigned timeout_ms);
struct pending *begin_remove(struct store *store, const char *order_id, unsigned timeout_ms);

/* A call that has waited for long, whose caller loses his right to it once it was asked for so often, and how
 * often it was. */
struct pending *pending_new_until(unsigned asked_most);
unsigned pending_asked(const struct pending *pending);

/* Waits for a call, frees it, and fails the test unless it ended with this code. */
void expect_end(struct pending *pending, enum status_code code);

/* A store on a database, or the test fails. */
struct store *open_store(const char *database_url, unsigned workers);

/* Within which readiness tells why a session does not serve any more, and that one does again: who has no
 * session looks for one every two seconds. */
enum { TOLD_MS = 2000, TOLD_AGAIN_MS = 2 * TOLD_MS };

/* Waits until readiness says this, or that the store is ready for "", or fails the test. */
void await_told(struct store *store, const char *told, unsigned within_ms);

/* Waits until the store is ready, or until it is not, whatever the reason. For half a minute. */
void await_ready(struct store *store, bool ready);

#endif
