/* test_orders_client.c: liborders-client against a real service, and against a server in the test's own hand
 * for what a real one does at moments of its own choice. */
#include "client/orders-client.h"

#include "base/time.h"
#include "support/rpc_peer.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(orders_client, .timeout = 120);

static struct orders_client *open_client(const struct orders_client_options *options)
{
    struct orders_error *error;
    struct orders_client *client = orders_client_open(options, &error);
    cr_assert_not_null(client, "%s", client == NULL ? error->message : "");
    cr_assert_null(error);
    return client;
}

static struct orders_client *open_service(const struct service *service)
{
    const char *const servers[] = {service->rpc_url, NULL};
    return open_client(&(struct orders_client_options){.servers = servers, .api_key = service->api_key});
}

static Orders__V1__Order make_order(const char *order_id)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = (char *)(uintptr_t)order_id;
    order.customer_id = "CUST-1";
    order.total_amount = 25990;
    order.currency = "ISK";
    return order;
}

/* Fails unless a call failed so, and forgets the error. */
static void expect_failure(bool succeeded, struct orders_error **error, Rpc__V1__Code code)
{
    cr_assert(!succeeded);
    cr_assert_eq((*error)->code, code, "%s: %s", orders_code_name((*error)->code), (*error)->message);
    orders_error_free(*error);
}

static void expect_success(bool succeeded, struct orders_error **error)
{
    cr_assert(succeeded, "%s", *error != NULL ? (*error)->message : "");
    cr_assert_null(*error);
}

/* --- a real service --- */

Test(orders_client, an_order_is_created_read_changed_listed_summed_up_and_deleted)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct orders_client *client = open_service(service);
    struct orders_error *error;
    Orders__V1__Order order = make_order("A-1"), *created, *read, *updated;

    expect_success(orders_create(client, &order, &created, &error), &error);
    cr_assert_str_eq(created->order_id, "A-1");
    cr_assert_gt(created->id, 0);
    expect_success(orders_get(client, "A-1", &read, &error), &error);
    cr_assert_str_eq(read->etag, created->etag);

    Orders__V1__UpdateOrderRequest update = ORDERS__V1__UPDATE_ORDER_REQUEST__INIT;
    Orders__V1__Order change = ORDERS__V1__ORDER__INIT;
    change.order_id = "A-1";
    change.total_amount = 5;
    update.order = &change;
    expect_success(orders_update(client, &update, &updated, &error), &error);
    cr_assert_eq(updated->total_amount, 5);

    Orders__V1__ListOrdersRequest list = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    Orders__V1__ListOrdersResponse *page;
    expect_success(orders_list(client, &list, &page, &error), &error);
    cr_assert_eq(page->n_orders, 1);
    cr_assert_str_eq(page->orders[0]->etag, updated->etag);
    cr_assert_str_eq(page->next_page_token, "");

    Orders__V1__OrderSummary *summary;
    expect_success(orders_summary(client, &summary, &error), &error);
    cr_assert_eq(summary->total_orders, 1);
    cr_assert_eq(summary->total_revenue[0]->total, 5);

    Orders__V1__DeleteOrderRequest delete = ORDERS__V1__DELETE_ORDER_REQUEST__INIT;
    delete.order_id = "A-1";
    delete.etag = created->etag;
    expect_failure(orders_delete(client, &delete, &error), &error, RPC__V1__CODE__ABORTED);
    delete.etag = updated->etag;
    expect_success(orders_delete(client, &delete, &error), &error);
    expect_failure(orders_delete(client, &delete, &error), &error, RPC__V1__CODE__NOT_FOUND);

    orders__v1__order__free_unpacked(created, NULL);
    orders__v1__order__free_unpacked(read, NULL);
    orders__v1__order__free_unpacked(updated, NULL);
    orders__v1__list_orders_response__free_unpacked(page, NULL);
    orders__v1__order_summary__free_unpacked(summary, NULL);
    orders_client_close(client);
    service_stop_clean(service);
}

