/* test_out_of_memory.c: liborders-client in a process without memory, threads, files or random bytes: that is
 * an error of the call or of opening, and never the process's end. */
#include "client/orders-client.h"

#include "failing.h"
#include "support/service.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(out_of_memory, .timeout = 200);

/* Of a call that fails because all allocations do: when nng has no memory for the answer, the connection
 * closes and the call waits for another. */
enum { SHORT_MS = 300, LONG_MS = 30000, MOST_ALLOCATIONS = 2000 };

static struct orders_client *open_client(const struct service *service, const char *url,
                                         struct orders_error **error)
{
    const char *const servers[] = {url, NULL};
    const struct orders_client_options options = {
        .servers = servers, .api_key = service->api_key, .no_retries = true};
    return orders_client_open(&options, error);
}

/* How a call ended. */
struct end {
    Rpc__V1__Code code;
    bool told; /* a failure has words, and a request_id */
};

static struct end end_of(struct orders_error *error)
{
    struct end end = {.code = RPC__V1__CODE__OK, .told = true};
    if (error != NULL) {
        end.code = error->code;
        end.told = error->message != NULL && error->message[0] != '\0' && error->request_id != NULL;
        for (size_t i = 0; i < error->n_violations; i++)
            end.told &= error->violations[i]->field[0] != '\0';
    }
    orders_error_free(error);
    return end;
}

static Orders__V1__Order order_of(const char *order_id, int64_t amount)
{
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    order.order_id = (char *)(uintptr_t)order_id;
    order.customer_id = "CUST-1";
    order.total_amount = amount;
    order.currency = "ISK";
    return order;
}

/* --- calls --- */

/* Fails unless it is created. */
static struct end call_create(struct orders_client *client, uint32_t timeout_ms)
{
    const struct orders_call call = {.request_id = "always the same", .timeout_ms = timeout_ms};
    const Orders__V1__Order order = order_of("A-1", 25990);
    Orders__V1__Order *created;
    struct orders_error *error;
    if (orders_create_with(client, &call, &order, &created, &error))
        orders__v1__order__free_unpacked(created, NULL);
    return end_of(error);
}

/* Is refused, for two fields. */
static struct end call_refused(struct orders_client *client, uint32_t timeout_ms)
{
    const struct orders_call call = {.timeout_ms = timeout_ms};
    Orders__V1__Order order = order_of("A-2", -1), *created;
    struct orders_error *error;
    order.currency = "xxx";
    if (orders_create_with(client, &call, &order, &created, &error))
        orders__v1__order__free_unpacked(created, NULL);
    return end_of(error);
}

struct awaited {
    sem_t ended;
    struct end end;
};

static void take_order(Orders__V1__Order *order, struct orders_error *error, void *arg)
{
    struct awaited *awaited = arg;
    orders__v1__order__free_unpacked(order, NULL);
    awaited->end = end_of(error);
    sem_post(&awaited->ended);
}

static struct end call_get_async(struct orders_client *client, uint32_t timeout_ms)
{
    const struct orders_call call = {.timeout_ms = timeout_ms};
    struct awaited awaited;
    sem_init(&awaited.ended, 0, 0);
    orders_get_async(client, &call, "A-1", take_order, &awaited);
    sem_wait(&awaited.ended);
    sem_destroy(&awaited.ended);
    return awaited.end;
}

static const struct call {
    struct end (*make)(struct orders_client *client, uint32_t timeout_ms);
    Rpc__V1__Code code; /* with memory */
} calls[] = {
    {call_create, RPC__V1__CODE__OK},
    {call_refused, RPC__V1__CODE__INVALID_ARGUMENT},
    {call_get_async, RPC__V1__CODE__OK},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

static bool may_fail_with(Rpc__V1__Code code)
{
    return code == RPC__V1__CODE__RESOURCE_EXHAUSTED || code == RPC__V1__CODE__UNAVAILABLE ||
           code == RPC__V1__CODE__DEADLINE_EXCEEDED;
}

/* Makes a call while the nth allocation fails, then with memory, which must go well with the same client.
 * Returns whether the call was done before there were so many. */
static bool call_failing(struct orders_client *client, const struct call *call, unsigned nth,
                         bool and_all_after, unsigned *exhausted)
{
    failing_begin(nth, and_all_after);
    const struct end end = call->make(client, SHORT_MS);
    const bool done = failing_end() < nth;
    cr_assert(end.told, "allocation %u", nth);
    cr_assert(end.code == call->code || (!done && may_fail_with(end.code)), "allocation %u: %s", nth,
              orders_code_name(end.code));
    *exhausted += end.code == RPC__V1__CODE__RESOURCE_EXHAUSTED;
    cr_assert_eq(call->make(client, LONG_MS).code, call->code, "after allocation %u", nth);
    return done;
}

static void fail_calls(bool and_all_after)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct orders_client *client = open_client(service, service->rpc_url, NULL);
    for (size_t i = 0; i < CALLS; i++) {
        unsigned exhausted = 0, nth = 1;
        cr_assert_eq(calls[i].make(client, LONG_MS).code, calls[i].code);
        while (!call_failing(client, &calls[i], nth, and_all_after, &exhausted))
            cr_assert_lt(++nth, MOST_ALLOCATIONS);
        cr_assert_gt(exhausted, 3, "call %zu: %u of %u", i, exhausted, nth);
    }
    orders_client_close(client);
    service_stop_clean(service);
}

Test(out_of_memory, whichever_allocation_fails_the_call_has_a_status)
{
    fail_calls(false);
}

Test(out_of_memory, whichever_allocation_is_the_last_that_succeeds_the_call_has_a_status)
{
    fail_calls(true);
}

