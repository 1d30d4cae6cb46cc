/* methods.h: from a method's name to its function, by the protobuf-c service descriptors.
 *
 * Filled once by main and then only read, from any thread.
 */
#ifndef CALL_METHODS_H
#define CALL_METHODS_H

#include "auth/principal.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct methods;

struct method {
    char *name; /* "orders.v1.OrderService/GetOrder" */
    ProtobufCService *service;
    unsigned index; /* in the service's descriptor */
    enum role role; /* that its caller needs */
    char *refusal;  /* for callers without that role: "… needs role writer" */
};

/* NULL when out of memory. */
struct methods *methods_new(void);
void methods_free(struct methods *methods);

/* The role that a method needs, by its full name. False: it has none. */
typedef bool method_role(const char *name, enum role *role);

/* Adds every method of a service, which must outlive the table. False: `error` says why; a method of no role
 * is not served. */
bool methods_add(struct methods *methods, ProtobufCService *service, method_role *role_of, char *error,
                 size_t error_size);

/* How many there are; once all are added, the index of each stays what it is. */
size_t methods_count(const struct methods *methods);

const struct method *methods_get(const struct methods *methods, size_t index);

/* Its index by its full name, or by its descriptor; methods_count: there is none. */
size_t methods_find(const struct methods *methods, const char *name);
size_t methods_find_descriptor(const struct methods *methods, const ProtobufCMethodDescriptor *descriptor);

#endif
