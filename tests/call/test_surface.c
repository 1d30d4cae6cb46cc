/* test_surface.c: who gets through to which function. */
#include "call/surface.h"

#include "auth/bootstrap_keys.h"
#include "base/metrics.h"
#include "base/metrics_text.h"
#include "base/time.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "service/health.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY = 1000 };

static struct surface_call call;
static struct health health;
static struct methods *methods;
static struct surface *surface;
static struct budget memory;
static struct surface_request request;
static struct auth_result auth;
static struct surface_options options = {.max_calls = 3}; /* and what make adds to them */
static unsigned answers;
static Rpc__V1__HealthCheckResponse__ServingStatus answered_status; /* of the last answer */

static void answer(struct surface_call *answered, const ProtobufCMessage *message)
{
    cr_assert_eq(answered, &call);
    cr_assert(message == NULL || answered->call.status.code == STATUS_OK);
    answers++;
    answered_status = message != NULL && message->descriptor == &rpc__v1__health_check_response__descriptor
                          ? ((const Rpc__V1__HealthCheckResponse *)message)->status
                          : RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__UNKNOWN;
}

static void set_up(void)
{
    static const char *const names[] = {"rpc.v1.Health", NULL};
    static const struct health_check checks[] = {{NULL, NULL}};
    health_init(&health, names, checks);
    memory = (struct budget){.limit = MEMORY};
    auth = (struct auth_result){0};
    request = (struct surface_request){.request_id = "", .auth = &auth};
}

static void free_all(void)
{
    if (surface == NULL)
        return;
    surface_call_free(&call);
    surface_free(surface);
    options = (struct surface_options){.max_calls = 3};
    methods_free(methods);
    surface = NULL;
    methods = NULL;
}

TestSuite(surface, .init = set_up, .fini = free_all);

/* The role that methods are to need. */
static enum role needed;

static bool role_of(const char *method, enum role *role)
{
    (void)method;
    *role = needed;
    return true;
}

static void make(ProtobufCService *service, enum role role)
{
    static const char *const keys[] = {"right", NULL};
    static struct authenticator authenticator;
    char error[128];
    authenticator = (struct authenticator){0};
    authenticator_add(&authenticator, bootstrap_keys_source(keys));
    needed = role;
    methods = methods_new();
    cr_assert(methods_add(methods, service, role_of, error, sizeof error));
    options.methods = methods;
    options.authenticator = &authenticator;
    options.memory = &memory;
    surface = surface_new(&options);
    surface_call_init(&call, surface, answer);
}

/* Calls what is asked for, and takes the answer. */
static void run(void)
{
    struct caller caller = {.id = 7, .address = "192.0.2.1:5000"};
    answers = 0;
    surface_enter(&call, &caller, 1);
    surface_look_up(&call, &request);
    surface_run(&call, &request);
    cr_assert_eq(answers, 1);
    surface_answered(&call, 1);
    surface_leave(&call);
    cr_assert_eq(caller.bytes, 0);
}

static void invoke(enum role role, const char *method, const char *key, const char *payload)
{
    make(&health.service.base, role);
    request.method = method;
    surface_check(surface, &(struct auth_presented){.api_key = key}, &auth);
    request.payload = (ProtobufCBinaryData){strlen(payload), (uint8_t *)(uintptr_t)payload};
    run();
}

/* A service whose methods are not to be called. */
static void never(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
                  ProtobufCClosure closure, void *closure_data)
{
    (void)service, (void)index, (void)input, (void)closure, (void)closure_data;
    cr_assert(false, "it was called");
}

