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
    pthread_mutex_t lock; /* guards all below while the thread is not done */
    struct log *log;      /* NULL once the dial was given up */
    PGconn *pg;
    struct backend backend; /* the session's, where that is known and its own */
    enum connection_result outcome;
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

void dial_explain(const char *words, char *why, size_t why_size)
{
    size_t length = 0;
    while (*words != '\0' && length + 3 < why_size) {
        const size_t line = strcspn(words, "\n");
        const int written =
            snprintf(why + length, why_size - length, "%s%.*s", length > 0 ? "; " : "", (int)line, words);
        length += (size_t)written < why_size - length ? (size_t)written : why_size - length - 1;
        words += line + (words[line] == '\n');
    }
    why[length] = '\0';
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

/* Of several servers only one that takes writes is the newest for sure: an old primary that was fenced by
 * being made read-only is none to read from. A single one may be read from while it takes no writes. */
static const char *wanted_server(const struct dial *dial)
{
    return lane_reads(dial->lane) && dial_has_one_host(dial->database_url) ? "primary" : "read-write";
}

/* --- connecting, on the thread --- */

static void log_notice(void *arg, const PGresult *notice)
{
    struct dial *dial = arg;
    pthread_mutex_lock(&dial->lock);
    notice_log(dial->log, dial->lane, notice);
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

static uint64_t after_ms(unsigned ms)
{
    return time_monotonic_ns() + (uint64_t)ms * NS_PER_MS;
}

/* False: a host says nothing. One that is slow, and says something now and then, has some time. */
static bool poll_to_end(const struct dial *dial, PGconn *pg)
{
    const uint64_t end_ns = after_ms(ATTEMPT_MS);
    for (;;) {
        const uint64_t silent_ns = after_ms(SILENCE_MS), limit_ns = silent_ns < end_ns ? silent_ns : end_ns;
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

/* Connects, or not: see PQstatus. NULL: out of memory. The receiver of notices can only be set once
 * connecting has begun, and libpq passes over a silent host only when it begins and ends by itself: so it is
 * left to begin anew where there is one. */
static PGconn *connect_to(struct dial *dial, const char *target)
{
    /* `dbname` may be a whole URL. What stands before it are presets it wins over.
     * A connection that died silently is given up after 11 s, idle or not; the server's end: connection.c. */
    const char *const passfile = avoids_passfile(dial) ? passfile_none : "";
    const char *const settings[][2] = {
        {"application_name", "ordersd"},
        {"connect_timeout", "3"},
        {"keepalives_idle", "5"},
        {"keepalives_interval", "2"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "10000"},
        {"target_session_attrs", target},
        {"dbname", dial->database_url},
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
    if (!poll_to_end(dial, pg) && !is_given_up(dial))
        PQreset(pg);
    return pg;
}

static void explain_failure(struct dial *dial, const PGconn *pg)
{
    const char *words = pg != NULL ? PQerrorMessage(pg) : "out of memory";
    const bool refuses_writes = strstr(words, "session is read-only") != NULL ||
                                strstr(words, "server is in hot standby mode") != NULL;
    dial->outcome = refuses_writes ? CONNECTION_READ_ONLY : CONNECTION_UNREACHABLE;
    dial_explain(*words != '\0' ? words : "no answer", dial->why, sizeof dial->why);
}

/* --- whether the session is ours alone --- */

/* Which server process answers a session. Its pid is 0: none within the time. */
static struct backend ask_backend(const struct dial *dial, PGconn *pg, unsigned timeout_ms)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    struct backend backend = {0}, nobody = {0};
    if (!PQsendQuery(pg, "SELECT pid, " BACKEND_STARTED_US " FROM pg_catalog.pg_stat_activity "
                         "WHERE pid = pg_catalog.pg_backend_pid()"))
        return nobody;
    for (;;) {
        while (PQisBusy(pg)) {
            if (!wait_for(dial, pg, POLLIN, limit_ns) || !PQconsumeInput(pg))
                return nobody;
        }
        PGresult *result = PQgetResult(pg);
        if (result == NULL)
            return backend;
        if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
            backend.pid = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
            backend.started_us = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
        }
        PQclear(result);
    }
}

/* Whether the session is answered by another process, or the second one by the same. */
static bool is_seen_shared(const struct dial *dial, PGconn *pg, PGconn *second, int pid, bool *answers)
{
    for (unsigned i = 0; i < 2; i++) {
        const int again = ask_backend(dial, pg, CONNECTION_ATTEMPT_MS).pid;
        if (again != pid && again != 0)
            return true;
    }
    const int other = ask_backend(dial, second, SECOND_MS).pid;
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
    PGconn *second = connect_to(dial, "any");
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

static void check_session(struct dial *dial, PGconn *pg)
{
    const struct backend backend = ask_backend(dial, pg, CONNECTION_ATTEMPT_MS);
    const bool is_own = backend.pid == PQbackendPID(pg);
    if (backend.pid == 0) {
        explain_failure(dial, pg);
    } else if (!is_own && is_shared_alone(dial, pg, backend.pid)) {
        dial->outcome = CONNECTION_SHARED;
        snprintf(dial->why, sizeof dial->why, "%s", dial_shared_session);
    } else {
        dial->outcome = CONNECTION_READY;
        if (is_own)
            dial->backend = backend;
    }
}

static void *run(void *arg)
{
    struct dial *dial = arg;
    PGconn *pg = connect_to(dial, wanted_server(dial));
    if (pg == NULL || PQstatus(pg) != CONNECTION_OK)
        explain_failure(dial, pg);
    else
        check_session(dial, pg);
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

enum connection_result dial_take(struct dial *dial, PGconn **pg, struct backend *backend, char *why,
                                 size_t why_size)
{
    pthread_mutex_lock(&dial->lock);
    const enum connection_result outcome = dial->outcome;
    snprintf(why, why_size, "%s", dial->why);
    if (outcome == CONNECTION_READY) {
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
