/* client.c: what a client does next, how it makes sure that it is done, and what it may be told. */
#include "client.h"

#include "base/message.h"
#include "base/time.h"
#include "base/uuid.h"
#include "rpc/client.h"
#include "violations.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LIVE_ORDERS = 50, /* that a client keeps changing */
    CALL_MS = 2000,   /* in which one attempt has to be answered */
    PATIENT_ATTEMPTS = 200,
    GIVES_UP_ONE_IN = 40, /* writes that are left without an answer, if the first attempts got none */
    REPEATS_ONE_IN = 8,   /* acknowledged writes that are sent again */
    READS_ONE_IN = 4,
    BATCHES_ONE_IN = 12,
    BATCH_MOST = 20, /* orders in one */
    AMOUNTS = 1000000,
    PAUSE_US = 4000, /* at most, between two writes */
    AGAIN_MS = 100,  /* at most, between two attempts */
};

/* A write as it is sent. */
struct write {
    const char *name; /* of the method */
    const ProtobufCMessage *input;
    enum status_code expected;
    struct state becomes; /* when it is STATUS_OK */
    char request_id[UUID_TEXT];

    Orders__V1__Order order;
    char etag[JOURNAL_TEXT]; /* that it is of */
    Orders__V1__CreateOrderRequest create;
    Orders__V1__UpdateOrderRequest update;
    Orders__V1__DeleteOrderRequest remove;
};

/* The answer of which is not known: it may have been made or not. */
static bool is_unknown(enum status_code code)
{
    return code == STATUS_UNAVAILABLE || code == STATUS_DEADLINE_EXCEEDED || code == STATUS_CANCELLED ||
           code == STATUS_RESOURCE_EXHAUSTED || code == STATUS_INTERNAL;
}

static void pause_us(unsigned us)
{
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&pause, NULL);
}

static struct rpc_reply *call(struct rpc_client *rpc, const char *name, const ProtobufCMessage *input,
                              const char *request_id)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    const struct rpc_request request = {
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, name),
        .input = input,
        .request_id = request_id,
    };
    return rpc_client_call_wait(rpc, &request);
}

/* --- what is done --- */

static void make_order(struct client *client, struct write *write, const struct entry *entry)
{
    orders__v1__order__init(&write->order);
    write->order.order_id = message_text(entry->order_id);
    write->order.customer_id = message_text("torture");
    write->order.currency = message_text(choose(&client->choices, 2) == 0 ? "ISK" : "EUR");
    write->order.total_amount = 1 + choose(&client->choices, AMOUNTS);
    write->order.status = (Orders__V1__OrderStatus)(1 + choose(&client->choices, 7));
    write->becomes =
        (struct state){.present = true, .amount = write->order.total_amount, .status = write->order.status};
}

static void make_create(struct client *client, struct write *write, const struct entry *entry)
{
    make_order(client, write, entry);
    orders__v1__create_order_request__init(&write->create);
    write->create.order = &write->order;
    write->name = "CreateOrder";
    write->input = &write->create.base;
    write->expected = entry->acknowledged.present ? STATUS_ALREADY_EXISTS : STATUS_OK;
}

static void make_update(struct client *client, struct write *write, const struct entry *entry)
{
    make_order(client, write, entry);
    orders__v1__update_order_request__init(&write->update);
    write->update.order = &write->order;
    write->name = "UpdateOrder";
    write->input = &write->update.base;
    write->expected = entry->acknowledged.present ? STATUS_OK : STATUS_NOT_FOUND;
}

static void make_conditional_update(struct client *client, struct write *write, const struct entry *entry)
{
    make_update(client, write, entry);
    const bool stale = choose(&client->choices, 2) == 0;
    snprintf(write->etag, sizeof write->etag, "%s", stale ? "1-1" : entry->acknowledged.etag);
    write->order.etag = write->etag;
    if (stale && entry->acknowledged.present)
        write->expected = STATUS_ABORTED;
}

static void make_delete(struct client *client, struct write *write, const struct entry *entry)
{
    (void)client;
    orders__v1__delete_order_request__init(&write->remove);
    write->remove.order_id = message_text(entry->order_id);
    write->name = "DeleteOrder";
    write->input = &write->remove.base;
    write->expected = entry->acknowledged.present ? STATUS_OK : STATUS_NOT_FOUND;
    write->becomes = (struct state){.present = false};
}

typedef void make(struct client *client, struct write *write, const struct entry *entry);

/* Of equal chance. A create of an order that is there, and a change of one that is not, are to fail. */
static make *const whats[] = {
    make_create,
    make_create,
    make_create,
    make_update,
    make_update,
    make_update,
    make_update,
    make_conditional_update,
    make_conditional_update,
    make_delete,
    make_delete,
};

