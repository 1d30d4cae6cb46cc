/* client.h: one of those who create, update and delete orders, and remember what they were told.
 *
 * A write without an answer is sent again under its request_id, to whichever server is there; now and then it
 * is given up. A write that was acknowledged is now and then sent again, and must get the same answer.
 */
#ifndef FAULTS_CLIENT_H
#define FAULTS_CLIENT_H

#include "choices.h"
#include "journal.h"

#include <pthread.h>
#include <stdatomic.h>

struct client {
    unsigned number;
    const char *const *urls; /* NULL-terminated */
    const char *api_key;
    struct choices choices;
    struct journal journal;
    atomic_bool *stop; /* begin nothing further */
    pthread_t thread;
};

/* Starts its thread, which ends when it was told to stop and knows the end of what it has begun. */
void client_start(struct client *client);
void client_join(struct client *client);

#endif
