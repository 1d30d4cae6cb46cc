/* test_peers.c: slow and hostile peers: each is closed after a time that a setting names, and others are
 * served meanwhile. */
#include "calls.h"
#include "sp.h"

#include "base/message.h"
#include "base/time.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEMORY_IS_THE_SERVICE_S = false }; /* but the sanitizer's */
#else
enum { MEMORY_IS_THE_SERVICE_S = true };
#endif

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

static size_t pack(uint8_t *frame, const char *method, const void *payload, size_t size)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    Rpc__V1__Request__MetadataEntry key = RPC__V1__REQUEST__METADATA_ENTRY__INIT, *metadata = &key;
    key.key = "x-api-key";
    key.value = message_text(service->api_key);
    request.method = message_text(method);
    request.n_metadata = 1;
    request.metadata = &metadata;
    request.payload.data = (uint8_t *)(uintptr_t)payload;
    request.payload.len = size;
    return rpc__v1__request__pack(&request, frame);
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

/* Over TCP and over ipc, with less time between two bytes than all of it may take. The last byte never comes.
 */
Test(peers, one_that_greets_byte_by_byte_is_closed)
{
    enum { PEERS = 2, PAUSE_MS = 3000, MOST_BYTES = sizeof sp_greeting - 1 };
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)(GREETING_MS + SLACK_MS) * NS_PER_MS;
    struct pollfd peers[PEERS] = {{.fd = sp_dial(service), .events = POLLRDHUP},
                                  {.fd = sp_dial_ipc(service), .events = POLLRDHUP}};
    size_t sent[PEERS] = {0};
    for (size_t open = PEERS; open > 0;) {
        for (size_t i = 0; i < PEERS; i++) {
            if (peers[i].fd >= 0 && sent[i] < MOST_BYTES)
                sp_send(peers[i].fd, sp_greeting + sent[i]++, 1);
        }
        cr_assert_geq(poll(peers, PEERS, PAUSE_MS), 0);
        for (size_t i = 0; i < PEERS; i++) {
            if (peers[i].revents == 0)
                continue;
            close(peers[i].fd);
            peers[i] = (struct pollfd){.fd = -1};
            open--;
        }
        cr_assert(open == 0 || time_monotonic_ns() < limit_ns, "%zu still connected", open);
    }
}

Test(peers, ones_that_do_not_greet_are_bounded)
{
    enum { MOST = 128, PEERS = 2 * MOST }; /* nng's, in a patch of ours */
    int peers[PEERS];
    for (int i = 0; i < PEERS; i++) {
        peers[i] = sp_dial(service);
        sp_send(peers[i], sp_greeting, 1);
    }
    expect_service();
    for (int i = 0; i < PEERS - MOST; i++)
        sp_expect_closed(peers[i], GREETING_MS / 2); /* long before its time is up */
    for (int i = 0; i < PEERS; i++)
        close(peers[i]);
}

/* One host connects all the time, and greets never; another one takes its time to greet. */
Test(peers, ones_that_do_not_greet_shut_out_no_slow_one)
{
    enum { MOST = 128, PEERS = 4 * MOST, SLOW_MS = 1000, HALF = sizeof sp_greeting / 2, OTHER_HOST = 2 };
    int peers[PEERS];
    uint8_t frame[256];
    const size_t size = pack(frame, "rpc.v1.Health/Check", "", 0);
    for (int i = 0; i < PEERS; i++)
        peers[i] = sp_dial(service);
    int slow = sp_dial_from(service, OTHER_HOST);
    sp_send(slow, sp_greeting, HALF);
    const uint64_t end_ns = time_monotonic_ns() + (uint64_t)SLOW_MS * NS_PER_MS;
    int more = 0;
    for (; more < PEERS || time_monotonic_ns() < end_ns; more++) {
        close(peers[more % PEERS]);
        peers[more % PEERS] = sp_dial(service);
    }
    sp_send(slow, sp_greeting + HALF, HALF);
    sp_expect_greeting(slow);
    sp_send_frame(slow, 1, frame, size);
    Rpc__V1__Response *response = sp_read_response(slow, 1);
    cr_assert_not_null(response, "closed, with %d others come", more);
    cr_expect_eq(response->code, RPC__V1__CODE__OK);
    rpc__v1__response__free_unpacked(response, NULL);
    close(slow);
    for (int i = 0; i < PEERS; i++)
        close(peers[i]);
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
    Orders__V1__ListOrdersRequest list = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    uint8_t payload[16];
    list.page_size = 1000;
    return pack(frame, "orders.v1.OrderService/ListOrders", payload,
                orders__v1__list_orders_request__pack(&list, payload));
}

