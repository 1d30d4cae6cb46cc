/* service.h: a real ordersd for a test: its own process, database, ports and key. */
#ifndef SUPPORT_SERVICE_H
#define SUPPORT_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct service_options {
    const char *database_url;       /* NULL: a fresh database */
    const char *const *environment; /* further "NAME=value", NULL-terminated; NULL: none */
    bool without_http;
};

struct service {
    pid_t pid;
    uint16_t http_port;    /* 0 without the shim */
    uint16_t metrics_port; /* 0 unless the environment has ORDERS_METRICS */
    char rpc_url[256];     /* tcp */
    char ipc_url[256];     /* the same service over ipc */
    const char *api_key;
    char *database_url; /* owned */
    bool owns_database;
    int output;        /* what it prints on stdout */
    char log_path[64]; /* what it prints on stderr */
};

/* Starts ordersd and waits until it is ready, or fails the test. Options may be NULL. */
struct service *service_start(const struct service_options *options);

/* SIGTERM, and waits: its exit code, or 128 and the signal that ended it. Also forgets the database. */
int service_stop(struct service *service);

/* service_stop for a suite's teardown, where Criterion counts no assertion: unless the exit code is 0 the
 * test ends as crashed. */
void service_stop_clean(struct service *service);

/* Only waits, for a process that was sent its end already. */
int service_wait(struct service *service);

/* How many files it has open, but for a moment. */
size_t service_files(const struct service *service);

/* Waits until it has no more than so many open, or fails the test after a while. */
void service_await_files(const struct service *service, size_t most);

/* What it has logged, as one string to free. */
char *service_log(const struct service *service);

#endif