Test(orders_client, orders_of_a_batch_stand_or_fall_alone)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct orders_client *client = open_service(service);
    struct orders_error *error;
    Orders__V1__Order first = make_order("A-1"), again = make_order("A-1"), second = make_order("A-2");
    Orders__V1__Order *orders[] = {&first, &again, &second};
    Orders__V1__BatchCreateOrdersRequest request = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    Orders__V1__BatchCreateOrdersResponse *results;
    request.orders = orders;
    request.n_orders = 3;
    expect_success(orders_batch_create(client, &request, &results, &error), &error);
    cr_assert_eq(results->n_results, 3);
    cr_assert_eq(results->results[0]->code, RPC__V1__CODE__OK);
    cr_assert_eq(results->results[1]->code, RPC__V1__CODE__ALREADY_EXISTS);
    cr_assert_eq(results->results[2]->code, RPC__V1__CODE__OK);
    orders__v1__batch_create_orders_response__free_unpacked(results, NULL);
    orders_client_close(client);
    service_stop_clean(service);
}

Test(orders_client, a_refusal_names_each_field)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct orders_client *client = open_service(service);
    struct orders_error *error;
    Orders__V1__Order order = make_order("A-1"), *created;
    order.customer_id = "";
    order.total_amount = -1;
    cr_assert(!orders_create(client, &order, &created, &error));
    cr_assert_null(created);
    cr_assert_eq(error->code, RPC__V1__CODE__INVALID_ARGUMENT);
    cr_assert_str_eq(orders_code_name(error->code), "INVALID_ARGUMENT");
    cr_assert_eq(error->n_violations, 2);
    cr_assert_str_eq(error->violations[0]->field, "customer_id");
    cr_assert_str_eq(error->violations[1]->field, "total_amount");
    cr_assert_str_eq(error->violations[1]->type, "greater_than");
    orders_error_free(error);
    cr_assert(!orders_get(client, "A-1", &created, NULL), "nobody wants to know why");
    orders_client_close(client);
    service_stop_clean(service);
}

Test(orders_client, a_write_under_one_request_id_is_made_once)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct orders_client *client = open_service(service);
    struct orders_error *error;
    const struct orders_call call = {.request_id = "once"};
    Orders__V1__Order order = make_order("A-1"), other = make_order("A-2"), *first, *second, *third;
    expect_success(orders_create_with(client, &call, &order, &first, &error), &error);
    expect_success(orders_create_with(client, &call, &order, &second, &error), &error);
    cr_assert_eq(first->id, second->id);
    cr_assert_str_eq(first->etag, second->etag);
    expect_failure(orders_create_with(client, &call, &other, &third, &error), &error,
                   RPC__V1__CODE__FAILED_PRECONDITION);
    orders__v1__order__free_unpacked(first, NULL);
    orders__v1__order__free_unpacked(second, NULL);
    orders_client_close(client);
    service_stop_clean(service);
}

/* --- asynchronous --- */

/* Calls that ended, to wait for. */
struct ends {
    pthread_mutex_t lock;
    pthread_cond_t more;
    unsigned ended;             /* guarded by lock, as all below */
    unsigned succeeded;         /* of those */
    struct orders_error *error; /* of the last that failed; owned */
};

#define ENDS_INIT .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER

static void count_end(Orders__V1__Order *order, struct orders_error *error, void *arg)
{
    struct ends *ends = arg;
    pthread_mutex_lock(&ends->lock);
    ends->ended++;
    ends->succeeded += order != NULL && error == NULL;
    if (error != NULL) {
        orders_error_free(ends->error);
        ends->error = error;
    }
    pthread_cond_signal(&ends->more);
    pthread_mutex_unlock(&ends->lock);
    orders__v1__order__free_unpacked(order, NULL);
}

static void await_ends(struct ends *ends, unsigned n)
{
    pthread_mutex_lock(&ends->lock);
    while (ends->ended < n)
        pthread_cond_wait(&ends->more, &ends->lock);
    pthread_mutex_unlock(&ends->lock);
}

/* Waits for a call's end, and fails unless it was this. */
static void expect_end(struct ends *ends, Rpc__V1__Code code)
{
    await_ends(ends, 1);
    if (code == RPC__V1__CODE__OK)
        expect_success(ends->succeeded == 1, &ends->error);
    else
        expect_failure(ends->succeeded == 1, &ends->error, code);
}

