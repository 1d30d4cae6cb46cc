/* test_leavers.c: peers that leave, a thousand at a time, at whatever moment: others are served within their
 * usual time, also those that come as one leaves, and nothing of them stays. */
#include "calls.h"
#include "sp.h"

#include "base/message.h"
#include "base/time.h"
#include "rpc/v1/metrics.pb-c.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { READERS = 250, SLOWER = 4 }; /* for the sanitizer's memory; and what takes so many times as long */
#else
enum { READERS = 1000, SLOWER = 1 };
#endif

enum {
    PEERS = 1000, /* READERS of them, when their replies are in hand all at once */
    ORDERS = 700, /* that are listed in a reply of some 245 KB, which is more than the kernel keeps */
    CUSTOMER_CHARACTERS = 255, /* so that it is */
    LITTLE = 1000,             /* bytes of a reply that a peer reads before it leaves */
    CLIENTS = 31,              /* well-behaved ones, after which */
    USUAL_TIMES = 3,           /* what their median is, to what it was before */
    /* What a busy machine may add to that. It is less than the 100 ms for which a listener of nng's pauses
     * when it takes a peer's failure for its own. */
    BUSY_MS = 50 * SLOWER,
    SLOWEST_MS = 3000 * SLOWER, /* of them: TCP sends a lost SYN again after a second */
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

static void sort_times(uint64_t times_ns[CLIENTS])
{
    qsort(times_ns, CLIENTS, sizeof *times_ns, compare_times);
}

static void create_orders(void)
{
    struct rpc_client *client = calls_open(service, service->rpc_url);
    Orders__V1__BatchCreateOrdersRequest input = ORDERS__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    static Orders__V1__Order orders[ORDERS], *list[ORDERS];
    static char ids[ORDERS][16], customer[CUSTOMER_CHARACTERS + 1];
    memset(customer, 'c', CUSTOMER_CHARACTERS);
    for (int i = 0; i < ORDERS; i++) {
        snprintf(ids[i], sizeof ids[i], "A-%d", i);
        orders[i] = calls_order(ids[i]);
        orders[i].customer_id = customer;
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
    /* So that none is closed before it leaves: for what is in hand of it, or since it does not read. */
    static const char *const environment[] = {"ORDERS_MAX_CALL_BYTES=1073741824", "ORDERS_SEND_TIMEOUT=120",
                                              NULL};
    struct rlimit open_files;
    getrlimit(RLIMIT_NOFILE, &open_files);
    open_files.rlim_cur = open_files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &open_files);
    service = service_start(&(struct service_options){.without_http = true, .environment = environment});
    files = service_files(service);
    create_orders();
    service_await_files(service, files);
    uint64_t times_ns[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        times_ns[i] = time_client(service->rpc_url);
    sort_times(times_ns);
    usual_ns = times_ns[CLIENTS / 2];
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
    int (*dial_small)(const struct service *service); /* where the kernel keeps little of what is not read */
    size_t (*put_head)(uint8_t *out, uint32_t id, size_t size);
    size_t head_bytes;
};

enum { TCP, IPC, TRANSPORTS };

static const struct transport transports[TRANSPORTS] = {
    {"tcp", sp_dial, sp_dial_small, sp_put_head, SP_HEAD_BYTES},
    {"ipc", sp_dial_ipc, sp_dial_ipc, sp_put_ipc_head, SP_IPC_HEAD_BYTES}};

enum { GREETING = 8, STREAM_MAX = 512 };

struct stream {
    uint8_t bytes[STREAM_MAX];
    size_t size;
    size_t body; /* where the first frame begins */
};

static void add_request(struct stream *stream, const struct transport *transport, const char *method,
                        const ProtobufCMessage *input)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    Rpc__V1__Request__MetadataEntry key = RPC__V1__REQUEST__METADATA_ENTRY__INIT, *metadata = &key;
    uint8_t payload[64], frame[256];
    key.key = "x-api-key";
    key.value = message_text(service->api_key);
    request.method = message_text(method);
    request.n_metadata = 1;
    request.metadata = &metadata;
    request.payload.len = protobuf_c_message_pack(input, payload);
    request.payload.data = payload;
    const size_t size = rpc__v1__request__pack(&request, frame);
    stream->size += transport->put_head(stream->bytes + stream->size, 1, size);
    memcpy(stream->bytes + stream->size, frame, size);
    stream->size += size;
}

/* A greeting and a get, or a list. */
static struct stream make_stream(const struct transport *transport, bool is_list)
{
    struct stream stream = {.size = GREETING};
    Orders__V1__GetOrderRequest get = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    Orders__V1__ListOrdersRequest list = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
    memcpy(stream.bytes, sp_greeting, GREETING);
    get.order_id = "A-0";
    list.page_size = ORDERS;
    if (is_list)
        add_request(&stream, transport, "orders.v1.OrderService/ListOrders", &list.base);
    else
        add_request(&stream, transport, "orders.v1.OrderService/GetOrder", &get.base);
    stream.body = GREETING + transport->head_bytes;
    return stream;
}

/* In the first two the service keeps 128 connections at each address, and closes the oldest for a newcomer:
 * of a thousand, most are gone before they leave. */
enum stage { SILENT, IN_GREETING, GREETED, IN_LENGTH, IN_BODY, ASKED, BEING_ANSWERED, STAGES };

static const char *const stage_names[STAGES] = {
    "before its greeting", "within its greeting", "after it", "within a length", "within a body",
    "as a reply was due",  "as it was being sent"};

/* --- how it leaves --- */

enum way { CLOSE, RESET, HALF_CLOSE, WAYS };

static const char *const way_names[WAYS] = {"closed", "reset", "half-closed"};

struct leavers {
    enum stage stage;
    enum way way;
    const struct transport *transport;
    struct stream stream;
};

static size_t sent_by(const struct leavers *leavers)
{
    const struct stream *stream = &leavers->stream;
    const size_t sent[STAGES] = {
        [SILENT] = 0,
        [IN_GREETING] = GREETING / 2,
        [GREETED] = GREETING,
        [IN_LENGTH] = (GREETING + stream->body) / 2,
        [IN_BODY] = (stream->body + stream->size) / 2,
        [ASKED] = GREETING, /* it asks just before it leaves */
        [BEING_ANSWERED] = stream->size,
    };
    return sent[leavers->stage];
}

static int arrive(const struct leavers *leavers)
{
    uint8_t some[GREETING + LITTLE];
    const bool reads = leavers->stage == BEING_ANSWERED;
    const struct transport *transport = leavers->transport;
    const int peer = reads ? transport->dial_small(service) : transport->dial(service);
    sp_send(peer, leavers->stream.bytes, sent_by(leavers));
    if (leavers->stage >= GREETED)
        cr_assert(sp_read(peer, some, reads ? sizeof some : GREETING));
    return peer;
}

static void ask(const struct leavers *leavers, int peer)
{
    const struct stream *stream = &leavers->stream;
    if (leavers->stage == ASKED)
        sp_send(peer, stream->bytes + GREETING, stream->size - GREETING);
}

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

/* Of one that has half-closed, whose other half the service closes. */
static void forget(const struct leavers *leavers, int peer)
{
    if (leavers->way == HALF_CLOSE)
        close(peer);
}

/* --- what becomes of others --- */

/* Clients that come one after another, each as one more peer leaves. */
static void expect_clients(const char *url, const struct leavers *leavers, const char *what)
{
    const uint64_t most_ns = USUAL_TIMES * usual_ns + (uint64_t)BUSY_MS * NS_PER_MS;
    uint64_t took_ns[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        const int peer = arrive(leavers);
        ask(leavers, peer);
        leave(leavers->way, peer);
        took_ns[i] = time_client(url);
        forget(leavers, peer);
    }
    sort_times(took_ns);
    cr_assert_lt(took_ns[CLIENTS / 2], most_ns, "%s: clients took %ld us at %s, and %ld before", what,
                 (long)(took_ns[CLIENTS / 2] / NS_PER_US), url, (long)(usual_ns / NS_PER_US));
    cr_assert_lt(took_ns[CLIENTS - 1], (uint64_t)SLOWEST_MS * NS_PER_MS, "%s: a client took %ld us at %s",
                 what, (long)(took_ns[CLIENTS - 1] / NS_PER_US), url);
}

static void expect_service(const struct leavers *leavers, const char *what)
{
    expect_clients(service->rpc_url, leavers, what);
    expect_clients(service->ipc_url, leavers, what);
    service_await_files(service, files);
}

/* How many replies the service has that their peers have yet to take. */
static double read_unsent(void)
{
    Rpc__V1__GetMetricsRequest input = RPC__V1__GET_METRICS_REQUEST__INIT;
    const struct rpc_request request = {.service = &rpc__v1__metrics__descriptor,
                                        .method = &rpc__v1__metrics__descriptor.methods[0],
                                        .input = &input.base};
    input.prefix = "orders_rpc_unsent_replies";
    struct rpc_client *client = calls_open(service, service->rpc_url);
    struct rpc_reply *reply = rpc_client_call_wait(client, &request);
    calls_expect(reply, STATUS_OK);
    const Rpc__V1__GetMetricsResponse *metrics = (const Rpc__V1__GetMetricsResponse *)reply->message;
    cr_assert(metrics->n_families == 1 && metrics->families[0]->n_samples == 1);
    const double unsent = metrics->families[0]->samples[0]->value;
    rpc_reply_free(reply);
    rpc_client_close(client);
    return unsent;
}

static void leave_at(enum stage stage, enum way way, const struct transport *transport)
{
    static int peers[PEERS];
    const int n = stage == BEING_ANSWERED ? READERS : PEERS;
    const struct leavers leavers = {stage, way, transport, make_stream(transport, stage == BEING_ANSWERED)};
    char what[128];
    snprintf(what, sizeof what, "%d peers that %s %s over %s", n, way_names[way], stage_names[stage],
             transport->name);
    for (int i = 0; i < n; i++)
        peers[i] = arrive(&leavers);
    if (stage == BEING_ANSWERED) {
        const double unsent = read_unsent();
        cr_assert_geq(unsent, n, "%s: of %d replies %g are unsent", what, n, unsent);
    }
    for (int i = 0; i < n; i++)
        ask(&leavers, peers[i]);
    for (int i = 0; i < n; i++)
        leave(way, peers[i]);
    expect_service(&leavers, what);
    for (int i = 0; i < n; i++)
        forget(&leavers, peers[i]);
}

static void leave_in(enum way way, size_t n_transports)
{
    for (size_t i = 0; i < n_transports; i++)
        for (enum stage stage = SILENT; stage < STAGES; stage++)
            leave_at(stage, way, &transports[i]);
}

Test(leavers, a_thousand_close_at_every_stage)
{
    leave_in(CLOSE, TRANSPORTS);
}

/* Over ipc that is no different from closing. */
Test(leavers, a_thousand_reset_at_every_stage)
{
    leave_in(RESET, TCP + 1);
}

Test(leavers, a_thousand_close_their_half_at_every_stage)
{
    leave_in(HALF_CLOSE, TRANSPORTS);
}

/* One after another, each as soon as it can. */
Test(leavers, a_thousand_come_and_go)
{
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        const struct leavers leavers = {IN_GREETING, CLOSE, &transports[i],
                                        make_stream(&transports[i], false)};
        const struct stream *stream = &leavers.stream;
        for (int n = 0; n < PEERS; n++) {
            const int peer = transports[i].dial(service);
            sp_send(peer, stream->bytes, (size_t)n % stream->size);
            leave(n % 2 == 0 ? CLOSE : RESET, peer);
        }
        expect_service(&leavers, transports[i].name);
    }
}
