/* test_bad_servers.c: liborders-client against servers that answer what no server should: the call ends with
 * a status in its time, and the client is as good as before for the next. */
#include "client/orders-client.h"

#include "base/time.h"
#include "support/rpc_peer.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(bad_servers, .timeout = 60);

enum { SHORT_MS = 300, LONG_MS = 30000 };

static struct rpc_peer peer;
static struct orders_client *client;

/* A call under way. */
static struct under_way {
    sem_t ended;
    Rpc__V1__Code code;
    char why[256];
    char order_id[16]; /* of the order, when there is one */
} call;

static void end_call(Orders__V1__Order *order, struct orders_error *error, void *arg)
{
    (void)arg;
    call.code = error != NULL ? error->code : RPC__V1__CODE__OK;
    snprintf(call.why, sizeof call.why, "%s", error != NULL ? error->message : "");
    snprintf(call.order_id, sizeof call.order_id, "%s", order != NULL ? order->order_id : "");
    orders__v1__order__free_unpacked(order, NULL);
    orders_error_free(error);
    sem_post(&call.ended);
}

/* Begins one, and leaves it in the server's hand. */
static void begin_call(uint32_t timeout_ms)
{
    const struct orders_call options = {.timeout_ms = timeout_ms};
    orders_get_async(client, &options, "A-1", end_call, NULL);
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
}

static void take_again(void)
{
    rpc__v1__request__free_unpacked(rpc_peer_take(&peer), NULL);
}

static void expect_end(Rpc__V1__Code code)
{
    sem_wait(&call.ended);
    cr_assert_eq(call.code, code, "%s: %s", orders_code_name(call.code), call.why);
}

/* The order A-1. */
static const char good_answer[] = "\x7a\x05\x12\x03"
                                  "A-1";

static void answer_well(void)
{
    rpc_peer_answer_bytes(&peer, good_answer, sizeof good_answer - 1);
}

static void expect_order(void)
{
    expect_end(RPC__V1__CODE__OK);
    cr_assert_str_eq(call.order_id, "A-1");
}

static void expect_a_good_call(void)
{
    begin_call(LONG_MS);
    answer_well();
    expect_order();
}

static void set_up(void)
{
    sem_init(&call.ended, 0, 0);
    rpc_peer_open(&peer);
    const char *const servers[] = {peer.url, NULL};
    client = orders_client_open(&(struct orders_client_options){.servers = servers}, NULL);
    cr_assert_not_null(client);
}

static void tear_down(void)
{
    expect_a_good_call();
    orders_client_close(client);
    rpc_peer_close(&peer);
}

/* --- answers that are none --- */

#define BYTES(literal) (literal), sizeof(literal) - 1

