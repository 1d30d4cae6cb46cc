/* test_nng.c: what our patches of nng promise (src/rpc/nng/patches), of nng itself. */
#include "base/time.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 30000, SHORT_MS = 100 };

TestSuite(nng, .timeout = 240);

/* --- a clock that can be set --- */

static atomic_llong set_back_s;

/* In the place of libc's, for nng too: CLOCK_REALTIME is what the test sets it to. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    const int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec -= atomic_load(&set_back_s);
    return failed;
}

/* --- a name with two addresses --- */

static const char two[] = "two.example";

/* In the place of libc's likewise: of the name, its results for each address, linked. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **results)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name == NULL || strcmp(name, two) != 0)
        return real(name, service, hints, results);
    struct addrinfo any = *hints;
    any.ai_flags &= ~AI_ADDRCONFIG; /* on a machine without addresses of the kind, too */
    const int failed = real("::1", service, &any, results);
    return failed != 0 ? failed : real("127.0.0.1", service, &any, &(*results)->ai_next);
}

/* --- helpers --- */

static void make_url(char url[64], const char *what)
{
    snprintf(url, 64, "ipc:///tmp/orders-nng-%d-%s", (int)getpid(), what);
    unlink(url + strlen("ipc://"));
}

static struct sockaddr_un make_address(const char *url)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", url + strlen("ipc://"));
    return address;
}

static int dial(const char *url)
{
    const struct sockaddr_un address = make_address(url);
    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(peer, (const struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

/* A server that is not nng's; its backlog is of one. */
static int serve(const char *url)
{
    const struct sockaddr_un address = make_address(url);
    const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(server, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(server, 1), 0);
    return server;
}

static void end(int server, const char *url)
{
    close(server);
    unlink(make_address(url).sun_path);
}

static const uint8_t req_greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
static const uint8_t rep_greeting[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

static void greet(int peer, const uint8_t ours[8])
{
    uint8_t theirs[8];
    cr_assert_eq(send(peer, ours, 8, MSG_NOSIGNAL), 8);
    cr_assert_eq(recv(peer, theirs, sizeof theirs, MSG_WAITALL), 8);
}

static unsigned count_files(void)
{
    unsigned n = 0;
    DIR *files = opendir("/proc/self/fd");
    // cppcheck-suppress readdirCalled; the stream is nobody else's
    while (readdir(files) != NULL) /* NOLINT(concurrency-mt-unsafe) */
        n++;
    closedir(files);
    return n;
}

static void expect_files(unsigned n)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)LONG_MS * NS_PER_MS;
    while (count_files() > n) {
        cr_assert_lt(time_monotonic_ns(), limit_ns, "%u files are open, %u were", count_files(), n);
        poll(NULL, 0, SHORT_MS);
    }
}

static nng_msg *make_message(size_t size)
{
    nng_msg *message;
    cr_assert_eq(nng_msg_alloc(&message, size), 0);
    return message;
}

static nng_aio *make_aio(void)
{
    nng_aio *aio;
    cr_assert_eq(nng_aio_alloc(&aio, NULL, NULL), 0);
    nng_aio_set_timeout(aio, LONG_MS);
    return aio;
}

/* --- dialers and listeners --- */

/* listener-stops: a server that ends while they greet is dialled again. */
Test(nng, dialer_dials_again)
{
    enum { LOST = 200 };
    char url[64];
    make_url(url, "dialer");
    const int server = serve(url);

    nng_socket socket;
    cr_assert_eq(nng_req0_open(&socket), 0);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 1);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 1);
    cr_assert_eq(nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK), 0);
    for (int i = 0; i <= LOST; i++) {
        struct pollfd dialled = {.fd = server, .events = POLLIN};
        cr_assert_eq(poll(&dialled, 1, LONG_MS), 1, "dialled %d times", i);
        const int peer = accept(server, NULL, NULL);
        if (i % 2 == 0)
            cr_assert_eq(send(peer, rep_greeting, (size_t)(i % 8), MSG_NOSIGNAL), i % 8);
        close(peer);
    }
    nng_close(socket);
    end(server, url);
}