static size_t new_order(struct client *client)
{
    char order_id[JOURNAL_TEXT];
    snprintf(order_id, sizeof order_id, "t-%u-%zu", client->number, client->journal.n);
    return journal_add(&client->journal, order_id);
}

/* An order that is not in doubt, a new one while there are few. */
static size_t choose_order(struct client *client)
{
    struct journal *journal = &client->journal;
    for (unsigned tries = 0; tries < 4 && journal->n >= LIVE_ORDERS; tries++) {
        /* Among the newest: each order has some history and comes to rest. */
        const size_t index = journal->n - 1 - choose(&client->choices, LIVE_ORDERS);
        if (!journal->entries[index].in_doubt)
            return index;
    }
    return new_order(client);
}

/* --- how it ends --- */

static void take_order(struct state *state, const Orders__V1__Order *order, const struct entry *entry)
{
    if (strcmp(order->order_id, entry->order_id) != 0 || order->total_amount != state->amount ||
        order->status != state->status)
        violation("%s: answered with another order: %s, %lld", entry->order_id, order->order_id,
                  (long long)order->total_amount);
    snprintf(state->etag, sizeof state->etag, "%s", order->etag);
}

/* What was acknowledged is sent again: the same answer comes back, or none. */
static void repeat(struct client *client, struct rpc_client *rpc, const struct write *write,
                   const struct entry *entry, const struct rpc_reply *first)
{
    struct rpc_reply *again = call(rpc, write->name, write->input, write->request_id);
    client->journal.requests++;
    journal_note(&client->journal, "again", entry, write->request_id, &write->becomes, again->status.code,
                 again->status.message, again->replayed);
    if (!is_unknown(again->status.code) &&
        (again->status.code != first->status.code || !again->replayed ||
         again->payload.len != first->payload.len ||
         (first->payload.len > 0 &&
          memcmp(again->payload.data, first->payload.data, first->payload.len) != 0)))
        violation("%s: %s under %s was answered %s, and then %s%s", entry->order_id, write->name,
                  write->request_id, status_code_name(first->status.code),
                  status_code_name(again->status.code), again->replayed ? ", with another order" : " anew");
    rpc_reply_free(again);
}

static void doubt(struct client *client, const struct write *write, size_t index, size_t part)
{
    struct entry *entry = &client->journal.entries[index];
    entry->in_doubt = true;
    entry->doubtful = write->becomes;
    snprintf(entry->request_id, sizeof entry->request_id, "%s", write->request_id);
    entry->part = part;
}

/* What an order's write was answered; with the order, or NULL. */
static void acknowledge(struct client *client, const struct write *write, size_t index, enum status_code code,
                        const char *message, const Orders__V1__Order *order)
{
    struct entry *entry = &client->journal.entries[index];
    if (code != write->expected) {
        violation("%s: %s under %s was answered %s: %s, and should be %s", entry->order_id, write->name,
                  write->request_id, status_code_name(code), message, status_code_name(write->expected));
        entry->in_doubt = true;
        entry->doubtful = write->becomes;
        return;
    }
    if (code == STATUS_OK) {
        entry->acknowledged = write->becomes;
        if (order != NULL)
            take_order(&entry->acknowledged, order, entry);
    }
}

/* Sends a write until it is answered. NULL: it was given up. */
static struct rpc_reply *send(struct client *client, struct rpc_client *rpc, struct write *write,
                              size_t index)
{
    const unsigned most =
        choose(&client->choices, GIVES_UP_ONE_IN) == 0 ? 1 + choose(&client->choices, 2) : PATIENT_ATTEMPTS;
    const struct entry *entry = &client->journal.entries[index];
    uuid_make(write->request_id);
    for (unsigned attempt = 0; attempt < most; attempt++) {
        struct rpc_reply *reply = call(rpc, write->name, write->input, write->request_id);
        client->journal.requests++;
        journal_note(&client->journal, write->name, entry, write->request_id, &write->becomes,
                     reply->status.code, reply->status.message, reply->replayed);
        if (!is_unknown(reply->status.code)) {
            client->journal.acknowledged++;
            return reply;
        }
        rpc_reply_free(reply);
        pause_us(1000 * choose(&client->choices, AGAIN_MS));
    }
    return NULL;
}

static void carry_out(struct client *client, struct rpc_client *rpc, struct write *write, size_t index)
{
    struct rpc_reply *reply = send(client, rpc, write, index);
    if (reply == NULL) {
        if (write->expected == STATUS_OK)
            doubt(client, write, index, 0);
        return;
    }
    const ProtobufCMessage *message = reply->message;
    const bool has_order = message != NULL && message->descriptor == &orders__v1__order__descriptor;
    acknowledge(client, write, index, reply->status.code, reply->status.message,
                has_order ? (const void *)message : NULL);
    if (reply->status.code == write->expected && choose(&client->choices, REPEATS_ONE_IN) == 0)
        repeat(client, rpc, write, &client->journal.entries[index], reply);
    rpc_reply_free(reply);
}

