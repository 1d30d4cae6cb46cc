/* test_idempotency.c: a write has its effect once, however often and wherever its request is sent. */
#include "base/message.h"
#include "calls.h"
#include "support/database.h"

#include "google/protobuf/field_mask.pb-c.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *database_url;
static PGconn *database;
static struct service *service;
static struct rpc_client *client;

static void set_up(void)
{
    database_url = database_create();
    database = database_connect(database_url);
    service = service_start(&(struct service_options){.database_url = database_url, .without_http = true});
    client = calls_open(service, service->rpc_url);
}

static void tear_down(void)
{
    rpc_client_close(client);
    service_stop_clean(service);
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(idempotency, .init = set_up, .fini = tear_down, .timeout = 120);

static struct rpc_reply *call_with_id(struct rpc_client *from, const char *request_id, const char *method,
                                      const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *descriptor = &orders__v1__order_service__descriptor;
    const struct rpc_request request = {
        .service = descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(descriptor, method),
        .input = input,
        .request_id = request_id,
    };
    return rpc_client_call_wait(from, &request);
}

static struct rpc_reply *create(const char *request_id, const char *order_id, int64_t amount)
{
    Orders__V1__Order order = calls_order(order_id);
    Orders__V1__CreateOrderRequest input = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    order.total_amount = amount;
    input.order = &order;
    return call_with_id(client, request_id, "CreateOrder", &input.base);
}

static struct rpc_reply *set_amount(const char *request_id, const char *order_id, int64_t amount)
{
    char *paths[] = {"total_amount"};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    Orders__V1__UpdateOrderRequest input = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    mask.n_paths = 1;
    mask.paths = paths;
    order.order_id = message_text(order_id);
    order.total_amount = amount;
    input.order = &order;
    input.update_mask = &mask;
    return call_with_id(client, request_id, "UpdateOrder", &input.base);
}

static struct rpc_reply *delete_order(const char *request_id, const char *order_id)
{
    Orders__V1__DeleteOrderRequest input = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    input.order_id = message_text(order_id);
    return call_with_id(client, request_id, "DeleteOrder", &input.base);
}

static void expect(struct rpc_reply *reply, enum status_code code, bool replayed)
{
    calls_expect(reply, code);
    cr_assert_eq(reply->replayed, replayed);
    rpc_reply_free(reply);
}

/* Fails the test unless both are the same order, to the last byte. */
static void expect_same(const struct rpc_reply *one, const struct rpc_reply *other)
{
    uint8_t bytes[2][1024];
    size_t sizes[2] = {protobuf_c_message_pack(one->message, bytes[0]),
                       protobuf_c_message_pack(other->message, bytes[1])};
    cr_assert_eq(sizes[0], sizes[1]);
    cr_assert_arr_eq(bytes[0], bytes[1], sizes[0]);
}

Test(idempotency, a_create_sent_again_gets_the_same_answer)
{
    struct rpc_reply *first = create("one", "ORD-1", 100);
    struct rpc_reply *again = create("one", "ORD-1", 100);
    calls_expect(first, STATUS_OK);
    calls_expect(again, STATUS_OK);
    cr_assert_not(first->replayed);
    cr_assert(again->replayed);
    expect_same(first, again);
    rpc_reply_free(first);
    rpc_reply_free(again);
    expect(create("two", "ORD-1", 100), STATUS_ALREADY_EXISTS, false);
    expect(delete_order("three", "ORD-1"), STATUS_OK, false);
    /* What was said stays said, errors too. */
    expect(create("one", "ORD-1", 100), STATUS_OK, true);
    expect(create("two", "ORD-1", 100), STATUS_ALREADY_EXISTS, true);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 0);
}

Test(idempotency, an_update_sent_again_gets_the_order_as_it_was)
{
    expect(create("one", "ORD-1", 100), STATUS_OK, false);
    struct rpc_reply *first = set_amount("two", "ORD-1", 200);
    expect(set_amount("three", "ORD-1", 300), STATUS_OK, false);
    struct rpc_reply *again = set_amount("two", "ORD-1", 200);
    calls_expect(first, STATUS_OK);
    calls_expect(again, STATUS_OK);
    cr_assert(again->replayed);
    expect_same(first, again);
    rpc_reply_free(first);
    rpc_reply_free(again);
    cr_assert_eq(database_number(database, "SELECT total_amount FROM orders"), 300);
    expect(set_amount("four", "ORD-2", 1), STATUS_NOT_FOUND, false);
    expect(create("five", "ORD-2", 100), STATUS_OK, false);
    expect(set_amount("four", "ORD-2", 1), STATUS_NOT_FOUND, true);
}

Test(idempotency, a_delete_sent_again_deletes_nothing_new)
{
    expect(create("one", "ORD-1", 100), STATUS_OK, false);
    expect(delete_order("two", "ORD-1"), STATUS_OK, false);
    expect(create("three", "ORD-1", 100), STATUS_OK, false);
    expect(delete_order("two", "ORD-1"), STATUS_OK, true);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 1);
    expect(delete_order("four", "ORD-9"), STATUS_NOT_FOUND, false);
    expect(delete_order("four", "ORD-9"), STATUS_NOT_FOUND, true);
}