/* --- the first client of a process, for which nng sets up its threads --- */

enum { CHILD_OPENED, CHILD_REFUSED, CHILD_WRONG, CHILD_DONE };

struct attempt {
    const struct service *service;
    const char *url;
    unsigned n;              /* what is failed, or allowed */
    bool and_all_after;      /* of allocations */
    void (*allow)(unsigned); /* so much of something else */
};

/* In a process of its own, as nng is set up once. */
static int run_in_child(int run(const struct attempt *), const struct attempt *attempt)
{
    int status;
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(run(attempt));
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "%u: ended by signal %d", attempt->n, WTERMSIG(status));
    cr_assert_neq(WEXITSTATUS(status), CHILD_WRONG, "%u", attempt->n);
    return WEXITSTATUS(status);
}

/* Opens a client, and makes a call, while the nth allocation fails; then again with memory. */
static int open_failing(const struct attempt *attempt)
{
    struct orders_error *error;
    failing_begin(attempt->n, attempt->and_all_after);
    struct orders_client *client = open_client(attempt->service, attempt->url, &error);
    const bool refused = client == NULL;
    struct end end = end_of(error);
    if (!refused)
        end = call_get_async(client, SHORT_MS);
    const bool done = failing_end() < attempt->n;
    if (!end.told || (end.code != RPC__V1__CODE__NOT_FOUND && !may_fail_with(end.code)))
        return CHILD_WRONG;
    orders_client_close(client);
    client = open_client(attempt->service, attempt->url, NULL);
    if (client == NULL || call_get_async(client, LONG_MS).code != RPC__V1__CODE__NOT_FOUND)
        return CHILD_WRONG;
    orders_client_close(client);
    if (done)
        return CHILD_DONE;
    return refused ? CHILD_REFUSED : CHILD_OPENED;
}

static void fail_opening(bool over_ipc, bool and_all_after)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct attempt attempt = {
        .service = service,
        .url = over_ipc ? service->ipc_url : service->rpc_url,
        .and_all_after = and_all_after,
    };
    unsigned ends[CHILD_DONE + 1] = {0};
    while (ends[CHILD_DONE] == 0) {
        cr_assert_lt(++attempt.n, MOST_ALLOCATIONS);
        ends[run_in_child(open_failing, &attempt)]++;
    }
    cr_assert_gt(ends[CHILD_REFUSED], 20);
    cr_assert_gt(ends[CHILD_OPENED], 20);
    service_stop_clean(service);
}

Test(out_of_memory, whichever_allocation_fails_opening_is_refused_or_goes_well)
{
    fail_opening(false, false);
    fail_opening(true, false);
}

Test(out_of_memory, whichever_allocation_is_the_last_that_succeeds_opening_is_refused_or_goes_well)
{
    fail_opening(false, true);
    fail_opening(true, true);
}

/* --- threads and files --- */

static void allow_threads(unsigned n)
{
    failing_threads(n);
}

static void allow_files(unsigned n)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Opens a client with so much of something, and makes a call; then, with enough, another. */
static int open_with_few(const struct attempt *attempt)
{
    struct orders_error *error;
    attempt->allow(attempt->n);
    struct orders_client *client = open_client(attempt->service, attempt->url, &error);
    const bool refused = client == NULL;
    struct end end = end_of(error);
    if (!refused)
        end = call_get_async(client, SHORT_MS);
    attempt->allow(UINT_MAX);
    if (!end.told || (end.code != RPC__V1__CODE__NOT_FOUND && !may_fail_with(end.code)))
        return CHILD_WRONG;
    if (refused)
        client = open_client(attempt->service, attempt->url, NULL);
    if (client == NULL || call_get_async(client, LONG_MS).code != RPC__V1__CODE__NOT_FOUND)
        return CHILD_WRONG;
    orders_client_close(client);
    return refused ? CHILD_REFUSED : CHILD_OPENED;
}

static void open_with_ever_more(void allow(unsigned), unsigned enough)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    struct attempt attempt = {.service = service, .url = service->rpc_url, .allow = allow};
    unsigned ends[CHILD_DONE + 1] = {0};
    for (; attempt.n < enough; attempt.n++)
        ends[run_in_child(open_with_few, &attempt)]++;
    cr_assert_gt(ends[CHILD_REFUSED], 2);
    cr_assert_gt(ends[CHILD_OPENED], 2);
    service_stop_clean(service);
}

Test(out_of_memory, with_few_threads_opening_is_refused_or_goes_well)
{
    open_with_ever_more(allow_threads, 20);
}

Test(out_of_memory, with_few_files_opening_is_refused_or_goes_well)
{
    open_with_ever_more(allow_files, 40);
}

/* --- random bytes --- */

/* A caller that names its calls needs none; ids that are not new would be worse than none. */
Test(out_of_memory, without_random_bytes_only_a_call_without_an_id_fails)
{
    struct service *service = service_start(&(struct service_options){.without_http = true});
    Orders__V1__Order *order;
    struct orders_error *error;
    failing_random(true);
    struct orders_client *client = open_client(service, service->rpc_url, NULL);
    cr_assert_not_null(client);
    cr_assert_eq(call_create(client, LONG_MS).code, RPC__V1__CODE__OK);
    cr_assert(!orders_get(client, "A-1", &order, &error));
    cr_assert_eq(error->code, RPC__V1__CODE__INTERNAL);
    cr_assert_not_null(strstr(error->message, "random"), "%s", error->message);
    orders_error_free(error);
    failing_random(false);
    cr_assert_eq(call_get_async(client, LONG_MS).code, RPC__V1__CODE__OK);
    orders_client_close(client);
    service_stop_clean(service);
}
