/* test_queue.c: in which order operations leave a queue, and who is told of them. No database. */
#include "store/queue.h"

#include "store/batch.h"
#include "store/statement.h"
#include "store/store_metrics.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 13 };

static struct queue queue;
static struct operation operations[MOST];
static struct call calls[MOST];
static size_t made;
static uint32_t principal; /* who asks, from now on */
static unsigned failed[STATUS_CODES];
static const char *why_failed; /* the last of them */

static void set_up(void)
{
    cr_assert(queue_init(&queue, 1));
    queue_open(&queue, 0);
}

static void tear_down(void)
{
    queue_destroy(&queue);
}

TestSuite(queue, .init = set_up, .fini = tear_down);

static void count_failure(struct operation *operation)
{
    failed[operation->code]++;
    why_failed = operation->message;
}

static struct operation *make(uint32_t caller, enum statement_id statement, const char *order_id)
{
    struct call *call = &calls[made];
    struct operation *operation = &operations[made++];
    call->caller = caller;
    call->principal_hash = principal;
    call->request_id = call->principal = call->peer = call->order_id = "";
    call->deadline_ns = 1000;
    *operation = (struct operation){
        .statement = &statements[statement],
        .call = call,
        .hash = operation_hash(order_id),
        .order_id = order_id,
        .finish = count_failure,
    };
    return operation;
}

static struct operation *push(uint32_t caller, enum statement_id statement, const char *order_id)
{
    struct operation *operation = make(caller, statement, order_id);
    queue_push(&queue, operation);
    return operation;
}

static struct lane_batch most_of(size_t n)
{
    return (struct lane_batch){.calls = (unsigned)n, .calls_each = (unsigned)n, .operations = (unsigned)n};
}

