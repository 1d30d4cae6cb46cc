/* peers.c: a list for each phase. All of a phase have the same time, so each list is in the order in which
 * the times are up, and who is next stands first. Those in "answering" are in a further list, by when they
 * took something last. */
#include "http/peers.h"

#include "base/peer_address.h"
#include "base/time.h"

#include <linux/tcp.h> /* for tcpi_bytes_acked, which <netinet/tcp.h> lacks */
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum {
    SWEEP_MS = 250,
    STALLED_MS = 1000, /* in "answering", with nothing taken, before one is ended for memory or room */
    SENDING_MS = 100,  /* in "receiving": a client that has its request ready is through by then */
    /* In "idle", before one is ended for room. Above what a client that asks all the time leaves between an
     * answer and its next request, or those would be ended; and above SENDING_MS, so that of two that came at
     * once the one that sends nothing goes before the one that was answered. */
    UNUSED_MS = 2 * SENDING_MS,
    SPARED_MS = 1000, /* in a phase, from when it was first found to have sent what is not read */
    MOST_LOOKS = 64,  /* at sockets of a list at once: each is a system call */
    ROOM_SHARE = 8,   /* of the memory: how much is made free at once, at least */
};

/* Its fields are guarded by the lock of all. */
struct peer {
    TAILQ_ENTRY(peer) neighbours;        /* in its phase's list */
    TAILQ_ENTRY(peer) unread_neighbours; /* in "answering": in one of the lists of those who are */
    struct peers *all;
    uint32_t number;
    char address[PEER_ADDRESS_TEXT];
    int fd;       /* libmicrohttpd's; open until it says that the connection is closed */
    bool is_self; /* not counted, nor ended to make room: that would make none */
    enum peer_phase phase;
    uint64_t since_ns; /* its phase began; in "answering", its client was last seen to take something */
    uint64_t deadline_ns;
    uint64_t spared_ns;     /* when that began in its phase; 0: it has not */
    uint64_t taken_bytes;   /* of all its answers, when that was last looked at */
    size_t held_bytes;      /* of memory, for its answer */
    const char *request_id; /* the exchange's; NULL: not known */
    enum refusal when_late;
    unsigned refused;          /* the status that it was ended with */
    struct tls_holder *holder; /* owned, and not guarded; NULL: nobody has asked for it */
};

TAILQ_HEAD(peer_list, peer);

struct peers {
    struct peers_options options;
    uint64_t timeouts_ns[PEER_PHASES]; /* 0: none */
    pthread_t sweeper;

    pthread_mutex_t lock;
    pthread_cond_t closed;
    bool closing;                         /* guarded by lock, as is all below */
    struct peer_list phases[PEER_PHASES]; /* the longest in it is first */
    size_t sizes[PEER_PHASES];            /* of those lists, without the process itself */
    struct peer_list unread[2]; /* in "answering", without memory and with: whose client took nothing
                                 * for longest is first. The first is without the process itself */
    uint32_t begun;             /* so many, ever */
    unsigned open;              /* that were not ended */
    unsigned late, evicted;     /* ended since the last sweep */
};

/* --- who takes nothing of an answer --- */

/* What the client's end has acknowledged: more when it takes some of what it was sent. */
static uint64_t taken_bytes(const struct peer *peer)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    (void)getsockopt(peer->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_bytes_acked;
}

static struct peer_list *unread_list(struct peer *peer)
{
    return &peer->all->unread[peer->held_bytes > 0];
}

static bool is_in_unread(const struct peer *peer)
{
    return peer->phase == PEER_ANSWERING && (!peer->is_self || peer->held_bytes > 0);
}

static void leave_unread(struct peer *peer)
{
    if (is_in_unread(peer))
        TAILQ_REMOVE(unread_list(peer), peer, unread_neighbours);
}