Test(orders_client, many_calls_are_under_way_at_once)
{
    enum { CALLS = 200 };
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct orders_client *client = open_service(service);
    struct orders_error *error;
    Orders__V1__Order order = make_order("A-1"), *created;
    struct ends ends = {ENDS_INIT};
    expect_success(orders_create(client, &order, &created, &error), &error);
    orders__v1__order__free_unpacked(created, NULL);
    for (int i = 0; i < CALLS; i++)
        orders_get_async(client, NULL, i % 2 == 0 ? "A-1" : "A-2", count_end, &ends);
    await_ends(&ends, CALLS);
    cr_assert_eq(ends.succeeded, CALLS / 2);
    cr_assert_eq(ends.error->code, RPC__V1__CODE__NOT_FOUND);
    orders_error_free(ends.error);
    orders_client_close(client);
    service_stop_clean(service);
}

/* --- a server that the test answers for --- */

/* A call to it, under way. */
struct hand {
    struct rpc_peer peer;
    struct orders_client *client;
    struct ends ends;
};

static void begin_by_hand(struct hand *hand, struct orders_client_options options)
{
    *hand = (struct hand){.ends = {ENDS_INIT}};
    rpc_peer_open(&hand->peer);
    const char *const servers[] = {hand->peer.url, NULL};
    const Orders__V1__Order order = make_order("A-1");
    options.servers = servers;
    hand->client = open_client(&options);
    orders_create_async(hand->client, NULL, &order, count_end, &hand->ends);
}

static void end_by_hand(struct hand *hand)
{
    orders_client_close(hand->client);
    rpc_peer_close(&hand->peer);
}

/* Answers the next request, and returns its request_id, to be freed. */
static char *answer_next(struct hand *hand, Rpc__V1__Code code)
{
    Rpc__V1__Request *request = rpc_peer_take(&hand->peer);
    char *request_id = strdup(request->request_id);
    rpc__v1__request__free_unpacked(request, NULL);
    rpc_peer_answer(&hand->peer, code, "");
    return request_id;
}

Test(orders_client, a_call_that_no_server_could_take_is_made_again_as_the_same)
{
    static const Rpc__V1__Code answers[] = {RPC__V1__CODE__UNAVAILABLE, RPC__V1__CODE__RESOURCE_EXHAUSTED,
                                            RPC__V1__CODE__UNAVAILABLE, RPC__V1__CODE__OK};
    char *ids[4];
    struct hand hand;
    begin_by_hand(&hand, (struct orders_client_options){.timeout_ms = 30000});
    for (size_t i = 0; i < 4; i++)
        ids[i] = answer_next(&hand, answers[i]);
    expect_end(&hand.ends, RPC__V1__CODE__OK);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_str_eq(ids[i], ids[0]);
        cr_assert_eq(strlen(ids[i]), 36);
    }
    for (size_t i = 0; i < 4; i++)
        free(ids[i]);
    end_by_hand(&hand);
}

/* It would be sent again under no id, and made twice. */
Test(orders_client, an_empty_request_id_is_a_new_one)
{
    struct hand hand;
    const struct orders_call unnamed = {.request_id = ""};
    const Orders__V1__Order order = make_order("A-1");
    begin_by_hand(&hand, (struct orders_client_options){.timeout_ms = 30000});
    free(answer_next(&hand, RPC__V1__CODE__OK));
    orders_create_async(hand.client, &unnamed, &order, count_end, &hand.ends);
    char *request_id = answer_next(&hand, RPC__V1__CODE__OK);
    cr_assert_eq(strlen(request_id), 36, "\"%s\"", request_id);
    free(request_id);
    await_ends(&hand.ends, 2);
    end_by_hand(&hand);
}

Test(orders_client, an_answer_that_will_be_the_same_again_ends_a_call)
{
    struct hand hand;
    begin_by_hand(&hand, (struct orders_client_options){.timeout_ms = 30000});
    free(answer_next(&hand, RPC__V1__CODE__ALREADY_EXISTS));
    expect_end(&hand.ends, RPC__V1__CODE__ALREADY_EXISTS);
    end_by_hand(&hand);
}

Test(orders_client, a_caller_may_want_no_retries)
{
    struct hand hand;
    begin_by_hand(&hand, (struct orders_client_options){.timeout_ms = 30000, .no_retries = true});
    free(answer_next(&hand, RPC__V1__CODE__UNAVAILABLE));
    expect_end(&hand.ends, RPC__V1__CODE__UNAVAILABLE);
    end_by_hand(&hand);
}

