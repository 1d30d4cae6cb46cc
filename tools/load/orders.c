/* orders.c: requests to the order service. What a case sends and what it makes of the answer are one row of a
 * table. */
#include "base/message.h"
#include "load.h"
#include "orders/v1/orders.pb-c.h"
#include "pauses.h"
#include "rpc/client.h"
#include "rpc/frame.h"
#include "rpc/v1/frame.pb-c.h"
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    BACK_OFF_MS = 1000,
    ID_TEXT = 32,
    CUSTOMERS = 1000,
    DAYS = 100,
    PAGE_SIZE = 100,
    SECONDS_A_DAY = 86400
};

#define FIRST_DAY_SECONDS INT64_C(1735689600)       /* 2025-01-01, as tools/bench has it */
#define NEW_IDS           INT64_C(9000000000000000) /* so many that two are never the same */

struct load_caller;

struct load_case {
    const char *name;
    /* Makes the caller's next request: returns the method's name, and the message in *input. */
    const char *(*prepare)(struct load_caller *caller, const ProtobufCMessage **input);
    /* Whether an answer with STATUS_OK is the right one. NULL: it is not unpacked, and check_packed says. */
    bool (*check)(const struct load_caller *caller, const ProtobufCMessage *message);
    bool (*check_packed)(const struct load_caller *caller, const ProtobufCBinaryData *payload);
};

/* An order to be sent, and what its fields point to. */
struct new_order {
    Orders__V1__Order order;
    Google__Protobuf__Timestamp date;
    char order_id[ID_TEXT];
    char customer_id[ID_TEXT];
};

/* One request in flight. */
struct load_caller {
    struct load_slot slot;
    const struct load_options *options;
    const struct load_case *load_case;
    struct rpc_client *client;
    const char *page_token;
    uint64_t random;
    size_t reply_bytes;    /* of its last answer's frame */
    struct pauses *pauses; /* NULL unless it is to go on after a refusal or a failure */

    const char *method_name; /* of the last request */
    bool is_between;         /* it is made for what comes behind it, and is not measured */
    const ProtobufCMethodDescriptor *method;
    struct new_order *new_orders; /* owned; options->batch of them */
    Orders__V1__Order **batch;    /* owned; points to each */
    char order_id[ID_TEXT];
    Orders__V1__GetOrderRequest get;
    Orders__V1__CreateOrderRequest create;
    Orders__V1__UpdateOrderRequest update;
    Orders__V1__Order change;
    Google__Protobuf__FieldMask mask;
    Orders__V1__ListOrdersRequest list;
    Orders__V1__GetOrderSummaryRequest summary;
    Orders__V1__BatchCreateOrdersRequest batch_create;
};

/* 1 to n; xorshift64*. */
static uint64_t random_to(struct load_caller *caller, uint64_t n)
{
    caller->random ^= caller->random >> 12;
    caller->random ^= caller->random << 25;
    caller->random ^= caller->random >> 27;
    return (caller->random * UINT64_C(2685821657736338717) >> 8) % n + 1;
}

/* --- the cases --- */

static void make_order(struct load_caller *caller, struct new_order *new)
{
    static const char *const currencies[] = {"AUD", "CAD", "CHF", "DKK", "EUR", "GBP",
                                             "ISK", "JPY", "NOK", "SEK", "USD"};
    bool one_day = caller->options->one_day;
    snprintf(new->order_id, sizeof new->order_id, "new-%" PRIu64, random_to(caller, NEW_IDS));
    snprintf(new->customer_id, sizeof new->customer_id, "customer-%" PRIu64, random_to(caller, CUSTOMERS));
    new->date.seconds =
        FIRST_DAY_SECONDS + (one_day ? 0 : (int64_t)random_to(caller, DAYS) - 1) * SECONDS_A_DAY;
    new->order.total_amount = (int64_t)random_to(caller, 100000);
    new->order.currency = message_text(
        one_day ? "ISK" : currencies[random_to(caller, sizeof currencies / sizeof currencies[0]) - 1]);
}

static void choose_order(struct load_caller *caller)
{
    snprintf(caller->order_id, sizeof caller->order_id, "bench-%" PRIu64,
             caller->options->first_key - 1 + random_to(caller, caller->options->keys));
}

