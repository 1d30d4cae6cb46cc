/* test_session.c: sessions that die silently or hang, and what is left of them on the server. */
#include "relay.h"
#include "store/session.h"
#include "store_calls.h"
#include "support/cluster.h"
#include "support/database.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of a store of two workers: get, scan, long, summary, locked, write, purge. */
enum { SESSIONS = 1 + 2 + 1 + 1 + 1 + 2 + 1 };

static char *database_url;
static PGconn *database;
static struct store *store;

static void set_up(void)
{
    database_url = database_create();
    database = database_connect(database_url);
}

static void tear_down(void)
{
    if (store != NULL)
        postgres_close(store);
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(session, .init = set_up, .fini = tear_down, .timeout = 120);

/* With the timeouts that the store itself sets, but for these. */
static void open_with(const char *url, const char *options)
{
    static char full[512]; /* the store keeps it */
    char error[1024] = "";
    snprintf(full, sizeof full, "%s options='%s'", url, options);
    store =
        postgres_open(&(struct postgres_options){.database_url = full, .workers = 2}, error, sizeof error);
    cr_assert_not_null(store, "%s", error);
}

static long count_sessions(void)
{
    return database_number(database,
                           "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ordersd' "
                           "AND datname = current_database()");
}

/* Waits until the store has all its sessions, and the server no other of them. */
static void await_sessions(void)
{
    const uint64_t limit_ns = time_monotonic_ns() + UINT64_C(10) * NS_PER_S;
    while (count_sessions() != SESSIONS)
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%ld sessions", count_sessions());
}

static struct pending *begin_once(const char *order_id, unsigned timeout_ms)
{
    struct pending *create = pending_new(timeout_ms);
    create->call.request_id = "once";
    store->create(store, &create->call, pending_order(create, order_id),
                  (Orders__V1__Order_Closure)pending_done, create);
    return create;
}

/* The network goes away after the statement, and before its commit. The server waits for the rest of the
 * transaction, and holds its locks. */
Test(session, a_session_that_died_before_its_commit_gives_back_its_locks)
{
    static struct relay relay;
    char url[512];
    relay_start(&relay, getenv("TEST_PGHOST"));
    snprintf(url, sizeof url, "host=127.0.0.1 port=%d user=%s %s sslmode=disable gssencmode=disable",
             relay.port, getenv("TEST_PGUSER"), strstr(database_url, "dbname="));
    open_with(url, "-c statement_timeout=500");
    atomic_store(&relay.death, "optimistic_create");
    expect_end(begin_once("A", 10000), STATUS_UNAVAILABLE);
    cr_assert_eq(atomic_load(&relay.deaths), 1);
    expect_end(begin_once("A", 10000), STATUS_OK); /* not at its deadline, at a lock */
    await_sessions();
}

/* Nothing on the server limits what is done at the commit. */
Test(session, hung_commits_leave_no_sessions_behind)
{
    free(database_query(database,
                        "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS "
                        "$$ BEGIN PERFORM pg_sleep(CASE WHEN new.order_id LIKE 'hang%' THEN 600 ELSE 0 END); "
                        "RETURN NULL; END $$"));
    free(database_query(database,
                        "CREATE CONSTRAINT TRIGGER hang AFTER INSERT ON orders DEFERRABLE INITIALLY "
                        "DEFERRED FOR EACH ROW EXECUTE FUNCTION hang()"));
    open_with(database_url, "-c statement_timeout=500");
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "hang-%d", i);
        expect_end(begin_create(store, id, 10000), STATUS_UNAVAILABLE);
        await_sessions();
    }
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM orders"), 1);
}

static void signal_sessions(int signal_number)
{
    PGresult *pids = PQexec(database, "SELECT pid FROM pg_stat_activity WHERE application_name = 'ordersd' "
                                      "AND datname = current_database()");
    for (int i = 0; i < PQntuples(pids); i++)
        cr_assert(kill(atoi(PQgetvalue(pids, i, 0)), signal_number) == 0 || errno == ESRCH); /* it ended */
    PQclear(pids);
}

