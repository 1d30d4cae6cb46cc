/* connections.c: a hash table by id, and two lists: of those that wait for no answer, silent longest first,
 * and of those that have replies to take, the one that has taken none for longest first. */
#include "rpc/connections.h"

#include "base/peer_address.h"
#include "base/time.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    BUCKETS = 1 << 10,
    /* Of a connection that is to be closed: for the last answer to be taken, and for those in hand to be
     * made while another request of it, which is nobody's yet, waits to be sent elsewhere. */
    ARRIVAL_MS = 100,
    PATIENCE_MS = 1000,
    /* For which one takes no reply before it is closed for others' want of memory: whoever reads takes one,
     * even on a busy machine. */
    STALLED_MS = 1000,
    ROOM_MS = 100, /* from one that is closed for that to the next: they are not all to come anew at once */
    MOST_UNAUTHORIZED = 8,    /* calls, since the last by key */
    OPEN_CALLS_A_SECOND = 32, /* that a connection may make without a key; more count as unauthorized */
    /* For which a front end's connection stays one's when its key holds no more: until it presents another.
     */
    FORWARDER_GRACE_S = 10,
};

struct connection {
    struct caller caller; /* with the connection's id */
    char address[PEER_ADDRESS_TEXT];
    char *subject;           /* owned; what the caller points to */
    struct connection *next; /* in its bucket */
    unsigned calls;
    unsigned unsent;       /* replies that it has yet to take */
    unsigned unauthorized; /* calls without a right to them, since the last by key */
    unsigned open_calls;   /* that want no key, in the second that began at open_ns */
    uint64_t open_ns;
    uint64_t forwarded_ns; /* the last call by a front end whose key held; 0: there was none */
    bool gone;             /* closed, while calls of it are in hand */
    bool abandoned;        /* a request of it gets no answer */
    uint64_t abandoned_ns; /* when the first one was */

    /* In the list of the silent, unless it has calls in hand or was taken from it. */
    bool silent;
    uint64_t since_ns; /* the last answer */
    TAILQ_ENTRY(connection) silent_neighbours;

    /* In the list of those that are behind, while it has replies to take, unless it was taken from it. */
    bool behind;
    uint64_t taken_ns; /* the last reply was, or there was none to take */
    TAILQ_ENTRY(connection) behind_neighbours;
};

TAILQ_HEAD(connection_list, connection);

struct connections {
    struct connections_limits limits;
    struct connections_gauges gauges;
    pthread_mutex_t lock; /* guards all below */
    struct connection *buckets[BUCKETS];
    struct connection_list silent;
    struct connection_list behind;
    unsigned count; /* that are not gone */
    unsigned calls;
    unsigned unsent;
    uint64_t room_ns; /* when one was last looked for that makes room in memory */
    bool draining;
    pthread_cond_t idle; /* calls fell to 0 while draining */
};

struct connections *connections_new(const struct connections_limits *limits, struct connections_gauges gauges)
{
    struct connections *connections = calloc(1, sizeof *connections);
    if (connections == NULL)
        return NULL;
    connections->limits = *limits;
    connections->gauges = gauges;
    TAILQ_INIT(&connections->silent);
    TAILQ_INIT(&connections->behind);
    pthread_mutex_init(&connections->lock, NULL);
    time_cond_init(&connections->idle);
    return connections;
}

void connections_free(struct connections *connections)
{
    if (connections == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct connection *each = connections->buckets[i], *next; each != NULL; each = next) {
            next = each->next;
            free(each->subject);
            free(each);
        }
    }
    pthread_cond_destroy(&connections->idle);
    pthread_mutex_destroy(&connections->lock);
    free(connections);
}

/* --- the table --- */

/* Where a connection is linked, or would be. nng counts ids up. */
static struct connection **connections_find(struct connections *connections, uint32_t id)
{
    struct connection **link = &connections->buckets[id % BUCKETS];
    while (*link != NULL && (*link)->caller.id != id)
        link = &(*link)->next;
    return link;
}

static void connections_forget(struct connections *connections, struct connection *connection)
{
    *connections_find(connections, connection->caller.id) = connection->next;
    free(connection->subject);
    free(connection);
}

/* --- the list of the silent --- */

static void begin_silence(struct connections *connections, struct connection *connection)
{
    connection->silent = true;
    TAILQ_INSERT_TAIL(&connections->silent, connection, silent_neighbours);
}

