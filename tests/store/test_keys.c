/* test_keys.c: keys in PostgreSQL, and two memories of them that are kept up to date. */
#include "base/time.h"
#include "store/postgres.h"
#include "support/cluster.h"
#include "support/database.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { TIMEOUT_MS = 20000, US_PER_S = 1000000, KEYS_MOST = 32 };

/* What a store has loaded, and what it is told of uses. */
struct memory {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char loaded[1024]; /* "name:id:role name:id:role:revoked …" */
    unsigned loads, losses;
    bool is_full; /* it takes no more */
    struct stored_key_use used;
};

static bool load(void *arg, const struct stored_key *keys, size_t n, uint64_t as_of_ns)
{
    struct memory *memory = arg;
    size_t length = 0;
    pthread_mutex_lock(&memory->lock);
    const bool is_full = memory->is_full;
    if (is_full)
        n = 0;
    cr_assert_leq(as_of_ns, time_monotonic_ns());
    memory->loaded[0] = '\0';
    for (size_t i = 0; i < n; i++)
        length += (size_t)snprintf(memory->loaded + length, sizeof memory->loaded - length, "%s%s:%.4s:%s%s",
                                   i == 0 ? "" : " ", keys[i].name, keys[i].id, keys[i].role,
                                   keys[i].is_revoked ? ":revoked" : "");
    memory->loads++;
    pthread_cond_broadcast(&memory->changed);
    pthread_mutex_unlock(&memory->lock);
    return !is_full;
}

static void lose(void *arg)
{
    struct memory *memory = arg;
    pthread_mutex_lock(&memory->lock);
    memory->losses++;
    pthread_mutex_unlock(&memory->lock);
}

static const struct stored_key_use *uses(void *arg, struct arena *arena, size_t *n)
{
    struct memory *memory = arg;
    struct stored_key_use *used = arena_alloc(arena, sizeof *used);
    pthread_mutex_lock(&memory->lock);
    *used = memory->used;
    pthread_mutex_unlock(&memory->lock);
    *n = used->id != NULL;
    return used;
}

/* Of the key of create('a', …). */
static void use(struct memory *memory, int64_t used_us)
{
    pthread_mutex_lock(&memory->lock);
    memory->used = (struct stored_key_use){"aaaaaaaaaaaaaaaa", used_us};
    pthread_mutex_unlock(&memory->lock);
}

static void expect_loaded(struct memory *memory, const char *loaded)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)TIMEOUT_MS * NS_PER_MS;
    pthread_mutex_lock(&memory->lock);
    while (strcmp(memory->loaded, loaded) != 0)
        cr_assert(time_wait_until(&memory->changed, &memory->lock, limit_ns), "%s", memory->loaded);
    pthread_mutex_unlock(&memory->lock);
}

static char *database_url;
static PGconn *database;
static struct memory memories[2];
static struct store *stores[2];
static struct key_store *keys;

static struct store *open_with(struct memory *memory)
{
    char error[512] = "";
    const struct postgres_options options = {.database_url = database_url,
                                             .workers = 1,
                                             .idempotency_ttl_s = 60,
                                             .keys = {load, lose, uses, memory}};
    pthread_mutex_init(&memory->lock, NULL);
    time_cond_init(&memory->changed);
    struct store *store = postgres_open(&options, error, sizeof error);
    cr_assert_not_null(store, "%s", error);
    return store;
}

static void set_up(void)
{
    database_url = database_create();
    database = database_connect(database_url);
    for (size_t i = 0; i < 2; i++)
        stores[i] = open_with(&memories[i]);
    keys = postgres_key_store(stores[0]);
}

static void close_store(size_t i)
{
    if (stores[i] != NULL)
        postgres_close(stores[i]);
    stores[i] = NULL;
}

