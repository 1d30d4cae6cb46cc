/* dial.c: the dial belongs to two, who dials and the thread; the last one frees it. */
#include "store/dial.h"

#include "base/time.h"
#include "store/notice.h"
#include "store/passfile.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

const char dial_shared_session[] =
    "DATABASE_URL: leads to a pooler that gives sessions to others between transactions, and ordersd needs "
    "sessions of its own: set pgbouncer's pool_mode to session, or name the server itself";

enum {
    ROUNDS = 8,         /* of asking two sessions who answers them */
    SILENCE_MS = 1500,  /* of a host, at any time of connecting, before libpq is left to look for another */
    ATTEMPT_MS = 10000, /* likewise, of one that says something all the time and does not let us in */
    SECOND_MS = 1000,   /* in which a second session gets a server from a pooler that has one left */
    WHY_BYTES = 512,
};

struct dial {
    atomic_uint holders;
    int over;     /* an eventfd: the thread is done */
    int given_up; /* another: its work is wanted no more */
    enum lane lane;
    char *database_url;
    const char *target;   /* the thread's: libpq's target_session_attrs of its sessions */
    pthread_mutex_t lock; /* guards all below while the thread is not done */
    struct log *log;      /* NULL once the dial was given up */
    struct notice_bound notices;
    PGconn *pg;
    struct backend backend; /* the session's, where that is known and its own */
    enum session_result outcome;
    char sqlstate[SESSION_SQLSTATE];
    char why[WHY_BYTES];
};

static atomic_uint threads_left;

static void release(struct dial *dial)
{
    if (atomic_fetch_sub(&dial->holders, 1) > 1)
        return;
    PQfinish(dial->pg);
    close(dial->over);
    close(dial->given_up);
    pthread_mutex_destroy(&dial->lock);
    free(dial->database_url);
    free(dial);
}

static const char location[] = "LOCATION:  "; /* of an error, in words of PQERRORS_VERBOSE */

void dial_explain(const char *words, char *why, size_t why_size)
{
    size_t length = 0;
    while (*words != '\0' && length + 3 < why_size) {
        const size_t line = strcspn(words, "\n");
        const bool is_told = strncmp(words, location, strlen(location)) != 0;
        const int written = snprintf(why + length, why_size - length, "%s%.*s",
                                     is_told && length > 0 ? "; " : "", is_told ? (int)line : 0, words);
        length += (size_t)written < why_size - length ? (size_t)written : why_size - length - 1;
        words += line + (words[line] == '\n');
    }
    why[length] = '\0';
}

/* libpq tells the SQLSTATE of a login that failed in words alone: "FATAL:  28P01: password authentication
 * failed". Of several hosts the last that said one is where it ended. */
static void find_sqlstate(const char *words, char sqlstate[static SESSION_SQLSTATE])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", before[] = ":  ";
    enum { LENGTH = SESSION_SQLSTATE - 1 };
    while ((words = strstr(words, before)) != NULL) {
        words += strlen(before);
        if (strspn(words, digits) == LENGTH && words[LENGTH] == ':')
            snprintf(sqlstate, SESSION_SQLSTATE, "%.*s", LENGTH, words);
    }
}

/* --- what the session is to be --- */

static bool is_list(const char *setting)
{
    return setting != NULL && strchr(setting, ',') != NULL;
}

bool dial_has_one_host(const char *database_url)
{
    PQconninfoOption *options = PQconninfoParse(database_url, NULL);
    /* Nobody changes the environment. NOLINTBEGIN(concurrency-mt-unsafe) */
    const char *host = getenv("PGHOST"), *address = getenv("PGHOSTADDR");
    const char *service = getenv("PGSERVICE"); /* which may name several */
    /* NOLINTEND(concurrency-mt-unsafe) */
    for (const PQconninfoOption *each = options; each != NULL && each->keyword != NULL; each++) {
        if (each->val == NULL)
            continue;
        if (strcmp(each->keyword, "host") == 0)
            host = each->val;
        if (strcmp(each->keyword, "hostaddr") == 0)
            address = each->val;
        if (strcmp(each->keyword, "service") == 0)
            service = each->val;
    }
    const bool one = service == NULL && !is_list(host) && !is_list(address);
    PQconninfoFree(options);
    return one;
}

