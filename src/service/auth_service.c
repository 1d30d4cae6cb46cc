/* auth_service.c: what the call surface has found. */
#include "service/auth_service.h"

#include "base/call.h"

static void who_am_i(Rpc__V1__Auth_Service *service, const Rpc__V1__WhoAmIRequest *input,
                     Rpc__V1__WhoAmIResponse_Closure closure, void *closure_data)
{
    struct call *call = closure_data;
    Rpc__V1__WhoAmIResponse *response = arena_alloc(&call->arena, sizeof *response);
    (void)service;
    (void)input;
    rpc__v1__who_am_iresponse__init(response);
    response->name = arena_strdup(&call->arena, call->principal);
    response->role = arena_strdup(&call->arena, call->role);
    closure(response, call);
}

void auth_service_init(Rpc__V1__Auth_Service *service)
{
    rpc__v1__auth__init(service, NULL);
    service->who_am_i = who_am_i;
}