static void tear_down(void)
{
    close_store(0);
    close_store(1);
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(keys, .init = set_up, .fini = tear_down, .timeout = 120);
TestSuite(keys_alone, .timeout = 120);

/* --- a caller who waits --- */

struct asked {
    struct call call;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool over;
    size_t n;
    struct stored_key keys[KEYS_MOST]; /* whose strings are the call's */
};

static struct asked asked;

static void done(const struct stored_key *found, size_t n, void *closure_data)
{
    cr_assert_eq(closure_data, &asked);
    pthread_mutex_lock(&asked.lock);
    cr_assert_not(asked.over, "answered twice");
    asked.n = found != NULL ? n : 0;
    if (found != NULL)
        memcpy(asked.keys, found, n * sizeof *found);
    asked.over = true;
    pthread_cond_signal(&asked.ended);
    pthread_mutex_unlock(&asked.lock);
}

static void begin(void)
{
    static bool made;
    if (!made) {
        arena_init(&asked.call.arena);
        pthread_mutex_init(&asked.lock, NULL);
        pthread_cond_init(&asked.ended, NULL);
    }
    made = true;
    asked.over = false;
    asked.call.status = STATUS_INIT;
    asked.call.deadline_ns = time_monotonic_ns() + (uint64_t)TIMEOUT_MS * NS_PER_MS;
}

static void expect_end(enum status_code code)
{
    pthread_mutex_lock(&asked.lock);
    while (!asked.over)
        pthread_cond_wait(&asked.ended, &asked.lock);
    pthread_mutex_unlock(&asked.lock);
    cr_assert_eq(asked.call.status.code, code, "%s: %s", status_code_name(asked.call.status.code),
                 asked.call.status.message);
}

/* A key whose id is a digit, again and again, and whose hash is of that byte. */
static struct stored_key make(char digit, const char *name)
{
    static char ids[256][17];
    struct stored_key key = {.name = name, .role = "writer", .expires_us = STORED_KEY_NEVER};
    memset(ids[(unsigned char)digit], digit, 16);
    key.id = ids[(unsigned char)digit];
    memset(key.hash, digit, sizeof key.hash);
    return key;
}

static void create(char digit, const char *name)
{
    const struct stored_key key = make(digit, name);
    begin();
    keys->create(keys, &asked.call, &key, done, &asked);
    expect_end(STATUS_OK);
}

/* --- */

Test(keys, what_is_stored_comes_back)
{
    struct stored_key key = make('a', "billing");
    key.expires_us = INT64_C(4102444800123456);
    begin();
    keys->create(keys, &asked.call, &key, done, &asked);
    expect_end(STATUS_OK);
    cr_assert_eq(asked.n, 1);
    for (int again = 0; again < 2; again++) {
        cr_assert_str_eq(asked.keys[0].id, "aaaaaaaaaaaaaaaa");
        cr_assert_arr_eq(asked.keys[0].hash, key.hash, STORED_KEY_HASH_BYTES);
        cr_assert_str_eq(asked.keys[0].name, "billing");
        cr_assert_str_eq(asked.keys[0].role, "writer");
        cr_assert_eq(asked.keys[0].expires_us, key.expires_us);
        cr_assert_eq(asked.keys[0].used_us, STORED_KEY_NEVER);
        cr_assert_eq(asked.keys[0].revoked_us, STORED_KEY_NEVER);
        cr_assert_not(asked.keys[0].is_revoked);
        cr_assert_leq(llabs(asked.keys[0].created_us / US_PER_S - time_now().seconds), 60);
        begin();
        keys->list(keys, &asked.call, done, &asked);
        expect_end(STATUS_OK);
        cr_assert_eq(asked.n, 1);
    }
}

/* Whoever made a change has it in memory, and others soon. */
Test(keys, each_change_is_in_every_memory)
{
    create('a', "billing");
    cr_assert_str_eq(memories[0].loaded, "billing:aaaa:writer");
    expect_loaded(&memories[1], "billing:aaaa:writer");

    const struct stored_key next = make('b', "billing");
    begin();
    keys->rotate(keys, &asked.call, &next, 3600, done, &asked);
    expect_end(STATUS_OK);
    cr_assert_eq(asked.n, 2);
    cr_assert_eq(*asked.keys[0].id, 'b');
    cr_assert_eq(*asked.keys[1].id, 'a');
    cr_assert_leq(llabs(asked.keys[1].revoked_us / US_PER_S - time_now().seconds - 3600), 60);
    cr_assert_str_eq(memories[0].loaded, "billing:bbbb:writer billing:aaaa:writer");
    expect_loaded(&memories[1], "billing:bbbb:writer billing:aaaa:writer");

    begin();
    keys->revoke(keys, &asked.call, "billing", done, &asked);
    expect_end(STATUS_OK);
    cr_assert_eq(asked.n, 2);
    cr_assert_eq(*asked.keys[0].id, 'b');
    cr_assert_str_eq(memories[0].loaded, "billing:bbbb:writer:revoked billing:aaaa:writer:revoked");
    expect_loaded(&memories[1], "billing:bbbb:writer:revoked billing:aaaa:writer:revoked");
}

/* Another key in the place of all there are, by SQL, is in that memory soon. */
static void expect_change(int digit, struct memory *memory)
{
    char sql[128], loaded[64];
    snprintf(sql, sizeof sql,
             "DELETE FROM api_keys; INSERT INTO api_keys (id, hash, name, role) VALUES "
             "(repeat('%d', 16), sha256(''), 'a', 'reader')",
             digit);
    free(database_query(database, sql));
    snprintf(loaded, sizeof loaded, "a:%d%d%d%d:reader", digit, digit, digit, digit);
    expect_loaded(memory, loaded);
}

/* Each change is made right after the last one was loaded, and a second before the next is asked for. */
Test(keys, memories_are_told_and_need_not_ask)
{
    enum { CHANGES = 8 };
    const uint64_t begun_ns = time_monotonic_ns();
    for (int i = 0; i < CHANGES; i++) {
        expect_change(i, &memories[1]);
    }
    cr_assert_lt(time_monotonic_ns() - begun_ns, (uint64_t)CHANGES / 2 * NS_PER_S);
}

/* It takes no right to. */
static void *tell(void *arg)
{
    const atomic_bool *stop = arg;
    PGconn *teller = database_connect(database_url);
    while (!atomic_load(stop))
        free(database_query(teller, "SELECT count(pg_notify('orders_api_keys', i || repeat('x', 7000))) "
                                    "FROM generate_series(1, 1000) AS i"));
    PQfinish(teller);
    return NULL;
}

/* A sanitizer keeps what was freed for some time. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { TOLD_MOST_MIB = 600 };
#else
enum { TOLD_MOST_MIB = 64 };
#endif

/* Without a bound what they are told of piles up, gigabytes of it. In a cluster of its own: what one database
 * is told all others' sessions that listen have to pass over. */
Test(keys_alone, memories_do_not_depend_on_who_tells_them_all_the_time)
{
    enum { TELLERS = 2, CHANGES = 5 };
    pthread_t tellers[TELLERS];
    atomic_bool stop = false;
    struct rusage before, after;
    struct cluster cluster;
    cluster_create(&cluster);
    database_url = cluster.database_url;
    database = database_connect(database_url);
    stores[0] = open_with(&memories[0]);
    getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < TELLERS; i++)
        pthread_create(&tellers[i], NULL, tell, &stop);
    for (int i = 0; i < CHANGES; i++) {
        expect_change(i, &memories[0]);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < TELLERS; i++)
        pthread_join(tellers[i], NULL);
    getrusage(RUSAGE_SELF, &after);
    cr_expect_lt(after.ru_maxrss - before.ru_maxrss, TOLD_MOST_MIB << 10);
    close_store(0);
    PQfinish(database);
    cluster_destroy(&cluster);
}