static void enter_unread(struct peer *peer)
{
    if (is_in_unread(peer))
        TAILQ_INSERT_TAIL(unread_list(peer), peer, unread_neighbours);
}

static bool has_been_for(const struct peer *peer, unsigned ms)
{
    return peer->since_ns + (uint64_t)ms * NS_PER_MS <= time_monotonic_ns();
}

/* Looks whether its client has taken something since that was last looked at, and if so puts it last. */
static bool note_progress(struct peer *peer)
{
    const uint64_t taken = taken_bytes(peer);
    if (taken == peer->taken_bytes)
        return false;
    leave_unread(peer);
    peer->taken_bytes = taken;
    peer->since_ns = time_monotonic_ns();
    enter_unread(peer);
    return true;
}

/* Looks at the first ones, which are the next to be ended. */
static void look_at_unread(struct peer_list *list)
{
    struct peer *peer = TAILQ_FIRST(list), *next;
    for (unsigned looks = 0; peer != NULL && looks < MOST_LOOKS; looks++, peer = next) {
        next = TAILQ_NEXT(peer, unread_neighbours);
        note_progress(peer);
    }
}

/* The one of whose answer nothing was taken for longest, up to now; NULL: there is none, or not for long, or
 * not in as many looks as are left. */
static struct peer *find_stalled(struct peer_list *list, unsigned *looks)
{
    for (; *looks > 0; --*looks) {
        struct peer *first = TAILQ_FIRST(list);
        if (first == NULL || !has_been_for(first, STALLED_MS))
            return NULL;
        if (!note_progress(first))
            return first;
    }
    return NULL;
}

/* --- phases --- */

static void leave_phase(struct peer *peer)
{
    TAILQ_REMOVE(&peer->all->phases[peer->phase], peer, neighbours);
    peer->all->sizes[peer->phase] -= !peer->is_self;
    leave_unread(peer);
}

static void enter_phase(struct peer *peer, enum peer_phase phase)
{
    struct peers *all = peer->all;
    peer->phase = phase;
    peer->since_ns = time_monotonic_ns();
    peer->deadline_ns = peer->since_ns + all->timeouts_ns[phase];
    peer->spared_ns = 0;
    TAILQ_INSERT_TAIL(&all->phases[phase], peer, neighbours);
    all->sizes[phase] += !peer->is_self;
    enter_unread(peer);
}

static void move(struct peer *peer, enum peer_phase phase)
{
    leave_phase(peer);
    enter_phase(peer, phase);
}

static void show_open(const struct peers *all)
{
    metric_set(all->options.open, all->open);
}

static void end_peer(struct peer *peer, enum refusal refusal)
{
    if (peer->phase == PEER_RECEIVING && peer->all->options.tls == NULL) {
        refusal_send(peer->fd, refusal, peer->request_id);
        peer->refused = refusal_status(refusal);
    }
    shutdown(peer->fd, SHUT_RDWR);
    move(peer, PEER_ENDED);
    peer->all->open -= !peer->is_self;
    show_open(peer->all);
}

/* The one whose time is up next; NULL: no time runs. */
static struct peer *next_late(const struct peers *all)
{
    struct peer *next = NULL;
    for (int phase = 0; phase < PEER_PHASES; phase++) {
        struct peer *first = TAILQ_FIRST(&all->phases[phase]);
        if (first != NULL && all->timeouts_ns[phase] != 0 &&
            (next == NULL || first->deadline_ns < next->deadline_ns))
            next = first;
    }
    return next;
}

/* --- who makes room --- */

/* The one that takes nothing of its answer for longest. */
static struct peer *longest_stalled(struct peers *all)
{
    unsigned looks[] = {MOST_LOOKS, MOST_LOOKS};
    struct peer *without = find_stalled(&all->unread[false], &looks[false]);
    struct peer *with = find_stalled(&all->unread[true], &looks[true]);
    const bool is_with = without == NULL || (with != NULL && with->since_ns < without->since_ns);
    return is_with ? with : without;
}

