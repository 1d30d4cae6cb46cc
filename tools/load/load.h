/* load.h: what the command line asks for, and the programs that do it. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_options {
    const char *url;
    const char *api_key;
    const char *authorization; /* presented with each call; NULL: nothing but the key */
    const char *case_name;
    size_t in_flight;
    double seconds;
    uint64_t first_key; /* orders "bench-FIRST_KEY" and those that follow it, `keys` in all, are there */
    uint64_t keys;
    bool one_day;         /* new orders are all of one day and currency */
    uint64_t depth;       /* how many orders come before the page that is listed */
    size_t batch;         /* orders in a BatchCreateOrders */
    size_t payload_bytes; /* of the echo */
    size_t clients;       /* idle ones */
    bool back_off;        /* make what is refused again, after a pause */
    bool may_fail;        /* count what fails in place of ending, and make another call after a pause */
};

/* Each returns the process's exit code, having said on stderr what went wrong. */

/* Calls the service: options->case_name says with what. */
int load_orders(const struct load_options *options);

/* nng's REQ/REP alone, between this process and a child. */
int load_echo(const struct load_options *options);

/* Connects clients, says so on stdout, and keeps them until stdin ends. */
int load_idle(const struct load_options *options);

/* Whether load_orders knows the case. */
bool load_orders_has(const char *case_name);

#endif