Test(keys, a_name_has_one_that_holds)
{
    struct stored_key other = make('b', "billing");
    create('a', "billing");
    begin();
    keys->create(keys, &asked.call, &other, done, &asked);
    expect_end(STATUS_ALREADY_EXISTS);
    begin();
    keys->revoke(keys, &asked.call, "shop", done, &asked);
    expect_end(STATUS_NOT_FOUND);
    other.name = "shop";
    begin();
    keys->rotate(keys, &asked.call, &other, 0, done, &asked);
    expect_end(STATUS_NOT_FOUND);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM api_keys"), 1);
}

/* One that has expired can be rotated to one that has not. */
Test(keys, rotation_keeps_or_moves_the_end)
{
    create('a', "billing");
    free(database_query(database, "UPDATE api_keys SET expires_at = now() + interval '1 hour'"));
    struct stored_key next = make('b', "billing");
    begin();
    keys->rotate(keys, &asked.call, &next, 0, done, &asked);
    expect_end(STATUS_OK);
    cr_assert_eq(asked.keys[0].expires_us, asked.keys[1].expires_us);
    cr_assert(asked.keys[1].is_revoked);

    free(database_query(database, "UPDATE api_keys SET expires_at = now() WHERE revoked_at IS NULL"));
    next = make('c', "billing");
    begin();
    keys->rotate(keys, &asked.call, &next, 0, done, &asked);
    expect_end(STATUS_NOT_FOUND);
    next.expires_us = INT64_C(4102444800000000);
    begin();
    keys->rotate(keys, &asked.call, &next, 0, done, &asked);
    expect_end(STATUS_OK);
    cr_assert_eq(asked.keys[0].expires_us, next.expires_us);
}

Test(keys, those_long_revoked_are_forgotten)
{
    create('a', "billing");
    create('b', "shop");
    free(database_query(database,
                        "UPDATE api_keys SET revoked_at = now() - interval '31 days' WHERE name = 'shop'"));
    expect_loaded(&memories[0], "billing:aaaa:writer");
    free(database_query(database,
                        "UPDATE api_keys SET revoked_at = now() - interval '29 days' WHERE name = 'shop'"));
    expect_loaded(&memories[0], "billing:aaaa:writer shop:bbbb:writer:revoked");
}

