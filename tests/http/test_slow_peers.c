/* test_slow_peers.c: slow and hostile clients of HTTP: each is ended after a time, or at a limit, that a
 * setting names, and others are served meanwhile. */
#include "client.h"
#include "large_list.h"
#include "process.h"
#include "support/rpc_peer.h"

#include "base/time.h"
#include "http/writer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEMORY_IS_THE_SERVICE_S = false }; /* but the sanitizer's */
#else
enum { MEMORY_IS_THE_SERVICE_S = true };
#endif

/* What the settings below say. */
enum {
    REQUEST_MS = 1000,
    SEND_MS = 1000,
    IDLE_MS = 2000,
    MAX_CONNECTIONS = 32,
    MAX_CALL_BYTES = 4 << 20,
};

enum {
    BYTE_MS = 50,     /* between two bytes of a slow client */
    EARLY_MS = 100,   /* clocks are not read at the same moment */
    SLACK_MS = 10000, /* on a busy machine */
    MIB = 1 << 20,
};

static struct rpc_peer service;
static struct process shim;

/* With settings besides, or instead of some of these; NULL: none. */
static void start(const char *setting, const char *further)
{
    char connect[128];
    snprintf(connect, sizeof connect, "ORDERS_CONNECT=%s", service.url);
    char *const environment[] = {setting != NULL ? (char *)(uintptr_t)setting : "ORDERS_LOG=error",
                                 further != NULL ? (char *)(uintptr_t)further : "ORDERS_LOG=error",
                                 "API_KEY=the-key",
                                 "ORDERS_HTTP=127.0.0.1:0",
                                 "ORDERS_LOG=error",
                                 connect,
                                 "ORDERS_HTTP_REQUEST_TIMEOUT=1",
                                 "ORDERS_HTTP_SEND_TIMEOUT=1",
                                 "ORDERS_HTTP_IDLE_TIMEOUT=2",
                                 "ORDERS_HTTP_MAX_CONNECTIONS=32",
                                 "ORDERS_MAX_CALL_BYTES=4194304",
                                 NULL};
    shim = process_spawn(environment);
    process_await_ready(&shim);
}

static void restart(const char *setting, const char *further)
{
    kill(shim.pid, SIGTERM);
    cr_assert_eq(process_wait(&shim), 0);
    start(setting, further);
}

static void set_up(void)
{
    rpc_peer_open(&service);
    start(NULL, NULL);
}

/* Also a sanitizer's finding ends it with something else than 0. */
static void tear_down(void)
{
    kill(shim.pid, SIGTERM);
    must(process_wait(&shim) == 0, "orders-http did not end well");
    rpc_peer_close(&service);
}

static void set_up_patient(void)
{
    rpc_peer_open(&service);
    start("ORDERS_HTTP_SEND_TIMEOUT=600", NULL);
}

TestSuite(unread, .init = set_up_patient, .fini = tear_down, .timeout = 120);
TestSuite(slow_peers, .init = set_up, .fini = tear_down, .timeout = 120);

/* --- what is expected of the shim --- */

static void expect_status(int fd, int status)
{
    struct http_reply reply = http_read(fd, false);
    cr_expect_eq(reply.status, status, "%d %s", reply.status, reply.body);
    cr_expect_not_null(strstr(reply.head, "X-Request-ID: "));
    cr_expect_not_null(strstr(reply.head, "\r\nCache-Control: private, no-cache\r\n"), "%s", reply.head);
    http_free(&reply);
}

static const char get_order[] = "GET /orders/A HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\n\r\n";

static void get_health(int fd)
{
    http_send_text(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
}

/* Another client is served. */
static void expect_service(void)
{
    int fd = http_connect(shim.port);
    get_health(fd);
    expect_status(fd, 200);
    close(fd);
}

/* Sends a text over and over, a byte at a time, until something is to be read: an answer, or the end. */
static void send_slowly(int fd, const char *text)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SLACK_MS * NS_PER_MS;
    struct pollfd answered = {.fd = fd, .events = POLLIN};
    for (size_t at = 0; time_monotonic_ns() < limit_ns; at = text[at + 1] == '\0' ? 0 : at + 1) {
        http_send(fd, text + at, 1);
        if (poll(&answered, 1, BYTE_MS) == 1)
            return;
    }
    cr_expect_fail("it may go on for ever");
}

