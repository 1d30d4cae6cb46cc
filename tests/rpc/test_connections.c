/* test_connections.c: who may have how much in hand, and whose connection is to go. */
#include "rpc/connections.h"

#include "base/time.h"

#include <criterion/criterion.h>

enum { IDS = 64, CALLS = 512 };

static struct connections *connections;
static struct admission *admission;
static struct admission_entry entries[IDS][CALLS]; /* by their connections' ids; first in, first out */
static unsigned n_entries[IDS], n_answered[IDS], n_taken[IDS];
static struct budget memory;

static void make(uint64_t idle_ns)
{
    const struct admission_limits calls = {.calls = 8, .further = 32, .memory = &memory};
    memory = (struct budget){.limit = 1000};
    admission_free(admission);
    admission = admission_new(&calls, (struct admission_gauges){NULL}, NULL);
    const struct connections_limits limits = {
        .unsent = 6, .admission = admission, .memory = &memory, .connections = 4, .idle_ns = idle_ns};
    connections_free(connections);
    connections = connections_new(&limits, (struct connections_gauges){NULL});
}

static void set_up(void)
{
    make(100);
}

/* Where nobody is closed for silence alone. */
static void set_up_patient(void)
{
    make(UINT64_MAX);
}

static void tear_down(void)
{
    connections_free(connections);
    admission_free(admission);
}

TestSuite(connections, .init = set_up, .fini = tear_down);

static bool enter_admission(uint32_t id, size_t bytes)
{
    static const struct principal principal = {.name = "one"};
    uint64_t wait_ns;
    const struct admission_request request = {
        .caller = connections_enter(connections, id), .principal = &principal, .bytes = bytes};
    return admission_enter(admission, &request, &entries[id][n_entries[id]++], &wait_ns) == ADMISSION_OK;
}

static unsigned enter(uint32_t id, unsigned calls, size_t bytes)
{
    unsigned admitted = 0;
    for (unsigned i = 0; i < calls; i++)
        admitted += enter_admission(id, bytes);
    return admitted;
}

static uint32_t answer_as(uint32_t id, size_t call_bytes, size_t reply_bytes, enum connections_access access,
                          uint64_t now_ns)
{
    admission_answer(admission, &entries[id][n_answered[id]++], call_bytes, reply_bytes);
    return connections_answer(connections, id, access, now_ns);
}

static bool take(uint32_t id, size_t bytes, uint64_t now_ns)
{
    admission_leave(admission, &entries[id][n_taken[id]++], bytes);
    return connections_leave(connections, id, now_ns);
}

static void abandon(uint32_t id, size_t bytes, uint64_t now_ns)
{
    admission_answer(admission, &entries[id][n_answered[id]++], bytes, 0);
    admission_leave(admission, &entries[id][n_taken[id]++], 0);
    connections_abandon(connections, id, now_ns);
}

static uint32_t answer(uint32_t id, size_t bytes, uint64_t now_ns)
{
    return answer_as(id, bytes, bytes, CONNECTIONS_BY_KEY, now_ns);
}

/* It is answered, and the answer is taken at once. */
static void leave(uint32_t id, size_t bytes, uint64_t now_ns)
{
    cr_assert_eq(answer(id, bytes, now_ns), 0);
    cr_assert_not(take(id, bytes, now_ns));
}

static uint64_t at_ms(uint64_t ms)
{
    return ms * NS_PER_MS;
}

/* As when it was read before somebody else had the lock. */
Test(connections, a_clock_that_is_behind_makes_nobody_silent)
{
    uint32_t ids[4];
    connections_add(connections, 1, CONNECTION_CLIENT, 1000);
    cr_assert_eq(connections_take_idle(connections, 999, ids, 4), 0);
    connections_drain(connections);
    cr_assert_eq(connections_take_idle(connections, 999, ids, 4), 0);
}

Test(connections, the_one_that_is_silent_longest_makes_room)
{
    for (uint32_t id = 1; id <= 4; id++)
        cr_assert_eq(connections_add(connections, id, CONNECTION_CLIENT, id), 0);
    enter(1, 1, 1);
    cr_assert_eq(connections_add(connections, 5, CONNECTION_CLIENT, 5), 2, "as 1 waits for an answer");
    connections_remove(connections, 2);
    leave(1, 1, 6);
    cr_assert_eq(connections_add(connections, 6, CONNECTION_CLIENT, 7), 3);
    connections_remove(connections, 3);
    enter(1, 1, 1);
    enter(4, 1, 1);
    enter(5, 1, 1);
    enter(6, 1, 1);
    cr_assert_eq(connections_add(connections, 7, CONNECTION_CLIENT, 8), 7, "all others wait for answers");
}

