/* test_leavers.c: peers that leave, a thousand at a time, at whatever moment: others are served as before,
 * and nothing of them stays. */
#include "calls.h"
#include "sp.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PEERS = 1000,
    READERS = 50,      /* that ask for a lot and read little of it */
    LISTS = 4,         /* each asks for, of: */
    ORDERS = 1000,     /* some 80 KB */
    LITTLE = 1000,     /* bytes that they read, and that they have room for */
    CLIENTS = 5,       /* well-behaved ones, after which */
    USUAL_TIMES = 3,   /* what their median is, to what it was before */
    BUSY_MS = 250,     /* what a busy machine may add to that */
    SLOWEST_MS = 2000, /* of them */
};

static struct service *service;
static uint64_t usual_ns; /* of a client that connects and gets an order, the median */
static size_t files;      /* that the service has open with no client */

/* --- well-behaved clients --- */

static uint64_t time_client(const char *url)
{
    const uint64_t began_ns = time_monotonic_ns();
    struct rpc_client *client = calls_open(service, url);
    struct rpc_reply *reply = calls_get(client, "A-0");
    calls_expect(reply, STATUS_OK);
    const uint64_t took_ns = time_monotonic_ns() - began_ns;
    rpc_reply_free(reply);
    rpc_client_close(client);
    return took_ns;
}

static int compare_times(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Of some clients, one after another; the slowest is the last. */
static void time_clients(const char *url, uint64_t times_ns[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++)
        times_ns[i] = time_client(url);
    qsort(times_ns, CLIENTS, sizeof *times_ns, compare_times);
}

static void expect_service(const char *what)
{
    const uint64_t most_ns = USUAL_TIMES * usual_ns + (uint64_t)BUSY_MS * NS_PER_MS;
    const char *const urls[] = {service->rpc_url, service->ipc_url};
    for (size_t i = 0; i < 2; i++) {
        uint64_t took_ns[CLIENTS];
        time_clients(urls[i], took_ns);
        cr_assert_lt(took_ns[CLIENTS / 2], most_ns, "%s: clients took %ld us at %s, and %ld before", what,
                     (long)(took_ns[CLIENTS / 2] / NS_PER_US), urls[i], (long)(usual_ns / NS_PER_US));
        cr_assert_lt(took_ns[CLIENTS - 1], (uint64_t)SLOWEST_MS * NS_PER_MS, "%s: a client took %ld us at %s",
                     what, (long)(took_ns[CLIENTS - 1] / NS_PER_US), urls[i]);
    }
    service_await_files(service, files);
}

static void create_orders(void)
{
    struct rpc_client *client = calls_open(service, service->rpc_url);
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    static Orders__V1__Order orders[ORDERS], *list[ORDERS];
    static char ids[ORDERS][16];
    for (int i = 0; i < ORDERS; i++) {
        snprintf(ids[i], sizeof ids[i], "A-%d", i);
        orders[i] = calls_order(ids[i]);
        list[i] = &orders[i];
    }
    input.n_orders = ORDERS;
    input.orders = list;
    struct rpc_reply *reply = calls_make(client, "BatchCreateOrders", &input.base);
    calls_expect(reply, STATUS_OK);
    rpc_reply_free(reply);
    rpc_client_close(client);
}

static void set_up(void)
{
    struct rlimit open_files;
    getrlimit(RLIMIT_NOFILE, &open_files);
    open_files.rlim_cur = open_files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &open_files);
    service = service_start(&(struct service_options){.without_http = true});
    files = service_files(service);
    create_orders();
    service_await_files(service, files);
    uint64_t before_ns[CLIENTS];
    time_clients(service->rpc_url, before_ns);
    usual_ns = before_ns[CLIENTS / 2];
}

static void tear_down(void)
{
    service_stop_clean(service);
}

TestSuite(leavers, .init = set_up, .fini = tear_down, .timeout = 240);

/* --- what a peer sends, and how far it comes --- */

struct transport {
    const char *name;
    int (*dial)(const struct service *service);
    size_t (*put_head)(uint8_t *out, uint32_t id, size_t size);
    size_t head_bytes;
};

static const struct transport transports[] = {{"tcp", sp_dial, sp_put_head, SP_HEAD_BYTES},
                                              {"ipc", sp_dial_ipc, sp_put_ipc_head, SP_IPC_HEAD_BYTES}};

enum { GREETING = 8, STREAM_MAX = 4096 };

struct stream {
    uint8_t bytes[STREAM_MAX];
    size_t size;
    size_t body; /* where the first frame begins */
};

