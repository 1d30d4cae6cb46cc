/* test_dial.c: what may block libpq while it connects, and what it would write to stderr, hurts nobody. */
#include "relay.h"
#include "store/dial.h"
#include "store_calls.h"
#include "support/database.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- a resolver that the test can silence, in place of the system's --- */

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_answers = PTHREAD_COND_INITIALIZER;
static bool resolver_is_silent;

static void silence_resolver(bool silent)
{
    pthread_mutex_lock(&resolver_lock);
    resolver_is_silent = silent;
    pthread_cond_broadcast(&resolver_answers);
    pthread_mutex_unlock(&resolver_lock);
}

/* The linker has libpq find this one. It knows one name. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name == NULL || strcmp(name, "database.example") != 0)
        return next(name, service, hints, out);
    pthread_mutex_lock(&resolver_lock);
    while (resolver_is_silent)
        pthread_cond_wait(&resolver_answers, &resolver_lock);
    pthread_mutex_unlock(&resolver_lock);
    return next("127.0.0.1", service, hints, out);
}

/* --- */

static char *database_url;
static PGconn *database;
static struct store *store;
static struct relay relay;
static char url[512];

static void set_up(void)
{
    database_url = database_create();
    database = database_connect(database_url);
    relay_start(&relay, getenv("TEST_PGHOST"));
}

static void tear_down(void)
{
    PQfinish(database);
    database_drop(database_url);
}

TestSuite(dial, .init = set_up, .fini = tear_down, .timeout = 60);

/* A URL of these hosts and ports. */
static const char *url_of(const char *hosts, const char *ports)
{
    snprintf(url, sizeof url, "host=%s port=%s user=%s %s sslmode=disable gssencmode=disable", hosts, ports,
             getenv("TEST_PGUSER"), strstr(database_url, "dbname="));
    return url;
}

static void end_sessions(void)
{
    free(database_query(database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                  "WHERE application_name = 'ordersd' AND datname = current_database()"));
}

Test(dial, a_silent_resolver_holds_up_neither_deadlines_nor_the_end)
{
    char port[8];
    snprintf(port, sizeof port, "%d", relay.port);
    store = open_store(url_of("database.example", port), 2);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);

    silence_resolver(true);
    end_sessions();
    uint64_t began_ns = time_monotonic_ns();
    struct pending *calls[8];
    for (size_t i = 0; i < 8; i++)
        calls[i] = i % 2 == 0 ? begin_get(store, "A", 300) : begin_create(store, "B", 300);
    for (size_t i = 0; i < 8; i++) {
        const enum status_code code =
            pending_wait(calls[i]); /* what was under way when it broke has the latter */
        cr_assert(code == STATUS_DEADLINE_EXCEEDED || code == STATUS_UNAVAILABLE, "%d", code);
        pending_free(calls[i]);
    }
    cr_assert_lt(time_monotonic_ns() - began_ns, UINT64_C(10000) * NS_PER_MS);
    await_ready(store, false);
    expect_end(begin_get(store, "A", 30000), STATUS_UNAVAILABLE);

    silence_resolver(false); /* one attempt goes on where it was */
    await_ready(store, true);
    expect_end(begin_get(store, "A", 10000), STATUS_OK);

    silence_resolver(true);
    end_sessions();
    await_ready(store, false);
    began_ns = time_monotonic_ns();
    postgres_close(store);
    cr_assert_lt(time_monotonic_ns() - began_ns, UINT64_C(10000) * NS_PER_MS);
    cr_assert(postgres_is_left());
    silence_resolver(false);
    while (postgres_is_left())
        usleep(1000);
}

Test(dial, a_silent_resolver_at_the_start_is_an_outage)
{
    char port[8], why[160];
    snprintf(port, sizeof port, "%d", relay.port);
    silence_resolver(true);
    store = open_store(url_of("database.example", port), 2);
    cr_assert_not(postgres_ready(store, why, sizeof why));
    cr_assert_str_eq(why, "database out of reach");
    silence_resolver(false);
    await_ready(store, true);
    postgres_close(store);
}

