/* response.h: how a call ended, as the rpc.v1.Response that tells its caller. */
#ifndef RPC_RESPONSE_H
#define RPC_RESPONSE_H

#include "base/call.h"
#include "rpc/v1/frame.pb-c.h"

/* All but the payload, which frame.h packs behind it. What it points to is the call's, or in its arena. */
void response_init(Rpc__V1__Response *response, struct call *call);

#endif
