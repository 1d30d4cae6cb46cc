/* test_peers.c: whose connection is ended when memory is wanted. The shim is in this process, so that its
 * memory can be looked at, and wanted as it is by RPC. */
#include "client.h"
#include "large_list.h"

#include "base/budget.h"
#include "base/time.h"
#include "http/shim.h"
#include "rpc/remote_channel.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LOOK_MS = 20,
    SLACK_MS = 10000, /* on a busy machine */
    STALLED_MS = 1000,
};

static struct rpc_peer service;
static struct budget memory = {.limit = 4 << 20};
static struct metrics *metrics;
static struct rpc_client *client;
static struct own_key *own_key;
static struct channel *channel;
static struct http_shim *shim;
static uint16_t port;

static void set_up(void)
{
    char error[256];
    static const char *const no_origins[] = {NULL};
    rpc_peer_open(&service);
    const struct rpc_client_options client_options = {.urls = (const char *const[]){service.url, NULL}};
    client = rpc_client_open(&client_options, error, sizeof error);
    cr_assert_not_null(client, "%s", error);
    static const char *const keys[] = {"the-key", NULL};
    own_key = own_key_start(client, keys, NULL);
    const struct remote_channel_options channel_options = {client, own_key, &memory};
    channel = remote_channel_new(&channel_options);
    metrics = metrics_new();
    const struct http_shim_options options = {
        .host = "127.0.0.1",
        .cors_origins = no_origins,
        .channel = channel,
        .metrics = metrics,
        .max_connections = 256,
        .request_timeout_s = 600,
        .send_timeout_s = 600,
        .idle_timeout_s = 600,
        .max_body_bytes = 1 << 20,
        .memory = &memory,
    };
    shim = http_shim_start(&options, error, sizeof error);
    cr_assert_not_null(shim, "%s", error);
    cr_assert_eq(sscanf(http_shim_url(shim), "http://127.0.0.1:%hu", &port), 1);
}

static void tear_down(void)
{
    http_shim_stop(shim);
    own_key_stop(own_key);
    rpc_client_close(client);
    remote_channel_free(channel);
    own_key_free(own_key);
    metrics_free(metrics);
    rpc_peer_close(&service);
    must(memory.taken == 0, "memory is taken that nobody has");
}

TestSuite(peers, .init = set_up, .fini = tear_down, .timeout = 60);

/* A client's bytes have begun to come. */
static void await_answer(int fd)
{
    char byte;
    cr_assert_eq(recv(fd, &byte, 1, MSG_PEEK), 1);
}

/* One that is sent a list, which takes memory until it is read. */
static int begin_list(void)
{
    const int fd = http_connect_narrow(port);
    large_list_ask(fd);
    large_list_answer(&service);
    await_answer(fd);
    cr_assert_gt(memory.taken, 0);
    return fd;
}

static void await_memory(void)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SLACK_MS * NS_PER_MS;
    while (memory.taken > 0 && time_monotonic_ns() < limit_ns)
        poll(NULL, 0, LOOK_MS);
    cr_assert_eq(memory.taken, 0);
}

/* What all share takes no memory: to end who does not read it would free none. They came first, and read
 * nothing either. */
Test(peers, who_holds_memory_makes_room_and_nobody_else)
{
    enum { PEERS = 20, REQUESTS = 20 }; /* each asks for more than the kernel keeps of what is not read */
    int fds[PEERS];
    for (size_t i = 0; i < PEERS; i++) {
        fds[i] = http_connect_narrow(port);
        for (size_t request = 0; request < REQUESTS; request++)
            http_send_text(fds[i], "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n");
        await_answer(fds[i]);
    }
    cr_assert_eq(memory.taken, 0);
    budget_want(&memory); /* as RPC does */
    const int list = begin_list();
    await_memory();
    cr_expect_not(budget_is_wanted(&memory));
    struct http_reply cut = http_read(list, false);
    cr_expect_null(cut.json, "it was sent whole");
    http_free(&cut);
    close(list);
    for (size_t i = 0; i < PEERS; i++) {
        for (size_t request = 0; request < REQUESTS; request++) {
            struct http_reply reply = http_read(fds[i], false);
            cr_assert_eq(reply.status, 200);
            cr_assert_not_null(reply.json);
            http_free(&reply);
        }
        close(fds[i]);
    }
}

/* In few steps, however many they are, and also for one that asks just then. */
Test(peers, who_takes_nothing_makes_room_for_who_asks)
{
    enum { PEERS = 16, SWEEP_MS = 250 };
    int fds[PEERS];
    size_t n = 0;
    while (memory.taken < memory.limit / 2) {
        cr_assert_lt(n, PEERS);
        fds[n++] = begin_list();
    }
    poll(NULL, 0, STALLED_MS + 2 * SWEEP_MS); /* nothing was taken for so long, and nothing is wanted */
    const size_t taken = memory.taken;
    cr_assert_not(budget_is_wanted(&memory));
    budget_add(&memory, 2 * memory.limit); /* by others */
    const int list = begin_list();
    struct http_reply reply = http_read(list, false);
    cr_expect_eq(reply.status, 200);
    cr_expect_not_null(reply.json);
    http_free(&reply);
    close(list);
    budget_give_back(&memory, 2 * memory.limit);
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SLACK_MS * NS_PER_MS;
    while (memory.taken >= taken && time_monotonic_ns() < limit_ns)
        poll(NULL, 0, LOOK_MS);
    cr_expect_lt(memory.taken, taken);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    await_memory();
}

/* Whether it goes on being read is what counts, not when it began. */
Test(peers, who_reads_slowly_is_not_ended_until_he_stops)
{
    enum { PIECE = 1024, PIECES = 60, BETWEEN_MS = 3 * STALLED_MS / PIECES };
    char piece[PIECE];
    const int list = begin_list();
    for (size_t i = 0; i < PIECES; i++) {
        budget_want(&memory);
        cr_assert_gt(recv(list, piece, PIECE, 0), 0);
        poll(NULL, 0, BETWEEN_MS);
    }
    cr_assert_gt(memory.taken, 0);
    cr_assert(budget_is_wanted(&memory));
    await_memory();
    close(list);
}

/* HTTP has a quarter of it. */
Test(peers, what_rpc_takes_of_the_memory_shuts_no_list_out)
{
    budget_add(&memory, 2 * memory.limit);
    const int list = begin_list();
    struct http_reply reply = http_read(list, false);
    cr_assert_eq(reply.status, 200);
    cr_assert_not_null(reply.json);
    http_free(&reply);
    close(list);
    budget_give_back(&memory, 2 * memory.limit);
    await_memory();
}