/* As a machine that went away in a failover, or a server that is stopped: it takes connections, and says
 * nothing. libpq passes over it only when it waits itself. */
Test(dial, a_host_that_says_nothing_is_passed_over)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char ports[16];
    const int silent = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(silent, 64), 0);
    cr_assert_eq(getsockname(silent, (struct sockaddr *)&address, &size), 0);
    snprintf(ports, sizeof ports, "%d,%d", ntohs(address.sin_port), relay.port);
    store = open_store(url_of("127.0.0.1,127.0.0.1", ports), 2);
    await_ready(store, true);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    postgres_close(store);
    close(silent);
}

/* It takes longer than a host that says nothing gets, and is not asked again. */
Test(dial, a_server_that_is_slow_to_log_in_is_dialled_once)
{
    enum { SESSIONS = 7 }; /* of a store of one worker */
    char port[8];
    snprintf(port, sizeof port, "%d", relay.port);
    atomic_store(&relay.pause_ms, 1000);
    store = open_store(url_of("127.0.0.1", port), 1);
    await_ready(store, true);
    cr_assert_eq(atomic_load(&relay.n), SESSIONS);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    postgres_close(store);
}

/* So that it can be ended if it hangs in the very next question, whatever role the session has by then. */
Test(dial, the_server_process_is_known_with_its_session)
{
    PGconn *pg = NULL;
    struct backend backend = {0};
    char why[SESSION_WHY], sqlstate[SESSION_SQLSTATE], sql[128];
    snprintf(url, sizeof url, "%s options='-c role=orders_service'", database_url);
    struct dial *dial = dial_start(url, LANE_GET, NULL);
    cr_assert_not_null(dial);
    struct pollfd event = {.fd = dial_event(dial), .events = POLLIN};
    cr_assert_eq(poll(&event, 1, 30000), 1);
    cr_assert_eq(dial_take(dial, &pg, &backend, sqlstate, why, sizeof why), SESSION_READY, "%s", why);
    cr_assert_eq(backend.pid, PQbackendPID(pg));
    snprintf(sql, sizeof sql, "SELECT " BACKEND_STARTED_US " FROM pg_stat_activity WHERE pid = %d",
             backend.pid);
    cr_assert_eq(database_number(database, sql), backend.started_us);
    char *role = database_query(pg, "SELECT current_user");
    cr_assert_str_eq(role, "orders_service");
    free(role);
    PQfinish(pg);
}

/* Readers of one that takes no writes stay there; of several it may be a fenced primary. */
Test(dial, several_hosts_are_known_from_the_environment_too)
{
    static const char *const lists[][2] = {
        {"PGHOST", "a,b"}, {"PGHOSTADDR", "127.0.0.1,127.0.0.2"}, {"PGSERVICE", "orders"}};
    unsetenv("PGHOST");
    unsetenv("PGHOSTADDR");
    unsetenv("PGSERVICE");
    cr_expect(dial_has_one_host("postgresql://a/orders"));
    cr_expect_not(dial_has_one_host("postgresql://a,b/orders"));
    cr_expect_not(dial_has_one_host("hostaddr=127.0.0.1,127.0.0.2"));
    cr_expect_not(dial_has_one_host("service=orders"));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        setenv(lists[i][0], lists[i][1], 1);
        cr_expect_not(dial_has_one_host("dbname=orders"), "%s", lists[i][0]);
        unsetenv(lists[i][0]);
    }
    setenv("PGHOST", "a,b", 1);
    cr_expect(dial_has_one_host("host=a"), "the URL wins");
}

/* --- what the server says beside its results --- */

/* stderr is a pipe that is full and that nobody reads: whoever writes to it waits for ever. */
static void stop_stderr(int saved[2])
{
    static char filling[1 << 12];
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], filling, sizeof filling) > 0)
        ;
    cr_assert_eq(fcntl(ends[1], F_SETFL, 0), 0);
    saved[0] = dup(STDERR_FILENO);
    saved[1] = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
}