static int compare_chars(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* Takes a batch of at most that many, and checks whose operations are in it: which of several callers is
 * first is the hash's to say. */
static void expect_callers(size_t most, const char *callers)
{
    struct operation *taken[MOST];
    char got[MOST + 1] = "";
    size_t n = queue_take(&queue, taken, most_of(most));
    for (size_t i = 0; i < n; i++)
        got[i] = (char)('0' + taken[i]->call->caller);
    qsort(got, n, 1, compare_chars);
    cr_assert_str_eq(got, callers);
}

Test(queue, one_caller_is_served_in_its_order)
{
    for (int i = 0; i < 5; i++)
        push(1, STATEMENT_GET, "A");
    struct operation *taken[MOST];
    for (size_t seen = 0; seen < 5;) {
        size_t n = queue_take(&queue, taken, most_of(2));
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(taken[i], &operations[seen++]);
    }
    expect_callers(8, "");
}

Test(queue, callers_are_served_in_turn)
{
    for (int i = 0; i < 6; i++)
        push(1, STATEMENT_GET, "A");
    push(2, STATEMENT_GET, "A");
    push(3, STATEMENT_GET, "A");
    push(3, STATEMENT_GET, "A");
    expect_callers(3, "123");
    expect_callers(4, "1113");
    push(2, STATEMENT_GET, "A");
    expect_callers(4, "112");
    expect_callers(4, "");
}

/* A caller with a thousand calls under way, and one with a single call after another: whichever they are,
 * they share a flow for some batches at most, and the single call is not behind the thousand. */
Test(queue, no_two_callers_share_a_flow_for_long)
{
    enum { CALLERS = 200, BATCHES = 130, BATCH = 8 };
    struct operation *taken[MOST];
    for (uint32_t caller = 1; caller <= CALLERS; caller++) {
        unsigned at_once = 0;
        made = 0;
        for (int i = 0; i < BATCHES * BATCH; i++)
            push(0, STATEMENT_GET, "A");
        for (int batch = 0; batch < BATCHES; batch++) {
            struct operation *lone = push(caller, STATEMENT_GET, "A");
            const size_t n = queue_take(&queue, taken, most_of(BATCH));
            for (size_t i = 0; i < n; i++)
                at_once += taken[i] == lone;
        }
        cr_expect_geq(at_once, BATCHES / 4, "caller %u: %u of %d", caller, at_once, BATCHES);
        while (queue_take(&queue, taken, most_of(MOST)) > 0)
            continue;
    }
}

Test(queue, what_one_caller_asked_keeps_its_order_when_flows_change)
{
    enum { CALLERS = 40, EACH = 150 };
    uint64_t last[CALLERS] = {0};
    struct operation *taken[MOST];
    for (int i = 0; i < EACH; i++) {
        for (uint32_t caller = 0; caller < CALLERS; caller++)
            push(caller, STATEMENT_GET, "A");
    }
    for (size_t seen = 0, n; seen < CALLERS * EACH; seen += n) {
        n = queue_take(&queue, taken, most_of(10));
        for (size_t i = 0; i < n; i++) {
            uint64_t *before = &last[taken[i]->call->caller];
            cr_assert_gt(taken[i]->sequence, *before);
            *before = taken[i]->sequence;
        }
    }
}

Test(queue, callers_of_any_number_are_served)
{
    push(UINT32_MAX, STATEMENT_GET, "A");
    push(FAIR_FLOWS - 1, STATEMENT_GET, "A");
    push(0, STATEMENT_GET, "A");
    struct operation *taken[MOST];
    cr_assert_eq(queue_take(&queue, taken, most_of(MOST)), 3);
}

/* One statement cannot make two writes of one order, of whichever callers. */
Test(queue, a_batch_writes_an_order_once)
{
    push(1, STATEMENT_UPDATE, "A");
    push(1, STATEMENT_UPDATE, "A");
    push(1, STATEMENT_UPDATE, "B");
    push(2, STATEMENT_UPDATE, "B");
    push(2, STATEMENT_UPDATE, "C");
    expect_callers(MOST, "122"); /* A, B and C; the B of 1 has to wait */
}

Test(queue, what_stayed_is_behind_nothing_that_came_later)
{
    push(1, STATEMENT_UPDATE, "A");
    struct operation *stays = push(1, STATEMENT_UPDATE, "A");
    struct operation *taken[MOST];
    cr_assert_eq(queue_take(&queue, taken, most_of(MOST)), 1);
    struct operation *later = push(1, STATEMENT_UPDATE, "A");
    cr_assert_eq(queue_take(&queue, taken, most_of(MOST)), 1);
    cr_assert_eq(taken[0], stays);
    cr_assert_eq(queue_take(&queue, taken, most_of(MOST)), 1);
    cr_assert_eq(taken[0], later);
}

/* More wait for one order than a batch can keep in mind, each under a request_id of its own. */
Test(queue, many_callers_of_one_order_are_served_one_by_one)
{
    enum { MANY = 5000 };
    struct operation *taken[MOST];
    for (uint32_t i = 0; i < MANY; i++) {
        struct operation *operation = make(1, STATEMENT_UPDATE, "A");
        operation->request_hash = 2 * i + 1;
        queue_push(&queue, operation);
    }
    push(2, STATEMENT_UPDATE, "B");
    bool is_served = false; /* the other caller */
    for (size_t seen = 0; seen < MANY;) {
        const size_t n = queue_take(&queue, taken, most_of(MOST));
        cr_assert_gt(n, 0);
        for (size_t i = 0; i < n; i++) {
            is_served |= taken[i]->call->caller == 2;
            if (taken[i]->call->caller == 1)
                cr_assert_eq(taken[i], &operations[seen++]);
        }
        cr_assert(is_served || seen < 3);
    }
    cr_assert(is_served);
}

Test(queue, what_expires_leaves_the_rest)
{
    push(1, STATEMENT_GET, "A")->call->deadline_ns = 10;
    push(1, STATEMENT_GET, "B");
    push(2, STATEMENT_GET, "C")->call->deadline_ns = 10;
    push(1, STATEMENT_GET, "D")->call->deadline_ns = 10;
    queue_expire(&queue, 10);
    cr_assert_eq(failed[STATUS_DEADLINE_EXCEEDED], 3);
    push(1, STATEMENT_GET, "E");
    expect_callers(MOST, "11");
}

Test(queue, a_closed_one_fails_what_waits_and_what_comes)
{
    push(1, STATEMENT_GET, "A");
    push(2, STATEMENT_GET, "B");
    queue_close(&queue, 0, "Closed");
    cr_assert_str_eq(why_failed, "Closed");
    push(3, STATEMENT_GET, "C");
    cr_assert_eq(failed[STATUS_UNAVAILABLE], 3);
    cr_assert_str_eq(why_failed, "Closed");
    queue_open(&queue, 0);
    push(1, STATEMENT_GET, "D");
    expect_callers(MOST, "1");
}

/* A caller's part of a batch ends with a call, not within one, unless the batch is full. */
Test(queue, what_one_call_asks_stays_together)
{
    struct operation *taken[MOST], *first = make(1, STATEMENT_CREATE, "A");
    first->next = make(1, STATEMENT_CREATE, "B");
    first->next->next = make(1, STATEMENT_CREATE, "C");
    first->next->call = first->next->next->call = first->call;
    queue_push(&queue, first);
    push(1, STATEMENT_CREATE, "D");
    push(1, STATEMENT_CREATE, "E");
    queue.shared = 2;
    cr_assert_eq(
        queue_take(&queue, taken, (struct lane_batch){.calls = 2, .calls_each = MOST, .operations = MOST}),
        4);
    cr_assert_eq(
        queue_take(&queue, taken, (struct lane_batch){.calls = 2, .calls_each = MOST, .operations = MOST}),
        1);
}

/* A lone caller waits for its answer before it asks again, and then is not to find a batch of hundreds. */
Test(queue, while_there_are_several_callers_none_fills_a_batch)
{
    const struct lane_batch most = {.calls = 2, .calls_each = MOST, .operations = MOST};
    struct operation *taken[MOST];
    for (int i = 0; i < 6; i++)
        push(1, STATEMENT_GET, "A");
    cr_assert_eq(queue_take(&queue, taken, most), 6, "alone");
    for (int i = 0; i < 6; i++)
        push(1, STATEMENT_GET, "A");
    push(2, STATEMENT_GET, "A");
    cr_assert_eq(queue_take(&queue, taken, most), 3, "two of one, and that of the other");
    cr_assert_eq(queue_take(&queue, taken, most), 2, "the other one may come back");
}

/* --- principals --- */

static struct operation *push_as(uint32_t of, uint32_t caller)
{
    principal = of;
    return push(caller, STATEMENT_GET, "A");
}

static size_t count_of(uint32_t of, struct operation *const taken[], size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += taken[i]->call->principal_hash == of;
    return count;
}

/* Whether it has one connection or four hundred. */
Test(queue, principals_are_served_in_turn_and_the_connections_of_each)
{
    struct operation *taken[MOST];
    for (uint32_t caller = 1; caller <= 40; caller++) {
        for (int i = 0; i < 10; i++)
            push_as(1, caller);
    }
    for (int i = 0; i < 100; i++)
        push_as(2, 1000);
    for (int batch = 0; batch < 20; batch++) {
        cr_assert_eq(queue_take(&queue, taken, most_of(8)), 8);
        cr_assert_eq(count_of(1, taken, 8), 4, "%d", batch);
        for (size_t i = 0; i < 8; i++) {
            for (size_t j = 0; j < i; j++)
                cr_assert(taken[i]->call->principal_hash == 2 ||
                          taken[i]->call->caller != taken[j]->call->caller);
        }
    }
}

/* Four hundred connections of one with a call each, and another's single call after another. */
Test(queue, a_lone_call_is_behind_few_of_another_principal)
{
    enum { BATCHES = 130, BATCH = 8 };
    const struct lane_batch most = {.calls = 32, .calls_each = 2, .operations = BATCH};
    struct operation *taken[MOST];
    for (uint32_t lone = 2; lone <= 60; lone++) {
        unsigned at_once = 0;
        made = 0;
        for (uint32_t i = 0; i < 400; i++)
            push_as(1, i);
        for (int batch = 0; batch < BATCHES; batch++) {
            struct operation *operation = push_as(lone, 7);
            const size_t n = queue_take(&queue, taken, most);
            const size_t others = count_of(1, taken, n);
            for (size_t i = 0; i < n; i++)
                at_once += taken[i] == operation && others <= 2;
            for (uint32_t i = 0; i < others; i++)
                push_as(1, i);
        }
        cr_expect_geq(at_once, BATCHES / 4, "%u: %u of %d", lone, at_once, BATCHES);
        while (queue_take(&queue, taken, most_of(MOST)) > 0)
            continue;
    }
}

Test(queue, while_there_are_several_principals_none_fills_a_batch)
{
    const struct lane_batch most = {.calls = 8, .calls_each = 2, .operations = MOST};
    struct operation *taken[MOST];
    for (uint32_t i = 0; i < 20; i++)
        push_as(1, i);
    cr_assert_eq(queue_take(&queue, taken, most), 20, "alone");
    for (uint32_t i = 0; i < 20; i++)
        push_as(1, i);
    push_as(2, 1);
    cr_assert_eq(queue_take(&queue, taken, most), 3, "two of one, and that of the other");
    cr_assert_eq(queue_take(&queue, taken, most), 2, "the other one may come back");
}

Test(queue, what_expires_or_fails_is_of_any_principal)
{
    for (uint32_t of = 1; of <= 50; of++)
        push_as(of, of)->call->deadline_ns = of % 2 == 0 ? 10 : 1000;
    queue_expire(&queue, 10);
    cr_assert_eq(failed[STATUS_DEADLINE_EXCEEDED], 25);
    queue_close(&queue, 0, "Closed");
    cr_assert_eq(failed[STATUS_UNAVAILABLE], 25);
    cr_assert_eq(queue_begin_wait(&queue, 0), -1);
}

/* Two writes of one request are not made at once; of two principals they are two requests. */
Test(queue, a_request_id_is_its_principals)
{
    struct operation *taken[MOST], *writes[3];
    for (uint32_t i = 0; i < 3; i++) {
        principal = i == 2 ? 2 : 1;
        writes[i] = make(i, STATEMENT_UPDATE, (const char *[]){"A", "B", "C"}[i]);
        writes[i]->call->request_id = "same";
        writes[i]->request_hash = operation_request_hash(writes[i]);
        queue_push(&queue, writes[i]);
    }
    cr_assert_eq(queue_take(&queue, taken, most_of(MOST)), 2);
    cr_assert_eq(count_of(2, taken, 2), 1);
}

/* --- lists --- */

enum { LARGE = 1001, SMALL = 101 }; /* rows: one more than is answered */

static struct operation *push_list(uint32_t of, uint32_t caller, uint64_t rows)
{
    principal = of;
    struct operation *operation = push(caller, STATEMENT_LIST, "");
    operation->rows = rows;
    return operation;
}

/* As its lane takes them. */
static size_t take_scans(struct operation *taken[])
{
    return queue_take(&queue, taken, lane_batch(LANE_SCAN));
}

static uint64_t rows_of(uint32_t caller, struct operation *const taken[], size_t n)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < n; i++)
        rows += taken[i]->call->caller == caller ? taken[i]->rows : 0;
    return rows;
}