static void end_silence(struct connections *connections, struct connection *connection)
{
    if (connection->silent)
        TAILQ_REMOVE(&connections->silent, connection, silent_neighbours);
    connection->silent = false;
}

/* --- the list of those that are behind --- */

static void begin_behind(struct connections *connections, struct connection *connection, uint64_t now_ns)
{
    if (connection->gone)
        return;
    connection->behind = true;
    connection->taken_ns = now_ns;
    TAILQ_INSERT_TAIL(&connections->behind, connection, behind_neighbours);
}

static void end_behind(struct connections *connections, struct connection *connection)
{
    if (connection->behind)
        TAILQ_REMOVE(&connections->behind, connection, behind_neighbours);
    connection->behind = false;
}

/* The clock is read before the lock is taken: the last answer may be of a later time. */
static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

/* --- coming and going --- */

static bool is_busy(const struct connection *connection)
{
    return connection->calls + connection->unsent > 0;
}

static struct connection *skip_probes(struct connection *connection)
{
    while (connection != NULL && connection->caller.is_probe)
        connection = TAILQ_NEXT(connection, silent_neighbours);
    return connection;
}

/* Who is to go for a newcomer: the one that has been silent longest, else the one that has taken no reply for
 * longest, and the newcomer only when all others wait for answers. NULL: nobody that can be closed. */
static struct connection *find_excess(const struct connections *connections,
                                      const struct connection *newcomer)
{
    struct connection *silent = skip_probes(TAILQ_FIRST(&connections->silent));
    struct connection *behind = TAILQ_FIRST(&connections->behind);
    return silent == newcomer && behind != NULL ? behind : silent;
}

static void count_connections(struct connections *connections, const struct connection *connection, int by)
{
    if (connection->caller.is_probe)
        return;
    connections->count += (unsigned)by;
    metric_set(connections->gauges.connections, connections->count);
}

uint32_t connections_add(struct connections *connections, uint32_t id, enum connection_kind kind,
                         uint64_t now_ns)
{
    struct connection *connection = calloc(1, sizeof *connection), *excess = NULL;
    if (connection == NULL)
        return id;
    connection->caller = (struct caller){.id = id, .is_probe = kind == CONNECTION_PROBE};
    connection->since_ns = now_ns;
    pthread_mutex_lock(&connections->lock);
    *connections_find(connections, id) = connection;
    begin_silence(connections, connection);
    count_connections(connections, connection, 1);
    if (kind != CONNECTION_PROBE && connections->count > connections->limits.connections)
        excess = find_excess(connections, connection);
    if (excess != NULL) {
        end_silence(connections, excess);
        end_behind(connections, excess);
    }
    uint32_t close = excess != NULL ? excess->caller.id : 0;
    pthread_mutex_unlock(&connections->lock);
    return close;
}

void connections_set_address(struct connections *connections, uint32_t id, const char *address)
{
    pthread_mutex_lock(&connections->lock);
    struct connection *connection = *connections_find(connections, id);
    if (connection != NULL) {
        snprintf(connection->address, sizeof connection->address, "%s", address);
        connection->caller.address = connection->address;
    }
    pthread_mutex_unlock(&connections->lock);
}

void connections_set_subject(struct connections *connections, uint32_t id, const char *subject,
                             int64_t not_after, uint32_t authority)
{
    pthread_mutex_lock(&connections->lock);
    struct connection *connection = *connections_find(connections, id);
    if (connection != NULL && connection->subject == NULL) {
        connection->caller.subject = connection->subject = strdup(subject); /* no memory: nobody's, then */
        connection->caller.not_after = not_after;
        connection->caller.authority = authority;
    }
    pthread_mutex_unlock(&connections->lock);
}

void connections_remove(struct connections *connections, uint32_t id)
{
    pthread_mutex_lock(&connections->lock);
    struct connection *connection = *connections_find(connections, id);
    if (connection != NULL) {
        count_connections(connections, connection, -1);
        connection->gone = true;
        end_silence(connections, connection);
        end_behind(connections, connection);
        if (!is_busy(connection))
            connections_forget(connections, connection);
    }
    pthread_mutex_unlock(&connections->lock);
}

