/* peer_address.c: as inet_ntop(3) writes it. */
#include "base/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

void peer_address_write(const struct sockaddr *address, char out[static PEER_ADDRESS_TEXT])
{
    char text[INET6_ADDRSTRLEN] = "";
    *out = '\0';
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        snprintf(out, PEER_ADDRESS_TEXT, "%s:%u", text, ntohs(v4->sin_port));
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        snprintf(out, PEER_ADDRESS_TEXT, "[%s]:%u", text, ntohs(v6->sin6_port));
    }
}
