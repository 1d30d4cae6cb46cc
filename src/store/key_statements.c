/* key_statements.c: each statement is a transaction of its own, with the lock that it wants. */
#include "store/key_statements.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(number) #number
#define TEXT(number)    TEXT_OF(number)

/* A time as microseconds, and back. One that the table's CHECKs would refuse, did somebody not drop them, is
 * the first or the last that they allow: one such row is no reason not to read the others, and a key that
 * expired in the year -infinity has expired. Of a null, greatest() would make the first time. */
#define US(time)                                                                     \
    "CASE WHEN " time " IS NOT NULL THEN (extract(epoch FROM least(greatest(" time   \
    ", '0001-01-01 00:00:00+00'::timestamptz), '9999-12-31 23:59:59.999999+00')) * " \
    "1000000)::bigint END"
#define TIME(number) "timestamptz 'epoch' + " number "::bigint * interval '1 microsecond'"

#define COLUMNS                                                                             \
    "id, encode(hash, 'hex'), name, role, " US("created_at") ", " US("expires_at") ", " US( \
        "last_used_at") ", " US("revoked_at") ", coalesce(revoked_at <= clock_timestamp(), false)"
enum { ID, HASH, NAME, ROLE, CREATED, EXPIRES, USED, REVOKED, IS_REVOKED };

/* It is said of any name that has one, whether it has expired or not. */
const struct key_statement key_create = {
    .sql = "INSERT INTO api_keys (id, hash, name, role, expires_at) "
           "SELECT $1, decode($2, 'hex'), $3, $4, " TIME(
               "$5") " "
                     "ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING " COLUMNS,
    .n_params = 5,
    .changes = true,
    .none_code = STATUS_ALREADY_EXISTS,
    .none = "This name has a key already; rotate or revoke that",
};

const struct key_statement key_list = {
    .sql = "SELECT " COLUMNS " FROM ONLY api_keys WHERE revoked_at IS NULL "
           "OR revoked_at > now() - interval '" TEXT(KEY_REVOKED_DAYS) " days' "
                                                                       "ORDER BY name, created_at DESC, id",
};

/* A statement that has waited for a row does not see those that were made meanwhile: of a key that was being
 * rotated it would revoke the old one, and pass over the new one. The next statement does. The oldest row of
 * a name is never removed, so its lock serializes all changes of keys of that name. */
const char key_lock_sql[] =
    "SELECT FROM ONLY api_keys WHERE name = $1 ORDER BY created_at, id LIMIT 1 FOR NO KEY UPDATE";

const struct key_statement key_revoke = {
    .sql = "WITH ended AS (UPDATE ONLY api_keys SET revoked_at = clock_timestamp() "
           "WHERE name = $1 AND (revoked_at IS NULL OR revoked_at > now()) RETURNING *) "
           "SELECT " COLUMNS " FROM ended ORDER BY created_at DESC",
    .n_params = 1,
    .changes = true,
    .name_param = 1,
    .none_code = STATUS_NOT_FOUND,
    .none = "No key of this name holds",
};

/* Of keys that were rotated before, those that would hold for longer hold for as long. */
#define UNTIL "now() + $4::bigint * interval '1 second'"
const struct key_statement key_rotate = {
    .sql =
        "WITH old AS (UPDATE ONLY api_keys SET revoked_at = " UNTIL " WHERE name = $3 AND revoked_at IS NULL "
        "AND (expires_at IS NULL OR expires_at > now() OR $5::bigint IS NOT NULL) RETURNING *), "
        "older AS (UPDATE ONLY api_keys SET revoked_at = " UNTIL " "
        "WHERE name = $3 AND revoked_at > " UNTIL " AND EXISTS (SELECT FROM old)), "
        "new AS (INSERT INTO api_keys (id, hash, name, role, expires_at) "
        "SELECT $1, decode($2, 'hex'), name, role, coalesce(" TIME(
            "$5") ", expires_at) FROM old "
                  "RETURNING *) "
                  "SELECT " COLUMNS ", 1 AS place FROM new UNION ALL SELECT " COLUMNS
                  ", 2 FROM old ORDER BY place",
    .n_params = 5,
    .changes = true,
    .name_param = 3,
    .none_code = STATUS_NOT_FOUND,
    .none = "No key of this name holds",
};

