/* keys_service.h: rpc.v1.Keys, which makes, lists, revokes and rotates keys; and the link by which a store
 * keeps the keys in memory up to date. */
#ifndef SERVICE_KEYS_SERVICE_H
#define SERVICE_KEYS_SERVICE_H

#include "auth/keys.h"
#include "rpc/v1/keys.pb-c.h"
#include "store/key_store.h"

enum { KEYS_MAX_GRACE_S = 30 * 24 * 60 * 60 };

struct keys_service {
    Rpc__V1__Keys_Service service;
    struct key_store *store;
};

/* The store must outlive it. */
void keys_service_init(struct keys_service *service, struct key_store *store);

/* For a store to keep up to date. The keys must outlive the store. */
struct key_memory keys_service_memory(struct keys *keys);

#endif
