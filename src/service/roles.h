/* roles.h: which role each method needs. */
#ifndef SERVICE_ROLES_H
#define SERVICE_ROLES_H

#include "auth/principal.h"

#include <stdbool.h>

/* By the method's full name, "orders.v1.OrderService/GetOrder". False: nobody has said; it is not served. */
bool roles_find(const char *method, enum role *role);

#endif
