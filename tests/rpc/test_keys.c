/* test_keys.c: keys over RPC, with several servers of one database: what holds where, and from when on. */
#include "calls.h"

#include "base/message.h"
#include "base/time.h"
#include "rpc/v1/keys.pb-c.h"
#include "support/cluster.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    EVERYWHERE_MS = 2000, /* within which a key is refused everywhere once it was revoked */
    AWAIT_MS = 20000,
    KEY_TEXT = 97,
};

static char *database_url, *service_url;
static PGconn *database;
static struct service *a, *b;

static void setup(void)
{
    database_url = database_create();
    service_url = database_service_url(database_url);
    database = database_connect(database_url);
    a = service_start(&(struct service_options){.database_url = service_url, .without_http = true});
    b = service_start(&(struct service_options){.database_url = service_url, .without_http = true});
}

static void teardown(void)
{
    service_stop_clean(a);
    service_stop_clean(b);
    PQfinish(database);
    free(service_url);
    database_drop(database_url);
}

TestSuite(keys, .init = setup, .fini = teardown, .timeout = 120);
TestSuite(keys_alone, .timeout = 120);

static uint64_t after_ms(unsigned ms)
{
    return time_monotonic_ns() + (uint64_t)ms * NS_PER_MS;
}

static void pause_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * NS_PER_MS}, NULL);
}

static struct rpc_client *open_with(const struct service *service, const char *key)
{
    const char *const urls[] = {service->rpc_url, NULL};
    char error[256] = "";
    struct rpc_client *client =
        rpc_client_open(&(struct rpc_client_options){.urls = urls, .api_key = key}, error, sizeof error);
    cr_assert_not_null(client, "%s", error);
    return client;
}

/* A call with a key, over a connection of its own: one that is refused too often closes. */
static struct rpc_reply *call(const struct service *service, const char *key,
                              const ProtobufCServiceDescriptor *descriptor, const char *method,
                              const ProtobufCMessage *input)
{
    struct rpc_client *client = open_with(service, key);
    const struct rpc_request request = {
        .service = descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(descriptor, method),
        .input = input,
    };
    struct rpc_reply *reply = rpc_client_call_wait(client, &request);
    rpc_client_close(client);
    return reply;
}

static struct rpc_reply *ask(const struct service *service, const char *method, const ProtobufCMessage *input)
{
    return call(service, service->api_key, &rpc__v1__keys__descriptor, method, input);
}

/* How a get with a key ends; the message is static. */
static enum status_code get_with(const struct service *service, const char *key, const char **message)
{
    static char text[256];
    Orders__V1__GetOrderRequest request = ORDERS__V1__GET_ORDER_REQUEST__INIT;
    request.order_id = "A-1";
    struct rpc_reply *reply =
        call(service, key, &orders__v1__order_service__descriptor, "GetOrder", &request.base);
    const enum status_code code = reply->status.code;
    snprintf(text, sizeof text, "%s", reply->status.message);
    if (message != NULL)
        *message = text;
    rpc_reply_free(reply);
    return code;
}

static void expect(const struct service *service, const char *key, enum status_code code, const char *message)
{
    const char *told;
    const enum status_code got = get_with(service, key, &told);
    cr_assert_eq(got, code, "%s: %s", status_code_name(got), told);
    cr_assert_str_eq(told, message);
}

/* The key holds: there is no such order. */
static void expect_held(const struct service *service, const char *key)
{
    expect(service, key, STATUS_NOT_FOUND, "Order not found");
}

/* Until a get with a key ends so, which it does within the time. */
static void await(const struct service *service, const char *key, enum status_code code, unsigned limit_ms)
{
    const uint64_t limit_ns = after_ms(limit_ms);
    enum status_code got;
    const char *told;
    while ((got = get_with(service, key, &told)) != code) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%s: %s", status_code_name(got), told);
        pause_ms(10);
    }
}

static void create(const char *name, Rpc__V1__Role role, int64_t expires_in_s, char key[static KEY_TEXT])
{
    Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Rpc__V1__CreateKeyRequest request = RPC__V1__CREATE_KEY_REQUEST__INIT;
    request.name = message_text(name);
    request.role = role;
    expires.seconds = time_now().seconds + expires_in_s;
    request.expires_at = expires_in_s != 0 ? &expires : NULL;
    struct rpc_reply *reply = ask(a, "CreateKey", &request.base);
    calls_expect(reply, STATUS_OK);
    const Rpc__V1__IssuedKey *issued = (const Rpc__V1__IssuedKey *)reply->message;
    cr_assert_str_eq(issued->name, name);
    cr_assert_eq(issued->role, role);
    cr_assert_eq(strlen(issued->key), KEY_TEXT - 1);
    strcpy(key, issued->key);
    rpc_reply_free(reply);
}