static bool is_to_go(const struct connection *connection, uint64_t now_ns)
{
    if (connection->silent)
        return since(connection->since_ns, now_ns) >= (uint64_t)ARRIVAL_MS * NS_PER_MS;
    if (connection->behind && since(connection->taken_ns, now_ns) >= (uint64_t)STALLED_MS * NS_PER_MS)
        return true;
    /* Since the last answer was taken, too: one that reads has what was answered first. */
    const uint64_t moved_ns =
        connection->abandoned_ns > connection->since_ns ? connection->abandoned_ns : connection->since_ns;
    return connection->abandoned && !connection->gone &&
           since(moved_ns, now_ns) >= (uint64_t)PATIENCE_MS * NS_PER_MS;
}

/* Looks at all of them, which is done for a short time and no longer at every call. */
static size_t take_done(struct connections *connections, uint64_t now_ns, uint32_t ids[], size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct connection *each = connections->buckets[i]; each != NULL && n < most; each = each->next) {
            if (!is_to_go(each, now_ns))
                continue;
            ids[n++] = each->caller.id;
            end_silence(connections, each);
            end_behind(connections, each);
            each->abandoned = false;
        }
    }
    return n;
}

size_t connections_take_idle(struct connections *connections, uint64_t now_ns, uint32_t ids[], size_t most)
{
    const uint64_t allowed_ns = connections->limits.idle_ns;
    size_t n = 0;
    pthread_mutex_lock(&connections->lock);
    if (connections->draining)
        n = take_done(connections, now_ns, ids, most);
    for (struct connection *first; n < most && (first = TAILQ_FIRST(&connections->silent)) != NULL &&
                                   since(first->since_ns, now_ns) >= allowed_ns;) {
        ids[n++] = first->caller.id;
        end_silence(connections, first);
    }
    pthread_mutex_unlock(&connections->lock);
    return n;
}

/* --- calls --- */

static void show_unsent(const struct connections *connections)
{
    metric_set(connections->gauges.unsent, connections->unsent);
}

struct caller *connections_enter(struct connections *connections, uint32_t id)
{
    struct caller *caller = NULL;
    pthread_mutex_lock(&connections->lock);
    connections->calls++;
    struct connection *connection = *connections_find(connections, id);
    if (connection != NULL) { /* or it was closed behind this call */
        end_silence(connections, connection);
        connection->calls++;
        caller = &connection->caller;
    }
    pthread_mutex_unlock(&connections->lock);
    return caller;
}

/* Whether it holds so much that closing it makes room: as many as there may be that hold less have no more
 * than half of the memory together. */
static bool holds_memory(const struct connections *connections, const struct connection *connection)
{
    const struct connections_limits *limits = &connections->limits;
    return admission_bytes(limits->admission, &connection->caller) >=
           limits->memory->limit / 2 / limits->connections;
}

/* Of those that hold memory, the one that has taken no reply for longest, which is some time. NULL: there is
 * none, or one was closed just now. */
static struct connection *find_holder(struct connections *connections, uint64_t now_ns)
{
    struct connection *each;
    if (!budget_is_wanted(connections->limits.memory) ||
        since(connections->room_ns, now_ns) < (uint64_t)ROOM_MS * NS_PER_MS)
        return NULL;
    for (each = TAILQ_FIRST(&connections->behind); each != NULL; each = TAILQ_NEXT(each, behind_neighbours)) {
        if (since(each->taken_ns, now_ns) < (uint64_t)STALLED_MS * NS_PER_MS)
            break;
        connections->room_ns = now_ns; /* found or not: they are not to be searched at each answer */
        if (holds_memory(connections, each))
            return each;
    }
    return NULL;
}

/* It is to be closed; NULL: nobody is. Its id, or 0. */
static uint32_t connections_take(struct connections *connections, struct connection *connection)
{
    if (connection == NULL)
        return 0;
    end_behind(connections, connection);
    return connection->caller.id;
}

static uint32_t take_holder(struct connections *connections, uint64_t now_ns)
{
    const uint32_t taken = connections_take(connections, find_holder(connections, now_ns));
    if (taken != 0)
        budget_meet_want(connections->limits.memory);
    return taken;
}

/* The connection that is to be closed to make room for replies, or 0. */
static uint32_t take_behind(struct connections *connections, uint64_t now_ns)
{
    const uint32_t taken = take_holder(connections, now_ns);
    if (taken != 0 || connections->unsent <= connections->limits.unsent)
        return taken;
    return connections_take(connections, TAILQ_FIRST(&connections->behind));
}

uint32_t connections_make_room(struct connections *connections, uint64_t now_ns)
{
    pthread_mutex_lock(&connections->lock);
    const uint32_t taken = take_holder(connections, now_ns);
    pthread_mutex_unlock(&connections->lock);
    return taken;
}

