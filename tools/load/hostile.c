/* hostile.c: hostile-peers, peers that keep a server waiting. One thread has all of them, and they take as
 * little of the machine as they can: what they cost is then the server's. What they send comes by stdin,
 * and what it means is not known here (tools/benchmark/hostile_peers.py).
 *
 * Says "gathered" when each peer has connected, or was answered, once. Holds their number: one that the
 * server closes comes again. When its stdin ends, says in a line of JSON what became of them. */
#include "base/time.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    TICK_MS = 50, /* in which those that are to come, or to send, are looked for at least */
    EVENTS = 256,
    CONNECTING_AT_ONCE = 200,
    PIECES_AT_ONCE = 4,
    SMALL_SEGMENT = 536, /* of one that takes little: the sender's buffer is some segments */
    SMALL_BUFFER = 4096,
    SEND_BUFFER = 1 << 16, /* what the server does not take is no use to copy */
    ANSWER_BYTES = 1 << 16,
    STATUSES = 1000, /* 0: none, of those that the server closed */
    PEERS_MAX = 100000,
    BYTES_MAX = 1 << 24,
};

struct settings {
    const char *url;
    size_t peers;
    /* Bytes: what is sent at once; then what over and over, and how many of them at a time. */
    size_t opening, stream, piece;
    uint64_t every_ns; /* from one piece to the next; 0: as fast as they are taken, or there are none */
    uint64_t again_ns; /* from when one was closed until it comes again */
    bool reads, awaits_answer, has_small_buffers;
};

/* A peer is away, connecting or connected. */
struct peer {
    int fd; /* -1: away */
    bool connected, answered, gathered;
    unsigned status; /* of its answer's HTTP; 0: it has none */
    size_t opened;   /* of the opening, that are sent */
    size_t at;       /* in the stream */
    size_t left;     /* of the piece */
    uint64_t due_ns; /* of one that is away: comes again; of another: sends its next piece */
    TAILQ_ENTRY(peer) neighbours;
};

TAILQ_HEAD(peer_list, peer);

struct gathering {
    struct settings settings;
    struct sockaddr_storage address;
    socklen_t address_size;
    uint8_t *opening, *stream; /* owned */
    int epoll;
    struct peer *peers;         /* owned */
    struct peer_list away, due; /* each the one that is due first */
    size_t connecting;
    size_t awaited; /* that have not connected, or not been answered, yet */
    uint64_t ended[STATUSES];
};

static void fail(const char *what)
{
    fprintf(stderr, "hostile-peers: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* --- the sockets --- */

static void set_option(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof value) != 0)
        fail("setsockopt");
}

static int open_socket(const struct gathering *all)
{
    const int family = all->address.ss_family;
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    if (family != AF_UNIX)
        set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    if (all->settings.has_small_buffers) {
        set_option(fd, IPPROTO_TCP, TCP_MAXSEG, SMALL_SEGMENT);
        set_option(fd, SOL_SOCKET, SO_RCVBUF, SMALL_BUFFER);
    }
    return fd;
}

static void watch(struct gathering *all, struct peer *peer, int operation, bool to_send)
{
    struct epoll_event event = {
        .events = (to_send ? EPOLLOUT : 0u) | (all->settings.reads ? EPOLLIN : 0u),
        .data.ptr = peer,
    };
    if (epoll_ctl(all->epoll, operation, peer->fd, &event) != 0)
        fail("epoll_ctl");
}

/* --- coming and going --- */

static void note_gathered(struct gathering *all, struct peer *peer)
{
    if (peer->gathered)
        return;
    peer->gathered = true;
    if (--all->awaited == 0) {
        puts("gathered");
        fflush(stdout);
    }
}

