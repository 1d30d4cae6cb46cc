/* test_key_queue.c: who is answered when, of those who ask for keys. No database. */
#include "store/key_queue.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <string.h>

enum { CALLERS = 64 };

static struct key_queue queue;
static struct caller {
    struct call call;
    unsigned answers;
} callers[CALLERS];
static size_t n_callers;

static void done(const struct stored_key *keys, size_t n, void *closure_data)
{
    struct caller *caller = closure_data;
    cr_assert(keys == NULL && n == 0);
    caller->answers++;
}

static void set_up(void)
{
    key_queue_init(&queue);
    key_queue_open(&queue);
}

static void tear_down(void)
{
    key_queue_close(&queue, "It is closed");
    key_queue_destroy(&queue);
    for (size_t i = 0; i < n_callers; i++) {
        cr_expect_eq(callers[i].answers, 1, "%zu", i);
        arena_free(&callers[i].call.arena);
    }
}

TestSuite(key_queue, .init = set_up, .fini = tear_down);

/* One that is to be answered by a time. */
static struct caller *ask(uint32_t principal, uint64_t deadline_ns)
{
    struct caller *caller = &callers[n_callers++];
    arena_init(&caller->call.arena);
    caller->call.principal_hash = principal;
    caller->call.deadline_ns = deadline_ns;
    caller->call.status = STATUS_INIT;
    const struct key_operation operation = {.statement = &key_revoke,
                                            .params = {"billing"},
                                            .call = &caller->call,
                                            .done = done,
                                            .closure_data = caller};
    key_queue_push(&queue, &operation);
    return caller;
}

static void expect_answer(const struct caller *caller, enum status_code code)
{
    cr_expect_eq(caller->answers, 1);
    cr_expect_eq(caller->call.status.code, code, "%s", caller->call.status.message);
}

static size_t count_waiting(void)
{
    size_t n = 0;
    for (const struct key_operation *each = queue.first; each != NULL; each = each->next)
        n++;
    return n;
}

/* What one is told is no want of room. */
Test(key_queue, one_principal_has_few_that_wait)
{
    for (int i = 0; i < KEY_QUEUE_EACH; i++)
        cr_assert_eq(ask(1, UINT64_MAX)->answers, 0);
    const struct caller *refused = ask(1, UINT64_MAX);
    expect_answer(refused, STATUS_RESOURCE_EXHAUSTED);
    cr_assert_not_null(refused->call.status.limit);
    cr_assert_eq(ask(2, UINT64_MAX)->answers, 0, "it is another's");
    cr_assert_eq(count_waiting(), KEY_QUEUE_EACH + 1);
    struct key_operation *first = key_queue_take(&queue);
    cr_assert_eq(ask(1, UINT64_MAX)->answers, 0, "one was taken");
    key_queue_end(&queue, first, NULL);
}

/* One is under way, as whoever does it cannot be told. */
Test(key_queue, what_is_late_waits_no_longer)
{
    const struct caller *taken = ask(1, 1), *kept, *late[4];
    struct key_operation *current = key_queue_take(&queue);
    late[0] = ask(1, 1);
    late[1] = ask(2, 1);
    kept = ask(1, 3);
    late[2] = ask(1, 1);
    late[3] = ask(1, 1);
    key_queue_expire(&queue, 2);
    expect_answer(taken, STATUS_DEADLINE_EXCEEDED);
    for (int i = 0; i < 4; i++)
        expect_answer(late[i], STATUS_DEADLINE_EXCEEDED);
    cr_assert_eq(kept->answers, 0);
    cr_assert_eq(count_waiting(), 1);
    ask(1, UINT64_MAX); /* comes behind what is left */
    cr_assert_eq(count_waiting(), 2);
    key_queue_again(&queue, current); /* nobody waits for it */
    cr_assert_eq(count_waiting(), 2);
}

static enum status_code refuse(const struct call *call, const char **why)
{
    (void)call;
    *why = "API key was revoked";
    return STATUS_PERMISSION_DENIED;
}

Test(key_queue, what_its_caller_may_no_longer_ask_for_is_not_begun)
{
    struct caller *revoked = ask(1, UINT64_MAX), *young = ask(1, UINT64_MAX);
    revoked->call.recheck = young->call.recheck = refuse;
    young->call.start_ns = UINT64_MAX / 2; /* it did not wait */
    struct key_operation *taken = key_queue_take(&queue);
    expect_answer(revoked, STATUS_PERMISSION_DENIED);
    cr_assert_str_eq(revoked->call.status.message, "API key was revoked");
    cr_assert_eq(taken->call, &young->call);
    young->call.start_ns = 0;
    key_queue_again(&queue, taken);
    cr_assert_null(key_queue_take(&queue));
    expect_answer(young, STATUS_PERMISSION_DENIED);
}