/* Waits until so many sessions are there, all of which were asked at least once whether they serve. */
static void await_serving(long sessions)
{
    const uint64_t limit_ns = time_monotonic_ns() + UINT64_C(30) * NS_PER_S;
    while (database_number(database,
                           "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ordersd' "
                           "AND state = 'idle' AND query LIKE '%AS is_read_only%'") != sessions)
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%ld sessions", count_sessions());
}

/* A server process that hears no signal, as one whose disk does not answer, cannot be ended. It is known all
 * the same, also to a session whose role became one that may not see it. In a cluster of its own: others
 * would wait for it when they make a database. */
Test(session, sessions_that_cannot_be_ended_are_bounded_and_told_of)
{
    struct cluster cluster;
    char why[160] = "";
    cluster_create(&cluster);
    PGconn *other = database;
    database = database_connect(cluster.database_url);
    free(database_query(database, "CREATE ROLE acting; GRANT USAGE ON SCHEMA sqitch TO acting; "
                                  "GRANT ALL ON ALL TABLES IN SCHEMA public, sqitch TO acting; "
                                  "GRANT ALL ON ALL FUNCTIONS IN SCHEMA public TO acting"));
    open_with(cluster.database_url, "-c role=acting");
    await_serving(SESSIONS);
    signal_sessions(SIGSTOP);
    await_serving(2 * SESSIONS);
    signal_sessions(SIGSTOP);
    const uint64_t limit_ns = time_monotonic_ns() + UINT64_C(30) * NS_PER_S;
    while (postgres_ready(store, why, sizeof why) || strcmp(why, "statements hang in the database") != 0)
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%s", why);
    cr_assert_leq(count_sessions(), 3 * SESSIONS); /* two that are left, and one that comes to see */
    signal_sessions(SIGCONT);
    await_ready(store, true);
    await_sessions();
    expect_end(begin_create(store, "B", 10000), STATUS_OK);
    postgres_close(store);
    store = NULL;
    PQfinish(database);
    database = other;
    cluster_destroy(&cluster);
}

/* What is asked of a new session waits for a lock, or for a disk, as others do. */
Test(session, sessions_that_hang_while_they_are_set_up_are_ended)
{
    char sql[512];
    open_with(database_url, "");
    await_sessions();
    PGconn *other = database_connect(database_url);
    free(database_query(other, "BEGIN; LOCK TABLE sqitch.changes IN ACCESS EXCLUSIVE MODE"));
    free(database_query(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                  "WHERE application_name = 'ordersd' AND datname = current_database()"));
    char *now = database_query(database, "SELECT clock_timestamp()");
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ordersd' AND datname = "
             "current_database() AND backend_start > timestamptz '%s' + interval '9 s'",
             now);
    free(now);
    const uint64_t limit_ns = time_monotonic_ns() + UINT64_C(30) * NS_PER_S;
    while (database_number(database, sql) == 0) { /* the third attempt, or a later one */
        cr_assert_lt(time_monotonic_ns(), limit_ns);
        usleep(10000); /* between two looks: nobody tells */
    }
    cr_assert_leq(count_sessions(), 2 * SESSIONS);
    free(database_query(other, "COMMIT"));
    await_ready(store, true);
    await_sessions();
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    PQfinish(other);
}

/* --- timeouts that somebody set --- */

/* An order takes longer to create than a statement may take by default, and than a server that is alive says
 * nothing then. */
static void make_creating_slow(void)
{
    free(database_query(database, "CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS "
                                  "$$ BEGIN PERFORM pg_sleep(13); RETURN new; END $$"));
    free(database_query(database, "CREATE TRIGGER take_long BEFORE INSERT ON orders FOR EACH ROW "
                                  "EXECUTE FUNCTION take_long()"));
}

