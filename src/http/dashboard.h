/* dashboard.h: the settings that the dashboard's page loads: currencies and their decimals, statuses, and the
 * operator's exchange rates. No sockets. */
#ifndef HTTP_DASHBOARD_H
#define HTTP_DASHBOARD_H

#include "base/arena.h"

#include <jansson.h>
#include <stddef.h>

/* How people sign in: at an OpenID provider, as a client that is registered there, by authorization code with
 * PKCE. Of no client: they give a key. */
struct dashboard_sign_in {
    const char *issuer; /* an https URL */
    const char *client;
    const char *scope; /* "openid orders.read" */
};

/* The resource it is. */
#define DASHBOARD_SETTINGS_NAME "dashboard/settings.json"

/* Makes it. `rates` is what ORDERS_RATES holds, "ISK:1,USD:138.89": what one of a currency is worth in the
 * one whose rate is 1, which totals are then estimated in; NULL: nobody gave any. A new reference; NULL:
 * `error` says what is wrong with the rates. */
json_t *dashboard_settings(const char *rates, const struct dashboard_sign_in *sign_in, char *error,
                           size_t error_size);

/* The Content-Security-Policy of a page that may ask the issuer too, from that of one that may not. */
const char *dashboard_policy(const char *policy, const struct dashboard_sign_in *sign_in,
                             struct arena *arena);

#endif
