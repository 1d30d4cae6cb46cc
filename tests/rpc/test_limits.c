/* test_limits.c: what one key may, and what is said of who called, over real RPC from a real ordersd. */
#include "calls.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(limits, .timeout = 120);

static struct service *start(const char *const *environment)
{
    return service_start(&(struct service_options){.environment = environment, .without_http = true});
}

Test(limits, who_calls_too_often_is_told_when_to_come_again)
{
    struct service *service =
        start((const char *const[]){"ORDERS_RATE_PER_PRINCIPAL=1", "ORDERS_BURST_PER_PRINCIPAL=3", NULL});
    struct rpc_client *client = calls_open(service, service->rpc_url);
    struct rpc_reply *reply = NULL;
    int asked = 0;
    do {
        rpc_reply_free(reply);
        reply = calls_get(client, "A");
        asked++;
    } while (reply->status.code == STATUS_NOT_FOUND && asked < 1000);
    cr_assert_geq(asked, 4, "a full bucket is three");
    calls_expect(reply, STATUS_RESOURCE_EXHAUSTED);
    cr_assert_not_null(reply->status.limit);
    cr_expect_eq(reply->status.limit->retry_after_s, 1);
    cr_expect_str_eq(reply->status.limit->policy, "\"rate\";q=3;w=3");
    cr_expect_str_eq(reply->status.limit->state, "\"rate\";r=0;t=1");
    rpc_reply_free(reply);
    rpc_client_close(client);
    service_stop_clean(service);
}

static char *await_in_log(const struct service *service, const char *text)
{
    char *log = service_log(service);
    for (int i = 0; i < 2000 && strstr(log, text) == NULL; i++) {
        free(log);
        usleep(5000);
        log = service_log(service);
    }
    return log;
}

/* On a Unix socket it is the user who runs the caller. */
Test(limits, lines_say_who_called_from_where)
{
    char user[64];
    struct service *service = start((const char *const[]){"ORDERS_LOG=info", NULL});
    snprintf(user, sizeof user, "\"peer\":\"uid:%u\"", (unsigned)getuid());
    const struct {
        const char *url, *peer;
    } cases[] = {{service->rpc_url, "\"peer\":\"127.0.0.1:"}, {service->ipc_url, user}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rpc_client *client = calls_open(service, cases[i].url);
        rpc_reply_free(calls_get(client, "A"));
        char *log = await_in_log(service, cases[i].peer);
        const char *at = strstr(log, cases[i].peer);
        cr_expect_not_null(at, "%s: %s", cases[i].peer, log);
        cr_expect_not_null(strstr(log, "\"principal\":\"bootstrap\""), "%s", log);
        free(log);
        rpc_client_close(client);
    }
    service_stop_clean(service);
}