static void expect_after(uint64_t start_ns, int timeout_ms)
{
    const int64_t took_ms = (int64_t)((time_monotonic_ns() - start_ns) / NS_PER_MS);
    cr_expect_geq(took_ms, timeout_ms - EARLY_MS);
    cr_expect_leq(took_ms, timeout_ms + SLACK_MS);
}

/* Files that the process has open. */
static size_t count_files(void)
{
    char pattern[64];
    glob_t files;
    snprintf(pattern, sizeof pattern, "/proc/%d/fd/*", (int)shim.pid);
    cr_assert_eq(glob(pattern, GLOB_NOSORT, NULL, &files), 0);
    size_t n = files.gl_pathc;
    globfree(&files);
    return n;
}

/* Whose number of open files falls to this in time. */
static void expect_files(size_t most)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SLACK_MS * NS_PER_MS;
    while (count_files() > most && time_monotonic_ns() < limit_ns)
        poll(NULL, 0, BYTE_MS);
    cr_expect_leq(count_files(), most);
}

static size_t status_kib(const char *format)
{
    char path[64], line[128];
    size_t kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)shim.pid);
    FILE *status = fopen(path, "re");
    while (kib == 0 && fgets(line, sizeof line, status) != NULL)
        sscanf(line, format, &kib);
    fclose(status);
    return kib;
}

static size_t resident_kib(void)
{
    return status_kib("VmRSS: %zu");
}

static size_t peak_kib(void)
{
    return status_kib("VmHWM: %zu");
}

/* --- one that is slow --- */

Test(slow_peers, one_that_never_sends)
{
    uint64_t start_ns = time_monotonic_ns();
    int fd = http_connect(shim.port);
    expect_service();
    expect_status(fd, 408);
    expect_after(start_ns, REQUEST_MS);
    cr_expect(http_is_closed(fd));
    close(fd);
}

/* Each byte would begin a timeout of idle connections anew. */
Test(slow_peers, ones_that_send_a_byte_at_a_time)
{
    static const struct {
        const char *at_once, *slowly;
        int status;
    } peers[] = {
        {"GET ", "/orders/", 408},
        {"GET /healthz HTTP/1.1\r\nHost: a\r\n", "X-A: b\r\n", 408},
        {"POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\nContent-Length: 1000\r\n\r\n", " ", 408},
        {"POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\nTransfer-Encoding: chunked\r\n\r\n",
         "1\r\n \r\n", 408},
        {"POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: wrong\r\nContent-Length: 1000\r\n\r\n", " ", 408},
        {"POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\nContent-Length: 1048577\r\n\r\n", " ",
         413},
    };
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        uint64_t start_ns = time_monotonic_ns();
        int fd = http_connect(shim.port);
        http_send_text(fd, peers[i].at_once);
        send_slowly(fd, peers[i].slowly);
        expect_service();
        expect_status(fd, peers[i].status);
        expect_after(start_ns, REQUEST_MS);
        close(fd);
    }
}

Test(slow_peers, the_answer_has_the_request_s_id)
{
    int fd = http_connect(shim.port);
    http_send_text(fd, "POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\nX-Request-ID: it-is-me\r\n"
                       "Content-Length: 10\r\n\r\n{");
    struct http_reply reply = http_read(fd, false);
    char *request_id = http_header(&reply, "X-Request-ID"), *closes = http_header(&reply, "Connection");
    cr_expect_eq(reply.status, 408);
    cr_expect_str_eq(request_id, "it-is-me");
    cr_expect_str_eq(closes, "close");
    cr_expect(json_is_object(reply.json));
    free(request_id);
    free(closes);
    http_free(&reply);
    close(fd);
}

