/* test_servers.c: who is connected, and who hangs. */
#include "rpc/servers.h"

#include "base/time.h"

#include <criterion/criterion.h>

enum { SERVERS = 2 };

static const uint64_t ms = NS_PER_MS;
static struct servers *servers;

static void set_up(void)
{
    servers = servers_new(SERVERS);
}

static void tear_down(void)
{
    servers_free(servers);
}

TestSuite(servers, .init = set_up, .fini = tear_down);

Test(servers, they_come_and_go)
{
    cr_assert_not(servers_any(servers));
    servers_add(servers, 7, 1);
    servers_add(servers, 8, 1);
    servers_remove(servers, 7);
    servers_remove(servers, 100); /* which never came */
    cr_assert(servers_any(servers));
    servers_remove(servers, 8);
    cr_assert_not(servers_any(servers));
}

Test(servers, who_is_not_heard_is_unresponsive)
{
    servers_add(servers, 7, 1 * ms);
    servers_add(servers, 8, 1 * ms);
    cr_assert_eq(servers_overdue(servers, 0, 10 * ms), 0, "all is well");
    cr_assert_eq(servers_overdue(servers, 100 * ms, 20 * ms), SERVERS);
    servers_hear(servers, 7, 30 * ms);
    cr_assert_eq(servers_take_unresponsive(servers, 119 * ms), 0, "it has time yet");
    cr_assert_eq(servers_take_unresponsive(servers, 120 * ms), 8);
    cr_assert_eq(servers_take_unresponsive(servers, 120 * ms), 0, "each once");
    cr_assert(servers_any(servers), "it is yet to be closed");
    cr_assert_eq(servers_overdue(servers, 100 * ms, 130 * ms), SERVERS);
    servers_hear(servers, 7, 140 * ms);
    cr_assert_eq(servers_take_unresponsive(servers, 230 * ms), 0, "it is being closed");
    servers_remove(servers, 8);
    servers_add(servers, 9, 240 * ms);
    servers_overdue(servers, 100 * ms, 250 * ms);
    servers_hear(servers, 7, 260 * ms);
    cr_assert_eq(servers_take_unresponsive(servers, 350 * ms), 9, "it is another connection");
}

/* nng may have given every question to one of them. */
Test(servers, probes_are_asked_again)
{
    servers_add(servers, 7, 0);
    cr_assert_eq(servers_overdue(servers, 1000 * ms, 1 * ms), SERVERS);
    cr_assert_eq(servers_overdue(servers, 1000 * ms, 50 * ms), 0);
    cr_assert_eq(servers_overdue(servers, 1000 * ms, 51 * ms), SERVERS);
    cr_assert_eq(servers_overdue(servers, 0, 101 * ms), SERVERS, "also when the answer came meanwhile");
    cr_assert_eq(servers_overdue(servers, 0, 200 * ms), 0);
    cr_assert_eq(servers_overdue(servers, 0, 201 * ms), SERVERS);
    cr_assert_eq(servers_overdue(servers, 0, 1001 * ms), 0, "it is judged");
}

Test(servers, who_has_little_time_does_not_wait_for_who_has_much)
{
    servers_add(servers, 7, 0);
    servers_overdue(servers, 7500 * ms, 1 * ms);
    servers_overdue(servers, 250 * ms, 1000 * ms);
    cr_assert_eq(servers_take_unresponsive(servers, 1249 * ms), 0);
    cr_assert_eq(servers_take_unresponsive(servers, 1250 * ms), 7);
}
