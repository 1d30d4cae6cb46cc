/* store_calls.c: closures that wake a waiting test. */
#include "store_calls.h"

#include "base/time.h"
#include "base/uuid.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "orders/rules.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pending *pending_new(unsigned timeout_ms)
{
    struct pending *pending = calloc(1, sizeof *pending);
    pthread_mutex_init(&pending->lock, NULL);
    pthread_cond_init(&pending->ended, NULL);
    arena_init(&pending->call.arena);
    pending->call.method = "test";
    pending->call.principal = "bootstrap";
    pending->call.peer = pending->call.order_id = "";
    char *request_id = arena_alloc(&pending->call.arena, UUID_TEXT);
    uuid_make(request_id);
    pending->call.request_id = request_id;
    pending->call.start_ns = time_monotonic_ns();
    pending->call.deadline_ns = pending->call.start_ns + (uint64_t)timeout_ms * NS_PER_MS;
    pending->call.status = STATUS_INIT;
    return pending;
}

static enum status_code recheck(const struct call *call, const char **why)
{
    struct pending *pending = (struct pending *)(uintptr_t)call; /* its first member */
    if (atomic_fetch_add(&pending->asked, 1) < atomic_load(&pending->asked_most))
        return STATUS_OK;
    *why = "revoked";
    return STATUS_PERMISSION_DENIED;
}

struct pending *pending_new_until(unsigned asked_most)
{
    enum { LONG_MS = 60000 };
    struct pending *pending = pending_new(LONG_MS);
    pending->call.start_ns -= (uint64_t)CALL_KNOWN_MS * NS_PER_MS;
    pending->call.recheck = recheck;
    atomic_init(&pending->asked_most, asked_most);
    return pending;
}

unsigned pending_asked(const struct pending *pending)
{
    return atomic_load(&pending->asked);
}

void pending_free(struct pending *pending)
{
    call_forget(&pending->call);
    arena_free(&pending->call.arena);
    pthread_mutex_destroy(&pending->lock);
    pthread_cond_destroy(&pending->ended);
    free(pending);
}

void pending_done(const ProtobufCMessage *message, void *arg)
{
    struct pending *pending = arg;
    pthread_mutex_lock(&pending->lock);
    cr_assert_not(pending->over, "a call was answered twice");
    pending->over = true;
    pending->answer = message;
    pthread_cond_broadcast(&pending->ended);
    pthread_mutex_unlock(&pending->lock);
}

enum status_code pending_wait(struct pending *pending)
{
    pthread_mutex_lock(&pending->lock);
    while (!pending->over)
        pthread_cond_wait(&pending->ended, &pending->lock);
    pthread_mutex_unlock(&pending->lock);
    return pending->call.status.code;
}

bool pending_is_over(struct pending *pending)
{
    pthread_mutex_lock(&pending->lock);
    bool over = pending->over;
    pthread_mutex_unlock(&pending->lock);
    return over;
}

Orders__V1__Order *pending_order(struct pending *pending, const char *order_id)
{
    struct arena *arena = &pending->call.arena;
    Orders__V1__Order *order = arena_alloc(arena, sizeof *order);
    orders__v1__order__init(order);
    order->order_id = arena_strdup(arena, order_id);
    order->customer_id = "CUST-1";
    order->total_amount = 100;
    order->currency = "ISK";
    order_set_defaults(order, arena);
    return order;
}

void pending_results(struct pending *pending, Orders__V1__BatchCreateOrdersResponse *response, size_t n)
{
    response->n_results = n;
    response->results = arena_calloc(&pending->call.arena, n, sizeof *response->results);
    for (size_t i = 0; i < n; i++) {
        response->results[i] = arena_alloc(&pending->call.arena, sizeof *response->results[i]);
        orders__v1__batch_create_result__init(response->results[i]);
    }
}

struct pending *begin_create(struct store *store, const char *order_id, unsigned timeout_ms)
{
    struct pending *pending = pending_new(timeout_ms);
    store->create(store, &pending->call, pending_order(pending, order_id),
                  (Orders__V1__Order_Closure)pending_done, pending);
    return pending;
}

struct pending *begin_get(struct store *store, const char *order_id, unsigned timeout_ms)
{
    struct pending *pending = pending_new(timeout_ms);
    store->get(store, &pending->call, arena_strdup(&pending->call.arena, order_id),
               (Orders__V1__Order_Closure)pending_done, pending);
    return pending;
}

struct pending *begin_set_amount(struct store *store, const char *order_id, int64_t amount,
                                 unsigned timeout_ms)
{
    struct pending *pending = pending_new(timeout_ms);
    Orders__V1__Order *order = pending_order(pending, order_id);
    order->total_amount = amount;
    store->update(store, &pending->call, order, ORDER_TOTAL_AMOUNT, (Orders__V1__Order_Closure)pending_done,
                  pending);
    return pending;
}

struct pending *begin_remove(struct store *store, const char *order_id, unsigned timeout_ms)
{
    struct pending *pending = pending_new(timeout_ms);
    store->remove(store, &pending->call, arena_strdup(&pending->call.arena, order_id), "",
                  (Google__Protobuf__Empty_Closure)pending_done, pending);
    return pending;
}

void expect_end(struct pending *pending, enum status_code code)
{
    enum status_code got = pending_wait(pending);
    cr_assert_eq(got, code, "%s: %s, not %s", status_code_name(got), pending->call.status.message,
                 status_code_name(code));
    pending_free(pending);
}

struct store *open_store(const char *database_url, unsigned workers)
{
    char error[1024] = "";
    /* Tests hold locks on a busy machine, for longer than the store would wait. The store keeps the string.
     */
    static char url[1024];
    snprintf(url, sizeof url, "%s options='-c lock_timeout=60s'", database_url);
    struct store *store = postgres_open(&(struct postgres_options){.database_url = url, .workers = workers},
                                        error, sizeof error);
    cr_assert_not_null(store, "%s", error);
    return store;
}

enum { READY_S = 30, WHY = 160 };

void await_told(struct store *store, const char *told, unsigned within_ms)
{
    char why[WHY] = "";
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)within_ms * NS_PER_MS;
    while ((postgres_ready(store, why, sizeof why) ? *told != '\0' : strcmp(why, told) != 0)) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "it says \"%s\", not \"%s\"", why, told);
        usleep(1000); /* between two looks: the store tells nobody */
    }
}

void await_ready(struct store *store, bool ready)
{
    char why[WHY] = "";
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)READY_S * NS_PER_S;
    while (postgres_ready(store, why, sizeof why) != ready) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%s", why);
        usleep(1000); /* between two looks: the store tells nobody */
    }
}