static void revoke_by(const struct service *service, const char *name)
{
    Rpc__V1__RevokeKeyRequest request = RPC__V1__REVOKE_KEY_REQUEST__INIT;
    request.name = message_text(name);
    struct rpc_reply *reply = ask(service, "RevokeKey", &request.base);
    calls_expect(reply, STATUS_OK);
    cr_assert_not_null(((const Rpc__V1__Key *)reply->message)->revoked_at);
    rpc_reply_free(reply);
}

static void rotate(const char *name, int64_t grace_seconds, char key[static KEY_TEXT])
{
    Rpc__V1__RotateKeyRequest request = RPC__V1__ROTATE_KEY_REQUEST__INIT;
    request.name = message_text(name);
    request.grace_seconds = grace_seconds;
    struct rpc_reply *reply = ask(a, "RotateKey", &request.base);
    calls_expect(reply, STATUS_OK);
    const Rpc__V1__IssuedKey *issued = (const Rpc__V1__IssuedKey *)reply->message;
    cr_assert_not_null(issued->old_key_until);
    strcpy(key, issued->key);
    rpc_reply_free(reply);
}

/* --- one server --- */

Test(keys, a_key_does_what_its_role_may_and_no_more)
{
    static const struct {
        const char *method;
        const ProtobufCServiceDescriptor *service;
        Rpc__V1__Role role; /* that it needs */
    } methods[] = {
        {"GetOrder", &orders__v1__order_service__descriptor, RPC__V1__ROLE__ROLE_READER},
        {"DeleteOrder", &orders__v1__order_service__descriptor, RPC__V1__ROLE__ROLE_WRITER},
        {"ListKeys", &rpc__v1__keys__descriptor, RPC__V1__ROLE__ROLE_ADMIN},
    };
    static const char *const names[] = {"", "reader", "writer", "admin"};
    for (Rpc__V1__Role role = RPC__V1__ROLE__ROLE_READER; role <= RPC__V1__ROLE__ROLE_ADMIN; role++) {
        char key[KEY_TEXT], message[128];
        create(names[role], role, 0, key);
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
            const ProtobufCMethodDescriptor *method =
                protobuf_c_service_descriptor_get_method_by_name(methods[i].service, methods[i].method);
            ProtobufCMessage *input = calloc(1, method->input->sizeof_message);
            protobuf_c_message_init(method->input, input);
            struct rpc_reply *reply = call(a, key, methods[i].service, methods[i].method, input);
            snprintf(message, sizeof message, "%s/%s needs role %s", methods[i].service->name,
                     methods[i].method, names[methods[i].role]);
            if (role < methods[i].role) {
                calls_expect(reply, STATUS_PERMISSION_DENIED);
                cr_assert_str_eq(reply->status.message, message);
            } else {
                cr_assert_neq(reply->status.code, STATUS_PERMISSION_DENIED, "%s", message);
            }
            rpc_reply_free(reply);
            free(input);
        }
    }
}

Test(keys, what_is_no_key_is_told_apart)
{
    char key[KEY_TEXT], other[KEY_TEXT];
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    expect_held(a, key);

    strcpy(other, key);
    other[40] = other[40] == 'a' ? 'b' : 'a';
    expect(a, other, STATUS_PERMISSION_DENIED, "Invalid API key: it was mistyped or cut");
    strcpy(other, key);
    other[KEY_TEXT - 2] = '\0';
    expect(a, other, STATUS_PERMISSION_DENIED, "Invalid API key: it was mistyped or cut");

    /* A key that nobody stored, of the right form: of another database. */
    free(database_query(database, "UPDATE api_keys SET id = '0123456789abcdef'"));
    await(a, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
    expect(a, key, STATUS_PERMISSION_DENIED, "Invalid API key");
    expect(a, NULL, STATUS_UNAUTHENTICATED, "API key is missing");
}

Test(keys, one_expires_by_the_clock)
{
    char key[KEY_TEXT];
    create("short", RPC__V1__ROLE__ROLE_READER, 2, key);
    expect_held(a, key);
    await(a, key, STATUS_PERMISSION_DENIED, 4000);
    expect(a, key, STATUS_PERMISSION_DENIED, "API key has expired");
}

Test(keys, rotation_ends_the_old_key_when_it_is_to)
{
    char first[KEY_TEXT], second[KEY_TEXT], third[KEY_TEXT];
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, first);
    rotate("billing", 2, second);
    expect_held(a, first);
    expect_held(a, second);
    await(a, first, STATUS_PERMISSION_DENIED, 4000);
    expect(a, first, STATUS_PERMISSION_DENIED, "API key was revoked");
    expect_held(a, second);

    /* One that was to hold for longer holds no longer than this. */
    rotate("billing", 3600, third);
    expect_held(a, second);
    char fourth[KEY_TEXT];
    rotate("billing", 0, fourth);
    expect(a, second, STATUS_PERMISSION_DENIED, "API key was revoked");
    expect(a, third, STATUS_PERMISSION_DENIED, "API key was revoked");
    expect_held(a, fourth);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM api_keys WHERE role = 'reader'"), 4);
}

