/* keys_service.c: check the rules, make the key, ask the store. */
#include "service/keys_service.h"

#include "auth/bootstrap_keys.h"
#include "base/message.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000000, KEY_BYTES_TOLD = 512 /* of memory that a key takes in a list */ };

/* A call under way. */
struct asking {
    struct call *call;
    const char *text; /* of the new key; NULL: there is none */
    ProtobufCClosure closure;
};

static struct key_store *store_of(Rpc__V1__Keys_Service *service)
{
    return ((struct keys_service *)service)->store; /* service is its first member */
}

/* Whether a method that checked its request is done: since a rule was broken, or nothing but the check was
 * asked. */
static bool ends_here(const struct call *call)
{
    return call->status.code != STATUS_OK || call->validate_only;
}

static void asking_end(const struct asking *asking, const void *message)
{
    asking->closure(message, asking->call);
}

/* Closures differ only in the message's type, as protobuf-c's own generated code assumes. */
static struct asking *asking_begin(struct call *call, ProtobufCClosure closure)
{
    struct asking *asking = arena_alloc(&call->arena, sizeof *asking);
    *asking = (struct asking){.call = call, .closure = closure};
    return asking;
}

/* --- rules --- */

static void check_name(struct call *call, const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    _Static_assert(KEYS_NAME_TEXT == 64, "what is told below");
    if (*name == '\0')
        call_violation(call, "name", "missing", "is required");
    else if (strlen(name) >= KEYS_NAME_TEXT)
        call_violation_of(call, "name", "string_too_long", "63", "must have at most 63 characters");
    else if (name[strspn(name, letters)] != '\0')
        call_violation(call, "name", "name_characters", "must have letters, digits and \"-\" only");
    else if (strcmp(name, BOOTSTRAP_NAME) == 0)
        call_violation_of(call, "name", "reserved", BOOTSTRAP_NAME,
                          "must not be " BOOTSTRAP_NAME ", as the keys of API_KEY are called");
}

/* What cannot be, is not there. */
static void find_name(struct call *call, const char *name)
{
    check_name(call, name);
    if (call->status.code == STATUS_OK || *name == '\0')
        return;
    call->status = STATUS_INIT;
    call_fail(call, STATUS_NOT_FOUND, "No key of this name holds");
}

static void check_role(struct call *call, Rpc__V1__Role role)
{
    if (role == RPC__V1__ROLE__ROLE_UNSPECIFIED)
        call_violation(call, "role", "missing", "is required");
    else if (role < RPC__V1__ROLE__ROLE_READER || role > RPC__V1__ROLE__ROLE_ADMIN)
        call_violation_of(call, "role", "enum", "reader, writer, admin",
                          "must be one of reader, writer, admin");
}

/* When a key expires, which is to come. */
static int64_t check_expiry(struct call *call, const Google__Protobuf__Timestamp *expires_at)
{
    const struct timestamp now = time_now();
    if (expires_at == NULL)
        return STORED_KEY_NEVER;
    if (expires_at->nanos < 0 || expires_at->nanos >= NS_PER_S || expires_at->seconds > TIMESTAMP_MAX_SECONDS)
        call_violation(call, "expires_at", "datetime_parsing", "must be a time up to the year 9999");
    else if (expires_at->seconds <= now.seconds)
        call_violation(call, "expires_at", "not_to_come", "must be a time to come");
    else
        return expires_at->seconds * US_PER_S + expires_at->nanos / NS_PER_US;
    return STORED_KEY_NEVER;
}

static void check_grace(struct call *call, int64_t grace_seconds)
{
    _Static_assert(KEYS_MAX_GRACE_S == 2592000, "what is told below");
    if (grace_seconds < 0)
        call_violation_of(call, "grace_seconds", "greater_than_equal", "0", "must be at least 0");
    else if (grace_seconds > KEYS_MAX_GRACE_S)
        call_violation_of(call, "grace_seconds", "less_than_equal", "2592000", "must be at most %d",
                          KEYS_MAX_GRACE_S);
}

/* --- answers --- */