/* A thousand make a list of some 300 KB. */
static void create_many(int first, int n)
{
    enum { ID_BYTES = 200 };
    struct rpc_client *client = calls_open(service, service->rpc_url);
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    Orders__V1__Order *orders = calloc((size_t)n, sizeof *orders), **list = calloc((size_t)n, sizeof *list);
    char(*ids)[ID_BYTES] = calloc((size_t)n, sizeof *ids);
    for (int i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "A-%0*d", ID_BYTES - 3, first + i + 2);
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

/* It asks for more than its socket holds, and reads nothing. That the service has closed it cannot be seen
 * from here, behind what was not read; its open files tell. */
Test(peers, one_that_does_not_read_its_answers_is_closed)
{
    const size_t before = service_files(service);
    uint8_t frame[256];
    create_many(0, 1000);
    const size_t size = pack_list(frame);
    int peer = sp_connect(service);
    for (uint32_t id = 1; id <= 200; id++)
        sp_send_frame(peer, id, frame, size);
    cr_assert_gt(service_files(service), before);
    service_await_files(service, before);
    expect_service();
    close(peer);
}

/* Each is let go of, whatever of it was being read or written as it went. */
Test(peers_without_bound, ones_that_leave_with_calls_under_way_are_forgotten, .fini = tear_down,
     .timeout = 120)
{
    enum { LEAVERS = 1000, CALLS = 20 };
    service = service_start(&(struct service_options){.without_http = true});
    const size_t before = service_files(service);
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
    service_await_files(service, before);
    expect_service();
}

/* --- ones that read nothing --- */

static void start_for_unread(const char *const environment[])
{
    service = service_start(&(struct service_options){.without_http = true, .environment = environment});
}

/* With time enough to see that one is not waited for. */
static void set_up_patient(void)
{
    start_for_unread((const char *const[]){"ORDERS_SEND_TIMEOUT=600", "ORDERS_MAX_CALL_BYTES=4194304", NULL});
}

TestSuite(unread, .init = set_up_patient, .fini = tear_down, .timeout = 120);
TestSuite(unread_by_few, .fini = tear_down, .timeout = 120);

/* Sends a frame over and over, so often at most, until no more is taken. */
static void send_until_full(int peer, const void *frame, size_t size, size_t most)
{
    enum { FULL_MS = 200 };
    const size_t each = SP_IPC_HEAD_BYTES + size;
    uint8_t *bytes = malloc(each);
    struct pollfd writable = {.fd = peer, .events = POLLOUT};
    memcpy(bytes + sp_put_ipc_head(bytes, 1, size), frame, size);
    for (ssize_t n = 1; n > 0 && most > 0 && poll(&writable, 1, FULL_MS) == 1; most--)
        n = send(peer, bytes, each, MSG_NOSIGNAL); /* or it was closed */
    free(bytes);
}

static void expect_service_at_once(void)
{
    enum { GETS = 200 };
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SLACK_MS * NS_PER_MS;
    struct rpc_client *client = calls_open(service, service->rpc_url);
    for (int i = 0; i < GETS; i++) {
        struct rpc_reply *reply = calls_get(client, "A-1");
        calls_expect(reply, STATUS_NOT_FOUND);
        rpc_reply_free(reply);
    }
    rpc_client_close(client);
    cr_assert_lt(time_monotonic_ns(), limit_ns);
}

/* One that is refused at once, as the payload is none. Whoever has no key is closed after the eighth. */
static size_t pack_bad_get(uint8_t *frame)
{
    return pack(frame, "orders.v1.OrderService/GetOrder", "\x0a\x7f", 2);
}

Test(unread, garbage_keeps_nothing_from_others)
{
    static const uint8_t garbage[16] = {0xff, 0xff, 0xff, 0xff};
    int peer = sp_connect_ipc(service);
    send_until_full(peer, garbage, sizeof garbage, SIZE_MAX);
    expect_service_at_once();
    close(peer);
}

Test(unread, refusals_of_one_keep_nothing_from_others)
{
    uint8_t frame[256];
    const size_t size = pack_bad_get(frame);
    int peer = sp_connect_ipc(service);
    send_until_full(peer, frame, size, SIZE_MAX);
    expect_service_at_once();
    close(peer);
}

/* More than there are contexts for: the ones that have taken none for longest are closed. */
Test(unread_by_few, refusals_of_many_keep_nothing_from_others)
{
    enum { PEERS = 100 };
    int peers[PEERS];
    uint8_t frame[256];
    start_for_unread((const char *const[]){"ORDERS_SEND_TIMEOUT=600", "ORDERS_MAX_CALLS=1", NULL});
    const size_t size = pack_bad_get(frame);
    const size_t before = service_files(service); /* nobody was connected yet */
    for (int i = 0; i < PEERS; i++) {
        peers[i] = sp_connect_ipc(service);
        send_until_full(peers[i], frame, size, SIZE_MAX);
    }
    expect_service_at_once();
    cr_assert_lt(service_files(service), before + PEERS);
    sp_expect_closed(peers[0], SLACK_MS);
    for (int i = 0; i < PEERS; i++)
        close(peers[i]);
}

/* They are few enough for their replies to have room, and hold all places. */
Test(unread_by_few, ones_that_hold_all_places_shut_nobody_out)
{
    int peers[MAX_CONNECTIONS];
    uint8_t frame[256];
    start_for_unread((const char *const[]){"ORDERS_SEND_TIMEOUT=600", "ORDERS_MAX_CONNECTIONS=8", NULL});
    const size_t size = pack(frame, "rpc.v1.Health/Check", "", 0);
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        peers[i] = sp_connect_ipc(service);
        send_until_full(peers[i], frame, size, SIZE_MAX);
    }
    expect_service_at_once();
    sp_expect_closed(peers[0], SLACK_MS);
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        close(peers[i]);
}

