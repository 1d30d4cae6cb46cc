/* test_peers.c: slow and hostile peers: each is closed after a time that a setting names, and others are
 * served meanwhile. */
#include "calls.h"
#include "sp.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    IDLE_MS = 1000,      /* ORDERS_IDLE_TIMEOUT */
    GREETING_MS = 10000, /* nng's own */
    SLACK_MS = 10000,    /* on a busy machine */
    MAX_CONNECTIONS = 8,
    BYTE_MS = 100, /* between two bytes of a slow peer */
};

static struct service *service;

static void set_up(void)
{
    static const char *const environment[] = {"ORDERS_IDLE_TIMEOUT=1", "ORDERS_SEND_TIMEOUT=1",
                                              "ORDERS_MAX_CONNECTIONS=8", NULL};
    service = service_start(&(struct service_options){.without_http = true, .environment = environment});
}

static void tear_down(void)
{
    service_stop_clean(service);
}

TestSuite(peers, .init = set_up, .fini = tear_down, .timeout = 120);

/* Others are served. */
static void expect_service(void)
{
    struct rpc_client *client = calls_open(service, service->rpc_url);
    struct rpc_reply *reply = calls_get(client, "A-1");
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
    rpc_client_close(client);
}

Test(peers, one_that_never_asks_is_closed)
{
    int peer = sp_connect(service);
    expect_service();
    sp_expect_closed(peer, IDLE_MS + SLACK_MS);
    close(peer);
}

Test(peers, one_that_stops_within_its_greeting_is_closed)
{
    static const uint8_t half[4] = {0, 'S', 'P', 0};
    int silent = sp_dial(service), halfway = sp_dial(service), nonsense = sp_dial(service);
    sp_send(halfway, half, sizeof half);
    sp_send(nonsense, "GET / HTTP/1.1\r\n\r\n", 18);
    sp_expect_closed(nonsense, SLACK_MS);
    expect_service();
    sp_expect_closed(silent, GREETING_MS + SLACK_MS);
    sp_expect_closed(halfway, SLACK_MS);
    close(silent);
    close(halfway);
    close(nonsense);
}

Test(peers, one_that_sends_byte_by_byte_is_closed)
{
    static const uint8_t length[8] = {0, 0, 0, 0, 0, 0, 1, 0};
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)(IDLE_MS + SLACK_MS) * NS_PER_MS;
    int peer = sp_connect(service);
    struct pollfd closed = {.fd = peer, .events = POLLIN};
    sp_send(peer, length, sizeof length);
    while (poll(&closed, 1, BYTE_MS) == 0) { /* readable: the end of the stream */
        cr_assert_lt(time_monotonic_ns(), limit_ns, "still connected");
        sp_send(peer, "x", 1);
    }
    expect_service();
    close(peer);
}

/* A frame's length alone takes no memory worth the name. */
Test(peers, one_that_announces_more_than_a_frame_may_have_is_closed)
{
    static const uint8_t length[8] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    int peer = sp_connect(service);
    sp_send(peer, length, sizeof length);
    sp_expect_closed(peer, SLACK_MS);
    expect_service();
    close(peer);
}

/* The ones silent longest make room, and no more than the bound stay. */
Test(peers, silent_ones_shut_nobody_out)
{
    int peers[4 * MAX_CONNECTIONS];
    for (int i = 0; i < 4 * MAX_CONNECTIONS; i++)
        peers[i] = sp_connect(service);
    expect_service();
    for (int i = 0; i < 3 * MAX_CONNECTIONS; i++)
        sp_expect_closed(peers[i], SLACK_MS);
    for (int i = 0; i < 4 * MAX_CONNECTIONS; i++)
        close(peers[i]);
}

/* Nor do more than there are files for. */
Test(peers_without_files, silent_ones_leave_files_for_others, .fini = tear_down, .timeout = 120)
{
    enum { FILES = 256, SILENT = 235 }; /* the limit is this process's too */
    const struct rlimit files = {.rlim_cur = FILES, .rlim_max = FILES};
    int peers[SILENT];
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    service = service_start(&(struct service_options){.without_http = true});
    for (int i = 0; i < SILENT; i++)
        peers[i] = sp_connect(service);
    expect_service();
    for (int i = 0; i < SILENT; i++)
        close(peers[i]);
}

static size_t pack_list(uint8_t *frame)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    Rpc__V1__Request__MetadataEntry key = RPC__V1__REQUEST__METADATA_ENTRY__INIT, *metadata = &key;
    Orders__V1__ListOrdersRequest list = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    uint8_t payload[16];
    key.key = "x-api-key";
    key.value = (char *)(uintptr_t)service->api_key;
    list.page_size = 1000;
    request.method = "orders.v1.OrderService/ListOrders";
    request.n_metadata = 1;
    request.metadata = &metadata;
    request.payload.len = orders__v1__list_orders_request__pack(&list, payload);
    request.payload.data = payload;
    return rpc__v1__request__pack(&request, frame);
}

static void create_many(int n)
{
    struct rpc_client *client = calls_open(service, service->rpc_url);
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    Orders__V1__Order *orders = calloc((size_t)n, sizeof *orders), **list = calloc((size_t)n, sizeof *list);
    char(*ids)[16] = calloc((size_t)n, sizeof *ids);
    for (int i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "A-%d", i + 2);
        orders[i] = calls_order(ids[i]);
        list[i] = &orders[i];
    }
    input.n_orders = (size_t)n;
    input.orders = list;
    struct rpc_reply *reply = calls_make(client, "BatchCreateOrders", &input.base);
    calls_expect(reply, STATUS_OK);
    rpc_reply_free(reply);
    rpc_client_close(client);
    free(orders);
    free(list);
    free(ids);
}

static size_t count_files(pid_t pid)
{
    char pattern[64];
    glob_t found;
    snprintf(pattern, sizeof pattern, "/proc/%d/fd/*", (int)pid);
    cr_assert_eq(glob(pattern, GLOB_NOSORT, NULL, &found), 0);
    size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

static void await_files(size_t n)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)(IDLE_MS + SLACK_MS) * NS_PER_MS;
    while (count_files(service->pid) > n) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "still connected");
        poll(NULL, 0, BYTE_MS);
    }
}

/* It asks for more than its socket holds, and reads nothing. That the service has closed it cannot be seen
 * from here, behind what was not read; its open files tell. */
Test(peers, one_that_does_not_read_its_answers_is_closed)
{
    const size_t before = count_files(service->pid);
    uint8_t frame[256];
    create_many(1000);
    const size_t size = pack_list(frame);
    int peer = sp_connect(service);
    for (uint32_t id = 1; id <= 200; id++)
        sp_send_frame(peer, id, frame, size);
    cr_assert_gt(count_files(service->pid), before);
    await_files(before);
    expect_service();
    close(peer);
}

/* Each is let go of, whatever of it was being read or written as it went. */
Test(peers_without_bound, ones_that_leave_with_calls_under_way_are_forgotten, .fini = tear_down,
     .timeout = 120)
{
    enum { LEAVERS = 1000, CALLS = 20 };
    service = service_start(&(struct service_options){.without_http = true});
    const size_t before = count_files(service->pid);
    uint8_t frame[256], some[16];
    const size_t size = pack_list(frame);
    for (int i = 0; i < LEAVERS; i++) {
        int peer = sp_connect(service);
        for (uint32_t id = 1; id <= CALLS; id++)
            sp_send_frame(peer, id, frame, size);
        if (i % 2 == 0)
            sp_read(peer, some, sizeof some);
        close(peer);
    }
    await_files(before);
    expect_service();
}
