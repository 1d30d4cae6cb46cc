/* test_own_peer.c: who is taken for the connection by which a process asks itself, and for how long. */
#include "base/own_peer.h"

#include <criterion/criterion.h>
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

Test(own_peer, is_known_until_it_is_closed)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_storage address = {0}, name = {0}, other = {0};
    socklen_t size = sizeof address;
    struct own_peer peer;
    own_peer_init(&peer);
    const int listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listen_fd, (const struct sockaddr *)&any, sizeof any), 0);
    cr_assert_eq(listen(listen_fd, 2), 0);
    cr_assert_eq(getsockname(listen_fd, (struct sockaddr *)&address, &size), 0);

    cr_assert_geq(own_peer_open(&peer, AF_INET, LONG_MS), 0);
    cr_assert_eq(own_peer_connect(&peer, &address, size), 0);
    accept_name(listen_fd, &name);
    cr_expect(own_peer_is(&peer, &name));

    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client, (const struct sockaddr *)&address, size), 0);
    accept_name(listen_fd, &other);
    cr_expect_not(own_peer_is(&peer, &other));

    own_peer_close(&peer);
    cr_expect_not(own_peer_is(&peer, &name), "the next one to have its port is a client");
    close(client);
    close(listen_fd);
}