/* The kernel does not take all of it, and nothing else waits for the connection. */
Test(unread_by_few, one_large_answer_is_given_up)
{
    uint8_t frame[256];
    start_for_unread((const char *const[]){"ORDERS_SEND_TIMEOUT=1", NULL});
    const size_t before = service_files(service);
    create_many(0, 1000);
    const size_t size = pack_list(frame);
    int peer = sp_connect_ipc(service);
    send_until_full(peer, frame, size, 1);
    expect_service_at_once();
    service_await_files(service, before);
    close(peer);
}

static size_t peak_kib(void)
{
    char path[64], line[128];
    size_t kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)service->pid);
    FILE *status = fopen(path, "re");
    while (kib == 0 && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmHWM: %zu", &kib);
    (void)fclose(status);
    return kib;
}

static void expect_list(void)
{
    struct rpc_client *client = calls_open(service, service->rpc_url);
    Orders__V1__ListOrdersRequest input = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    input.page_size = 1000;
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SLACK_MS * NS_PER_MS;
    for (enum status_code code = STATUS_RESOURCE_EXHAUSTED; code != STATUS_OK;) {
        struct rpc_reply *reply = calls_make(client, "ListOrders", &input.base);
        code = reply->status.code;
        cr_assert(code == STATUS_OK || code == STATUS_RESOURCE_EXHAUSTED);
        rpc_reply_free(reply);
        cr_assert_lt(time_monotonic_ns(), limit_ns, "refused for ever");
        poll(NULL, 0, BYTE_MS);
    }
    rpc_client_close(client);
}