Test(queue, lists_share_a_batch_as_long_as_they_are_small)
{
    struct operation *taken[MOST];
    for (int i = 0; i < 20; i++)
        push_list(1, 1, SMALL);
    cr_assert_eq(take_scans(taken), 16);
    cr_assert_eq(take_scans(taken), 4);
    push_list(1, 1, LARGE);
    push_list(1, 1, LARGE);
    push_list(1, 1, SMALL);
    cr_assert_eq(take_scans(taken), 1);
    cr_assert_eq(take_scans(taken), 2, "in their order");
}

/* Rows that it passes over cost as much. */
Test(queue, a_list_may_be_larger_than_a_batch)
{
    struct operation *taken[MOST];
    push_list(1, 1, UINT64_MAX);
    push_list(1, 1, 1);
    cr_assert_eq(take_scans(taken), 1);
    cr_assert_eq(take_scans(taken), 1);
}

Test(queue, a_lone_list_waits_for_one_large_page)
{
    struct operation *taken[MOST];
    for (int i = 0; i < 40; i++)
        push_list(1, 1, LARGE);
    cr_assert_eq(take_scans(taken), 1);
    const struct operation *lone = push_list(1, 2, SMALL);
    const struct operation *summary = push(3, STATEMENT_SUMMARY, "");
    const size_t n = take_scans(taken);
    bool has_lone = false, has_summary = false;
    for (size_t i = 0; i < n; i++) {
        has_lone |= taken[i] == lone;
        has_summary |= taken[i] == summary;
    }
    cr_assert(has_lone && has_summary);
    cr_assert_leq(rows_of(1, taken, n), LARGE);
}