Test(connections, one_that_takes_no_replies_makes_room_when_nobody_is_silent)
{
    for (uint32_t id = 1; id <= 4; id++) {
        connections_add(connections, id, CONNECTION_CLIENT, id);
        enter(id, 1, 1);
    }
    cr_assert_eq(answer(3, 1, 10), 0);
    cr_assert_eq(answer(2, 1, 11), 0);
    cr_assert_eq(connections_add(connections, 5, CONNECTION_CLIENT, 12), 3);
    take(3, 1, 13);
    connections_remove(connections, 3);
    cr_assert_eq(connections_add(connections, 6, CONNECTION_CLIENT, 14), 5, "who is silent goes first");
    connections_remove(connections, 5);
    enter(6, 1, 1);
    cr_assert_eq(connections_add(connections, 7, CONNECTION_CLIENT, 15), 2);
    take(2, 1, 16);
    connections_remove(connections, 2);
    enter(7, 1, 1);
    cr_assert_eq(connections_add(connections, 8, CONNECTION_CLIENT, 17), 8, "all others wait for answers");
}

/* As HTTP answers are, from the same budget. */
Test(connections, what_others_are_refused_makes_one_go_that_takes_no_replies)
{
    const uint64_t stalled_ns = 1000 * NS_PER_MS;
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    connections_add(connections, 2, CONNECTION_CLIENT, 0);
    enter(1, 1, 600);
    cr_assert_eq(answer(1, 600, 1), 0);
    enter(2, 1, 1);
    leave(2, 1, stalled_ns + 1);
    cr_assert_not(budget_take(&memory, 500));
    enter(2, 1, 1);
    cr_assert_eq(answer(2, 1, stalled_ns + 2), 1);
    cr_assert_not(budget_is_wanted(&memory));
}

/* Those with little to take, however long they have taken nothing, are not closed for want of what another
 * holds; and while only they are behind, the want stays for who can meet it. */
Test(connections, who_holds_no_memory_to_speak_of_makes_no_room)
{
    const uint64_t stalled_ns = 1000 * NS_PER_MS;
    set_up_patient();
    for (uint32_t id = 1; id <= 4; id++) {
        connections_add(connections, id, CONNECTION_CLIENT, 0);
        enter(id, 1, 1);
    }
    for (uint32_t id = 1; id <= 2; id++)
        cr_assert_eq(answer_as(id, 1, 60, CONNECTIONS_BY_KEY, 1), 0);
    cr_assert_eq(answer_as(3, 1, 600, CONNECTIONS_BY_KEY, 2), 0);
    cr_assert_not(budget_take(&memory, 500));
    cr_assert_eq(answer(4, 1, stalled_ns + 1), 0, "3 has taken none for less than the time");
    cr_assert(budget_is_wanted(&memory));
    enter(4, 1, 1);
    cr_assert_eq(answer(4, 1, stalled_ns + stalled_ns / 2), 3);
    cr_assert_not(budget_is_wanted(&memory));
    take(3, 600, 2 * stalled_ns);
    connections_remove(connections, 3);

    budget_want(&memory);
    enter(4, 1, 1);
    cr_assert_eq(answer(4, 1, 2 * stalled_ns), 0);
    cr_assert(budget_is_wanted(&memory));
}

/* Nobody of RPC needs to be answered meanwhile. */
Test(connections, what_others_want_is_seen_to_now_and_then)
{
    const uint64_t stalled_ns = 1000 * NS_PER_MS;
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 1, 600);
    cr_assert_eq(answer(1, 600, 1), 0);
    cr_assert_eq(connections_make_room(connections, 2 * stalled_ns), 0, "nobody wants any");
    cr_assert_not(budget_take(&memory, 500));
    cr_assert_eq(connections_make_room(connections, stalled_ns), 0, "it may be about to take it");
    cr_assert_eq(connections_make_room(connections, stalled_ns + 1), 1);
    cr_assert_not(budget_is_wanted(&memory));
}

/* Nor does it meet a want of memory that one is closed for the number of its replies. */
Test(connections, too_many_replies_meet_no_want_of_memory)
{
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 7, 1);
    budget_want(&memory);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(answer(1, 1, at_ms(1)), 0);
    cr_assert_eq(answer(1, 1, at_ms(1)), 1);
    cr_assert(budget_is_wanted(&memory));
}

/* It is silent for longest, and one more than the limit. */
Test(connections, a_probe_takes_no_place_and_is_served)
{
    cr_assert_eq(connections_add(connections, 1, CONNECTION_PROBE, 0), 0);
    for (uint32_t id = 2; id <= 5; id++)
        cr_assert_eq(connections_add(connections, id, CONNECTION_CLIENT, id), 0);
    cr_assert_eq(connections_add(connections, 6, CONNECTION_PROBE, 6), 0);
    cr_assert_eq(connections_add(connections, 7, CONNECTION_CLIENT, 7), 2);
    cr_assert_eq(enter(1, 1, 1), 1);
    leave(1, 1, 8);
    uint32_t ids[4];
    cr_assert_eq(connections_take_idle(connections, 106, ids, 4), 4, "as silent as a client");
    cr_assert_eq(ids[3], 6);
}

