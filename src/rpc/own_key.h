/* own_key.h: a front end's own key: which one of several it presents, and whether that is valid.
 *
 * The service is asked at start and every two seconds (rpc.v1.Auth/WhoAmI). When it refuses the key, the next
 * one of the list is tried and, if it is valid, presented from then on: so either side of a rotation may be
 * changed first. A call without an answer changes nothing.
 */
#ifndef RPC_OWN_KEY_H
#define RPC_OWN_KEY_H

#include "base/log.h"
#include "rpc/client.h"

#include <stdbool.h>

struct own_key;

/* The keys, NULL-terminated, one at least, and the client must outlive it; the log is told of each change.
 * The first counts as valid until it is refused. NULL: out of memory. */
struct own_key *own_key_start(struct rpc_client *client, const char *const *keys, struct log *log);

/* Ends the checks. To be called before the client is closed, which cancels the one under way. */
void own_key_stop(struct own_key *own);

/* After own_key_stop, when the client is closed. NULL does nothing in either. */
void own_key_free(struct own_key *own);

/* The key to present. Any thread. */
const char *own_key_get(const struct own_key *own);

/* Whether a key was valid at the last check. Any thread. */
bool own_key_holds(const struct own_key *own);

#endif