/* What four ask is in large pages of one, and in small ones of the others; be they connections or principals.
 */
static void expect_equal_rows(bool are_principals)
{
    enum { CALLERS = 4, TAKES = 60 };
    struct operation *taken[MOST];
    uint64_t rows[CALLERS + 1] = {0};
    for (uint32_t caller = 1; caller <= CALLERS; caller++) {
        for (int i = 0; i < (caller == 1 ? 100 : 1000); i++)
            push_list(are_principals ? caller : 1, caller, caller == 1 ? LARGE : SMALL);
    }
    for (int take = 0; take < TAKES; take++) { /* before they are hashed anew */
        const size_t n = take_scans(taken);
        for (uint32_t caller = 1; caller <= CALLERS; caller++)
            rows[caller] += rows_of(caller, taken, n);
    }
    for (uint32_t caller = 2; caller <= CALLERS; caller++)
        cr_expect(rows[1] < rows[caller] * 5 / 4 && rows[1] > rows[caller] * 3 / 4, "%lu and %lu", rows[1],
                  rows[caller]);
}

Test(queue, large_pages_are_no_larger_share_for_a_connection)
{
    expect_equal_rows(false);
}

Test(queue, large_pages_are_no_larger_share_for_a_principal)
{
    expect_equal_rows(true);
}

