/* database_url.c: keywords of numbers, https://www.postgresql.org/docs/15/libpq-connect.html. */
#include "store/database_url.h"

#include <errno.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct number {
    const char *keyword;
    long least, most;
    bool is_list; /* one for each host; one that is empty is the default */
} numbers[] = {
    {"port", 1, UINT16_MAX, true},
    {"connect_timeout", INT_MIN, INT_MAX, false},
    {"keepalives", INT_MIN, INT_MAX, false},
    {"keepalives_idle", INT_MIN, INT_MAX, false},
    {"keepalives_interval", INT_MIN, INT_MAX, false},
    {"keepalives_count", INT_MIN, INT_MAX, false},
    {"tcp_user_timeout", INT_MIN, INT_MAX, false},
};

static const struct number *find_number(const char *keyword)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(numbers[i].keyword, keyword) == 0)
            return &numbers[i];
    }
    return NULL;
}

/* Blanks may be around each. */
static bool is_right(const struct number *number, const char *text)
{
    for (;;) {
        char *end;
        errno = 0;
        const long value = strtol(text, &end, 10);
        const bool is_empty = end == text && (*text == '\0' || (number->is_list && *text == ','));
        end += strspn(end, " \t\n\v\f\r");
        if (!is_empty && (end == text || errno != 0 || value < number->least || value > number->most))
            return false;
        if (*end == '\0')
            return true;
        if (!number->is_list || *end != ',')
            return false;
        text = end + 1;
    }
}

/* As if what follows an @ or a / of a password were the host: libpq would show it where it does not resolve.
 */
static bool is_of_password(const char *hosts)
{
    for (const char *host = hosts;; host++) {
        const size_t length = strcspn(host, ",");
        const size_t first = length > 0 && strchr("/@", *host) != NULL ? length : strcspn(host, ",/@");
        if (first < length)
            return true;
        host += length;
        if (*host == '\0')
            return false;
    }
}

bool database_url_check(const char *url, char *error, size_t error_size)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    const char *wrong = NULL;
    bool is_cut = false;
    if (options == NULL)
        snprintf(error, error_size, "DATABASE_URL: is neither a libpq URL nor a keyword string");
    for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        const struct number *number = option->val != NULL ? find_number(option->keyword) : NULL;
        if (number != NULL && wrong == NULL && !is_right(number, option->val))
            wrong = number->keyword;
        if (option->val != NULL && strcmp(option->keyword, "host") == 0)
            is_cut = is_of_password(option->val);
    }
    if (is_cut)
        snprintf(
            error, error_size,
            "DATABASE_URL: its host has an @ or a / in it: those of a password are written %%40 and %%2F");
    else if (wrong != NULL)
        snprintf(error, error_size, "DATABASE_URL: its %s is none", wrong);
    const bool is_good = options != NULL && wrong == NULL && !is_cut;
    PQconninfoFree(options);
    return is_good;
}
