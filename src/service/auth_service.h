/* auth_service.h: rpc.v1.Auth, which tells a caller its principal and role. */
#ifndef SERVICE_AUTH_SERVICE_H
#define SERVICE_AUTH_SERVICE_H

#include "rpc/v1/auth.pb-c.h"

void auth_service_init(Rpc__V1__Auth_Service *service);

#endif