/* --- what takes long --- */

enum { SORT_MS = 200, SEARCH_MS = 40 };

/* A batch of the long lane, whose worker charges what it took. Returns whose it was. */
static uint32_t run_long(void)
{
    struct operation *taken[MOST];
    const size_t n = queue_take(&queue, taken, lane_batch(LANE_LONG));
    cr_assert_eq(n, 1);
    const struct queue_taken of = queue_taken_of(taken[0]);
    const uint64_t took_ms = taken[0]->statement == &statements[STATEMENT_FIND] ? SEARCH_MS : SORT_MS;
    if (lane_batch(LANE_LONG).is_timed) /* as a worker does */
        queue_charge(&queue, &of, n, took_ms * 1000000);
    return of.caller;
}

/* What a statement may read says nothing of what it does read: counts by status have no number of rows, and a
 * search that fills its page at once may look at 20,000. */
static void push_search(uint32_t of, uint32_t caller)
{
    principal = of;
    push(caller, STATEMENT_FIND, "")->rows = 20000;
}

static void push_sort(uint32_t of, uint32_t caller)
{
    principal = of;
    push(caller, STATEMENT_STATISTICS_BY_STATUS, "");
}

/* One keeps 120 of them under way and the other asks again once it is answered. */
static void expect_served_soon(bool are_principals)
{
    enum { ROUNDS = 40, HEAVY = 1, LIGHT = 2 };
    unsigned waited_for = 0;
    for (int i = 0; i < 120; i++)
        push_sort(1, HEAVY);
    push_search(are_principals ? 2 : 1, LIGHT);
    for (int round = 0; round < ROUNDS;) {
        if (run_long() == HEAVY) {
            cr_assert_leq(++waited_for, 2, "in round %d", round);
            push_sort(1, HEAVY);
        } else {
            waited_for = 0;
            round++;
            push_search(are_principals ? 2 : 1, LIGHT);
        }
    }
}

