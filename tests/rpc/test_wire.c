/* test_wire.c: the wire as an independent client sees it, byte by byte over TCP, and what it may do wrong. */
#include "base/message.h"
#include "calls.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "sp.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct service *service;

static void set_up(void)
{
    service = service_start(&(struct service_options){.without_http = true});
}

static void tear_down(void)
{
    service_stop_clean(service);
}

TestSuite(wire, .init = set_up, .fini = tear_down, .timeout = 120);

static void expect_answer(int peer, const void *frame, size_t size, Rpc__V1__Code code)
{
    static uint32_t id;
    sp_send_frame(peer, ++id, frame, size);
    Rpc__V1__Response *response = sp_read_response(peer, id);
    cr_assert_not_null(response, "closed instead of an answer");
    cr_assert_eq(response->code, code, "%s", response->message);
    rpc__v1__response__free_unpacked(response, NULL);
}

/* A request frame, made by protobuf-c alone. */
static size_t make_request(uint8_t *out, const char *method, const char *key, const void *payload,
                           size_t size)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    Rpc__V1__Request__MetadataEntry entry = RPC__V1__REQUEST__METADATA_ENTRY__INIT;
    Rpc__V1__Request__MetadataEntry *entries[] = {&entry};
    entry.key = "x-api-key";
    entry.value = message_text(key);
    request.method = message_text(method);
    request.n_metadata = key != NULL;
    request.metadata = entries;
    request.payload.data = (uint8_t *)(uintptr_t)payload;
    request.payload.len = size;
    return rpc__v1__request__pack(&request, out);
}

/* A call by right, which also ends a row of what was asked in vain. */
static void expect_service(int peer)
{
    static const char order_id[] = "\x0a\x01Z";
    uint8_t frame[256];
    expect_answer(
        peer, frame,
        make_request(frame, "orders.v1.OrderService/GetOrder", service->api_key, order_id, strlen(order_id)),
        RPC__V1__CODE__NOT_FOUND);
}

/* The service still serves another caller. */
static void expect_serving(void)
{
    int peer = sp_connect(service);
    expect_service(peer);
    close(peer);
}

/* --- what is right --- */

Test(wire, health_wants_no_key)
{
    uint8_t frame[256];
    int peer = sp_connect(service);
    sp_send_frame(peer, 1, frame, make_request(frame, "rpc.v1.Health/Check", NULL, NULL, 0));
    Rpc__V1__Response *response = sp_read_response(peer, 1);
    cr_assert_eq(response->code, RPC__V1__CODE__OK);
    Rpc__V1__HealthCheckResponse *health =
        rpc__v1__health_check_response__unpack(NULL, response->payload.len, response->payload.data);
    cr_assert_eq(health->status, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
    rpc__v1__health_check_response__free_unpacked(health, NULL);
    rpc__v1__response__free_unpacked(response, NULL);
    close(peer);
}

Test(wire, every_other_method_wants_a_key)
{
    const ProtobufCServiceDescriptor *descriptor = &orders__v1__order_service__descriptor;
    int peer = sp_connect(service);
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        uint8_t frame[256];
        char method[128];
        snprintf(method, sizeof method, "%s/%s", descriptor->name, descriptor->methods[i].name);
        expect_answer(peer, frame, make_request(frame, method, NULL, NULL, 0),
                      RPC__V1__CODE__UNAUTHENTICATED);
        expect_answer(peer, frame, make_request(frame, method, "x", NULL, 0),
                      RPC__V1__CODE__PERMISSION_DENIED);
        expect_service(peer);
    }
    close(peer);
}

Test(wire, method_names_are_those_of_the_page)
{
    static const char *const names[] = {"CreateOrder", "GetOrder",        "ListOrders",       "UpdateOrder",
                                        "DeleteOrder", "GetOrderSummary", "BatchCreateOrders"};
    const ProtobufCServiceDescriptor *descriptor = &orders__v1__order_service__descriptor;
    cr_assert_geq(descriptor->n_methods, 7); /* others may come behind them */
    for (size_t i = 0; i < 7; i++)
        cr_assert_str_eq(descriptor->methods[i].name, names[i]);
}

