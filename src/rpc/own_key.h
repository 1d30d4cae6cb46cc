/* own_key.h: the key that a front end has of its own: which one of several it presents, and whether it holds.
 *
 * The service is asked at the start and every two seconds from then on (rpc.v1.Auth/WhoAmI). When it refuses
 * the key, the next one of the list is asked for and, if that holds, presented from then on: so each side of
 * a rotation may be changed first. What is only not answered changes nothing.
 */
#ifndef RPC_OWN_KEY_H
#define RPC_OWN_KEY_H

#include "base/log.h"
#include "rpc/client.h"

#include <stdbool.h>

struct own_key;

/* The keys, NULL-terminated, one at least, and the client must outlive it; the log is told of each change.
 * The first is taken to hold until it is refused. NULL: out of memory. */
struct own_key *own_key_start(struct rpc_client *client, const char *const *keys, struct log *log);

/* Asks no more. To be called before the client is closed, which ends what is under way. */
void own_key_stop(struct own_key *own);

/* Of one that was stopped, when its client is closed. NULL does nothing, to both. */
void own_key_free(struct own_key *own);

/* The one to present. Any thread. */
const char *own_key_get(const struct own_key *own);

/* Whether one held when that was asked last. Any thread. */
bool own_key_holds(const struct own_key *own);

#endif