/* further-addresses: the first is not served. */
Test(nng, each_address_of_a_name_is_dialled)
{
    char url[64];
    nng_socket server, client;
    nng_listener listener;
    nng_msg *message;
    cr_assert_eq(nng_rep0_open(&server), 0);
    cr_assert_eq(nng_listen(server, "tcp://127.0.0.1:0", &listener, 0), 0);
    nng_sockaddr address;
    cr_assert_eq(nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address), 0);
    snprintf(url, sizeof url, "tcp://%s:%u", two, (unsigned)ntohs(address.s_in.sa_port));
    cr_assert_eq(nng_req0_open(&client), 0);
    nng_socket_set_ms(client, NNG_OPT_RECONNMINT, 1);
    nng_socket_set_ms(client, NNG_OPT_RECONNMAXT, 1);
    nng_socket_set_ms(server, NNG_OPT_RECVTIMEO, LONG_MS);
    cr_assert_eq(nng_dial(client, url, NULL, NNG_FLAG_NONBLOCK), 0);
    cr_assert_eq(nng_sendmsg(client, make_message(1), 0), 0);
    cr_assert_eq(nng_recvmsg(server, &message, 0), 0);
    nng_msg_free(message);
    nng_close(client);
    nng_close(server);
}

/* closing-servers: a greeting alone does not begin the waits anew. */
Test(nng, a_server_that_closes_is_dialled_ever_later)
{
    /* About 9,000 are to be expected, and 4,500 where half of the waits are none. */
    enum { DIALLED = 24, LEAST_MS = 5000 };
    char url[64];
    make_url(url, "closing");
    const int server = serve(url);

    nng_socket socket;
    cr_assert_eq(nng_req0_open(&socket), 0);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 20);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 1000);
    const uint64_t since_ns = time_monotonic_ns();
    cr_assert_eq(nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK), 0);
    for (int i = 0; i < DIALLED; i++) {
        struct pollfd dialled = {.fd = server, .events = POLLIN};
        cr_assert_eq(poll(&dialled, 1, LONG_MS), 1, "dialled %d times", i);
        const int peer = accept(server, NULL, NULL);
        greet(peer, rep_greeting);
        close(peer);
    }
    cr_expect_geq((time_monotonic_ns() - since_ns) / NS_PER_MS, LEAST_MS);
    nng_close(socket);
    end(server, url);
}

/* long-connects: a listener whose queue is full drops what comes, as an address does that nobody has any
 * more. */
Test(nng, connecting_to_nobody_ends_within_seconds)
{
    enum { WITHIN_S = 15 };
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(server, (const struct sockaddr *)&address, size), 0);
    cr_assert_eq(listen(server, 0), 0);
    cr_assert_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
    const int queued = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(queued, (const struct sockaddr *)&address, size), 0);
    struct pollfd full = {.fd = server, .events = POLLIN}; /* until then there is room */
    cr_assert_eq(poll(&full, 1, LONG_MS), 1);

    char url[64];
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    nng_stream_dialer *dialer;
    cr_assert_eq(nng_stream_dialer_alloc(&dialer, url), 0);
    nng_aio *aio = make_aio();
    uint64_t begun_ns;
    do { /* nng may take the hang-up of a socket that is not connecting yet for the end of that */
        begun_ns = time_monotonic_ns();
        nng_stream_dialer_dial(dialer, aio);
        nng_aio_wait(aio);
        if (nng_aio_result(aio) == 0)
            nng_stream_free(nng_aio_get_output(aio, 0));
    } while (nng_aio_result(aio) == 0);
    cr_expect_eq(nng_aio_result(aio), NNG_ETIMEDOUT, "%s", nng_strerror(nng_aio_result(aio)));
    const uint64_t took_s = (time_monotonic_ns() - begun_ns) / 1000000000;
    cr_expect_lt(took_s, WITHIN_S, "%d s", (int)took_s);
    nng_aio_free(aio);
    nng_stream_dialer_free(dialer);
    close(queued);
    close(server);
}

struct closing {
    nng_listener listener;
    nng_dialer dialer;
    pthread_barrier_t *begin;
};

static void *close_endpoints(void *arg)
{
    const struct closing *closing = arg;
    pthread_barrier_wait(closing->begin);
    nng_listener_close(closing->listener);
    nng_dialer_close(closing->dialer);
    return NULL;
}