/* False: too many wait to be accepted; on a Unix socket one cannot wait with them. */
static bool come(struct gathering *all, struct peer *peer)
{
    const int fd = open_socket(all);
    if (connect(fd, (const struct sockaddr *)&all->address, all->address_size) != 0 && errno != EINPROGRESS) {
        if (errno != EAGAIN && errno != ECONNREFUSED)
            fail("connect");
        close(fd);
        return false;
    }
    TAILQ_REMOVE(&all->away, peer, neighbours);
    *peer = (struct peer){.fd = fd, .gathered = peer->gathered};
    all->connecting++;
    watch(all, peer, EPOLL_CTL_ADD, true);
    if (all->settings.every_ns > 0) {
        peer->due_ns = time_monotonic_ns() + all->settings.every_ns;
        TAILQ_INSERT_TAIL(&all->due, peer, neighbours);
    }
    return true;
}

static void leave(struct gathering *all, struct peer *peer)
{
    note_gathered(all, peer);
    all->ended[peer->status]++;
    all->connecting -= !peer->connected;
    if (all->settings.every_ns > 0)
        TAILQ_REMOVE(&all->due, peer, neighbours);
    close(peer->fd);
    peer->fd = -1;
    peer->due_ns = time_monotonic_ns() + all->settings.again_ns;
    TAILQ_INSERT_TAIL(&all->away, peer, neighbours);
}

static void come_due(struct gathering *all)
{
    const uint64_t now_ns = time_monotonic_ns();
    struct peer *first;
    while ((first = TAILQ_FIRST(&all->away)) != NULL && first->due_ns <= now_ns &&
           all->connecting < CONNECTING_AT_ONCE) {
        if (!come(all, first))
            return;
    }
}

/* --- sending and receiving --- */

enum sent { SENT_ALL, SENT_SOME, SENT_NONE }; /* none: the server has closed */

