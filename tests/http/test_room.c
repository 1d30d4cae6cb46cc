/* test_room.c: whose connection is ended for one who comes. libmicrohttpd has no thread here and is never
 * run, so that what clients have sent stays unread. */
#include "base/time.h"
#include "http/listen.h"
#include "http/peers.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LIMIT = 4,
    LONG_MS = 1100, /* after which clients are slow, stalled and unused, and no more spared */
    SLACK_MS = 10000,
};

static int listen_fd;
static struct sockaddr_in address;
static struct own_peer self;
static struct budget memory = {.limit = 1 << 20};
static struct peers *peers;
static struct MHD_Daemon *mhd;

struct visitor {
    int client, served; /* the ends of its connection; libmicrohttpd closes the second */
    struct MHD_Connection *connection;
};

static struct MHD_Connection *started; /* the last one */

static void notify(void *arg, struct MHD_Connection *connection, void **context,
                   enum MHD_ConnectionNotificationCode what)
{
    started = connection;
    peers_notify(arg, connection, context, what);
}

static enum MHD_Result answer_nothing(void *arg, struct MHD_Connection *connection, const char *url,
                                      const char *method, const char *version, const char *upload,
                                      size_t *upload_size, void **request)
{
    (void)arg, (void)connection, (void)url, (void)method, (void)version, (void)upload, (void)upload_size,
        (void)request;
    return MHD_NO;
}

static void set_up(void)
{
    char error[256];
    uint16_t port = 0;
    listen_fd = listen_open("127.0.0.1", &port, error, sizeof error);
    cr_assert_geq(listen_fd, 0, "%s", error);
    address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    own_peer_init(&self);
    const struct peers_options options = {
        .limit = LIMIT,
        .request_timeout_s = 600,
        .send_timeout_s = 600,
        .idle_timeout_s = 600,
        .self = &self,
        .memory = &memory,
    };
    peers = peers_open(&options);
    mhd = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_NO_THREAD_SAFETY, 0, NULL, NULL, answer_nothing,
                           NULL, MHD_OPTION_NOTIFY_CONNECTION, notify, peers, MHD_OPTION_END);
    cr_assert(peers != NULL && mhd != NULL);
}

static void tear_down(void)
{
    MHD_stop_daemon(mhd);
    peers_close(peers);
    close(listen_fd);
}

TestSuite(room, .init = set_up, .fini = tear_down, .timeout = 60);

static struct visitor accept_visitor(int client)
{
    struct visitor visitor = {.client = client, .served = accept(listen_fd, NULL, NULL)};
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    cr_assert_eq(getpeername(visitor.served, (struct sockaddr *)&name, &size), 0);
    cr_assert_eq(MHD_add_connection(mhd, visitor.served, (struct sockaddr *)&name, size), MHD_YES);
    visitor.connection = started;
    return visitor;
}

static struct visitor come(void)
{
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    return accept_visitor(client);
}

static struct visitor come_as_probe(void)
{
    const union own_peer_name to = {.v4 = address};
    const int client = own_peer_open(&self, AF_INET, SLACK_MS);
    cr_assert_eq(own_peer_connect(&self, &to.storage, sizeof to.v4), 0);
    const struct visitor visitor = accept_visitor(client);
    cr_assert(peer_is_self(visitor.connection));
    return visitor;
}

static struct visitor come_in(enum peer_phase phase)
{
    const struct visitor visitor = come();
    cr_assert(peer_enter(visitor.connection, phase));
    return visitor;
}

static void ask(const struct visitor *visitor)
{
    struct pollfd sent = {.fd = visitor->served, .events = POLLIN};
    cr_assert_eq(send(visitor->client, "GET", 3, 0), 3);
    cr_assert_eq(poll(&sent, 1, SLACK_MS), 1);
}

/* Asked once, as it puts the connection into a phase in which it is not ended. */
static bool is_ended(const struct visitor *visitor)
{
    return !peer_enter(visitor->connection, PEER_CALLING);
}

static void leave(struct visitor *visitors, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(visitors[i].client);
}

