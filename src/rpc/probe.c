/* probe.c: one call. */
#include "rpc/probe.h"

#include "rpc/v1/health.pb-c.h"

bool probe_answers(struct rpc_client *client, uint32_t timeout_ms)
{
    const Rpc__V1__HealthCheckRequest check = RPC__V1__HEALTH_CHECK_REQUEST__INIT;
    const ProtobufCServiceDescriptor *health = &rpc__v1__health__descriptor;
    const struct rpc_request request = {
        .service = health,
        .method = protobuf_c_service_descriptor_get_method_by_name(health, "Check"),
        .input = &check.base,
        .timeout_ms = timeout_ms,
    };
    struct rpc_reply *reply = rpc_client_call_wait(client, &request);
    const bool answers = reply->status.code == STATUS_OK;
    rpc_reply_free(reply);
    return answers;
}
