/* database_url.h: checks a DATABASE_URL before it is used. */
#ifndef STORE_DATABASE_URL_H
#define STORE_DATABASE_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether libpq can parse it, numbers included: libpq checks those only when it connects, where the error
 * would look like a database out of reach. False: `error` is one line, which shows none of its values, as one
 * of them may be a password. */
bool database_url_check(const char *url, char *error, size_t error_size);

#endif