/* endpoints-closed-twice */
Test(nng, endpoints_close_with_their_socket)
{
    enum { ROUNDS = 2000 };
    pthread_barrier_t begin;
    char url[64];
    make_url(url, "endpoints");
    pthread_barrier_init(&begin, NULL, 2);
    for (int i = 0; i < ROUNDS; i++) {
        struct closing closing = {.begin = &begin};
        pthread_t other;
        nng_socket socket;
        cr_assert_eq(nng_req0_open(&socket), 0);
        cr_assert_eq(nng_listen(socket, url, &closing.listener, 0), 0);
        cr_assert_eq(nng_dial(socket, "ipc:///nowhere", &closing.dialer, NNG_FLAG_NONBLOCK), 0);
        pthread_create(&other, NULL, close_endpoints, &closing);
        pthread_barrier_wait(&begin);
        nng_close(socket);
        pthread_join(other, NULL);
    }
    pthread_barrier_destroy(&begin);
}

static void *open_contexts(void *arg)
{
    nng_ctx context;
    while (nng_ctx_open(&context, *(nng_socket *)arg) == 0)
        ;
    return NULL;
}

/* late-contexts: or the socket is never closed. */
Test(nng, contexts_may_be_opened_as_their_socket_closes)
{
    enum { ROUNDS = 300 };
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t opener;
        nng_socket socket;
        cr_assert_eq(nng_req0_open(&socket), 0);
        pthread_create(&opener, NULL, open_contexts, &socket);
        poll(NULL, 0, i % 3);
        nng_close(socket);
        pthread_join(opener, NULL);
    }
}

/* unclaimed-pipes */
Test(nng, connections_that_nobody_took_are_closed)
{
    enum { ROUNDS = 100, PEERS = 20 };
    nng_socket first;
    char url[64];
    make_url(url, "unclaimed");
    cr_assert_eq(nng_rep0_open(&first), 0); /* and what nng opens for itself */
    const unsigned before = count_files();
    for (int i = 0; i < ROUNDS; i++) {
        int peers[PEERS];
        nng_socket socket;
        cr_assert_eq(nng_rep0_open(&socket), 0);
        cr_assert_eq(nng_listen(socket, url, NULL, 0), 0);
        for (int p = 0; p < PEERS; p++) {
            peers[p] = dial(url);
            cr_assert_eq(send(peers[p], req_greeting, sizeof req_greeting, MSG_NOSIGNAL), 8);
        }
        nng_close(socket);
        for (int p = 0; p < PEERS; p++)
            close(peers[p]);
    }
    expect_files(before);
    nng_close(first);
}

/* --- requests and their messages --- */

struct answering {
    nng_socket socket;
    const char *url;
    unsigned rounds;
};

/* Peers that ask, leave, and are answered as their connections close. */
static void answer_leavers(nng_socket socket, const char *url)
{
    enum { PEERS = 32, BYTES = 1 << 16 };
    static const uint8_t request[13] = {[0] = 1, [8] = 4, [9] = 0x80};
    int peers[PEERS];
    nng_ctx contexts[PEERS];
    nng_aio *aio = make_aio();
    for (int i = 0; i < PEERS; i++) {
        cr_assert_eq(nng_ctx_open(&contexts[i], socket), 0);
        peers[i] = dial(url);
        greet(peers[i], req_greeting);
        cr_assert_eq(send(peers[i], request, sizeof request, MSG_NOSIGNAL), sizeof request);
        nng_ctx_recv(contexts[i], aio);
        nng_aio_wait(aio);
        cr_assert_eq(nng_aio_result(aio), 0);
        nng_msg_free(nng_aio_get_msg(aio));
    }
    for (int i = 0; i < PEERS; i++)
        close(peers[i]);
    for (int i = 0; i < PEERS; i++) {
        nng_aio_set_msg(aio, make_message(BYTES));
        nng_ctx_send(contexts[i], aio);
        nng_aio_wait(aio);
        if (nng_aio_result(aio) != 0)
            nng_msg_free(nng_aio_get_msg(aio));
        nng_ctx_close(contexts[i]);
    }
    nng_aio_free(aio);
}

static void *answer_rounds(void *arg)
{
    const struct answering *answering = arg;
    for (unsigned i = 0; i < answering->rounds; i++)
        answer_leavers(answering->socket, answering->url);
    return NULL;
}

