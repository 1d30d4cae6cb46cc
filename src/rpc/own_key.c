/* own_key.c: asks, judges the reply, sleeps, and asks again; each step begins the next, so no two run at
 * once. */
#include "rpc/own_key.h"

#include "rpc/v1/auth.pb-c.h"

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { EVERY_MS = 2000 };

struct own_key {
    struct rpc_client *client;
    struct log *log;
    const char *const *keys;
    size_t n;
    nng_aio *pause;
    atomic_size_t presented; /* its index */
    atomic_bool refused;     /* all were */

    /* Of whoever runs the current step. */
    size_t asked;    /* the index of the key that is asked for */
    size_t in_a_row; /* that were refused */
};

static void own_key_ask(struct own_key *own);

static void note_held(struct own_key *own)
{
    const bool is_another = atomic_load(&own->presented) != own->asked;
    atomic_store(&own->presented, own->asked);
    if (atomic_exchange(&own->refused, false) || is_another)
        log_line(own->log, LOG_LEVEL_INFO, "a key of its own holds, and is presented",
                 LOG_INT("number", own->asked + 1));
}

static void note_refused(struct own_key *own, const char *why)
{
    if (!atomic_exchange(&own->refused, true))
        log_line(own->log, LOG_LEVEL_WARN,
                 "no key of its own holds: connections are closed for what callers may not",
                 LOG_STR("why", why));
}

/* False: there is another one to be asked for at once. */
static bool own_key_judge(struct own_key *own, const struct status *status)
{
    const bool is_refused =
        status->code == STATUS_UNAUTHENTICATED || status->code == STATUS_PERMISSION_DENIED;
    if (is_refused && ++own->in_a_row < own->n) {
        own->asked = (own->asked + 1) % own->n;
        return false;
    }
    if (is_refused)
        note_refused(own, status->message);
    else if (status->code == STATUS_OK)
        note_held(own);
    own->in_a_row = 0;
    return true;
}

static void take_reply(struct rpc_reply *reply, void *arg)
{
    struct own_key *own = arg;
    const bool is_judged = own_key_judge(own, &reply->status);
    rpc_reply_free(reply);
    if (is_judged)
        nng_sleep_aio(EVERY_MS, own->pause);
    else
        own_key_ask(own);
}

static void own_key_ask(struct own_key *own)
{
    const Rpc__V1__WhoAmIRequest input = RPC__V1__WHO_AM_IREQUEST__INIT;
    const struct rpc_metadata key = {"x-api-key", own->keys[own->asked]};
    const struct rpc_request request = {
        .service = &rpc__v1__auth__descriptor,
        .method = &rpc__v1__auth__descriptor.methods[0],
        .input = &input.base,
        .metadata = &key,
        .n_metadata = 1,
    };
    rpc_client_call(own->client, &request, take_reply, own);
}

static void end_pause(void *arg)
{
    struct own_key *own = arg;
    if (nng_aio_result(own->pause) != 0)
        return;
    own->asked = atomic_load(&own->presented);
    own_key_ask(own);
}

struct own_key *own_key_start(struct rpc_client *client, const char *const *keys, struct log *log)
{
    struct own_key *own = calloc(1, sizeof *own);
    if (own == NULL)
        return NULL;
    *own = (struct own_key){.client = client, .log = log, .keys = keys};
    while (keys[own->n] != NULL)
        own->n++;
    if (nng_aio_alloc(&own->pause, end_pause, own) != 0) {
        free(own);
        return NULL;
    }
    own_key_ask(own);
    return own;
}

void own_key_stop(struct own_key *own)
{
    if (own != NULL)
        nng_aio_stop(own->pause);
}

void own_key_free(struct own_key *own)
{
    if (own == NULL)
        return;
    nng_aio_free(own->pause);
    free(own);
}

const char *own_key_get(const struct own_key *own)
{
    return own->keys[atomic_load(&own->presented)];
}

bool own_key_holds(const struct own_key *own)
{
    return !atomic_load(&own->refused);
}