Test(orders_client, a_call_is_made_again_until_its_deadline_and_no_longer)
{
    enum { DEADLINE_MS = 4000 }; /* time for two requests and answers on a busy machine, under a sanitizer */
    struct hand hand;
    const uint64_t start_ns = time_monotonic_ns();
    begin_by_hand(&hand, (struct orders_client_options){.timeout_ms = DEADLINE_MS});
    free(answer_next(&hand, RPC__V1__CODE__UNAVAILABLE));
    free(answer_next(&hand, RPC__V1__CODE__UNAVAILABLE)); /* and now none: the third has no answer */
    expect_end(&hand.ends, RPC__V1__CODE__DEADLINE_EXCEEDED);
    cr_assert_geq(time_monotonic_ns() - start_ns, (uint64_t)DEADLINE_MS * NS_PER_MS);
    end_by_hand(&hand);
}

Test(orders_client, closing_a_client_ends_a_call_that_waits_to_be_made_again)
{
    struct hand hand;
    begin_by_hand(&hand, (struct orders_client_options){.timeout_ms = 30000});
    for (int i = 0; i < 4; i++) /* the next wait has at least 160 ms */
        free(answer_next(&hand, RPC__V1__CODE__UNAVAILABLE));
    end_by_hand(&hand);
    expect_end(&hand.ends, RPC__V1__CODE__CANCELLED);
}

/* --- servers that are not there --- */

Test(orders_client, a_url_that_is_none_is_refused)
{
    const char *const servers[] = {"http://127.0.0.1:1", NULL};
    struct orders_error *error;
    struct orders_client *client =
        orders_client_open(&(struct orders_client_options){.servers = servers}, &error);
    expect_failure(client != NULL, &error, RPC__V1__CODE__INVALID_ARGUMENT);
}

Test(orders_client, without_a_server_there_is_no_client)
{
    static const char *const none[] = {NULL};
    const char *const *const lists[] = {NULL, none};
    for (size_t i = 0; i < 2; i++) {
        struct orders_error *error;
        struct orders_client *client =
            orders_client_open(&(struct orders_client_options){.servers = lists[i]}, &error);
        cr_assert_null(client);
        cr_assert_str_eq(error->message, "no server to connect to is named");
        expect_failure(false, &error, RPC__V1__CODE__INVALID_ARGUMENT);
    }
    cr_assert_null(orders_client_open(&(struct orders_client_options){.servers = none}, NULL));
}

/* Whether an inherited client, and another, are refused. */
static bool is_refused_after_fork(struct orders_client *inherited, const char *const servers[])
{
    struct orders_error *of_call, *of_opening;
    Orders__V1__Order *order;
    const bool called = orders_get(inherited, "A-1", &order, &of_call);
    orders_client_close(inherited);
    const struct orders_client *opened =
        orders_client_open(&(struct orders_client_options){.servers = servers}, &of_opening);
    return !called && of_call->code == RPC__V1__CODE__FAILED_PRECONDITION && opened == NULL &&
           of_opening->code == RPC__V1__CODE__FAILED_PRECONDITION;
}

/* nng would end the process. */
Test(orders_client, a_forked_process_has_no_client)
{
    struct hand hand;
    int status;
    begin_by_hand(&hand, (struct orders_client_options){.timeout_ms = 30000});
    const char *const servers[] = {hand.peer.url, NULL};
    const pid_t child = fork();
    if (child == 0)
        _exit(is_refused_after_fork(hand.client, servers) ? 0 : 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
    free(answer_next(&hand, RPC__V1__CODE__OK)); /* the client is as it was */
    expect_end(&hand.ends, RPC__V1__CODE__OK);
    end_by_hand(&hand);
}

/* Whether a call has not ended after a while. */
static bool goes_on(struct ends *ends, time_t while_s)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += while_s;
    pthread_mutex_lock(&ends->lock);
    while (ends->ended == 0 && pthread_cond_timedwait(&ends->more, &ends->lock, &until) == 0)
        continue;
    const bool ended = ends->ended > 0;
    pthread_mutex_unlock(&ends->lock);
    return !ended;
}

