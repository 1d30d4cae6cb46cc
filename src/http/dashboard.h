/* dashboard.h: what the dashboard's page has to know of the service beside its answers: the currencies and
 * their decimals, the statuses, and the rates that an operator gave. No sockets. */
#ifndef HTTP_DASHBOARD_H
#define HTTP_DASHBOARD_H

#include <jansson.h>
#include <stddef.h>

/* The resource it is. */
#define DASHBOARD_SETTINGS_NAME "dashboard/settings.json"

/* Makes it. `rates` is what ORDERS_RATES holds, "ISK:1,USD:138.89": what one of a currency is worth in the
 * one whose rate is 1, which totals are then estimated in; NULL: nobody gave any. A new reference; NULL:
 * `error` says what is wrong with the rates. */
json_t *dashboard_settings(const char *rates, char *error, size_t error_size);

#endif
