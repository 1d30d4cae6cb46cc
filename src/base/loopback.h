/* loopback.h: whether an address is a loopback address. */
#ifndef BASE_LOOPBACK_H
#define BASE_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>

/* Of a host as a URL has it, an IPv6 address in brackets or not: 127.0.0.0/8 (RFC 1122, 3.2.1.3), ::1 (RFC
 * 4291, 2.5.3), or localhost (RFC 6761, 6.3). Another name may be of any address. */
bool loopback_is(const char *host, size_t length);

#endif