Test(slow_peers, one_whose_body_is_too_long_and_goes_on_slowly)
{
    char *body = calloc(1, MIB);
    char size[32];
    int fd = http_connect(shim.port);
    http_send_text(
        fd, "POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\nTransfer-Encoding: chunked\r\n\r\n");
    snprintf(size, sizeof size, "%x\r\n", MIB);
    http_send_text(fd, size);
    http_send(fd, body, MIB);
    http_send_text(fd, "\r\n");
    send_slowly(fd, "1\r\n \r\n");
    expect_status(fd, 413);
    close(fd);
    free(body);
}

Test(slow_peers, one_that_says_nothing_after_an_answer)
{
    int fd = http_connect(shim.port);
    get_health(fd);
    expect_status(fd, 200);
    uint64_t start_ns = time_monotonic_ns();
    expect_service();
    cr_expect(http_is_closed(fd));
    expect_after(start_ns, IDLE_MS);
    close(fd);
}

Test(slow_peers, one_whose_second_request_is_slow)
{
    int fd = http_connect(shim.port);
    get_health(fd);
    expect_status(fd, 200);
    uint64_t start_ns = time_monotonic_ns();
    http_send_text(fd, "GET /healthz HTTP/1.1\r\n");
    send_slowly(fd, "X-A: b\r\n");
    expect_status(fd, 408);
    expect_after(start_ns, REQUEST_MS);
    close(fd);
}

Test(slow_peers, one_that_takes_no_answers)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    const struct timeval timeout = {.tv_sec = SLACK_MS / 1000};
    const size_t files = count_files();
    int fd = http_connect(shim.port);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    /* Until what lies between the two is full, and then until the other end closes. */
    ssize_t sent;
    do
        sent = send(fd, request, strlen(request), MSG_NOSIGNAL);
    while (sent > 0);
    cr_expect(errno == EPIPE || errno == ECONNRESET, "%s", strerror(errno));
    expect_service();
    expect_files(files);
    close(fd);
}

Test(slow_peers, a_call_may_take_as_long_as_it_does)
{
    int fd = http_connect(shim.port);
    http_send_text(fd, get_order);
    rpc__v1__request__free_unpacked(rpc_peer_take(&service), NULL);
    int silent = http_connect(shim.port);
    expect_status(silent, 408); /* for so long */
    close(silent);
    rpc_peer_answer(&service, RPC__V1__CODE__NOT_FOUND, "Order not found");
    expect_status(fd, 404);
    close(fd);
}

/* Nothing else comes of the connection that would have it looked at. */
Test(slow_peers, what_is_sent_during_a_call_is_read_after_it)
{
    int fd = http_connect(shim.port);
    for (int i = 0; i < 2; i++) { /* another time on the same connection */
        http_send_text(fd, get_order);
        rpc__v1__request__free_unpacked(rpc_peer_take(&service), NULL);
        get_health(fd);
        expect_service();
        rpc_peer_answer(&service, RPC__V1__CODE__NOT_FOUND, "Order not found");
        expect_status(fd, 404);
        expect_status(fd, 200);
    }
    close(fd);
}

/* The end comes with the request, or during its call: in either case its answer is the connection's last. */
Test(slow_peers, ones_that_close_their_end)
{
    static const int on = 1;
    for (int i = 0; i < 2; i++) {
        const bool at_once = i == 0;
        int fd = http_connect(shim.port);
        setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
        http_send_text(fd, get_order);
        if (at_once)
            shutdown(fd, SHUT_WR);
        else
            setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof on);
        rpc__v1__request__free_unpacked(rpc_peer_take(&service), NULL);
        if (!at_once)
            shutdown(fd, SHUT_WR);
        expect_service();
        rpc_peer_answer(&service, RPC__V1__CODE__NOT_FOUND, "Order not found");
        expect_status(fd, 404);
        const uint64_t start_ns = time_monotonic_ns();
        cr_expect(http_is_closed(fd));
        cr_expect_lt(time_monotonic_ns() - start_ns, (uint64_t)(IDLE_MS - EARLY_MS) * NS_PER_MS);
        close(fd);
    }
}