Test(session, a_statement_may_take_as_long_as_its_timeout_says)
{
    make_creating_slow();
    open_with(database_url, "-c statement_timeout=30000");
    expect_end(begin_create(store, "A", 30000), STATUS_OK);
}

/* The call is over at its deadline, and what it began goes on to its end. */
Test(session, a_statement_without_a_timeout_takes_as_long_as_it_takes)
{
    make_creating_slow();
    open_with(database_url, "-c statement_timeout=0");
    const uint64_t began_ns = time_monotonic_ns();
    expect_end(begin_create(store, "A", 1000), STATUS_DEADLINE_EXCEEDED);
    cr_assert_lt(time_monotonic_ns() - began_ns, UINT64_C(5) * NS_PER_S);
    expect_end(begin_set_amount(store, "A", 5, 30000), STATUS_OK); /* by the same worker */
}

/* Each order that is made notes what its session is set to. */
static void note_settings(void)
{
    free(database_query(database,
                        "CREATE TABLE seen (order_id text, name text, value text); "
                        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                        "INSERT INTO seen SELECT new.order_id, name, current_setting(name) FROM pg_settings; "
                        "RETURN new; END $$; CREATE TRIGGER note BEFORE INSERT ON orders FOR EACH ROW "
                        "EXECUTE FUNCTION note()"));
}

/* The value of a setting in a session of the store that writes. Free with free. */
static char *setting_of_writer(const char *options, const char *name)
{
    static unsigned n;
    char id[16], sql[128];
    snprintf(id, sizeof id, "order-%u", n++);
    open_with(database_url, options);
    expect_end(begin_create(store, id, 10000), STATUS_OK);
    postgres_close(store);
    store = NULL;
    snprintf(sql, sizeof sql, "SELECT value FROM seen WHERE order_id = '%s' AND name = '%s'", id, name);
    return database_query(database, sql);
}

static void set_for_database(const char *setting)
{
    char sql[256];
    snprintf(sql, sizeof sql, "ALTER DATABASE %s SET %s", strrchr(database_url, '=') + 1, setting);
    free(database_query(database, sql));
}

/* 0 in DATABASE_URL is there on purpose. For a database it may be what all have. What statements rely on is
 * set whatever anybody says. */
Test(session, a_setting_of_others_is_kept_unless_statements_rely_on_another)
{
    static const struct {
        const char *of_database, *options, *name, *value;
    } cases[] = {
        {"client_min_messages = error", "", "client_min_messages", "notice"},
        {"client_min_messages = error", "-c client_min_messages=error", "client_min_messages", "notice"},
        {"default_transaction_isolation = serializable", "-c default_transaction_isolation=serializable",
         "transaction_isolation", "read committed"},
        {"exit_on_error = on", "-c exit_on_error=on", "exit_on_error", "off"},
        {"idle_session_timeout = '20s'", "-c idle_session_timeout=20s", "idle_session_timeout", "0"},
        {"synchronous_commit = local", "", "synchronous_commit", "local"},
        {"statement_timeout = 0", "", "statement_timeout", "10s"},
        {"statement_timeout = 0", "-c statement_timeout=0", "statement_timeout", "0"},
        {"statement_timeout = 0", "-c statement_timeout=7s", "statement_timeout", "7s"},
        {"statement_timeout = '20s'", "", "statement_timeout", "20s"},
        {"statement_timeout = '20s'", "-c statement_timeout=0", "statement_timeout", "0"},
        {"client_connection_check_interval = 500", "-c client_connection_check_interval=0",
         "client_connection_check_interval", "0"},
        {"lock_timeout = 0", "-c lock_timeout=0", "lock_timeout", "20ms"}, /* the lane's */
        {"lock_timeout = '5s'", "", "lock_timeout", "20ms"},
        {"lock_timeout = '5s'", "-c lock_timeout=60s", "lock_timeout", "1min"},
        {"lock_timeout = '5ms'", "", "lock_timeout", "5ms"},
        {"jit = on", "-c jit=on", "jit", "off"},
    };
    note_settings();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_for_database(cases[i].of_database);
        char *value = setting_of_writer(cases[i].options, cases[i].name);
        cr_expect_str_eq(value, cases[i].value, "%s and '%s': %s", cases[i].of_database, cases[i].options,
                         value);
        free(value);
    }
}