bool dial_suits(const char *database_url, enum lane lane, bool is_standby, bool is_read_only)
{
    return !is_standby && (!is_read_only || (lane_reads(lane) && dial_has_one_host(database_url)));
}

void dial_explain_unsuited(bool is_standby, char *why, size_t why_size)
{
    snprintf(why, why_size, "the server takes no writes: it is %s",
             is_standby ? "a standby" : "set to be read-only");
}

/* --- connecting, on the thread --- */

static void log_notice(void *arg, const PGresult *notice)
{
    struct dial *dial = arg;
    pthread_mutex_lock(&dial->lock);
    notice_log(dial->log, dial->lane, &dial->notices, notice);
    pthread_mutex_unlock(&dial->lock);
}

/* False: not within the time, or given up. */
static bool wait_for(const struct dial *dial, const PGconn *pg, short events, uint64_t limit_ns)
{
    struct pollfd either[] = {
        {.fd = PQsocket(pg), .events = events},
        {.fd = dial->given_up, .events = POLLIN},
    };
    const uint64_t now_ns = time_monotonic_ns();
    const uint64_t left_ns = now_ns < limit_ns ? limit_ns - now_ns : 0;
    return poll(either, 2, (int)(left_ns / NS_PER_MS)) > 0 && either[1].revents == 0;
}

/* False: a host says nothing. One that is slow, and says something now and then, has some time. */
static bool poll_to_end(const struct dial *dial, PGconn *pg)
{
    const uint64_t end_ns = time_after_ms(ATTEMPT_MS);
    for (;;) {
        const uint64_t silent_ns = time_after_ms(SILENCE_MS),
                       limit_ns = silent_ns < end_ns ? silent_ns : end_ns;
        const PostgresPollingStatusType state = PQconnectPoll(pg);
        if (state == PGRES_POLLING_OK || state == PGRES_POLLING_FAILED)
            return true;
        if (!wait_for(dial, pg, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, limit_ns))
            return false;
    }
}

static bool is_given_up(const struct dial *dial)
{
    struct pollfd event = {.fd = dial->given_up, .events = POLLIN};
    return poll(&event, 1, 0) > 0;
}

/* Whether there is a password file that libpq is to be kept from. It is told of when it comes to be so, and
 * not once an attempt. */
static bool avoids_passfile(struct dial *dial)
{
    static atomic_bool is_told;
    char path[PASSFILE_PATH];
    const char *why;
    const bool avoids = passfile_is_refused(dial->database_url, path, &why);
    if (avoids == atomic_exchange(&is_told, avoids) || !avoids)
        return avoids;
    pthread_mutex_lock(&dial->lock);
    log_line(dial->log, LOG_LEVEL_WARN, "database password file ignored", LOG_STR("path", path),
             LOG_STR("error", why));
    pthread_mutex_unlock(&dial->lock);
    return avoids;
}

/* Connects by dial->target, or not: see PQstatus. NULL: out of memory. The receiver of notices can only be
 * set once connecting has begun, and libpq passes over a silent host only when it begins and ends by itself:
 * so it is left to begin anew where there is one. */
static PGconn *open_session(struct dial *dial)
{
    /* `dbname` may be a whole URL. What stands before it are presets it wins over, and what stands after it
     * wins over it.
     * A connection that died silently is given up after 11 s, idle or not; the server's end:
     * session_settings.c. */
    const char *const passfile = avoids_passfile(dial) ? passfile_none : "";
    const char *const settings[][2] = {
        {"application_name", "ordersd"},
        {"connect_timeout", "3"},
        {"keepalives_idle", "5"},
        {"keepalives_interval", "2"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "10000"},
        {"dbname", dial->database_url},
        {"target_session_attrs", dial->target},
        {"client_encoding", "UTF8"},
        {"passfile", passfile},
        {NULL, NULL},
    };
    const char *names[sizeof settings / sizeof settings[0]], *values[sizeof settings / sizeof settings[0]];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        names[i] = settings[i][0];
        values[i] = settings[i][1];
    }
    PGconn *pg = PQconnectStartParams(names, values, 1);
    if (pg == NULL || PQstatus(pg) == CONNECTION_BAD)
        return pg;
    PQsetNoticeReceiver(pg, log_notice, dial);
    PQsetErrorVerbosity(pg, PQERRORS_VERBOSE); /* for find_sqlstate */
    if (!poll_to_end(dial, pg) && !is_given_up(dial))
        PQreset(pg);
    return pg;
}