/* So that who closes a connection has to wait for the socket's lock. */
static void answer_on_threads(const struct answering *answering)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, answer_rounds, (void *)(uintptr_t)answering);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* refused-sends: each message is large enough for a few to show. */
Test(nng, messages_to_pipes_that_close_are_freed)
{
    enum { ROUNDS = 200, MOST_BYTES = 1 << 19 };
    char url[64];
    nng_socket socket;
    make_url(url, "refused");
    cr_assert_eq(nng_rep0_open(&socket), 0);
    cr_assert_eq(nng_listen(socket, url, NULL, 0), 0);
    const unsigned files = count_files();
    struct answering answering = {.socket = socket, .url = url, .rounds = 1};
    answer_on_threads(&answering); /* and all that is allocated once */
    expect_files(files);
    const struct mallinfo2 before = mallinfo2();
    answering.rounds = ROUNDS;
    answer_on_threads(&answering);
    expect_files(files);
    const struct mallinfo2 after = mallinfo2();
    cr_assert_lt(after.hblkhd + after.uordblks, before.hblkhd + before.uordblks + MOST_BYTES);
    nng_close(socket);
}

/* A peer over TCP that has room for little, and has asked for something. */
static int ask_narrow(int port)
{
    static const uint8_t request[12] = {[7] = 4, [8] = 0x80};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int room = 4096, peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
    cr_assert_eq(connect(peer, (const struct sockaddr *)&address, sizeof address), 0);
    greet(peer, req_greeting);
    cr_assert_eq(send(peer, request, sizeof request, MSG_NOSIGNAL), sizeof request);
    return peer;
}

/* sends-ahead: else the kernel takes it whole. */
Test(nng, what_its_peer_does_not_take_is_not_sent)
{
    enum { BYTES = 1 << 20 };
    nng_socket socket;
    nng_listener listener;
    int port;
    nng_aio *aio = make_aio();
    cr_assert_eq(nng_rep0_open(&socket), 0);
    cr_assert_eq(nng_listen(socket, "tcp://127.0.0.1:0", &listener, 0), 0);
    cr_assert_eq(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), 0);
    const int peer = ask_narrow(port);
    nng_recv_aio(socket, aio);
    nng_aio_wait(aio);
    cr_assert_eq(nng_aio_result(aio), 0);
    nng_msg_free(nng_aio_get_msg(aio));
    nng_aio_set_timeout(aio, 5 * SHORT_MS);
    nng_aio_set_msg(aio, make_message(BYTES));
    nng_send_aio(socket, aio);
    nng_aio_wait(aio);
    cr_assert_eq(nng_aio_result(aio), NNG_ETIMEDOUT);
    nng_msg_free(nng_aio_get_msg(aio));
    nng_aio_free(aio);
    close(peer);
    nng_close(socket);
}

/* receive-cancelled-while-sending: nobody is there to send to. */
Test(nng, receive_cancelled_before_its_request_was_sent)
{
    nng_socket socket;
    nng_ctx context;
    nng_aio *sending = make_aio(), *receiving = make_aio();
    cr_assert_eq(nng_req0_open(&socket), 0);
    cr_assert_eq(nng_ctx_open(&context, socket), 0);
    nng_aio_set_msg(sending, make_message(8));
    nng_ctx_send(context, sending);
    nng_ctx_recv(context, receiving);
    nng_aio_cancel(receiving);
    nng_aio_wait(receiving);
    cr_assert_eq(nng_aio_result(receiving), NNG_ECANCELED);
    nng_aio_wait(sending);
    cr_assert_eq(nng_aio_result(sending), NNG_ECANCELED);
    cr_assert_eq(nng_msg_len(nng_aio_get_msg(sending)), 8);
    nng_msg_free(nng_aio_get_msg(sending));
    nng_aio_free(sending);
    nng_aio_free(receiving);
    nng_close(socket);
}

