/* test_probe.c: servers that do not answer, each in its way. */
#include "rpc/probe.h"

#include "base/prober.h"
#include "base/time.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SHORT_MS = 100,
    LONG_MS = 20000,
    FULL = 8,
    FOR_EVER_MS = 600000,
    WHOLE_MS = 6000,
    LATE_MS = 1000,
    HUNG = 16,
    POLL_MS = 10,
    SLACK_MS = 8000
};

static struct own_peer self;
static int listen_fd;
static struct sockaddr_storage address;
static socklen_t size;

static void listen_tcp(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size = sizeof address;
    cr_assert_eq(bind(listen_fd, (const struct sockaddr *)&any, sizeof any), 0);
    cr_assert_eq(listen(listen_fd, 1), 0);
    cr_assert_eq(getsockname(listen_fd, (struct sockaddr *)&address, &size), 0);
}

static void set_up(void)
{
    own_peer_init(&self);
    listen_tcp();
}

static void tear_down(void)
{
    close(listen_fd);
}

TestSuite(probe, .init = set_up, .fini = tear_down, .timeout = 60);

static void expect(bool answers, unsigned timeout_ms, const char *said)
{
    char why[128] = "";
    cr_expect_eq(probe_answers(&address, size, &self, NULL, timeout_ms, why, sizeof why), answers);
    cr_expect_str_eq(why, said);
}

Test(probe, one_that_does_not_accept)
{
    expect(false, SHORT_MS, "no answer");
}

/* The kernel drops who comes when so many wait to be accepted. */
Test(probe, one_whose_backlog_is_full)
{
    int waiting[FULL];
    for (size_t i = 0; i < FULL; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(waiting[i], (const struct sockaddr *)&address, size);
    }
    expect(false, SHORT_MS, "no answer");
    for (size_t i = 0; i < FULL; i++)
        close(waiting[i]);
}

Test(probe, one_that_is_not_there)
{
    close(listen_fd);
    expect(false, LONG_MS, "Connection refused");
    listen_tcp();
}

/* Serves one connection: greets, if it is to, with these bytes, and answers with those. */
struct script {
    const char *greeting;
    const uint8_t *answer; /* of 12 bytes; NULL: none */
    bool knew_it;          /* whose connection it was */
};

static void *serve(void *arg)
{
    struct script *script = arg;
    struct sockaddr_storage name;
    socklen_t name_size = sizeof name;
    char bytes[128];
    const int fd = accept(listen_fd, (struct sockaddr *)&name, &name_size);
    cr_assert_eq(recv(fd, bytes, 8, MSG_WAITALL), 8);
    script->knew_it = own_peer_is(&self, &name);
    if (script->greeting != NULL)
        cr_assert_eq(send(fd, script->greeting, 8, MSG_NOSIGNAL), 8);
    if (script->answer != NULL) {
        cr_assert_gt(recv(fd, bytes, sizeof bytes, 0), 12);
        cr_assert_eq(send(fd, script->answer, 12, MSG_NOSIGNAL), 12);
    }
    while (recv(fd, bytes, sizeof bytes, 0) > 0) /* until the other has had enough */
        ;
    close(fd);
    return NULL;
}

static void expect_of(struct script script, bool answers, unsigned timeout_ms, const char *said)
{
    pthread_t server;
    pthread_create(&server, NULL, serve, &script);
    expect(answers, timeout_ms, said);
    pthread_join(server, NULL);
    cr_expect(script.knew_it);
}

static const char rep[] = "\0SP\0\0\x31\0";
static const uint8_t answer[12] = {[7] = 4, [8] = 0x80, [11] = 1};

Test(probe, one_that_does_not_greet)
{
    expect_of((struct script){0}, false, SHORT_MS, "no answer");
}

Test(probe, one_that_speaks_another_protocol)
{
    expect_of((struct script){.greeting = "HTTP/1.1"}, false, LONG_MS, "greets otherwise");
}

Test(probe, one_that_takes_a_call_and_does_not_answer)
{
    expect_of((struct script){.greeting = rep}, false, SHORT_MS, "no answer");
}

Test(probe, one_that_answers)
{
    expect_of((struct script){.greeting = rep, .answer = answer}, true, LONG_MS, "");
}

/* --- the time is for all steps together --- */

/* Greets when most of the time is over, and answers nothing. How long it was waited for after that. */
static void *greet_late(void *arg)
{
    uint64_t *waited_ns = arg;
    char bytes[128];
    const int fd = accept(listen_fd, NULL, NULL);
    cr_assert_eq(recv(fd, bytes, 8, MSG_WAITALL), 8);
    poll(NULL, 0, WHOLE_MS - LATE_MS);
    const uint64_t then_ns = time_monotonic_ns();
    cr_assert_eq(send(fd, rep, 8, MSG_NOSIGNAL), 8);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        ;
    *waited_ns = time_monotonic_ns() - then_ns;
    close(fd);
    return NULL;
}