static void add_request(struct stream *stream, const struct transport *transport, uint32_t id,
                        const char *method, const ProtobufCMessage *input)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    Rpc__V1__Request__MetadataEntry key = RPC__V1__REQUEST__METADATA_ENTRY__INIT, *metadata = &key;
    uint8_t payload[64], frame[256];
    key.key = "x-api-key";
    key.value = (char *)(uintptr_t)service->api_key;
    request.method = (char *)(uintptr_t)method;
    request.n_metadata = 1;
    request.metadata = &metadata;
    request.payload.len = protobuf_c_message_pack(input, payload);
    request.payload.data = payload;
    const size_t size = rpc__v1__request__pack(&request, frame);
    stream->size += transport->put_head(stream->bytes + stream->size, id, size);
    memcpy(stream->bytes + stream->size, frame, size);
    stream->size += size;
}

/* A greeting and a get; or several lists. */
static struct stream make_stream(const struct transport *transport, bool lists)
{
    struct stream stream = {.size = GREETING};
    Orders__V1__GetOrderRequest get = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    Orders__V1__ListOrdersRequest list = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    memcpy(stream.bytes, sp_greeting, GREETING);
    get.order_id = "A-0";
    list.page_size = ORDERS;
    for (uint32_t id = 1; lists && id <= LISTS; id++)
        add_request(&stream, transport, id, "orders.v1.OrderService/ListOrders", &list.base);
    if (!lists)
        add_request(&stream, transport, 1, "orders.v1.OrderService/GetOrder", &get.base);
    stream.body = GREETING + transport->head_bytes;
    return stream;
}

enum stage { SILENT, IN_GREETING, GREETED, IN_LENGTH, IN_BODY, ASKED, BEING_ANSWERED, STAGES };

static const char *const stage_names[STAGES] = {
    "before its greeting", "within its greeting", "after it", "within a length", "within a body",
    "as a reply was due",  "as it was being sent"};

static size_t sent_by(enum stage stage, const struct stream *stream)
{
    const size_t sent[STAGES] = {0,
                                 GREETING / 2,
                                 GREETING,
                                 (GREETING + stream->body) / 2,
                                 (stream->body + stream->size) / 2,
                                 stream->size,
                                 stream->size};
    return sent[stage];
}

static int reach(enum stage stage, const struct transport *transport, const struct stream *stream)
{
    uint8_t some[GREETING + LITTLE];
    const int peer = transport->dial(service);
    const int little = LITTLE;
    if (stage == BEING_ANSWERED)
        setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    sp_send(peer, stream->bytes, sent_by(stage, stream));
    if (stage >= GREETED)
        cr_assert(sp_read(peer, some, stage == BEING_ANSWERED ? sizeof some : GREETING));
    return peer;
}

/* --- how it leaves --- */

enum way { CLOSE, RESET, HALF_CLOSE, WAYS };

static const char *const way_names[WAYS] = {"closed", "reset", "half-closed"};

static void leave(enum way way, int peer)
{
    const struct linger at_once = {.l_onoff = 1};
    if (way == HALF_CLOSE) {
        shutdown(peer, SHUT_WR);
        return;
    }
    if (way == RESET)
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer);
}

static void leave_at(enum stage stage, enum way way, const struct transport *transport)
{
    static int peers[PEERS];
    const int n = stage == BEING_ANSWERED ? READERS : PEERS;
    const struct stream stream = make_stream(transport, stage == BEING_ANSWERED);
    char what[128];
    snprintf(what, sizeof what, "%d peers that %s %s over %s", n, way_names[way], stage_names[stage],
             transport->name);
    for (int i = 0; i < n; i++)
        peers[i] = reach(stage, transport, &stream);
    for (int i = 0; i < n; i++)
        leave(way, peers[i]);
    expect_service(what);
    for (int i = 0; way == HALF_CLOSE && i < n; i++) /* whose other half the service has closed by now */
        close(peers[i]);
}

static void leave_in(enum way way)
{
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
        for (enum stage stage = SILENT; stage < STAGES; stage++)
            leave_at(stage, way, &transports[i]);
}

Test(leavers, a_thousand_close_at_every_stage)
{
    leave_in(CLOSE);
}

Test(leavers, a_thousand_reset_at_every_stage)
{
    leave_in(RESET);
}

Test(leavers, a_thousand_close_their_half_at_every_stage)
{
    leave_in(HALF_CLOSE);
}

/* One after another, each as soon as it can. */
Test(leavers, a_thousand_come_and_go)
{
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        const struct stream stream = make_stream(&transports[i], false);
        for (int n = 0; n < PEERS; n++) {
            const int peer = transports[i].dial(service);
            sp_send(peer, stream.bytes, (size_t)n % stream.size);
            leave(n % 2 == 0 ? CLOSE : RESET, peer);
        }
        expect_service(transports[i].name);
    }
}
