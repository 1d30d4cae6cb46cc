/* test_read_only.c: a primary that takes no writes any more, and a standby that takes them. On clusters of
 * the test's own. */
#include "store/session.h"
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

/* What libpq calls for its words, in every language but English: that a server takes no writes is not to be
 * known by them. */
char *dcgettext(const char *domain, const char *message, int category)
{
    (void)domain;
    (void)category;
    const bool is_told = strstr(message, "read-only") != NULL || strstr(message, "hot standby") != NULL;
    return (char *)(uintptr_t)(is_told ? "le serveur n'accepte pas d'\303\251critures" : message);
}

static struct cluster first, second;
static struct store *store;

static void set_up(void)
{
    cluster_create(&first);
}

static void tear_down(void)
{
    if (store != NULL)
        postgres_close(store);
    cluster_destroy(&first);
}

TestSuite(read_only, .init = set_up, .fini = tear_down, .timeout = 120);

/* Those below know something if the one above is libpq's. */
Test(read_only, libpq_has_other_words)
{
    char url[512];
    cluster_set(&first, "default_transaction_read_only = on");
    snprintf(url, sizeof url, "%s target_session_attrs=read-write", first.database_url);
    PGconn *pg = PQconnectdb(url);
    cr_assert_eq(PQstatus(pg), CONNECTION_BAD);
    cr_assert_not_null(strstr(PQerrorMessage(pg), "le serveur n'accepte pas"), "%s", PQerrorMessage(pg));
    PQfinish(pg);
}

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

/* A session whose write was refused is not kept until it is asked whether it serves. */
Test(read_only, a_write_that_is_refused_is_told_of_at_once)
{
    char error[1024] = "", id[16];
    const struct postgres_options options = {
        .database_url = first.database_url, .workers = 1, .check_ms = 60 * 60 * 1000};
    enum status_code code = STATUS_OK;
    store = postgres_open(&options, error, sizeof error);
    cr_assert_not_null(store, "%s", error);
    cluster_set(&first, "default_transaction_read_only = on");
    for (unsigned i = 0; code == STATUS_OK; i++) { /* until the server has read its settings */
        snprintf(id, sizeof id, "A-%u", i);
        struct pending *create = begin_create(store, id, 10000);
        code = pending_wait(create);
        pending_free(create);
    }
    cr_assert_eq(code, STATUS_UNAVAILABLE);
    await_told(store, "database is read-only", TOLD_MS);
}

/* In whichever order the hosts are named, and whatever the URL says of them. */
Test(read_only, of_several_hosts_the_one_that_takes_writes_is_used)
{
    static const char *const urls[] = {
        "host=%s,%s user=postgres dbname=postgres",
        "host=%s,%s user=postgres dbname=postgres target_session_attrs=standby",
    };
    char url[512];
    cluster_create_standby(&second, &first);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        snprintf(url, sizeof url, urls[i], second.host, first.host);
        store = open_store(url, 2);
        await_told(store, "", TOLD_MS);
        expect_end(begin_create(store, urls[i], 10000), STATUS_OK);
        expect_end(begin_get(store, urls[i], 10000), STATUS_OK);
        postgres_close(store);
    }
    cluster_set(&first, "default_transaction_read_only = on");
    store = open_store(url, 2);
    await_told(store, "database is read-only", TOLD_MS);
    cluster_set(&first, "default_transaction_read_only = off");
    await_told(store, "", TOLD_AGAIN_MS);
    cluster_destroy(&second);
}

/* The machine that is to take over takes connections, and says nothing yet. */
Test(read_only, a_fenced_primary_is_told_of_while_the_next_host_is_silent)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char url[512], why[SESSION_REASON];
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
    const uint64_t end_ns = time_monotonic_ns() + UINT64_C(2) * SESSION_ATTEMPT_MS * NS_PER_MS;
    while (time_monotonic_ns() < end_ns) { /* and so it is while another host is looked for */
        cr_assert_not(postgres_ready(store, why, sizeof why));
        cr_assert_str_eq(why, "database is read-only");
        usleep(1000);
    }
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