/* The server is there all the same. It ends the first thing that a session asks, or one that waits. */
Test(session, a_timeout_that_lets_no_session_begin_is_told_of)
{
    static const char told[] = "database ends statements too soon";
    set_for_database("statement_timeout = 1");
    store = open_store(database_url, 1);
    await_told(store, told, TOLD_AGAIN_MS);
    set_for_database("statement_timeout = 0");
    await_told(store, "", TOLD_AGAIN_MS);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    postgres_close(store);

    set_for_database("statement_timeout = '500ms'");
    free(database_query(database, "BEGIN; LOCK TABLE sqitch.changes IN ACCESS EXCLUSIVE MODE"));
    store = open_store(database_url, 1);
    await_told(store, told, TOLD_AGAIN_MS);
    free(database_query(database, "COMMIT"));
    await_told(store, "", TOLD_AGAIN_MS);
}

/* --- what TCP is told --- */

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(fd, IPPROTO_TCP, name, &value, &size);
    return value;
}

/* How many of this process' connections to a port give up a peer that died within 10 s. */
static unsigned count_guarded(uint16_t port)
{
    unsigned n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_in peer = {0};
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 || peer.sin_family != AF_INET ||
            ntohs(peer.sin_port) != port)
            continue;
        n += option(fd, TCP_KEEPIDLE) + option(fd, TCP_KEEPINTVL) * option(fd, TCP_KEEPCNT) <= 11 &&
             option(fd, TCP_USER_TIMEOUT) == 10000;
    }
    return n;
}

/* How many connections of a port, seen from the server, ask within 6 s whether the peer lives: in
 * /proc/net/tcp the timer 2 is that of keepalive, in hundredths of a second. */
static unsigned count_server_guarded(uint16_t port)
{
    char line[256];
    unsigned n = 0;
    FILE *table = fopen("/proc/net/tcp", "re");
    while (fgets(line, sizeof line, table) != NULL) {
        unsigned local, state, timer;
        unsigned long when;
        if (sscanf(line, " %*u: %*8x:%x %*8x:%*x %x %*x:%*x %x:%lx", &local, &state, &timer, &when) == 4)
            n += local == port && state == TCP_ESTABLISHED && timer == 2 && when <= 600;
    }
    (void)fclose(table);
    return n;
}

/* What the server is set to in a session of the store, in ms: what of it /proc does not show. */
static void expect_server_guards(const char *url)
{
    PGconn *other = database_connect(url);
    free(database_query(
        other,
        "CREATE TABLE guards (set text); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO guards SELECT string_agg(name || ' ' || setting || unit, ', ' ORDER BY name) "
        "FROM pg_settings WHERE name IN ('tcp_user_timeout', 'client_connection_check_interval'); "
        "RETURN new; END $$; CREATE TRIGGER note BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION "
        "note()"));
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    char *set = database_query(other, "SELECT set FROM guards");
    cr_assert_str_eq(set, "client_connection_check_interval 1000ms, tcp_user_timeout 10000ms", "%s", set);
    free(set);
    PQfinish(other);
}

