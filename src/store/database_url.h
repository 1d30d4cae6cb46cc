/* database_url.h: whether a DATABASE_URL can lead anywhere, before it is tried. */
#ifndef STORE_DATABASE_URL_H
#define STORE_DATABASE_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether libpq can read it, with the numbers in it, which libpq looks at only when it connects: there it is
 * one of many reasons why a database is out of reach. False: `error` is one line, which shows none of its
 * values, as one of them may be a password. */
bool database_url_check(const char *url, char *error, size_t error_size);

#endif