static const char *prepare_create(struct load_caller *caller, const ProtobufCMessage **input)
{
    make_order(caller, &caller->new_orders[0]);
    *input = &caller->create.base;
    return "CreateOrder";
}

static bool check_create(const struct load_caller *caller, const ProtobufCMessage *message)
{
    const Orders__V1__Order *order = (const void *)message;
    return strcmp(order->order_id, caller->new_orders[0].order_id) == 0;
}

static const char *prepare_get(struct load_caller *caller, const ProtobufCMessage **input)
{
    choose_order(caller);
    *input = &caller->get.base;
    return "GetOrder";
}

/* Of a get and of an update alike. */
static bool check_order(const struct load_caller *caller, const ProtobufCMessage *message)
{
    const Orders__V1__Order *order = (const void *)message;
    return strcmp(order->order_id, caller->order_id) == 0;
}

static const char *prepare_update(struct load_caller *caller, const ProtobufCMessage **input)
{
    choose_order(caller);
    caller->change.status =
        (Orders__V1__OrderStatus)random_to(caller, ORDERS__V1__ORDER_STATUS__ORDER_STATUS_CANCELLED);
    *input = &caller->update.base;
    return "UpdateOrder";
}

static const char *prepare_mix(struct load_caller *caller, const ProtobufCMessage **input)
{
    return random_to(caller, 10) > 1 ? prepare_get(caller, input) : prepare_update(caller, input);
}

static const char *prepare_list(struct load_caller *caller, const ProtobufCMessage **input)
{
    *input = &caller->list.base;
    return "ListOrders";
}

static bool check_list(const struct load_caller *caller, const ProtobufCMessage *message)
{
    const Orders__V1__ListOrdersResponse *page = (const void *)message;
    (void)caller;
    return page->n_orders == PAGE_SIZE;
}

static const char *prepare_summary(struct load_caller *caller, const ProtobufCMessage **input)
{
    *input = &caller->summary.base;
    return "GetOrderSummary";
}

/* Reads the first field alone, and not the days: what a client makes of a thousand of them would take longer
 * than all else here, and hide it. */
static bool check_summary(const struct load_caller *caller, const ProtobufCBinaryData *payload)
{
    enum { TOTAL_ORDERS_TAG = 1 << 3, VARINT_BITS = 7, VARINT_MORE = 0x80 };
    uint64_t orders = 0;
    if (payload->len < 2 || payload->data[0] != TOTAL_ORDERS_TAG)
        return false;
    for (size_t i = 1, shift = 0; i < payload->len && shift < 64; i++, shift += VARINT_BITS) {
        orders |= (uint64_t)(payload->data[i] & ~VARINT_MORE) << shift;
        if ((payload->data[i] & VARINT_MORE) == 0)
            return orders >= caller->options->keys;
    }
    return false;
}

/* A create, and then the summary, of which alone is told how long it takes. */
static const char *prepare_summary_after(struct load_caller *caller, const ProtobufCMessage **input)
{
    caller->is_between = !caller->is_between;
    return caller->is_between ? prepare_create(caller, input) : prepare_summary(caller, input);
}

static bool check_summary_after(const struct load_caller *caller, const ProtobufCBinaryData *payload)
{
    return caller->is_between ? payload->len > 0 : check_summary(caller, payload);
}

static const char *prepare_batch(struct load_caller *caller, const ProtobufCMessage **input)
{
    for (size_t i = 0; i < caller->options->batch; i++)
        make_order(caller, &caller->new_orders[i]);
    *input = &caller->batch_create.base;
    return "BatchCreateOrders";
}

static bool check_batch(const struct load_caller *caller, const ProtobufCMessage *message)
{
    const Orders__V1__BatchCreateOrdersResponse *response = (const void *)message;
    for (size_t i = 0; i < response->n_results; i++) {
        if (response->results[i]->code != RPC__V1__CODE__OK)
            return false;
    }
    return response->n_results == caller->options->batch;
}

static const struct load_case cases[] = {
    {"create", prepare_create, check_create},
    {"get", prepare_get, check_order},
    {"update", prepare_update, check_order},
    {"mix", prepare_mix, check_order},
    {"list", prepare_list, check_list},
    {"batch", prepare_batch, check_batch},
    {"summary", prepare_summary, NULL, check_summary},
    {"summary-after-create", prepare_summary_after, NULL, check_summary_after},
};

