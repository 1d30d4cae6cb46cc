/* test_pooler.c: behind a real pgbouncer, which runs as the user of a cluster of the test's own. */
#include "store/session.h"
#include "store_calls.h"
#include "support/cluster.h"
#include "support/database.h"

#include "base/time.h"

#include <criterion/criterion.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cluster cluster;
static PGconn *database;
static char directory[] = "/tmp/test-pooler-XXXXXX";
static char url[512]; /* of the database, by way of pgbouncer */
static pid_t pgbouncer;

static void set_up(void)
{
    cluster_create(&cluster);
    database = database_connect(cluster.database_url);
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chmod(directory, 0777), 0);
}

static void stop_pooler(void)
{
    if (pgbouncer <= 0)
        return;
    kill(pgbouncer, SIGTERM);
    waitpid(pgbouncer, NULL, 0);
    pgbouncer = 0;
}

static void tear_down(void)
{
    char command[64];
    stop_pooler();
    PQfinish(database);
    cluster_destroy(&cluster);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(pooler, .init = set_up, .fini = tear_down, .timeout = 120);

/* It refuses to be root. */
static void exec_pgbouncer(const char *settings)
{
    // cppcheck-suppress getpwnamCalled; the process has one thread
    const struct passwd *postgres = getpwnam("postgres"); /* NOLINT(concurrency-mt-unsafe) */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (geteuid() == 0 && (setgid(postgres->pw_gid) != 0 || setuid(postgres->pw_uid) != 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* changing the user forgot it */
    execl("/usr/sbin/pgbouncer", "pgbouncer", "-q", settings, (char *)NULL);
    _exit(127);
}

static void await_pooler(void)
{
    const uint64_t limit_ns = time_monotonic_ns() + UINT64_C(10) * NS_PER_S;
    char socket[96];
    snprintf(socket, sizeof socket, "%s/.s.PGSQL.6432", directory);
    while (access(socket, F_OK) != 0) {
        cr_assert_lt(time_monotonic_ns(), limit_ns);
        usleep(1000);
    }
}

/* Writes its settings, each on a line, where it is to find them. */
static void write_settings(const char *settings, char path[static 64])
{
    snprintf(path, 64, "%s/pgbouncer.ini", directory);
    FILE *file = fopen(path, "we");
    (void)fprintf(file,
                  "[databases]\n* = host=%s user=postgres\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = %s\n"
                  "listen_port = 6432\nauth_type = any\n%s",
                  cluster.host, directory, settings);
    (void)fclose(file);
    cr_assert_eq(chmod(path, 0644), 0);
}

static void start_pooler(const char *settings)
{
    char path[64];
    write_settings(settings, path);
    pgbouncer = fork();
    if (pgbouncer == 0)
        exec_pgbouncer(path);
    await_pooler();
    snprintf(url, sizeof url, "host=%s port=6432 user=postgres dbname=postgres", directory);
}

static void reload_pooler(const char *settings)
{
    char path[64];
    write_settings(settings, path);
    cr_assert_eq(kill(pgbouncer, SIGHUP), 0);
}

/* Sessions that the pooler hands on to others must be as it made them. */
static void expect_untouched_sessions(void)
{
    PGconn *shared = database_connect(url);
    for (int i = 0; i < 50; i++) {
        char *set =
            database_query(shared, "SELECT string_agg(name, ' ') FROM pg_settings WHERE source = 'session' "
                                   "AND name NOT IN ('application_name', 'client_encoding')");
        cr_assert_str_eq(set, "", "%s", set);
        free(set);
        cr_assert_eq(database_number(shared, "SELECT count(*) FROM pg_prepared_statements"), 0);
    }
    PQfinish(shared);
    cr_assert_eq(database_number(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                                           "AND classid = 6672"),
                 0);
}

static void expect_refused(const char *settings)
{
    char command[1024], output[16384] = "";
    start_pooler(settings);
    for (int i = 0; i < 5; i++) {
        snprintf(command, sizeof command,
                 "DATABASE_URL='%s' API_KEY=k ORDERS_LOG=error ORDERS_LISTEN=tcp://127.0.0.1:0 timeout 20 "
                 "'%s' 2>&1",
                 url, getenv("ORDERSD"));
        FILE *pipe = popen(command, "re");
        output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
        const int status = pclose(pipe);
        cr_assert_eq(WEXITSTATUS(status), 78, "%d: %s", status, output);
        const char *line = strstr(output, "ordersd: DATABASE_URL: ");
        cr_assert_not_null(line, "%s", output);
        cr_assert_not_null(strstr(line, "pool_mode"), "%s", line);
        cr_assert_eq(strchr(line, '\n'), output + strlen(output) - 1, "more than a line: %s", line);
    }
    expect_untouched_sessions();
    stop_pooler();
}

/* The pooler gives out the session that was used last, or each in its turn, or the only one. */
Test(pooler, sessions_that_are_shared_are_refused_before_one_is_changed)
{
    expect_refused("pool_mode = transaction\n");
    expect_refused("pool_mode = transaction\nserver_round_robin = 1\n");
    expect_refused("pool_mode = transaction\ndefault_pool_size = 1\n");
    expect_refused("pool_mode = statement\n");
}

/* As many sessions as the store needs, and none more. */
Test(pooler, session_pooling_works)
{
    start_pooler("pool_mode = session\ndefault_pool_size = 9\n");
    char error[1024] = "";
    struct store *store =
        postgres_open(&(struct postgres_options){.database_url = url, .workers = 2}, error, sizeof error);
    cr_assert_not_null(store, "%s", error);
    await_ready(store, true);
    expect_end(begin_create(store, "a", 10000), STATUS_OK);
    expect_end(begin_get(store, "a", 10000), STATUS_OK);
    free(database_query(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                  "WHERE application_name = 'ordersd'"));
    enum status_code code;
    do { /* until it is over */
        struct pending *remove = begin_remove(store, "a", 10000);
        code = pending_wait(remove);
        pending_free(remove);
    } while (code == STATUS_UNAVAILABLE);
    cr_assert(code == STATUS_OK || code == STATUS_NOT_FOUND, "%d", code);
    await_ready(store, true);
    postgres_close(store);
}

/* --- one that begins to share them --- */

enum { PARTS = 20, SHARED_MS = 5000 };

static const char shared[] = "a pooler shares database sessions";

static struct store *open_by_way_of_pooler(void)
{
    char error[1024] = "";
    start_pooler("pool_mode = session\ndefault_pool_size = 20\n");
    struct store *store =
        postgres_open(&(struct postgres_options){.database_url = url, .workers = 2}, error, sizeof error);
    cr_assert_not_null(store, "%s", error);
    await_ready(store, true);
    return store;
}

static void expect_end_known(enum status_code code)
{
    cr_assert(code == STATUS_OK || code == STATUS_UNAVAILABLE || code == STATUS_NOT_FOUND, "%s",
              status_code_name(code));
}

static struct pending *begin_many(struct store *store, unsigned round,
                                  Orders__V1__BatchCreateOrdersResponse *response)
{
    struct pending *many = pending_new(10000);
    Orders__V1__Order *orders[PARTS];
    char id[32];
    orders__v1__batch_create_orders_response__init(response);
    many->call.request_id = ""; /* each part has its own outcome */
    pending_results(many, response, PARTS);
    for (unsigned i = 0; i < PARTS; i++) {
        snprintf(id, sizeof id, "P-%u-%u", round, i);
        orders[i] = pending_order(many, id);
    }
    store->create_many(store, &many->call, PARTS, orders, response,
                       (Orders__V1__BatchCreateOrdersResponse_Closure)pending_done, many);
    return many;
}

/* Calls of each kind at once. What is not OK is not known, and may be asked for again. */
static void expect_ends_known(struct store *store, unsigned round)
{
    Orders__V1__BatchCreateOrdersResponse response;
    char id[32];
    snprintf(id, sizeof id, "A-%u", round);
    struct pending *const calls[] = {begin_many(store, round, &response), begin_create(store, id, 10000),
                                     begin_get(store, "A-0", 10000), begin_get(store, id, 10000)};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        expect_end_known(pending_wait(calls[i]));
    for (size_t i = 0; i < PARTS; i++)
        expect_end_known((enum status_code)response.results[i]->code);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        pending_free(calls[i]);
}

/* The mode is set anew while calls are under way, and back. */
Test(pooler, one_that_begins_to_share_sessions_is_told_of_and_no_call_fails_for_it)
{
    struct store *store = open_by_way_of_pooler();
    char why[SESSION_REASON] = "";
    unsigned round = 0;
    for (; round < 5; round++)
        expect_ends_known(store, round);
    reload_pooler("pool_mode = transaction\ndefault_pool_size = 20\n");
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SHARED_MS * NS_PER_MS;
    while (postgres_ready(store, why, sizeof why) || strcmp(why, shared) != 0) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "it says \"%s\"", why);
        expect_ends_known(store, round++);
    }
    for (unsigned more = 0; more < 50; more++)
        expect_ends_known(store, round++);
    reload_pooler("pool_mode = session\ndefault_pool_size = 20\n");
    await_ready(store, true);
    postgres_close(store);
}

/* No statement of a call fails, and none is missing in another session of ours. */
Test(pooler, one_that_begins_to_share_sessions_is_told_of_without_a_call)
{
    struct store *store = open_by_way_of_pooler();
    reload_pooler("pool_mode = transaction\ndefault_pool_size = 20\n");
    await_told(store, shared, SHARED_MS);
    postgres_close(store);
}

/* --- sessions of its own --- */

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* How many server processes are to be ended of a session that was left. */
static size_t count_left(const char *database_url)
{
    struct session session = {.database_url = database_url,
                              .lane = LANE_GET,
                              .stopped = never,
                              .check_ms = SESSION_CHECK_MS,
                              .answer_ms = SESSION_ANSWER_MS};
    cr_assert_eq(session_open(&session), SESSION_READY, "%s", session.why);
    session_leave(&session);
    return session.n_left;
}

/* The pooler may have given it to another client by then. */
Test(pooler, the_server_process_of_a_session_is_the_pooler_s_to_end)
{
    start_pooler("pool_mode = session\ndefault_pool_size = 2\n");
    cr_assert_eq(count_left(cluster.database_url), 1);
    cr_assert_eq(count_left(url), 0);
}