Test(wire, an_unknown_method_is_unimplemented)
{
    uint8_t frame[256];
    int peer = sp_connect(service);
    expect_answer(peer, frame, make_request(frame, "orders.v1.OrderService/Nope", service->api_key, NULL, 0),
                  RPC__V1__CODE__UNIMPLEMENTED);
    expect_answer(peer, "", 0, RPC__V1__CODE__UNIMPLEMENTED);
    close(peer);
}

/* In whatever pieces they are read: lengths that come in two, and frames larger than what is read at once. */
Test(wire, frames_that_arrive_together_are_told_apart)
{
    enum { FRAMES = 200, LONG = 9000, ROOM = SP_HEAD_BYTES + 256 + LONG };
    static const uint8_t payload[LONG];
    uint8_t *all = malloc((size_t)FRAMES * ROOM);
    size_t end = 0;
    for (uint32_t id = 1; id <= FRAMES; id++) {
        const size_t n = id % 20 == 0 ? LONG : id * 7 % 311;
        uint8_t *frame = all + end + SP_HEAD_BYTES;
        const size_t size =
            make_request(frame, "orders.v1.OrderService/GetOrder", service->api_key, payload, n);
        end += sp_put_head(all + end, id, size) + size;
    }
    int peer = sp_connect(service);
    sp_send(peer, all, end);
    for (uint32_t id = 1; id <= FRAMES; id++) {
        Rpc__V1__Response *response = sp_read_response(peer, id);
        cr_assert_not_null(response, "closed instead of an answer");
        cr_assert_eq(response->code, RPC__V1__CODE__INVALID_ARGUMENT, "%s", response->message);
        rpc__v1__response__free_unpacked(response, NULL);
    }
    close(peer);
    free(all);
}

/* --- what is wrong --- */

Test(wire, random_bytes_get_invalid_argument)
{
    enum { CLOSED_MS = 10000 };
    unsigned seed = 1;
    for (int round = 0; round < 500; round++) {
        int peer = sp_connect(service);
        uint8_t frame[64];
        size_t size = 1 + (size_t)rand_r(&seed) % sizeof frame;
        for (size_t i = 0; i < size; i++)
            frame[i] = (uint8_t)rand_r(&seed);
        frame[0] = 0xff; /* a tag of no wire type */
        expect_answer(peer, frame, size, RPC__V1__CODE__INVALID_ARGUMENT);
        sp_expect_closed(peer, CLOSED_MS);
        close(peer);
    }
    expect_serving();
}

Test(wire, a_truncated_frame_gets_invalid_argument)
{
    uint8_t frame[256];
    size_t size = make_request(frame, "rpc.v1.Health/Check", "k", "\x0a\x00", 2);
    for (size_t cut = 1; cut < size; cut++) {
        int peer = sp_connect(service);
        /* Cut between two fields, what is left is a frame too. */
        Rpc__V1__Request *whole = rpc__v1__request__unpack(NULL, cut, frame);
        expect_answer(peer, frame, cut, whole == NULL ? RPC__V1__CODE__INVALID_ARGUMENT : RPC__V1__CODE__OK);
        if (whole != NULL)
            rpc__v1__request__free_unpacked(whole, NULL);
        close(peer);
    }
    expect_serving();
}

/* Each is answered; then who asks in vain has to connect again. */
Test(wire, eight_in_vain_close_the_connection)
{
    static const struct {
        const char *method, *key;
        Rpc__V1__Code code;
    } kinds[] = {
        {"orders.v1.OrderService/GetOrder", NULL, RPC__V1__CODE__UNAUTHENTICATED},
        {"orders.v1.OrderService/GetOrder", "x", RPC__V1__CODE__PERMISSION_DENIED},
    };
    enum { IN_VAIN = 8, CLOSED_MS = 10000 };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint8_t frame[256];
        const size_t size = make_request(frame, kinds[i].method, kinds[i].key, NULL, 0);
        int peer = sp_connect(service);
        for (int n = 1; n < IN_VAIN; n++)
            expect_answer(peer, frame, size, kinds[i].code);
        expect_service(peer);
        for (int n = 1; n <= IN_VAIN; n++)
            expect_answer(peer, frame, size, kinds[i].code);
        sp_expect_closed(peer, CLOSED_MS);
        close(peer);
    }
    expect_serving();
}

