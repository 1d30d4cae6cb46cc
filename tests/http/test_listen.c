/* test_listen.c: whether a server answers, asked at its own socket. */
#include "http/listen.h"

#include "base/process.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SHORT_MS = 50, LONG_MS = 20000 };

static int listen_fd;
static struct own_peer self;

static void set_up(void)
{
    char error[256];
    uint16_t port = 0;
    own_peer_init(&self);
    listen_fd = listen_open("127.0.0.1", &port, error, sizeof error);
    cr_assert_geq(listen_fd, 0, "%s", error);
}

static void tear_down(void)
{
    close(listen_fd);
}

TestSuite(listen, .init = set_up, .fini = tear_down, .timeout = 60);

/* Takes one connection, and answers this or nothing before it closes it. */
static void *serve(void *arg)
{
    const char *answer = arg;
    char request[3];
    int fd;
    while ((fd = accept(listen_fd, NULL, NULL)) < 0)
        usleep(1000); /* it does not block */
    cr_assert_eq(recv(fd, request, sizeof request, MSG_WAITALL), (ssize_t)sizeof request);
    if (answer != NULL)
        cr_assert_eq(send(fd, answer, strlen(answer), MSG_NOSIGNAL), (ssize_t)strlen(answer));
    close(fd);
    return NULL;
}

static void expect(bool answers, unsigned timeout_ms, const char *said)
{
    char why[128] = "";
    cr_expect_eq(listen_answers(listen_fd, "GET", &self, NULL, timeout_ms, why, sizeof why), answers);
    cr_expect_str_eq(why, said);
}

static void expect_of(const char *answer, bool answers, const char *said)
{
    pthread_t server;
    pthread_create(&server, NULL, serve, (void *)(uintptr_t)answer);
    expect(answers, LONG_MS, said);
    pthread_join(server, NULL);
}

Test(listen, an_answer_is_a_sign_of_life_and_so_is_a_refusal)
{
    expect_of("HTTP/1.1 200 OK\r\n\r\n", true, "");
    expect_of("HTTP/1.0 503 Service Unavailable\r\n\r\n", true, "");
}

Test(listen, one_that_closes_every_connection_does_not_answer)
{
    expect_of(NULL, false, "closed without an answer");
    expect_of("HTTP", false, "answers otherwise");
    expect_of("SSH-2.0-x", false, "answers otherwise");
}

Test(listen, one_that_takes_no_connection_is_none)
{
    expect(false, SHORT_MS, "no answer");
}

Test(listen, nor_is_one_that_stopped)
{
    process_close_held(listen_fd);
    expect(false, LONG_MS, "Invalid argument"); /* the socket of nothing has no such address */
}

/* It accepts nobody either, until one is closed. */
Test(listen, one_without_a_file_left_lives_and_is_not_ready)
{
    struct rlimit before, none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect(true, LONG_MS, "accepts nobody: Too many open files");
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* The client of one keeps little of what it does not read. */
static int connect_narrow(void)
{
    const int little = 4096;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
    cr_assert_eq(getsockname(listen_fd, (struct sockaddr *)&address, &size), 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, size), 0);
    return fd;
}

Test(listen, what_a_client_does_not_read_is_not_sent)
{
    enum { AHEAD = 64 << 10, PIECE = 4096 }; /* as listen.c has it */
    static const char piece[PIECE];
    const int client = connect_narrow();
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    const int fd = accept4(listen_fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    size_t sent = 0;
    for (ssize_t n; (n = send(fd, piece, sizeof piece, MSG_NOSIGNAL)) > 0;)
        sent += (size_t)n;
    cr_expect_geq(sent, (size_t)AHEAD / 2, "%zu", sent);
    cr_expect_leq(sent, (size_t)4 * AHEAD, "%zu", sent);
    close(fd);
    close(client);
}
