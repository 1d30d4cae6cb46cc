/* routes.c: the table, and how a path is found in it. */
#include "http/routes.h"

#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/auth.pb-c.h"
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

/* What a page may do: run the scripts beside it and nobody else's, ask this server, and show the pictures
 * that are beside it or in its own files. */
#define PAGE_MAY                                                                        \
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "

/* Redoc writes its styles into the page, and searches in a worker that it makes of a blob. */
#define SWAGGER_UI_MAY PAGE_MAY "style-src 'self'"
#define DASHBOARD_MAY  PAGE_MAY "style-src 'self'"
#define REDOC_MAY      PAGE_MAY "style-src 'self' 'unsafe-inline'; worker-src blob:"

/* A fixed path comes before one with a variable that would match it. */
static const struct route routes[] = {
    {
        .method = "GET",
        .path = "/",
        .open = true,
        .summary = "Say hello",
        .success = "A greeting.",
        .status = 200,
        .text = "{\"message\":\"Welcome to 66°North Order Service API!\"}",
    },
    {
        .method = "GET",
        .path = "/healthz",
        .open = true,
        .summary = "Whether the process lives",
        .success = "It does.",
        .kind = ROUTE_HEALTHZ,
        .status = 200,
        .text = "{\"status\":\"ok\"}",
    },
    {
        .method = "GET",
        .path = "/readyz",
        .open = true,
        .summary = "Whether the service can serve",
        .success = "It can.",
        .kind = ROUTE_READYZ,
        .service = &rpc__v1__health__descriptor,
        .rpc = "Check",
        .timeout_ms = 2000,
        .status = 200,
        .text = "{\"status\":\"ok\"}",
        .not_ready_reason = not_serving,
    },
    {
        .method = "GET",
        .path = "/metrics",
        .open = true,
        .summary = "What this process counts",
        .success = "Its metrics, as Prometheus reads them.",
        .kind = ROUTE_METRICS,
        .status = 200,
        .metrics = true,
    },
    {
        .method = "GET",
        .path = "/openapi.json",
        .kind = ROUTE_DOCS,
        .open = true,
        .summary = "This description",
        .success = "What the API does, as OpenAPI 3.1 has it.",
        .status = 200,
        .file = "openapi.json",
    },
    {
        .method = "GET",
        .path = "/docs/",
        .kind = ROUTE_DOCS,
        .open = true,
        .status = 200,
        .file = "docs/index.html",
        .policy = SWAGGER_UI_MAY,
    },
    {
        .method = "GET",
        .path = "/docs/oauth2-redirect", /* where FastAPI has it */
        .kind = ROUTE_DOCS,
        .open = true,
        .status = 200,
        .file = "docs/oauth2-redirect.html",
        .policy = SWAGGER_UI_MAY,
    },
    {
        .method = "GET",
        .path = "/docs/{file}",
        .kind = ROUTE_DOCS,
        .open = true,
        .status = 200,
        .file = "docs/",
        .policy = SWAGGER_UI_MAY,
    },
    {
        .method = "GET",
        .path = "/redoc/",
        .kind = ROUTE_DOCS,
        .open = true,
        .status = 200,
        .file = "redoc/index.html",
        .policy = REDOC_MAY,
    },
    {
        .method = "GET",
        .path = "/redoc/{file}",
        .kind = ROUTE_DOCS,
        .open = true,
        .status = 200,
        .file = "redoc/",
        .policy = REDOC_MAY,
    },
    {
        .method = "GET",
        .path = "/dashboard/",
        .open = true,
        .status = 200,
        .file = "dashboard/index.html",
        .policy = DASHBOARD_MAY,
        .signs_in = true,
    },
    {
        .method = "GET",
        .path = "/dashboard/{file}",
        .open = true,
        .status = 200,
        .file = "dashboard/",
        .policy = DASHBOARD_MAY,
        .signs_in = true,
    },
    {
        .method = "GET",
        .path = "/orders/",
        .summary = "List orders",
        .success =
            "The orders that match, in the order of `order_by`. There may be fewer than `limit`, or none, "
            "and still a next page: `Link` has it.",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "ListOrders",
        .query = {{"skip", "skip", .first_page_only = true, .last_counts = true},
                  {"limit", "page_size", .zero_is_none = true, .last_counts = true},
                  {"status", "status", .several = "statuses"},
                  {"customer_id", "customer_id", .last_counts = true},
                  {"search", "search"},
                  {"placed_from", "placed_from"},
                  {"placed_before", "placed_before"},
                  {"currency", "currency"},
                  {"min_amount", "min_amount"},
                  {"max_amount", "max_amount"},
                  {"order_by", "order_by", .last_counts = true},
                  {"page_token", "page_token", .next = "next_page_token"},
                  {"count", "count", .total = "total"}},
        .status = 200,
        .result = "orders",
        .unreachable = "unreachable",
    },
    {
        .method = "POST",
        .path = "/orders/",
        .summary = "Create an order",
        .success = "The order as stored.",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "CreateOrder",
        .body = "order",
        .body_fields = {"order_id", "customer_id", "total_amount", "currency", "status", "order_date"},
        .status = 201,
    },
    {
        .method = "GET",
        .path = "/orders/summary",
        .summary = "Summarize all orders",
        .success = "How many orders there are and what they are worth, at this moment.",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "GetOrderSummary",
        .status = 200,
    },
    {
        .method = "GET",
        .path = "/statistics",
        .summary = "Count the orders of some days",
        .success = "How many there are and what they are worth, by currency and by day, at this moment.",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "GetOrderStatistics",
        .query = {{"first_day", "first_day", .last_counts = true},
                  {"last_day", "last_day", .last_counts = true},
                  {"by_status", "by_status"}},
        .status = 200,
    },
    {
        .method = "GET",
        .path = "/whoami",
        .summary = "Say who calls",
        .success = "The caller's name, and the highest role that he has.",
        .service = &rpc__v1__auth__descriptor,
        .rpc = "WhoAmI",
        .status = 200,
    },
    {
        .method = "GET",
        .path = "/orders/{order_id}",
        .summary = "Read an order",
        .success = "The order.",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "GetOrder",
        .variable_field = "order_id",
        .variable_error = "Order not found",
        .status = 200,
    },
    {
        .method = "PATCH",
        .path = "/orders/{order_id}",
        .summary = "Change some fields of an order",
        .success = "The order as it is now. A body whose fields hold already changes nothing, `updated_at` "
                   "included.",
        .service = &orders__v1__order_service__descriptor,
        .rpc = "UpdateOrder",
        .variable_field = "order.order_id",
        .etag_field = "order.etag",
        .variable_error = "Order not found",
        .body = "order",
        .body_fields = {"customer_id", "total_amount", "currency", "status", "order_date"},
        .mask = "update_mask",
        .status = 200,
    },
    {
        .method = "DELETE",
        .path = "/orders/{order_id}",
        .summary = "Delete an order",
        .success = "It is gone.",
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

/* The first route of the path; NULL: there is none. */
static const struct route *find_path(unsigned served, const struct url *url, struct url_part *variable)
{
    for (size_t i = 0; i < ROUTES; i++) {
        if ((served & ROUTES_OF(routes[i].kind)) != 0 && matches(routes[i].path, url, variable))
            return &routes[i];
    }
    return NULL;
}

/* Whether a path ends in slashes and is known without them, wants a key, and is no list. */
static bool ends_in_slash(unsigned served, const struct url *url)
{
    struct url shorter = *url;
    struct url_part variable;
    while (shorter.n_segments > 0 && shorter.segments[shorter.n_segments - 1].length == 0)
        shorter.n_segments--;
    if (shorter.n_segments == url->n_segments)
        return false;
    const struct route *route = find_path(served, &shorter, &variable);
    return route != NULL && !route->open && route->path[strlen(route->path) - 1] != '/';
}

enum route_found routes_find(unsigned served, const char *method, const struct url *url, struct arena *arena,
                             struct route_match *match)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    const struct route *first = find_path(served, url, &match->variable);
    if (first == NULL)
        return ends_in_slash(served, url) ? ROUTE_ENDS_IN_SLASH : ROUTE_NO_PATH;
    const char *path = first->path;
    for (size_t i = 0; i < ROUTES; i++) {
        if (strcmp(routes[i].path, path) == 0 && strcmp(routes[i].method, wanted) == 0) {
            match->route = &routes[i];
            return ROUTE_FOUND;
        }
    }
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
