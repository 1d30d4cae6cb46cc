/* loopback.c: by the address, not by how it is written. */
#include "base/loopback.h"

#include <arpa/inet.h>
#include <string.h>

bool loopback_is(const char *host, size_t length)
{
    struct in_addr v4;
    struct in6_addr v6;
    char name[INET6_ADDRSTRLEN];
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof name)
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    if (strcmp(name, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