/* So many ask for a thousand lists each, or for a few, which are 300 MB, and read none of them. 4 MiB may be
 * kept of them, and by shares as much again. */
static void expect_lists_bounded(int n_peers, size_t lists)
{
    enum { MOST_PEERS = 40, MOST_KIB = 24 << 10 };
    int peers[MOST_PEERS];
    uint8_t frame[256];
    create_many(0, 1000);
    const size_t size = pack_list(frame), before = peak_kib();
    for (int i = 0; i < n_peers; i++) {
        peers[i] = sp_connect_ipc(service);
        send_until_full(peers[i], frame, size, lists);
    }
    expect_service_at_once();
    expect_list();
    if (MEMORY_IS_THE_SERVICE_S)
        cr_assert_leq(peak_kib() - before, MOST_KIB, "%zu KiB", peak_kib() - before);
    for (int i = 0; i < n_peers; i++)
        close(peers[i]);
}

Test(unread, a_thousand_lists_of_one_are_bounded)
{
    expect_lists_bounded(1, 1000);
}

Test(unread, some_lists_of_many_are_bounded)
{
    expect_lists_bounded(40, 25);
}

/* --- frames without their end --- */

enum {
    UNFINISHED_MS = 10000, /* nng's, in a patch of ours: in which 64 KiB come */
    UNFINISHED_STEP = 1 << 16,
    FRAME_BYTES = 1 << 20,
};

TestSuite(unfinished, .fini = tear_down, .timeout = 120);

/* Over TCP or ipc, by turns. */
static int connect_ith(int i)
{
    return i % 2 == 0 ? sp_connect(service) : sp_connect_ipc(service);
}

static size_t put_ith_head(uint8_t *out, int i, size_t size)
{
    return i % 2 == 0 ? sp_put_head(out, 1, size) : sp_put_ipc_head(out, 1, size);
}

/* A frame that would be refused, were it whole, and what stands in front of it; to be freed. */
static uint8_t *make_large_frame(int i, size_t *size)
{
    uint8_t *bytes = calloc(2, FRAME_BYTES), *payload = calloc(1, FRAME_BYTES);
    const size_t head = i % 2 == 0 ? SP_HEAD_BYTES : SP_IPC_HEAD_BYTES;
    *size = pack(bytes + head, "orders.v1.OrderService/GetOrder", payload, FRAME_BYTES - 1024);
    free(payload);
    *size += put_ith_head(bytes, i, *size);
    return bytes;
}

/* Sends each all but the last byte, as far as that is taken for some time. */
static void send_without_end(struct pollfd peers[], int n_peers)
{
    enum { SENDING_MS = 3000 };
    const uint64_t end_ns = time_monotonic_ns() + (uint64_t)SENDING_MS * NS_PER_MS;
    size_t *sent = calloc((size_t)n_peers, sizeof *sent), sizes[2];
    uint8_t *frames[] = {make_large_frame(0, &sizes[0]), make_large_frame(1, &sizes[1])};
    while (poll(peers, (nfds_t)n_peers, SENDING_MS) > 0 && time_monotonic_ns() < end_ns) {
        for (int i = 0; i < n_peers; i++) {
            if (peers[i].revents == 0)
                continue;
            const size_t left = sizes[i % 2] - 1 - sent[i];
            const ssize_t n = send(peers[i].fd, frames[i % 2] + sent[i], left, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n > 0)
                sent[i] += (size_t)n;
            if (n < 0 || (size_t)n == left)
                peers[i].fd = ~peers[i].fd; /* which poll passes over */
        }
    }
    free(frames[0]);
    free(frames[1]);
    free(sent);
}

