/* batches.c: a ring of batches. The one behind the newest is the oldest: it is waited for when its place is
 * needed. */
#include "batches.h"

#include "run_id.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    IN_FLIGHT = 4,
    RING = IN_FLIGHT + 1,
    BATCH_ORDERS = 500, /* BatchCreateOrders takes 1,000 */
    /* A batch is full at this size, so that with one more order it is well below a frame's 1 MiB. */
    BATCH_BYTES = 384 * 1024,
    ORDER_BYTES = 384 * 1024,
    TEXT_BYTES = 1 << 20, /* of its rows: a batch is full behind so much of the file */
};

struct import_batch {
    struct arena arena; /* owns the orders */
    size_t n;
    size_t bytes;
    size_t text_bytes;
    Orders__V1__Order *orders[BATCH_ORDERS];
    struct batch_source sources[BATCH_ORDERS];
    size_t first_row;
    struct batch_place end; /* of the last order */
    bool in_flight;
    struct call_log log;
    struct batches *batches; /* whose ring it is in */
    struct rpc_reply *reply; /* guarded by their lock; set by a thread of the client's */
};

struct batches {
    struct session *session;
    struct interrupt *interrupt;
    const struct batch_terms *terms;
    batch_done_fn *on_done;
    void *arg;
    pthread_mutex_t lock;
    int done; /* eventfd: a reply came */
    size_t filling;
    struct import_batch ring[RING];
};

struct batches *batches_new(struct session *session, struct interrupt *interrupt,
                            const struct batch_terms *terms, batch_done_fn *on_done, void *arg)
{
    struct batches *batches = calloc(1, sizeof *batches);
    const int done = eventfd(0, EFD_CLOEXEC);
    if (batches == NULL || done < 0) {
        free(batches);
        return NULL;
    }
    batches->session = session;
    batches->interrupt = interrupt;
    batches->terms = terms;
    batches->on_done = on_done;
    batches->arg = arg;
    batches->done = done;
    pthread_mutex_init(&batches->lock, NULL);
    for (size_t i = 0; i < RING; i++) {
        arena_init(&batches->ring[i].arena);
        batches->ring[i].batches = batches;
    }
    return batches;
}

void batches_free(struct batches *batches)
{
    for (size_t i = 0; i < RING; i++)
        arena_free(&batches->ring[i].arena);
    close(batches->done);
    pthread_mutex_destroy(&batches->lock);
    free(batches);
}

static void take_reply(struct rpc_reply *reply, void *arg)
{
    struct import_batch *batch = arg;
    struct batches *batches = batch->batches;
    pthread_mutex_lock(&batches->lock);
    batch->reply = reply;
    eventfd_write(batches->done, 1); /* under the lock: who has the last reply closes the eventfd */
    pthread_mutex_unlock(&batches->lock);
}

/* The id of the batch of a run that begins with this row. */
static void make_request_id(const char *run, size_t first_row, char out[static UUID_TEXT])
{
    char name[32];
    snprintf(name, sizeof name, "%zu", first_row);
    run_id_make(run, name, out);
}

static void send_batch(struct batches *batches, struct import_batch *batch)
{
    const struct batch_terms *terms = batches->terms;
    char request_id[UUID_TEXT];
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    input.n_orders = batch->n;
    input.orders = batch->orders;
    if (terms->run != NULL)
        make_request_id(terms->run, batch->first_row, request_id);
    struct rpc_request request = {
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, "BatchCreateOrders"),
        .input = &input.base,
        .request_id = terms->run != NULL ? request_id : NULL,
        .metadata = &session_validate_only,
        .n_metadata = terms->validate_only ? 1 : 0,
    };
    batch->in_flight = true;
    session_log_call(batches->session, &batch->log, &request);
    rpc_client_call(batches->session->client, &request, take_reply, batch);
}

static struct rpc_reply *reply_of(struct batches *batches, struct import_batch *batch)
{
    pthread_mutex_lock(&batches->lock);
    struct rpc_reply *reply = batch->reply;
    batch->reply = NULL;
    pthread_mutex_unlock(&batches->lock);
    return reply;
}

static struct rpc_reply *wait_for_reply(struct batches *batches, struct import_batch *batch)
{
    struct rpc_reply *reply;
    while ((reply = reply_of(batches, batch)) == NULL) {
        eventfd_t replies;
        if (interrupt_wait(batches->interrupt, batches->done))
            eventfd_read(batches->done, &replies);
    }
    rpc_reply_unpack(reply);
    call_log_end(&batch->log, reply);
    return reply;
}

static void empty(struct import_batch *batch)
{
    arena_reset(&batch->arena);
    batch->n = batch->bytes = batch->text_bytes = 0;
    batch->in_flight = false;
}

/* Waits for a batch, if it is under way, and gives its place back. */
static void take_back(struct batches *batches, struct import_batch *batch)
{
    if (!batch->in_flight)
        return;
    struct rpc_reply *reply = wait_for_reply(batches, batch);
    struct batch_result result = {.n = batch->n,
                                  .sources = batch->sources,
                                  .orders = batch->orders,
                                  .end = batch->end,
                                  .status = &reply->status,
                                  .unsent = reply->unsent,
                                  .resent = reply->resent,
                                  .replayed = reply->replayed,
                                  .unreachable = reply->unreachable};
    if (reply->status.code == STATUS_OK) {
        result.response = (const Orders__V1__BatchCreateOrdersResponse *)reply->message;
        if (result.response->n_results != batch->n) {
            status_set(&reply->status, &reply->arena, STATUS_INTERNAL, "%zu results for a batch of %zu",
                       result.response->n_results, batch->n);
            result.response = NULL;
        }
    }
    batches->on_done(&result, batches->arg);
    rpc_reply_free(reply);
    empty(batch);
}

static void send_filled(struct batches *batches)
{
    send_batch(batches, &batches->ring[batches->filling]);
    batches->filling = (batches->filling + 1) % RING;
    take_back(batches, &batches->ring[batches->filling]);
}

static struct batch_source keep_source(const struct batches *batches, struct import_batch *batch,
                                       const struct batch_source *source)
{
    struct batch_source kept = *source;
    kept.text = batches->terms->keeps_text ? arena_copy(&batch->arena, source->text, source->length) : NULL;
    return kept;
}

bool batches_add(struct batches *batches, const Orders__V1__Order *order, const struct batch_place *place)
{
    struct import_batch *batch = &batches->ring[batches->filling];
    const size_t size = orders__v1__order__get_packed_size(order);
    if (size > ORDER_BYTES)
        return false;
    uint8_t *packed = arena_alloc(&batch->arena, size);
    orders__v1__order__pack(order, packed);
    batch->orders[batch->n] = orders__v1__order__unpack(&batch->arena.allocator, size, packed);
    batch->first_row = batch->n == 0 ? place->row : batch->first_row;
    batch->end = *place;
    batch->sources[batch->n++] = keep_source(batches, batch, &place->source);
    batch->bytes += size;
    batch->text_bytes += place->source.length;
    if (batch->n == BATCH_ORDERS || batch->bytes >= BATCH_BYTES || batch->text_bytes >= TEXT_BYTES)
        send_filled(batches);
    return true;
}

void batches_finish(struct batches *batches, bool send_gathered)
{
    if (send_gathered && batches->ring[batches->filling].n > 0)
        send_filled(batches);
    for (size_t i = 1; i <= RING; i++)
        take_back(batches, &batches->ring[(batches->filling + i) % RING]);
}