static Google__Protobuf__Timestamp *make_time(int64_t time_us, struct arena *arena)
{
    if (time_us == STORED_KEY_NEVER)
        return NULL;
    Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    const int64_t of_second_us = ((time_us % US_PER_S) + US_PER_S) % US_PER_S;
    time->seconds = (time_us - of_second_us) / US_PER_S;
    time->nanos = (int32_t)of_second_us * NS_PER_US;
    return time;
}

/* ROLE_NONE: this program does not know it. The messages have the same numbers. */
static enum role read_role(const char *name)
{
    enum role role = ROLE_NONE;
    (void)role_read(name, &role);
    return role;
}

static Rpc__V1__Key *make_key(const struct stored_key *from, struct arena *arena)
{
    Rpc__V1__Key *key = arena_alloc(arena, sizeof *key);
    rpc__v1__key__init(key);
    key->name = message_text(from->name);
    key->role = (Rpc__V1__Role)read_role(from->role);
    key->id = message_text(from->id);
    key->created_at = make_time(from->created_us, arena);
    key->expires_at = make_time(from->expires_us, arena);
    key->last_used_at = make_time(from->used_us, arena);
    key->revoked_at = make_time(from->revoked_us, arena);
    return key;
}

/* Of a new key, and the old one that it takes the place of. */
static void answer_issued(const struct stored_key *keys, size_t n, void *closure_data)
{
    const struct asking *asking = closure_data;
    struct arena *arena = &asking->call->arena;
    if (keys == NULL) {
        asking_end(asking, NULL);
        return;
    }
    Rpc__V1__IssuedKey *issued = arena_alloc(arena, sizeof *issued);
    rpc__v1__issued_key__init(issued);
    issued->name = message_text(keys->name);
    issued->role = (Rpc__V1__Role)read_role(keys->role);
    issued->key = message_text(asking->text);
    issued->id = message_text(keys->id);
    issued->created_at = make_time(keys->created_us, arena);
    issued->expires_at = make_time(keys->expires_us, arena);
    issued->old_key_until = n > 1 ? make_time(keys[1].revoked_us, arena) : NULL;
    asking_end(asking, issued);
}

static void answer_list(const struct stored_key *keys, size_t n, void *closure_data)
{
    const struct asking *asking = closure_data;
    struct arena *arena = &asking->call->arena;
    if (keys == NULL || !call_reserve(asking->call, n * KEY_BYTES_TOLD)) {
        asking_end(asking, NULL);
        return;
    }
    Rpc__V1__ListKeysResponse *list = arena_alloc(arena, sizeof *list);
    rpc__v1__list_keys_response__init(list);
    list->keys = arena_calloc(arena, n + 1, sizeof *list->keys);
    for (size_t i = 0; i < n; i++)
        list->keys[list->n_keys++] = make_key(&keys[i], arena);
    asking_end(asking, list);
}

static void answer_first(const struct stored_key *keys, size_t n, void *closure_data)
{
    const struct asking *asking = closure_data;
    (void)n; /* at least one */
    asking_end(asking, keys != NULL ? make_key(keys, &asking->call->arena) : NULL);
}

/* --- methods --- */

#define CLOSURE(closure) ((ProtobufCClosure)(closure))

/* Sets what a new key is stored with but its role. False: the call was failed. */
static bool issue(struct asking *asking, const char *name, int64_t expires_us, struct stored_key *stored)
{
    struct arena *arena = &asking->call->arena;
    struct key key;
    char *text = arena_alloc(arena, KEY_TEXT);
    if (!key_make(&key, text)) {
        call_fail(asking->call, STATUS_UNAVAILABLE, "The system has no random bytes at present; try again");
        return false;
    }
    asking->text = text;
    *stored = (struct stored_key){.id = arena_strdup(arena, key.id), .name = name, .expires_us = expires_us};
    memcpy(stored->hash, key.hash, sizeof stored->hash);
    return true;
}

static void create_key(Rpc__V1__Keys_Service *service, const Rpc__V1__CreateKeyRequest *input,
                       Rpc__V1__IssuedKey_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct asking *asking = asking_begin(call, CLOSURE(closure));
    struct stored_key key;
    check_name(call, input->name);
    check_role(call, input->role);
    const int64_t expires_us = check_expiry(call, input->expires_at);
    if (ends_here(call) || !issue(asking, input->name, expires_us, &key)) {
        asking_end(asking, NULL);
        return;
    }
    key.role = role_name((enum role)input->role);
    store_of(service)->create(store_of(service), call, &key, answer_issued, asking);
}