Test(slow_peers, ones_that_leave_during_a_call)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    const size_t files = count_files();
    for (int i = 0; i < 10; i++) {
        int fd = http_connect(shim.port);
        http_send_text(fd, get_order);
        rpc__v1__request__free_unpacked(rpc_peer_take(&service), NULL);
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
        rpc_peer_answer(&service, RPC__V1__CODE__NOT_FOUND, "Order not found");
    }
    expect_service();
    expect_files(files);
}

/* --- many --- */

Test(slow_peers, requests_all_at_once_are_answered_in_their_order)
{
    enum { REQUESTS = 500 };
    int fd = http_connect(shim.port);
    for (int i = 0; i < REQUESTS; i++) {
        char request[128];
        snprintf(request, sizeof request, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-ID: %d\r\n\r\n", i);
        http_send_text(fd, request);
    }
    expect_service();
    for (int i = 0; i < REQUESTS; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "%d", i);
        struct http_reply reply = http_read(fd, false);
        char *request_id = http_header(&reply, "X-Request-ID");
        cr_expect_eq(reply.status, 200);
        cr_assert_str_eq(request_id, expected);
        free(request_id);
        http_free(&reply);
    }
    close(fd);
}

/* A client that has its time still to come stays, whoever comes and is silent. */
Test(slow_peers, more_than_there_is_room_for_make_room)
{
    enum { SILENT = 3 * MAX_CONNECTIONS };
    int silent[SILENT], kept = http_connect(shim.port);
    const size_t files = count_files();
    get_health(kept);
    expect_status(kept, 200);
    for (int i = 0; i < SILENT; i++) {
        silent[i] = http_connect(shim.port);
        if (i % 2 == 0)
            http_send_text(silent[i], "GET / HTTP/1.1\r\nHost: a\r\n");
    }
    expect_service();
    get_health(kept);
    expect_status(kept, 200);
    expect_status(silent[0], 503);
    cr_expect(http_is_closed(silent[0]));
    expect_files(files + MAX_CONNECTIONS);
    for (int i = 0; i < SILENT; i++)
        close(silent[i]);
    close(kept);
}

/* They may stay for a minute, and a newcomer has seconds for its request. */
Test(slow_peers, idle_ones_make_room_for_newcomers)
{
    int idle[MAX_CONNECTIONS];
    restart("ORDERS_HTTP_IDLE_TIMEOUT=60", NULL);
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        idle[i] = http_connect(shim.port);
        get_health(idle[i]);
        expect_status(idle[i], 200);
    }
    for (int i = 0; i < 2 * MAX_CONNECTIONS; i++)
        expect_service();
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        close(idle[i]);
}

/* So many at once, where all that are open have just been answered. False: they were not quick enough. */
static bool come_at_once(int fds[], size_t n)
{
    enum { QUICK_MS = 50 };
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)QUICK_MS * NS_PER_MS;
    for (size_t i = 0; i < n; i++)
        fds[i] = http_connect(shim.port);
    for (size_t i = 0; i < n; i++)
        get_health(fds[i]);
    return time_monotonic_ns() < limit_ns;
}

/* Who is there has not been idle for long. */
Test(slow_peers, newcomers_do_not_displace_one_another)
{
    enum { ROOM = 64, NEWCOMERS = 30 };
    int idle[ROOM], fds[NEWCOMERS];
    restart("ORDERS_HTTP_MAX_CONNECTIONS=64", "ORDERS_HTTP_IDLE_TIMEOUT=60");
    for (bool quick = false; !quick;) {
        for (size_t i = 0; i < ROOM; i++) {
            idle[i] = http_connect(shim.port);
            get_health(idle[i]);
            expect_status(idle[i], 200);
        }
        quick = come_at_once(fds, NEWCOMERS);
        for (size_t i = 0; i < NEWCOMERS; i++) {
            if (quick)
                expect_status(fds[i], 200);
            close(fds[i]);
        }
        for (size_t i = 0; i < ROOM; i++)
            close(idle[i]);
    }
}

/* While the shim is held up, some of those who are there ask, for the first time or for another, and others
 * come. */