/* 300 MiB, of which 2 MiB may be kept, while others send large frames that are whole. */
Test(unfinished, ones_of_many_are_bounded)
{
    enum { PEERS = 300, MOST_KIB = 16 << 10 };
    struct pollfd peers[PEERS];
    start_for_unread((const char *const[]){"ORDERS_MAX_CALL_BYTES=8388608", NULL});
    create_many(0, 1000); /* and all that is allocated once */
    const size_t before = peak_kib();
    for (int i = 0; i < PEERS; i++)
        peers[i] = (struct pollfd){.fd = connect_ith(i), .events = POLLOUT};
    send_without_end(peers, PEERS);
    expect_service_at_once();
    create_many(1000, 1000);
    if (MEMORY_IS_THE_SERVICE_S)
        cr_assert_leq(peak_kib() - before, MOST_KIB, "%zu KiB", peak_kib() - before);
    for (int i = 0; i < PEERS; i++)
        close(peers[i].fd < 0 ? ~peers[i].fd : peers[i].fd);
}

/* Within a length, behind one, and within a frame that is small or large. */
Test(unfinished, ones_that_come_no_further_are_closed)
{
    enum { STAGES = 5, KINDS = 2, SMALL = 2, SMALL_PART = 1000 };
    int peers[STAGES * KINDS];
    service = service_start(&(struct service_options){.without_http = true});
    for (int i = 0; i < STAGES * KINDS; i++) {
        const size_t head = i % KINDS == 0 ? SP_HEAD_BYTES : SP_IPC_HEAD_BYTES;
        size_t size;
        uint8_t *frame = make_large_frame(i, &size);
        const size_t parts[STAGES] = {4, head, head + SMALL_PART, head + 3 * UNFINISHED_STEP, size - 1};
        peers[i] = connect_ith(i);
        if (i / KINDS == SMALL)
            put_ith_head(frame, i, 2 * SMALL_PART);
        sp_send(peers[i], frame, parts[i / KINDS]);
        free(frame);
    }
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)(UNFINISHED_MS + SLACK_MS) * NS_PER_MS;
    expect_service_at_once();
    for (int i = 0; i < STAGES * KINDS; i++) {
        const uint64_t now_ns = time_monotonic_ns();
        sp_expect_closed(peers[i], now_ns < limit_ns ? (int)((limit_ns - now_ns) / NS_PER_MS) : 0);
        close(peers[i]);
    }
}

/* It takes longer than each of its parts may. */
Test(unfinished, one_that_comes_steadily_is_answered)
{
    enum { KINDS = 2, PART = UNFINISHED_STEP + UNFINISHED_STEP / 8, PARTS = 5, PAUSE_MS = 3000 };
    int peers[KINDS];
    uint8_t *frames[KINDS];
    size_t sizes[KINDS], sent = 0;
    service = service_start(&(struct service_options){.without_http = true});
    for (int i = 0; i < KINDS; i++) {
        frames[i] = make_large_frame(i, &sizes[i]);
        peers[i] = connect_ith(i);
    }
    for (int part = 0; part < PARTS; part++, sent += PART) {
        struct pollfd closed = {.fd = peers[0], .events = POLLRDHUP};
        for (int i = 0; i < KINDS; i++)
            sp_send(peers[i], frames[i] + sent, PART);
        cr_assert_eq(poll(&closed, 1, PAUSE_MS), 0, "closed");
    }
    for (int i = 0; i < KINDS; i++) {
        sp_send(peers[i], frames[i] + sent, sizes[i] - sent);
        if (i == 1) {
            uint8_t kind;
            cr_assert(sp_read(peers[i], &kind, 1));
        }
        Rpc__V1__Response *response = sp_read_response(peers[i], 1);
        cr_assert_not_null(response, "closed");
        cr_expect_eq(response->code, RPC__V1__CODE__INVALID_ARGUMENT);
        rpc__v1__response__free_unpacked(response, NULL);
        free(frames[i]);
        close(peers[i]);
    }
}
