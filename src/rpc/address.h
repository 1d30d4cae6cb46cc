/* address.h: one of the addresses where an RPC server listens, and whether it is answered there. */
#ifndef RPC_ADDRESS_H
#define RPC_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct rpc_address;

/* With the real port, where 0 was asked for. Lives as long as the server. */
const char *rpc_address_url(const struct rpc_address *address);

/* Whether a call that is made there as by a client, but is neither counted nor logged as one, is answered;
 * see probe.h. One at a time for each address, until the server drains. */
bool rpc_address_answers(void *address, unsigned timeout_ms, char *why, size_t why_size);

/* Has rpc_address_answers return at once, now and from then on: a prober_abort. */
void rpc_address_abort_answers(void *address);

#endif
