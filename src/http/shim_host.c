/* shim_host.c: two counts, and a row of connections, under a lock. */
#include "http/shim_host.h"

#include "base/time.h"

enum {
    RESUMED_TOGETHER = 64,
    MOST_SPARES = 64,
};

/* Under the lock. */
static void subtract(struct shim_host *host, size_t *count, size_t n)
{
    *count -= n;
    if (*count == 0)
        pthread_cond_broadcast(&host->idle);
}

struct shim_spare *shim_host_enter(struct shim_host *host)
{
    pthread_mutex_lock(&host->lock);
    host->exchanges++;
    struct shim_spare *spare = SLIST_FIRST(&host->spares);
    if (spare != NULL) {
        SLIST_REMOVE_HEAD(&host->spares, next);
        host->n_spares--;
    }
    pthread_mutex_unlock(&host->lock);
    return spare;
}

bool shim_host_leave(struct shim_host *host, struct shim_spare *spare)
{
    pthread_mutex_lock(&host->lock);
    const bool is_taken = spare != NULL && host->n_spares < MOST_SPARES;
    if (is_taken) {
        SLIST_INSERT_HEAD(&host->spares, spare, next);
        host->n_spares++;
    }
    subtract(host, &host->exchanges, 1);
    pthread_mutex_unlock(&host->lock);
    return is_taken;
}

bool shim_host_enter_call(struct shim_host *host)
{
    pthread_mutex_lock(&host->lock);
    bool enters = !host->closed;
    host->calls += enters;
    pthread_mutex_unlock(&host->lock);
    return enters;
}

void shim_host_gather_call(struct shim_host *host, struct shim_call *call)
{
    pthread_mutex_lock(&host->lock);
    STAILQ_INSERT_TAIL(&host->gathered, call, next);
    pthread_mutex_unlock(&host->lock);
}

void shim_host_take_calls(struct shim_host *host, struct shim_calls *out)
{
    STAILQ_INIT(out);
    pthread_mutex_lock(&host->lock);
    STAILQ_CONCAT(out, &host->gathered);
    pthread_mutex_unlock(&host->lock);
}

/* Once its connection is resumed, a call may be gone. Returns how many there were. */
static size_t resume(struct shim_calls *ended)
{
    struct MHD_Connection *connections[RESUMED_TOGETHER];
    size_t n = 0;
    for (size_t some = 0; !STAILQ_EMPTY(ended); n += some, some = 0) {
        for (; some < RESUMED_TOGETHER && !STAILQ_EMPTY(ended); some++) {
            connections[some] = STAILQ_FIRST(ended)->connection;
            STAILQ_REMOVE_HEAD(ended, next);
        }
        MHD_resume_connections(connections, some);
    }
    return n;
}

void shim_host_end_row(struct shim_host *host)
{
    struct shim_calls ended = STAILQ_HEAD_INITIALIZER(ended);
    pthread_mutex_lock(&host->lock);
    STAILQ_CONCAT(&ended, &host->ended);
    pthread_mutex_unlock(&host->lock);
    const size_t n = resume(&ended);
    if (n == 0)
        return;
    pthread_mutex_lock(&host->lock);
    subtract(host, &host->calls, n);
    pthread_mutex_unlock(&host->lock);
}

void shim_host_leave_call(struct shim_host *host, struct shim_call *call, bool more)
{
    pthread_mutex_lock(&host->lock);
    STAILQ_INSERT_TAIL(&host->ended, call, next);
    pthread_mutex_unlock(&host->lock);
    if (!more)
        shim_host_end_row(host);
}

bool shim_host_is_stopping(struct shim_host *host)
{
    pthread_mutex_lock(&host->lock);
    bool stopping = host->stopping;
    pthread_mutex_unlock(&host->lock);
    return stopping;
}

void shim_host_drain(struct shim_host *host, unsigned timeout_s)
{
    const uint64_t until_ns = time_monotonic_ns() + (uint64_t)timeout_s * NS_PER_S;
    pthread_mutex_lock(&host->lock);
    host->stopping = true;
    while (host->exchanges > 0 && time_wait_until(&host->idle, &host->lock, until_ns))
        continue;
    host->closed = true; /* an idle connection may yet send a request */
    while (host->calls > 0)
        pthread_cond_wait(&host->idle, &host->lock);
    pthread_mutex_unlock(&host->lock);
}