/* Health checks want no key. Whoever has none could else keep the service busy with them. */
Test(wire, what_wants_no_key_is_asked_so_many_times_a_second)
{
    enum { CALLS = 2000, IN_A_SECOND = 32, CLOSED_MS = 10000 };
    static const char *const methods[] = {"rpc.v1.Health/Check", "orders.v1.OrderService/Nope"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        static uint8_t out[CALLS * 64];
        uint8_t frame[64], *end = out;
        const size_t size = make_request(frame, methods[i], NULL, NULL, 0);
        int peer = sp_connect(service);
        for (int n = 0; n < IN_A_SECOND; n++)
            expect_answer(peer, frame, size, i == 0 ? RPC__V1__CODE__OK : RPC__V1__CODE__UNIMPLEMENTED);
        for (uint32_t n = 0; n < CALLS; n++) {
            end += sp_put_head(end, n, size);
            end = mempcpy(end, frame, size);
        }
        sp_send(peer, out, (size_t)(end - out));
        sp_expect_closed(peer, CLOSED_MS);
        close(peer);
    }
    expect_serving();
}

/* A message of zeros looks so. */
Test(wire, what_came_by_too_many_devices_closes_the_connection)
{
    static const uint8_t zeros[4096];
    int peer = sp_connect(service);
    uint8_t head[8] = {0};
    head[6] = sizeof zeros >> 8;
    sp_send(peer, head, sizeof head);
    sp_send(peer, zeros, sizeof zeros);
    sp_expect_closed(peer, 10000);
    close(peer);
    expect_serving();
}

/* As a gateway does, for all who ask it. */
Test(wire, whoever_has_the_key_asks_as_often_as_he_likes)
{
    enum { CALLS = 500 };
    uint8_t frame[256];
    const size_t size = make_request(frame, "rpc.v1.Health/Check", service->api_key, NULL, 0);
    int peer = sp_connect(service);
    for (int n = 0; n < CALLS; n++)
        expect_answer(peer, frame, size, RPC__V1__CODE__OK);
    close(peer);
}

Test(wire, a_broken_payload_gets_invalid_argument)
{
    uint8_t frame[256];
    int peer = sp_connect(service);
    expect_answer(peer, frame,
                  make_request(frame, "orders.v1.OrderService/CreateOrder", service->api_key, "\x0a\x7f", 2),
                  RPC__V1__CODE__INVALID_ARGUMENT);
    expect_answer(
        peer, frame,
        make_request(frame, "orders.v1.OrderService/GetOrder", service->api_key, "\x0a\x02\xc3\x28", 4),
        RPC__V1__CODE__INVALID_ARGUMENT);
    expect_answer(peer, frame,
                  make_request(frame, "orders.v1.OrderService/GetOrder", service->api_key,
                               "\x0a\x03"
                               "a\0b",
                               5),
                  RPC__V1__CODE__INVALID_ARGUMENT);
    close(peer);
}

enum { MOST_BEYOND = 1024 }; /* that a frame which is too large is answered */

/* A request of this size: an unknown field of bytes fills it up. */
static void fill_up(uint8_t *frame, size_t size)
{
    const size_t head_size = make_request(frame, "rpc.v1.Health/Check", NULL, NULL, 0);
    const size_t fill = size - head_size - 4; /* a tag and a length of three bytes */
    frame[head_size] = 0x72;
    frame[head_size + 1] = (uint8_t)(fill | 0x80);
    frame[head_size + 2] = (uint8_t)(fill >> 7 | 0x80);
    frame[head_size + 3] = (uint8_t)(fill >> 14);
}