Test(connections, silence_has_an_end)
{
    uint32_t ids[4];
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    connections_add(connections, 2, CONNECTION_CLIENT, 50);
    connections_add(connections, 3, CONNECTION_CLIENT, 60);
    enter(3, 1, 1);
    cr_assert_eq(connections_take_idle(connections, 99, ids, 4), 0);
    cr_assert_eq(connections_take_idle(connections, 100, ids, 4), 1);
    cr_assert_eq(ids[0], 1);
    cr_assert_eq(connections_take_idle(connections, 1000, ids, 4), 1, "3 waits for an answer");
    cr_assert_eq(ids[0], 2);
    leave(3, 1, 1000);
    cr_assert_eq(connections_take_idle(connections, 1099, ids, 4), 0);
    cr_assert_eq(connections_take_idle(connections, 1100, ids, 4), 1);
    enter(3, 1, 1); /* it was taken, and asks before it is closed */
    leave(3, 1, 1200);
    cr_assert_eq(connections_take_idle(connections, 2000, ids, 4), 1);
}

Test(connections, a_call_outlives_its_connection)
{
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 2, 1);
    connections_remove(connections, 1);
    leave(1, 1, 0);
    leave(1, 1, 0);
    cr_assert_eq(enter(1, 1, 1), 0, "a connection that is not there has no share");
    leave(1, 1, 0);
    connections_add(connections, 2, CONNECTION_CLIENT, 0);
    cr_assert_eq(enter(2, 9, 1), 8, "nothing was left counted");
}

Test(connections, draining_ends_with_the_last_call)
{
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 1, 1);
    connections_drain(connections);
    cr_assert_not(connections_await_idle(connections, 1));
    leave(1, 1, 0);
    cr_assert(connections_await_idle(connections, 1000));
}

/* The one, at most, that is to be closed then. */
static uint32_t taken_at(uint64_t now_ms)
{
    uint32_t ids[4];
    const size_t n = connections_take_idle(connections, at_ms(now_ms), ids, 4);
    cr_assert_leq(n, 1);
    return n == 1 ? ids[0] : 0;
}

Test(connections, draining_closes_each_when_its_last_answer_has_arrived)
{
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    connections_add(connections, 2, CONNECTION_CLIENT, 0);
    enter(1, 2, 1);
    connections_drain(connections);
    cr_assert_eq(taken_at(1000), 2);
    leave(1, 1, at_ms(1000));
    cr_assert_eq(taken_at(5000), 0, "there is another call");
    leave(1, 1, at_ms(5000));
    cr_assert_eq(taken_at(5099), 0, "its answer is on the way");
    enter(1, 1, 1);
    abandon(1, 1, at_ms(5099));
    cr_assert_eq(taken_at(5100), 1, "what it asked is no answer");
}

Test(connections, draining_closes_one_that_waits_in_vain_before_its_calls_end)
{
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 2, 1);
    connections_drain(connections);
    abandon(1, 1, at_ms(1000));
    enter(1, 1, 1);
    abandon(1, 1, at_ms(1500));
    cr_assert_eq(taken_at(1999), 0);
    cr_assert_eq(taken_at(2000), 1);
    connections_remove(connections, 1);
    cr_assert_eq(taken_at(9000), 0);
}

/* A second after it took the last answer, if it takes them. */
Test(connections, draining_lets_one_that_reads_have_its_answers)
{
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 4, 1);
    connections_drain(connections);
    abandon(1, 1, at_ms(1000));
    leave(1, 1, at_ms(1900));
    cr_assert_eq(taken_at(2000), 0);
    leave(1, 1, at_ms(2800));
    cr_assert_eq(taken_at(3799), 0);
    cr_assert_eq(taken_at(3800), 1);
}

/* Six are. */
Test(connections, replies_are_bounded)
{
    set_up_patient();
    for (uint32_t id = 1; id <= 3; id++) {
        connections_add(connections, id, CONNECTION_CLIENT, 0);
        enter(id, 4, 1);
    }
    for (int i = 0; i < 2; i++) {
        for (uint32_t id = 1; id <= 3; id++)
            cr_assert_eq(answer(id, 1, id), 0);
    }
    take(1, 1, 10);
    cr_assert_eq(answer(1, 1, 11), 0, "as one was taken");
    cr_assert_eq(answer(3, 1, 12), 2, "which has taken none since 2");
    cr_assert_eq(answer(3, 1, 13), 3, "2 was named");
    cr_assert_eq(answer(2, 1, 14), 1);
    cr_assert_eq(answer(1, 1, 15), 0, "all were");
}

