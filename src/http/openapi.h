/* openapi.h: the REST API described for programs, as OpenAPI 3.1.
 *
 * Made of the route table, the descriptors of the messages it names, and the rules of their fields
 * (orders/fields.h). What follows from none of those, such as headers and refusals, is in web/openapi.json,
 * whose paths and messages are filled in here. No sockets.
 */
#ifndef HTTP_OPENAPI_H
#define HTTP_OPENAPI_H

#include "base/arena.h"
#include "call/methods.h"

#include <jansson.h>
#include <stddef.h>

/* The resource that has what is not made here, and whose place the document takes. */
#define OPENAPI_NAME "openapi.json"

/* The document: `base` with the paths that are served, as ROUTES_OF has them, the messages in it, and the
 * role that each operation needs, unless nobody says that (NULL). A new reference, the caller's; NULL: base
 * is not JSON. */
json_t *openapi_make(const char *base, size_t length, unsigned served, method_role *role_of);

#endif
