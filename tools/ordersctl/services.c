/* services.c: a new service is one row here; a new method is none. */
#include "services.h"

#include "guess.h"
#include "orders/v1/orders.pb-c.h"
#include "rpc/v1/auth.pb-c.h"
#include "rpc/v1/health.pb-c.h"
#include "rpc/v1/keys.pb-c.h"
#include "rpc/v1/metrics.pb-c.h"

#include <string.h>

const ProtobufCServiceDescriptor *const services[] = {
    &orders__v1__order_service__descriptor, &rpc__v1__auth__descriptor,
    &rpc__v1__health__descriptor,           &rpc__v1__keys__descriptor,
    &rpc__v1__metrics__descriptor,          NULL,
};

/* Whether `name` is "SERVICE/METHOD", or the end of it behind a dot or slash. */
static bool names(const char *name, const char *service, const char *method)
{
    const char *slash = strchr(name, '/');
    if (strcmp(slash != NULL ? slash + 1 : name, method) != 0)
        return false;
    if (slash == NULL)
        return true;
    const size_t given = (size_t)(slash - name), whole = strlen(service);
    return given <= whole && memcmp(name, service + whole - given, given) == 0 &&
           (given == whole || service[whole - given - 1] == '.');
}

bool services_find(const char *name, struct service_method *found)
{
    for (size_t s = 0; services[s] != NULL; s++) {
        for (unsigned m = 0; m < services[s]->n_methods; m++) {
            *found = (struct service_method){services[s], &services[s]->methods[m]};
            if (names(name, found->service->name, found->method->name))
                return true;
        }
    }
    return false;
}

void services_refuse(const char *name, const struct argp_state *state)
{
    const char *slash = strrchr(name, '/');
    struct guess guess = guess_begin(slash != NULL ? slash + 1 : name);
    struct arena arena;
    arena_init(&arena);
    for (size_t s = 0; services[s] != NULL; s++) {
        for (unsigned m = 0; m < services[s]->n_methods; m++)
            guess_try(&guess, services[s]->methods[m].name);
    }
    const char *const meant =
        guess.best != NULL ? guess_text(&guess, &arena) : "; `ordersctl methods' lists them";
    argp_error(state, "there is no method \"%s\"%s", name, meant);
    arena_free(&arena);
}