Test(nng, send_cancelled_with_its_receive_waiting)
{
    nng_socket socket;
    nng_ctx context;
    nng_aio *sending = make_aio(), *receiving = make_aio();
    cr_assert_eq(nng_req0_open(&socket), 0);
    cr_assert_eq(nng_ctx_open(&context, socket), 0);
    nng_aio_set_msg(sending, make_message(8));
    nng_ctx_send(context, sending);
    nng_ctx_recv(context, receiving);
    nng_aio_cancel(sending);
    nng_aio_wait(sending);
    cr_assert_eq(nng_aio_result(sending), NNG_ECANCELED);
    nng_msg_free(nng_aio_get_msg(sending));
    nng_aio_wait(receiving);
    cr_assert_eq(nng_aio_result(receiving), NNG_ECANCELED);
    nng_aio_free(sending);
    nng_aio_free(receiving);
    nng_close(socket);
}

/* --- reading --- */

/* How often this process has read from files and sockets, without recv(2). -1: the kernel does not count. */
static long count_reads(void)
{
    char line[64];
    long n = -1;
    FILE *io = fopen("/proc/self/io", "re");
    while (io != NULL && n < 0 && fgets(line, sizeof line, io) != NULL)
        sscanf(line, "syscr: %ld", &n); /* NOLINT(cert-err34-c) */
    if (io != NULL)
        (void)fclose(io);
    return n;
}

/* read-ahead: of a message that is there, its length and the rest would take one each. */
Test(nng, messages_that_are_there_take_fewer_reads)
{
    enum { MESSAGES = 500, BYTES = 13 };
    static const uint8_t request[BYTES] = {[0] = 1, [8] = 4, [9] = 0x80};
    static uint8_t all[MESSAGES * BYTES];
    char url[64];
    nng_socket socket;
    make_url(url, "ahead");
    cr_assert_eq(nng_rep0_open(&socket), 0);
    cr_assert_eq(nng_listen(socket, url, NULL, 0), 0);
    nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, LONG_MS);
    int peer = dial(url);
    greet(peer, req_greeting);
    for (int i = 0; i < MESSAGES; i++)
        memcpy(all + (size_t)i * BYTES, request, BYTES);
    const long before = count_reads();
    if (before < 0)
        cr_skip_test("no /proc/self/io");
    cr_assert_eq(send(peer, all, sizeof all, MSG_NOSIGNAL), sizeof all);
    for (int i = 0; i < MESSAGES; i++) {
        nng_msg *message;
        cr_assert_eq(nng_recvmsg(socket, &message, 0), 0);
        nng_msg_free(message);
    }
    const long reads = count_reads() - before;
    cr_assert_lt(reads, MESSAGES, "%ld reads for %d messages", reads, MESSAGES);
    nng_close(socket);
    close(peer);
}

/* --- time --- */

static uint64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

/* Sends requests that nobody answers, and that are to be sent again after a minute. Returns the CPU time that
 * this took, which other processes of the machine hardly change. */
static uint64_t time_requests(nng_socket socket, int n)
{
    nng_aio *aio = make_aio();
    const uint64_t began_ns = cpu_ns();
    for (int i = 0; i < n; i++) {
        nng_ctx context;
        cr_assert_eq(nng_ctx_open(&context, socket), 0);
        nng_aio_set_msg(aio, make_message(8));
        nng_ctx_send(context, aio);
        nng_aio_wait(aio);
        cr_assert_eq(nng_aio_result(aio), 0);
    }
    nng_aio_free(aio);
    return cpu_ns() - began_ns;
}

static void *drop_all(void *arg)
{
    char dropped[4096];
    while (read(*(int *)arg, dropped, sizeof dropped) > 0)
        ;
    return NULL;
}

/* timers-searched-from-the-front */
Test(nng, many_requests_take_no_longer_than_few)
{
    enum { FEW = 2000, MANY = 40000, TIMES = 8 }; /* it was 21 times */
    char url[64];
    nng_socket socket;
    pthread_t reader;
    make_url(url, "timers");
    cr_assert_eq(nng_req0_open(&socket), 0);
    cr_assert_eq(nng_listen(socket, url, NULL, 0), 0);
    int peer = dial(url);
    greet(peer, rep_greeting);
    pthread_create(&reader, NULL, drop_all, &peer);
    time_requests(socket, FEW); /* and all that is done once */
    const uint64_t first_ns = time_requests(socket, FEW);
    time_requests(socket, MANY);
    const uint64_t last_ns = time_requests(socket, FEW);
    cr_assert_lt(last_ns, TIMES * first_ns, "%d requests took %ld us, and with %d under way %ld us", FEW,
                 (long)(first_ns / 1000), MANY, (long)(last_ns / 1000));
    nng_close(socket);
    pthread_join(reader, NULL);
    close(peer);
}