Test(keys, a_name_is_one_caller_s_until_it_is_revoked)
{
    char key[KEY_TEXT], again[KEY_TEXT];
    Rpc__V1__CreateKeyRequest request = RPC__V1__CREATE_KEY_REQUEST__INIT;
    Rpc__V1__RotateKeyRequest rotation = RPC__V1__ROTATE_KEY_REQUEST__INIT;
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    request.name = rotation.name = "billing";
    request.role = RPC__V1__ROLE__ROLE_ADMIN;
    struct rpc_reply *reply = ask(a, "CreateKey", &request.base);
    calls_expect(reply, STATUS_ALREADY_EXISTS);
    rpc_reply_free(reply);
    revoke_by(a, "billing");
    expect(a, key, STATUS_PERMISSION_DENIED, "API key was revoked");
    reply = ask(a, "RotateKey", &rotation.base);
    calls_expect(reply, STATUS_NOT_FOUND);
    rpc_reply_free(reply);
    create("billing", RPC__V1__ROLE__ROLE_WRITER, 0, again);
    expect_held(a, again);
    expect(a, key, STATUS_PERMISSION_DENIED, "API key was revoked");
}

/* How a create with a key ends, under one request_id. */
static enum status_code create_with(const char *key, int64_t amount, bool *replayed)
{
    Orders__V1__CreateOrderRequest request = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    Orders__V1__Order order = ORDERS__V1__ORDER__INIT;
    request.order = &order;
    order.order_id = "A-1";
    order.customer_id = "C-1";
    order.total_amount = amount;
    order.currency = "ISK";
    struct rpc_client *client = open_with(a, key);
    const struct rpc_request create = {
        .service = &orders__v1__order_service__descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(&orders__v1__order_service__descriptor,
                                                                   "CreateOrder"),
        .input = &request.base,
        .request_id = "one",
    };
    struct rpc_reply *reply = rpc_client_call_wait(client, &create);
    const enum status_code code = reply->status.code;
    *replayed = reply->replayed;
    rpc_reply_free(reply);
    rpc_client_close(client);
    return code;
}

/* Who lost his key goes on with what he had begun; whoever else has the name has to know what that was. */
Test(keys, a_name_s_retries_are_its_new_key_s_too)
{
    char key[KEY_TEXT], again[KEY_TEXT], reader[KEY_TEXT];
    bool replayed;
    create("billing", RPC__V1__ROLE__ROLE_WRITER, 0, key);
    cr_assert_eq(create_with(key, 100, &replayed), STATUS_OK);
    cr_assert_not(replayed);
    revoke_by(a, "billing");
    create("billing", RPC__V1__ROLE__ROLE_WRITER, 0, again);
    cr_assert_eq(create_with(again, 100, &replayed), STATUS_OK);
    cr_assert(replayed);
    cr_assert_eq(create_with(again, 101, &replayed), STATUS_FAILED_PRECONDITION);
    cr_assert_eq(create_with(key, 100, &replayed), STATUS_PERMISSION_DENIED);
    revoke_by(a, "billing");
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, reader);
    cr_assert_eq(create_with(reader, 100, &replayed), STATUS_PERMISSION_DENIED);
    cr_assert_not(replayed);
}