/* An empty key is none, and one that only begins right is wrong. */
Test(surface, keys)
{
    static const struct {
        enum role role;
        const char *key;
        enum status_code code;
    } cases[] = {
        {ROLE_NONE, NULL, STATUS_OK},
        {ROLE_READER, NULL, STATUS_UNAUTHENTICATED},
        {ROLE_READER, "", STATUS_UNAUTHENTICATED},
        {ROLE_READER, "wrong", STATUS_PERMISSION_DENIED},
        {ROLE_READER, "rightright", STATUS_PERMISSION_DENIED},
        {ROLE_READER, "right", STATUS_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        invoke(cases[i].role, "rpc.v1.Health/Check", cases[i].key, "");
        cr_expect_eq(call.call.status.code, cases[i].code, "%zu", i);
        cr_expect_eq(answered_status,
                     cases[i].code == STATUS_OK ? RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                                                : RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__UNKNOWN,
                     "%zu", i);
        free_all();
    }
}

Test(surface, unknown_method)
{
    invoke(ROLE_NONE, "rpc.v1.Health/Chec", "right", "");
    cr_assert_eq(call.call.status.code, STATUS_UNIMPLEMENTED);
    cr_assert_str_eq(call.call.status.message, "Unknown method \"rpc.v1.Health/Chec\"");
}

Test(surface, unknown_method_with_a_long_name)
{
    char name[300], expected[300];
    memset(name, 'x', 199);
    strcpy(name + 199, "\u00de"); /* of two bytes, of which only one would stand */
    snprintf(expected, sizeof expected, "Unknown method \"%.199s\"", name);
    invoke(ROLE_NONE, name, "right", "");
    cr_assert_str_eq(call.call.status.message, expected);
}

Test(surface, broken_payload)
{
    invoke(ROLE_NONE, "rpc.v1.Health/Check", NULL, "\x0a\x05x");
    cr_assert_eq(call.call.status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(call.call.status.message, "rpc.v1.HealthCheckRequest"));
}

/* The caller learns which field it is, and the method is not called. */
Test(surface, a_payload_with_a_message_in_two_parts)
{
    uint8_t payload[] = {0x0a, 0x02, 0x28, 0x05, 0x0a, 0x05, 0x12, 0x03, 'A', '-', '1'};
    ProtobufCService service = {.descriptor = &orders__v1__order_service__descriptor, .invoke = never};
    request.method = "orders.v1.OrderService/CreateOrder";
    request.payload = (ProtobufCBinaryData){sizeof payload, payload};
    make(&service, ROLE_NONE);
    run();
    cr_assert_eq(call.call.status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_str_eq(
        call.call.status.message,
        "The payload is no orders.v1.CreateOrderRequest: orders.v1.CreateOrderRequest.order comes "
        "twice");
}

Test(surface, an_id_that_is_too_long)
{
    static char id[130];
    memset(id, 'x', 129);
    request.request_id = id;
    invoke(ROLE_READER, "rpc.v1.Health/Check", "right", "");
    cr_assert_eq(call.call.status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_str_eq(call.call.status.message, "request_id has more than 128 bytes");
    cr_assert_str_eq(call.call.request_id, "", "nor is it logged");
}

/* Whoever says it otherwise is not to find it done. */
Test(surface, validate_only_is_true_or_false)
{
    static const struct {
        const char *said;
        bool is_so;
    } taken[] = {{NULL, false}, {"false", false}, {"true", true}};
    make(&health.service.base, ROLE_NONE);
    request.method = "rpc.v1.Health/Check";
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        request.validate_only = taken[i].said;
        run();
        cr_expect_eq(call.call.status.code, STATUS_OK);
        cr_expect_eq(call.call.validate_only, taken[i].is_so);
    }
    request.validate_only = "True";
    run();
    cr_assert_eq(call.call.status.code, STATUS_INVALID_ARGUMENT);
    cr_assert_eq(answered_status, RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__UNKNOWN, "it was called");
}

/* The same request has one fingerprint, packed or not; another method's has another. */
Test(surface, a_message_has_the_fingerprint_of_its_bytes)
{
    Rpc__V1__HealthCheckRequest input = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    invoke(ROLE_NONE, "rpc.v1.Health/Check", NULL, "\x0a\x0drpc.v1.Health");
    const uint64_t packed = call.call.fingerprint;
    input.service = "rpc.v1.Health";
    request.input = &input.base;
    run();
    cr_assert_eq(call.call.status.code, STATUS_OK);
    cr_assert_eq(call.call.fingerprint, packed);
    input.service = "";
    run();
    cr_assert_neq(call.call.fingerprint, packed);
}

/* The key is looked at whatever is asked for. */
Test(surface, targets_are_looked_up_with_the_right_to_them)
{
    static const struct {
        const char *method, *key;
        struct surface_target target;
    } cases[] = {
        {"rpc.v1.Health/Check", NULL, {.method = 0, .is_open = true}},
        {"rpc.v1.Health/Check", "right", {.method = 0, .is_open = true, .is_known = true}},
        {"rpc.v1.Health/Check", "wrong", {.method = 0, .is_open = true}},
        {"rpc.v1.Health/Chec", "right", {.method = 1, .is_known = true}},
        {"rpc.v1.Health/Chec", "", {.method = 1}},
    };
    make(&health.service.base, ROLE_NONE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        request.method = cases[i].method;
        surface_check(surface, &(struct auth_presented){.api_key = cases[i].key}, &auth);
        run();
        cr_expect_eq(call.target.method, cases[i].target.method, "%zu", i);
        cr_expect_eq(call.target.is_open, cases[i].target.is_open, "%zu", i);
        cr_expect_eq(call.target.is_known, cases[i].target.is_known, "%zu", i);
    }
}

/* --- the right to it, later --- */

/* Whom `right` proves, if anybody, for now. */
static struct auth_result proven;

static enum auth_outcome check_proven(void *arg, const char *secret, struct principal *principal)
{
    (void)arg;
    if (strcmp(secret, "right") != 0)
        return AUTH_MISSING;
    *principal = proven.principal;
    return proven.outcome;
}

/* As the store does, which is to answer later. */
static void wait_for_store(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
                           ProtobufCClosure closure, void *closure_data)
{
    (void)service, (void)index, (void)input, (void)closure, (void)closure_data;
}

/* What it was told at first, it is told once its right is gone. */
Test(surface, who_waits_is_looked_at_again)
{
    static const struct {
        struct auth_result later;
        enum status_code code;
        const char *why;
    } cases[] = {
        {{.outcome = AUTH_KNOWN, .principal = {.name = "a", .role = ROLE_WRITER}}, STATUS_OK, ""},
        {{.outcome = AUTH_REVOKED}, STATUS_PERMISSION_DENIED, "API key was revoked"},
        {{.outcome = AUTH_EXPIRED}, STATUS_PERMISSION_DENIED, "API key has expired"},
        {{.outcome = AUTH_TOKEN_EXPIRED}, STATUS_UNAUTHENTICATED, "The token has expired"},
        {{.outcome = AUTH_TOKEN_KEY}, STATUS_UNAUTHENTICATED, "The token's key is not known"},
        {{.outcome = AUTH_KNOWN, .principal = {.name = "a", .role = ROLE_READER}},
         STATUS_PERMISSION_DENIED,
         "rpc.v1.Health/Check needs role writer"},
    };
    static struct authenticator authenticator;
    ProtobufCService service = {.descriptor = &rpc__v1__health__descriptor, .invoke = wait_for_store};
    struct caller caller = {.id = 7};
    make(&service, ROLE_WRITER);
    surface_free(surface);
    authenticator_add(&authenticator, (struct auth_source){check_proven, NULL});
    options.authenticator = &authenticator;
    surface = surface_new(&options);
    surface_call_init(&call, surface, answer);
    request.method = "rpc.v1.Health/Check";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct auth_presented presented = {.api_key = "right"};
        const char *why = "";
        proven = cases[0].later;
        surface_check(surface, &presented, &auth);
        request.presented = &presented;
        surface_enter(&call, &caller, 1);
        surface_look_up(&call, &request);
        surface_run(&call, &request);
        cr_assert_not(call.is_done, "%zu: %s", i, call.call.status.message);
        proven = cases[i].later;
        const uint64_t known_until_ns = call.call.start_ns + (uint64_t)CALL_KNOWN_MS * NS_PER_MS;
        cr_expect_eq(call_recheck(&call.call, known_until_ns - 1, &why), STATUS_OK, "it waited for no time");
        cr_expect_eq(call_recheck(&call.call, known_until_ns, &why), cases[i].code, "%zu", i);
        cr_expect_str_eq(why, cases[i].why);
        surface_abandon(&call);
    }
}

/* --- room --- */

/* The only call of three that may be in hand, which the others are. */
static void fill(struct surface_call others[2], struct caller *caller)
{
    static const struct auth_result nobody;
    static const struct surface_request any = {.method = "", .request_id = "", .auth = &nobody};
    for (int i = 0; i < 2; i++) {
        surface_call_init(&others[i], surface, answer);
        surface_enter(&others[i], caller, 1);
        surface_look_up(&others[i], &any);
    }
}

Test(surface, whom_there_is_no_room_for)
{
    struct surface_call others[2];
    struct caller caller = {.id = 1}, other = {.id = 2};
    make(&health.service.base, ROLE_READER);
    fill(others, &other);
    request.method = "rpc.v1.Health/Check";
    auth = (struct auth_result){.outcome = AUTH_KNOWN, .principal = {.role = ROLE_READER}};
    surface_enter(&call, &caller, MEMORY);
    surface_look_up(&call, &request);
    surface_run(&call, &request);
    cr_assert_eq(call.call.status.code, STATUS_RESOURCE_EXHAUSTED);
    for (int i = 0; i < 2; i++) {
        surface_abandon(&others[i]);
        surface_call_free(&others[i]);
    }
    cr_assert_eq(atomic_load(&memory.taken), MEMORY);
    surface_answered(&call, 10);
    cr_assert_eq(atomic_load(&memory.taken), 10);
    surface_leave(&call);
    cr_assert_eq(atomic_load(&memory.taken), 0);
}

/* Such as health, which is asked about just then. */
Test(surface, what_is_open_is_answered_whatever_else_is_refused)
{
    struct surface_call others[2];
    struct caller caller = {.id = 1}, other = {.id = 2};
    make(&health.service.base, ROLE_NONE);
    fill(others, &other);
    request.method = "rpc.v1.Health/Check";
    surface_enter(&call, &caller, MEMORY);
    surface_look_up(&call, &request);
    surface_run(&call, &request);
    cr_assert_eq(call.call.status.code, STATUS_OK);
}

/* What a front end has unpacked counts, as does what is made of it. */
Test(surface, a_message_that_is_handed_over_counts_twice)
{
    Rpc__V1__HealthCheckRequest input = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    struct caller caller = {.id = 1}, other = {.id = 2};
    struct surface_call others[2];
    make(&health.service.base, ROLE_READER);
    fill(others, &other);
    request.method = "rpc.v1.Health/Check";
    auth = (struct auth_result){.outcome = AUTH_KNOWN, .principal = {.role = ROLE_READER}};
    request.input = &input.base;
    request.input_bytes = MEMORY / 2 + 1;
    surface_enter(&call, &caller, 1);
    surface_look_up(&call, &request);
    surface_run(&call, &request);
    cr_assert_eq(call.call.status.code, STATUS_RESOURCE_EXHAUSTED);
    cr_assert_eq(atomic_load(&memory.taken), MEMORY + 4);
}

static void reserve_much(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
                         ProtobufCClosure closure, void *closure_data)
{
    (void)service, (void)index, (void)input;
    cr_assert(call_reserve(closure_data, 100));
    closure(NULL, closure_data);
}

/* An answer for which room was reserved has that, and more if there is some; one that nothing was reserved
 * for is never refused, as it may be a write's. */
Test(surface, an_answer_that_is_larger_than_reserved_may_be_refused)
{
    struct caller caller = {.id = 1}, other = {.id = 2};
    struct surface_call others[2];
    ProtobufCService service = {.descriptor = &rpc__v1__health__descriptor, .invoke = reserve_much};
    make(&service, ROLE_NONE);
    fill(others, &other);
    request.method = "rpc.v1.Health/Check";
    surface_enter(&call, &caller, 1);
    surface_look_up(&call, &request);
    surface_run(&call, &request);
    cr_assert_eq(call.call.status.code, STATUS_OK);
    cr_assert(surface_fits(&call, 100));
    cr_assert_not(surface_fits(&call, MEMORY));
    cr_assert_eq(call.call.status.code, STATUS_RESOURCE_EXHAUSTED);
    call.reserved = false;
    cr_assert(surface_fits(&call, 10 * MEMORY));
}

/* --- what one principal may --- */

static void ask_as(const char *name)
{
    auth = (struct auth_result){.outcome = AUTH_KNOWN, .principal = {.role = ROLE_READER, .is_listed = true}};
    snprintf(auth.principal.name, sizeof auth.principal.name, "%s", name);
    request.method = "rpc.v1.Health/Check";
}

Test(surface, who_calls_too_often_is_told_when_to_come_again)
{
    options.rate_each = 2;
    options.burst_each = 3;
    make(&health.service.base, ROLE_READER);
    ask_as("shop");
    for (int i = 0; i < 3; i++) {
        run();
        cr_assert_eq(call.call.status.code, STATUS_OK);
    }
    run();
    cr_assert_eq(call.call.status.code, STATUS_RESOURCE_EXHAUSTED);
    const struct status_limit *limit = call.call.status.limit;
    cr_assert_not_null(limit);
    cr_assert_str_eq(limit->policy, "\"rate\";q=3;w=2");
    cr_assert_str_eq(limit->state, "\"rate\";r=0;t=1");
    cr_assert_eq(limit->retry_after_s, 1);
    cr_assert_not(status_is_server_fault(&call.call.status));
    ask_as("other");
    run();
    cr_assert_eq(call.call.status.code, STATUS_OK);
}

static void keep(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
                 ProtobufCClosure closure, void *closure_data)
{
    (void)service, (void)index, (void)input, (void)closure, (void)closure_data;
}

Test(surface, who_has_as_many_calls_under_way_as_it_may_is_refused_another)
{
    ProtobufCService service = {.descriptor = &rpc__v1__health__descriptor, .invoke = keep};
    struct surface_call first;
    struct caller caller = {.id = 1};
    options.max_calls_each = 1;
    make(&service, ROLE_READER);
    ask_as("shop");
    surface_call_init(&first, surface, answer);
    surface_enter(&first, &caller, 1);
    surface_look_up(&first, &request);
    surface_run(&first, &request);
    run();
    cr_assert_eq(call.call.status.code, STATUS_RESOURCE_EXHAUSTED);
    cr_assert_str_eq(call.call.status.message, "shop has 1 calls under way, and may have no more");
    cr_assert_str_eq(call.call.status.limit->policy, "\"calls\";q=1;qu=\"concurrent-requests\"");
    cr_assert_str_eq(call.call.status.limit->state, "\"calls\";r=0");
    surface_abandon(&first);
    surface_call_free(&first);
}

/* Whoever watches the service is not one of those whom the limits are for. */
Test(surface, what_is_open_has_no_limits)
{
    options.rate_each = options.max_calls_each = 1;
    make(&health.service.base, ROLE_NONE);
    ask_as("shop");
    for (int i = 0; i < 5; i++) {
        run();
        cr_assert_eq(call.call.status.code, STATUS_OK);
    }
}

Test(surface, calls_are_counted_by_principal_and_outcome)
{
    struct arena arena;
    size_t length;
    arena_init(&arena);
    struct metrics *metrics = metrics_new();
    options.metrics = metrics;
    options.rate_each = 1;
    make(&health.service.base, ROLE_READER);
    ask_as("shop");
    run();
    run();
    auth = (struct auth_result){.outcome = AUTH_MISSING};
    run();
    const char *text = metrics_text(metrics, &arena, &length);
    cr_assert_not_null(strstr(text, "{principal=\"shop\",outcome=\"ok\"} 1\n"), "%s", text);
    cr_assert_not_null(strstr(text, "{principal=\"shop\",outcome=\"limited\"} 1\n"), "%s", text);
    cr_assert_not_null(strstr(text, "{principal=\"(none)\",outcome=\"client_error\"} 1\n"), "%s", text);
    arena_free(&arena);
    free_all();
    metrics_free(metrics);
}

/* --- the log --- */

static FILE *logged;

static void log_to_file(void)
{
    logged = tmpfile();
    options.log = log_open(fileno(logged), LOG_LEVEL_INFO);
}

/* Free with free. */
static char *end_log(void)
{
    log_close(options.log);
    const long size = lseek(fileno(logged), 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    cr_assert_eq(pread(fileno(logged), text, (size_t)size, 0), size);
    fclose(logged);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

static enum status_code ending;

/* As the store does. */
static void end_so(ProtobufCService *service, unsigned index, const ProtobufCMessage *input,
                   ProtobufCClosure closure, void *closure_data)
{
    struct call *under_way = closure_data;
    (void)service, (void)index, (void)input;
    under_way->order_id = "ORD-1";
    if (ending != STATUS_OK)
        call_fail(under_way, ending, "so");
    closure(NULL, closure_data);
}

Test(surface, a_line_says_who_called_from_where_about_which_order)
{
    ProtobufCService service = {.descriptor = &rpc__v1__health__descriptor, .invoke = end_so};
    log_to_file();
    make(&service, ROLE_READER);
    ask_as("shop");
    ending = STATUS_DEADLINE_EXCEEDED;
    run();
    char *text = end_log();
    cr_assert_not_null(
        strstr(text, "\"principal\":\"shop\",\"peer\":\"192.0.2.1:5000\",\"order_id\":\"ORD-1\""), "%s",
        text);
    cr_assert_not_null(strstr(text, "\"level\":\"warn\""), "%s", text);
    free(text);
}

/* Whatever goes well, and what callers do wrong, is one line a second each; what is the service's fault has
 * all. */
Test(surface, lines_are_sampled_but_for_faults_of_the_service)
{
    enum { CALLS = 50 };
    static const struct {
        enum status_code code;
        bool is_kept;
    } cases[] = {
        {STATUS_OK, false}, {STATUS_NOT_FOUND, false}, {STATUS_UNAVAILABLE, true}, {STATUS_INTERNAL, true}};
    ProtobufCService service = {.descriptor = &rpc__v1__health__descriptor, .invoke = end_so};
    log_to_file();
    options.log_sample = 1;
    make(&service, ROLE_READER);
    ask_as("shop");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ending = cases[i].code;
        for (int n = 0; n < CALLS; n++)
            run();
    }
    char *text = end_log();
    size_t lines[STATUS_CODES] = {0};
    for (char *rest, *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        for (enum status_code code = 0; code < STATUS_CODES; code++) {
            char name[64];
            snprintf(name, sizeof name, "\"code\":\"%s\"", status_code_name(code));
            lines[code] += strstr(line, name) != NULL;
        }
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = lines[cases[i].code];
        cr_expect(cases[i].is_kept ? n == CALLS : n >= 1 && n < CALLS / 2, "%s: %zu",
                  status_code_name(cases[i].code), n);
    }
    free(text);
}

Test(surface, a_slow_call_has_a_line_always)
{
    ProtobufCService service = {.descriptor = &rpc__v1__health__descriptor, .invoke = end_so};
    struct caller caller = {.id = 7};
    log_to_file();
    options.log_sample = 1;
    options.slow_ms = 1000;
    make(&service, ROLE_READER);
    ask_as("shop");
    ending = STATUS_OK;
    run();
    for (int i = 0; i < 5; i++) {
        surface_enter(&call, &caller, 1);
        surface_look_up(&call, &request);
        call.call.start_ns -= 2 * (uint64_t)NS_PER_S;
        surface_run(&call, &request);
        surface_answered(&call, 1);
        surface_leave(&call);
    }
    char *text = end_log();
    cr_assert_eq(count_lines(text), 6, "%s", text);
    free(text);
}
