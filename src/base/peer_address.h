/* peer_address.h: where somebody is connected from, as text for the log. */
#ifndef BASE_PEER_ADDRESS_H
#define BASE_PEER_ADDRESS_H

#include <sys/socket.h>

enum { PEER_ADDRESS_TEXT = 64 };

/* "192.0.2.1:5000", "[2001:db8::1]:5000"; "" of any other family. */
void peer_address_write(const struct sockaddr *address, char out[static PEER_ADDRESS_TEXT]);

#endif