Test(keys, the_log_and_the_database_hold_no_key)
{
    char key[KEY_TEXT], rotated[KEY_TEXT];
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    expect_held(a, key);
    rotate("billing", 0, rotated);
    expect(a, key, STATUS_PERMISSION_DENIED, "API key was revoked");
    char *log = service_log(a);
    /* The secret, without what may be told of it. */
    cr_assert_null(strstr(log, key + 24));
    cr_assert_null(strstr(log, rotated + 24));
    free(log);
    char *stored = database_query(database, "SELECT string_agg(api_keys::text, ' ') FROM api_keys");
    cr_assert_null(strstr(stored, key + 24));
    free(stored);
}

Test(keys, the_last_use_is_stored_when_the_server_ends)
{
    char key[KEY_TEXT];
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    await(b, key, STATUS_NOT_FOUND, EVERYWHERE_MS);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM api_keys WHERE last_used_at IS NOT NULL"),
                 0);
    service_stop_clean(b);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM api_keys WHERE last_used_at = "
                                           "date_trunc('minute', last_used_at) AND "
                                           "last_used_at > now() - interval '2 minutes'"),
                 1);
    b = service_start(&(struct service_options){.database_url = service_url, .without_http = true});
}

Test(keys_alone, each_key_of_the_settings_holds)
{
    struct service *service = service_start(&(struct service_options){
        .environment = (const char *const[]){"API_KEY=one,two", NULL}, .without_http = true});
    expect_held(service, "one");
    expect_held(service, "two");
    expect(service, "one,two", STATUS_PERMISSION_DENIED, "Invalid API key");
    service_stop_clean(service);
}

/* --- several servers --- */