Test(idempotency, an_id_names_one_request_only)
{
    expect(create("one", "ORD-1", 100), STATUS_OK, false);
    expect(create("one", "ORD-1", 101), STATUS_FAILED_PRECONDITION, false);
    expect(create("one", "ORD-2", 100), STATUS_FAILED_PRECONDITION, false);
    expect(delete_order("one", "ORD-1"), STATUS_FAILED_PRECONDITION, false);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders WHERE total_amount = 100"), 1);
}

Test(idempotency, without_an_id_every_request_is_a_new_one)
{
    expect(create("", "ORD-1", 100), STATUS_OK, false);
    expect(create("", "ORD-1", 100), STATUS_ALREADY_EXISTS, false);
    expect(delete_order("", "ORD-1"), STATUS_OK, false);
    expect(delete_order("", "ORD-1"), STATUS_NOT_FOUND, false);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM idempotency"), 0);
}

Test(idempotency, a_batch_sent_again_gets_the_same_results)
{
    enum { ORDERS = 100 };
    Orders__V1__Order orders[ORDERS], *list[ORDERS];
    char ids[ORDERS][16];
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    for (int i = 0; i < ORDERS; i++) {
        snprintf(ids[i], sizeof ids[i], "ORD-%d", i);
        orders[i] = calls_order(ids[i]);
        list[i] = &orders[i];
    }
    input.n_orders = ORDERS;
    input.orders = list;
    expect(create("one", "ORD-50", 100), STATUS_OK, false);
    struct rpc_reply *first = call_with_id(client, "two", "BatchCreateOrders", &input.base);
    free(database_query(database, "DELETE FROM orders"));
    struct rpc_reply *again = call_with_id(client, "two", "BatchCreateOrders", &input.base);
    calls_expect(first, STATUS_OK);
    calls_expect(again, STATUS_OK);
    cr_assert_not(first->replayed);
    cr_assert(again->replayed);
    const Orders__V1__BatchCreateOrdersResponse *a = (void *)first->message, *b = (void *)again->message;
    for (size_t i = 0; i < ORDERS; i++) {
        cr_assert_eq(a->results[i]->code, i == 50 ? RPC__V1__CODE__ALREADY_EXISTS : RPC__V1__CODE__OK);
        cr_assert_eq(b->results[i]->code, a->results[i]->code);
        if (i != 50)
            cr_assert_eq(b->results[i]->order->id, a->results[i]->order->id);
    }
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 0);
    rpc_reply_free(first);
    rpc_reply_free(again);
    /* No part of another batch is made under the id, also not one that the first had not. */
    input.n_orders = 1;
    list[0] = &orders[ORDERS - 1];
    expect(call_with_id(client, "two", "BatchCreateOrders", &input.base), STATUS_FAILED_PRECONDITION, false);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 0);
}

/* --- at once, on two servers --- */

enum { CALLERS = 16, ROUNDS = 20 };

struct caller {
    struct rpc_client *client;
    pthread_barrier_t *barrier;
    int64_t ids[ROUNDS]; /* of the order that each round's answer had */
};

static void *send_the_same(void *arg)
{
    struct caller *caller = arg;
    for (int round = 0; round < ROUNDS; round++) {
        char id[16];
        snprintf(id, sizeof id, "%d", round);
        Orders__V1__Order order = calls_order(id);
        Orders__V1__CreateOrderRequest input = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
        input.order = &order;
        pthread_barrier_wait(caller->barrier);
        struct rpc_reply *reply = call_with_id(caller->client, id, "CreateOrder", &input.base);
        calls_expect(reply, STATUS_OK);
        caller->ids[round] = ((const Orders__V1__Order *)reply->message)->id;
        rpc_reply_free(reply);
    }
    return NULL;
}

Test(idempotency, the_same_request_at_two_servers_at_once_has_one_effect)
{
    struct service *second =
        service_start(&(struct service_options){.database_url = database_url, .without_http = true});
    struct rpc_client *other = calls_open(second, second->rpc_url);
    static struct caller callers[CALLERS];
    pthread_t threads[CALLERS];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, CALLERS);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.client = i % 2 == 0 ? client : other, .barrier = &barrier};
        pthread_create(&threads[i], NULL, send_the_same, &callers[i]);
    }
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < CALLERS; i++)
        cr_assert_arr_eq(callers[i].ids, callers[0].ids, sizeof callers[0].ids);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), ROUNDS);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM idempotency"), ROUNDS);
    rpc_client_close(other);
    service_stop_clean(second);
}

/* --- forgetting --- */