static const struct load_case *find_case(const char *name)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    }
    return NULL;
}

bool load_orders_has(const char *case_name)
{
    return find_case(case_name) != NULL;
}

/* --- calling --- */

static struct rpc_request next_request(struct load_caller *caller)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    struct rpc_request request = {.service = service};
    const char *name = caller->load_case->prepare(caller, &request.input);
    if (name != caller->method_name) {
        caller->method_name = name;
        caller->method = protobuf_c_service_descriptor_get_method_by_name(service, name);
    }
    request.method = caller->method;
    return request;
}

static void take_reply(struct rpc_reply *reply, void *arg);

static void call(struct load_caller *caller)
{
    if (!slot_send(&caller->slot))
        return;
    struct rpc_request request = next_request(caller);
    const struct rpc_metadata presented = {"authorization", caller->options->authorization};
    request.metadata = &presented;
    request.n_metadata = presented.value != NULL;
    rpc_client_call(caller->client, &request, take_reply, caller);
}

static size_t frame_bytes(const struct rpc_reply *reply)
{
    const Rpc__V1__Response head = RPC__V1__RESPONSE__INIT;
    return frame_measure(&head.base, reply->message).size + (reply->message == NULL ? reply->payload.len : 0);
}

static bool is_right(const struct load_caller *caller, const struct rpc_reply *reply)
{
    const struct load_case *load_case = caller->load_case;
    return load_case->check != NULL ? load_case->check(caller, reply->message)
                                    : load_case->check_packed(caller, &reply->payload);
}

static void back_off(struct load_caller *caller)
{
    pauses_begin(caller->pauses, BACK_OFF_MS / 2 + (unsigned)random_to(caller, BACK_OFF_MS), caller);
}

static void take_reply(struct rpc_reply *reply, void *arg)
{
    struct load_caller *caller = arg;
    const struct load_case *load_case = caller->load_case;
    if (load_case->check != NULL)
        rpc_reply_unpack(reply);
    if (reply->status.code == STATUS_RESOURCE_EXHAUSTED && caller->options->back_off) {
        caller->slot.refused++;
        back_off(caller);
    } else if (reply->status.code != STATUS_OK && caller->options->may_fail) {
        slot_error(&caller->slot, "%s: %s", status_code_name(reply->status.code), reply->status.message);
        back_off(caller);
    } else if (reply->status.code != STATUS_OK) {
        slot_failed(&caller->slot, "%s: %s", status_code_name(reply->status.code), reply->status.message);
    } else if (!is_right(caller, reply)) {
        slot_failed(&caller->slot, "a wrong answer to %s", caller->method_name);
    } else {
        if (!caller->is_between)
            slot_answered(&caller->slot);
        if (caller->reply_bytes == 0)
            caller->reply_bytes = frame_bytes(reply);
        rpc_reply_free(reply);
        call(caller);
        return;
    }
    rpc_reply_free(reply);
}

static void end_pause(void *caller)
{
    call(caller);
}

/* --- setting up --- */

static void make_messages(struct load_caller *caller)
{
    static char status_path[] = "status";
    static char *paths[] = {status_path};
    size_t batch = caller->options->batch;
    caller->new_orders = calloc(batch, sizeof *caller->new_orders);
    caller->batch = calloc(batch, sizeof(Orders__V1__Order *));
    if (caller->new_orders == NULL || caller->batch == NULL)
        abort();
    for (size_t i = 0; i < batch; i++) {
        struct new_order *new = &caller->new_orders[i];
        orders__v1__order__init(&new->order);
        google__protobuf__timestamp__init(&new->date);
        new->order.order_id = new->order_id;
        new->order.customer_id = new->customer_id;
        new->order.order_date = &new->date;
        caller->batch[i] = &new->order;
    }

    orders__v1__create_order_request__init(&caller->create);
    caller->create.order = &caller->new_orders[0].order;
    orders__v1__get_order_request__init(&caller->get);
    caller->get.order_id = caller->order_id;
    orders__v1__order__init(&caller->change);
    caller->change.order_id = caller->order_id;
    google__protobuf__field_mask__init(&caller->mask);
    caller->mask.paths = paths;
    caller->mask.n_paths = 1;
    orders__v1__update_order_request__init(&caller->update);
    caller->update.order = &caller->change;
    caller->update.update_mask = &caller->mask;
    orders__v1__list_orders_request__init(&caller->list);
    caller->list.page_size = PAGE_SIZE;
    caller->list.page_token = message_text(caller->page_token);
    orders__v1__get_order_summary_request__init(&caller->summary);
    orders__v1__batch_create_orders_request__init(&caller->batch_create);
    caller->batch_create.orders = caller->batch;
    caller->batch_create.n_orders = batch;
}

