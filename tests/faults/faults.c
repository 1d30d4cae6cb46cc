/* faults.c: a table of kinds, each a function that breaks something and mends it. */
#include "faults.h"

#include "base/time.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
    PAUSE_MS = 900, /* at most, between two faults */
    FULL_MS = 1500, /* at most, that the disk stays full */
    BALLAST_STEP = 1 << 20,
};

static void pause_up_to(struct choices *choices, unsigned ms)
{
    const unsigned chosen = choose(choices, ms);
    const struct timespec pause = {.tv_sec = chosen / 1000, .tv_nsec = (long)(chosen % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

static void kill_server(struct faults *faults)
{
    struct server *server = &faults->servers[choose(&faults->choices, SERVERS)];
    server_kill(server);
    faults->kills++;
    pause_up_to(&faults->choices, PAUSE_MS);
    server_start(server, faults->api_key);
}

static void stop_cluster(struct faults *faults)
{
    cluster_stop();
    faults->others++;
    pause_up_to(&faults->choices, PAUSE_MS);
    cluster_start();
}

/* One of the sessions of an ordersd, which one the seed says. */
static void terminate_backend(struct faults *faults)
{
    char sql[256];
    PGconn *database = PQconnectdb(getenv("DATABASE_URL"));
    snprintf(sql, sizeof sql,
             "SELECT pg_terminate_backend(pid) FROM (SELECT pid, row_number() OVER (ORDER BY pid) - 1 AS i, "
             "count(*) OVER () AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> "
             "pg_backend_pid()) AS b WHERE i = %u %% n",
             choose(&faults->choices, 1000));
    PQclear(PQexec(database, sql));
    PQfinish(database);
    faults->others++;
}

static void ask_proxy(struct faults *faults, enum proxy_fault fault)
{
    atomic_fetch_add(&faults->proxies[choose(&faults->choices, SERVERS)].pending[fault], 1);
}

static void cut_request(struct faults *faults)
{
    ask_proxy(faults, PROXY_CUT_REQUEST);
}

static void cut_reply(struct faults *faults)
{
    ask_proxy(faults, PROXY_CUT_REPLY);
}

static void drop_reply(struct faults *faults)
{
    ask_proxy(faults, PROXY_DROP_REPLY);
}

static void double_request(struct faults *faults)
{
    ask_proxy(faults, PROXY_DOUBLE_REQUEST);
}

/* Leaves not a page. */
static void fill(const char *path)
{
    static const char zeros[BALLAST_STEP];
    int ballast = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (size_t step = BALLAST_STEP; ballast >= 0 && step >= 512;) {
        if (write(ballast, zeros, step) != (ssize_t)step)
            step /= 2;
    }
    close(ballast);
}

/* PostgreSQL may have given up: it stops when it cannot write its log even as it recovers. */
static void fill_disk(struct faults *faults)
{
    const char *path = getenv("BALLAST");
    if (path == NULL || *path == '\0')
        return;
    fill(path);
    pause_up_to(&faults->choices, FULL_MS);
    unlink(path);
    cluster_start();
    faults->others++;
}

typedef void fault(struct faults *faults);

static fault *const kinds[] = {kill_server, stop_cluster, terminate_backend, cut_request,
                               cut_reply,   drop_reply,   double_request,    fill_disk};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Which kind is next, once each was made: kills most of all. */
static const unsigned char weighted[] = {0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 6, 7};

void faults_run(struct faults *faults, uint64_t end_ns)
{
    for (unsigned made = 0; made < KINDS || time_monotonic_ns() < end_ns; made++) {
        pause_up_to(&faults->choices, PAUSE_MS);
        kinds[made < KINDS ? made : weighted[choose(&faults->choices, sizeof weighted)]](faults);
    }
    cluster_start();
}

unsigned faults_count(const struct faults *faults)
{
    unsigned count = faults->kills + faults->others;
    for (size_t i = 0; i < SERVERS; i++)
        count += atomic_load(&faults->proxies[i].done);
    return count;
}
