/* test_keys_service.c: the rules of keys, over a store that only notes what it is asked; which methods have a
 * role; and rows of the store as keys in memory. */
#include "service/keys_service.h"

#include "auth/key.h"
#include "base/message.h"
#include "base/time.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "rpc/v1/metrics.pb-c.h"
#include "service/roles.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* What the store was asked. */
static struct asked {
    const char *function; /* NULL: nothing */
    struct stored_key key;
    const char *name;
    uint32_t grace_s;
} asked;

static struct call call;
static struct keys_service service;
static bool ended;
static const ProtobufCMessage *answer;

static void done(const ProtobufCMessage *message, void *closure_data)
{
    cr_assert_eq(closure_data, &call);
    cr_assert_not(ended, "answered twice");
    ended = true;
    answer = message;
}

static struct stored_key stored(const char *name, int64_t revoked_us)
{
    return (struct stored_key){.id = "0123456789abcdef",
                               .name = name,
                               .role = "writer",
                               .created_us = 1500000,
                               .expires_us = STORED_KEY_NEVER,
                               .used_us = STORED_KEY_NEVER,
                               .revoked_us = revoked_us};
}

static void create(struct key_store *store, struct call *its_call, const struct stored_key *key,
                   key_store_done *finish, void *closure_data)
{
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "create", .key = *key};
    const struct stored_key made = stored(key->name, STORED_KEY_NEVER);
    finish(&made, 1, closure_data);
}

static void list(struct key_store *store, struct call *its_call, key_store_done *finish, void *closure_data)
{
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "list"};
    finish(&(struct stored_key){0}, 0, closure_data);
}

static void end_key(struct key_store *store, struct call *its_call, const char *name, key_store_done *finish,
                    void *closure_data)
{
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "revoke", .name = name};
    const struct stored_key revoked = stored(name, 2500000);
    finish(&revoked, 1, closure_data);
}

static void rotate(struct key_store *store, struct call *its_call, const struct stored_key *key,
                   uint32_t grace_s, key_store_done *finish, void *closure_data)
{
    (void)store;
    (void)its_call;
    asked = (struct asked){.function = "rotate", .key = *key, .grace_s = grace_s};
    const struct stored_key both[] = {stored(key->name, STORED_KEY_NEVER), stored(key->name, 2500000)};
    finish(both, 2, closure_data);
}

static struct key_store store = {.create = create, .list = list, .revoke = end_key, .rotate = rotate};

static void set_up(void)
{
    arena_init(&call.arena);
    call.status = STATUS_INIT;
    keys_service_init(&service, &store);
}

static void tear_down(void)
{
    arena_free(&call.arena);
}

TestSuite(keys_service, .init = set_up, .fini = tear_down, .timeout = 60);

static void invoke(const char *method, const ProtobufCMessage *input)
{
    const ProtobufCServiceDescriptor *descriptor = service.service.base.descriptor;
    asked = (struct asked){0};
    ended = false;
    answer = NULL;
    call.status = STATUS_INIT;
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        if (strcmp(descriptor->methods[i].name, method) == 0)
            service.service.base.invoke(&service.service.base, i, input, done, &call);
    }
    cr_assert(ended, "%s", method);
}

/* "field type; …", and "" when nothing is wrong. */
static const char *violations(void)
{
    const char *text = "";
    for (size_t i = 0; i < call.status.n_violations; i++)
        text = arena_printf(&call.arena, "%s%s%s %s", text, i == 0 ? "" : "; ",
                            call.status.violations[i].field, call.status.violations[i].type);
    return text;
}

static Rpc__V1__CreateKeyRequest create_request(const char *name, Rpc__V1__Role role)
{
    Rpc__V1__CreateKeyRequest request = RPC__V1__CREATE_KEY_REQUEST__INIT;
    request.name = message_text(name);
    request.role = role;
    return request;
}

Test(keys_service, a_new_key_is_told_once_and_stored_as_its_hash)
{
    const Rpc__V1__CreateKeyRequest request = create_request("billing", RPC__V1__ROLE__ROLE_WRITER);
    struct key key;
    invoke("CreateKey", &request.base);
    const Rpc__V1__IssuedKey *issued = (const Rpc__V1__IssuedKey *)answer;
    cr_assert_not_null(issued);
    cr_assert_str_eq(asked.function, "create");
    cr_assert_eq(key_read(issued->key, &key), KEY_FORM_WHOLE);
    cr_assert_str_eq(asked.key.id, key.id);
    cr_assert_arr_eq(asked.key.hash, key.hash, KEY_HASH_BYTES);
    cr_assert_str_eq(asked.key.name, "billing");
    cr_assert_str_eq(asked.key.role, "writer");
    cr_assert_eq(asked.key.expires_us, STORED_KEY_NEVER);
    cr_assert_str_eq(issued->name, "billing");
    cr_assert_eq(issued->role, RPC__V1__ROLE__ROLE_WRITER);
    cr_assert_eq(issued->created_at->seconds, 1);
    cr_assert_eq(issued->created_at->nanos, 500000000);
    cr_assert_null(issued->expires_at);
    cr_assert_null(issued->old_key_until);
}

