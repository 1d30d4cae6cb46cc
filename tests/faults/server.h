/* server.h: the programs that are broken: an ordersd, and the PostgreSQL behind it. Each function ends the
 * process, with a word on stderr, when it cannot do what it says. */
#ifndef FAULTS_SERVER_H
#define FAULTS_SERVER_H

#include <stdint.h>
#include <sys/types.h>

struct server {
    pid_t pid;
    uint16_t port; /* 0 until it was started once: it comes back where it was */
    char log_path[256];
};

/* Starts $ORDERSD and waits until it serves. Its log is added to. */
void server_start(struct server *server, const char *api_key);

/* SIGKILL, and its end. */
void server_kill(struct server *server);

/* SIGTERM, and its end, which is to be a good one. */
void server_stop(struct server *server);

/* The cluster in $CLUSTER: stopped in a moment, as if its machine went down but for the disk; and started, in
 * $SETTINGS, unless it runs. */
void cluster_stop(void);
void cluster_start(void);

#endif