static enum sent send_bytes(const struct peer *peer, const uint8_t *bytes, size_t size, size_t *sent)
{
    const ssize_t n = send(peer->fd, bytes, size, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN ? SENT_SOME : SENT_NONE;
    *sent += (size_t)n;
    return (size_t)n == size ? SENT_ALL : SENT_SOME;
}

/* What is left of the piece that is under way, or a new one. */
static enum sent send_piece(const struct gathering *all, struct peer *peer)
{
    size_t sent = 0;
    if (peer->left == 0)
        peer->left = all->settings.piece;
    const enum sent how = send_bytes(peer, all->stream + peer->at, peer->left, &sent);
    peer->left -= sent;
    peer->at = (peer->at + sent) % all->settings.stream;
    return how;
}

/* False: the server has closed. */
static bool send_more(struct gathering *all, struct peer *peer)
{
    const struct settings *settings = &all->settings;
    enum sent how = SENT_ALL;
    if (peer->opened < settings->opening)
        how = send_bytes(peer, all->opening + peer->opened, settings->opening - peer->opened, &peer->opened);
    const bool is_stream = settings->stream > 0 && settings->every_ns == 0;
    if (how == SENT_ALL && !is_stream)
        watch(all, peer, EPOLL_CTL_MOD, false);
    for (int i = 0; i < PIECES_AT_ONCE && how == SENT_ALL && is_stream; i++)
        how = send_piece(all, peer);
    return how != SENT_NONE;
}

/* Of HTTP; 0: it is none. */
static unsigned status_of(const char *answer)
{
    static const char begin[] = "HTTP/1.1 ";
    if (strncmp(answer, begin, strlen(begin)) != 0)
        return 0;
    const unsigned long status = strtoul(answer + strlen(begin), NULL, 10);
    return status < STATUSES ? (unsigned)status : 0;
}

/* False: the server has closed. */
static bool receive(struct peer *peer)
{
    static char answer[ANSWER_BYTES];
    const ssize_t n = recv(peer->fd, answer, sizeof answer - 1, 0);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    answer[n] = '\0';
    if (!peer->answered)
        peer->status = status_of(answer);
    peer->answered = true;
    return true;
}

static bool connected(struct gathering *all, struct peer *peer)
{
    int error;
    socklen_t size = sizeof error;
    if (getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return false;
    peer->connected = true;
    all->connecting--;
    return true;
}

static void handle(struct gathering *all, struct peer *peer, uint32_t events)
{
    const struct settings *settings = &all->settings;
    bool alive = peer->connected || connected(all, peer);
    if (alive && (events & EPOLLIN) != 0)
        alive = receive(peer);
    if (alive && (events & EPOLLOUT) != 0)
        alive = send_more(all, peer);
    if (peer->connected && (peer->answered || !settings->awaits_answer))
        note_gathered(all, peer);
    if (!alive || (events & (EPOLLHUP | EPOLLERR)) != 0)
        leave(all, peer);
}

static void send_due(struct gathering *all)
{
    const uint64_t now_ns = time_monotonic_ns();
    struct peer *first;
    while ((first = TAILQ_FIRST(&all->due)) != NULL && first->due_ns <= now_ns) {
        if (first->connected && first->opened == all->settings.opening &&
            send_piece(all, first) == SENT_NONE) {
            leave(all, first);
        } else {
            TAILQ_REMOVE(&all->due, first, neighbours);
            first->due_ns = now_ns + all->settings.every_ns;
            TAILQ_INSERT_TAIL(&all->due, first, neighbours);
        }
    }
}

/* Until stdin ends. */
static void run(struct gathering *all)
{
    static struct epoll_event events[EVENTS];
    struct epoll_event end = {.events = EPOLLIN}; /* of no peer */
    if (epoll_ctl(all->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &end) != 0)
        fail("epoll_ctl");
    for (;;) {
        come_due(all);
        const int n = epoll_wait(all->epoll, events, EVENTS, TICK_MS);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                return;
            handle(all, events[i].data.ptr, events[i].events);
        }
        send_due(all);
    }
}

/* --- the start and the end --- */

static void find_address(struct gathering *all)
{
    const char *rest = strstr(all->settings.url, "://");
    char host[256];
    if (rest == NULL)
        errno = EINVAL, fail(all->settings.url);
    rest += strlen("://");
    if (strncmp(all->settings.url, "ipc:", strlen("ipc:")) == 0) {
        struct sockaddr_un *address = (struct sockaddr_un *)&all->address;
        address->sun_family = AF_UNIX;
        snprintf(address->sun_path, sizeof address->sun_path, "%s", rest);
        all->address_size = sizeof *address;
        return;
    }
    const char *port = strrchr(rest, ':');
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    if (port == NULL)
        errno = EINVAL, fail(all->settings.url);
    snprintf(host, sizeof host, "%.*s", (int)(port - rest), rest);
    if (getaddrinfo(host, port + 1, &hints, &found) != 0)
        errno = EINVAL, fail(all->settings.url);
    memcpy(&all->address, found->ai_addr, found->ai_addrlen);
    all->address_size = found->ai_addrlen;
    freeaddrinfo(found);
}

static uint8_t *read_bytes(size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL || fread(bytes, 1, size, stdin) != size)
        fail("stdin");
    return bytes;
}

static void begin(struct gathering *all)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    find_address(all);
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* its end is waited for */
    all->opening = read_bytes(all->settings.opening);
    all->stream = read_bytes(all->settings.stream);
    all->epoll = epoll_create1(EPOLL_CLOEXEC);
    all->awaited = all->settings.peers;
    all->peers = calloc(all->settings.peers, sizeof *all->peers);
    if (all->epoll < 0 || all->peers == NULL)
        fail("start");
    TAILQ_INIT(&all->away);
    TAILQ_INIT(&all->due);
    for (size_t i = 0; i < all->settings.peers; i++) {
        all->peers[i].fd = -1;
        TAILQ_INSERT_TAIL(&all->away, &all->peers[i], neighbours);
    }
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void tell(const struct gathering *all)
{
    const char *separator = "";
    printf("{\"ended\": {");
    for (unsigned status = 0; status < STATUSES; status++) {
        if (all->ended[status] == 0)
            continue;
        if (status == 0)
            printf("%s\"closed\": %ju", separator, (uintmax_t)all->ended[status]);
        else
            printf("%s\"%u\": %ju", separator, status, (uintmax_t)all->ended[status]);
        separator = ", ";
    }
    printf("}, \"cpu_s\": %.3f}\n", cpu_seconds());
}