Test(keys, one_made_or_revoked_at_one_server_is_so_at_the_other)
{
    char key[KEY_TEXT];
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    expect_held(a, key);
    await(b, key, STATUS_NOT_FOUND, EVERYWHERE_MS);
    revoke_by(a, "billing");
    expect(a, key, STATUS_PERMISSION_DENIED, "API key was revoked");
    await(b, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
    expect(b, key, STATUS_PERMISSION_DENIED, "API key was revoked");
}

Test(keys, one_revoked_by_sql_is_refused_everywhere)
{
    char key[KEY_TEXT];
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    await(b, key, STATUS_NOT_FOUND, EVERYWHERE_MS);
    free(database_query(database, "UPDATE api_keys SET revoked_at = now()"));
    await(a, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
    await(b, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
}

Test(keys, a_revoked_one_is_refused_everywhere_when_nobody_is_told)
{
    free(database_query(database, "ALTER TABLE api_keys DISABLE TRIGGER api_keys_changed"));
    for (int i = 0; i < 3; i++) {
        char key[KEY_TEXT];
        create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
        await(b, key, STATUS_NOT_FOUND, EVERYWHERE_MS);
        revoke_by(a, "billing");
        await(b, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
    }
}

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct rpc_reply *reply; /* NULL: none came */
};

static void take_reply(struct rpc_reply *reply, void *arg)
{
    struct waiting *waiting = arg;
    pthread_mutex_lock(&waiting->lock);
    waiting->reply = reply;
    pthread_cond_signal(&waiting->changed);
    pthread_mutex_unlock(&waiting->lock);
}

/* Before the lock that they wait for is free. */
Test(keys, calls_that_wait_end_with_their_key)
{
    char key[KEY_TEXT];
    struct waiting waiting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL};
    create("billing", RPC__V1__ROLE__ROLE_WRITER, 0, key);
    free(database_query(database, "BEGIN; INSERT INTO orders (order_id, customer_id, order_date, "
                                  "total_amount, currency, status) VALUES ('A-1', 'C', now(), 1, 'ISK', "
                                  "'pending')"));
    Orders__V1__Order order = calls_order("A-1");
    Orders__V1__CreateOrderRequest input = ORDERS__V1__CREATE_ORDER_REQUEST__INIT;
    input.order = &order;
    struct rpc_client *client = open_with(a, key);
    const struct rpc_request request = {
        .service = &orders__v1__order_service__descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(&orders__v1__order_service__descriptor,
                                                                   "CreateOrder"),
        .input = &input.base,
        .timeout_ms = 60000,
    };
    rpc_client_call(client, &request, take_reply, &waiting);
    while (database_blocked(database) == 0)
        continue;
    revoke_by(b, "billing");
    pthread_mutex_lock(&waiting.lock);
    while (waiting.reply == NULL)
        pthread_cond_wait(&waiting.changed, &waiting.lock);
    pthread_mutex_unlock(&waiting.lock);
    calls_expect(waiting.reply, STATUS_PERMISSION_DENIED);
    cr_assert_str_eq(waiting.reply->status.message, "API key was revoked");
    free(database_query(database, "ROLLBACK"));
    rpc_reply_free(waiting.reply);
    rpc_client_close(client);
}

/* Ends the sessions that listen, again and again. */
struct terminator {
    pthread_t thread;
    atomic_bool stop;
    atomic_long ended;
};

static void *terminate(void *arg)
{
    struct terminator *terminator = arg;
    PGconn *connection = database_connect(database_url);
    while (!atomic_load(&terminator->stop)) {
        terminator->ended += database_number(
            connection, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                        "WHERE datname = current_database() "
                        "AND usename = 'orders_service' AND query LIKE '%FROM ONLY api_keys%'");
        pause_ms(200);
    }
    PQfinish(connection);
    return NULL;
}

Test(keys, a_revoked_one_is_refused_everywhere_while_sessions_that_listen_are_ended)
{
    struct terminator terminator = {0};
    pthread_create(&terminator.thread, NULL, terminate, &terminator);
    for (int i = 0; i < 3 || atomic_load(&terminator.ended) < 6; i++) {
        char key[KEY_TEXT], name[32], sql[128];
        snprintf(name, sizeof name, "caller-%d", i);
        for (const char *held = NULL; held == NULL;) { /* a change may meet the end of a session */
            Rpc__V1__CreateKeyRequest request = RPC__V1__CREATE_KEY_REQUEST__INIT;
            request.name = name;
            request.role = RPC__V1__ROLE__ROLE_READER;
            struct rpc_reply *reply = ask(a, "CreateKey", &request.base);
            if (reply->status.code == STATUS_OK)
                held = strcpy(key, ((const Rpc__V1__IssuedKey *)reply->message)->key);
            else
                free(database_query(database, "DELETE FROM api_keys WHERE revoked_at IS NULL"));
            rpc_reply_free(reply);
        }
        await(b, key, STATUS_NOT_FOUND, AWAIT_MS);
        snprintf(sql, sizeof sql, "UPDATE api_keys SET revoked_at = now() WHERE name = '%s'", name);
        free(database_query(database, sql));
        await(b, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
        await(a, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
    }
    atomic_store(&terminator.stop, true);
    pthread_join(terminator.thread, NULL);
}

/* Less than SESSION_ANSWER_MS, which other sessions may be silent for; on a quiet machine it is
 * EVERYWHERE_MS. In a cluster of its own: others would wait for the server process when they make a database.
 */
enum { HANGS_MS = 4500 };
Test(keys_alone, a_revoked_one_is_refused_while_the_session_that_listens_hangs)
{
    struct cluster cluster;
    char key[KEY_TEXT];
    cluster_create(&cluster);
    a = service_start(&(struct service_options){.database_url = cluster.database_url, .without_http = true});
    PGconn *session = database_connect(cluster.database_url);
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    expect_held(a, key);
    long listener;
    while (
        (listener = database_number(session, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                                             "AND query LIKE '%FROM ONLY api_keys%'")) <= 0)
        pause_ms(1);
    kill((pid_t)listener, SIGSTOP);
    free(database_query(session, "UPDATE api_keys SET revoked_at = now()"));
    await(a, key, STATUS_PERMISSION_DENIED, HANGS_MS);
    kill((pid_t)listener, SIGCONT);
    PQfinish(session);
    service_stop_clean(a);
    cluster_destroy(&cluster);
}

/* Asks for the list of keys again and again. */
struct asker {
    struct rpc_client *client;
    atomic_bool stop;
    atomic_uint under_way;
};

static void ask_again(struct asker *asker);

static void take_list(struct rpc_reply *reply, void *arg)
{
    struct asker *asker = arg;
    rpc_reply_free(reply);
    if (atomic_load(&asker->stop))
        atomic_fetch_sub(&asker->under_way, 1);
    else
        ask_again(asker);
}

static void ask_again(struct asker *asker)
{
    Rpc__V1__ListKeysRequest list = RPC__V1__LIST_KEYS_REQUEST__INIT;
    const struct rpc_request request = {
        .service = &rpc__v1__keys__descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(&rpc__v1__keys__descriptor, "ListKeys"),
        .input = &list.base,
    };
    rpc_client_call(asker->client, &request, take_list, asker);
}

Test(keys, a_revoked_one_is_refused_however_much_is_asked_of_keys)
{
    enum { UNDER_WAY = 16 }; /* as many as wait of one */
    struct asker asker = {.client = open_with(b, b->api_key), .under_way = UNDER_WAY};
    char key[KEY_TEXT];
    for (int i = 0; i < UNDER_WAY; i++)
        ask_again(&asker);
    for (int i = 0; i < 3; i++) {
        create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
        await(b, key, STATUS_NOT_FOUND, EVERYWHERE_MS);
        revoke_by(a, "billing");
        await(b, key, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
    }
    atomic_store(&asker.stop, true);
    while (atomic_load(&asker.under_way) > 0)
        pause_ms(1);
    rpc_client_close(asker.client);
}

/* --- without the database --- */

static void expect_unavailable(const struct service *service, const char *key)
{
    expect(service, key, STATUS_UNAVAILABLE, "API keys cannot be checked at present; try again");
}

/* What a get ends in, for a caller who is known: the database's trouble, not a refusal of him. */
static void expect_known(const struct service *service, const char *key)
{
    expect(service, key, STATUS_UNAVAILABLE, "The database is out of reach");
}

Test(keys_alone, one_that_is_known_goes_on_without_the_database)
{
    struct cluster cluster;
    char key[KEY_TEXT], revoked[KEY_TEXT], unknown[KEY_TEXT];
    cluster_create(&cluster);
    a = service_start(&(struct service_options){.database_url = cluster.database_url, .without_http = true});
    create("billing", RPC__V1__ROLE__ROLE_READER, 0, key);
    create("gone", RPC__V1__ROLE__ROLE_READER, 0, revoked);
    create("unknown", RPC__V1__ROLE__ROLE_READER, 0, unknown);
    revoke_by(a, "gone");
    PGconn *session = database_connect(cluster.database_url);
    free(database_query(session, "DELETE FROM api_keys WHERE name = 'unknown'"));
    await(a, unknown, STATUS_PERMISSION_DENIED, EVERYWHERE_MS);
    PQfinish(session);

    cluster_stop(&cluster, "fast");
    await(a, unknown, STATUS_UNAVAILABLE, AWAIT_MS);
    expect_unavailable(a, unknown);
    expect_known(a, key);
    expect_known(a, a->api_key);
    expect(a, revoked, STATUS_PERMISSION_DENIED, "API key was revoked");
    Rpc__V1__ListKeysRequest list = RPC__V1__LIST_KEYS_REQUEST__INIT;
    struct rpc_reply *reply = ask(a, "ListKeys", &list.base);
    calls_expect(reply, STATUS_UNAVAILABLE);
    rpc_reply_free(reply);

    /* One that starts now knows none, and says so of all but the settings' own. */
    b = service_start(&(struct service_options){.database_url = cluster.database_url, .without_http = true});
    expect_unavailable(b, key);
    expect_known(b, b->api_key);

    cluster_start(&cluster, "");
    await(a, key, STATUS_NOT_FOUND, AWAIT_MS);
    await(a, unknown, STATUS_PERMISSION_DENIED, AWAIT_MS);
    await(b, key, STATUS_NOT_FOUND, AWAIT_MS);
    service_stop_clean(a);
    service_stop_clean(b);
    cluster_destroy(&cluster);
}

/* A hanging database answers nobody; the caller is told when he wanted to know. */
Test(keys_alone, a_change_ends_at_its_deadline)
{
    struct cluster cluster;
    cluster_create(&cluster);
    a = service_start(&(struct service_options){.database_url = cluster.database_url, .without_http = true});
    PGconn *session = database_connect(cluster.database_url);
    free(database_query(session, "BEGIN"));
    free(database_query(session, "LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"));
    struct rpc_client *client = open_with(a, a->api_key);
    Rpc__V1__ListKeysRequest list = RPC__V1__LIST_KEYS_REQUEST__INIT;
    const ProtobufCServiceDescriptor *service = &rpc__v1__keys__descriptor;
    const struct rpc_request request = {
        .service = service,
        .method = protobuf_c_service_descriptor_get_method_by_name(service, "ListKeys"),
        .input = &list.base,
        .timeout_ms = 300,
    };
    const uint64_t limit_ns = after_ms(1500);
    struct rpc_reply *reply = rpc_client_call_wait(client, &request);
    calls_expect(reply, STATUS_DEADLINE_EXCEEDED);
    cr_assert_lt(time_monotonic_ns(), limit_ns);
    rpc_reply_free(reply);
    rpc_client_close(client);
    free(database_query(session, "COMMIT"));
    PQfinish(session);
    service_stop_clean(a);
    cluster_destroy(&cluster);
}