/* --- who answers --- */

/* What the server says that answers a session. */
struct server_state {
    struct backend backend; /* its pid is 0: it said nothing within the time */
    bool is_standby;
    bool is_read_only;
};

static bool is_true(const PGresult *result, int column)
{
    return *PQgetvalue(result, 0, column) == 't';
}

static struct server_state ask_server(const struct dial *dial, PGconn *pg, unsigned timeout_ms)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    struct server_state server = {0}, nobody = {0};
    if (PQstatus(pg) != CONNECTION_OK || /* whose error is to stay */
        !PQsendQuery(pg, "SELECT pid, " BACKEND_STARTED_US ", pg_catalog.pg_is_in_recovery(), "
                         "pg_catalog.current_setting('transaction_read_only')::boolean "
                         "FROM (SELECT pg_catalog.pg_backend_pid()) AS this (id) " BACKENDS_OF("id")))
        return nobody;
    for (;;) {
        while (PQisBusy(pg)) {
            if (!wait_for(dial, pg, POLLIN, limit_ns) || !PQconsumeInput(pg))
                return nobody;
        }
        PGresult *result = PQgetResult(pg);
        if (result == NULL)
            return server;
        if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
            server.backend.pid = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
            server.backend.started_us = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
            server.is_standby = is_true(result, 2);
            server.is_read_only = is_true(result, 3);
        }
        PQclear(result);
    }
}

/* Whether it is none that suits; one that says nothing is left in doubt. */
static bool is_unsuited(const struct dial *dial, const struct server_state *server)
{
    return !dial_suits(dial->database_url, dial->lane, server->is_standby, server->is_read_only);
}

/* Connects to a server that suits, where there is one. That there is none, and one that takes no writes,
 * libpq would say in words alone: so the first that answers is asked, and libpq looks for another where that
 * one does not suit, or says nothing, and there are others. `server` is the one that is connected, or that
 * answered and does not suit. */
static PGconn *find_server(struct dial *dial, struct server_state *server)
{
    dial->target = "any";
    PGconn *pg = open_session(dial);
    *server = ask_server(dial, pg, SESSION_ATTEMPT_MS);
    const bool suits = server->backend.pid != 0 && !is_unsuited(dial, server);
    if (suits || PQstatus(pg) != CONNECTION_OK || dial_has_one_host(dial->database_url) || is_given_up(dial))
        return pg;
    PQfinish(pg);
    dial->target = "read-write";
    pg = open_session(dial);
    const struct server_state other = ask_server(dial, pg, SESSION_ATTEMPT_MS);
    if (other.backend.pid != 0)
        *server = other;
    return pg;
}

/* --- whether the session is ours alone --- */

/* Whether the session is answered by another process, or the second one by the same. */
static bool is_seen_shared(const struct dial *dial, PGconn *pg, PGconn *second, int pid, bool *answers)
{
    for (unsigned i = 0; i < 2; i++) {
        const int again = ask_server(dial, pg, SESSION_ATTEMPT_MS).backend.pid;
        if (again != pid && again != 0)
            return true;
    }
    const int other = ask_server(dial, second, SECOND_MS).backend.pid;
    *answers = other != 0;
    return other == pid;
}

/* Of two sessions that are both there, each has a server process of its own, for as long as it lasts. A
 * pooler that gives out processes by the transaction shows in one of two ways:
 * 1. one process answers both sessions, where the pooler gives out the one that was used last;
 * 2. two processes answer the first session, where it gives them out in turn.
 * Somebody else may ask for a process in between and hide it, so both are asked several times. A second
 * session that gets no answer is no such sign: it waits for a process, as the sessions of others keep theirs.
 */
static bool is_shared(struct dial *dial, PGconn *pg, int pid)
{
    PGconn *second = open_session(dial);
    bool shared = false, answers = PQstatus(second) == CONNECTION_OK;
    for (unsigned i = 0; i < ROUNDS && answers && !shared; i++)
        shared = is_seen_shared(dial, pg, second, pid, &answers);
    PQfinish(second);
    return shared;
}

