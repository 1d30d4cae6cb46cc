/* test_own_peer.c: who is taken for the connection by which a process asks itself, and for how long. */
#include "base/own_peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

enum { LONG_MS = 20000 };

/* As the other end sees it. */
static void accept_name(int listen_fd, struct sockaddr_storage *name)
{
    socklen_t size = sizeof *name;
    const int fd = accept(listen_fd, (struct sockaddr *)name, &size);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void expect_known_until_closed(const struct sockaddr *any, socklen_t any_size)
{
    struct sockaddr_storage address = {0}, name = {0}, other = {0};
    socklen_t size = sizeof address;
    struct own_peer peer;
    own_peer_init(&peer);
    const int listen_fd = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listen_fd < 0 || bind(listen_fd, any, any_size) != 0)
        cr_skip_test("the machine has no such address");
    cr_assert_eq(listen(listen_fd, 2), 0);
    cr_assert_eq(getsockname(listen_fd, (struct sockaddr *)&address, &size), 0);

    cr_assert_geq(own_peer_open(&peer, any->sa_family, LONG_MS), 0);
    cr_assert_eq(own_peer_connect(&peer, &address, size), 0);
    accept_name(listen_fd, &name);
    cr_expect(own_peer_is(&peer, &name));

    const int client = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client, (const struct sockaddr *)&address, size), 0);
    accept_name(listen_fd, &other);
    cr_expect_not(own_peer_is(&peer, &other));

    own_peer_close(&peer);
    cr_expect_not(own_peer_is(&peer, &name), "the next one to have its port is a client");
    close(client);
    close(listen_fd);
}

Test(own_peer, is_known_until_it_is_closed)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    expect_known_until_closed((const struct sockaddr *)&any, sizeof any);
}

Test(own_peer, is_known_over_ipv6_too)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    expect_known_until_closed((const struct sockaddr *)&any, sizeof any);
}

/* Before it is connected only its port is known; after that, its address too. */
Test(own_peer, is_no_other_of_its_port)
{
    const union own_peer_name v4 = {
        .v4 = {.sin_family = AF_INET, .sin_port = 7, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    const union own_peer_name v6 = {
        .v6 = {.sin6_family = AF_INET6, .sin6_port = 7, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
    union own_peer_name other = v6;
    struct own_peer peer;
    own_peer_init(&peer);
    peer.name = v6.storage;
    cr_expect(own_peer_is(&peer, &v6.storage));
    cr_expect_not(own_peer_is(&peer, &v4.storage));
    other.v6.sin6_addr.s6_addr[0] = 0xfe;
    cr_expect_not(own_peer_is(&peer, &other.storage));
    other.v6 = v6.v6;
    other.v6.sin6_port = 8;
    cr_expect_not(own_peer_is(&peer, &other.storage));
    ((struct sockaddr_in6 *)&peer.name)->sin6_addr = in6addr_any;
    other.v6.sin6_port = 7;
    other.v6.sin6_addr.s6_addr[0] = 0xfe;
    cr_expect(own_peer_is(&peer, &other.storage));
}

Test(own_peer, tells_a_service_that_fails_from_a_machine_that_is_short)
{
    static const struct {
        int error;
        bool lives;
        const char *why;
    } cases[] = {
        {ECONNREFUSED, false, "Connection refused"},
        {EAGAIN, false, "no answer"},
        {EINPROGRESS, false, "no answer"},
        {EMFILE, true, "accepts nobody: Too many open files"},
        {ENFILE, true, "accepts nobody: Too many open files in system"},
        {ENOBUFS, true, "accepts nobody: No buffer space available"},
        {EADDRNOTAVAIL, true, ""},
        {EADDRINUSE, true, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[64] = "";
        errno = cases[i].error;
        cr_expect_eq(own_peer_failed(why, sizeof why), cases[i].lives, "%s", cases[i].why);
        cr_expect_str_eq(why, cases[i].why);
    }
}