/* Whether something of its client has come that libmicrohttpd has yet to read. */
static bool has_sent(const struct peer *peer)
{
    int bytes = 0;
    return ioctl(peer->fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

/* Whether it is this process that is late, not its client. Not for ever: a client that sends without end has
 * always sent something. */
static bool is_spared(struct peer *peer)
{
    if (!has_sent(peer))
        return false;
    if (peer->spared_ns == 0)
        peer->spared_ns = time_monotonic_ns();
    return time_monotonic_ns() < peer->spared_ns + (uint64_t)SPARED_MS * NS_PER_MS;
}

/* The one that has sent nothing for longest, if for so long. */
static struct peer *longest_silent(struct peers *all, enum peer_phase phase, unsigned ms)
{
    struct peer *peer = TAILQ_FIRST(&all->phases[phase]);
    for (unsigned looks = 0; looks < MOST_LOOKS && peer != NULL && has_been_for(peer, ms); looks++) {
        if (!peer->is_self && !is_spared(peer))
            return peer;
        peer = TAILQ_NEXT(peer, neighbours);
    }
    return NULL;
}

static struct peer *longest(struct peers *all, enum peer_phase phase)
{
    struct peer *peer = TAILQ_FIRST(&all->phases[phase]);
    while (peer != NULL && peer->is_self)
        peer = TAILQ_NEXT(peer, neighbours);
    return peer;
}

/* Whom to end for one who comes. NULL: all are waited for by right. Deadlines of different phases tell
 * nothing of who is dispensable: idle ones, whose time is longest, would keep out whoever comes.
 *
 * When many come at once, nobody may have kept this process waiting for some time. Then the longest goes of
 * those who have come or of those who were answered, whichever are more: they fill the room, and among many,
 * who came last has most time to ask. So neither do idle ones shut out who comes, nor do those who come and
 * are silent displace idle ones. Who has asked goes only when no silent one is found in either. */
static struct peer *next_to_make_room(struct peers *all)
{
    const bool are_more_receiving = all->sizes[PEER_RECEIVING] > all->sizes[PEER_IDLE];
    const enum peer_phase more = are_more_receiving ? PEER_RECEIVING : PEER_IDLE;
    const enum peer_phase fewer = are_more_receiving ? PEER_IDLE : PEER_RECEIVING;
    struct peer *next = longest_silent(all, PEER_RECEIVING, SENDING_MS);
    if (next == NULL)
        next = longest_stalled(all);
    if (next == NULL)
        next = longest_silent(all, PEER_IDLE, UNUSED_MS);
    if (next == NULL)
        next = longest_silent(all, more, 0);
    if (next == NULL)
        next = longest_silent(all, fewer, 0);
    if (next == NULL)
        next = longest(all, more);
    if (next == NULL)
        next = longest(all, PEER_ANSWERING);
    return next;
}

static void evict(struct peer *peer)
{
    struct peers *all = peer->all;
    end_peer(peer, REFUSAL_NO_ROOM);
    all->evicted++;
    metric_add(all->options.evicted, 1);
}

/* For one more. False: there is none. */
static bool make_place(struct peers *all)
{
    while (all->open >= all->options.limit) {
        struct peer *next = next_to_make_room(all);
        if (next == NULL)
            return false;
        evict(next);
    }
    return true;
}

/* --- who is late --- */

static void end_late(struct peers *all)
{
    const uint64_t now_ns = time_monotonic_ns();
    for (struct peer *next = next_late(all); next != NULL && next->deadline_ns <= now_ns;
         next = next_late(all)) {
        end_peer(next, next->when_late);
        all->late++;
        metric_add(all->options.late, 1);
    }
}

/* In memory, by those who have some and take nothing of their answers: as many as have that much together, so
 * that however many they are, others wait for few steps. False: they have less. */
static bool make_room(struct peers *all, size_t bytes)
{
    unsigned looks = MOST_LOOKS;
    size_t freed = 0;
    struct peer *stalled;
    while (freed < bytes && (stalled = find_stalled(&all->unread[true], &looks)) != NULL) {
        freed += stalled->held_bytes;
        budget_meet_want(all->options.memory);
        evict(stalled);
        looks--;
    }
    return freed >= bytes;
}

static void meet_want(struct peers *all)
{
    if (budget_is_wanted(all->options.memory))
        (void)make_room(all, all->options.memory->limit / ROOM_SHARE);
}

/* One line a sweep, however many there were. */
static void log_ended(struct peers *all)
{
    if (all->late > 0 || all->evicted > 0)
        log_line(all->options.log, LOG_LEVEL_INFO, "http connections ended", LOG_INT("late", all->late),
                 LOG_INT("over_limit", all->evicted), LOG_INT("open", all->open));
    all->late = all->evicted = 0;
}

static void *sweep(void *arg)
{
    struct peers *all = arg;
    pthread_mutex_lock(&all->lock);
    while (!all->closing) {
        time_wait_until(&all->closed, &all->lock, time_monotonic_ns() + (uint64_t)SWEEP_MS * NS_PER_MS);
        look_at_unread(&all->unread[false]);
        look_at_unread(&all->unread[true]);
        end_late(all);
        meet_want(all);
        log_ended(all);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* --- their begin and end --- */

/* Who it is, as far as the socket tells. */
static void look_at_name(struct peer *peer)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    if (getpeername(peer->fd, (struct sockaddr *)&name, &size) != 0)
        return;
    peer->is_self = own_peer_is(peer->all->options.self, &name);
    peer_address_write((const struct sockaddr *)&name, peer->address);
}

static struct peer *peer_new(struct peers *all, int fd)
{
    struct peer *peer = malloc(sizeof *peer);
    if (peer == NULL) {
        shutdown(fd, SHUT_RDWR);
        return NULL;
    }
    *peer = (struct peer){.all = all, .fd = fd};
    look_at_name(peer);
    pthread_mutex_lock(&all->lock);
    const bool has_place = peer->is_self || make_place(all);
    peer->number = ++all->begun;
    enter_phase(peer, PEER_RECEIVING);
    all->open += !peer->is_self;
    show_open(all);
    if (!has_place)
        evict(peer);
    pthread_mutex_unlock(&all->lock);
    return peer;
}

static void forget(struct peer *peer)
{
    struct peers *all = peer->all;
    pthread_mutex_lock(&all->lock);
    leave_phase(peer);
    all->open -= peer->phase != PEER_ENDED && !peer->is_self;
    show_open(all);
    pthread_mutex_unlock(&all->lock);
    free(peer->holder);
    free(peer);
}

void peers_notify(void *arg, struct MHD_Connection *connection, void **context,
                  enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context =
            peer_new(arg, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    else if (*context != NULL)
        forget(*context);
}

/* --- what becomes of them --- */

static struct peer *peer_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

bool peer_enter(struct MHD_Connection *connection, enum peer_phase phase)
{
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return false;
    pthread_mutex_lock(&peer->all->lock);
    bool enters = peer->phase != PEER_ENDED;
    if (enters && (phase != PEER_RECEIVING || peer->phase != PEER_RECEIVING))
        move(peer, phase);
    if (phase == PEER_IDLE) {
        peer->request_id = NULL;
        peer->when_late = REFUSAL_LATE;
    }
    pthread_mutex_unlock(&peer->all->lock);
    return enters;
}

void peer_hold_memory(struct MHD_Connection *connection, size_t bytes)
{
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return;
    pthread_mutex_lock(&peer->all->lock);
    leave_unread(peer);
    peer->held_bytes = bytes;
    enter_unread(peer);
    pthread_mutex_unlock(&peer->all->lock);
}

void peer_note(struct MHD_Connection *connection, const char *request_id, enum refusal when_late)
{
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return;
    pthread_mutex_lock(&peer->all->lock);
    peer->request_id = request_id;
    peer->when_late = when_late;
    pthread_mutex_unlock(&peer->all->lock);
}

void peer_refuse(struct MHD_Connection *connection)
{
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return;
    pthread_mutex_lock(&peer->all->lock);
    if (peer->phase != PEER_ENDED)
        end_peer(peer, peer->when_late);
    pthread_mutex_unlock(&peer->all->lock);
}

bool peer_make_room(struct MHD_Connection *connection, size_t bytes)
{
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return false;
    pthread_mutex_lock(&peer->all->lock);
    const bool is_made = make_room(peer->all, bytes);
    pthread_mutex_unlock(&peer->all->lock);
    return is_made;
}

void peer_meet_want(struct MHD_Connection *connection)
{
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return;
    pthread_mutex_lock(&peer->all->lock);
    meet_want(peer->all);
    pthread_mutex_unlock(&peer->all->lock);
}

struct tls_server *peer_tls(struct MHD_Connection *connection)
{
    const struct peer *peer = peer_of(connection);
    return peer != NULL ? peer->all->options.tls : NULL;
}

const struct tls_holder *peer_holder(struct MHD_Connection *connection)
{
    const struct peer *peer = peer_of(connection);
    return peer != NULL ? peer->holder : NULL;
}

struct tls_holder *peer_holder_room(struct MHD_Connection *connection)
{
    struct peer *peer = peer_of(connection);
    if (peer != NULL && peer->holder == NULL)
        peer->holder = calloc(1, sizeof *peer->holder);
    return peer != NULL ? peer->holder : NULL;
}

uint32_t peer_number(struct MHD_Connection *connection)
{
    const struct peer *peer = peer_of(connection);
    return peer != NULL ? peer->number : 0;
}

const char *peer_address(struct MHD_Connection *connection)
{
    const struct peer *peer = peer_of(connection);
    return peer != NULL ? peer->address : "";
}

bool peer_is_self(struct MHD_Connection *connection)
{
    const struct peer *peer = peer_of(connection);
    return peer != NULL && peer->is_self;
}

unsigned peer_refused(struct MHD_Connection *connection)
{
    struct peer *peer = peer_of(connection);
    if (peer == NULL)
        return 0;
    pthread_mutex_lock(&peer->all->lock);
    unsigned refused = peer->refused;
    pthread_mutex_unlock(&peer->all->lock);
    return refused;
}

/* --- all of them --- */

static void free_peers(struct peers *all)
{
    pthread_cond_destroy(&all->closed);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

struct peers *peers_open(const struct peers_options *options)
{
    struct peers *all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    all->options = *options;
    all->timeouts_ns[PEER_RECEIVING] = (uint64_t)options->request_timeout_s * NS_PER_S;
    all->timeouts_ns[PEER_ANSWERING] = (uint64_t)options->send_timeout_s * NS_PER_S;
    all->timeouts_ns[PEER_IDLE] = (uint64_t)options->idle_timeout_s * NS_PER_S;
    for (int phase = 0; phase < PEER_PHASES; phase++)
        TAILQ_INIT(&all->phases[phase]);
    TAILQ_INIT(&all->unread[false]);
    TAILQ_INIT(&all->unread[true]);
    pthread_mutex_init(&all->lock, NULL);
    time_cond_init(&all->closed);
    if (pthread_create(&all->sweeper, NULL, sweep, all) != 0) {
        free_peers(all);
        return NULL;
    }
    return all;
}

void peers_close(struct peers *all)
{
    if (all == NULL)
        return;
    pthread_mutex_lock(&all->lock);
    all->closing = true;
    pthread_cond_signal(&all->closed);
    pthread_mutex_unlock(&all->lock);
    pthread_join(all->sweeper, NULL);
    free_peers(all);
}
