/* faults.h: what is broken, and when. One thread breaks one thing after another, at moments and of kinds that
 * the seed chooses, and has mended what it broke before it goes on. */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#include "choices.h"
#include "proxy.h"
#include "server.h"

#include <stdint.h>

enum { SERVERS = 2 };

struct faults {
    struct choices choices;
    const char *api_key;
    struct server servers[SERVERS];
    struct proxy proxies[SERVERS];
    unsigned kills;  /* of ordersd */
    unsigned others; /* that were made here; a proxy counts its own */
};

/* Breaks and mends until then (CLOCK_MONOTONIC), each kind at least once. Everything runs when it returns. */
void faults_run(struct faults *faults, uint64_t end_ns);

/* All that happened. */
unsigned faults_count(const struct faults *faults);

#endif
