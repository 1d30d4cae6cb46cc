/* probe.h: whether a server answers at all, for who would restart it if not. */
#ifndef RPC_PROBE_H
#define RPC_PROBE_H

#include "rpc/client.h"

#include <stdbool.h>
#include <stdint.h>

/* Asks rpc.v1.Health and waits for the answer, whatever it says: a server that cannot serve since its
 * database is away is not mended by starting it anew. */
bool probe_answers(struct rpc_client *client, uint32_t timeout_ms);

#endif