static const struct bad_answer {
    const char *frame;
    size_t size;
    Rpc__V1__Code code;
    const char *why; /* a part of it */
} bad_answers[] = {
    {BYTES("\xff\xff\xff"), RPC__V1__CODE__INTERNAL, "rpc.v1.Response: it does not parse"},
    {BYTES("\x0b\x0c"), RPC__V1__CODE__INTERNAL, "rpc.v1.Response: it does not parse"},
    {BYTES("\x12\x02\xc3\x28"), RPC__V1__CODE__INTERNAL, "is not UTF-8"},
    {BYTES("\x08\x05\x12\x03"
           "a\0b"),
     RPC__V1__CODE__INTERNAL, "holds a NUL"},
    {BYTES("\x7a\x02\x0a\x05"), RPC__V1__CODE__INTERNAL, "orders.v1.Order: it does not parse"},
    {BYTES("\x7a\x03\x0a\x01x"), RPC__V1__CODE__INTERNAL, "orders.v1.Order: it does not parse"},
    {BYTES("\x7a\x08\x22\x02\x08\x01\x22\x02\x10\x05"), RPC__V1__CODE__INTERNAL,
     "orders.v1.Order.order_date comes twice"},
    {BYTES("\x08\x63\x12\x01?"), RPC__V1__CODE__UNKNOWN, "?"},
    {BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x01!"), RPC__V1__CODE__UNKNOWN, "!"},
    {BYTES("\x08\x05\x7a\x05\x12\x03"
           "A-2"),
     RPC__V1__CODE__NOT_FOUND, ""}, /* with an order */
};

Test(bad_servers, what_is_no_answer_is_said_so, .init = set_up, .fini = tear_down)
{
    for (size_t i = 0; i < sizeof bad_answers / sizeof bad_answers[0]; i++) {
        begin_call(LONG_MS);
        rpc_peer_answer_bytes(&peer, bad_answers[i].frame, bad_answers[i].size);
        expect_end(bad_answers[i].code);
        cr_assert_not_null(strstr(call.why, bad_answers[i].why), "%zu: %s", i, call.why);
    }
}

/* A field of two bytes takes a hundred in memory. */
Test(bad_servers, an_answer_takes_no_memory_out_of_proportion, .init = set_up, .fini = tear_down)
{
    enum { VIOLATIONS = 1 << 20 };
    char *frame = malloc(2 * VIOLATIONS);
    for (size_t i = 0; i < VIOLATIONS; i++)
        memcpy(frame + 2 * i, "\x1a", 2);
    begin_call(LONG_MS);
    rpc_peer_answer_bytes(&peer, frame, 2 * VIOLATIONS);
    expect_end(RPC__V1__CODE__INTERNAL);
    cr_assert_not_null(strstr(call.why, "too many fields"), "%s", call.why);
    free(frame);
}

Test(bad_servers, an_empty_answer_is_an_empty_order, .init = set_up, .fini = tear_down)
{
    begin_call(LONG_MS);
    rpc_peer_answer_bytes(&peer, "", 0);
    expect_end(RPC__V1__CODE__OK);
    cr_assert_str_eq(call.order_id, "");
}

/* --- messages that are none --- */

static void send_length(uint64_t length)
{
    length = htobe64(length);
    cr_assert_eq(send(peer.fd, &length, sizeof length, MSG_NOSIGNAL), (ssize_t)sizeof length);
}

/* The client closes such a connection, and sends the call again on another. */
static void expect_another_connection(void)
{
    char byte;
    cr_assert_leq(recv(peer.fd, &byte, 1, 0), 0, "it stays connected");
    rpc_peer_hang_up(&peer);
    take_again();
    answer_well();
    expect_order();
}

Test(bad_servers, a_length_beyond_reason_ends_the_connection, .init = set_up, .fini = tear_down)
{
    static const uint64_t lengths[] = {UINT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 32, (64 << 20) + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        begin_call(LONG_MS);
        send_length(lengths[i]);
        expect_another_connection();
    }
}

Test(bad_servers, a_message_without_a_number_ends_the_connection, .init = set_up, .fini = tear_down)
{
    begin_call(LONG_MS);
    send_length(3);
    send(peer.fd, "abc", 3, MSG_NOSIGNAL);
    expect_another_connection();
}

Test(bad_servers, one_that_leaves_within_a_message_is_asked_again, .init = set_up, .fini = tear_down)
{
    begin_call(LONG_MS);
    send(peer.fd, "\0\0\0", 3, MSG_NOSIGNAL); /* a part of the length */
    rpc_peer_hang_up(&peer);
    take_again();
    send_length(1000);
    rpc_peer_hang_up(&peer); /* before the body */
    take_again();
    send_length(1000);
    send(peer.fd, peer.request_header, sizeof peer.request_header, MSG_NOSIGNAL);
    rpc_peer_hang_up(&peer); /* within it */
    take_again();
    answer_well();
    expect_order();
}

/* As one does that has too many connections, again and again. */
Test(bad_servers, one_that_closes_is_asked_again, .init = set_up, .fini = tear_down)
{
    enum { CLOSINGS = 12 };
    begin_call(LONG_MS);
    for (int i = 0; i < CLOSINGS; i++) {
        rpc_peer_hang_up(&peer);
        take_again();
    }
    answer_well();
    expect_order();
}

/* A client waits ever longer, by chance, so that nobody knows how often it comes. */
Test(bad_servers, one_that_closes_costs_no_more_than_the_deadline, .init = set_up, .fini = tear_down)
{
    enum { TIMEOUT_MS = 3000, AFTER_MS = 2000, LEAST_CLOSINGS = 2 };
    unsigned closings = 0;
    const uint64_t began_ns = time_monotonic_ns();
    begin_call(TIMEOUT_MS);
    rpc_peer_hang_up(&peer);
    while (sem_trywait(&call.ended) != 0) {
        if (!rpc_peer_asked(&peer, AFTER_MS / 40))
            continue;
        if (peer.fd >= 0) {
            rpc_peer_hang_up(&peer);
            closings++;
        } else {
            rpc_peer_accept(&peer);
        }
    }
    const uint64_t took_ms = (time_monotonic_ns() - began_ns) / NS_PER_MS;
    if (peer.fd >= 0)
        rpc_peer_hang_up(&peer);
    cr_assert(call.code == RPC__V1__CODE__UNAVAILABLE || call.code == RPC__V1__CODE__DEADLINE_EXCEEDED,
              "%s: %s", orders_code_name(call.code), call.why);
    cr_assert_geq(closings, LEAST_CLOSINGS, "%u", closings);
    cr_assert_leq(took_ms, TIMEOUT_MS + AFTER_MS);
}

Test(bad_servers, one_that_stops_within_a_message_costs_no_more_than_the_deadline, .init = set_up,
     .fini = tear_down)
{
    const size_t size = sizeof good_answer - 1;
    begin_call(SHORT_MS);
    send_length(size + sizeof peer.request_header);
    send(peer.fd, peer.request_header, sizeof peer.request_header, MSG_NOSIGNAL);
    expect_end(RPC__V1__CODE__DEADLINE_EXCEEDED);
    begin_call(LONG_MS); /* on the same connection, where the rest is still to come */
    send(peer.fd, "\x12\x03OLD\x7a\x00", size, MSG_NOSIGNAL);
    answer_well();
    expect_order();
}

static void count_exceeded(Orders__V1__Order *order, struct orders_error *error, void *arg)
{
    atomic_uint *exceeded = arg;
    orders__v1__order__free_unpacked(order, NULL);
    if (error != NULL && error->code == RPC__V1__CODE__DEADLINE_EXCEEDED)
        atomic_fetch_add(exceeded, 1);
    orders_error_free(error);
    sem_post(&call.ended);
}

/* What others have sent keeps its connection busy, until their deadlines and no longer. */
Test(bad_servers, one_that_does_not_read_costs_no_more_than_the_deadline, .init = set_up, .fini = tear_down)
{
    enum { CALLS = 40, ID_BYTES = 500000 }; /* more than sockets take by themselves */
    const struct orders_call hurried = {.timeout_ms = SHORT_MS};
    const struct orders_call patient = {.timeout_ms = LONG_MS, .request_id = "the last"};
    atomic_uint exceeded = 0;
    char *id = malloc(ID_BYTES + 1);
    memset(id, 'x', ID_BYTES);
    id[ID_BYTES] = '\0';
    begin_call(SHORT_MS); /* and it is connected */
    expect_end(RPC__V1__CODE__DEADLINE_EXCEEDED);
    for (int i = 0; i < CALLS; i++)
        orders_get_async(client, &hurried, id, count_exceeded, &exceeded);
    for (int i = 0; i < CALLS; i++)
        sem_wait(&call.ended);
    cr_assert_eq(atomic_load(&exceeded), CALLS);
    orders_get_async(client, &patient, "A-1", end_call, NULL);
    for (bool last = false; !last;) {
        Rpc__V1__Request *request = rpc_peer_take(&peer);
        last = strcmp(request->request_id, patient.request_id) == 0;
        answer_well();
        rpc__v1__request__free_unpacked(request, NULL);
    }
    expect_order();
    free(id);
}

/* --- answers to what was not asked --- */

static void answer_under(const uint8_t number[static 4])
{
    uint8_t own[4];
    memcpy(own, peer.request_header, sizeof own);
    memcpy(peer.request_header, number, sizeof own);
    rpc_peer_answer(&peer, RPC__V1__CODE__NOT_FOUND, "not yours");
    memcpy(peer.request_header, own, sizeof own);
}

Test(bad_servers, an_answer_under_another_number_is_dropped, .init = set_up, .fini = tear_down)
{
    uint8_t without_bit[4], next[4];
    begin_call(LONG_MS);
    memcpy(without_bit, peer.request_header, sizeof without_bit);
    memcpy(next, peer.request_header, sizeof next);
    without_bit[0] &= 0x7f;
    next[3]++;
    answer_under((const uint8_t[]){0x80, 0, 0, 0});
    answer_under((const uint8_t[]){0, 0, 0, 0});
    answer_under(without_bit);
    answer_under(next);
    answer_well();
    expect_order();
}

Test(bad_servers, a_second_answer_is_dropped, .init = set_up, .fini = tear_down)
{
    begin_call(LONG_MS);
    answer_well();
    rpc_peer_answer(&peer, RPC__V1__CODE__NOT_FOUND, "once more");
    expect_order();
}

Test(bad_servers, an_answer_after_the_deadline_is_dropped, .init = set_up, .fini = tear_down)
{
    uint8_t first[4];
    begin_call(SHORT_MS);
    memcpy(first, peer.request_header, sizeof first);
    expect_end(RPC__V1__CODE__DEADLINE_EXCEEDED);
    begin_call(LONG_MS);
    answer_under(first);
    answer_well();
    expect_order();
}

/* --- servers that are none --- */

/* Takes connections, greets as given or not at all, and leaves. */
static void refuse_connections(const void *greeting, size_t size, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const int fd = accept(peer.listen_fd, NULL, NULL);
        cr_assert_geq(fd, 0);
        send(fd, greeting, size, MSG_NOSIGNAL);
        shutdown(fd, SHUT_RDWR);
        close(fd);
    }
}

Test(bad_servers, one_that_greets_otherwise_is_asked_until_it_is_another, .init = set_up, .fini = tear_down)
{
    const struct orders_call patient = {.timeout_ms = LONG_MS};
    orders_get_async(client, &patient, "A-1", end_call, NULL);
    refuse_connections(BYTES("\0SP\0\0\x30\0\0"), 3); /* another REQ */
    refuse_connections(BYTES("HTTP/1.1"), 3);
    refuse_connections(BYTES("\0SP"), 3);
    refuse_connections("", 0, 3);
    take_again();
    answer_well();
    expect_order();
}