/* It is the taking of one that counts, not the having of many, or of some for long. */
Test(connections, who_takes_replies_stays)
{
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    connections_add(connections, 2, CONNECTION_CLIENT, 0);
    enter(1, 8, 1);
    enter(2, 2, 1);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(answer(1, 1, 1), 0);
    cr_assert_eq(answer(2, 1, 2), 0);
    take(1, 1, 3);
    cr_assert_eq(answer(1, 1, 4), 0);
    cr_assert_eq(answer(1, 1, 5), 2);
}

Test(connections, replies_take_memory_until_they_are_taken)
{
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    connections_add(connections, 2, CONNECTION_CLIENT, 0);
    cr_assert_eq(enter(1, 2, 1), 2);
    cr_assert_eq(answer_as(1, 1, 900, CONNECTIONS_BY_KEY, at_ms(1)), 0);
    cr_assert_eq(enter(2, 1, 600), 0);
    cr_assert_eq(answer(2, 600, at_ms(1000)), 0, "1 may be about to take it");
    take(2, 600, at_ms(1000));
    cr_assert_eq(enter(2, 1, 600), 0);
    cr_assert_eq(answer(2, 600, at_ms(1001)), 1, "for its 900");
    take(2, 600, at_ms(1001));
    take(1, 900, at_ms(1001));
    cr_assert_eq(enter(2, 1, 900), 1);
}

Test(connections, draining_closes_one_that_takes_no_replies)
{
    set_up_patient();
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 2, 1);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(answer(1, 1, at_ms(1000)), 0);
    connections_drain(connections);
    cr_assert_eq(taken_at(1999), 0);
    cr_assert_not(take(1, 1, at_ms(1999)));
    cr_assert_eq(taken_at(2998), 0, "it takes them");
    cr_assert_eq(taken_at(2999), 1);
}

/* Eight times. What was asked by right begins it anew. */
Test(connections, who_asks_without_a_right_is_to_go)
{
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    for (int i = 0; i < 7; i++) {
        enter(1, 1, 1);
        cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_BY_NONE, 0), 0);
        cr_assert_not(take(1, 1, 0));
    }
    enter(1, 1, 1);
    leave(1, 1, 0);
    enter(1, 8, 1);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_BY_NONE, 0), 0);
    for (int i = 0; i < 5; i++)
        cr_assert_not(take(1, 1, 0));
    for (int i = 0; i < 2; i++)
        cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_BY_NONE, 0), 0);
    for (int i = 0; i < 2; i++)
        cr_assert_not(take(1, 1, 0), "it has yet to take one");
    cr_assert(take(1, 1, 0));
}

/* Asks once without a right. Whether the connection is to be closed. */
static bool ask_without_right(uint64_t now_ns)
{
    enter(1, 1, 1);
    cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_BY_NONE, now_ns), 0);
    return take(1, 1, now_ns);
}

/* Its key was rotated: it has ten seconds to present another. */
Test(connections, a_front_end_stays_one_for_a_while)
{
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    enter(1, 1, 1);
    cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_BY_FORWARDER, at_ms(1)), 0);
    cr_assert_not(take(1, 1, at_ms(1)));
    for (int i = 0; i < 100; i++)
        cr_assert_not(ask_without_right(at_ms(10000)));
    for (int i = 0; i < 7; i++)
        cr_assert_not(ask_without_right(at_ms(10001)));
    cr_assert(ask_without_right(at_ms(10001)));
}

/* Asks once for what wants no key. Whether the connection is to be closed. */
static bool ask_without_key(uint64_t now_ns)
{
    enter(1, 1, 1);
    cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_BY_ALL, now_ns), 0);
    return take(1, 1, now_ns);
}

/* Thirty-two calls a second, and as many more as may be made without a right. */
Test(connections, who_asks_without_a_key_all_the_time_is_to_go)
{
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    for (uint64_t second = 1; second <= 10; second++) {
        for (int i = 0; i < 32; i++)
            cr_assert_not(ask_without_key(at_ms(1000 * second)));
    }
    for (int i = 0; i < 7; i++)
        cr_assert_not(ask_without_key(at_ms(10999)));
    cr_assert(ask_without_key(at_ms(10999)));
}

Test(connections, who_speaks_another_protocol_is_to_go_at_once)
{
    connections_add(connections, 1, CONNECTION_CLIENT, 0);
    cr_assert_eq(enter(1, 2, 1), 2);
    cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_NO_CALL, 0), 0);
    cr_assert_not(take(1, 1, 0), "it has a call in hand");
    cr_assert_eq(enter(1, 1, 1), 1);
    cr_assert_eq(answer_as(1, 1, 1, CONNECTIONS_NO_CALL, 0), 0);
    cr_assert(take(1, 1, 0), "it goes on, and never has none");
}
