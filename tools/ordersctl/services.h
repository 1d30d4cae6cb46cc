/* services.h: the services that are called by name. */
#ifndef ORDERSCTL_SERVICES_H
#define ORDERSCTL_SERVICES_H

#include <argp.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* NULL-terminated. */
extern const ProtobufCServiceDescriptor *const services[];

struct service_method {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
};

/* Finds a method by its full name, "orders.v1.OrderService/GetOrder", or by what stands behind a dot or slash
 * of it: "GetOrder", "Health/Check". False: there is none. */
bool services_find(const char *name, struct service_method *found);

/* Ends the process, as argp_error does: there is no such method, and which may be meant. */
void services_refuse(const char *name, const struct argp_state *state);

#endif