Test(wire, a_frame_of_1_MiB_is_taken_and_one_byte_more_is_not)
{
    static const size_t beyond[] = {0, 1, MOST_BEYOND - 1, MOST_BEYOND};
    uint8_t *frame = calloc(1, FRAME_MAX_BYTES + MOST_BEYOND);
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        int peer = sp_connect(service); /* one that is refused closes it */
        fill_up(frame, FRAME_MAX_BYTES + beyond[i]);
        expect_answer(peer, frame, FRAME_MAX_BYTES + beyond[i],
                      beyond[i] == 0 ? RPC__V1__CODE__OK : RPC__V1__CODE__INVALID_ARGUMENT);
        close(peer);
    }
    free(frame);
}

Test(wire, a_frame_of_1_MiB_and_1_025_bytes_closes_the_pipe)
{
    uint8_t *frame = calloc(1, FRAME_MAX_BYTES + MOST_BEYOND + 1);
    int peer = sp_connect(service);
    fill_up(frame, FRAME_MAX_BYTES + MOST_BEYOND + 1);
    sp_send_frame(peer, 1, frame, FRAME_MAX_BYTES + MOST_BEYOND + 1);
    cr_assert_null(sp_read_response(peer, 1));
    close(peer);
    free(frame);
}

Test(wire, a_frame_of_2_MiB_closes_the_pipe)
{
    size_t size = 2 << 20;
    uint8_t *frame = calloc(1, size);
    int peer = sp_connect(service);
    sp_send_frame(peer, 1, frame, size);
    cr_assert_null(sp_read_response(peer, 1));
    close(peer);
    free(frame);
    expect_serving();
}

Test(wire, a_length_beyond_reason_closes_the_pipe)
{
    int peer = sp_connect(service);
    uint64_t length = UINT64_MAX;
    sp_send(peer, &length, 8);
    cr_assert_null(sp_read_response(peer, 1));
    close(peer);
    expect_serving();
}

Test(wire, peers_that_say_nothing_do_not_hold_up_others)
{
    enum { PEERS = 100 };
    int silent[PEERS];
    for (size_t i = 0; i < PEERS; i++)
        silent[i] = i % 2 == 0 ? sp_dial(service) : sp_connect(service);
    expect_serving();
    for (size_t i = 0; i < PEERS; i++)
        close(silent[i]);
    expect_serving();
}

Test(wire, a_peer_of_another_protocol_is_closed)
{
    static const uint8_t subscriber[8] = {0, 'S', 'P', 0, 0, 0x21, 0, 0};
    uint8_t theirs[8];
    int peer = sp_dial(service);
    cr_assert_eq(write(peer, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    cr_assert_not(sp_read(peer, theirs, 8) && sp_read(peer, theirs, 1));
    close(peer);
    peer = sp_dial(service);
    cr_assert_eq(write(peer, subscriber, 8), 8);
    cr_assert_not(sp_read(peer, theirs, 8) && sp_read(peer, theirs, 1));
    close(peer);
    expect_serving();
}

Test(wire, a_caller_that_leaves_before_its_answer_harms_nobody)
{
    uint8_t frame[256];
    for (int round = 0; round < 200; round++) {
        int peer = sp_connect(service);
        sp_send_frame(
            peer, 1, frame,
            make_request(frame, "orders.v1.OrderService/GetOrderSummary", service->api_key, NULL, 0));
        close(peer);
    }
    expect_serving();
}

Test(wire, an_overlong_request_id_is_refused)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    char id[130];
    uint8_t frame[512];
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    request.method = "rpc.v1.Health/Check";
    request.request_id = id;
    int peer = sp_connect(service);
    expect_answer(peer, frame, rpc__v1__request__pack(&request, frame), RPC__V1__CODE__INVALID_ARGUMENT);
    request.request_id = id + 1;
    expect_answer(peer, frame, rpc__v1__request__pack(&request, frame), RPC__V1__CODE__OK);
    close(peer);
}
