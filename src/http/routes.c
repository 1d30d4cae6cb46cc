/* routes.c: the table, and how a path is found in it. */
#include "http/routes.h"

#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/health.pb-c.h"

#include <string.h>

/* A service of before it gave reasons gives none. */
static const char *not_serving(const ProtobufCMessage *response)
{
    const Rpc__V1__HealthCheckResponse *health = (const Rpc__V1__HealthCheckResponse *)response;
    if (health->status == RPC__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING)
        return NULL;
    return *health->reason != '\0' ? health->reason : "Not ready";
}

/* A fixed path comes before one with a variable that would match it. */
static const struct route routes[] = {
    {
        .method = "GET",
        .path = "/",
        .open = true,
        .status = 200,
        .text = "{\"message\":\"Welcome to 66°North Order Service API!\"}",
    },
    {
        .method = "GET",
        .path = "/healthz",
        .open = true,
        .is_probe = true,
        .status = 200,
        .text = "{\"status\":\"ok\"}",
    },
    {
        .method = "GET",
        .path = "/readyz",
        .open = true,
        .is_probe = true,
        .service = &rpc__v1__health__descriptor,
        .rpc = "Check",
        .timeout_ms = 2000,
        .status = 200,
        .text = "{\"status\":\"ok\"}",
        .refusal = not_serving,
    },
    {
        .method = "GET",
        .path = "/metrics",
        .open = true,
        .is_probe = true,
        .status = 200,
        .metrics = true,
    },
    {
        .method = "GET",
        .path = "/orders/",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "ListOrders",
        .query = {{"skip", "skip", false},
                  {"limit", "page_size", true},
                  {"status", "status", false},
                  {"customer_id", "customer_id", false}},
        .status = 200,
        .result = "orders",
    },
    {
        .method = "POST",
        .path = "/orders/",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "CreateOrder",
        .body = "order",
        .body_fields = {"order_id", "customer_id", "order_date", "total_amount", "currency", "status"},
        .status = 201,
    },
    {
        .method = "GET",
        .path = "/orders/summary",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "GetOrderSummary",
        .status = 200,
    },
    {
        .method = "GET",
        .path = "/orders/{order_id}",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "GetOrder",
        .variable_field = "order_id",
        .variable_error = "Order not found",
        .status = 200,
    },
    {
        .method = "PATCH",
        .path = "/orders/{order_id}",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "UpdateOrder",
        .variable_field = "order.order_id",
        .etag_field = "order.etag",
        .variable_error = "Order not found",
        .body = "order",
        .body_fields = {"customer_id", "order_date", "total_amount", "currency", "status"},
        .mask = "update_mask",
        .status = 200,
    },
    {
        .method = "DELETE",
        .path = "/orders/{order_id}",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "DeleteOrder",
        .variable_field = "order_id",
        .etag_field = "etag",
        .variable_error = "Order not found",
        .status = 204,
    },
};

enum { ROUTES = sizeof routes / sizeof routes[0] };

/* Takes the next segment off a template. */
static bool next_segment(const char **template, const char **segment, size_t *length)
{
    if (**template == '\0')
        return false;
    *segment = *template + 1;
    *length = strcspn(*segment, "/");
    *template = *segment + *length;
    return true;
}

static bool matches(const char *template, const struct url *url, struct url_part *variable)
{
    const char *segment;
    size_t length, i = 0;
    while (next_segment(&template, &segment, &length)) {
        if (i == url->n_segments)
            return length == 0 && i > 0; /* only the slash at the end is missing */
        const struct url_part *part = &url->segments[i++];
        if (*segment == '{' && part->length > 0)
            *variable = *part;
        else if (part->length != length || memcmp(part->bytes, segment, length) != 0)
            return false;
    }
    return i == url->n_segments;
}

/* Every method of a path: "GET, HEAD, POST". */
static const char *methods_of(const char *path, struct arena *arena)
{
    const char *list = "";
    for (size_t i = 0; i < ROUTES; i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        const char *head = strcmp(routes[i].method, "GET") == 0 ? ", HEAD" : "";
        list = arena_printf(arena, "%s%s%s%s", list, *list == '\0' ? "" : ", ", routes[i].method, head);
    }
    return list;
}

enum route_found routes_find(bool probes_only, const char *method, const struct url *url, struct arena *arena,
                             struct route_match *match)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    const char *path = NULL;
    for (size_t i = 0; i < ROUTES; i++) {
        if (probes_only && !routes[i].is_probe)
            continue;
        if (path == NULL && matches(routes[i].path, url, &match->variable))
            path = routes[i].path;
        if (path != NULL && strcmp(routes[i].path, path) == 0 && strcmp(routes[i].method, wanted) == 0) {
            match->route = &routes[i];
            return ROUTE_FOUND;
        }
    }
    if (path == NULL)
        return ROUTE_NO_PATH;
    match->allow = methods_of(path, arena);
    return ROUTE_NO_METHOD;
}

const struct route *routes_all(size_t *count)
{
    *count = ROUTES;
    return routes;
}

const ProtobufCMethodDescriptor *route_method(const struct route *route)
{
    if (route->service == NULL)
        return NULL;
    return protobuf_c_service_descriptor_get_method_by_name(route->service, route->rpc);
}
