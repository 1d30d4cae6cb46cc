/* addresses.c: an nng listener for each URL, and its probe. */
#include "rpc/addresses.h"

#include "base/own_peer.h"
#include "rpc/listening.h"
#include "rpc/probe.h"
#include "rpc/tls_engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { URL_MAX_BYTES = 512 };

/* Where others connect. */
struct rpc_address {
    nng_listener listener;
    char url[URL_MAX_BYTES];
    struct tls_server *tls; /* by which others connect; NULL: without */
    struct own_peer self;   /* who asks here whether it serves, of this process too */
};

/* --- listening --- */

/* Notes the address's URL, with the port it really has. */
static void note_url(struct addresses *addresses, struct rpc_address *address, const char *url)
{
    char *end = addresses->urls + strlen(addresses->urls);
    const size_t room = sizeof addresses->urls - strlen(addresses->urls);
    const char *port = strrchr(url, ':');
    int bound;
    if (port != NULL && strcmp(port, ":0") == 0 &&
        nng_listener_get_int(address->listener, NNG_OPT_TCP_BOUND_PORT, &bound) == 0)
        snprintf(address->url, sizeof address->url, "%.*s:%d", (int)(port - url), url, bound);
    else
        snprintf(address->url, sizeof address->url, "%s", url);
    snprintf(end, room, "%s%s", end == addresses->urls ? "" : ",", address->url);
}

/* Whether at the path of an ipc address there is what no other process listens on, and what only its owner
 * takes away: a file, a directory, or a link, which bind does not follow. */
static bool is_no_socket(const char *url)
{
    static const char scheme[] = "ipc://";
    struct stat found;
    return strncmp(url, scheme, strlen(scheme)) == 0 && lstat(url + strlen(scheme), &found) == 0 &&
           !S_ISSOCK(found.st_mode);
}

static bool cannot_listen(const char *url, int failed, char *error, size_t error_size)
{
    static const struct {
        int failed, error;
    } rows[] = {{NNG_EADDRINUSE, EADDRINUSE}, {NNG_ENOMEM, ENOMEM}, {NNG_ENOFILES, EMFILE}};
    if (failed == NNG_EADDRINUSE && is_no_socket(url)) {
        snprintf(error, error_size, "cannot listen on %s: what is there is no socket", url);
        errno = EEXIST;
        return false;
    }
    snprintf(error, error_size, "cannot listen on %s: %s", url, nng_strerror(failed));
    errno = EINVAL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].failed == failed)
            errno = rows[i].error;
    }
    return false;
}

/* An error of nng's, or 0. */
static int make_listener(struct addresses *addresses, struct rpc_address *address, nng_socket socket,
                         const char *url)
{
    const bool is_tls = tls_engine_is_for(url);
    if (is_tls && addresses->tls == NULL)
        return NNG_ENOTSUP;
    int failed = is_tls ? tls_engine_register() : 0;
    if (failed == 0)
        failed = nng_listener_create(&address->listener, socket, url);
    if (failed == 0 && is_tls)
        failed = tls_engine_serve(address->listener, addresses->tls);
    address->tls = is_tls ? addresses->tls : NULL;
    return failed;
}

static bool make_listeners(struct addresses *addresses, nng_socket socket, const char *const urls[],
                           char *error, size_t error_size)
{
    for (size_t i = 0; urls[i] != NULL; i++) {
        struct rpc_address *address = &addresses->list[i];
        const int failed = make_listener(addresses, address, socket, urls[i]);
        if (failed != 0)
            return cannot_listen(urls[i], failed, error, error_size);
        own_peer_init(&address->self);
        addresses->n++;
    }
    return true;
}

/* Each has its share; a patch of ours has nng count. False: this nng is not ours. */
static bool bound_unfinished(const struct addresses *addresses, size_t bytes)
{
    for (size_t i = 0; i < addresses->n; i++) {
        if (nng_listener_set_size(addresses->list[i].listener, NNG_OPT_RECVPARTMAX, bytes / addresses->n) !=
            0)
            return false;
    }
    return true;
}

static bool start_listeners(struct addresses *addresses, const char *const urls[], char *error,
                            size_t error_size)
{
    for (size_t i = 0; urls[i] != NULL; i++) {
        struct rpc_address *address = &addresses->list[i];
        int failed = nng_listener_start(address->listener, 0);
        if (failed != 0)
            return cannot_listen(urls[i], failed, error, error_size);
        note_url(addresses, address, urls[i]);
    }
    return true;
}

bool addresses_open(struct addresses *addresses, nng_socket socket, const char *const urls[],
                    size_t unfinished_bytes, char *error, size_t error_size)
{
    size_t n = 0;
    while (urls[n] != NULL)
        n++;
    addresses->list = calloc(n + 1, sizeof *addresses->list);
    if (addresses->list == NULL) {
        snprintf(error, error_size, "out of memory for addresses");
        errno = ENOMEM;
        return false;
    }
    if (!make_listeners(addresses, socket, urls, error, error_size))
        return false;
    if (!bound_unfinished(addresses, unfinished_bytes)) {
        snprintf(error, error_size, "this nng cannot bound unfinished frames");
        errno = ENOTSUP;
        return false;
    }
    return start_listeners(addresses, urls, error, error_size);
}

void addresses_free(struct addresses *addresses)
{
    free(addresses->list);
}

bool addresses_stop_listening(const struct addresses *addresses)
{
    bool stopped = true;
    for (size_t i = 0; i < addresses->n; i++) {
        if (!listening_stop(addresses->list[i].listener))
            stopped = false;
    }
    return stopped;
}

struct rpc_address *addresses_get(const struct addresses *addresses, size_t i)
{
    return i < addresses->n ? &addresses->list[i] : NULL;
}

/* --- who connects --- */

/* NULL: that is not known. */
static struct rpc_address *addresses_find(const struct addresses *addresses, nng_pipe pipe)
{
    const int listener = nng_listener_id(nng_pipe_listener(pipe));
    for (size_t i = 0; i < addresses->n; i++) {
        if (nng_listener_id(addresses->list[i].listener) == listener)
            return &addresses->list[i];
    }
    return NULL;
}

/* Whether it is this process that asks itself. */
static bool is_self(struct rpc_address *address, nng_pipe pipe)
{
    nng_sockaddr remote;
    struct sockaddr_storage name;
    uint64_t pid;
    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) == 0)
        return pid == (uint64_t)getpid();
    return nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &remote) == 0 && listening_convert(&remote, &name) != 0 &&
           own_peer_is(&address->self, &name);
}

enum connection_kind addresses_classify(const struct addresses *addresses, nng_pipe pipe)
{
    struct rpc_address *address = addresses_find(addresses, pipe);
    return address != NULL && is_self(address, pipe) ? CONNECTION_PROBE : CONNECTION_CLIENT;
}

/* --- whether it answers --- */

const char *rpc_address_url(const struct rpc_address *address)
{
    return address->url;
}

bool rpc_address_answers(void *arg, unsigned timeout_ms, char *why, size_t why_size)
{
    struct rpc_address *address = arg;
    struct sockaddr_storage name = {0};
    nng_sockaddr local;
    if (nng_listener_get_addr(address->listener, NNG_OPT_LOCADDR, &local) != 0) {
        snprintf(why, why_size, "no listener");
        return false;
    }
    return probe_answers(&name, listening_convert(&local, &name), &address->self, address->tls, timeout_ms,
                         why, why_size);
}

void rpc_address_abort_answers(void *arg)
{
    struct rpc_address *address = arg;
    own_peer_abort(&address->self);
}
