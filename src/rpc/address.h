/* address.h: an address on which an RPC server listens, and its probe. */
#ifndef RPC_ADDRESS_H
#define RPC_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct rpc_address;

/* With the real port, where 0 was asked for. Lives as long as the server. */
const char *rpc_address_url(const struct rpc_address *address);

/* Probes the address as a client would, by a call that is neither counted nor logged; see probe.h. One at a
 * time for each address, until the server drains. */
bool rpc_address_answers(void *address, unsigned timeout_ms, char *why, size_t why_size);

/* Has rpc_address_answers return at once, now and from then on: a prober_abort. */
void rpc_address_abort_answers(void *address);

#endif