Test(slow_peers, who_has_asked_is_not_ended_because_the_shim_is_late)
{
    enum { ASKING = MAX_CONNECTIONS / 2, HELD_UP_MS = 400 };
    int fds[MAX_CONNECTIONS], newcomers[MAX_CONNECTIONS - ASKING];
    restart("ORDERS_HTTP_REQUEST_TIMEOUT=60", "ORDERS_HTTP_IDLE_TIMEOUT=60");
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        const bool has_asked = i % 4 != 0;
        fds[i] = http_connect(shim.port);
        if (has_asked) {
            get_health(fds[i]);
            expect_status(fds[i], 200);
        }
    }
    kill(shim.pid, SIGSTOP);
    cr_assert_eq(waitpid(shim.pid, NULL, WUNTRACED), shim.pid);
    for (size_t i = 0; i < MAX_CONNECTIONS; i += 2)
        get_health(fds[i]);
    poll(NULL, 0, HELD_UP_MS);
    for (size_t i = 0; i < MAX_CONNECTIONS - ASKING; i++) {
        newcomers[i] = http_connect(shim.port);
        get_health(newcomers[i]);
    }
    kill(shim.pid, SIGCONT);
    for (size_t i = 0; i < MAX_CONNECTIONS; i += 2)
        expect_status(fds[i], 200);
    for (size_t i = 0; i < MAX_CONNECTIONS - ASKING; i++) {
        expect_status(newcomers[i], 200);
        close(newcomers[i]);
    }
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        close(fds[i]);
}

Test(slow_peers, a_call_under_way_is_not_ended_to_make_room)
{
    int silent[MAX_CONNECTIONS], fd = http_connect(shim.port);
    http_send_text(fd, get_order);
    rpc__v1__request__free_unpacked(rpc_peer_take(&service), NULL);
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        silent[i] = http_connect(shim.port);
    expect_status(silent[0], 503);
    rpc_peer_answer(&service, RPC__V1__CODE__NOT_FOUND, "Order not found");
    expect_status(fd, 404);
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        close(silent[i]);
    close(fd);
}

Test(slow_peers, large_bodies_leave_room_for_small_ones)
{
    enum { LARGE = 8, LARGE_BYTES = MAX_CALL_BYTES / 16 };
    char *body = calloc(1, LARGE_BYTES + 1), head[256];
    int large[LARGE], refused = 0;
    memset(body, ' ', LARGE_BYTES);
    snprintf(head, sizeof head,
             "POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\nContent-Length: %d\r\n\r\n",
             LARGE_BYTES + 1);
    for (int i = 0; i < LARGE; i++) {
        large[i] = http_connect(shim.port);
        http_send_text(large[i], head);
        http_send(large[i], body, LARGE_BYTES);
    }
    const int small = http_connect(shim.port);
    http_send_text(small, "POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\n"
                          "Content-Length: 8\r\n\r\nnot JSON");
    rpc__v1__request__free_unpacked(rpc_peer_take(&service), NULL);
    rpc_peer_answer(&service, RPC__V1__CODE__OK, "");
    expect_status(small, 422);
    close(small);
    for (int i = 0; i < LARGE; i++) {
        struct http_reply reply = http_read(large[i], false);
        cr_expect(reply.status == 408 || reply.status == 503, "%d", reply.status);
        refused += reply.status == 503;
        http_free(&reply);
        close(large[i]);
    }
    cr_expect_geq(refused, LARGE / 2);
    free(body);
}

Test(slow_peers, more_of_one_address_than_may_be)
{
    enum { PER_ADDRESS = 4 };
    restart("ORDERS_HTTP_MAX_CONNECTIONS_PER_ADDRESS=4", NULL);
    int fds[PER_ADDRESS];
    for (int i = 0; i < PER_ADDRESS; i++) {
        fds[i] = http_connect(shim.port);
        get_health(fds[i]);
        expect_status(fds[i], 200);
    }
    int further = http_connect(shim.port);
    char byte;
    cr_expect_leq(recv(further, &byte, 1, 0), 0);
    get_health(fds[0]);
    expect_status(fds[0], 200);
    close(further);
    for (int i = 0; i < PER_ADDRESS; i++)
        close(fds[i]);
}

