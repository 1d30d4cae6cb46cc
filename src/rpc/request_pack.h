/* request_pack.h: a call, as the rpc.v1.Request that its server gets. */
#ifndef RPC_REQUEST_PACK_H
#define RPC_REQUEST_PACK_H

#include "rpc/reply.h"
#include "rpc/request.h"

#include <nng/nng.h>
#include <stdint.h>

/* Packs a call to be made under the reply's request_id. The key is sent unless the call carries another;
 * NULL: none. The message, whose timeout is yet to be set, is the caller's to send or free. NULL:
 * reply->status says why; a frame that is too large for a server is a reason, as it would close the
 * connection, and the next one when it is sent again. */
nng_msg *request_pack(const struct rpc_request *request, const char *api_key, struct rpc_reply *reply);

/* Says how long the caller waits from now on, however often the call was sent before. */
void request_set_timeout(nng_msg *packed, uint32_t timeout_ms);

#endif
