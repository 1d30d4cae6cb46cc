/* test_listen.c: whether a server answers, asked at its own socket. */
#include "http/listen.h"

#include "base/process.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* Takes one connection, and answers a byte or nothing before it closes it. */
static void *serve(void *answer)
{
    char request;
    int fd;
    while ((fd = accept(listen_fd, NULL, NULL)) < 0)
        usleep(1000); /* it does not block */
    cr_assert_eq(recv(fd, &request, 1, 0), 1);
    if (answer != NULL)
        cr_assert_eq(send(fd, answer, 1, MSG_NOSIGNAL), 1);
    close(fd);
    return NULL;
}

static bool answers(const char *answer)
{
    pthread_t server;
    pthread_create(&server, NULL, serve, (void *)(uintptr_t)answer);
    const bool answered = listen_answers(listen_fd, "GET", &self, 20000);
    pthread_join(server, NULL);
    return answered;
}

Test(listen, an_answer_is_a_sign_of_life_and_so_is_a_refusal)
{
    cr_expect(answers("H"));
    cr_expect(answers(NULL));
}

Test(listen, one_that_takes_no_connection_is_none)
{
    cr_expect_not(listen_answers(listen_fd, "GET", &self, 50));
}

Test(listen, nor_is_one_that_stopped)
{
    process_close_held(listen_fd);
    cr_expect_not(listen_answers(listen_fd, "GET", &self, 50));
}
