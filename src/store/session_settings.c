/* session_settings.c: each setting, and why. */
#include "store/session_settings.h"

/* What every session is set to. The first ones are what statements rely on, whatever DATABASE_URL's
 * `options`, the role, the database or the server say:
 * - jit never pays for statements that take microseconds.
 * - client_min_messages: a commit that was not to wait for its standby is told of by a WARNING alone.
 * - default_transaction_isolation: a statement that finds a row changed looks at it again; in a stricter one
 * it fails, and reads fail with it. (default_transaction_deferrable says something in SERIALIZABLE alone.)
 * - exit_on_error: a statement that fails would end the session, and the calls that wait behind it.
 * - idle_session_timeout: a session is asked something each second, and is to be there when a call comes.
 * All else that they may say of answers is of text, and these come in binary, or of the planner, of
 * durability (synchronous_commit), of memory or of the server's log, and whoever set it knows why.
 *
 * The rest is set unless somebody set it already: in DATABASE_URL's `options`, 0 too, which is there on
 * purpose; or for the role, the database or the server, where 0 counts as not set, as it is what most of them
 * are by default.
 * - lock_timeout, statement_timeout (ms): one order that somebody holds locked, or one long list, must not
 * hold up a worker's other work for long.
 * - tcp_keepalives_* (s), tcp_user_timeout (ms): the server ends a session whose client died silently, and
 * with it the locks of what was under way. No idle_in_transaction_session_timeout: it does not run between
 * the statements of a pipeline, and there are no other transactions.
 * - client_connection_check_interval (ms): what still runs when its client has gone is ended. */
const char session_settings_sql[] =
    "SELECT set_config(name, value, false) FROM pg_settings JOIN (VALUES ('jit', 'off', true), "
    "('client_min_messages', 'notice', true), ('default_transaction_isolation', 'read committed', true), "
    "('exit_on_error', 'off', true), ('idle_session_timeout', '0', true), ('lock_timeout', '2000', false), "
    "('statement_timeout', '10000', false), ('tcp_keepalives_idle', '5', false), "
    "('tcp_keepalives_interval', '2', false), ('tcp_keepalives_count', '3', false), "
    "('tcp_user_timeout', '10000', false), ('client_connection_check_interval', '1000', false)) "
    "AS ours (name, value, always) USING (name) "
    "WHERE always OR source = 'default' OR (setting = '0' AND source <> 'client')";

#define PLAN_ONCE \
    "set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false)"
#define PLAN_EACH_TIME "set_config('plan_cache_mode', 'force_custom_plan', false)"
#define ROLLUP_SLOT                                                                                    \
    "(SELECT set_config('orders.rollup_slot', slot::text, false) FROM generate_series(0, 63) AS slot " \
    "WHERE pg_try_advisory_lock(6672, slot) LIMIT 1), set_config('orders.rollup_page', '', false)"
#define WAITS_FOR_LOCKS(ms)                                                                             \
    "(SELECT set_config('lock_timeout', '" ms "', false) FROM pg_settings WHERE name = 'lock_timeout' " \
    "AND (reset_val = '0' OR (source <> 'client' AND setting::int > " ms ")))"

/* And those of a lane.
 * Arrays of keys differ from run to run only in length, which changes no plan, so plan once, and not for the
 * few rows there may be at first; but the plan of a list depends on how rare the status or the customer is. A
 * summary is of a few days, or of all of them: either by the key of the rollup.
 * A writer takes the first slot of the rollup that no other session of ordersd has, and keeps it until it
 * leaves it (session_slot_sql) or disconnects; without one left, it shares. 6672 sets this lock apart from
 * others' in the database. A pooler may hand on a session with the page that another client noted.
 * What waits for a lock holds up its batch, so it is undone soon, and tried again in a lane of its own, where
 * it holds up only its like: here a lock_timeout of 0 counts as not set, wherever it comes from, and a longer
 * one of the role, the database or the server, which is for people's sessions, does not hold. An update never
 * waits for its order; a create does, for another session that has created or removed that order and not
 * committed yet.
 * Keys are looked at each second, whatever lock a change of them waits for. */
const char *const session_lane_settings_sql[LANES] = {
    [LANE_GET] = "SELECT " PLAN_ONCE,
    [LANE_SCAN] = "SELECT " PLAN_EACH_TIME,
    [LANE_LONG] = "SELECT " PLAN_EACH_TIME,
    [LANE_SUMMARY] = "SELECT " PLAN_ONCE,
    [LANE_PURGE] = "SELECT " PLAN_EACH_TIME,
    [LANE_KEYS] = "SELECT " PLAN_EACH_TIME ", set_config('lock_timeout', '200', false)",
    [LANE_WRITE] = "SELECT " PLAN_ONCE ", " ROLLUP_SLOT ", " WAITS_FOR_LOCKS("20"),
    [LANE_LOCKED] = "SELECT " PLAN_ONCE ", " ROLLUP_SLOT ", " WAITS_FOR_LOCKS("2"),
};

/* While somebody's snapshot is held, as that of a dump, or of a transaction that writes and stays open, no
 * version of a row can be removed, and each write of a slot's row looks at all that there are: some thousand
 * a millisecond. The row moves on through the table then; where nothing is held it stays about where it is.
 * So a session whose row has moved far goes on in another slot, one of those that are used for nothing else:
 * the next above its own that is free, then from the first again, so that one that was just left has time to
 * get rid of its versions. From one of 0..63 it is 257 + own. They are few, since each summary compares the
 * versions of all slots that were ever used.
 */
#define MOVED_FAR_PAGES "16"
const char session_slot_sql[] =
    "SELECT CASE WHEN known IS NULL THEN set_config('orders.rollup_page', page::text, false) "
    "WHEN abs(page - known) > " MOVED_FAR_PAGES " THEN (SELECT set_config('orders.rollup_page', '', false) "
    "|| set_config('orders.rollup_slot', slot::text, false) || pg_advisory_unlock(6672, own) "
    "FROM (SELECT slot FROM generate_series(257, 384) AS slot "
    "ORDER BY (slot - own + 127) % 128 OFFSET 0) AS others "
    "WHERE pg_try_advisory_lock(6672, slot) LIMIT 1) END "
    "FROM (SELECT slot AS own, (ctid::text::point)[0]::bigint AS page, "
    "nullif(current_setting('orders.rollup_page', true), '')::bigint AS known "
    "FROM ONLY order_rollup_versions "
    "WHERE slot = nullif(current_setting('orders.rollup_slot', true), '')::integer) AS at";

/* A role that may make schemas could make one that comes before ours in the path, such as one of the name of
 * our role, with tables of his own, and with functions that fit the arguments here better than pg_catalog's.
 * No temporary table comes first either. */
const char session_path_sql[] =
    "SELECT set_config('search_path', pg_catalog.quote_ident(nspname) || ', pg_temp', false) "
    "FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE relname = 'orders' AND nspname = ANY (current_schemas(false)) AND " SESSION_IS_OURS(
        "relowner") " ORDER BY pg_catalog.array_position(current_schemas(false), nspname) LIMIT 1";