/* Several new orders in one call, which the service spreads over its writers: each of them is told of, or
 * none. */
static void create_batch(struct client *client, struct rpc_client *rpc)
{
    struct write writes[BATCH_MOST] = {{0}}, whole = {.name = "BatchCreateOrders"};
    Orders__V1__Order *orders[BATCH_MOST];
    Orders__V1__BatchCreateOrdersRequest batch = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    const size_t n = 2 + choose(&client->choices, BATCH_MOST - 1);
    const size_t first = client->journal.n;
    for (size_t i = 0; i < n; i++) {
        const size_t index = new_order(client);
        make_create(client, &writes[i], &client->journal.entries[index]);
        orders[i] = &writes[i].order;
    }
    /* The names moved as the journal grew. */
    for (size_t i = 0; i < n; i++)
        orders[i]->order_id = client->journal.entries[first + i].order_id;
    batch.n_orders = n;
    batch.orders = orders;
    whole.input = &batch.base;

    struct rpc_reply *reply = send(client, rpc, &whole, first);
    const Orders__V1__BatchCreateOrdersResponse *response =
        reply != NULL && reply->status.code == STATUS_OK ? (const void *)reply->message : NULL;
    for (size_t i = 0; i < n; i++) {
        memcpy(writes[i].request_id, whole.request_id, sizeof whole.request_id);
        if (reply == NULL) {
            doubt(client, &writes[i], first + i, i);
        } else if (response == NULL || response->n_results != n) {
            acknowledge(client, &writes[i], first + i, reply->status.code, "not a result an order", NULL);
        } else {
            const Orders__V1__BatchCreateResult *result = response->results[i];
            acknowledge(client, &writes[i], first + i, (enum status_code)result->code, result->message,
                        result->order);
        }
    }
    if (response != NULL && choose(&client->choices, REPEATS_ONE_IN) == 0)
        repeat(client, rpc, &whole, &client->journal.entries[first], reply);
    rpc_reply_free(reply);
}

/* A read sees what was acknowledged before it. */
static void read_back(struct client *client, struct rpc_client *rpc, const struct entry *entry)
{
    Orders__V1__GetOrderRequest get = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    get.order_id = message_text(entry->order_id);
    struct rpc_reply *reply = call(rpc, "GetOrder", &get.base, NULL);
    const Orders__V1__Order *order = (const void *)reply->message;
    client->journal.requests++;
    if (reply->status.code == STATUS_OK) {
        if (!entry->acknowledged.present)
            violation("%s: read, though it was deleted", entry->order_id);
        else if (strcmp(order->etag, entry->acknowledged.etag) != 0)
            violation("%s: read with etag %s, acknowledged with %s", entry->order_id, order->etag,
                      entry->acknowledged.etag);
    } else if (reply->status.code == STATUS_NOT_FOUND) {
        if (entry->acknowledged.present)
            violation("%s: not found, though it was acknowledged", entry->order_id);
    } else if (!is_unknown(reply->status.code)) {
        violation("%s: read: %s: %s", entry->order_id, status_code_name(reply->status.code),
                  reply->status.message);
    }
    rpc_reply_free(reply);
}

static void *run(void *arg)
{
    struct client *client = arg;
    char error[256];
    const struct rpc_client_options options = {.urls = client->urls,
                                               .api_key = client->api_key,
                                               .timeout_ms = CALL_MS,
                                               .connect_timeout_ms = CALL_MS};
    struct rpc_client *rpc = rpc_client_open(&options, error, sizeof error);
    if (rpc == NULL) {
        fprintf(stderr, "torture: %s\n", error);
        exit(EXIT_FAILURE);
    }
    while (!atomic_load(client->stop)) {
        struct write write;
        if (choose(&client->choices, BATCHES_ONE_IN) == 0)
            create_batch(client, rpc);
        const size_t index = choose_order(client);
        make *what = whats[choose(&client->choices, sizeof whats / sizeof whats[0])];
        what(client, &write, &client->journal.entries[index]);
        carry_out(client, rpc, &write, index);
        if (!client->journal.entries[index].in_doubt && choose(&client->choices, READS_ONE_IN) == 0)
            read_back(client, rpc, &client->journal.entries[index]);
        pause_us(choose(&client->choices, PAUSE_US));
    }
    rpc_client_close(rpc);
    return NULL;
}

void client_start(struct client *client)
{
    if (pthread_create(&client->thread, NULL, run, client) != 0) {
        fprintf(stderr, "torture: no thread for a client\n");
        exit(EXIT_FAILURE);
    }
}

void client_join(struct client *client)
{
    pthread_join(client->thread, NULL);
}