/* Without files left nobody could be let in, even to make another one go. */
Test(slow_peers, more_than_there_are_files_for)
{
    enum { FILES = 256, SILENT = 200 }; /* the limit is this process's too */
    const struct rlimit files = {.rlim_cur = FILES, .rlim_max = FILES};
    int silent[SILENT];
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    restart("ORDERS_HTTP_MAX_CONNECTIONS=4096", NULL);
    for (int i = 0; i < SILENT; i++)
        silent[i] = http_connect(shim.port);
    expect_service();
    expect_status(silent[0], 503);
    for (int i = 0; i < SILENT; i++)
        close(silent[i]);
}

/* Until one gets it: those who do not read make room. */
static void expect_list(void)
{
    const uint64_t limit_ns = time_monotonic_ns() + (uint64_t)SLACK_MS * NS_PER_MS;
    for (int status = 503; status != 200; poll(NULL, 0, BYTE_MS)) {
        int fd = http_connect(shim.port);
        large_list_ask(fd);
        large_list_answer(&service);
        struct http_reply reply = http_read(fd, false);
        cr_assert(reply.status == 200 || reply.status == 503, "%d", reply.status);
        cr_assert_lt(time_monotonic_ns(), limit_ns, "refused for ever");
        status = reply.status;
        http_free(&reply);
        close(fd);
    }
}

/* 4 MiB may be kept of them all, and while one is made, it takes a few times that. */
Test(unread, lists_take_no_more_than_may_be_taken)
{
    enum { PEERS = 30, MOST_KIB = 12 << 10 };
    int fds[PEERS];
    expect_service();
    const size_t before = peak_kib();
    for (int i = 0; i < PEERS; i++) {
        fds[i] = http_connect_narrow(shim.port);
        large_list_ask(fds[i]);
        large_list_answer(&service);
    }
    expect_service();
    expect_list();
    if (MEMORY_IS_THE_SERVICE_S)
        cr_expect_leq(peak_kib() - before, MOST_KIB, "%zu KiB", peak_kib() - before);
    for (int i = 0; i < PEERS; i++)
        close(fds[i]);
}

/* What threads of this name have computed, in clock ticks. */
static unsigned long user_ticks(const char *name)
{
    char pattern[64], comm[32];
    unsigned long sum = 0, ticks = 0;
    glob_t tasks;
    snprintf(pattern, sizeof pattern, "/proc/%d/task/*/stat", (int)shim.pid);
    cr_assert_eq(glob(pattern, GLOB_NOSORT, NULL, &tasks), 0);
    for (size_t i = 0; i < tasks.gl_pathc; i++) {
        FILE *stat = fopen(tasks.gl_pathv[i], "re");
        if (stat == NULL)
            continue;
        if (fscanf(stat, "%*d (%31[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", comm, &ticks) ==
                2 &&
            strcmp(comm, name) == 0)
            sum += ticks;
        fclose(stat);
    }
    globfree(&tasks);
    return sum;
}

/* Those serve others, who would wait for them. */
Test(unread, large_answers_are_not_written_by_the_threads_that_serve)
{
    enum { LISTS = 100 };
    for (int i = 0; i < LISTS; i++)
        expect_list();
    const unsigned long writing = user_ticks(WRITER_NAME), serving = user_ticks("MHD-worker");
    cr_expect_gt(writing, 2 * serving, "%lu to %lu clock ticks", writing, serving);
}

/* Of many tags at once, the head and its pages; with the key the list of tags besides. Each line put together
 * with all before it would take 400 KiB. */