static void list_keys(Rpc__V1__Keys_Service *service, const Rpc__V1__ListKeysRequest *input,
                      Rpc__V1__ListKeysResponse_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    (void)input;
    store_of(service)->list(store_of(service), call, answer_list, asking_begin(call, CLOSURE(closure)));
}

static void revoke_key(Rpc__V1__Keys_Service *service, const Rpc__V1__RevokeKeyRequest *input,
                       Rpc__V1__Key_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct asking *asking = asking_begin(call, CLOSURE(closure));
    find_name(call, input->name);
    if (ends_here(call))
        asking_end(asking, NULL);
    else
        store_of(service)->revoke(store_of(service), call, input->name, answer_first, asking);
}

static void rotate_key(Rpc__V1__Keys_Service *service, const Rpc__V1__RotateKeyRequest *input,
                       Rpc__V1__IssuedKey_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    struct asking *asking = asking_begin(call, CLOSURE(closure));
    struct stored_key key;
    check_grace(call, input->grace_seconds);
    const int64_t expires_us = check_expiry(call, input->expires_at);
    if (call->status.code == STATUS_OK)
        find_name(call, input->name);
    if (ends_here(call) || !issue(asking, input->name, expires_us, &key)) {
        asking_end(asking, NULL);
        return;
    }
    store_of(service)->rotate(store_of(service), call, &key, (uint32_t)input->grace_seconds, answer_issued,
                              asking);
}

void keys_service_init(struct keys_service *service, struct key_store *store)
{
    *service = (struct keys_service){.store = store};
    rpc__v1__keys__init(&service->service, NULL);
    service->service.create_key = create_key;
    service->service.list_keys = list_keys;
    service->service.revoke_key = revoke_key;
    service->service.rotate_key = rotate_key;
}

/* --- memory --- */

_Static_assert((int)STORED_KEY_HASH_BYTES == (int)KEY_HASH_BYTES, "a hash is stored as it is");

/* False: it does not fit, and so cannot be one of ours. */
static bool copy_text(char *to, size_t size, const char *from)
{
    const size_t length = strlen(from);
    if (length >= size)
        return false;
    memcpy(to, from, length + 1);
    return true;
}

/* What the database's clock has revoked is revoked, whatever this machine's clock says. False: it cannot be
 * one of ours. */
static bool fill_entry(const struct stored_key *from, struct keys_entry *entry)
{
    *entry = (struct keys_entry){
        .role = read_role(from->role),
        .expires_us = from->expires_us,
        .revoked_us = from->is_revoked ? INT64_MIN : from->revoked_us,
        .used_us = from->used_us == STORED_KEY_NEVER ? 0 : from->used_us,
    };
    memcpy(entry->key.hash, from->hash, sizeof entry->key.hash);
    return copy_text(entry->key.id, sizeof entry->key.id, from->id) &&
           copy_text(entry->name, sizeof entry->name, from->name);
}

static bool keys_service_load(void *arg, const struct stored_key *stored, size_t n, uint64_t as_of_ns)
{
    struct keys_entry *entries = calloc(n + 1, sizeof *entries);
    size_t n_entries = 0;
    for (size_t i = 0; entries != NULL && i < n; i++)
        n_entries += fill_entry(&stored[i], &entries[n_entries]);
    const bool loaded = entries != NULL && keys_replace(arg, entries, n_entries, as_of_ns);
    if (!loaded)
        keys_expect_changes(arg);
    free(entries);
    return loaded;
}

static void keys_service_lose(void *arg)
{
    keys_expect_changes(arg);
}

static const struct stored_key_use *uses(void *arg, struct arena *arena, size_t *n)
{
    const struct keys_use *from = keys_uses(arg, arena, n);
    struct stored_key_use *to = arena_calloc(arena, *n + 1, sizeof *to);
    for (size_t i = 0; i < *n; i++)
        to[i] = (struct stored_key_use){from[i].id, from[i].used_us};
    return to;
}

struct key_memory keys_service_memory(struct keys *keys)
{
    return (struct key_memory){
        .load = keys_service_load, .lose = keys_service_lose, .uses = uses, .arg = keys};
}