Test(probe, one_that_greets_late_has_no_more_time_to_answer)
{
    uint64_t waited_ns = 0;
    pthread_t server;
    pthread_create(&server, NULL, greet_late, &waited_ns);
    expect(false, WHOLE_MS, "no answer");
    pthread_join(server, NULL);
    cr_expect_lt(waited_ns, (uint64_t)(WHOLE_MS - LATE_MS) * NS_PER_MS);
}

struct hung {
    int fd;
    struct sockaddr_storage address;
    struct own_peer self;
};

static bool ask_hung(void *arg, unsigned timeout_ms, char *why, size_t why_size)
{
    struct hung *hung = arg;
    return probe_answers(&hung->address, sizeof(struct sockaddr_in), &hung->self, NULL, timeout_ms, why,
                         why_size);
}

static void abort_hung(void *arg)
{
    struct hung *hung = arg;
    own_peer_abort(&hung->self);
}

/* As when nng accepts no more: the kernel takes the connection and the greeting, and nobody answers. */
Test(probe, of_many_that_are_not_served_readiness_tells_in_two_seconds)
{
    static struct hung hung[HUNG];
    struct prober_target targets[HUNG];
    char why[4096] = "";
    for (size_t i = 0; i < HUNG; i++) {
        close(listen_fd);
        listen_tcp();
        hung[i].fd = dup(listen_fd);
        hung[i].address = address;
        own_peer_init(&hung[i].self);
        targets[i] = (struct prober_target){"a", ask_hung, abort_hung, &hung[i]};
    }
    cr_assert_leq(PROBER_EVERY_MS + PROBER_WAITS_MS, 2000);
    const uint64_t then_ns = time_monotonic_ns();
    struct prober *prober = prober_start(targets, HUNG, PROBER_EVERY_MS, PROBER_WAITS_MS);
    cr_assert_not_null(prober);
    unsigned known = 0;
    while (known < HUNG) {
        poll(NULL, 0, POLL_MS);
        prober_ready(prober, why, sizeof why);
        known = 0;
        for (const char *at = why; (at = strstr(at, "a: no answer")) != NULL; at++)
            known++;
    }
    cr_expect_lt(time_monotonic_ns() - then_ns, (uint64_t)(2000 + SLACK_MS) * NS_PER_MS);
    prober_stop(prober);
    prober_free(prober);
    for (size_t i = 0; i < HUNG; i++)
        close(hung[i].fd);
}

/* --- aborted --- */

static void *abort_greeting(void *arg)
{
    bool *ended = arg;
    char bytes[8];
    const int fd = accept(listen_fd, NULL, NULL);
    cr_assert_eq(recv(fd, bytes, 8, MSG_WAITALL), 8);
    own_peer_abort(&self);
    cr_expect_eq(recv(fd, bytes, 1, 0), 0, "it waits on");
    *ended = true;
    close(fd);
    return NULL;
}

Test(probe, one_that_is_aborted_returns_at_once)
{
    bool ended = false;
    pthread_t server;
    char why[128] = "";
    pthread_create(&server, NULL, abort_greeting, &ended);
    cr_expect_not(probe_answers(&address, size, &self, NULL, FOR_EVER_MS, why, sizeof why));
    pthread_join(server, NULL);
    cr_expect(ended);
    cr_expect_not(probe_answers(&address, size, &self, NULL, FOR_EVER_MS, why, sizeof why), "it asks again");
}

/* Over ipc: the path is not this process's any more. */
Test(probe, one_whose_path_another_process_has)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    int ready[2];
    snprintf(path.sun_path, sizeof path.sun_path, "/tmp/orders-probe-%d", (int)getpid());
    cr_assert_eq(pipe(ready), 0);
    const pid_t other = fork();
    if (other == 0) {
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&path, sizeof path) != 0 || listen(fd, 1) != 0)
            _exit(EXIT_FAILURE);
        close(ready[1]);
        pause();
        close(fd);
    }
    close(ready[1]);
    char end;
    cr_assert_eq(read(ready[0], &end, 1), 0);
    memcpy(&address, &path, sizeof path);
    size = sizeof path;
    expect(false, LONG_MS, "another process listens there");
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    expect(false, LONG_MS, "Connection refused");
    unlink(path.sun_path);
    expect(false, LONG_MS, "No such file or directory");
}

/* It accepts nobody either, until one is closed. */
Test(probe, one_without_a_file_left_lives_and_is_not_ready)
{
    struct rlimit before, none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect(true, LONG_MS, "accepts nobody: Too many open files");
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