/* Of several servers the last use counts, whichever ends last. */
Test(keys, uses_are_stored_and_never_go_back)
{
    create('a', "billing");
    use(&memories[0], INT64_C(1700000040000000));
    use(&memories[1], INT64_C(1700000100000000));
    close_store(1);
    cr_assert_eq(database_number(database, "SELECT extract(epoch FROM last_used_at) FROM api_keys"),
                 1700000100);
    close_store(0);
    cr_assert_eq(database_number(database, "SELECT extract(epoch FROM last_used_at) FROM api_keys"),
                 1700000100);
}

/* A use is none that memories are told of. */
Test(keys, a_use_is_no_change)
{
    create('a', "billing");
    free(database_query(database, "LISTEN orders_api_keys"));
    free(database_query(database, "UPDATE api_keys SET last_used_at = now()"));
    PQconsumeInput(database);
    cr_assert_null(PQnotifies(database));
    free(database_query(database, "UPDATE api_keys SET expires_at = now()"));
    PQconsumeInput(database);
    PGnotify *told = PQnotifies(database);
    cr_assert_not_null(told);
    PQfreemem(told);
}

Test(keys, a_session_that_is_ended_is_followed_by_another)
{
    create('a', "billing");
    const unsigned loads = memories[0].loads;
    while (database_number(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                                     "datname = current_database() AND pid <> pg_backend_pid() "
                                     "AND query LIKE '%FROM ONLY api_keys%'") == 0)
        continue;
    free(database_query(database, "UPDATE api_keys SET revoked_at = now()"));
    expect_loaded(&memories[0], "billing:aaaa:writer:revoked");
    cr_assert_gt(memories[0].loads, loads);
}

/* A change that waits for a lock is made once there is none, and others are seen meanwhile. */
Test(keys, a_change_that_waits_for_a_lock_holds_up_itself_alone)
{
    create('a', "billing");
    create('b', "shop");
    PGconn *other = database_connect(database_url);
    free(database_query(other, "BEGIN; UPDATE api_keys SET role = role WHERE name = 'billing'"));
    begin();
    keys->revoke(keys, &asked.call, "billing", done, &asked);
    while (database_blocked(database) == 0)
        continue;
    free(database_query(database, "UPDATE api_keys SET revoked_at = now() WHERE name = 'shop'"));
    expect_loaded(&memories[0], "billing:aaaa:writer shop:bbbb:writer:revoked");
    pthread_mutex_lock(&asked.lock);
    cr_expect_not(asked.over, "%s", asked.call.status.message);
    pthread_mutex_unlock(&asked.lock);
    free(database_query(other, "COMMIT"));
    expect_end(STATUS_OK);
    expect_loaded(&memories[1], "billing:aaaa:writer:revoked shop:bbbb:writer:revoked");
    PQfinish(other);
}

/* Another server is about to put a new key in the place of the one that is revoked. */
Test(keys, one_that_is_being_rotated_is_revoked_with_the_new_one)
{
    create('a', "billing");
    PGconn *other = database_connect(database_url);
    free(database_query(other, "BEGIN; UPDATE api_keys SET revoked_at = now() WHERE name = 'billing'; "
                               "INSERT INTO api_keys (id, hash, name, role) VALUES "
                               "(repeat('b', 16), sha256(''), 'billing', 'writer')"));
    begin();
    keys->revoke(keys, &asked.call, "billing", done, &asked);
    while (database_blocked(database) == 0)
        continue;
    free(database_query(other, "COMMIT"));
    expect_end(STATUS_OK);
    cr_expect_eq(database_number(database, "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL"), 0);
    PQfinish(other);
}

/* Who is told that a key is revoked may rely on it. */
Test(keys, a_change_that_cannot_be_loaded_is_not_known_to_be_made)
{
    create('a', "billing");
    pthread_mutex_lock(&memories[0].lock);
    memories[0].is_full = true;
    pthread_mutex_unlock(&memories[0].lock);
    begin();
    keys->revoke(keys, &asked.call, "billing", done, &asked);
    expect_end(STATUS_UNAVAILABLE);
}

/* --- rows that make no sense --- */

static const char *const key_times[] = {"created_at", "expires_at", "last_used_at", "revoked_at"};
enum { KEY_TIMES = sizeof key_times / sizeof *key_times };

/* Microseconds since 1970. */
#define FIRST_US INT64_C(-62135596800000000)
#define LAST_US  INT64_C(253402300799999999)