Test(queue, a_search_waits_for_few_of_another_principals_sorts)
{
    expect_served_soon(true);
}

Test(queue, a_search_waits_for_few_of_another_connections_sorts)
{
    expect_served_soon(false);
}

Test(queue, those_who_always_ask_have_as_much_time_each)
{
    enum { TAKES = 60 };
    unsigned ms[3] = {0};
    for (int i = 0; i < 2 * TAKES; i++) {
        push_sort(1, 1);
        push_search(2, 2);
    }
    for (int take = 0; take < TAKES; take++) { /* before they are hashed anew */
        const uint32_t whose = run_long();
        ms[whose] += whose == 1 ? SORT_MS : SEARCH_MS;
    }
    cr_expect(ms[1] < ms[2] * 5 / 4 && ms[1] > ms[2] * 3 / 4, "%u and %u", ms[1], ms[2]);
}

/* --- what found a lock --- */

static struct queue aside;

static void open_aside(void)
{
    cr_assert(queue_init_aside(&aside, 1));
    queue_open(&aside, 0);
    queue.aside = &aside;
}

/* Takes one operation of a queue. */
static struct operation *take_one(struct queue *from)
{
    struct operation *taken[MOST];
    return queue_take(from, taken, most_of(1)) == 1 ? taken[0] : NULL;
}

/* Its worker is done with it. */
static void release(struct operation *operation)
{
    const struct queue_taken taken = queue_taken_of(operation);
    queue_release(&aside, &taken, 1);
}

Test(queue, writes_of_one_order_stay_behind_one_that_was_set_aside)
{
    open_aside();
    struct operation *first = push(1, STATEMENT_UPDATE, "A");
    cr_assert_eq(take_one(&queue), first);
    struct operation *second = push(1, STATEMENT_UPDATE, "A"), *other = push(1, STATEMENT_UPDATE, "B");
    queue_set_aside(&queue, first);
    cr_assert_eq(take_one(&queue), other);
    cr_assert_null(take_one(&queue), "the second has followed the first");
    cr_assert_eq(take_one(&aside), first);
    struct operation *third = push(1, STATEMENT_UPDATE, "A");
    cr_assert_null(take_one(&queue), "the first is under way");
    release(first);
    cr_assert_eq(take_one(&aside), second);
    release(second);
    cr_assert_eq(take_one(&aside), third);
    release(third);
    struct operation *fourth = push(1, STATEMENT_UPDATE, "A");
    cr_assert_eq(take_one(&queue), fourth, "nothing of the order is aside any more");
    queue_destroy(&aside);
}

/* Waits, as its worker does, until there is something to take. */
static size_t take_aside(struct operation *taken[], size_t most)
{
    for (;;) {
        const size_t n = queue_take(&aside, taken, most_of(most));
        if (n > 0)
            return n;
        const int most_ms = queue_begin_wait(&aside, 0);
        cr_assert(most_ms >= 0 && most_ms <= LOCKED_RETRY_MOST_MS + 1, "%d", most_ms);
        poll(NULL, 0, most_ms);
        queue_end_wait(&aside, 0);
    }
}

static void put_back(struct operation *operation)
{
    queue_put_back(&aside, operation);
    release(operation);
}

Test(queue, what_was_put_back_is_tried_again_after_all_others)
{
    open_aside();
    for (int i = 0; i < 3; i++) {
        push(1, STATEMENT_UPDATE, (const char *[]){"A", "B", "C"}[i]);
        queue_set_aside(&queue, take_one(&queue));
    }
    struct operation *behind = push(1, STATEMENT_UPDATE, "A");
    cr_assert_null(take_one(&queue), "it has followed the first");
    struct operation *taken[MOST];
    for (size_t i = 0; i < 12; i++) {
        take_aside(taken, 1);
        cr_assert_eq(taken[0], &operations[i % 3], "the %zuth", i);
        put_back(taken[0]);
    }
    for (size_t i = 0; i < 3; i++) {
        take_aside(taken, 1);
        cr_assert_neq(taken[0], behind);
        release(taken[0]);
    }
    take_aside(taken, 1);
    cr_assert_eq(taken[0], behind);
    queue_destroy(&aside);
}

