/* shim_host.h: what all exchanges of a shim share, and how many are in flight. */
#ifndef HTTP_SHIM_HOST_H
#define HTTP_SHIM_HOST_H

#include "base/budget.h"
#include "base/log.h"
#include "base/sampler.h"
#include "call/channel.h"
#include "http/body.h"
#include "http/dashboard.h"
#include "http/resource.h"
#include "http/scrape.h"
#include "http/shim_metrics.h"
#include "http/writer.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* An RPC under way, of a connection that is suspended. */
struct shim_call {
    struct MHD_Connection *connection;
    STAILQ_ENTRY(shim_call) next; /* the host's */
};

STAILQ_HEAD(shim_calls, shim_call);

/* A request's memory, which is kept for a next one. */
struct shim_spare {
    SLIST_ENTRY(shim_spare) next; /* the host's */
};

SLIST_HEAD(shim_spares, shim_spare);

struct shim_host {
    const char *const *cors_origins;
    struct channel *channel;
    struct log *log;
    bool probes_only;          /* no route is served but those that are probes */
    unsigned served;           /* which routes are: a bit for each of enum route_kind */
    uint64_t slow_ns;          /* from when on a request has a line always; 0: never */
    struct sampler samples[2]; /* of lines: of what goes well, and of what its client does wrong */
    struct scrapes scrapes;    /* what /metrics shows */
    struct shim_metrics counts;
    struct budget_part memory;    /* that bodies and answers take */
    struct budget_shares answers; /* of it, by who asked */
    struct bodies bodies;
    struct dashboard_sign_in sign_in;
    struct resources resources; /* not changed any more */
    struct writer writer;

    pthread_mutex_t lock;
    pthread_cond_t idle;        /* exchanges or calls became 0 */
    size_t exchanges;           /* guarded by lock; requests that are not yet answered */
    struct shim_spares spares;  /* guarded by lock */
    unsigned n_spares;          /* guarded by lock */
    size_t calls;               /* guarded by lock; RPCs whose connections are not yet resumed */
    struct shim_calls gathered; /* guarded by lock; of them those that begin when a round ends */
    struct shim_calls ended;    /* guarded by lock; of them those that wait for the last of a row to end */
    bool stopping;              /* guarded by lock; every connection is closed after its answer */
    bool closed;                /* guarded by lock; no further RPC is begun */
};

/* All may be called on any thread. */

/* Counts a request, until it is answered. Returns memory of an earlier one, which is the caller's; NULL: none
 * is left. */
struct shim_spare *shim_host_enter(struct shim_host *host);

/* The host, which takes the memory, if it is any, may be gone when it returns. False: it has enough of it,
 * and the memory is still the caller's. */
bool shim_host_leave(struct shim_host *host, struct shim_spare *spare);

/* Counts an RPC that is to begin, until its connection is resumed. False: none may begin. */
bool shim_host_enter_call(struct shim_host *host);

/* One that was counted, and whose connection is suspended, begins with others: when one of libmicrohttpd's
 * threads, this or another, has processed all connections that were ready, and takes what there is. */
void shim_host_gather_call(struct shim_host *host, struct shim_call *call);
void shim_host_take_calls(struct shim_host *host, struct shim_calls *out);

/* An RPC ended: its connection is resumed, now, or, where others end right after it, together with theirs, so
 * that their thread wakes up once for all. The call, its exchange, and the host may be gone when it returns.
 */
void shim_host_leave_call(struct shim_host *host, struct shim_call *call, bool more);

/* The last of a row ended, and is not resumed yet: those that wait for it are. */
void shim_host_end_row(struct shim_host *host);

bool shim_host_is_stopping(struct shim_host *host);

/* Waits for the requests in hand for so long at most, but for calls however long: they end by their deadline,
 * and a daemon with a suspended connection cannot be stopped. */
void shim_host_drain(struct shim_host *host, unsigned timeout_s);

#endif