static void expect_long_preconditions_in(const char *key, size_t most_kib)
{
    enum { PEERS = 256, LINES = 80, TAG = 100 };
    char head[LINES * (TAG + 32) + 256], *end = head;
    int fds[PEERS];
    end += sprintf(end, "PATCH /orders/A HTTP/1.1\r\nHost: a\r\n%sContent-Length: 2\r\n", key);
    restart("ORDERS_HTTP_MAX_CONNECTIONS=512", NULL);
    for (int i = 0; i < LINES; i++)
        end += sprintf(end, "If-Match: \"%0*d\"\r\n", TAG, i);
    strcpy(end, "\r\n{"); /* and the rest of the body never comes */
    expect_service();
    const size_t before = peak_kib();
    for (int i = 0; i < PEERS; i++) {
        fds[i] = http_connect(shim.port);
        http_send_text(fds[i], head);
    }
    expect_service();
    for (int i = 0; i < PEERS; i++) {
        expect_status(fds[i], 408);
        close(fds[i]);
    }
    if (MEMORY_IS_THE_SERVICE_S)
        cr_expect_leq(peak_kib() - before, PEERS * most_kib, "%zu KiB", peak_kib() - before);
}

/* Nothing is made of what comes without the key, however long it is. */
Test(slow_peers, long_preconditions_without_the_key_take_no_memory)
{
    expect_long_preconditions_in("", 64);
}

Test(slow_peers, long_preconditions_take_no_more_than_their_length)
{
    expect_long_preconditions_in("X-API-Key: the-key\r\n", 64);
}

/* Peers of every kind, each to its end. */
static void gather_all_kinds(void)
{
    static const char *const begins[] = {
        "",
        "GET /healthz HTT",
        "GET /healthz HTTP/1.1\r\nHost: a\r\n",
        "POST /orders/ HTTP/1.1\r\nHost: a\r\nX-API-Key: the-key\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
    };
    enum { KINDS = sizeof begins / sizeof begins[0], PEERS = 4 * MAX_CONNECTIONS };
    int peers[PEERS];
    for (int i = 0; i < PEERS; i++) {
        peers[i] = http_connect(shim.port);
        http_send_text(peers[i], begins[i % KINDS]);
    }
    expect_service();
    for (int i = 0; i < PEERS; i++) {
        struct http_reply reply = http_read(peers[i], false);
        cr_expect(reply.status == 503 || reply.status == 408, "%d", reply.status);
        http_free(&reply);
        close(peers[i]);
    }
}

Test(slow_peers, nothing_stays_of_them)
{
    gather_all_kinds();
    expect_service();
    const size_t files = count_files(), kib = resident_kib();
    for (int i = 0; i < 5; i++)
        gather_all_kinds();
    expect_service();
    expect_files(files);
    if (MEMORY_IS_THE_SERVICE_S)
        cr_expect_leq(resident_kib(), kib + 1024);
}

/* Sends a request over each connection; all are answered. */
static void ask_all(const int *fds, size_t n, const char *request)
{
    for (size_t i = 0; i < n; i++)
        http_send_text(fds[i], request);
    for (size_t i = 0; i < n; i++)
        expect_status(fds[i], 200);
}

/* Between its requests a connection has a page or two, however long the last one was. */
Test(slow_peers, idle_connections_take_little_memory)
{
    enum { IDLE = 500, LONG_BYTES = 15 << 10, KIB_EACH = 8, KIB_EACH_AFTER_A_LONG_HEAD = 12 };
    int idle[IDLE];
    char *long_request;
    cr_assert_gt(
        asprintf(&long_request, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: %0*d\r\n\r\n", LONG_BYTES, 0),
        0);
    restart("ORDERS_HTTP_MAX_CONNECTIONS=1000", "ORDERS_HTTP_IDLE_TIMEOUT=60");
    expect_service();
    const size_t kib = resident_kib();
    for (size_t i = 0; i < IDLE; i++) { /* one by one: a connection has a second for its first request */
        idle[i] = http_connect(shim.port);
        ask_all(&idle[i], 1, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    if (MEMORY_IS_THE_SERVICE_S)
        cr_expect_leq(resident_kib(), kib + IDLE * KIB_EACH);
    ask_all(idle, IDLE, long_request);
    if (MEMORY_IS_THE_SERVICE_S)
        cr_expect_leq(resident_kib(), kib + IDLE * KIB_EACH_AFTER_A_LONG_HEAD);
    for (size_t i = 0; i < IDLE; i++)
        close(idle[i]);
    free(long_request);
}