static void drop_checks_of_times(void)
{
    char sql[128];
    for (size_t i = 0; i < KEY_TIMES; i++) {
        snprintf(sql, sizeof sql, "ALTER TABLE api_keys DROP CONSTRAINT api_keys_%s_check", key_times[i]);
        free(database_query(database, sql));
    }
}

static int64_t key_time(const struct stored_key *key, size_t which)
{
    return (const int64_t[]){key->created_us, key->expires_us, key->used_us, key->revoked_us}[which];
}

/* Somebody dropped the CHECKs. What one row has is that key's own affair: it has ended or has not, as its
 * time says, and others are revoked. */
Test(keys, a_time_out_of_range_is_its_own_keys_alone)
{
    static const struct {
        const char *time;
        int64_t us;
    } times[] = {{"infinity", LAST_US}, {"294247-01-01", LAST_US}, {"4700-01-01 BC", FIRST_US}};
    drop_checks_of_times();
    for (size_t i = 0; i < KEY_TIMES * 3; i++) {
        const char digit[] = {(char)('0' + i % 10), '\0'};
        char sql[256], loaded[128];
        const bool is_left_out = i / 3 == KEY_TIMES - 1 && times[i % 3].us == FIRST_US; /* long revoked */
        free(database_query(database, "DELETE FROM api_keys"));
        snprintf(sql, sizeof sql,
                 "INSERT INTO api_keys (id, hash, name, role) VALUES (repeat('b', 16), sha256(''), 'odd', "
                 "'writer'), (repeat('%s', 16), sha256(''), 'other', 'writer')",
                 digit);
        free(database_query(database, sql));
        snprintf(sql, sizeof sql, "UPDATE api_keys SET %s = '%s' WHERE name = 'odd'", key_times[i / 3],
                 times[i % 3].time);
        free(database_query(database, sql));
        free(database_query(database, "UPDATE api_keys SET revoked_at = now() WHERE name = 'other'"));
        snprintf(loaded, sizeof loaded, "%sother:%s%s%s%s:writer:revoked",
                 is_left_out ? "" : "odd:bbbb:writer ", digit, digit, digit, digit);
        expect_loaded(&memories[1], loaded);
        begin();
        keys->list(keys, &asked.call, done, &asked);
        expect_end(STATUS_OK);
        cr_assert_eq(asked.n, is_left_out ? 1 : 2);
        if (!is_left_out)
            cr_expect_eq(key_time(&asked.keys[0], i / 3), times[i % 3].us, "%s = %s", key_times[i / 3],
                         times[i % 3].time);
    }
}

static void expect_readiness(const char *expected)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)TIMEOUT_MS * NS_PER_MS;
    char why[128] = "";
    do {
        *why = '\0';
        postgres_ready(stores[0], why, sizeof why);
    } while (strcmp(why, expected) != 0 && time_monotonic_ns() < limit_ns);
    cr_assert_str_eq(why, expected);
}

/* However that came: no revocation is seen any more. */
Test(keys, readiness_tells_of_keys_that_cannot_be_read)
{
    expect_readiness("");
    free(database_query(database, "ALTER TABLE api_keys DROP CONSTRAINT api_keys_created_at_check, "
                                  "ALTER created_at DROP DEFAULT, ALTER created_at TYPE text"));
    expect_readiness("keys cannot be read: SQLSTATE 42804");
    free(database_query(database, "ALTER TABLE api_keys ALTER created_at TYPE timestamptz USING "
                                  "created_at::timestamptz"));
    expect_readiness("");
}

/* What no key can be is not stored, whoever tries. */
Test(keys, the_table_holds_the_rules)
{
    static const char *const values[] = {
        "'A123456789abcdef', sha256(''), 'a', 'reader'",
        "'0123456789abcdef', 'x', 'a', 'reader'",
        "'0123456789abcdef', sha256(''), 'a b', 'reader'",
        "'0123456789abcdef', sha256(''), '', 'reader'",
        "'0123456789abcdef', sha256(''), repeat('a', 64), 'reader'",
        "'0123456789abcdef', sha256(''), 'bootstrap', 'reader'",
        "'0123456789abcdef', sha256(''), 'a', 'root'",
    };
    char sql[256];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO api_keys (id, hash, name, role) VALUES (%s)", values[i]);
        PGresult *result = PQexec(database, sql);
        cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23514", "%s", sql);
        PQclear(result);
    }
    create('a', "a");
    for (size_t i = 0; i < KEY_TIMES; i++) {
        snprintf(sql, sizeof sql, "UPDATE api_keys SET %s = 'infinity'", key_times[i]);
        PGresult *result = PQexec(database, sql);
        cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23514", "%s", sql);
        PQclear(result);
    }
}