static void note_end(void *ended)
{
    atomic_store((atomic_bool *)ended, true);
}

/* wall-clock: set back by an hour while something waits. */
Test(nng, clock_may_be_set)
{
    enum { HOUR_S = 3600 };
    atomic_bool ended = false;
    nng_aio *aio;
    cr_assert_eq(nng_aio_alloc(&aio, note_end, &ended), 0);
    const uint64_t began_ns = time_monotonic_ns();
    nng_sleep_aio(SHORT_MS, aio);
    atomic_store(&set_back_s, HOUR_S);
    while (!atomic_load(&ended)) {
        cr_assert_lt(time_monotonic_ns() - began_ns, (uint64_t)LONG_MS * NS_PER_MS);
        poll(NULL, 0, 1);
    }
    cr_assert_eq(nng_aio_result(aio), 0);
    cr_assert_geq(time_monotonic_ns() - began_ns, (uint64_t)(SHORT_MS - 1) * NS_PER_MS);
    nng_aio_free(aio);
}

/* expiry-spins */
Test(nng, a_timeout_that_is_up_takes_no_core)
{
    enum { SLEEPS = 200, SLEEP_MS = 3, MOST_US = 500 }; /* each; it was 1000 */
    nng_aio *aio;
    cr_assert_eq(nng_aio_alloc(&aio, NULL, NULL), 0);
    const uint64_t began_ns = cpu_ns();
    for (int i = 0; i < SLEEPS; i++) {
        nng_sleep_aio(SLEEP_MS, aio);
        nng_aio_wait(aio);
    }
    const uint64_t took_us = (cpu_ns() - began_ns) / NS_PER_US;
    cr_expect_leq(took_us, SLEEPS * MOST_US, "%ld us for %d timeouts", (long)took_us, SLEEPS);
    nng_aio_free(aio);
}

/* --- the beginning --- */

static void *open_first(void *arg)
{
    pthread_barrier_wait(arg);
    nng_socket socket;
    cr_assert_eq(nng_req0_open(&socket), 0);
    nng_close(socket);
    return NULL;
}

/* racing-start: nothing of nng was begun in this process. */
Test(nng, threads_may_open_the_first_sockets_at_once)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    pthread_barrier_t begin;
    pthread_barrier_init(&begin, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, open_first, &begin);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&begin);
}

/* --- files at a listener's path --- */

static int listen_at(const char *url, nng_socket *socket)
{
    cr_assert_eq(nng_rep0_open(socket), 0);
    return nng_listen(*socket, url, NULL, 0);
}

static bool is_there(const char *url)
{
    struct stat there;
    return lstat(url + strlen("ipc://"), &there) == 0;
}

Test(nng, a_file_is_not_replaced)
{
    for (int kind = 0; kind < 3; kind++) {
        char url[64];
        nng_socket socket;
        make_url(url, "file");
        const char *path = url + strlen("ipc://");
        cr_assert_eq(kind == 0   ? mknod(path, S_IFREG | 0600, 0)
                     : kind == 1 ? mkfifo(path, 0600)
                                 : symlink("/nowhere", path),
                     0);
        cr_expect_eq(listen_at(url, &socket), NNG_EADDRINUSE);
        nng_close(socket);
        cr_expect(is_there(url), "%d", kind);
        unlink(path);
    }
}

/* Who died left its socket, which is replaced. */
Test(nng, a_successor_s_socket_stays)
{
    char url[64];
    nng_socket first, second;
    make_url(url, "successor");
    cr_assert_eq(listen_at(url, &first), 0);
    unlink(url + strlen("ipc://"));
    cr_assert_eq(listen_at(url, &second), 0);
    nng_close(first);
    cr_expect(is_there(url));
    nng_close(second);
    cr_expect_not(is_there(url));

    const struct sockaddr_un address = make_address(url);
    const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(dead, (const struct sockaddr *)&address, sizeof address), 0);
    close(dead);
    cr_assert_eq(listen_at(url, &first), 0);
    nng_close(first);
}