/* One session at a time, lest what a pooler gives the one is what another has just used. */
static bool is_shared_alone(struct dial *dial, PGconn *pg, int pid)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one);
    const bool shared = is_shared(dial, pg, pid);
    pthread_mutex_unlock(&one);
    return shared;
}

/* The words are libpq's, where it found no server. */
static enum session_result fail(struct dial *dial, const PGconn *pg, const struct server_state *server)
{
    const char *words = pg != NULL ? PQerrorMessage(pg) : "out of memory";
    const bool unsuited = is_unsuited(dial, server);
    if (*words != '\0')
        dial_explain(words, dial->why, sizeof dial->why);
    else if (unsuited)
        dial_explain_unsuited(server->is_standby, dial->why, sizeof dial->why);
    else
        snprintf(dial->why, sizeof dial->why, "no answer");
    if (unsuited)
        return SESSION_READ_ONLY;
    find_sqlstate(words, dial->sqlstate);
    if (pg != NULL && *dial->sqlstate == '\0' && PQconnectionNeedsPassword(pg))
        snprintf(dial->sqlstate, sizeof dial->sqlstate, "28P01"); /* and there is none to be sent */
    return SESSION_UNREACHABLE;
}

static enum session_result check_session(struct dial *dial, PGconn *pg, const struct server_state *server)
{
    const bool is_own = server->backend.pid == PQbackendPID(pg);
    if (server->backend.pid == 0 || is_unsuited(dial, server))
        return fail(dial, pg, server);
    if (!is_own && is_shared_alone(dial, pg, server->backend.pid)) {
        snprintf(dial->why, sizeof dial->why, "%s", dial_shared_session);
        return SESSION_SHARED;
    }
    if (is_own)
        dial->backend = server->backend;
    PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
    return SESSION_READY;
}

static void *run(void *arg)
{
    struct dial *dial = arg;
    struct server_state server;
    PGconn *pg = find_server(dial, &server);
    dial->outcome = check_session(dial, pg, &server);
    pthread_mutex_lock(&dial->lock);
    dial->pg = pg;
    eventfd_write(dial->over, 1);
    pthread_mutex_unlock(&dial->lock);
    release(dial);
    atomic_fetch_sub(&threads_left, 1);
    return NULL;
}

/* --- for who dials --- */

static bool start_thread(struct dial *dial)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&threads_left, 1);
    errno = pthread_create(&thread, &attributes, run, dial);
    if (errno != 0)
        atomic_fetch_sub(&threads_left, 1);
    pthread_attr_destroy(&attributes);
    return errno == 0;
}

struct dial *dial_start(const char *database_url, enum lane lane, struct log *log)
{
    struct dial *dial = calloc(1, sizeof *dial);
    if (dial == NULL)
        return NULL;
    dial->lane = lane;
    dial->log = log;
    dial->database_url = strdup(database_url);
    dial->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    dial->given_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&dial->lock, NULL);
    atomic_init(&dial->holders, 2);
    if (dial->database_url != NULL && dial->over >= 0 && dial->given_up >= 0 && start_thread(dial))
        return dial;
    const int error = errno;
    atomic_store(&dial->holders, 1);
    release(dial);
    errno = error;
    return NULL;
}

int dial_event(const struct dial *dial)
{
    return dial->over;
}

enum session_result dial_take(struct dial *dial, PGconn **pg, struct backend *backend,
                              char sqlstate[static SESSION_SQLSTATE], char *why, size_t why_size)
{
    pthread_mutex_lock(&dial->lock);
    const enum session_result outcome = dial->outcome;
    snprintf(sqlstate, SESSION_SQLSTATE, "%s", dial->sqlstate);
    snprintf(why, why_size, "%s", dial->why);
    if (outcome == SESSION_READY) {
        *pg = dial->pg;
        *backend = dial->backend;
        dial->pg = NULL;
    }
    pthread_mutex_unlock(&dial->lock);
    release(dial);
    return outcome;
}

void dial_give_up(struct dial *dial)
{
    if (dial == NULL)
        return;
    pthread_mutex_lock(&dial->lock);
    dial->log = NULL;
    pthread_mutex_unlock(&dial->lock);
    eventfd_write(dial->given_up, 1);
    release(dial);
}

bool dial_is_left(void)
{
    return atomic_load(&threads_left) > 0;
}
