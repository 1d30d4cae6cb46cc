/* methods.h: from a method's name to its function, by the protobuf-c service descriptors.
 *
 * Filled once by main and then only read, from any thread.
 */
#ifndef CALL_METHODS_H
#define CALL_METHODS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct methods;

enum method_access {
    METHOD_NEEDS_KEY,
    METHOD_OPEN, /* wants no API key */
};

struct method {
    char *name; /* "orders.v1.OrderService/GetOrder" */
    ProtobufCService *service;
    unsigned index; /* in the service's descriptor */
    enum method_access access;
};

/* NULL when out of memory. */
struct methods *methods_new(void);
void methods_free(struct methods *methods);

/* Adds every method of a service, which must outlive the table. False when out of memory. */
bool methods_add(struct methods *methods, ProtobufCService *service, enum method_access access);

/* How many there are; once all are added, the index of each stays what it is. */
size_t methods_count(const struct methods *methods);

const struct method *methods_get(const struct methods *methods, size_t index);

/* Its index by its full name; methods_count: there is none. */
size_t methods_find(const struct methods *methods, const char *name);

#endif