/* So many of one caller that a batch cannot keep all in mind. */
Test(queue, however_many_stay_locked_each_is_tried)
{
    enum { LOCKED = 4000, BATCH = 256, BATCHES = 3 * LOCKED / BATCH };
    struct operation *taken[MOST];
    bool tried[LOCKED] = {false};
    size_t n_tried = 0;
    open_aside();
    for (uint32_t i = 0; i < LOCKED; i++) {
        char id[16];
        snprintf(id, sizeof id, "%u", i);
        make(1, STATEMENT_UPDATE, id)->request_hash = 2 * i + 1;
        queue_set_aside(&queue, &operations[i]);
    }
    for (int batch = 0; batch < BATCHES; batch++) {
        const size_t n = take_aside(taken, BATCH);
        for (size_t i = 0; i < n; i++) {
            bool *is_tried = &tried[taken[i] - operations];
            n_tried += !*is_tried;
            *is_tried = true;
            put_back(taken[i]);
        }
    }
    cr_assert_eq(n_tried, LOCKED);
    queue_destroy(&aside);
}

Test(queue, what_expires_aside_leaves_its_order_free)
{
    open_aside();
    struct operation *late = push(1, STATEMENT_UPDATE, "A");
    queue_set_aside(&queue, take_one(&queue));
    late->call->deadline_ns = 10;
    queue_expire(&aside, 10);
    cr_assert_eq(failed[STATUS_DEADLINE_EXCEEDED], 1);
    struct operation *next = push(1, STATEMENT_UPDATE, "A");
    cr_assert_eq(take_one(&queue), next);
    queue_destroy(&aside);
}

/* --- who is told that there is work --- */

static bool is_woken(void)
{
    struct pollfd event = {.fd = queue_event(&queue, 0), .events = POLLIN};
    return poll(&event, 1, 0) == 1;
}

Test(queue, one_that_waits_is_woken_once)
{
    cr_assert_eq(queue_begin_wait(&queue, 0), -1);
    cr_assert_not(is_woken());
    push(1, STATEMENT_GET, "A");
    cr_assert(is_woken());
    queue_end_wait(&queue, 0);
    cr_assert_not(is_woken());
    push(1, STATEMENT_GET, "B");
    cr_assert_not(is_woken(), "it does not wait");
    expect_callers(MOST, "11");
}

Test(queue, one_that_has_something_to_take_does_not_wait)
{
    push(1, STATEMENT_GET, "A");
    cr_assert_eq(queue_begin_wait(&queue, 0), 0);
    expect_callers(MOST, "1");
    cr_assert_eq(queue_begin_wait(&queue, 0), -1);
}

/* --- what ends the process rather than go on --- */

Test(queue, an_operation_is_finished_once, .signal = SIGABRT)
{
    struct operation *operation = make(1, STATEMENT_GET, "A");
    operation_fail(operation, STATUS_UNAVAILABLE, "");
    operation_fail(operation, STATUS_UNAVAILABLE, "");
}

Test(queue, nothing_is_set_aside_without_a_queue_for_it, .signal = SIGABRT)
{
    push(1, STATEMENT_UPDATE, "A");
    queue_set_aside(&queue, take_one(&queue));
}

Test(queue, a_batch_is_begun_when_the_last_is_done, .signal = SIGABRT)
{
    static struct store_metrics metrics;
    static struct batch batch;
    store_metrics_init(&metrics, NULL);
    batch_init(&batch, LANE_GET, &metrics, (struct statement_log){0});
    batch.operations[0] = make(1, STATEMENT_GET, "A");
    batch.operations[0]->call->deadline_ns = UINT64_MAX;
    batch_plan(&batch, 1);
    batch_plan(&batch, 0);
}