Test(dial, notices_go_to_the_log_and_not_to_stderr)
{
    char path[] = "/tmp/test-dial-XXXXXX", sql[256], error[1024] = "", line[1024];
    unsigned found = 0, lines_of_many = 0;
    int saved[2];
    const int file = mkstemp(path);
    struct log *log = log_open(file, LOG_LEVEL_INFO);
    free(database_query(database,
                        "CREATE FUNCTION speak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                        "RAISE NOTICE 'heard, %', new.order_id; RAISE WARNING 'warned'; "
                        "FOR i IN 1 .. 1000 LOOP RAISE WARNING 'again'; END LOOP; RETURN new; END $$"));
    free(database_query(database, "CREATE TRIGGER speak BEFORE INSERT ON orders FOR EACH ROW "
                                  "EXECUTE FUNCTION speak()"));
    /* Said before the session is there. */
    snprintf(sql, sizeof sql, "CREATE ROLE gone_%d; ALTER DATABASE %s SET role = gone_%d; DROP ROLE gone_%d",
             getpid(), strrchr(database_url, '=') + 1, getpid(), getpid());
    free(database_query(database, sql));
    stop_stderr(saved);
    store = postgres_open(&(struct postgres_options){.database_url = database_url, .workers = 1, .log = log},
                          error, sizeof error);
    struct pending *create = begin_create(store, "A", 5000);
    const enum status_code code = pending_wait(create);
    dup2(saved[0], STDERR_FILENO);
    cr_assert_eq(code, STATUS_OK, "%d", code);
    pending_free(create);
    postgres_close(store);
    log_close(log);

    FILE *lines = fopen(path, "re");
    while (fgets(line, sizeof line, lines) != NULL) {
        const bool is_notice = strstr(line, "\"message\":\"database notice\"") != NULL;
        found |= is_notice && strstr(line, "\"level\":\"info\"") && strstr(line, "heard, A") ? 1 : 0;
        found |= is_notice && strstr(line, "\"level\":\"warn\"") && strstr(line, "warned") ? 2 : 0;
        found |= is_notice && strstr(line, "does not exist") ? 4 : 0;
        lines_of_many += strstr(line, "again") != NULL;
    }
    (void)fclose(lines);
    unlink(path);
    close(file);
    cr_assert_eq(found, 7);
    cr_assert(lines_of_many > 0 && lines_of_many <= 20, "%u", lines_of_many);
}

/* libpq would say so itself, before a session is there. */
Test(dial, a_password_file_that_others_may_read_is_told_of_in_the_log)
{
    char passfile[] = "/tmp/test-dial-XXXXXX", path[] = "/tmp/test-dial-XXXXXX", error[1024] = "";
    char line[1024];
    unsigned told = 0;
    int saved[2];
    const int file = mkstemp(path), passwords = mkstemp(passfile);
    struct log *log = log_open(file, LOG_LEVEL_INFO);
    cr_assert_eq(fchmod(passwords, 0644), 0);
    setenv("PGPASSFILE", passfile, 1);
    stop_stderr(saved);
    store = postgres_open(&(struct postgres_options){.database_url = database_url, .workers = 1, .log = log},
                          error, sizeof error);
    char why[SESSION_WHY] = "";
    const bool ready = store != NULL && postgres_ready(store, why, sizeof why);
    if (ready)
        postgres_close(store);
    dup2(saved[0], STDERR_FILENO);
    cr_assert(ready, "%s%s", error, why);
    log_close(log);

    FILE *lines = fopen(path, "re");
    while (fgets(line, sizeof line, lines) != NULL)
        told += strstr(line, "\"message\":\"database password file ignored\"") != NULL &&
                strstr(line, passfile) != NULL && strstr(line, "0600") != NULL;
    (void)fclose(lines);
    unlink(path);
    unlink(passfile);
    close(file);
    close(passwords);
    cr_assert_eq(told, 1);
}
