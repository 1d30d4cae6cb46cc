/* run_id.h: request_ids that a run of ordersctl can make again, when it goes on after it was cut short. */
#ifndef ORDERSCTL_RUN_ID_H
#define ORDERSCTL_RUN_ID_H

#include "base/uuid.h"

/* The request_id of what has this name in a run: a UUID of version 5 in the run's name space, which is a UUID
 * (RFC 9562). Of one run and name it is always the same. */
void run_id_make(const char *run, const char *name, char out[static UUID_TEXT]);

#endif