const char key_listen_sql[] = "LISTEN orders_api_keys";
const char key_unlisten_sql[] = "UNLISTEN *";

/* In one order everywhere: other servers write the same rows. */
const char key_use_sql[] =
    "WITH uses AS (SELECT * FROM unnest($1::text[], $2::bigint[]) AS given (used_id, used_us)), "
    "rows AS (SELECT id FROM ONLY api_keys JOIN uses ON id = used_id ORDER BY id FOR NO KEY UPDATE OF "
    "api_keys SKIP LOCKED) "
    "UPDATE ONLY api_keys SET last_used_at = " TIME(
        "used_us") " FROM rows JOIN uses ON rows.id = used_id "
                   "WHERE api_keys.id = rows.id AND (last_used_at IS NULL OR last_used_at < " TIME(
                       "used_us") ")";

/* --- rows --- */

static int64_t read_time(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return STORED_KEY_NEVER;
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static void read_hash(const char *digits, unsigned char hash[static STORED_KEY_HASH_BYTES])
{
    for (size_t i = 0; i < STORED_KEY_HASH_BYTES && digits[2 * i] != '\0'; i++)
        hash[i] = (unsigned char)strtoul((const char[]){digits[2 * i], digits[2 * i + 1], '\0'}, NULL, 16);
}

static struct stored_key read_row(const PGresult *result, int row, struct arena *arena)
{
    struct stored_key key = {
        .id = arena_strdup(arena, PQgetvalue(result, row, ID)),
        .name = arena_strdup(arena, PQgetvalue(result, row, NAME)),
        .role = arena_strdup(arena, PQgetvalue(result, row, ROLE)),
        .created_us = read_time(result, row, CREATED),
        .expires_us = read_time(result, row, EXPIRES),
        .used_us = read_time(result, row, USED),
        .revoked_us = read_time(result, row, REVOKED),
        .is_revoked = *PQgetvalue(result, row, IS_REVOKED) == 't',
    };
    read_hash(PQgetvalue(result, row, HASH), key.hash);
    return key;
}

struct stored_key *key_rows_read(const PGresult *result, struct arena *arena, size_t *n)
{
    const int rows = PQntuples(result);
    struct stored_key *keys = arena_calloc(arena, (size_t)rows + 1, sizeof *keys);
    for (int row = 0; row < rows; row++)
        keys[row] = read_row(result, row, arena);
    *n = (size_t)rows;
    return keys;
}

/* --- parameters --- */

const char *key_time_param(int64_t time_us, struct arena *arena)
{
    return time_us == STORED_KEY_NEVER ? NULL : arena_printf(arena, "%" PRId64, time_us);
}

const char *key_hash_param(const unsigned char hash[static STORED_KEY_HASH_BYTES], struct arena *arena)
{
    char *digits = arena_alloc(arena, 2 * STORED_KEY_HASH_BYTES + 1);
    for (size_t i = 0; i < STORED_KEY_HASH_BYTES; i++)
        snprintf(digits + 2 * i, 3, "%02x", hash[i]);
    return digits;
}

void key_use_params(const struct stored_key_use *uses, size_t n, struct arena *arena, const char *params[2])
{
    enum { ID_BYTES = 64, TIME_BYTES = 24 };
    char *ids = arena_alloc(arena, n * ID_BYTES + 3), *times = arena_alloc(arena, n * TIME_BYTES + 3);
    size_t ids_length = 0, times_length = 0;
    for (size_t i = 0; i < n; i++) {
        const char before = i == 0 ? '{' : ',';
        ids_length += (size_t)snprintf(ids + ids_length, ID_BYTES, "%c%s", before, uses[i].id);
        times_length +=
            (size_t)snprintf(times + times_length, TIME_BYTES, "%c%" PRId64, before, uses[i].used_us);
    }
    snprintf(ids + ids_length, 3, "%s", n == 0 ? "{}" : "}");
    snprintf(times + times_length, 3, "%s", n == 0 ? "{}" : "}");
    params[0] = ids;
    params[1] = times;
}