/* However many come, and in whichever phase the silent one is. */
static void expect_the_silent_one_goes(enum peer_phase askers, enum peer_phase silent)
{
    struct visitor all[LIMIT];
    for (size_t i = 0; i < LIMIT; i++)
        all[i] = come_in(i < LIMIT - 1 ? askers : silent);
    for (size_t i = 0; i < LIMIT - 1; i++)
        ask(&all[i]);
    struct visitor further[] = {come(), come(), come()};
    for (size_t i = 0; i < LIMIT; i++)
        cr_expect_eq(is_ended(&all[i]), i == LIMIT - 1, "%zu", i);
    cr_expect(is_ended(&further[0]));
    cr_expect(is_ended(&further[1]));
    cr_expect_not(is_ended(&further[2]));
    leave(all, LIMIT);
    leave(further, sizeof further / sizeof further[0]);
}

Test(room, who_has_asked_stays_while_one_who_came_is_silent)
{
    expect_the_silent_one_goes(PEER_RECEIVING, PEER_RECEIVING);
}

Test(room, who_has_asked_stays_while_an_idle_one_is_silent)
{
    expect_the_silent_one_goes(PEER_RECEIVING, PEER_IDLE);
}

Test(room, who_has_asked_again_stays_while_one_who_came_is_silent)
{
    expect_the_silent_one_goes(PEER_IDLE, PEER_RECEIVING);
}

Test(room, when_all_have_asked_the_longest_goes)
{
    struct visitor all[LIMIT];
    for (size_t i = 0; i < LIMIT; i++) {
        all[i] = come();
        ask(&all[i]);
    }
    struct visitor further = come();
    for (size_t i = 0; i < LIMIT; i++)
        cr_expect_eq(is_ended(&all[i]), i == 0, "%zu", i);
    cr_expect_not(is_ended(&further));
    leave(all, LIMIT);
    leave(&further, 1);
}

/* As if it sent without end. */
Test(room, who_has_always_sent_something_is_not_spared_for_ever)
{
    struct visitor sending[LIMIT - 1];
    for (size_t i = 0; i < LIMIT - 1; i++) {
        sending[i] = come();
        ask(&sending[i]);
    }
    struct visitor silent = come(), next = come();
    cr_expect(is_ended(&silent));
    poll(NULL, 0, LONG_MS);
    struct visitor last = come();
    for (size_t i = 0; i < LIMIT - 1; i++)
        cr_expect_eq(is_ended(&sending[i]), i == 0, "%zu", i);
    cr_expect_not(is_ended(&next));
    cr_expect_not(is_ended(&last));
    leave(sending, LIMIT - 1);
    leave((struct visitor[]){silent, next, last}, 3);
}

/* It has no place that another could have, and its end would tell that this process does not serve. */
Test(room, the_process_s_own_probe_is_never_ended)
{
    static const enum peer_phase phases[] = {PEER_RECEIVING, PEER_ANSWERING, PEER_IDLE};
    enum { PROBES = sizeof phases / sizeof phases[0] };
    struct visitor probes[PROBES], all[LIMIT];
    for (size_t i = 0; i < PROBES; i++) {
        probes[i] = come_as_probe();
        cr_assert(peer_enter(probes[i].connection, phases[i]));
    }
    for (size_t i = 0; i < LIMIT; i++)
        all[i] = come_in(i < 2 ? PEER_RECEIVING : PEER_CALLING);
    poll(NULL, 0, LONG_MS);
    struct visitor further[] = {come(), come(), come()};
    cr_expect(is_ended(&all[0]));
    cr_expect(is_ended(&all[1]));
    cr_expect(is_ended(&further[0]));
    cr_expect_not(is_ended(&further[1]));
    cr_expect_not(is_ended(&further[2])); /* and now all are waited for by right */
    struct visitor refused = come();
    cr_expect(is_ended(&refused));
    for (size_t i = 0; i < PROBES; i++)
        cr_expect_not(is_ended(&probes[i]), "in phase %d", (int)phases[i]);
    leave(probes, PROBES);
    leave(all, LIMIT);
    leave(further, sizeof further / sizeof further[0]);
    leave(&refused, 1);
}

/* Those who have asked are ended only of the more: here there are as many that were answered as have come. */
Test(room, the_process_s_own_probe_is_not_one_of_the_more)
{
    struct visitor probe = come_as_probe(), all[LIMIT];
    for (size_t i = 0; i < LIMIT; i++) {
        all[i] = come_in(i % 2 == 0 ? PEER_RECEIVING : PEER_IDLE);
        ask(&all[i]);
    }
    struct visitor further = come();
    for (size_t i = 0; i < LIMIT; i++)
        cr_expect_eq(is_ended(&all[i]), i == 1, "%zu", i);
    leave(all, LIMIT);
    leave((struct visitor[]){probe, further}, 2);
}