enum option_key {
    KEY_URL = 'u',
    KEY_PEERS = 'n',
    KEY_OPENING = 0x100,
    KEY_STREAM,
    KEY_PIECE,
    KEY_EVERY,
    KEY_AGAIN,
    KEY_UNREAD,
    KEY_SMALL_BUFFERS,
    KEY_AWAIT_ANSWER
};

static const struct argp_option options[] = {
    {"url", KEY_URL, "URL", 0, "where they connect: tcp://HOST:PORT, http://HOST:PORT or ipc://PATH", 0},
    {"peers", KEY_PEERS, "N", 0, "how many (1)", 0},
    {"opening", KEY_OPENING, "BYTES", 0, "of stdin, that each sends at once (0)", 0},
    {"stream", KEY_STREAM, "BYTES", 0, "behind them, that it sends then, over and over (0)", 0},
    {"piece", KEY_PIECE, "BYTES", 0, "of those, at a time", 0},
    {"every", KEY_EVERY, "S", 0, "from one piece to the next (0: as fast as they are taken)", 0},
    {"again", KEY_AGAIN, "S", 0, "until one comes again that was closed (0)", 0},
    {"unread", KEY_UNREAD, NULL, 0, "they read nothing", 0},
    {"small-buffers", KEY_SMALL_BUFFERS, NULL, 0,
     "their kernel keeps next to nothing of what they do not read", 0},
    {"await-answer", KEY_AWAIT_ANSWER, NULL, 0, "each has gathered when it is answered", 0},
    {0},
};

static size_t read_number(const char *text, size_t most, struct argp_state *state)
{
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number > most)
        argp_error(state, "\"%s\" is no number up to %zu", text, most);
    return number;
}

static uint64_t read_seconds(const char *text, struct argp_state *state)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= 3600))
        argp_error(state, "\"%s\" is no number of seconds up to 3600", text);
    return (uint64_t)(seconds * NS_PER_S);
}

static error_t take_option(int key, char *argument, struct argp_state *state)
{
    struct settings *settings = state->input;
    switch (key) {
    case KEY_URL:
        settings->url = argument;
        return 0;
    case KEY_PEERS:
        settings->peers = read_number(argument, PEERS_MAX, state);
        return 0;
    case KEY_OPENING:
        settings->opening = read_number(argument, BYTES_MAX, state);
        return 0;
    case KEY_STREAM:
        settings->stream = read_number(argument, BYTES_MAX, state);
        return 0;
    case KEY_PIECE:
        settings->piece = read_number(argument, BYTES_MAX, state);
        return 0;
    case KEY_EVERY:
        settings->every_ns = read_seconds(argument, state);
        return 0;
    case KEY_AGAIN:
        settings->again_ns = read_seconds(argument, state);
        return 0;
    case KEY_UNREAD:
        settings->reads = false;
        return 0;
    case KEY_SMALL_BUFFERS:
        settings->has_small_buffers = true;
        return 0;
    case KEY_AWAIT_ANSWER:
        settings->awaits_answer = true;
        return 0;
    case ARGP_KEY_END:
        if (settings->url == NULL || settings->peers == 0)
            argp_error(state, "--url and --peers are needed");
        if (settings->stream > 0 && (settings->piece == 0 || settings->stream % settings->piece != 0))
            argp_error(state, "the stream is to be of whole pieces");
        if (settings->stream == 0)
            settings->every_ns = 0;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .doc =
            "Peers that keep a server waiting, for tools/hostile. What they send comes by stdin; when that "
            "ends, so do they.",
    };
    static struct gathering all = {.settings = {.reads = true, .peers = 1}};
    argp_parse(&argp, argc, argv, 0, NULL, &all.settings);
    begin(&all);
    run(&all);
    tell(&all);
    free(all.opening);
    free(all.stream);
    free(all.peers);
    return EXIT_SUCCESS;
}