Test(session, both_ends_notice_within_seconds_that_the_other_died)
{
    struct cluster cluster;
    char settings[256], command[256], url[256];
    const uint16_t port = free_port();
    cluster_create(&cluster);
    cluster_stop(&cluster, "fast");
    snprintf(command, sizeof command, "sed -i 's/reject$/trust/' %s/pg_hba.conf", cluster.host);
    cr_assert_eq(system(command), 0);
    snprintf(settings, sizeof settings, "listen_addresses=127.0.0.1 port=%d", port);
    cluster_start(&cluster, settings);
    snprintf(url, sizeof url, "host=127.0.0.1 port=%d user=postgres dbname=postgres", port);
    open_with(url, "");
    cr_assert_eq(count_guarded(port), SESSIONS);
    expect_server_guards(url);
    const uint64_t limit_ns = time_monotonic_ns() + UINT64_C(10) * NS_PER_S;
    while (count_server_guarded(port) < SESSIONS) /* another timer may run, for a moment */
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%u", count_server_guarded(port));
    postgres_close(store);
    store = NULL;
    cluster_destroy(&cluster);
}

/* --- another session in its place --- */

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* The table is locked: each check waits, as long as a writer does, and then serves. */
Test(session, a_slot_that_cannot_be_looked_at_is_told_of_once)
{
    char path[] = "/tmp/test-session-XXXXXX", line[1024];
    unsigned told = 0, said = 0;
    const int file = mkstemp(path);
    struct session session = {.database_url = database_url,
                              .lane = LANE_WRITE,
                              .log = log_open(file, LOG_LEVEL_WARN),
                              .stopped = never,
                              .answer_ms = SESSION_ATTEMPT_MS};
    cr_assert_eq(session_open(&session), SESSION_READY, "%s", session.why);
    free(database_query(database, "BEGIN; LOCK TABLE order_rollup_versions IN ACCESS EXCLUSIVE MODE"));
    for (int i = 0; i < 3; i++)
        cr_expect(session_check(&session), "%s", session.why);
    free(database_query(database, "COMMIT"));
    session_close(&session);
    log_close(session.log);

    FILE *lines = fopen(path, "re");
    while (fgets(line, sizeof line, lines) != NULL) {
        said++;
        told += strstr(line, "\"statement\":\"slot\"") != NULL && strstr(line, "55P03") != NULL;
    }
    (void)fclose(lines);
    unlink(path);
    close(file);
    cr_assert(told == 1 && said == 1, "%u of %u lines", told, said);
}

/* Sends SQL, or a statement that is prepared, with a parameter. How the reading of its results ended. */
static bool run(struct session *session, const char *sql, const char *prepared)
{
    const char *const values[] = {"{}"};
    PGresult *result = NULL;
    bool synced = false;
    cr_assert(sql != NULL ? PQsendQueryParams(session->pg, sql, 0, NULL, NULL, NULL, NULL, 0)
                          : PQsendQueryPrepared(session->pg, prepared, 1, values, NULL, NULL, 0));
    cr_assert(PQpipelineSync(session->pg));
    while (!synced && session_next(session, &result)) {
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
    }
    return synced;
}

static void expect_lost(const char *sql, enum session_result outcome)
{
    struct session session = {
        .database_url = database_url, .lane = LANE_GET, .stopped = never, .check_ms = SESSION_CHECK_MS};
    cr_assert_eq(session_open(&session), SESSION_READY, "%s", session.why);
    cr_expect(run(&session, NULL, "get"));
    cr_expect(run(&session, "DEALLOCATE get", NULL));
    if (sql != NULL)
        cr_expect(run(&session, sql, NULL));
    cr_expect_not(run(&session, NULL, "get"), "it is still the session that was prepared");
    cr_expect_eq(session.outcome, outcome, "%d: %s", session.outcome, session.why);
    cr_expect_str_neq(session.why, "");
    session_close(&session);
}

/* A statement that is not there (26000), or another one by its name (08P01). */
Test(session, a_session_without_the_statements_that_were_prepared_is_lost)
{
    expect_lost(NULL, SESSION_SHARED);
    expect_lost("PREPARE get AS SELECT 1", SESSION_UNREACHABLE);
}
