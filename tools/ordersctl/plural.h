/* plural.h: "1 order", "2 orders": "%zu order%s". */
#ifndef ORDERSCTL_PLURAL_H
#define ORDERSCTL_PLURAL_H

#include <stddef.h>

static inline const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

#endif