Test(keys_service, what_a_key_may_be)
{
    static char longest[64], longer[65];
    memset(longest, 'a', 63);
    memset(longer, 'a', 64);
    const struct {
        const char *name;
        Rpc__V1__Role role;
        int64_t expires_in_s; /* 0: never */
        const char *violations;
    } cases[] = {
        {"a", RPC__V1__ROLE__ROLE_READER, 0, ""},
        {longest, RPC__V1__ROLE__ROLE_ADMIN, 60, ""},
        {"Billing-2", RPC__V1__ROLE__ROLE_WRITER, 0, ""},
        {"", RPC__V1__ROLE__ROLE_READER, 0, "name missing"},
        {longer, RPC__V1__ROLE__ROLE_READER, 0, "name string_too_long"},
        {"a b", RPC__V1__ROLE__ROLE_READER, 0, "name name_characters"},
        {"a:b", RPC__V1__ROLE__ROLE_READER, 0, "name name_characters"},
        {"\xc3\xa9", RPC__V1__ROLE__ROLE_READER, 0, "name name_characters"},
        {"bootstrap", RPC__V1__ROLE__ROLE_READER, 0, "name reserved"},
        {"a", RPC__V1__ROLE__ROLE_UNSPECIFIED, 0, "role missing"},
        {"a", (Rpc__V1__Role)4, 0, "role enum"},
        {"a", (Rpc__V1__Role)-1, 0, "role enum"},
        {"a", RPC__V1__ROLE__ROLE_READER, -1, "expires_at not_to_come"},
        {"a", RPC__V1__ROLE__ROLE_READER, INT64_C(1) << 50, "expires_at datetime_parsing"},
        {"", RPC__V1__ROLE__ROLE_UNSPECIFIED, -60, "name missing; role missing; expires_at not_to_come"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        Rpc__V1__CreateKeyRequest request = create_request(cases[i].name, cases[i].role);
        expires.seconds = time_now().seconds + cases[i].expires_in_s;
        request.expires_at = cases[i].expires_in_s != 0 ? &expires : NULL;
        invoke("CreateKey", &request.base);
        cr_expect_str_eq(violations(), cases[i].violations, "%zu: %s", i, violations());
        cr_expect_eq(asked.function != NULL, *cases[i].violations == '\0', "%zu", i);
        if (asked.function != NULL && request.expires_at != NULL)
            cr_expect_eq(asked.key.expires_us, expires.seconds * 1000000);
    }
}

Test(keys_service, to_check_a_request_makes_nothing)
{
    const Rpc__V1__CreateKeyRequest request = create_request("a", RPC__V1__ROLE__ROLE_READER);
    Rpc__V1__RevokeKeyRequest revocation = RPC__V1__REVOKE_KEY_REQUEST__INIT;
    Rpc__V1__RotateKeyRequest rotation = RPC__V1__ROTATE_KEY_REQUEST__INIT;
    revocation.name = rotation.name = "a";
    call.validate_only = true;
    invoke("CreateKey", &request.base);
    cr_expect(call.status.code == STATUS_OK && asked.function == NULL);
    invoke("RevokeKey", &revocation.base);
    cr_expect(call.status.code == STATUS_OK && asked.function == NULL);
    invoke("RotateKey", &rotation.base);
    cr_expect(call.status.code == STATUS_OK && asked.function == NULL);
    call.validate_only = false;
}

Test(keys_service, rotation_says_how_long_the_old_one_holds)
{
    Rpc__V1__RotateKeyRequest request = RPC__V1__ROTATE_KEY_REQUEST__INIT;
    request.name = "billing";
    request.grace_seconds = 3600;
    invoke("RotateKey", &request.base);
    const Rpc__V1__IssuedKey *issued = (const Rpc__V1__IssuedKey *)answer;
    cr_assert_not_null(issued);
    cr_assert_eq(asked.grace_s, 3600);
    cr_assert_eq(asked.key.expires_us, STORED_KEY_NEVER);
    cr_assert_eq(issued->old_key_until->seconds, 2);
    cr_assert_eq(issued->role, RPC__V1__ROLE__ROLE_WRITER);

    static const int64_t wrong[] = {-1, KEYS_MAX_GRACE_S + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        request.grace_seconds = wrong[i];
        invoke("RotateKey", &request.base);
        cr_assert_null(asked.function);
        cr_assert_str_eq(violations(),
                         i == 0 ? "grace_seconds greater_than_equal" : "grace_seconds less_than_equal");
    }
}

Test(keys_service, revocation_says_when)
{
    Rpc__V1__RevokeKeyRequest request = RPC__V1__REVOKE_KEY_REQUEST__INIT;
    request.name = "billing";
    invoke("RevokeKey", &request.base);
    cr_assert_str_eq(asked.name, "billing");
    cr_assert_eq(((const Rpc__V1__Key *)answer)->revoked_at->seconds, 2);

    /* A name that no key can have is not there. */
    request.name = "a b";
    invoke("RevokeKey", &request.base);
    cr_assert_null(asked.function);
    cr_assert_eq(call.status.code, STATUS_NOT_FOUND);
    request.name = "";
    invoke("RevokeKey", &request.base);
    cr_assert_str_eq(violations(), "name missing");
}

Test(keys_service, a_list_may_be_empty)
{
    const Rpc__V1__ListKeysRequest request = RPC__V1__LIST_KEYS_REQUEST__INIT;
    invoke("ListKeys", &request.base);
    cr_assert_str_eq(asked.function, "list");
    cr_assert_eq(((const Rpc__V1__ListKeysResponse *)answer)->n_keys, 0);
}

/* --- memory --- */

Test(keys_service, what_is_stored_is_known)
{
    struct keys *keys = keys_new();
    const struct key_memory memory = keys_service_memory(keys);
    const struct auth_source source = keys_source(keys);
    struct principal principal;
    struct key key;
    char text[KEY_TEXT];
    cr_assert(key_make(&key, text));
    struct stored_key row = stored("billing", STORED_KEY_NEVER);
    row.id = key.id;
    memcpy(row.hash, key.hash, sizeof row.hash);
    memory.load(memory.arg, &row, 1, time_monotonic_ns());
    cr_assert_eq(source.check(source.arg, text, &principal), AUTH_KNOWN);
    cr_assert_str_eq(principal.name, "billing");
    cr_assert_eq(principal.role, ROLE_WRITER);
    size_t n;
    const struct stored_key_use *uses = memory.uses(memory.arg, &call.arena, &n);
    cr_assert_eq(n, 1);
    cr_assert_str_eq(uses->id, key.id);

    /* A role of a later version's lets nothing through. */
    row.role = "auditor";
    memory.load(memory.arg, &row, 1, time_monotonic_ns());
    cr_assert_eq(source.check(source.arg, text, &principal), AUTH_KNOWN);
    cr_assert_eq(principal.role, ROLE_NONE);

    /* By the database's clock, which is ahead of ours. */
    row.revoked_us = (time_now().seconds + 3600) * 1000000;
    row.is_revoked = true;
    memory.load(memory.arg, &row, 1, time_monotonic_ns());
    cr_assert_eq(source.check(source.arg, text, &principal), AUTH_REVOKED);

    memory.load(memory.arg, &row, 0, time_monotonic_ns());
    cr_assert_eq(source.check(source.arg, text, &principal), AUTH_UNKNOWN);
    memory.lose(memory.arg);
    cr_assert_eq(source.check(source.arg, text, &principal), AUTH_UNAVAILABLE);
    keys_free(keys);
}

/* --- roles --- */

Test(keys_service, every_method_that_is_served_has_a_role)
{
    static const ProtobufCServiceDescriptor *const services[] = {
        &orders__v1__order_service__descriptor, &rpc__v1__health__descriptor, &rpc__v1__keys__descriptor,
        &rpc__v1__metrics__descriptor};
    for (size_t s = 0; s < sizeof services / sizeof *services; s++) {
        for (unsigned m = 0; m < services[s]->n_methods; m++) {
            enum role role = ROLES;
            const char *name =
                arena_printf(&call.arena, "%s/%s", services[s]->name, services[s]->methods[m].name);
            cr_assert(roles_find(name, &role), "%s", name);
            cr_assert_lt(role, ROLES);
            if (services[s] == &rpc__v1__keys__descriptor)
                cr_assert_eq(role, ROLE_ADMIN, "%s", name);
        }
    }
    enum role role;
    cr_assert_not(roles_find("rpc.v1.Keys/Nothing", &role));
}