Test(orders_client, a_call_waits_for_its_server_until_its_deadline)
{
    enum { LATE_S = 3 };
    struct ends waits = {ENDS_INIT}, hurries = {ENDS_INIT};
    const struct orders_call in_a_hurry = {.timeout_ms = 200};
    struct rpc_peer peer;
    rpc_peer_reserve(&peer);
    const char *const servers[] = {peer.url, NULL};
    struct orders_client *client =
        open_client(&(struct orders_client_options){.servers = servers, .timeout_ms = 60000});
    const uint64_t start_ns = time_monotonic_ns();
    orders_get_async(client, NULL, "A-1", count_end, &waits);
    orders_get_async(client, &in_a_hurry, "A-1", count_end, &hurries);
    expect_end(&hurries, RPC__V1__CODE__UNAVAILABLE);
    cr_assert_geq(time_monotonic_ns() - start_ns, in_a_hurry.timeout_ms * (uint64_t)NS_PER_MS);
    cr_assert(goes_on(&waits, LATE_S), "%s", waits.error != NULL ? waits.error->message : "");
    rpc_peer_listen(&peer);
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
    rpc_peer_answer(&peer, RPC__V1__CODE__OK, "");
    expect_end(&waits, RPC__V1__CODE__OK);
    orders_client_close(client);
    rpc_peer_close(&peer);
}

Test(orders_client, no_server_within_reach_is_said_so)
{
    const char *const servers[] = {"tcp://127.0.0.1:1", NULL};
    struct orders_client *client =
        open_client(&(struct orders_client_options){.servers = servers, .connect_timeout_ms = 50});
    struct orders_error *error;
    Orders__V1__Order *order;
    cr_assert(!orders_get(client, "A-1", &order, &error));
    cr_assert_eq(error->code, RPC__V1__CODE__UNAVAILABLE);
    cr_assert_eq(strlen(error->request_id), 36);
    orders_error_free(error);
    orders_client_close(client);
}

/* Its connections stay, and take what is sent. */
Test(orders_client, a_call_leaves_a_server_that_hangs)
{
    enum { CALLS = 12, DEADLINE_MS = 8000 };
    struct service *hangs = service_start(&(struct service_options){.without_http = true});
    struct service *stays =
        service_start(&(struct service_options){.without_http = true, .database_url = hangs->database_url});
    const char *const servers[] = {hangs->rpc_url, stays->rpc_url, NULL};
    struct orders_client *client = open_client(&(struct orders_client_options){
        .servers = servers, .api_key = hangs->api_key, .timeout_ms = DEADLINE_MS});
    struct orders_error *error;
    struct ends ends = {ENDS_INIT};
    Orders__V1__Order order = make_order("A-1"), *created;
    expect_success(orders_create(client, &order, &created, &error), &error);
    orders__v1__order__free_unpacked(created, NULL);
    cr_assert_eq(kill(hangs->pid, SIGSTOP), 0);
    for (int i = 0; i < CALLS; i++)
        orders_get_async(client, NULL, "A-1", count_end, &ends);
    await_ends(&ends, CALLS);
    cr_assert_eq(ends.succeeded, CALLS, "%u of %d", ends.succeeded, CALLS);
    cr_assert_eq(kill(hangs->pid, SIGCONT), 0);
    orders_client_close(client);
    service_stop_clean(stays);
    service_stop_clean(hangs);
}

Test(orders_client, a_call_goes_to_the_server_that_is_there)
{
    struct service *gone = service_start(&(struct service_options){.without_http = true});
    struct service *stays =
        service_start(&(struct service_options){.without_http = true, .database_url = gone->database_url});
    const char *const servers[] = {gone->rpc_url, stays->rpc_url, NULL};
    struct orders_client *client =
        open_client(&(struct orders_client_options){.servers = servers, .api_key = gone->api_key});
    struct orders_error *error;
    Orders__V1__Order order = make_order("A-1"), *created, *read;
    expect_success(orders_create(client, &order, &created, &error), &error);
    orders__v1__order__free_unpacked(created, NULL);
    cr_assert_eq(kill(gone->pid, SIGKILL), 0);
    for (int i = 0; i < 20; i++) {
        expect_success(orders_get(client, "A-1", &read, &error), &error);
        orders__v1__order__free_unpacked(read, NULL);
    }
    orders_client_close(client);
    service_stop_clean(stays);
    cr_assert_eq(service_stop(gone), 128 + SIGKILL);
}