/* The token of the page behind the first `depth` orders, got as any client would: page by page. The caller's
 * to free; NULL: stderr says why. */
static char *walk_to(struct rpc_client *client, uint64_t depth)
{
    const ProtobufCServiceDescriptor *service = &orders__v1__order_service__descriptor;
    char *token = strdup("");
    for (uint64_t seen = 0; seen < depth && token != NULL;) {
        uint64_t left = depth - seen;
        Orders__V1__ListOrdersRequest list = ORDERS__V1__LIST_ORDERS_REQUEST__INIT;
        list.page_size = left < 1000 ? (int32_t)left : 1000;
        list.page_token = token;
        const struct rpc_request request = {
            .service = service,
            .method = protobuf_c_service_descriptor_get_method_by_name(service, "ListOrders"),
            .input = &list.base,
        };
        struct rpc_reply *reply = rpc_client_call_wait(client, &request);
        const Orders__V1__ListOrdersResponse *page = (const void *)reply->message;
        free(token);
        token = NULL;
        if (page == NULL || page->next_page_token[0] == '\0') {
            fprintf(stderr, "orders-load: there is no page %" PRIu64 " orders deep: %s\n", depth,
                    reply->status.message);
        } else {
            token = strdup(page->next_page_token);
            seen += page->n_orders;
        }
        rpc_reply_free(reply);
    }
    return token;
}

static bool measure(const struct load_options *options, struct rpc_client *client, const char *page_token)
{
    struct load_caller *callers = calloc(options->in_flight, sizeof *callers);
    const bool pausing = options->back_off || options->may_fail;
    struct pauses *pauses = pausing ? pauses_open(end_pause) : NULL;
    struct run run;
    if (callers == NULL || (pausing && pauses == NULL))
        abort();
    for (size_t i = 0; i < options->in_flight; i++) {
        callers[i].slot.run = &run;
        callers[i].options = options;
        callers[i].load_case = find_case(options->case_name);
        callers[i].client = client;
        callers[i].page_token = page_token;
        if (getrandom(&callers[i].random, sizeof callers[i].random, 0) != sizeof callers[i].random)
            abort();
        callers[i].random |= 1; /* xorshift never leaves 0 */
        make_messages(&callers[i]);
        callers[i].pauses = pauses;
    }
    run_begin(&run, options->in_flight, options->seconds);
    for (size_t i = 0; i < options->in_flight; i++)
        call(&callers[i]);
    bool well = run_wait(&run);
    if (well)
        run_print(&run, &callers->slot, options->in_flight, sizeof *callers, callers[0].reply_bytes);
    if (run.error[0] != '\0')
        fprintf(stderr, "orders-load: %s: %s\n", options->case_name, run.error);
    pauses_close(pauses);
    for (size_t i = 0; i < options->in_flight; i++) {
        free(callers[i].new_orders);
        free(callers[i].batch);
    }
    free(callers);
    return well;
}

int load_orders(const struct load_options *options)
{
    const char *const urls[] = {options->url, NULL};
    const struct rpc_client_options client_options = {
        .urls = urls, .api_key = options->api_key, .tls.ca = getenv("ORDERS_TLS_CA")};
    char error[256];
    struct rpc_client *client = rpc_client_open(&client_options, error, sizeof error);
    if (client == NULL) {
        fprintf(stderr, "orders-load: %s\n", error);
        return EXIT_FAILURE;
    }
    char *page_token = walk_to(client, options->depth);
    bool well = page_token != NULL && measure(options, client, page_token);
    free(page_token);
    rpc_client_close(client);
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
