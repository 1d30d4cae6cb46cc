/* large_list.h: a list of orders that no socket takes at once. */
#ifndef HTTP_LARGE_LIST_H
#define HTTP_LARGE_LIST_H

#include "support/rpc_peer.h"

#include <stdint.h>

/* Asks for it over HTTP. */
void large_list_ask(int fd);

/* Takes that request at the service, and answers it with a thousand orders: half a megabyte. */
void large_list_answer(struct rpc_peer *service);

#endif
