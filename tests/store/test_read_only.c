/* test_read_only.c: a primary that takes no writes any more, and a standby that takes them. On clusters of
 * the test's own. */
#include "store_calls.h"
#include "support/cluster.h"
#include "support/database.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct cluster first, second;
static struct store *store;

static void set_up(void)
{
    cluster_create(&first);
}

static void tear_down(void)
{
    postgres_close(store);
    cluster_destroy(&first);
}

TestSuite(read_only, .init = set_up, .fini = tear_down, .timeout = 120);

/* Nobody writes meanwhile, so that no error tells. Reads go on. */
Test(read_only, a_server_that_is_set_to_be_read_only_is_told_of)
{
    store = open_store(first.database_url, 2);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    cluster_set(&first, "default_transaction_read_only = on");
    await_told(store, "database is read-only", TOLD_MS);
    expect_end(begin_create(store, "B", 10000), STATUS_UNAVAILABLE);
    expect_end(begin_get(store, "A", 10000), STATUS_OK);
    cluster_set(&first, "default_transaction_read_only = off");
    await_told(store, "", TOLD_AGAIN_MS);
    expect_end(begin_create(store, "B", 10000), STATUS_OK);
}

Test(read_only, at_the_start_it_is_an_outage)
{
    cluster_set(&first, "default_transaction_read_only = on");
    store = open_store(first.database_url, 2);
    await_told(store, "database is read-only", TOLD_MS);
    cluster_set(&first, "default_transaction_read_only = off");
    await_told(store, "", TOLD_AGAIN_MS);
}

/* The machine that is to take over takes connections, and says nothing yet. */
Test(read_only, a_fenced_primary_is_told_of_while_the_next_host_is_silent)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char url[512];
    const int silent = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(silent, 64), 0);
    cr_assert_eq(getsockname(silent, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "host=%s,127.0.0.1 port=5432,%d user=postgres dbname=postgres", first.host,
             ntohs(address.sin_port));
    store = open_store(url, 2);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);
    cluster_set(&first, "default_transaction_read_only = on");
    await_told(store, "database is read-only", TOLD_MS);
    close(silent);
}

/* The old primary lives, and is fenced: its replacement is found, for reads too, which would be stale there.
 */
Test(read_only, after_a_failover_the_new_primary_is_found)
{
    char url[512];
    cluster_create_standby(&second, &first);
    snprintf(url, sizeof url, "host=%s,%s user=postgres dbname=postgres", first.host, second.host);
    store = open_store(url, 2);
    expect_end(begin_create(store, "A", 10000), STATUS_OK);

    PGconn *standby = database_connect(second.database_url);
    while (database_number(standby, "SELECT count(*) FROM orders") < 1)
        usleep(1000);
    cluster_set(&first, "default_transaction_read_only = on");
    await_told(store, "database is read-only", TOLD_MS);
    free(database_query(standby, "SELECT pg_promote()"));
    await_told(store, "", TOLD_AGAIN_MS);
    expect_end(begin_create(store, "B", 10000), STATUS_OK);
    expect_end(begin_get(store, "B", 10000), STATUS_OK);
    cr_assert_eq(database_number(standby, "SELECT count(*) FROM orders"), 2);
    PQfinish(standby);
    cluster_destroy(&second);
}