Test(idempotency, old_answers_are_forgotten)
{
    expect(create("one", "ORD-1", 100), STATUS_OK, false);
    expect(create("two", "ORD-2", 100), STATUS_OK, false);
    /* A day goes by for one of them. */
    free(database_query(database,
                        "UPDATE idempotency SET answered_at = answered_at - interval '24 hours 1 second' "
                        "WHERE request_id = 'one'"));
    while (database_number(database, "SELECT count(*) FROM idempotency") > 1)
        free(database_query(database, "SELECT pg_sleep(0.05)"));
    expect(create("one", "ORD-1", 100), STATUS_ALREADY_EXISTS, false);
    expect(create("two", "ORD-2", 100), STATUS_OK, true);
}

/* --- etags --- */

static struct rpc_reply *set_amount_of(const char *request_id, const char *order_id, int64_t amount,
                                       const char *etag)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    Orders__V1__UpdateOrderRequest input = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    order.order_id = message_text(order_id);
    order.total_amount = amount;
    order.etag = message_text(etag);
    input.order = &order;
    return call_with_id(client, request_id, "UpdateOrder", &input.base);
}

static struct rpc_reply *delete_of(const char *request_id, const char *order_id, const char *etag)
{
    Orders__V1__DeleteOrderRequest input = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    input.order_id = message_text(order_id);
    input.etag = message_text(etag);
    return call_with_id(client, request_id, "DeleteOrder", &input.base);
}

/* To be freed. */
static char *etag_in(struct rpc_reply *reply)
{
    calls_expect(reply, STATUS_OK);
    char *etag = strdup(((const Orders__V1__Order *)reply->message)->etag);
    cr_assert_str_not_empty(etag);
    rpc_reply_free(reply);
    return etag;
}

Test(idempotency, a_write_is_of_the_state_that_its_caller_has_read)
{
    char *created = etag_in(create("c", "A-1", 1)), *read = etag_in(calls_get(client, "A-1"));
    cr_assert_str_eq(created, read);
    char *changed = etag_in(set_amount_of("u1", "A-1", 2, created));
    cr_assert_str_neq(changed, created);
    expect(set_amount_of("u2", "A-1", 3, created), STATUS_ABORTED, false);
    expect(set_amount_of("u3", "A-1", 3, "1-0"), STATUS_ABORTED, false);
    expect(set_amount_of("u4", "A-1", 3, "no etag"), STATUS_ABORTED, false);
    expect(set_amount_of("u5", "A-2", 3, created), STATUS_NOT_FOUND, false);
    expect(delete_of("d1", "A-1", created), STATUS_ABORTED, false);
    expect(delete_of("d2", "A-2", created), STATUS_NOT_FOUND, false);
    expect(delete_of("d3", "A-1", changed), STATUS_OK, false);
    free(created);
    free(read);
    free(changed);
}

/* The etag that was right once is not now, and the answer is the one of then. */
Test(idempotency, a_conditional_write_that_comes_again_gets_its_first_answer)
{
    char *created = etag_in(create("c", "A-1", 1));
    char *first = etag_in(set_amount_of("u", "A-1", 2, created));
    expect(set_amount_of("lost", "A-1", 3, created), STATUS_ABORTED, false);
    struct rpc_reply *again = set_amount_of("u", "A-1", 2, created);
    cr_assert(again->replayed);
    char *second = etag_in(again);
    cr_assert_str_eq(second, first);
    expect(set_amount_of("lost", "A-1", 3, created), STATUS_ABORTED, true);
    expect(set_amount_of("u", "A-1", 2, first), STATUS_FAILED_PRECONDITION, false);
    free(created);
    free(first);
    free(second);
}

struct conditional {
    pthread_t thread;
    const char *etag;
    char id[8];
    enum status_code code;
};

static void *write_conditionally(void *arg)
{
    struct conditional *writer = arg;
    struct rpc_reply *reply = set_amount_of(writer->id, "A-1", 7, writer->etag);
    writer->code = reply->status.code;
    rpc_reply_free(reply);
    return NULL;
}

/* Ten who have read one state: one of them writes. */
Test(idempotency, of_many_conditional_writes_at_once_one_is_made)
{
    char *etag = etag_in(create("c", "A-1", 1));
    int made = 0;
    free(database_query(database, "BEGIN; SELECT 1 FROM orders WHERE order_id = 'A-1' FOR UPDATE"));
    struct conditional writers[10];
    for (int i = 0; i < 10; i++) {
        writers[i].etag = etag;
        snprintf(writers[i].id, sizeof writers[i].id, "w%d", i);
        cr_assert_eq(pthread_create(&writers[i].thread, NULL, write_conditionally, &writers[i]), 0);
    }
    free(database_query(database, "COMMIT"));
    for (int i = 0; i < 10; i++) {
        pthread_join(writers[i].thread, NULL);
        made += writers[i].code == STATUS_OK;
        cr_expect(writers[i].code == STATUS_OK || writers[i].code == STATUS_ABORTED);
    }
    cr_assert_eq(made, 1, "%d were", made);
    free(etag);
}