static void count_unauthorized(struct connection *connection, enum connections_access access, uint64_t now_ns)
{
    const bool is_front_end = connection->forwarded_ns != 0 && since(connection->forwarded_ns, now_ns) <
                                                                   (uint64_t)FORWARDER_GRACE_S * NS_PER_S;
    if (access == CONNECTIONS_BY_FORWARDER)
        connection->forwarded_ns = now_ns;
    if (access == CONNECTIONS_BY_KEY || access == CONNECTIONS_BY_FORWARDER) {
        connection->unauthorized = 0;
    } else if (access == CONNECTIONS_BY_NONE) {
        connection->unauthorized += !is_front_end;
    } else if (access == CONNECTIONS_NO_CALL) {
        connection->unauthorized += MOST_UNAUTHORIZED;
    } else {
        if (since(connection->open_ns, now_ns) >= NS_PER_S) {
            connection->open_ns = now_ns;
            connection->open_calls = 0;
        }
        connection->unauthorized += ++connection->open_calls > OPEN_CALLS_A_SECOND;
    }
}

uint32_t connections_answer(struct connections *connections, uint32_t id, enum connections_access access,
                            uint64_t now_ns)
{
    pthread_mutex_lock(&connections->lock);
    struct connection *connection = *connections_find(connections, id);
    connections->calls--;
    connections->unsent++;
    if (connection != NULL) {
        connection->calls--;
        count_unauthorized(connection, access, now_ns);
        if (connection->unsent++ == 0)
            begin_behind(connections, connection, now_ns);
    }
    const uint32_t close = take_behind(connections, now_ns);
    show_unsent(connections);
    pthread_mutex_unlock(&connections->lock);
    return close;
}

/* A call, or the reply to it, is no more. */
static void settle(struct connections *connections, struct connection *connection)
{
    if (connection != NULL && !is_busy(connection)) {
        if (connection->gone)
            connections_forget(connections, connection);
        else
            begin_silence(connections, connection);
    }
    if (connections->calls + connections->unsent == 0 && connections->draining)
        pthread_cond_broadcast(&connections->idle);
    show_unsent(connections);
}

/* One that asks by right too has its answers first; but whoever never pauses has none in hand but such. */
static bool is_to_close(const struct connection *connection)
{
    const unsigned most = is_busy(connection) ? 2 * MOST_UNAUTHORIZED : MOST_UNAUTHORIZED;
    return connection->unauthorized >= most && !connection->gone;
}

bool connections_leave(struct connections *connections, uint32_t id, uint64_t now_ns)
{
    bool closes = false;
    pthread_mutex_lock(&connections->lock);
    struct connection *connection = *connections_find(connections, id);
    connections->unsent--;
    if (connection != NULL) {
        const bool was_behind = connection->behind;
        connection->since_ns = now_ns;
        connection->unsent--;
        end_behind(connections, connection);
        if (connection->unsent > 0 && was_behind)
            begin_behind(connections, connection, now_ns);
        closes = is_to_close(connection);
        if (closes)
            connection->unauthorized = 0; /* once */
    }
    settle(connections, connection);
    pthread_mutex_unlock(&connections->lock);
    return closes;
}

void connections_abandon(struct connections *connections, uint32_t id, uint64_t now_ns)
{
    pthread_mutex_lock(&connections->lock);
    struct connection *connection = *connections_find(connections, id);
    connections->calls--;
    if (connection != NULL) {
        connection->calls--;
        if (!connection->abandoned) {
            connection->abandoned = true;
            connection->abandoned_ns = now_ns;
        }
    }
    settle(connections, connection);
    pthread_mutex_unlock(&connections->lock);
}

/* --- the end --- */

void connections_drain(struct connections *connections)
{
    pthread_mutex_lock(&connections->lock);
    connections->draining = true;
    pthread_mutex_unlock(&connections->lock);
}

bool connections_await_idle(struct connections *connections, uint32_t timeout_ms)
{
    const uint64_t until_ns = time_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    bool in_time = true;
    pthread_mutex_lock(&connections->lock);
    while (connections->calls + connections->unsent > 0 && in_time)
        in_time = time_wait_until(&connections->idle, &connections->lock, until_ns);
    bool idle = connections->calls + connections->unsent == 0;
    pthread_mutex_unlock(&connections->lock);
    return idle;
}
